mod verbs;

use super::api::header;
use super::emit::{Pagewise, Plan, Step, Taker, ToOut};
use super::format::Kind;
use super::format::Record;
use super::verdict::Opinion;
use super::written::Written;
use super::{
    Answer, Api, Body, Format, Pages, RecordPath, Request, ToldErrors, Transform, Verdict, graphql,
    pointer,
};
use airbyte_singer_runtime::{Error, Result};
use airbyte_singer_toolkit::{Out, Since, Slice};
use encoding_rs::Encoding;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde::Serialize;
use serde_json::Value;
use std::fmt::{self, Display};
use std::sync::Arc;

/// A call of an [`Api`], to be described and then made: by [`Call::emit`], [`Call::each`] or
/// [`Call::fetch`].
///
/// ```no_run
/// # use airbyte_singer_sdk::http::Api;
/// # use airbyte_singer_sdk::toolkit::{Out, Slice};
/// # use airbyte_singer_sdk::Result;
/// # async fn read(api: &Api, slice: &Slice, out: &mut Out<'_>) -> Result<()> {
/// api.get("customers")
///     .query("limit", 100)
///     .query_opt("since", slice.cursor::<String>()?)
///     .records("/data")
///     .filter(|customer| customer["id"] != "test")
///     .emit(out)
///     .await
/// # }
/// ```
///
/// What can't be sent (a header with a line break) is told when the call is made.
///
/// # Every record, some twice
///
/// An answer that breaks off, or whose document turns out to ask for another try, is asked for and read
/// again from its beginning: its first records come twice then, as they do when a sync is cut and goes
/// on. None is lost.
#[must_use = "a call is made by `emit`, `each` or `fetch`"]
pub struct Call<'a> {
    api: Api,
    request: Result<Request>,
    written: Written,
    pages: Pages,
    opinions: Vec<Box<Opinion<'a>>>,
    steps: Vec<Box<Step<'a>>>,
    position: Option<Value>,
    is_resumable: bool,
    reader: Option<String>,
}

impl<'a> Call<'a> {
    fn new(api: Api, method: Method, path: &str) -> Self {
        let request = api.settings.address_of(path).map(|url| Request {
            method,
            url,
            headers: HeaderMap::new(),
            body: Body::Empty,
        });
        Self {
            api,
            request,
            written: Written::default(),
            pages: Pages::none(),
            opinions: Vec::new(),
            steps: Vec::new(),
            position: None,
            is_resumable: false,
            reader: None,
        }
    }

    fn with(mut self, change: impl FnOnce(&mut Request) -> Result<()>) -> Self {
        self.request = self.request.and_then(|mut request| change(&mut request).map(|()| request));
        self
    }

    /// Sends a parameter in the query; the same name may come again.
    pub fn query(self, name: impl AsRef<str>, value: impl Display) -> Self {
        self.with(|request| {
            request.url.query_pairs_mut().append_pair(name.as_ref(), &value.to_string());
            Ok(())
        })
    }

    /// Sends a parameter in the query if there is one.
    pub fn query_opt(self, name: impl AsRef<str>, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Sends a header, in the place of the API's own of that name.
    pub fn header(self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.with(|request| {
            let (name, value) = header(name.as_ref(), value.as_ref())?;
            request.headers.insert(name, value);
            Ok(())
        })
    }

    /// Sends a JSON text.
    pub fn json(self, body: impl Serialize) -> Self {
        self.with(|request| {
            // serde's own words may quote what couldn't be written.
            let body = serde_json::to_value(body)
                .map_err(|_| Error::system("the body of a call can't be written as JSON"))?;
            request.body = Body::Json(body);
            Ok(())
        })
    }

    /// Puts a value into the JSON that is sent, at a JSON Pointer.
    pub(crate) fn body_at(self, pointer: &str, value: &Value) -> Self {
        self.with(|request| {
            let is_put = match &mut request.body {
                Body::Json(body) => pointer::put(body, pointer, value.clone()),
                Body::Empty | Body::Form(_) => false,
            };
            let no_place = || Error::config(format!("the body has no place at {pointer}"));
            is_put.then_some(()).ok_or_else(no_place)
        })
    }

    /// Sends the fields of a form.
    pub fn form<K: Into<String>, V: Display>(
        self,
        fields: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        self.with(|request| {
            let fields = fields.into_iter().map(|(name, value)| (name.into(), value.to_string()));
            request.body = Body::Form(fields.collect());
            Ok(())
        })
    }

    /// Says where in an answer the records are, as a [`RecordPath`](super::RecordPath). Without it they
    /// are the answer's array, or the answer itself.
    pub fn records(mut self, path: impl AsRef<str>) -> Self {
        match path.as_ref().parse() {
            Ok(path) => self.written.records = path,
            Err(error) => self.request = self.request.and(Err(error)),
        }
        self
    }

    /// As [`Call::records`], with what records get from around them.
    pub fn records_at(mut self, path: RecordPath) -> Self {
        self.written.records = path;
        self
    }

    /// Says what answers are written in, and where in them the records are. Without it the answer's head
    /// says what it is ([`format_of`](super::format_of)).
    pub fn format(mut self, format: impl Format + 'static) -> Self {
        self.written.format = Some(Arc::new(format));
        self
    }

    /// Says what answers are written in where they don't say it themselves.
    pub(crate) const fn written_in(mut self, kind: Kind) -> Self {
        self.written.kind = kind;
        self
    }

    /// Says how many bytes a record may take, a value, and what there is beside the records, unpacked: by
    /// default 256 MiB. All of it together takes three times that while it is read, of each slice that is
    /// read at a time; what takes more is an error. A [`Format`] of the author's choice has its own
    /// ([`Json::max_record_bytes`](super::Json::max_record_bytes)).
    pub const fn max_record_bytes(mut self, bytes: u64) -> Self {
        self.written.max_record_bytes = bytes;
        self
    }

    /// Says what stands between the values of answers in CSV.
    pub(crate) const fn delimiter(mut self, delimiter: Option<u8>) -> Self {
        self.written.delimiter = delimiter;
        self
    }

    /// Says what encoding the texts of answers are in, whatever their heads say; by default that is UTF-8,
    /// unless a byte order mark, the `charset` of the header Content-Type or an XML declaration says another.
    /// An author's own [`Format`] reads UTF-8.
    ///
    /// # Errors
    ///
    /// Told when the call is made: there is no such encoding in the [Encoding Standard].
    ///
    /// [Encoding Standard]: https://encoding.spec.whatwg.org/#names-and-labels
    pub fn encoding(mut self, label: &str) -> Self {
        self.written.encoding = Encoding::for_label(label.as_bytes());
        if self.written.encoding.is_none() {
            let error =
                Error::config("there is no such encoding; one is windows-1252, or UTF-16LE");
            self.request = self.request.and(Err(error));
        }
        self
    }

    /// Says what is done about an answer whose status is a success and whose body tells an error in the
    /// place of records (a member `error`, `errors`, `fault` or the like that isn't empty; a `message` with
    /// a code or status that says that it failed). By default the call fails with the API's own words.
    pub const fn errors(mut self, errors: ToldErrors) -> Self {
        self.written.errors = errors;
        self
    }

    /// Names fields that records have: an answer that is a single object and has one of them is a record,
    /// whatever else it says.
    pub fn declares<N: Into<String>>(mut self, fields: impl IntoIterator<Item = N>) -> Self {
        self.written.declared.extend(fields.into_iter().map(Into::into));
        self
    }

    /// Says how a user has answers taken as they are that are taken for errors.
    pub(crate) fn way_out(mut self, words: &str) -> Self {
        self.written.way_out = words.to_owned();
        self
    }

    /// Sends a query of GraphQL, as [`Api::graphql`] does, to this call's address.
    pub fn graphql(mut self, query: impl AsRef<str>) -> Self {
        self.written.is_graphql = true;
        self.json(graphql::body(query.as_ref()))
    }

    /// Sends a variable of a query of GraphQL. What is null is sent as null, which may mean something
    /// else to an API than no variable.
    pub fn variable(self, name: impl AsRef<str>, value: impl Serialize) -> Self {
        self.with(|request| {
            let value = serde_json::to_value(value)
                .map_err(|_| Error::system("a variable of a query can't be written as JSON"))?;
            let place = pointer::below("/variables", name.as_ref());
            let is_put = match &mut request.body {
                Body::Json(body) => pointer::put(body, &place, value),
                Body::Empty | Body::Form(_) => false,
            };
            let no_query = || Error::system("a call that is no query of GraphQL has no variables");
            is_put.then_some(()).ok_or_else(no_query)
        })
    }

    /// Sends a variable of a query of GraphQL if there is one, and else leaves it out.
    pub fn variable_opt(self, name: impl AsRef<str>, value: Option<impl Serialize>) -> Self {
        match value {
            Some(value) => self.variable(name, value),
            None => self,
        }
    }

    /// Says how to come by the next page.
    pub fn pages(mut self, pages: Pages) -> Self {
        self.pages = pages;
        self
    }

    /// Leaves records out.
    pub fn filter(self, mut keep: impl FnMut(&Record) -> bool + 'a) -> Self {
        self.step(move |record| Ok(keep(&record).then_some(record)))
    }

    /// Leaves out the records before a cursor, where the API can't. It looks at records as the steps before
    /// it left them, so let it be the last one. Records without a cursor are kept.
    pub fn since(self, since: Since) -> Self {
        self.step(move |record| Ok(since.keeps(&record)?.then_some(record)))
    }

    /// Changes records.
    pub fn map(self, mut change: impl FnMut(Record) -> Record + 'a) -> Self {
        self.step(move |record| Ok(Some(change(record))))
    }

    /// Changes records without code.
    pub fn transform(self, transform: Transform) -> Self {
        self.step(move |mut record| transform.apply(&mut record).map(|()| Some(record)))
    }

    /// Changes records, or leaves them out, or finds that one isn't what it should be: see
    /// [`Error::system`].
    pub fn step(mut self, step: impl FnMut(Record) -> Result<Option<Record>> + 'a) -> Self {
        self.steps.push(Box::new(step));
        self
    }

    /// As [`Api::classify`], for this call; it is asked before the API's.
    pub fn classify(mut self, opinion: impl Fn(&Answer<'_>) -> Option<Verdict> + 'a) -> Self {
        self.opinions.push(Box::new(opinion));
        self
    }

    /// Goes on where a full refresh that was cut short left this slice; [`Call::emit`] says after each
    /// page where the next one is ([`Out::checkpoint`]). What is kept of that is how the address, the query and
    /// the body differ from the first page's, without what the API adds to them.
    ///
    /// The stream must be [`resumable`](airbyte_singer_toolkit::About::resumable), and the API must give the
    /// same pages again.
    pub fn resumable(mut self, slice: &Slice) -> Self {
        self.is_resumable = true;
        match slice.position() {
            Ok(position) => self.position = position,
            Err(error) => self.request = self.request.and(Err(error)),
        }
        self
    }

    /// Says whose read this is, for warnings; without it they name the method, host and path.
    pub(crate) fn reader(mut self, name: impl Into<String>) -> Self {
        self.reader = Some(name.into());
        self
    }

    /// Makes the call and emits the records of all pages.
    ///
    /// # Errors
    ///
    /// A sentence that names the method, host and path: a config error where the API refuses, a
    /// transient one where it didn't answer well in all tries, a system error where an answer isn't what
    /// it should be. Else as [`Out::emit`].
    pub async fn emit(self, out: &mut Out<'_>) -> Result<()> {
        self.take(&mut ToOut(out)).await
    }

    /// Makes the call and hands over the records of all pages, one after the other.
    ///
    /// # Errors
    ///
    /// As [`Call::emit`]; an error of `take` ends the call and comes out as it is.
    pub async fn each(self, take: impl AsyncFnMut(Record) -> Result<()>) -> Result<()> {
        self.take(&mut Pagewise(take)).await
    }

    /// Makes the call and gives back the one answer as JSON, whatever it is; `null` if it is empty or was
    /// to be ignored.
    ///
    /// # Errors
    ///
    /// As [`Call::emit`].
    pub async fn fetch(self) -> Result<Value> {
        let request = self.request?;
        super::emit::fetch(&self.api, &request, &self.opinions, &self.written).await
    }

    async fn take(self, taker: &mut impl Taker) -> Result<()> {
        let Self { api, request, written, pages, opinions, steps, position, is_resumable, reader } =
            self;
        let request = request?;
        let reader = reader.unwrap_or_else(|| request.place());
        let plan = Plan { api, written, opinions, steps, is_resumable, reader, has_told: false };
        plan.run(request, position, pages, taker).await
    }
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let request = self.request.as_ref().map(Request::place);
        f.debug_struct("Call").field("request", &request).finish_non_exhaustive()
    }
}

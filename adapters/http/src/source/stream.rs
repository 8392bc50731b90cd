//! A stream that was described.

use super::changes::Change;
use super::cursor::CursorSettings;
use super::family::Given;
use super::format::FormatSettings;
use super::rules::Rules;
use super::sent::SentFormat;
use super::template::{CURSOR, Document, Template, Values};
use super::windows::{Span, WINDOW_END, WINDOW_START, WindowSettings, Windows, today};
use crate::{Api, Call, Method, Pages, RecordPath, ToldErrors, Transform, Verdict, pointer};
use airbyte_singer_runtime::{Error, Result};
use airbyte_singer_toolkit::{About, Cursor, Out, Slice, Slices, Stream};
use serde_json::Value;
use std::cell::Cell;
use std::rc::Rc;

/// A stream; cloning gives another handle.
#[derive(Clone)]
pub(super) struct HttpStream(pub(super) Rc<Parts>);

/// What a stream is made of.
pub(super) struct Parts {
    pub(super) name: String,
    pub(super) about: About,
    pub(super) api: Api,
    pub(super) method: Method,
    pub(super) requests: Texts,
    /// Whether a text of its requests has the cursor.
    pub(super) is_cursor_named: bool,
    pub(super) sent_format: Option<SentFormat>,
    pub(super) records: RecordPath,
    pub(super) format: FormatSettings,
    pub(super) pages: Pages,
    pub(super) cursor: Option<CursorSettings>,
    pub(super) windows: Option<Windows>,
    pub(super) parent: Option<Parent>,
    pub(super) changes: Rc<[Change]>,
    pub(super) ignore: Rc<[u16]>,
    /// Fields of which a record has one.
    pub(super) declared: Vec<String>,
    pub(super) errors: ToldErrors,
    pub(super) max_record_bytes: Option<u64>,
    pub(super) rules: Rc<Rules>,
    pub(super) delimiter: Option<u8>,
    pub(super) encoding: Option<String>,
    pub(super) is_resumable: bool,
    /// Whether it was said that it begins in the future.
    pub(super) has_warned: Cell<bool>,
}

/// The stream above another, and what of its records is needed.
#[derive(Clone)]
pub(super) struct Parent {
    pub(super) stream: HttpStream,
    pub(super) given: Given,
}

impl Parent {
    /// The names of all that it gives, with what its own parents do.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names = self.stream.names();
        names.push(self.given.name.clone());
        names
    }
}

impl Parent {
    /// The same, which counts for one reader.
    fn counting(&self) -> Self {
        let given = Given { seen: Rc::default(), ..self.given.clone() };
        Self { given, stream: self.stream.clone() }
    }
}

/// A parent whose records are what it gives.
impl Stream for Parent {
    fn about(&self) -> About {
        Stream::about(&self.stream)
    }

    async fn slices(&self, slices: &mut Slices<'_>) -> Result<()> {
        Stream::slices(&self.stream, slices).await
    }

    async fn read(&self, slice: &Slice, out: &mut Out<'_>) -> Result<()> {
        let given = self.stream.values(slice)?;
        for call in self.stream.calls(slice)? {
            call?
                .each(async |record| {
                    let record = Value::Object(record);
                    let Some(value) = self.given.value(&record)? else { return Ok(()) };
                    let mut given = given.clone();
                    given.insert(self.given.name.clone(), value.clone());
                    out.emit(&given).await
                })
                .await?;
        }
        Ok(())
    }
}

/// The texts of a stream's requests.
pub(super) struct Texts {
    pub(super) path: Template,
    pub(super) query: Vec<(Template, Template)>,
    pub(super) headers: Vec<(String, Template)>,
    pub(super) sent: Sent,
}

impl Texts {
    /// Whether one of them has that name.
    pub(super) fn names(&self, wanted: &str) -> bool {
        let has = |template: &Template| template.names().any(|name| name == wanted);
        let in_pairs = |pairs: &[(Template, Template)]| {
            pairs.iter().any(|(name, value)| has(name) || has(value))
        };
        let is_sent = match &self.sent {
            Sent::Nothing => false,
            Sent::Json(document) | Sent::GraphQl { variables: document, .. } => {
                document.names(wanted)
            }
            Sent::Form(fields) => in_pairs(fields),
        };
        is_sent
            || has(&self.path)
            || in_pairs(&self.query)
            || self.headers.iter().any(|(_, value)| has(value))
    }
}

/// What a request has for a body.
pub(super) enum Sent {
    Nothing,
    Json(Document),
    Form(Vec<(Template, Template)>),
    GraphQl { query: String, variables: Document },
}

impl Stream for HttpStream {
    fn about(&self) -> About {
        self.0.about.clone()
    }

    async fn slices(&self, slices: &mut Slices<'_>) -> Result<()> {
        self.warn_of_the_future(slices.cursor()?);
        if let Some(parent) = &self.0.parent {
            let (names, parent) = (parent.names(), parent.counting());
            let make = |given: &Value| {
                if self.0.requests.path.is_astray(given) {
                    parent.given.leave_out();
                    return None;
                }
                let parts = names.iter().map(|name| (name.as_str(), given[name].clone()));
                Some(Slice::partition(parts))
            };
            slices.of_parent(&parent, make).await?;
            if let Some(why) = parent.given.unusable(&self.0.name) {
                slices.leave_out(why);
            }
            return parent.given.conclude(&self.0.name);
        }
        match &self.0.windows {
            Some(windows) => {
                let cursor = self.day_of(slices.cursor()?);
                slices.emit_all(windows.spans(cursor.as_ref()).iter().map(Span::slice)).await
            }
            None => slices.emit(Slice::whole()).await,
        }
    }

    async fn read(&self, slice: &Slice, out: &mut Out<'_>) -> Result<()> {
        for call in self.calls(slice)? {
            let call = match self.0.is_resumable && !self.is_cut_within() {
                true => call?.resumable(slice),
                false => call?,
            };
            call.emit(out).await?;
        }
        Ok(())
    }
}

impl HttpStream {
    pub(super) fn name(&self) -> &str {
        &self.0.name
    }

    /// What its slices know of parents, by name.
    pub(super) fn names(&self) -> Vec<String> {
        self.0.parent.as_ref().map(Parent::names).unwrap_or_default()
    }

    /// What a slice knows of parents.
    pub(super) fn values(&self, slice: &Slice) -> Result<Values> {
        self.names().into_iter().map(|name| Ok((name.clone(), slice.get(&name)?))).collect()
    }

    /// Says once that a read begins after today, so that it has no records of today.
    fn warn_of_the_future(&self, saved: Option<Value>) {
        let windows = self.0.windows.as_ref();
        let of_windows = || windows?.is_ahead(self.day_of(saved.clone()).as_ref());
        let of_start = || {
            let start =
                self.0.cursor.as_ref().filter(|_| saved.is_none())?.start_day(self.order()?)?;
            (start > today()).then_some("`start` of its setting `cursor` is")
        };
        let Some(ahead) = of_windows().or_else(of_start) else { return };
        if !self.0.has_warned.replace(true) {
            let name = &self.0.name;
            tracing::warn!(
                "stream {name}: {ahead} in the future, so no records before that are read"
            );
        }
    }

    /// Whether each slice has windows of its own, since it is a parent's.
    fn is_cut_within(&self) -> bool {
        self.0.parent.is_some() && self.0.windows.is_some()
    }

    /// The calls that bring a slice, one after the other.
    pub(super) fn calls<'a>(
        &self,
        slice: &Slice,
    ) -> Result<impl Iterator<Item = Result<Call<'a>>> + use<'a>> {
        let values = self.values(slice)?;
        let cursor = self.0.cursor.as_ref();
        let begin = cursor.map(|cursor| cursor.begin(slice)).transpose()?.flatten();
        let since = match (cursor, self.order()) {
            // A text of the request may have it too.
            (Some(cursor), Some(order)) if !self.0.is_cursor_named => cursor.since(order, slice)?,
            _ => None,
        };
        let spans = match &self.0.windows {
            None => vec![None],
            Some(windows) if self.is_cut_within() => {
                let spans = windows.spans(self.day_of(slice.cursor()?).as_ref());
                spans.into_iter().map(Some).collect()
            }
            Some(_) => vec![Some(Span::of(slice)?)],
        };
        let stream = self.clone();
        Ok(spans.into_iter().map(move |span| {
            let call = stream.call(&values, begin.as_ref(), span)?;
            // What is emitted counts, so it is looked at behind all changes.
            Ok(match since.clone() {
                Some(since) => call.since(since),
                None => call,
            })
        }))
    }

    fn order(&self) -> Option<&Cursor> {
        self.0.about.order()
    }

    /// A cursor as windows take it: one in a format of its own by its day.
    fn day_of(&self, cursor: Option<Value>) -> Option<Value> {
        let day = |cursor: &Value| self.order()?.day(cursor);
        cursor.map(|cursor| day(&cursor).map_or(cursor, |day| day.to_string().into()))
    }

    fn call<'a>(
        &self,
        values: &Values,
        begin: Option<&Value>,
        span: Option<Span>,
    ) -> Result<Call<'a>> {
        let Parts { api, method, requests, records, pages, sent_format, .. } = &*self.0;
        let sent = match (sent_format, begin) {
            (Some(format), Some(begin)) => {
                let moment = self.order().and_then(|order| order.moment(begin));
                let day = self.order().and_then(|order| order.day(begin));
                Some(format.write(&moment.map_or_else(|| begin.clone(), Value::String), day)?)
            }
            (_, begin) => begin.cloned(),
        };
        let values = &self.with_own(values, sent.as_ref(), span.as_ref());
        let call = api.call(method.clone(), requests.path.fill_path(values)?);
        let mut call = call.reader(format!("stream {}", self.0.name));
        for (name, value) in requests.query.iter().filter(|(_, value)| !value.lacks(values)) {
            call = call.query(name.fill(values)?, value.fill(values)?);
        }
        for (name, value) in requests.headers.iter().filter(|(_, value)| !value.lacks(values)) {
            call = call.header(name, value.fill(values)?);
        }
        call = self.send(call, values, &self.beside_body(sent.as_ref(), span.as_ref()))?;
        call = self.send_beside(call, sent.as_ref(), span.as_ref());
        self.judge(self.0.format.of(call, records).pages(pages.clone()), values)
    }

    /// What texts may have: what parents give, the cursor, a span.
    fn with_own(&self, values: &Values, begin: Option<&Value>, span: Option<&Span>) -> Values {
        let mut all = Values::new();
        if let Some(begin) = begin.filter(|_| self.0.cursor.is_some()) {
            all.insert(CURSOR.to_owned(), begin.clone());
        }
        if let Some(span) = span {
            all.insert(WINDOW_START.to_owned(), span.start.clone().into());
            all.insert(WINDOW_END.to_owned(), span.end.clone().into());
        }
        // What a parent gives by such a name is meant.
        all.extend(values.clone());
        all
    }

    /// What goes into the body beside what is described, by its place there.
    fn beside_body<'v>(
        &'v self,
        begin: Option<&Value>,
        span: Option<&Span>,
    ) -> Vec<(&'v str, Value)> {
        let cursor = self.0.cursor.as_ref().and_then(|cursor| cursor.body.as_deref());
        let mut all: Vec<_> = cursor.zip(begin.cloned()).into_iter().collect();
        if let (Some(windows), Some(span)) = (&self.0.windows, span) {
            let WindowSettings { start_body, end_body, .. } = &windows.settings;
            all.extend(start_body.as_deref().map(|place| (place, span.start.clone().into())));
            all.extend(end_body.as_deref().map(|place| (place, span.end.clone().into())));
        }
        all
    }

    /// Asks for what is new and for a span, by parameters, variables or a header.
    fn send_beside<'a>(
        &self,
        mut call: Call<'a>,
        begin: Option<&Value>,
        span: Option<&Span>,
    ) -> Call<'a> {
        if let (Some(cursor), Some(begin)) = (&self.0.cursor, begin) {
            call = match (&cursor.query, &cursor.header) {
                (Some(name), _) => self.ask(call, name, begin),
                (_, Some(name)) => {
                    call.header(name, super::template::plain(begin).unwrap_or_default())
                }
                (None, None) => call,
            };
        }
        if let (Some(windows), Some(span)) = (&self.0.windows, span) {
            if let Some(name) = &windows.settings.start_query {
                call = self.ask(call, name, &span.start.clone().into());
            }
            if let Some(name) = &windows.settings.end_query {
                call = self.ask(call, name, &span.end.clone().into());
            }
        }
        call
    }

    /// Asks by a parameter, or by a variable of GraphQL.
    fn ask<'a>(&self, call: Call<'a>, name: &str, value: &Value) -> Call<'a> {
        match &self.0.requests.sent {
            Sent::GraphQl { .. } => call.variable(name, value),
            _ => call.query_opt(name, super::template::plain(value)),
        }
    }

    /// Adds the body, with what goes into it by a pointer.
    fn send<'a>(
        &self,
        call: Call<'a>,
        values: &Values,
        into: &[(&str, Value)],
    ) -> Result<Call<'a>> {
        match &self.0.requests.sent {
            Sent::Nothing if into.is_empty() => Ok(call),
            Sent::Nothing => Ok(call.json(with(Value::Null, into)?)),
            Sent::Json(document) => Ok(call.json(with(document.fill(values)?, into)?)),
            Sent::Form(fields) => {
                let fields = fields.iter().filter(|(_, value)| !value.lacks(values));
                let filled =
                    fields.map(|(name, value)| Ok((name.fill(values)?, value.fill(values)?)));
                let mut filled = filled.collect::<Result<Vec<_>>>()?;
                filled.extend(into.iter().filter_map(|(place, value)| {
                    Some((place[1..].to_owned(), super::template::plain(value)?))
                }));
                Ok(call.form(filled))
            }
            Sent::GraphQl { query, variables } => {
                let Value::Object(variables) = variables.fill(values)? else { return Ok(call) };
                let call = call.graphql(query);
                let call = variables
                    .into_iter()
                    .fold(call, |call, (name, value)| call.variable(name, value));
                Ok(into.iter().fold(call, |call, (place, value)| call.body_at(place, value)))
            }
        }
    }

    /// Adds what becomes of answers and records.
    fn judge<'a>(&self, call: Call<'a>, values: &Values) -> Result<Call<'a>> {
        let changes = self.0.changes.iter().map(|change| change.with(values));
        let changes = changes.collect::<Result<Vec<Transform>>>()?;
        let ignore = Rc::clone(&self.0.ignore);
        let call = match changes.is_empty() {
            true => call,
            false => call.step(move |mut record| {
                changes.iter().try_for_each(|change| change.apply(&mut record))?;
                Ok(Some(record))
            }),
        };
        let call = match self.0.max_record_bytes {
            Some(bytes) => call.max_record_bytes(bytes),
            None => call,
        };
        let call = match &self.0.encoding {
            Some(label) => call.encoding(label),
            None => call,
        };
        let call = call
            .delimiter(self.0.delimiter)
            .errors(self.0.errors)
            .declares(self.0.declared.iter().cloned())
            .way_out("if it is none, the stream's setting `errors: ignore` says so");
        let call = call.classify(move |answer| {
            ignore.contains(&answer.status.as_u16()).then_some(Verdict::Ignore)
        });
        // What is given last comes first.
        let rules = Rc::clone(&self.0.rules);
        Ok(call.classify(move |answer| rules.verdict(answer)))
    }
}

/// A body with values at pointers into it.
fn with(mut body: Value, into: &[(&str, Value)]) -> Result<Value> {
    for (place, value) in into {
        if !pointer::put(&mut body, place, value.clone()) {
            let text = format!("its body has no place for the cursor or a span at {place}");
            return Err(Error::config(text));
        }
    }
    Ok(body)
}

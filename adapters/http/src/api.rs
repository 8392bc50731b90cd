use super::budget::Door;
use super::lookups::Lookups;
use super::request::host;
use super::verdict::Opinion;
use super::{Answer, Auth, Budget, Request, Retry, Verdict, Wire};
use airbyte_singer_runtime::{Error, OrError, Result};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use std::fmt::{self, Display};
use std::rc::Rc;
use std::time::Duration;
use url::Url;

/// An HTTP API: where it is, who we are to it, and how much it bears. One is made for all streams of a
/// source; cloning gives another handle.
///
/// ```no_run
/// # use airbyte_singer_sdk::http::{Api, Budget, Verdict};
/// # use airbyte_singer_sdk::Result;
/// # fn example(address: &str) -> Result<()> {
/// let api = Api::new(address)?
///     .header("Accept", "application/json")
///     .budget(Budget::new().per_second(5))
///     .classify(|answer| (answer.status == 404).then_some(Verdict::Ignore));
/// let call = api.get("customers").query("active", true);
/// # Ok(())
/// # }
/// ```
///
/// What an API adds to a request (its headers, its query, what [`Auth`] adds) is for its own host:
/// requests to another scheme, host or port, be it by a redirect or as a next page, go without all of it.
/// A header or parameter that a call has itself stays as it is.
#[derive(Clone)]
pub struct Api {
    pub(super) settings: Rc<Settings>,
}

/// What an [`Api`] is made of.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) base: Url,
    pub(super) wire: Wire,
    pub(super) auth: Option<Rc<dyn Auth>>,
    headers: HeaderMap,
    query: Vec<(String, String)>,
    pub(super) retry: Retry,
    pub(super) door: Rc<Door>,
    pub(super) lookups: Rc<Lookups>,
    pub(super) opinions: Vec<Rc<Opinion<'static>>>,
    /// Where a body says how long to wait.
    pub(super) wait_at: Option<String>,
    /// What was wrong with a header; said when something is sent.
    fault: Option<Error>,
}

impl Api {
    /// The API below an address such as `https://api.example.com/v2`, over connections of its own.
    ///
    /// # Errors
    ///
    /// A config error: it is no address of HTTP, or there is a user or password in it. Else as
    /// [`Wire::new`].
    pub fn new(base: &str) -> Result<Self> {
        Self::over(Wire::new()?, base)
    }

    /// As [`Api::new`], over connections that there are already.
    ///
    /// # Errors
    ///
    /// As [`Api::new`].
    pub fn over(wire: Wire, base: &str) -> Result<Self> {
        let settings = Settings {
            base: address(base)?,
            wire,
            auth: None,
            headers: HeaderMap::new(),
            query: Vec::new(),
            retry: Retry::default(),
            door: Rc::new(Door::new(Budget::new())),
            lookups: Rc::default(),
            opinions: Vec::new(),
            wait_at: None,
            fault: None,
        };
        Ok(Self { settings: Rc::new(settings) })
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Rc::make_mut(&mut self.settings));
        self
    }

    /// Says who we are.
    #[must_use]
    pub fn auth(self, auth: impl Auth + 'static) -> Self {
        self.with(|settings| settings.auth = Some(Rc::new(auth)))
    }

    /// Sends a header with every request.
    #[must_use]
    pub fn header(self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.with(|settings| match header(name.as_ref(), value.as_ref()) {
            Ok((name, value)) => {
                settings.headers.insert(name, value);
            }
            Err(error) => settings.fault = Some(error),
        })
    }

    /// Sends a parameter in every request's query.
    #[must_use]
    pub fn query(self, name: impl Into<String>, value: impl Display) -> Self {
        self.with(|settings| settings.query.push((name.into(), value.to_string())))
    }

    /// Bounds the calls of all streams together.
    #[must_use]
    pub fn budget(self, budget: Budget) -> Self {
        self.with(|settings| settings.door = Rc::new(Door::new(budget)))
    }

    /// Says how often and how long to try.
    #[must_use]
    pub fn retry(self, retry: Retry) -> Self {
        self.with(|settings| settings.retry = retry)
    }

    /// Says what answers mean that mean something else than usual; `None` leaves one as it is. Of several
    /// opinions the last one given comes first. Usually
    ///
    /// * 2xx is a success;
    /// * 420 and 429, and 4xx that says how long to wait, is a quota used up; 408, 425 and 5xx are worth
    ///   another try;
    /// * 401 are refused credentials; this, 402, 403, 404, 407 and 410 are the user's fault;
    /// * everything else is the source's fault.
    #[must_use]
    pub fn classify(self, opinion: impl Fn(&Answer<'_>) -> Option<Verdict> + 'static) -> Self {
        self.with(|settings| settings.opinions.push(Rc::new(opinion)))
    }

    /// Says where in an answer, at a JSON Pointer, it stands how long to wait for a quota: a number of
    /// seconds (of milliseconds, where the name ends with `ms`), a text with a unit such as `2s`, or a time.
    /// Without it `/retry_after` and names like it are looked at.
    #[must_use]
    pub fn wait_at(self, pointer: impl Into<String>) -> Self {
        self.with(|settings| settings.wait_at = Some(pointer.into()))
    }
}

impl Settings {
    /// The address of a path below ours.
    pub(super) fn address_of(&self, path: &str) -> Result<Url> {
        if path.starts_with("http://") || path.starts_with("https://") {
            return address(path);
        }
        let (path, query) = path.split_once('?').map_or((path, None), |(p, q)| (p, Some(q)));
        let mut url = self.base.clone();
        if !path.is_empty() {
            let joined =
                format!("{}/{}", url.path().trim_end_matches('/'), path.trim_start_matches('/'));
            url.set_path(&joined);
        }
        if query.is_some() {
            url.set_query(query);
        }
        Ok(url)
    }

    /// Whether an address is on the API's own host, where credentials may go.
    pub(super) fn is_home(&self, url: &Url) -> bool {
        url.origin() == self.base.origin()
    }

    /// Lets no call go for a time, since the quota is used up. A wait that nobody would bear is left to
    /// the answer that comes of not waiting.
    pub(super) fn shut(&self, wait: Duration) {
        if wait <= self.retry.longest_wait() {
            self.door.shut(wait);
        }
    }

    /// A request with what the API adds to it, as it goes to its own host.
    pub(super) async fn dressed(&self, request: &Request) -> Result<Request> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let mut dressed = request.clone();
        for (name, value) in &self.headers {
            dressed.headers.entry(name).or_insert_with(|| value.clone());
        }
        let missing = self.query.iter().filter(|(name, _)| !request.has_query(name));
        for (name, value) in missing {
            dressed.url.query_pairs_mut().append_pair(name, value);
        }
        if let Some(auth) = &self.auth {
            auth.sign(&mut dressed).await?;
        }
        Ok(dressed)
    }
}

/// An address of HTTP.
pub(super) fn address(text: &str) -> Result<Url> {
    let url = Url::parse(text)
        .map_err(|error| Error::config(format!("an address of an API is no URL: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Error::config("an address of an API begins with neither https:// nor http://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::config("an address of an API must not hold a user or password"));
    }
    Ok(url)
}

/// A header, if it can be one.
pub(super) fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue)> {
    let name = HeaderName::try_from(name)
        .or_config("a header's name holds characters that none may have")?;
    let value = HeaderValue::try_from(value).map_err(|_| {
        Error::config(format!("the header `{name}` holds characters that none may have"))
    })?;
    Ok((name, value))
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What it adds to requests may be secret.
        f.debug_struct("Api").field("host", &host(&self.settings.base)).finish_non_exhaustive()
    }
}

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use url::Url;

/// A request as it will be sent, but for what [`Auth`](super::Auth) adds to it.
///
/// Whoever turns pages changes it from one page to the next. Its `Debug` shows no query, no value of a
/// header and no body, since credentials go there.
#[derive(Clone, PartialEq)]
pub struct Request {
    /// GET, POST and so on.
    pub method: Method,
    /// The whole address with its query.
    pub url: Url,
    /// The headers.
    pub headers: HeaderMap,
    /// What is sent.
    pub body: Body,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let headers: Vec<&str> = self.headers.keys().map(HeaderName::as_str).collect();
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("host", &self.url.host_str())
            .field("path", &self.url.path())
            .field("headers", &headers)
            .finish_non_exhaustive()
    }
}

/// The body of a [`Request`]. Its `Debug` shows its kind.
#[derive(Clone, PartialEq, Default)]
#[non_exhaustive]
pub enum Body {
    /// None.
    #[default]
    Empty,
    /// A JSON text; GraphQL's too.
    Json(Value),
    /// The fields of a form.
    Form(Vec<(String, String)>),
}

impl Body {
    pub(super) const fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Empty => "Empty",
            Self::Json(_) => "Json(..)",
            Self::Form(_) => "Form(..)",
        })
    }
}

impl Request {
    /// A GET of `url`.
    pub fn get(url: Url) -> Self {
        Self { method: Method::GET, url, headers: HeaderMap::new(), body: Body::Empty }
    }

    /// Sets a parameter of the query in the place of those of that name.
    pub fn set_query(&mut self, name: &str, value: &str) {
        let others: Vec<(String, String)> =
            self.url.query_pairs().filter(|(key, _)| key != name).map(owned).collect();
        self.url.query_pairs_mut().clear().extend_pairs(others).append_pair(name, value);
    }

    /// Sets a header in the place of those of that name.
    pub fn set_header(&mut self, name: HeaderName, value: HeaderValue) {
        self.headers.insert(name, value);
    }

    /// Whether there is a parameter of that name in the query.
    pub fn has_query(&self, name: &str) -> bool {
        self.url.query_pairs().any(|(key, _)| key == name)
    }

    /// How the request is called in a sentence: never with its query, which may hold secrets.
    pub(super) fn place(&self) -> String {
        format!("{} {}{}", self.method, host(&self.url), self.url.path())
    }
}

/// How a host is called in a sentence.
pub(super) fn host(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => "the server".to_owned(),
    }
}

fn owned(
    (name, value): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>),
) -> (String, String) {
    (name.into_owned(), value.into_owned())
}

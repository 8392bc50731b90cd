use super::request::host;
use super::{Body, Request};
use airbyte_singer_runtime::{Error, Result};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Response, StatusCode};
use std::error::Error as StdError;
use std::io;
use std::time::Duration;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(30);
/// How long a server may be silent, before an answer or within it.
const SILENCE: Duration = Duration::from_secs(120);

/// Mostly in a container that has nothing but the program.
const NO_CLIENT: &str = "no HTTP client can be made: are there certificates of the web on this machine \
                         (a package `ca-certificates`)?";

/// Sends single requests: no credentials of its own, no second try, no redirect. Cloning gives another
/// handle to the same connections.
#[derive(Debug, Clone)]
pub struct Wire {
    client: reqwest::Client,
}

/// A short answer, read whole. Its `Debug` shows its status: it may hold a token.
#[derive(Clone)]
#[non_exhaustive]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reply").field("status", &self.status).finish_non_exhaustive()
    }
}

/// A short answer may be this long.
const LONGEST_REPLY: usize = 4 * 1024 * 1024;

impl Wire {
    /// A new set of connections. Proxies come from the usual environment. A server may be silent for two
    /// minutes.
    ///
    /// # Errors
    ///
    /// This machine's certificates can't be read.
    pub fn new() -> Result<Self> {
        Self::with_silence(SILENCE)
    }

    /// As [`Wire::new`], for servers that may be silent for this long, before an answer or within it.
    ///
    /// # Errors
    ///
    /// As [`Wire::new`].
    pub fn with_silence(silence: Duration) -> Result<Self> {
        // Somebody else in the process may have chosen one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .read_timeout(silence)
            .user_agent(concat!("airbyte-singer/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Error::system(NO_CLIENT).with_internal(in_words(&error)))?;
        Ok(Self { client })
    }

    /// Sends a request and gives back the answer as soon as its head is there.
    ///
    /// # Errors
    ///
    /// A transient error that names the host: it can't be reached or doesn't answer in time.
    pub async fn send(&self, request: &Request) -> Result<Response> {
        let Request { method, url, headers, body } = request;
        let mut sending = self.client.request(method.clone(), url.clone()).headers(headers.clone());
        if let Some((kind, text)) = written(body) {
            if !headers.contains_key(CONTENT_TYPE) {
                sending = sending.header(CONTENT_TYPE, HeaderValue::from_static(kind));
            }
            sending = sending.body(text);
        }
        sending.send().await.map_err(|error| unreachable(request, error))
    }

    /// Sends a request whose answer is short, and reads it whole.
    ///
    /// # Errors
    ///
    /// As [`Wire::send`]; also where the answer breaks off or is longer than 4 MiB.
    pub async fn exchange(&self, request: &Request) -> Result<Reply> {
        let mut response = self.send(request).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(part) =
            response.chunk().await.map_err(|error| unreachable(request, error))?
        {
            body.extend_from_slice(&part);
            if body.len() > LONGEST_REPLY {
                return Err(Error::system(format!(
                    "{} answered with too much",
                    host(&request.url)
                )));
            }
        }
        Ok(Reply { status, headers, body })
    }
}

/// A body and what it is, unless its request says otherwise.
fn written(body: &Body) -> Option<(&'static str, String)> {
    match body {
        Body::Empty => None,
        Body::Json(value) => Some(("application/json", value.to_string())),
        Body::Form(fields) => {
            let mut text = url::form_urlencoded::Serializer::new(String::new());
            text.extend_pairs(fields);
            Some(("application/x-www-form-urlencoded", text.finish()))
        }
    }
}

fn unreachable(request: &Request, error: reqwest::Error) -> Error {
    let host = host(&request.url);
    if causes(&error).any(is_distrust) {
        let text = format!("{host} has a certificate that isn't trusted on this machine");
        return Error::config(text).with_internal(in_words(&error.without_url()));
    }
    if causes(&error).any(is_large_head) {
        let text =
            format!("the head of the answer of {host} is too large, or has too many headers");
        return Error::system(text).with_internal(in_words(&error.without_url()));
    }
    let text = if error.is_timeout() {
        format!("{host} didn't answer in time")
    } else if error.is_connect() {
        format!("{host} can't be reached")
    } else {
        format!("the connection to {host} broke off")
    };
    Error::transient(text).with_internal(in_words(&error.without_url()))
}

/// An error and what lies behind it.
fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

fn in_words(error: &(dyn StdError + 'static)) -> String {
    causes(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Whether the head of an answer was the fault. What HTTP is spoken with has no type for it that is open to us.
fn is_large_head(error: &(dyn StdError + 'static)) -> bool {
    error.source().is_none() && error.to_string() == "message head is too large"
}

/// Whether a certificate was the fault; TLS hands its errors on within those of `io`.
fn is_distrust(error: &(dyn StdError + 'static)) -> bool {
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return matches!(error, rustls::Error::InvalidCertificate(_));
    }
    let within = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    within.is_some_and(|within| is_distrust(within))
}

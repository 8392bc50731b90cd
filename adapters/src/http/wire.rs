use super::{Body, Request};
use crate::{Error, Result};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Response, StatusCode};
use std::time::Duration;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(30);
/// How long a server may be silent within an answer.
const READ: Duration = Duration::from_secs(120);

/// Sends single requests: no credentials of its own, no second try, no redirect. Cloning gives another
/// handle to the same connections.
#[derive(Debug, Clone)]
pub struct Wire {
    client: reqwest::Client,
}

/// A short answer, read whole. Its `Debug` shows its status: it may hold a token.
#[derive(Clone)]
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
    /// A new set of connections. Proxies come from the usual environment.
    ///
    /// # Errors
    ///
    /// This machine's certificates can't be read.
    pub fn new() -> Result<Self> {
        // Somebody else in the process may have chosen one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .read_timeout(READ)
            .user_agent(concat!("airbyte-singer/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|_| Error::system("no HTTP client can be made on this machine"))?;
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
        match body {
            Body::Empty => {}
            Body::Json(value) => {
                sending = sending
                    .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
                    .body(value.to_string());
            }
            Body::Form(fields) => {
                let text = url::form_urlencoded::Serializer::new(String::new())
                    .extend_pairs(fields)
                    .finish();
                sending = sending
                    .header(
                        CONTENT_TYPE,
                        HeaderValue::from_static("application/x-www-form-urlencoded"),
                    )
                    .body(text);
            }
        }
        sending.send().await.map_err(|error| unreachable(request, &error))
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
            response.chunk().await.map_err(|error| unreachable(request, &error))?
        {
            body.extend_from_slice(&part);
            if body.len() > LONGEST_REPLY {
                return Err(Error::system(format!("{} answered with too much", host(request))));
            }
        }
        Ok(Reply { status, headers, body })
    }
}

/// How a host is called in a sentence: never with its path or query, which may hold secrets.
fn host(request: &Request) -> String {
    match (request.url.host_str(), request.url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => "the server".to_owned(),
    }
}

fn unreachable(request: &Request, error: &reqwest::Error) -> Error {
    let host = host(request);
    let text = if error.is_connect() {
        format!("{host} can't be reached")
    } else if error.is_timeout() {
        format!("{host} didn't answer in time")
    } else {
        format!("the connection to {host} broke off")
    };
    Error::transient(text)
}

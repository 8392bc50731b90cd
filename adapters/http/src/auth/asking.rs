//! Asking a server for a token.

use super::super::{Reply, Request, Wire, quota};
use airbyte_protocol::FailureType;
use airbyte_singer_runtime::UnderWay;
use airbyte_singer_runtime::{Error, Result, now_millis};
use airbyte_singer_toolkit::{Connection, rate_limited};
use reqwest::StatusCode;
use std::cell::OnceCell;
use std::time::{Duration, SystemTime};
use url::Url;

/// How often it is asked.
const TRIES: u32 = 4;
/// How long it is waited after the first time; then twice as long each time.
const PAUSE: Duration = Duration::from_millis(500);
/// No server's wish for a pause is followed further than so.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The way to a server that gives tokens. Its connections are made when it is asked for the first time.
#[derive(Debug, Clone, Default)]
pub(super) struct Desk {
    wire: OnceCell<Wire>,
}

impl Desk {
    /// The answer, which is neither a 429 nor a server's fault, and what a stop waits for until it is
    /// dropped: an answer that nobody hears may be the end of an authorization.
    ///
    /// # Errors
    ///
    /// A transient error: the server has trouble, or can't be reached, for some time.
    pub(super) async fn ask(
        &self,
        request: &Request,
        connection: &Connection,
    ) -> Result<(Reply, UnderWay)> {
        let wire = match self.wire.get() {
            Some(wire) => wire,
            None => {
                let wire = Wire::new()?;
                self.wire.get_or_init(|| wire)
            }
        };
        let mut pause = PAUSE;
        let mut tries = 1..=TRIES;
        loop {
            let under_way = connection.begin();
            let is_last = tries.next() == Some(TRIES);
            match settled(request, wire.exchange(request).await)? {
                Asked::Done(reply) => return Ok((reply, under_way)),
                Asked::Trouble { error, .. } if is_last => return Err(error),
                Asked::Trouble { wish, .. } => {
                    // A pause is no reason to wait.
                    drop(under_way);
                    tokio::time::sleep(wish.unwrap_or(pause)).await;
                }
            }
            pause *= 2;
        }
    }
}

enum Asked {
    Done(Reply),
    /// It may be better later, perhaps after the pause that the server wishes for.
    Trouble {
        error: Error,
        wish: Option<Duration>,
    },
}

fn settled(request: &Request, outcome: Result<Reply>) -> Result<Asked> {
    let reply = match outcome {
        Ok(reply) => reply,
        Err(error) if error.failure_type() == FailureType::TransientError => {
            return Ok(Asked::Trouble { error, wish: None });
        }
        Err(error) => return Err(error),
    };
    let is_limit = reply.status == StatusCode::TOO_MANY_REQUESTS;
    if !is_limit && !reply.status.is_server_error() {
        return Ok(Asked::Done(reply));
    }
    let wish = quota::asked_wait(&reply.headers, SystemTime::now());
    let wish = wish.map(|wish| wish.clamp(PAUSE, LONGEST_PAUSE));
    if is_limit {
        let until =
            wish.map(|wish| wish.as_millis().saturating_add(now_millis().unsigned_abs().into()));
        rate_limited(until.and_then(|until| until.try_into().ok()))?;
    }
    let (name, status) = (request.place(), reply.status.as_u16());
    let error = Error::transient(format!("{name} gives no token for now: status {status}"));
    Ok(Asked::Trouble { error, wish })
}

/// The address of a server that gives tokens.
pub(super) fn address(connection: &Connection, url: &str, what: &str) -> Result<Url> {
    Url::parse(url).ok().filter(Url::has_host).ok_or_else(|| match connection.setting_with(url) {
        Some(setting) => {
            Error::config(format!("setting `{setting}` is no address such as https://host/path"))
        }
        None => Error::config(format!("{what} has no address such as https://host/path")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

    /// The pause before the next try that a server is given which asks for one.
    fn wish(after: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, "Mon, 23 Nov 2026 06:00:00 GMT".parse().unwrap());
        headers.insert(RETRY_AFTER, after.parse().unwrap());
        let reply = Reply { status: StatusCode::TOO_MANY_REQUESTS, headers, body: Vec::new() };
        let request = Request::get("https://auth.test/token".parse().unwrap());
        match settled(&request, Ok(reply)).unwrap() {
            Asked::Trouble { wish, .. } => wish,
            Asked::Done(_) => panic!("that is no answer"),
        }
    }

    #[test]
    fn a_pause_is_made_as_it_is_wished_for_within_reason() {
        let seconds = |n| Some(Duration::from_secs(n));
        assert_eq!(wish("7"), seconds(7));
        assert_eq!(wish("Mon, 23 Nov 2026 06:00:30 GMT"), seconds(30));
        assert_eq!(wish("86400"), Some(LONGEST_PAUSE));
        assert_eq!(wish("0"), Some(PAUSE));
        assert_eq!(wish("soon"), None);
    }
}

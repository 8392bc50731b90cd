//! What a token endpoint answers.

use super::super::super::{Reply, Request};
use super::super::session::seconds;
use crate::{Error, Result};
use serde_json::{Map, Value};
use std::time::Duration;

/// So many characters of a server's own words are shown.
const WORDS: usize = 200;

/// A token and what came with it.
pub(super) struct Answer {
    pub(super) access_token: String,
    pub(super) refresh_token: Option<String>,
    pub(super) life: Option<Duration>,
}

/// Reads the reply to a request for a token, which had a refresh token or not.
///
/// Some servers say an error with status 200, so the body counts more than the status.
pub(super) fn read(request: &Request, reply: &Reply, refreshes: bool) -> Result<Answer> {
    let (name, status) = (request.place(), reply.status.as_u16());
    let body: Map<String, Value> = serde_json::from_slice(&reply.body).unwrap_or_default();
    let text = |key: &str| body.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    if let Some(token) = text("access_token").filter(|_| reply.status.is_success()) {
        return Ok(Answer {
            access_token: token.to_owned(),
            refresh_token: text("refresh_token").map(str::to_owned),
            life: body.get("expires_in").and_then(seconds),
        });
    }
    let code = text("error");
    if code.is_none() && !reply.status.is_client_error() {
        let what = format!("{name} answers with status {status} and no access_token");
        return Err(Error::system(what));
    }
    let words = words(code, text("error_description"));
    let status = match reply.status.is_success() {
        true => String::new(),
        false => format!(" with status {status}"),
    };
    Err(Error::config(match code {
        Some("invalid_grant" | "bad_refresh_token") if refreshes => format!(
            "{name} refuses the refresh token{words}: the authorization must be granted anew. Where a \
             refresh token serves only once, another sync with the same config may have used it"
        ),
        Some("invalid_client" | "unauthorized_client") => {
            format!("{name} refuses the client{words}: see whether client id and secret are right")
        }
        _ => format!("{name} refuses to give a token{status}{words}"),
    }))
}

/// A server's words in brackets, shortened, in one line.
fn words(code: Option<&str>, description: Option<&str>) -> String {
    let said = [code, description].into_iter().flatten().collect::<Vec<_>>().join(": ");
    let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(WORDS) {
        _ if line.is_empty() => String::new(),
        Some((end, _)) => format!(" ({}…)", &line[..end]),
        None => format!(" ({line})"),
    }
}

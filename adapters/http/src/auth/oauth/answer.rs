//! What a token endpoint answers.

use super::super::super::{Reply, Request, pointer};
use super::super::session::seconds;
use airbyte_singer_runtime::{Error, Result};
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

/// Reads the reply to a request for a token, which had a refresh token or not. The access token stands at
/// a pointer, and what belongs to it beside it, or all of them at the top.
///
/// Some servers say an error with status 200, so the body counts more than the status.
pub(super) fn read(
    request: &Request,
    reply: &Reply,
    refreshes: bool,
    token_at: Option<&str>,
) -> Result<Answer> {
    let (name, status) = (request.place(), reply.status.as_u16());
    let body: Map<String, Value> = serde_json::from_slice(&reply.body).unwrap_or_default();
    let text = |key: &str| body.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let token = match token_at {
        None => text("access_token"),
        Some(at) => {
            pointer::get(&body, at).and_then(Value::as_str).filter(|token| !token.is_empty())
        }
    };
    if let Some(token) = token.filter(|_| reply.status.is_success()) {
        let beside = |name: &str| {
            let above = token_at.and_then(|at| at.rsplit_once('/')).map(|(above, _)| above);
            above.and_then(|above| pointer::get(&body, &pointer::below(above, name)))
        };
        let found = |name: &str| beside(name).or_else(|| body.get(name));
        let refresh = found("refresh_token").and_then(Value::as_str);
        return Ok(Answer {
            access_token: token.to_owned(),
            refresh_token: refresh.filter(|token| !token.is_empty()).map(str::to_owned),
            life: found("expires_in").and_then(seconds),
        });
    }
    let code = text("error");
    if code.is_none() && !reply.status.is_client_error() {
        let at = token_at.unwrap_or("access_token");
        let what = format!("{name} answers with status {status} and no {at}");
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

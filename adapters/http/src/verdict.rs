//! What an answer means.

use super::quota;
use airbyte_singer_runtime::Error;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;
use std::time::{Duration, SystemTime};

/// An answer, as far as it is known when somebody has to say what it means.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Answer<'a> {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its body. An answer is looked at twice: without a document as soon as its head is there; and
    /// once its body was read, which of a success is what there was beside its records (or, where it is a
    /// single record as a whole, that record), of any other answer its JSON, or a text of what is no JSON,
    /// where it is not longer than 64 KiB.
    pub document: Option<&'a Value>,
}

impl Answer<'_> {
    /// The part of the document at a JSON Pointer.
    pub fn at(&self, pointer: &str) -> Option<&Value> {
        self.document?.pointer(pointer)
    }
}

/// What an answer means.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Verdict {
    /// It has what was asked for. Of an answer that isn't 2xx this must be said as soon as its head is
    /// there, since its body is read otherwise then.
    Success,
    /// Ask again, after the given time or one that grows with each try.
    Retry(Option<Duration>),
    /// A quota is used up until the given time is over, for all of this API; the stream is said to be
    /// RATE_LIMITED meanwhile.
    RateLimited(Option<Duration>),
    /// It is no failure. A success (2xx) whose records could be read counts as it is: all of them are taken, and
    /// its pages go on. Anything else (another status, no records where they should be, an answer that is a
    /// single record as a whole) counts as an answer without records, and there are no more pages.
    Ignore,
    /// The credentials were refused: asked again if the [`Auth`](super::Auth) has others.
    Refused,
    /// It can't be had. The request's method, host and path go before the sentence, unless it has them.
    Fail(Error),
}

/// An author's opinion of an answer; none leaves it to the others.
pub(super) type Opinion<'a> = dyn Fn(&Answer<'_>) -> Option<Verdict> + 'a;

/// What an answer means where nobody has an opinion; none means that it can't be had.
pub(super) fn usual(answer: &Answer<'_>) -> Option<Verdict> {
    let Answer { status, headers, .. } = answer;
    if status.is_success() {
        return Some(Verdict::Success);
    }
    let wait = quota::asked_wait(headers, SystemTime::now());
    match status.as_u16() {
        401 => Some(Verdict::Refused),
        // Some APIs tell their quotas like this.
        403 if wait.is_some() => Some(Verdict::RateLimited(wait)),
        420 | 429 => Some(Verdict::RateLimited(wait)),
        408 | 425 | 500..=599 => Some(Verdict::Retry(wait)),
        402 | 404 | 407 | 410 => None,
        // Whatever it is, whoever asks for a pause wants another try.
        400.. => quota::told_wait(headers, SystemTime::now())
            .map(|wait| Verdict::RateLimited(Some(wait))),
        _ => None,
    }
}

/// The sentence for an answer that can't be had, by whose fault it is.
pub(super) fn sentence(place: &str, answer: &Answer<'_>) -> Error {
    let Answer { status, document, .. } = *answer;
    let text = match status.as_u16() {
        403 => format!("{place} is not permitted to these credentials (403)"),
        404 | 410 => format!("{place} has no such address ({})", status.as_u16()),
        _ => format!("{place} answered {status}"),
    };
    let text = with_reason(text, document);
    let error = match status.as_u16() {
        // Payment and a proxy's credentials are the user's too.
        402..=404 | 407 | 410 => Error::config(text),
        _ => Error::system(text),
    };
    error.with_status(status.as_u16())
}

/// The sentence for credentials that were refused.
pub(super) fn refusal(place: &str, answer: &Answer<'_>) -> Error {
    let text = format!("{place} refused the credentials ({})", answer.status.as_u16());
    Error::config(with_reason(text, answer.document)).with_status(answer.status.as_u16())
}

/// Adds what the API says itself.
pub(super) fn with_reason(text: String, document: Option<&Value>) -> String {
    match document.and_then(reason) {
        Some(reason) => format!("{text}: {reason}"),
        None => text,
    }
}

/// Where APIs put their sentences.
const REASONS: [&str; 7] = [
    "/message",
    "/error/message",
    "/error_description",
    "/errors/0/message",
    "/error",
    "/errors/0",
    "/detail",
];

/// An API's own short sentence, in one line.
pub(crate) fn reason(document: &Value) -> Option<String> {
    let texts = REASONS.iter().filter_map(|at| document.pointer(at)?.as_str());
    let text = texts.map(str::trim).find(|text| !text.is_empty())?;
    Some(line(text))
}

/// Somebody else's words as a short line.
pub(super) fn line(text: &str) -> String {
    const LONGEST: usize = 200;
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use airbyte_protocol::FailureType;
    use serde_json::json;
    use std::sync::LazyLock;

    static NO_HEADERS: LazyLock<HeaderMap> = LazyLock::new(HeaderMap::new);

    fn answer(status: u16, document: Option<&Value>) -> Answer<'_> {
        Answer { status: StatusCode::from_u16(status).unwrap(), headers: &NO_HEADERS, document }
    }

    #[test]
    fn the_sentence_says_what_the_api_says() {
        for (document, said) in [
            (json!({"message": "no\nway"}), ": no way"),
            (json!({"error": {"message": "no way", "code": 7}}), ": no way"),
            (
                json!({"error": "invalid_grant", "error_description": "it has expired"}),
                ": it has expired",
            ),
            (json!({"errors": [{"message": "no way"}]}), ": no way"),
            (json!({"error": "no way"}), ": no way"),
            (json!({"message": "x".repeat(300)}), &format!(": {}…", "x".repeat(200))),
            (json!({"message": ""}), ""),
            (json!(["no way"]), ""),
        ] {
            let error = sentence("GET h/p", &answer(400, Some(&document)));
            assert_eq!(error.message(), format!("GET h/p answered 400 Bad Request{said}"));
        }
    }

    #[test]
    fn whose_fault_a_status_is() {
        use FailureType::{ConfigError, SystemError};
        for (status, failure, text) in [
            (403, ConfigError, "GET h/p is not permitted to these credentials (403)"),
            (404, ConfigError, "GET h/p has no such address (404)"),
            (422, SystemError, "GET h/p answered 422 Unprocessable Entity"),
            (304, SystemError, "GET h/p answered 304 Not Modified"),
        ] {
            let error = sentence("GET h/p", &answer(status, None));
            assert_eq!((error.failure_type(), error.message()), (failure, text));
        }
    }

    #[test]
    fn a_quota_may_be_told_by_403() {
        let headers = HeaderMap::from_iter([(
            "x-ratelimit-remaining".parse().unwrap(),
            "0".parse().unwrap(),
        )]);
        let mut limited = headers.clone();
        limited.insert("retry-after", "5".parse().unwrap());
        let verdict =
            |headers| usual(&Answer { status: StatusCode::FORBIDDEN, headers, document: None });
        let five = Some(Duration::from_secs(5));
        assert!(matches!(verdict(&limited), Some(Verdict::RateLimited(wait)) if wait == five));
        assert!(verdict(&HeaderMap::new()).is_none());
    }
}

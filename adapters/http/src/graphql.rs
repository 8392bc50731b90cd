//! What a GraphQL API says beside its data.
//!
//! GraphQL tells most of its faults with the status 200, as a list `errors`. A list that isn't empty is
//! a fault even where there is data: some of it is missing then.

use super::verdict::{line, with_reason};
use super::{Answer, Verdict};
use airbyte_singer_runtime::Error;
use serde_json::{Value, json};

/// Words for a quota that is used up: GitHub's, Shopify's, Linear's, and what others made of them.
const LIMITED: [&str; 7] = [
    "RATE_LIMITED",
    "RATE_LIMIT",
    "RATELIMITED",
    "RATE_LIMIT_EXCEEDED",
    "THROTTLED",
    "TOO_MANY_REQUESTS",
    "MAX_COST_EXCEEDED_IN_PERIOD",
];
/// Words for credentials that aren't good.
const REFUSED: [&str; 4] =
    ["UNAUTHENTICATED", "UNAUTHORIZED", "AUTHENTICATION_ERROR", "INVALID_TOKEN"];
/// Words for what these credentials may not see.
const FORBIDDEN: [&str; 4] =
    ["FORBIDDEN", "ACCESS_DENIED", "INSUFFICIENT_SCOPES", "PERMISSION_DENIED"];
/// Words for what may go better the next time.
const PASSING: [&str; 4] = ["INTERNAL_SERVER_ERROR", "SERVICE_UNAVAILABLE", "TIMEOUT", "INTERNAL"];

/// The body of a query without variables.
pub(super) fn body(query: &str) -> Value {
    json!({"query": query, "variables": {}})
}

/// The errors of an answer.
pub(super) fn errors(document: &Value) -> &[Value] {
    document.get("errors").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// What an answer means to whoever asked at `place` in GraphQL; none means that it is to be judged like
/// any other.
pub(super) fn verdict(place: &str, answer: &Answer<'_>) -> Option<Verdict> {
    let errors = errors(answer.document?);
    let says = |words: &[&str]| errors.iter().any(|error| words.contains(&code(error)));
    if says(&LIMITED) {
        return Some(Verdict::RateLimited(None));
    }
    if says(&REFUSED) {
        return Some(Verdict::Refused);
    }
    if says(&FORBIDDEN) {
        let text = format!("{place} is not permitted to these credentials");
        return Some(Verdict::Fail(Error::config(with_words(text, errors))));
    }
    // Beside those, a status that is no success says more than the words.
    if errors.is_empty() || !answer.status.is_success() {
        return None;
    }
    if says(&PASSING) {
        return Some(Verdict::Retry(None));
    }
    Some(Verdict::Fail(Error::system(with_words(format!("{place} answered with errors"), errors))))
}

/// The word by which an error is known to programs: at `extensions.code` mostly, GitHub's is `type`.
fn code(error: &Value) -> &str {
    let places = ["/extensions/code", "/type", "/code"];
    places.iter().find_map(|at| error.pointer(at)?.as_str()).unwrap_or_default()
}

fn with_words(text: String, errors: &[Value]) -> String {
    let words = errors.iter().find_map(|error| error.get("message")?.as_str());
    match words {
        Some(words) => format!("{text}: {}", line(words)),
        None => with_reason(text, errors.first()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use airbyte_protocol::FailureType;
    use reqwest::StatusCode;
    use reqwest::header::HeaderMap;

    fn told(status: StatusCode, document: &Value) -> Option<Verdict> {
        let headers = HeaderMap::new();
        verdict("POST h/g", &Answer { status, headers: &headers, document: Some(document) })
    }

    #[test]
    fn errors_within_a_success_are_told_by_their_codes() {
        let with = |code: &str| json!({"errors": [{"message": "m", "extensions": {"code": code}}]});
        let ok = StatusCode::OK;
        assert!(matches!(told(ok, &with("THROTTLED")), Some(Verdict::RateLimited(None))));
        assert!(matches!(told(ok, &with("UNAUTHENTICATED")), Some(Verdict::Refused)));
        assert!(matches!(told(ok, &with("INTERNAL_SERVER_ERROR")), Some(Verdict::Retry(None))));
        let of_github = json!({"errors": [{"type": "RATE_LIMITED", "message": "m"}]});
        assert!(matches!(told(ok, &of_github), Some(Verdict::RateLimited(None))));
        for (document, failure, text) in [
            (
                with("FORBIDDEN"),
                FailureType::ConfigError,
                "POST h/g is not permitted to these credentials: m",
            ),
            (with("BAD_USER_INPUT"), FailureType::SystemError, "POST h/g answered with errors: m"),
            (json!({"errors": [{}]}), FailureType::SystemError, "POST h/g answered with errors"),
            (
                json!({"data": {"a": 1}, "errors": [{}, {"message": "no\na"}]}),
                FailureType::SystemError,
                "POST h/g answered with errors: no a",
            ),
        ] {
            let Some(Verdict::Fail(error)) = told(ok, &document) else { panic!("{document}") };
            assert_eq!((error.failure_type(), error.message()), (failure, text));
        }
    }

    #[test]
    fn a_status_says_more_than_an_error_without_a_known_code() {
        let document = json!({"errors": [{"message": "out of time"}], "data": {"a": null}});
        assert!(told(StatusCode::INTERNAL_SERVER_ERROR, &document).is_none());
        let limited = json!({"errors": [{"extensions": {"code": "RATE_LIMITED"}}]});
        let verdict = told(StatusCode::BAD_REQUEST, &limited);
        assert!(matches!(verdict, Some(Verdict::RateLimited(None))));
    }

    #[test]
    fn an_answer_without_errors_is_like_any_other() {
        for fine in [json!({"data": null}), json!({"errors": []}), json!({"errors": null})] {
            assert!(told(StatusCode::OK, &fine).is_none());
        }
    }
}

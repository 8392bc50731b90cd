//! Errors that are told within a success: a status 200 whose body says that something failed.
//!
//! An answer without a record is such an error where it has, at its top or beside the way to its records,
//!
//! * a member that is called like an error ([`ERRORS`]) and isn't empty, or
//! * a status or code that says that something failed (`"success": false`, `"status": "error"`, a `code`
//!   that is neither 0 nor 2xx beside a `message`).
//!
//! An answer that is a single record as a whole is one if it has a member that is called like an error, and
//! no field that the stream declares; a single record of a list only where it has nothing else.

use super::records::{RecordPath, Step};
use super::verdict::line;
use airbyte_protocol::FailureType;
use airbyte_singer_runtime::Error;
use serde_json::{Map, Value};

/// What is done about an answer whose status is a success and whose body tells an error.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToldErrors {
    /// The call fails with the API's own sentence.
    #[default]
    Fail,
    /// It is an answer like any other.
    Ignore,
}

/// Names of members that hold an error, in small letters without `_`, `-`, `@` and namespace.
const ERRORS: [&str; 13] = [
    "error",
    "errors",
    "err",
    "fault",
    "exception",
    "errorcode",
    "errorcodes",
    "errorid",
    "errormessage",
    "errormessages",
    "errormsg",
    "errcode",
    "errmsg",
];
/// Names of members that hold a sentence.
const SENTENCES: [&str; 14] = [
    "message",
    "errormessage",
    "errordescription",
    "errormsg",
    "errmsg",
    "msg",
    "faultstring",
    "description",
    "detail",
    "title",
    "reason",
    "text",
    "#text",
    "details",
];
/// Names of members that hold a code.
const CODES: [&str; 8] = [
    "code",
    "errorcode",
    "errcode",
    "faultcode",
    "statuscode",
    "responsecode",
    "returncode",
    "resultcode",
];
/// Names of members that say how it went.
const OUTCOMES: [&str; 4] = ["status", "stat", "result", "outcome"];
/// Names of members that say whether it went well.
const SUCCESSES: [&str; 4] = ["success", "ok", "succeeded", "issuccess"];
/// What else stands beside an error and nowhere else than there.
const BESIDE: [&str; 14] = [
    "requestid",
    "traceid",
    "correlationid",
    "timestamp",
    "time",
    "path",
    "type",
    "instance",
    "documentationurl",
    "moreinfo",
    "helpurl",
    "help",
    "data",
    "version",
];
/// Texts that are no error.
const FINE: [&str; 14] = [
    "",
    "0",
    "200",
    "ok",
    "okay",
    "success",
    "successful",
    "succeeded",
    "done",
    "none",
    "null",
    "false",
    "no",
    "noerror",
];
/// Texts by which a status says that something failed.
const FAILED: [&str; 7] = ["error", "fail", "failed", "failure", "nok", "ko", "exception"];
/// Codes of quotas and of what may go better the next time, and of credentials.
const PASSING: [&str; 10] = [
    "ratelimited",
    "ratelimit",
    "ratelimitexceeded",
    "throttled",
    "throttling",
    "toomanyrequests",
    "quotaexceeded",
    "internalservererror",
    "serviceunavailable",
    "timeout",
];
const REFUSED: [&str; 10] = [
    "unauthorized",
    "unauthenticated",
    "invalidauth",
    "notauthed",
    "invalidtoken",
    "tokenexpired",
    "invalidapikey",
    "accessdenied",
    "forbidden",
    "permissiondenied",
];

/// An error that an answer tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// The API's own words, if it has any.
    words: Option<String>,
    failure: FailureType,
}

impl Told {
    /// What it comes to for whoever asked at `place`; `way_out` says how the answer is taken as it is.
    pub(super) fn into_error(self, place: &str, status: &str, way_out: &str) -> Error {
        let words = self.words.map_or_else(
            || " with an error that has no words".to_owned(),
            |words| format!(" with an error: {words}"),
        );
        let way_out = if way_out.is_empty() { String::new() } else { format!(" ({way_out})") };
        Error::of(self.failure, format!("{place} answered {status}{words}{way_out}"))
    }
}

/// The error of an answer in which no record was found at `path`.
pub(super) fn beside_no_record(document: &Value, path: &RecordPath) -> Option<Told> {
    let top = document.as_object()?;
    let mut at = Some(document);
    let mut steps = path.steps().iter();
    while let Some(Value::Object(object)) = at {
        if let Some(told) = in_object(object) {
            return Some(told);
        }
        at = match steps.next() {
            Some(Step::Member(name)) => object.get(name),
            Some(Step::Each) | None => None,
        };
    }
    // An envelope, such as the root of XML.
    let mut members = top.values().filter_map(Value::as_object);
    match (members.next(), members.next()) {
        (Some(only), None) if top.len() == 1 => {
            in_object(only).or_else(|| in_object(only.values().next()?.as_object()?))
        }
        _ => None,
    }
}

/// The error of an answer that is a single record, as a whole or as the only one of a list.
pub(super) fn as_record(
    record: &Map<String, Value>,
    whole: bool,
    declared: &[String],
) -> Option<Told> {
    if declared.iter().any(|name| record.contains_key(name)) {
        return None;
    }
    let told = in_members(record);
    match (told, has_nothing_else(record)) {
        (told, true) => told.or_else(|| by_status(record).filter(|told| told.words.is_some())),
        (told, false) if whole => told,
        _ => None,
    }
}

fn in_object(object: &Map<String, Value>) -> Option<Told> {
    in_members(object).or_else(|| by_status(object))
}

/// By a member that is called like an error.
fn in_members(object: &Map<String, Value>) -> Option<Told> {
    let is_error = |(name, value): &(&String, &Value)| is_name_of_error(name) && !is_empty(value);
    object.iter().find(is_error)?;
    let errors = object.iter().filter(is_error).map(|(_, value)| value);
    let objects = errors.clone().filter(|value| value.is_object() || value.is_array());
    // The error's own words come before what stands beside it, and both before a bare code.
    let words = objects
        .clone()
        .find_map(|value| words(value, 0))
        .or_else(|| sentence(object))
        .or_else(|| {
            errors.clone().filter(|value| value.is_string()).find_map(|value| words(value, 0))
        })
        .or_else(|| errors.clone().find_map(bare));
    let failure =
        failure(object).or_else(|| objects.clone().find_map(|value| failure(first_object(value)?)));
    Some(Told { words, failure: failure.unwrap_or(FailureType::SystemError) })
}

/// By a status, a code or a flag.
fn by_status(object: &Map<String, Value>) -> Option<Told> {
    let named = |names: &'static [&'static str]| {
        object
            .iter()
            .filter(|(name, _)| names.contains(&plain(name).as_str()))
            .map(|(_, value)| value)
    };
    let says = |value: &Value, words: &[&str]| {
        value.as_str().is_some_and(|text| words.contains(&plain(text).as_str()))
    };
    let sentence = sentence(object);
    let is_failed = named(&SUCCESSES)
        .any(|value| *value == Value::Bool(false) || says(value, &["false"]))
        || named(&OUTCOMES).any(|value| says(value, &FAILED));
    let is_code_of_error = sentence.is_some()
        && (named(&CODES).any(|value| !is_fine_code(value))
            || named(&OUTCOMES).any(|value| value.as_f64().is_some_and(|code| code >= 400.0)));
    if !is_failed && !is_code_of_error {
        return None;
    }
    let failure = failure(object).unwrap_or(FailureType::SystemError);
    Some(Told { words: sentence, failure })
}

/// Whether a member is called like an error.
pub(super) fn is_name_of_error(name: &str) -> bool {
    let name = plain(name);
    ERRORS.contains(&name.as_str()) || name == "errorresponse" || name == "exceptionreport"
}

/// Whether an element that is called so tells an error.
pub(super) fn is_error(name: &str, content: &Map<String, Value>) -> bool {
    is_name_of_error(name) && content.iter().any(|(_, value)| !is_empty(value))
}

/// Whether an object has nothing that isn't of an error.
fn has_nothing_else(object: &Map<String, Value>) -> bool {
    let known: [&[&str]; 6] = [&ERRORS, &SENTENCES, &CODES, &OUTCOMES, &SUCCESSES, &BESIDE];
    object.iter().all(|(name, value)| {
        let name = plain(name);
        let is_known = known.iter().any(|names| names.contains(&name.as_str()));
        is_known && (name != "data" || is_empty(value))
    })
}

/// A sentence of an object, of those that say something.
fn sentence(object: &Map<String, Value>) -> Option<String> {
    SENTENCES.iter().find_map(|wanted| {
        let of_name = object.iter().filter(|(name, _)| plain(name) == *wanted);
        of_name.filter_map(|(_, value)| text(value)).next()
    })
}

/// The words of an error: its sentence, or else its code.
fn words(error: &Value, depth: usize) -> Option<String> {
    const DEEPEST: usize = 4;
    match error {
        Value::Object(object) => sentence(object).or_else(|| {
            let inner = object.values().filter(|value| value.is_object() || value.is_array());
            inner.filter(|_| depth < DEEPEST).find_map(|value| words(value, depth + 1)).or_else(
                || {
                    let named =
                        object.iter().filter(|(name, _)| CODES.contains(&plain(name).as_str()));
                    named.filter_map(|(_, value)| bare(value)).next()
                },
            )
        }),
        Value::Array(list) => {
            list.iter().filter(|_| depth < DEEPEST).find_map(|value| words(value, depth + 1))
        }
        value => text(value),
    }
}

fn text(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    (!FINE.contains(&plain(text).as_str())).then(|| line(text))
}

fn bare(value: &Value) -> Option<String> {
    match value {
        Value::String(_) => text(value),
        Value::Number(number) => Some(line(&number.to_string())),
        _ => None,
    }
}

fn first_object(value: &Value) -> Option<&Map<String, Value>> {
    value.as_object().or_else(|| value.as_array()?.first()?.as_object())
}

/// Whose fault a code says that it is.
fn failure(object: &Map<String, Value>) -> Option<FailureType> {
    let is_code = |name: &str| {
        let name = plain(name);
        let names = name.as_str();
        CODES.contains(&names)
            || OUTCOMES.contains(&names)
            || ERRORS.contains(&names)
            || names == "type"
    };
    object.iter().filter(|(name, _)| is_code(name)).find_map(|(_, value)| {
        let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
        let word = value.as_str().map(plain).unwrap_or_default();
        let word = word.as_str();
        match number {
            Some(401.0 | 402.0 | 403.0 | 404.0 | 407.0 | 410.0) => Some(FailureType::ConfigError),
            Some(408.0 | 425.0 | 429.0 | 500.0..=599.0) => Some(FailureType::TransientError),
            _ if REFUSED.contains(&word) => Some(FailureType::ConfigError),
            _ if PASSING.contains(&word) => Some(FailureType::TransientError),
            _ => None,
        }
    })
}

fn is_fine_code(value: &Value) -> bool {
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
    match (number, value) {
        (Some(number), _) => number == 0.0 || (200.0..300.0).contains(&number),
        (None, Value::String(text)) => FINE.contains(&plain(text).as_str()),
        (None, Value::Null | Value::Bool(_) | Value::Number(_)) => true,
        (None, Value::Array(_) | Value::Object(_)) => true,
    }
}

/// Whether a member says that there is no error.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => FINE.contains(&plain(text).as_str()),
        Value::Array(list) => list.iter().all(Value::is_null),
        Value::Object(object) => object.iter().all(|(name, value)| {
            is_empty(value) || (CODES.contains(&plain(name).as_str()) && is_fine_code(value))
        }),
    }
}

/// A name or a word, as it is compared: without its namespace, in small letters, without what joins words.
fn plain(name: &str) -> String {
    const LONGEST: usize = 64;
    if name.len() > LONGEST {
        return "a long one".to_owned();
    }
    let name = name.trim().rsplit(':').next().unwrap_or_default();
    let letters = name.chars().filter(|c| !matches!(c, '_' | '-' | '@' | ' ' | '.'));
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests;

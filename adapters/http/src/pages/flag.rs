//! What answers say of themselves: yes or no, and how much there is.

use super::place::Found;
use super::{Page, Token};
use airbyte_singer_runtime::{Error, Result};
use serde_json::Value;

/// Yes or no, in the ways in which APIs write it: `true`, 1 and these as texts; `false`, 0 and these as
/// texts. None means that the answer doesn't say it: it has no such thing, null or an empty text.
///
/// # Errors
///
/// A system error: it is anything else.
pub(super) fn flag(page: &Page<'_>, pointer: &str) -> Result<Option<bool>> {
    let Some(value) = page.rest.pointer(pointer) else { return Ok(None) };
    let known = match value {
        Value::Null => return Ok(None),
        Value::String(text) if text.trim().is_empty() => return Ok(None),
        Value::Bool(truth) => Some(*truth),
        Value::Number(number) => truth_of(&number.to_string()),
        Value::String(text) => truth_of(text),
        Value::Array(_) | Value::Object(_) => None,
    };
    let Some(known) = known else {
        return Err(Error::system(format!("what is at {pointer} is neither yes nor no: {VALUES}")));
    };
    Ok(Some(known))
}

const VALUES: &str = "it should be true or false, 1 or 0, or such a text";

fn truth_of(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// How many pages or records there are in all; none where the answer doesn't say: it has no such thing,
/// null, an empty text, or a number below zero.
///
/// # Errors
///
/// A system error: it is no whole number.
pub(super) fn total(found: &Found, token: &Token) -> Result<Option<u64>> {
    let text = match found {
        Found::Missing | Found::Nothing => return Ok(None),
        Found::Value(Value::String(text)) => text.trim().to_owned(),
        Found::Value(Value::Number(number)) => number.to_string(),
        Found::Value(_) => "no number".to_owned(),
    };
    let below_zero = text.strip_prefix('-').is_some_and(|digits| digits.parse::<u64>().is_ok());
    if text.is_empty() || below_zero {
        return Ok(None);
    }
    let whole = text.strip_suffix(".0").unwrap_or(&text).parse().map(Some);
    whole.map_err(|_| Error::system(format!("{token} is no whole number")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderMap;
    use serde_json::json;

    fn of<T>(value: Value, read: impl Fn(&Page<'_>, &str) -> Result<T>) -> Result<T> {
        let rest = json!({"x": value});
        read(&Page { records: 1, last: None, rest: &rest, headers: &HeaderMap::new() }, "/x")
    }

    #[test]
    fn yes_and_no_have_many_shapes() {
        for yes in [json!(true), json!(1), json!("1"), json!("True"), json!(" true ")] {
            assert_eq!(of(yes, flag).unwrap(), Some(true));
        }
        for no in [json!(false), json!(0), json!("0"), json!("FALSE")] {
            assert_eq!(of(no, flag).unwrap(), Some(false));
        }
        for unsaid in [json!(null), json!(""), json!(" ")] {
            assert_eq!(of(unsaid, flag).unwrap(), None);
        }
        for neither in [json!(2), json!("hunter2"), json!([]), json!({}), json!(0.5)] {
            let error = of(neither, flag).unwrap_err();
            assert_eq!(
                error.message(),
                "what is at /x is neither yes nor no: it should be true or false, 1 or 0, or such a text"
            );
        }
    }

    #[test]
    fn a_total_is_a_whole_number() {
        let token = Token::rest("/x");
        let total = |page: &Page<'_>, _: &str| total(&token.find(page), &token);
        for (value, known) in [
            (json!(7), Some(7)),
            (json!("7"), Some(7)),
            (json!(7.0), Some(7)),
            (json!(0), Some(0)),
            (json!(-1), None),
            (json!(null), None),
            (json!(""), None),
        ] {
            assert_eq!(of(value, total).unwrap(), known);
        }
        for odd in [json!("hunter2"), json!(1.5), json!([]), json!(true)] {
            assert_eq!(of(odd, total).unwrap_err().message(), "/x is no whole number");
        }
    }
}

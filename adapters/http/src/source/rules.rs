//! What answers mean, in a user's words.

use crate::{Answer, Verdict, pointer, reason};
use airbyte_singer_runtime::{Error, OrError, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;

/// What an answer means that means something else than usual.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleSettings {
    /// The statuses that it is for, such as 403; by default all, 200 too
    #[serde(default)]
    status: Vec<u16>,
    /// Where in the answer something is that tells it: a JSON Pointer such as /error/code. Of an answer that
    /// is a success it is looked for beside the records
    #[serde(default)]
    #[schemars(with = "String")]
    pointer: Option<String>,
    /// What is there then, one of these; by default anything but null and false
    #[serde(default)]
    values: Vec<Value>,
    /// A text that is part of what is there then, or without a pointer of any text of the answer, in small
    /// letters or large ones
    #[serde(default)]
    #[schemars(with = "String")]
    contains: Option<String>,
    /// What such an answer means
    then: ThenSettings,
    /// How many seconds are waited, for retry and rate_limited; by default as long as the answer asks for
    #[serde(default)]
    #[schemars(with = "f64", range(min = 0))]
    wait_seconds: Option<f64>,
}

/// What an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum ThenSettings {
    /// The call is made again
    Retry,
    /// A quota is used up: all calls wait, and then it is made again
    RateLimited,
    /// The stream fails
    Fail,
    /// It is no failure. Records that it has are read, and its pages go on; without any it is an empty answer
    Ignore,
}

/// Rules, of which the first that fits counts.
#[derive(Debug, Clone, Default)]
pub(super) struct Rules(Vec<Rule>);

#[derive(Debug, Clone)]
struct Rule {
    given: RuleSettings,
    wait: Option<Duration>,
}

impl Rules {
    /// # Errors
    ///
    /// A config error: a rule that fits every answer, a pointer that is none, a wait that is none.
    pub(super) fn new(given: &[RuleSettings]) -> Result<Self> {
        given.iter().cloned().map(Rule::new).collect::<Result<_>>().map(Self)
    }

    /// What an answer means, as far as it is known.
    pub(super) fn verdict(&self, answer: &Answer<'_>) -> Option<Verdict> {
        self.0.iter().find(|rule| rule.fits(answer)).map(|rule| rule.verdict(answer))
    }
}

impl Rule {
    fn new(mut given: RuleSettings) -> Result<Self> {
        if let Some(at) = &given.pointer {
            pointer::check(at)?;
        }
        if given.pointer.is_none() && !given.values.is_empty() {
            return Err(Error::config("`values` needs a `pointer` to what has one of them"));
        }
        if given.status.is_empty() && given.pointer.is_none() && given.contains.is_none() {
            let text = "a rule needs one of `status`, `pointer` and `contains`: it is for all answers else";
            return Err(Error::config(text));
        }
        let wait = given.wait_seconds.map(Duration::try_from_secs_f64).transpose();
        let wait = wait.or_config("`wait_seconds` must not be below zero")?;
        given.contains = given.contains.map(|text| text.to_lowercase());
        Ok(Self { given, wait })
    }

    fn fits(&self, answer: &Answer<'_>) -> bool {
        let RuleSettings { status, pointer, values, contains, .. } = &self.given;
        if !status.is_empty() && !status.contains(&answer.status.as_u16()) {
            return false;
        }
        let found = match pointer {
            Some(pointer) => answer.at(pointer),
            None => answer.document,
        };
        let is_there = match (pointer, found) {
            (None, _) => true,
            (Some(_), None | Some(Value::Null)) => false,
            (Some(_), Some(found)) if values.is_empty() => *found != Value::Bool(false),
            (Some(_), Some(found)) => values.iter().any(|value| is_same(value, found)),
        };
        let has_text = |text: &String| found.is_some_and(|found| has_text(found, text));
        is_there && contains.as_ref().is_none_or(has_text)
    }

    fn verdict(&self, answer: &Answer<'_>) -> Verdict {
        match self.given.then {
            ThenSettings::Retry => Verdict::Retry(self.wait),
            ThenSettings::RateLimited => Verdict::RateLimited(self.wait),
            ThenSettings::Ignore => Verdict::Ignore,
            ThenSettings::Fail => {
                let words = answer.document.and_then(reason);
                let words = words.map(|words| format!(": {words}")).unwrap_or_default();
                let status = answer.status;
                Verdict::Fail(Error::system(format!(
                    "an answer {status} is a failure by a rule of the config{words}"
                )))
            }
        }
    }
}

/// Whether two values are the same; a number may be written as a text.
fn is_same(value: &Value, found: &Value) -> bool {
    let plain = |value: &Value| super::template::plain(value);
    value == found || plain(value).is_some_and(|text| plain(found) == Some(text))
}

/// Whether a text is part of any text of a value.
fn has_text(value: &Value, text: &str) -> bool {
    match value {
        Value::String(found) => found.to_lowercase().contains(text),
        Value::Array(list) => list.iter().any(|value| has_text(value, text)),
        Value::Object(map) => map.values().any(|value| has_text(value, text)),
        Value::Number(number) => number.to_string().contains(text),
        Value::Bool(_) | Value::Null => false,
    }
}

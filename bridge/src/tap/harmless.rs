//! Lines of a tap's log that the user knows to be harmless, whatever their level says.

use regex::{Regex, RegexBuilder};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::sync::Arc;

/// How many lines may be named.
const MOST: usize = 100;
/// How large a pattern may become, in bytes.
const PATTERN: usize = 256 * 1024;
const EXPECTED: &str =
    "expected a list of texts that are not blank, or of `pattern: REGULAR EXPRESSION`";

/// The profile's `harmless_lines`: each a text that the line holds, or a pattern that it fits.
///
/// ```
/// use airbyte_singer::tap::Harmless;
/// let said = serde_json::json!(["cache is cold", {"pattern": "^retry [0-9]+$"}]);
/// let harmless: Harmless = serde_json::from_value(said)?;
/// assert!(harmless.knows("the cache is cold again") && harmless.knows("retry 3"));
/// assert!(!harmless.knows("no retry 3"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Harmless(Arc<[Known]>);

#[derive(Debug)]
enum Known {
    Text(String),
    Pattern(Regex),
}

impl Harmless {
    /// Whether a line is one of them.
    pub fn knows(&self, line: &str) -> bool {
        self.0.iter().any(|known| match known {
            Known::Text(text) => line.contains(text),
            Known::Pattern(pattern) => pattern.is_match(line),
        })
    }
}

impl Known {
    fn of(said: &Value) -> Option<Self> {
        match said {
            Value::String(text) if !text.trim().is_empty() => Some(Self::Text(text.clone())),
            Value::Object(map) if map.len() == 1 => {
                let pattern = map.get("pattern")?.as_str().filter(|text| !text.is_empty())?;
                let pattern = RegexBuilder::new(pattern).size_limit(PATTERN).build().ok()?;
                Some(Self::Pattern(pattern))
            }
            _ => None,
        }
    }

    fn as_text(&self) -> (bool, &str) {
        match self {
            Self::Text(text) => (false, text),
            Self::Pattern(pattern) => (true, pattern.as_str()),
        }
    }
}

impl PartialEq for Harmless {
    fn eq(&self, other: &Self) -> bool {
        self.0.iter().map(Known::as_text).eq(other.0.iter().map(Known::as_text))
    }
}

impl<'de> Deserialize<'de> for Harmless {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let said = Vec::<Value>::deserialize(deserializer)?;
        if said.len() > MOST {
            return Err(D::Error::custom(format!("expected at most {MOST} lines")));
        }
        let known: Option<Vec<Known>> = said.iter().map(Known::of).collect();
        Ok(Self(known.ok_or_else(|| D::Error::custom(EXPECTED))?.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_no_text_and_no_pattern_is_refused() {
        let wrong = [
            json!("cache"),
            json!([""]),
            json!([" "]),
            json!([7]),
            json!([{"pattern": "("}]),
            json!([{"pattern": ""}]),
            json!([{"pattern": "a", "more": 1}]),
            json!([{"pattern": "(a{1000}){1000}"}]),
            json!(vec!["a"; MOST + 1]),
        ];
        for wrong in wrong {
            assert!(serde_json::from_value::<Harmless>(wrong.clone()).is_err(), "{wrong}");
        }
        assert!(!Harmless::default().knows("anything"));
    }
}

//! Measurements that taps log.

use serde_json::{Map, Value};

use crate::metadata::text;

/// One measurement: `METRIC: {"type": "counter", "metric": "record_count", "value": 98, …}`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Metric {
    /// `counter`, `timer`, …; empty where the tap doesn't say.
    pub kind: String,
    /// What was measured, like `record_count` or `job_duration` (timers count seconds).
    pub name: String,
    /// The number, digit by digit as the tap wrote it.
    pub value: Value,
    /// What it was measured on: `stream`, `endpoint`, `status`, ….
    pub tags: Map<String, Value>,
}

impl Metric {
    /// The stream that was measured, if the tags say it.
    pub fn stream(&self) -> Option<&str> {
        text(self.tags.get("stream"))
    }

    /// The metric that an object holds, in the spelling of any age.
    pub(super) fn of(object: &Map<String, Value>) -> Option<Metric> {
        let name = text(object.get("metric"))?.to_owned();
        let value = object.get("value").filter(|value| !value.is_null())?.clone();
        let kind = text(object.get("type")).or(text(object.get("metric_type")));
        let tags = object.get("tags").and_then(Value::as_object).cloned().unwrap_or_default();
        Some(Metric { kind: kind.unwrap_or_default().to_owned(), name, value, tags })
    }
}

/// The metric in the words of a log line; some taps of old wrote the level twice, some a Python dict.
pub(super) fn of_message(message: &str) -> Option<Metric> {
    let message = message.strip_prefix("INFO ").unwrap_or(message);
    let written = message.strip_prefix("METRIC")?.trim_start_matches([':', ' ']);
    let object = serde_json::from_str(written).or_else(|_| serde_json::from_str(&as_json(written)));
    Metric::of(&object.ok()?)
}

/// A flat Python dict as JSON; one that holds quotes of its own comes out broken and is refused.
fn as_json(dict: &str) -> String {
    dict.replace('\'', "\"")
        .replace(": None", ": null")
        .replace(": True", ": true")
        .replace(": False", ": false")
}

//! Files of Singer messages where records were expected.
//!
//! Some taps write the RECORD messages that they would have printed into their BATCH files. Their records
//! are taken out. A stream whose schema has columns of the messages' own names is taken at its word.

use serde::de::IgnoredAny;
use singer_protocol::Message;
use std::collections::HashMap;

/// How a RECORD message may begin, whatever the order of its fields.
const BEGINNINGS: [&[u8]; 5] =
    [b"\"type\"", b"\"stream\"", b"\"record\"", b"\"time_extracted\"", b"\"version\""];
/// What tells a RECORD message from a row.
const FIELDS: [&str; 3] = ["type", "stream", "record"];

/// Whether a line may be a message: a look at its first name.
#[inline]
pub(super) fn may_be_message(line: &[u8]) -> bool {
    let Some(inside) = line.trim_ascii_start().strip_prefix(b"{") else { return false };
    let inside = inside.trim_ascii_start();
    BEGINNINGS.iter().any(|name| inside.starts_with(name))
}

/// Whether rows of these columns are RECORD messages by their shape.
pub(super) fn are_messages<'a>(columns: impl Iterator<Item = &'a str>) -> bool {
    let columns: Vec<&str> = columns.collect();
    let is_envelope =
        |name: &&str| BEGINNINGS.iter().any(|one| &one[1..one.len() - 1] == name.as_bytes());
    FIELDS.iter().all(|name| columns.contains(name)) && columns.iter().all(is_envelope)
}

/// Which columns of the messages' names a stream's schema has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Declares {
    /// Whether its schema is known; one that is too long isn't kept.
    is_known: bool,
    /// `type` and `stream`.
    pub(super) stream: bool,
    /// `type` and `value`.
    value: bool,
}

/// The names of a schema's top-level properties.
#[derive(Default, serde::Deserialize)]
struct Properties {
    #[serde(default)]
    properties: HashMap<String, IgnoredAny>,
}

impl Declares {
    /// What a stream's schema says, where there is one.
    pub(super) fn of(schema: Option<&str>) -> Self {
        let schema = schema.and_then(|schema| serde_json::from_str::<Properties>(schema).ok());
        let has = |name| schema.as_ref().is_some_and(|s| s.properties.contains_key(name));
        let (stream, value) = (has("type") && has("stream"), has("type") && has("value"));
        Self { is_known: schema.is_some(), stream, value }
    }

    /// Whether a line that reads as this message is one, and no row.
    pub(super) fn allows(self, message: &Message<'_>) -> bool {
        match message {
            Message::Record(_) => !self.stream,
            // A row may well have a column `type` that says STATE, and a `value`.
            Message::State(state) => {
                let is_state = state.value.starts_with('{') || state.value == "null";
                is_state && self.is_known && !self.stream && !self.value
            }
            Message::Schema(_) | Message::ActivateVersion(_) | Message::Batch(_) => {
                self.is_known && !self.stream
            }
            Message::Other(_) => false,
        }
    }
}

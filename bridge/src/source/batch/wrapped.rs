//! Files of Singer messages where records were expected.
//!
//! Some taps write the RECORD messages that they would have printed into their BATCH files. Their records
//! are taken out. A stream whose schema has columns of the messages' own names is taken at its word.

use super::Reading;
use crate::source::sink::Sink;
use airbyte_adapters::{Emitting, Result};
use airbyte_protocol::Change;
use serde::de::IgnoredAny;
use singer_protocol::{LineError, Message, Repaired, repair_non_finite};
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

impl Sink {
    /// Takes a line that is a message; `false` where it is a row after all.
    pub(super) fn unwrapped(
        &mut self,
        line: &[u8],
        reading: &mut Reading<'_>,
        floor: &mut Emitting,
    ) -> Result<bool> {
        let repaired = match Message::parse(line) {
            Err(LineError::Malformed(broken)) if broken.non_finite => repair_non_finite(line),
            _ => None,
        };
        let (line, nulled) = match &repaired {
            Some(Repaired { line, nulled, .. }) => (line.as_ref(), nulled.clone()),
            None => (line, Vec::new()),
        };
        let Ok(message) = Message::parse(line) else { return Ok(false) };
        let declares = self.declares(reading)?;
        let is_message = match &message {
            Message::Record(_) => !declares.stream,
            // A row may well have a column `type` that says STATE, and a `value`.
            Message::State(state) => {
                let is_state = state.value.starts_with('{') || state.value == "null";
                is_state && declares.is_known && !declares.stream && !declares.value
            }
            Message::Schema(_) | Message::ActivateVersion(_) | Message::Batch(_) => {
                declares.is_known && !declares.stream
            }
            Message::Other(_) => false,
        };
        if !is_message {
            return Ok(false);
        }
        let Message::Record(mut record) = message else {
            self.tell_messages(reading, false);
            return Ok(true);
        };
        self.tell_messages(reading, true);
        reading.records += 1;
        if self.newcomers.is_none() && !self.router.knows(&record.stream, &self.tracker) {
            // The BATCH message says whose file it is.
            record.stream = reading.stream.into();
        }
        let changes: Vec<Change> = if nulled.is_empty() { Vec::new() } else { self.nulled(nulled) };
        self.message(&Message::Record(record), floor, &changes)?;
        Ok(true)
    }

    /// Which columns of the messages' names the stream's own schema has.
    pub(super) fn declares(&mut self, reading: &mut Reading<'_>) -> Result<Declares> {
        if let Some(known) = reading.declares {
            return Ok(known);
        }
        let place =
            self.router.target(reading.stream, &self.tracker)?.map(|wanted| wanted.stream.index());
        let schema = place.and_then(|place| self.values.said(place));
        let schema = schema.and_then(|schema| serde_json::from_str::<Properties>(schema).ok());
        let has = |name| schema.as_ref().is_some_and(|s| s.properties.contains_key(name));
        let (stream, value) = (has("type") && has("stream"), has("type") && has("value"));
        let declares = Declares { is_known: schema.is_some(), stream, value };
        reading.declares = Some(declares);
        Ok(declares)
    }

    /// Says once for each stream what its files hold.
    fn tell_messages(&mut self, reading: &Reading<'_>, is_record: bool) {
        if self.batches.tell_once(reading.stream, is_record) {
            let what = match is_record {
                true => "RECORD messages instead of records; the records are taken out of them",
                false => "messages beside records; they are left out",
            };
            tracing::warn!("the BATCH files of stream `{}` hold {what}", reading.stream);
        }
    }
}

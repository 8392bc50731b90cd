//! RECORD: a record's raw JSON between two cached strings.
//!
//! A sync is made of records, so they are never parsed on the way out: [`Envelope`] holds what
//! stands before the data (type, stream, namespace), and [`Envelope::write`] puts the data's own
//! bytes and the time behind it.

use crate::StreamDescriptor;
use serde::{Deserialize, Serialize};

/// What stands around every record of one stream.
///
/// ```
/// use airbyte_protocol::{StreamDescriptor, record::Envelope};
/// let mut line = Vec::new();
/// Envelope::new(&StreamDescriptor::new("t")).write(&mut line, br#"{"a":1.10}"#, 5, &[]);
/// assert_eq!(line, b"{\"type\":\"RECORD\",\"record\":{\"stream\":\"t\",\"data\":{\"a\":1.10},\"emitted_at\":5}}\n");
/// ```
#[derive(Debug, Clone)]
pub struct Envelope {
    prefix: Vec<u8>,
    tail: Vec<u8>,
    tail_of: Option<i64>,
}

impl Envelope {
    /// The envelope of `descriptor`'s records.
    pub fn new(descriptor: &StreamDescriptor) -> Self {
        let mut prefix = br#"{"type":"RECORD","record":{"stream":"#.to_vec();
        push_string(&mut prefix, &descriptor.name);
        if let Some(namespace) = &descriptor.namespace {
            prefix.extend_from_slice(br#","namespace":"#);
            push_string(&mut prefix, namespace);
        }
        prefix.extend_from_slice(br#","data":"#);
        Self { prefix, tail: Vec::new(), tail_of: None }
    }

    /// Appends one line to `out`: `data` (a JSON object, taken as it is), `emitted_at` in
    /// milliseconds since the epoch, and what was changed in the data, if anything.
    pub fn write(&mut self, out: &mut Vec<u8>, data: &[u8], emitted_at: i64, changes: &[Change]) {
        if self.tail_of != Some(emitted_at) {
            self.tail = format!(",\"emitted_at\":{emitted_at}").into_bytes();
            self.tail_of = Some(emitted_at);
        }
        out.extend_from_slice(&self.prefix);
        out.extend_from_slice(data);
        out.extend_from_slice(&self.tail);
        if !changes.is_empty() {
            out.extend_from_slice(br#","meta":{"changes":"#);
            serde_json::to_writer(&mut *out, changes).expect("a vector takes every byte");
            out.push(b'}');
        }
        out.extend_from_slice(b"}}\n");
    }
}

fn push_string(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("a vector takes every byte");
}

/// A change that was made to a record on its way (`AirbyteRecordMessageMetaChange`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The field, as a path of names and indices.
    pub field: String,
    /// What was done.
    pub change: ChangeKind,
    /// Why.
    pub reason: ChangeReason,
}

/// What was done to a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ChangeKind {
    /// The value became null.
    Nulled,
    /// The value was cut.
    Truncated,
}

/// Why a source changes a field. The protocol's reasons of destinations and platform are not a
/// source's to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ChangeReason {
    /// The whole record was too large.
    SourceRecordSizeLimitation,
    /// The field was too large.
    SourceFieldSizeLimitation,
    /// The value can't be written in JSON (NaN, Infinity).
    SourceSerializationError,
    /// The value couldn't be had from the source.
    SourceRetrievalError,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_and_changes_follow_the_time() {
        let descriptor = StreamDescriptor::new("a\"b").in_namespace("n");
        let mut out = Vec::new();
        let change = Change {
            field: "x".into(),
            change: ChangeKind::Nulled,
            reason: ChangeReason::SourceSerializationError,
        };
        Envelope::new(&descriptor).write(&mut out, b"{\"x\":null}", 7, &[change]);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            concat!(
                r#"{"type":"RECORD","record":{"stream":"a\"b","namespace":"n","data":{"x":null},"#,
                r#""emitted_at":7,"meta":{"changes":[{"field":"x","change":"NULLED","#,
                r#""reason":"SOURCE_SERIALIZATION_ERROR"}]}}}"#,
                "\n"
            )
        );
    }

    #[test]
    fn the_tail_follows_the_time_of_each_record() {
        let mut envelope = Envelope::new(&StreamDescriptor::new("s"));
        let mut out = Vec::new();
        for at in [1, 1, 2] {
            envelope.write(&mut out, b"{}", at, &[]);
        }
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.matches("\"emitted_at\":1}").count(), 2);
        assert_eq!(text.matches("\"emitted_at\":2}").count(), 1);
    }
}

//! `Message::parse` against serde_json: the same lines are JSON, and the same bytes are the values.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;
use singer_protocol::{LineError, Message, Reason, repair_non_finite};
use std::collections::HashMap;

type Reference<'a> = HashMap<String, &'a RawValue>;

fuzz_target!(|line: &[u8]| {
    // What stands in front of a message is taken off before it is read.
    let text = std::str::from_utf8(line).ok().map(|text| {
        let blanks: &[char] = &[' ', '\t', '\r', '\n'];
        let text = text.trim_start_matches(blanks);
        text.strip_prefix('\u{feff}').unwrap_or(text)
    });
    let reference = text.and_then(|text| serde_json::from_str::<Reference<'_>>(text).ok());
    match Message::parse(line) {
        Ok(message) => same(&message, &reference.expect("what is read is JSON")),
        Err(LineError::NotAMessage) => {}
        Err(LineError::Malformed(malformed)) => {
            assert!(malformed.column <= line.len() + 1, "the column is in the line");
            match malformed.reason {
                Reason::TooDeep => {}
                Reason::Missing(field) => {
                    assert!(!reference.expect("JSON").contains_key(field), "it is not missing");
                }
                Reason::NotA { .. } => assert!(reference.is_some(), "it is JSON"),
                Reason::InvalidUtf8 => assert!(text.is_none(), "it is UTF-8"),
                Reason::Truncated | Reason::Trailing | Reason::Syntax(_) => {
                    assert!(reference.is_none(), "it is JSON");
                }
            }
        }
    }
    if let Some(repaired) = repair_non_finite(line) {
        assert!(Message::parse(&repaired.line).is_ok(), "what is mended is whole");
    }
});

/// Holds every raw value of a message against the reference's.
fn same(message: &Message<'_>, reference: &Reference<'_>) {
    let raw = |key: &str| reference.get(key).map(|raw| raw.get());
    match message {
        Message::Record(record) => {
            assert_eq!(Some(record.record), raw("record"));
            named(&record.stream, raw("stream"));
        }
        Message::Schema(schema) => {
            assert_eq!(Some(schema.schema), raw("schema"));
            named(&schema.stream, raw("stream"));
        }
        Message::State(state) => assert_eq!(Some(state.value), raw("value")),
        Message::Batch(batch) => {
            assert_eq!(Some(batch.encoding), raw("encoding"));
            assert_eq!(Some(batch.manifest), raw("manifest"));
        }
        Message::ActivateVersion(activate) => named(&activate.stream, raw("stream")),
        Message::Other(other) => named(&other.kind, raw("type")),
    }
}

fn named(name: &str, raw: Option<&str>) {
    let decoded = raw.and_then(|raw| serde_json::from_str::<String>(raw).ok());
    assert_eq!(Some(name), decoded.as_deref());
}

//! Every key of every message is read and written, in both dialects.

use assert_json_diff::assert_json_eq;
use serde_json::{Map, Value};
use singer_protocol::message::BatchEncoding;
use singer_protocol::{About, Bookmark, LineError, Message, Reason};
use std::collections::BTreeSet;

const PROPERTIES: &str = include_str!("messages/properties.txt");
const SINGER: &str = include_str!("messages/singer.jsonl");
const SDK: &str = include_str!("messages/sdk.jsonl");
const ABOUT: &str = include_str!("messages/about.json");

fn lines() -> impl Iterator<Item = &'static str> {
    SINGER.lines().chain(SDK.lines())
}

fn object(line: &str) -> Map<String, Value> {
    serde_json::from_str(line).expect("an object")
}

fn written(message: &Message<'_>) -> String {
    let mut line = Vec::new();
    message.write(&mut line);
    String::from_utf8(line).expect("UTF-8")
}

#[test]
fn the_examples_use_every_listed_key_and_no_other() {
    let listed: BTreeSet<String> = PROPERTIES
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.trim_end_matches(" required").to_owned())
        .collect();
    let used: BTreeSet<String> = lines()
        .map(object)
        .flat_map(|line| {
            let kind = line["type"].as_str().expect("a type").to_owned();
            let keys = line.keys().filter(|key| *key != "type").cloned().collect::<Vec<_>>();
            keys.into_iter().map(move |key| format!("{kind}.{key}"))
        })
        .collect();
    assert_eq!(used, listed);
}

#[test]
fn what_is_read_is_written_without_loss() {
    for line in lines() {
        let message = Message::parse(line.as_bytes()).expect("a message");
        assert!(!matches!(message, Message::Other(_)), "{line}");
        let again = written(&message);
        assert_json_eq!(Value::from(object(&again)), Value::from(object(line)));
        assert_eq!(Message::parse(again.as_bytes()), Ok(message));
        // The digits of numbers too, which JSON values could have lost on both sides.
        let digits = |text: &str| text.matches(|char: char| char.is_ascii_digit()).count();
        assert_eq!(digits(&again), digits(line));
    }
}

#[test]
fn a_message_without_what_it_must_have_is_malformed_and_without_the_rest_it_is_not() {
    for property in PROPERTIES.lines().filter(|line| !line.starts_with('#')) {
        let path = property.trim_end_matches(" required");
        let (kind, key) = path.split_once('.').expect("MESSAGE.key");
        let having =
            lines().map(object).find(|line| line["type"] == kind && line.contains_key(key));
        let mut without = having.expect("an example");
        without.shift_remove(key);
        let text = Value::from(without).to_string();
        match Message::parse(text.as_bytes()) {
            Ok(message) => {
                assert_eq!(path, property, "{path} can be missing");
                assert_eq!(message.kind(), kind);
            }
            Err(LineError::Malformed(flaw)) => {
                assert_ne!(path, property, "{path} can't be missing");
                assert_eq!(flaw.kind.as_deref(), Some(kind));
                assert!(matches!(flaw.reason, Reason::Missing(missing) if missing == key));
            }
            Err(LineError::NotAMessage) => panic!("{path}: no message"),
        }
    }
}

#[test]
fn what_stands_in_the_sdk_s_messages_is_typed() {
    let messages: Vec<Message<'_>> =
        SDK.lines().map(|line| Message::parse(line.as_bytes()).expect("a message")).collect();
    let [
        Message::Schema(schema),
        Message::Record(record),
        Message::Batch(batch),
        Message::State(state),
        Message::ActivateVersion(activate),
    ] = messages.as_slice()
    else {
        panic!("{messages:?}");
    };
    assert_eq!(schema.to_value().unwrap()["properties"]["at"]["format"], "date-time");
    assert_eq!(record.to_value().unwrap()["id"], 1);
    assert_eq!(record.extracted_at(), Some(1_732_000_000_123));
    assert_eq!(activate.version_number(), Some(1_732_000_000));
    let encoding =
        BatchEncoding { format: "jsonl".to_owned(), compression: Some("gzip".to_owned()) };
    assert_eq!(batch.read_encoding(), Ok(encoding));
    assert_eq!(batch.uris().unwrap().len(), 2);

    let state = state.to_state().unwrap();
    let bookmark = |id: &str| state.bookmark(id).and_then(Bookmark::of).unwrap();
    let shop = bookmark("orders").partitions().next().unwrap();
    assert_eq!(shop.context().unwrap()["shop"], 7);
    assert_eq!(shop.replication_key(), Some("at"));
    assert_eq!(shop.value().unwrap(), "2024-01-01T00:00:00");
    let items = bookmark("items");
    assert!(bookmark("orders").is_resumable() && !items.is_resumable());
    assert_eq!(items.progress_markers().unwrap().value().unwrap(), "2024-02-02");
    assert_eq!(items.signpost().unwrap(), "2024-11-19T07:06:40+00:00");
    assert_eq!(items.starting_value().unwrap(), "2023-01-01");
    assert_eq!(bookmark("orders").starting_value(), None);
}

#[test]
fn an_about_answer_is_read_whole_and_written_as_it_was() {
    let about = About::parse(ABOUT.as_bytes()).unwrap();
    assert!(about.other.is_empty(), "every key is typed");
    assert_eq!(about.supported_python_versions.len(), 3);
    assert!(about.can("batch") && !about.can("test"));
    assert_eq!(about.environment_variable("start-date").as_deref(), Some("TAP_X_START_DATE"));
    assert_eq!(about.setting("api_key").unwrap()["secret"], true);
    let read: Value = serde_json::from_str(ABOUT).unwrap();
    assert_eq!(about.to_value().to_string(), read.to_string());
}

//! A thousand streams of two hundred columns, a catalog of half a million lines, records of 6 MB.
//!
//! What they cost is measured by `tests/clients/scale.py`; here they are only right.

use crate::harness::*;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::io::Write;

const STREAMS: usize = 1000;
const COLUMNS: usize = 200;
const ROWS: usize = 2;

fn name(stream: usize) -> String {
    format!("stream_{stream:04}")
}

/// A tap of that many streams, which share one state. Its catalog is printed prettily, one short
/// line after the other.
fn tap() -> Tap {
    let columns: Map<String, Value> = (0..COLUMNS)
        .map(|column| (format!("column_{column:03}"), json!({"type": ["null", "string"]})))
        .collect();
    let entry = |stream| {
        json!({
            "tap_stream_id": name(stream),
            "replication_method": "INCREMENTAL",
            "replication_key": "column_001",
            "key_properties": ["column_000"],
            "schema": {"type": "object", "properties": columns},
            "metadata": [],
        })
    };
    let catalog = json!({"streams": (0..STREAMS).map(entry).collect::<Vec<_>>()});
    let catalog = serde_json::to_string_pretty(&catalog).expect("JSON");
    assert!(catalog.len() > 14_000_000 && catalog.lines().count() > 500_000);
    Tap::with(&[]).file("discover.json", catalog).file("resume.stdout.jsonl", said(&columns))
}

fn bookmarks() -> Map<String, Value> {
    (0..STREAMS).map(|stream| (name(stream), json!({"column_001": "2026"}))).collect()
}

/// What a resumed run says: of each stream a SCHEMA and its rows, at the end a STATE of all of them.
fn said(columns: &Map<String, Value>) -> String {
    let mut lines = Vec::new();
    for stream in (0..STREAMS).map(name) {
        lines.push(json!({"type": "SCHEMA", "stream": stream, "key_properties": ["column_000"],
            "schema": {"type": "object", "properties": columns}}));
        for row in 0..ROWS {
            lines.push(json!({"type": "RECORD", "stream": stream,
                "record": {"column_000": format!("{stream} {row}"), "column_001": "2026"}}));
        }
    }
    lines.push(json!({"type": "STATE", "value": {"bookmarks": bookmarks(), "shared": 1}}));
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_thousand_streams_are_discovered_and_resumed() {
    let (work, tap) = (Work::new(), tap());
    let discovered = work.discover().tap(&tap).ok().catalog();
    let streams = discovered["streams"].as_array().expect("streams");
    assert_eq!(streams.len(), STREAMS);
    let columns = |stream: &Value| stream["json_schema"]["properties"].as_object().map(Map::len);
    assert!(streams.iter().all(|stream| columns(stream) == Some(COLUMNS)));

    // One run shows both: what comes in, since only a resumed tap says anything, and what goes out.
    let state = json!({"bookmarks": bookmarks(), "shared": 0});
    let read = work.read(&incrementally(&discovered)).tap(&tap).with_state(&state).ok();
    holds_every_stream(&read);
}

/// Of every stream its own rows, one state that counts them, and COMPLETE.
fn holds_every_stream(read: &Output) {
    let mut rows: HashMap<String, Vec<Value>> = HashMap::new();
    for record in read.records() {
        let value = record.value()["column_000"].take();
        rows.entry(record.stream).or_default().push(value);
    }
    assert_eq!(rows.len(), STREAMS);
    for (stream, own) in &rows {
        let expected: Vec<Value> = (0..ROWS).map(|row| json!(format!("{stream} {row}"))).collect();
        assert_eq!(*own, expected);
    }
    let states: Vec<&Line> = read.lines.iter().filter(|line| line.kind == "STATE").collect();
    assert_eq!(states.len(), STREAMS, "one of each");
    let counted = |line: &&Line| line.field("state")["sourceStats"]["recordCount"] == 2.0;
    assert!(states.iter().all(counted));
    let complete = read.lines.iter().filter_map(Line::status);
    assert_eq!(complete.filter(|(_, status)| status == "COMPLETE").count(), STREAMS);
}

#[test]
fn records_of_six_megabytes_pass_byte_for_byte() {
    let columns = json!({"id": {"type": "integer"}, "text": {"type": "string"}});
    let row = |id: usize| {
        let text = r"\u00e9\ud800 é\n 1.50".repeat(6_000_000 / 20);
        format!(r#"{{"id": {id}, "text": "{text}"}}"#)
    };
    let mut lines = Vec::new();
    for id in 0..4 {
        writeln!(lines, r#"{{"type": "RECORD", "stream": "long", "record": {}}}"#, row(id))
            .expect("memory");
    }
    let (work, tap) = (Work::new(), Tap::with(&[entry("long", &["id"], columns)]));
    let tap = tap.file("stdout.jsonl", lines);
    let catalog = in_full(&work.discover().tap(&tap).ok().catalog());
    let read = work.read(&catalog).tap(&tap).ok();
    let passed: Vec<String> = read.records().into_iter().map(|record| record.data).collect();
    assert_eq!(passed.len(), 4);
    assert!(passed.iter().enumerate().all(|(id, data)| *data == row(id)));
    assert!(passed[0].len() > 6_000_000);
}

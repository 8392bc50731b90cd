use super::*;
use crate::Written;
use airbyte_protocol::{ConfiguredStream, Stream, SyncMode};
use serde_json::Map;

fn emitter(names: &[&str]) -> (Emitter, Written) {
    let sink = Written::default();
    let streams = names
        .iter()
        .map(|name| ConfiguredStream::new(Stream::new(*name, Map::new()), SyncMode::FullRefresh))
        .collect();
    (Emitter::new(&ConfiguredCatalog::new(streams), Output::new(sink.clone())), sink)
}

/// Each line in short: `STARTED a`, `R a`, `S a 2.0`.
fn said(sink: &Written) -> Vec<String> {
    let bytes = sink.bytes();
    let short = |line: &str| {
        let v: Value = serde_json::from_str(line).unwrap();
        let status = &v["trace"]["stream_status"];
        match v["type"].as_str().unwrap() {
            "RECORD" => format!("R {}", v["record"]["stream"].as_str().unwrap()),
            "STATE" => format!(
                "S {} {}",
                v["state"]["stream"]["stream_descriptor"]["name"].as_str().unwrap_or("*"),
                v["state"]["sourceStats"]["recordCount"]
            ),
            _ => format!(
                "{} {}",
                status["status"].as_str().unwrap(),
                status["stream_descriptor"]["name"].as_str().unwrap()
            ),
        }
    };
    String::from_utf8(bytes).unwrap().lines().map(short).collect()
}

#[test]
fn the_grammar_of_a_read() {
    let (emitter, sink) = emitter(&["a", "b"]);
    let mut floor = emitter.lock();
    let (a, b) = (floor.nth(0), floor.nth(1));
    floor.start(a).unwrap();
    assert!(floor.handle(a).record(b"{\"x\":1}", 1, &[]).unwrap());
    assert!(!floor.handle(a).record(b"{ }", 1, &[]).unwrap());
    floor.handle(a).record(b"{\"x\":2}", 1, &[]).unwrap();
    floor.state(a, json!({"p": 2})).unwrap();
    floor.handle(a).record(b"{\"x\":3}", 1, &[]).unwrap();
    floor.end(a, true).unwrap();
    floor.end(a, false).unwrap();
    floor.end(b, false).unwrap();
    let expected = [
        "STARTED a",
        "RUNNING a",
        "R a",
        "R a",
        "S a 2.0",
        "R a",
        "S a 1.0",
        "COMPLETE a",
        "STARTED b",
        "INCOMPLETE b",
    ];
    assert_eq!(said(&sink), expected);
    assert_eq!(floor.total(a), 3);
}

#[test]
fn an_empty_stream_still_gets_a_state() {
    let (emitter, sink) = emitter(&["a"]);
    let mut floor = emitter.lock();
    let a = floor.nth(0);
    floor.end(a, true).unwrap();
    assert_eq!(said(&sink), ["STARTED a", "S a 0.0", "COMPLETE a"]);
}

#[test]
fn nothing_follows_the_last_status() {
    let (emitter, _) = emitter(&["a"]);
    let mut floor = emitter.lock();
    let a = floor.nth(0);
    floor.end(a, true).unwrap();
    assert!(floor.handle(a).record(b"{\"x\":1}", 1, &[]).is_err());
    assert!(floor.state(a, json!({})).is_err());
    assert!(floor.stream(&StreamDescriptor::new("z")).is_err());
}

#[test]
fn a_global_state_counts_all_streams() {
    let (emitter, sink) = emitter(&["a", "b"]);
    let mut floor = emitter.lock();
    for index in [0, 1, 1] {
        let id = floor.nth(index);
        floor.handle(id).record(b"{\"x\":1}", 1, &[]).unwrap();
    }
    floor.global_state(Some(json!({"l": 1})), Vec::new()).unwrap();
    assert_eq!(said(&sink).last().unwrap(), "S * 3.0");
}

#[test]
fn a_stream_that_shows_up_is_held_to_the_same_grammar() {
    let (emitter, sink) = emitter(&["a"]);
    let mut floor = emitter.lock();
    let b = floor.add(StreamDescriptor::new("b")).unwrap();
    assert_eq!((b.index(), floor.id(&StreamDescriptor::new("b"))), (1, Some(b)));
    assert!(floor.add(StreamDescriptor::new("a")).is_err());
    floor.handle(b).record(b"{\"x\":1}", 1, &[]).unwrap();
    floor.global_state(Some(json!({"l": 1})), Vec::new()).unwrap();
    for id in floor.ids() {
        floor.end(id, true).unwrap();
    }
    let expected =
        ["STARTED b", "RUNNING b", "R b", "S * 1.0", "STARTED a", "COMPLETE a", "COMPLETE b"];
    assert_eq!(said(&sink), expected);
}

#[test]
fn a_state_is_one_line_however_its_text_is_written() {
    let (emitter, sink) = emitter(&["a"]);
    let mut floor = emitter.lock();
    let a = floor.nth(0);
    let text = "{\n  \"at\": [1.50,\r\n 2],\r  \"text\": \"x\\ny\"\n}";
    let pretty = RawValue::from_string(text.to_owned()).unwrap();
    floor.state_text(a, &pretty).unwrap();
    floor.global_state_text(Some(&pretty), &[(a, &pretty)]).unwrap();
    floor.legacy_state_text(&pretty).unwrap();
    let written = String::from_utf8(sink.bytes()).unwrap();
    let states: Vec<&str> = written.lines().filter(|line| line.contains("STATE")).collect();
    assert_eq!(states.len(), 3, "{written}");
    assert!(!written.contains('\r'));
    for (line, at) in [
        (states[0], "/state/stream/stream_state"),
        (states[1], "/state/global/shared_state"),
        (states[1], "/state/global/stream_states/0/stream_state"),
        (states[2], "/state/data"),
    ] {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line.pointer(at), Some(&serde_json::from_str(text).unwrap()), "{at}");
    }
}

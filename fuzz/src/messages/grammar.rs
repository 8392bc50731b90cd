//! What a platform demands of the lines of a read.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// A RECORD. Its data are the tap's bytes, in which a text may hold half a surrogate pair, as Python's
/// may: JSON, though no text for serde_json.
#[derive(Deserialize)]
struct Said<'a> {
    #[serde(borrow)]
    record: Option<SaidRecord<'a>>,
}

#[derive(Deserialize)]
struct SaidRecord<'a> {
    stream: String,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// What was heard of one stream.
#[derive(Default)]
struct Heard {
    statuses: Vec<String>,
    since_state: u64,
}

/// Panics where a platform would stumble. Every one of `configured` must be heard of.
pub(super) fn holds(output: &[u8], configured: Option<&[&str]>) {
    let text = std::str::from_utf8(output).expect("UTF-8");
    assert!(text.is_empty() || text.ends_with('\n'), "whole lines");
    let mut streams: BTreeMap<String, Heard> = BTreeMap::new();
    let mut errors = 0;
    for line in text.lines() {
        if let Ok(Said { record: Some(record) }) = serde_json::from_str(line) {
            assert!(record.data.get().starts_with('{'), "a record is an object");
            assert!(record.data.get().contains(':'), "a record holds something");
            let heard = streams.get_mut(&record.stream).expect("it started");
            assert_eq!(heard.statuses.last().map(String::as_str), Some("RUNNING"));
            heard.since_state += 1;
            continue;
        }
        let line: Value = serde_json::from_str(line).expect("a line is JSON");
        match line["type"].as_str() {
            Some("STATE") => {
                let stream = name(&line["state"]["stream"]["stream_descriptor"]["name"]);
                let heard = streams.get_mut(&stream).expect("it started");
                let counted = &line["state"]["sourceStats"]["recordCount"];
                let expected = std::mem::take(&mut heard.since_state);
                assert_eq!(counted.as_f64(), Some(expected as f64), "a state counts its records");
                assert!(!heard.ended(), "a state after the end");
            }
            Some("TRACE") => match line["trace"]["type"].as_str() {
                Some("ERROR") => errors += 1,
                Some("STREAM_STATUS") => status(&mut streams, &line["trace"]["stream_status"]),
                other => assert_eq!(other, Some("ESTIMATE")),
            },
            other => assert_eq!(other, Some("LOG"), "a type of a read"),
        }
    }
    for (name, heard) in &streams {
        assert!(heard.ended(), "stream {name} ends");
        let complete = heard.statuses.last().is_some_and(|last| last == "COMPLETE");
        assert!(!complete || heard.since_state == 0, "a last state counts the rest");
        assert!(complete || errors > 0, "what isn't complete says why");
    }
    for name in configured.into_iter().flatten() {
        assert!(streams.contains_key(*name), "a configured stream is heard of");
    }
}

impl Heard {
    fn ended(&self) -> bool {
        self.statuses.last().is_some_and(|last| last == "COMPLETE" || last == "INCOMPLETE")
    }
}

fn name(value: &Value) -> String {
    value.as_str().expect("a name").to_owned()
}

/// STARTED, then RUNNING or not, then one end.
fn status(streams: &mut BTreeMap<String, Heard>, status: &Value) {
    let heard = streams.entry(name(&status["stream_descriptor"]["name"])).or_default();
    let (before, now) = (heard.statuses.last().map(String::as_str), name(&status["status"]));
    let follows = match (before, now.as_str()) {
        (None, "STARTED") | (Some("STARTED"), "RUNNING") => true,
        (Some("STARTED" | "RUNNING"), end) => end == "COMPLETE" || end == "INCOMPLETE",
        _ => false,
    };
    assert!(follows, "{before:?} is followed by {now}");
    heard.statuses.push(now);
}

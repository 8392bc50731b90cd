//! Rules of what was written, which the emitter keeps for every source: so the rules are asked themselves.

use super::super::reads;
use super::stream;
use crate::testing::Transcript;
use airbyte_protocol::{ConfiguredCatalog, ConfiguredStream, SyncMode};
use airbyte_singer_runtime::Outcome;
use serde_json::{Value, json};

/// A read that wrote these lines of the stream `things`.
fn written(lines: &[Value]) -> Transcript {
    let text: Vec<String> = lines.iter().map(Value::to_string).collect();
    Transcript::new(Outcome::Done, text.join("\n").as_bytes())
}

fn status(status: &str) -> Value {
    json!({"type": "TRACE", "trace": {"type": "STREAM_STATUS", "emitted_at": 1, "stream_status":
        {"stream_descriptor": {"name": "things"}, "status": status}}})
}

fn record() -> Value {
    json!({"type": "RECORD", "record": {"stream": "things", "data": {}, "emitted_at": 1}})
}

fn state(count: u64) -> Value {
    json!({"type": "STATE", "state": {"type": "STREAM", "sourceStats": {"recordCount": count},
        "stream": {"stream_descriptor": {"name": "things"}, "stream_state": {}}}})
}

#[test]
fn statuses_have_an_order() {
    let things = ConfiguredStream::new(stream(json!({})), SyncMode::FullRefresh);
    let catalog = ConfiguredCatalog::new(vec![things]);
    let told = |words: &[&str]| {
        let line = |word: &&str| if *word == "RECORD" { record() } else { status(word) };
        let lines: Vec<Value> = words.iter().map(line).collect();
        reads::grammar(&catalog, &written(&lines)).next()
    };
    for right in [
        &["STARTED", "COMPLETE"][..],
        &["STARTED", "RUNNING", "RECORD", "RECORD", "COMPLETE"],
        &["STARTED", "RUNNING", "RECORD", "RUNNING", "RECORD", "COMPLETE"],
    ] {
        assert_eq!(told(right), None);
    }
    for wrong in [
        &[][..],
        &["RUNNING", "STARTED", "COMPLETE"],
        &["STARTED", "STARTED", "COMPLETE"],
        &["STARTED", "COMPLETE", "COMPLETE"],
        &["STARTED", "RECORD", "RUNNING", "COMPLETE"],
        &["STARTED", "RECORD", "COMPLETE"],
        &["STARTED", "RUNNING", "COMPLETE", "RECORD"],
        &["STARTED", "INCOMPLETE", "COMPLETE"],
        &["STARTED", "RUNNING", "RECORD"],
    ] {
        let fault = format!("the statuses of things are out of order: {}", wrong.join(" "));
        assert_eq!(told(wrong), Some(fault));
    }
}

#[test]
fn states_count_what_came_since_the_last_one() {
    let told = |lines: &[Value]| reads::counts(&written(lines)).collect::<Vec<_>>();
    assert_eq!(told(&[record(), record(), state(2), state(0)]), Vec::<String>::new());
    let wrong = "a state of things counts other than 1 records";
    assert_eq!(told(&[record(), state(2)]), [wrong]);
    assert_eq!(told(&[record(), state(1), record(), state(2)]), [wrong]);
    assert_eq!(told(&[state(0), record()]), ["no state covers things's last records"]);
}

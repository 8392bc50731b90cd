//! The rules that real clients hold a read to. Every read of every test passes here.

use super::output::{Exit, Line, Output, name_of};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

const KINDS: &[&str] = &["RECORD", "STATE", "TRACE", "LOG", "CONTROL"];

/// What a client would find wrong with the output of a read.
pub(crate) fn faults(output: &Output, configured: &Value) -> Vec<String> {
    let mut judge = Judge::new(configured);
    for (index, line) in output.lines.iter().enumerate() {
        judge.at = index + 1;
        judge.line(line);
    }
    judge.end(output);
    judge.faults
}

#[derive(Default)]
struct Judge {
    at: usize,
    faults: Vec<String>,
    streams: HashMap<String, Room>,
    state_types: HashSet<String>,
    errors: usize,
    /// The last state for all streams.
    last_for_all: Option<Value>,
}

#[derive(Default)]
struct Room {
    statuses: Vec<String>,
    since_state: u64,
    records_in_all: u64,
    last_state: Option<Value>,
}

impl Room {
    fn has_ended(&self) -> bool {
        self.statuses.last().is_some_and(|last| last == "COMPLETE" || last == "INCOMPLETE")
    }
}

impl Judge {
    fn new(configured: &Value) -> Self {
        let streams = configured["streams"].as_array().into_iter().flatten();
        let streams = streams.map(|stream| (name_of(&stream["stream"]), Room::default()));
        Self { streams: streams.collect(), ..Self::default() }
    }

    fn fault(&mut self, what: impl std::fmt::Display) {
        self.faults.push(format!("line {}: {what}", self.at));
    }

    fn line(&mut self, line: &Line) {
        if !KINDS.contains(&line.kind.as_str()) {
            return self.fault(format!("type {:?} in a read", line.kind));
        }
        if line.keys().count() != 2 {
            self.fault("a message has a type and a payload");
        }
        match line.kind.as_str() {
            "RECORD" => self.record(line),
            "STATE" => self.state(line),
            "TRACE" => self.trace(line),
            "LOG" => self.log(&line.field("log")),
            _ => {}
        }
    }

    fn room(&mut self, stream: &str, what: &str) -> Option<&mut Room> {
        if !self.streams.contains_key(stream) {
            self.fault(format!("{what} of {stream}, which isn't configured"));
        } else if self.streams[stream].has_ended() {
            self.fault(format!("{what} of {stream} after its last status"));
        }
        self.streams.get_mut(stream)
    }

    fn record(&mut self, line: &Line) {
        let Some(record) = line.record() else { return self.fault("a RECORD without a record") };
        if line.raw.contains(r#""meta":null"#) || line.raw.contains(r#""namespace":null"#) {
            self.fault("a null in a record's envelope");
        }
        let inner = record.data.trim_start_matches('{').trim_end_matches('}');
        if !record.data.starts_with('{') || inner.trim().is_empty() {
            self.fault("a record's data is no object or empty");
        }
        if !(0..=4_102_444_800_000).contains(&record.emitted_at) {
            self.fault("emitted_at is no time in milliseconds");
        }
        let Some(room) = self.room(&record.stream, "a record") else { return };
        room.since_state += 1;
        room.records_in_all += 1;
        if room.statuses.last().is_none_or(|last| last != "RUNNING") {
            self.fault(format!("a record of {} before RUNNING", record.stream));
        }
    }

    fn state(&mut self, line: &Line) {
        let state = line.field("state");
        self.state_types.insert(state["type"].to_string());
        match state["type"].as_str() {
            Some("STREAM") => {}
            Some("GLOBAL") => return self.global(&state),
            Some("LEGACY") => return self.for_all(&state, &state["data"]),
            _ => return self.fault("a state of no known type"),
        }
        let stream = name_of(&state["stream"]["stream_descriptor"]);
        let count = state["sourceStats"]["recordCount"].to_string();
        let content = state["stream"]["stream_state"].clone();
        if !matches!(&content, Value::Object(map) if !map.is_empty()) {
            self.fault(format!("the state of {stream} says nothing"));
        }
        let Some(room) = self.room(&stream, "a state") else { return };
        let expected = format!("{}.0", room.since_state);
        let repeated = room.since_state > 0 && room.last_state.as_ref() == Some(&content);
        room.since_state = 0;
        room.last_state = Some(content);
        if room.statuses.is_empty() {
            self.fault(format!("a state of {stream} before STARTED"));
        }
        if count != expected {
            self.fault(format!("recordCount of {stream} is {count} and should be {expected}"));
        }
        if repeated {
            self.fault(format!("the same state of {stream} twice, with records in between"));
        }
    }

    fn global(&mut self, state: &Value) {
        let global = &state["global"];
        let named: HashSet<String> = global["stream_states"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|state| name_of(&state["stream_descriptor"]))
            .collect();
        for stream in named.iter().filter(|stream| !self.streams.contains_key(*stream)) {
            self.faults.push(format!("line {}: {stream} isn't configured", self.at));
        }
        if !global["shared_state"].is_object() || named.is_empty() {
            self.fault("a GLOBAL state that says nothing");
        }
        let uncovered: u64 = self.streams.values().map(|room| room.since_state).sum();
        if uncovered > 0 && self.last_for_all.as_ref() == Some(global) {
            self.fault("the same GLOBAL state twice, with records in between");
        }
        self.for_all(state, global);
    }

    /// One state covers the records of all streams. A LEGACY one may be said again: it holds the
    /// tap's words and nothing to tell it apart.
    fn for_all(&mut self, state: &Value, content: &Value) {
        if !content.is_object() {
            self.fault("a state without content");
        }
        let covered: u64 = self.streams.values().map(|room| room.since_state).sum();
        let (count, expected) =
            (state["sourceStats"]["recordCount"].to_string(), format!("{covered}.0"));
        if count != expected {
            self.fault(format!("recordCount is {count} and should be {expected}"));
        }
        for room in self.streams.values_mut() {
            room.since_state = 0;
            room.last_state = Some(content.clone());
        }
        self.last_for_all = Some(content.clone());
    }

    fn trace(&mut self, line: &Line) {
        let trace = line.field("trace");
        if has_null(&trace) {
            self.fault("a null in a TRACE");
        }
        if !trace["emitted_at"].is_number() {
            self.fault("a TRACE without emitted_at");
        }
        if let Some((stream, status)) = line.status() {
            self.status(&stream, &status);
        } else if trace["type"] == "ERROR" {
            self.errors += 1;
            let error = &trace["error"];
            let kinds = ["config_error", "transient_error", "system_error"];
            if !error["failure_type"].as_str().is_some_and(|kind| kinds.contains(&kind)) {
                self.fault("an ERROR without a failure_type");
            }
            let message = error["message"].as_str().unwrap_or_default();
            if message.is_empty() || message.contains("panicked") || message.contains('\n') {
                self.fault(format!("an ERROR's message is one sentence: {message:?}"));
            }
        }
    }

    fn status(&mut self, stream: &str, status: &str) {
        let Some(room) = self.room(stream, status) else { return };
        let allowed = match room.statuses.last().map(String::as_str) {
            None => status == "STARTED",
            Some("STARTED") => status != "STARTED",
            Some("RUNNING") => status == "COMPLETE" || status == "INCOMPLETE",
            Some(_) => true, // told above
        };
        let (covered, has_state) = (room.since_state == 0, room.last_state.is_some());
        let idle = status == "COMPLETE"
            && room.records_in_all == 0
            && room.statuses.iter().any(|s| s == "RUNNING");
        room.statuses.push(status.to_owned());
        if !allowed {
            self.fault(format!("{stream} may not be {status} now"));
        }
        if idle {
            self.fault(format!("{stream} was RUNNING without a record"));
        }
        if status == "COMPLETE" && !has_state {
            self.fault(format!("{stream} is COMPLETE without a state"));
        }
        if status == "COMPLETE" && !covered {
            self.fault(format!("{stream} is COMPLETE with records that no state covers"));
        }
    }

    fn log(&mut self, log: &Value) {
        let levels = ["FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"];
        if !log["level"].as_str().is_some_and(|level| levels.contains(&level)) {
            self.fault("a LOG without a level");
        }
        if !log["message"].is_string() || has_null(log) {
            self.fault("a LOG without a message, or with a null");
        }
    }

    fn end(&mut self, output: &Output) {
        self.at = output.lines.len();
        if !output.whole {
            self.fault("the last line has no newline");
        }
        if !output.stderr.is_empty() {
            self.fault(format!("on stderr: {}", output.stderr));
        }
        if self.state_types.len() > 1 {
            self.fault("states of several types");
        }
        let last: Vec<(String, Option<String>)> = self
            .streams
            .iter()
            .map(|(name, room)| (name.clone(), room.statuses.last().cloned()))
            .collect();
        let all_complete = last.iter().all(|(_, last)| last.as_deref() == Some("COMPLETE"));
        let begun = last.iter().any(|(_, last)| last.is_some());
        for (name, last) in &last {
            if begun && !matches!(last.as_deref(), Some("COMPLETE" | "INCOMPLETE")) {
                self.fault(format!("{name} has no last status but {last:?}"));
            }
        }
        let good = output.exit == Exit::Code(0);
        if good != all_complete {
            self.fault(format!("{:?} with the last statuses {last:?}", output.exit));
        }
        if (self.errors == 0) != good || self.errors > 1 {
            self.fault(format!("{:?} with {} ERROR traces", output.exit, self.errors));
        }
    }
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.iter().any(has_null),
        Value::Object(map) => map.values().any(has_null),
        _ => false,
    }
}

mod tests {
    use super::*;
    use serde_json::json;

    const STARTED: &str = r#"{"type":"TRACE","trace":{"type":"STREAM_STATUS","emitted_at":1.0,"stream_status":{"stream_descriptor":{"name":"a"},"status":"STARTED"}}}"#;
    const RECORD: &str =
        r#"{"type":"RECORD","record":{"stream":"a","data":{"x":null},"emitted_at":1}}"#;
    const STATE: &str = r#"{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"a"},"stream_state":{"n":1}},"sourceStats":{"recordCount":1.0}}}"#;
    const GLOBAL: &str = r#"{"type":"STATE","state":{"type":"GLOBAL","global":{"shared_state":{},"stream_states":[{"stream_descriptor":{"name":"a"},"stream_state":{"n":1}}]},"sourceStats":{"recordCount":1.0}}}"#;
    const LEGACY: &str = r#"{"type":"STATE","state":{"type":"LEGACY","data":{"n":1},"sourceStats":{"recordCount":1.0}}}"#;
    const ERROR: &str = r#"{"type":"TRACE","trace":{"type":"ERROR","emitted_at":1.0,"error":{"message":"no","failure_type":"config_error"}}}"#;

    fn status(status: &str) -> String {
        STARTED.replace("STARTED", status)
    }

    fn judged(exit: i32, lines: &[&str], stderr: &str) -> Vec<String> {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let output = Output::new(Exit::Code(exit), text.as_bytes(), stderr.as_bytes(), 0..1);
        faults(&output, &json!({"streams": [{"stream": {"name": "a"}}]}))
    }

    #[test]
    fn a_good_read_passes() {
        let (running, complete) = (status("RUNNING"), status("COMPLETE"));
        let lines = [STARTED, &running, RECORD, STATE, &complete];
        assert_eq!(judged(0, &lines, ""), Vec::<String>::new());
        let (zero, failed) = (STATE.replace("1.0", "0.0"), status("INCOMPLETE"));
        assert_eq!(judged(0, &[STARTED, &zero, &complete], ""), Vec::<String>::new());
        assert_eq!(judged(1, &[STARTED, &zero, &failed, ERROR], ""), Vec::<String>::new());
        assert_eq!(judged(1, &[ERROR], ""), Vec::<String>::new());
        for state in [GLOBAL, LEGACY] {
            let lines = [STARTED, &running, RECORD, state, &complete];
            assert_eq!(judged(0, &lines, ""), Vec::<String>::new());
        }
    }

    #[test]
    fn each_fault_is_found() {
        let (running, complete) = (status("RUNNING"), status("COMPLETE"));
        let good = [STARTED, &running, RECORD, STATE, &complete];
        let other = |line: &str| line.replace(r#""a""#, r#""b""#);
        let with = |at: usize, line: &str| {
            let mut lines: Vec<String> = good.iter().map(|line| (*line).to_owned()).collect();
            lines[at] = line.to_owned();
            lines
        };
        let bad: Vec<(i32, Vec<String>, &str)> = vec![
            (0, with(3, &STATE.replace("1.0", "1")), "recordCount"),
            (0, with(3, &STATE.replace("1.0", "2.0")), "recordCount"),
            (0, with(3, &STATE.replace(r#"{"n":1}"#, "null")), "says nothing"),
            (0, with(3, &STATE.replace(r#"{"n":1}"#, "{}")), "says nothing"),
            (0, with(3, &STATE.replace("STREAM", "GALACTIC")), "no known type"),
            (0, with(3, &STATE.replace("STREAM", "GLOBAL")), "says nothing"),
            (0, with(3, &GLOBAL.replace("1.0", "2.0")), "recordCount"),
            (0, with(3, &GLOBAL.replace(r#""a""#, r#""b""#)), "isn't configured"),
            (0, with(3, &LEGACY.replace("1.0", "0.0")), "recordCount"),
            (0, with(3, &LEGACY.replace(r#"{"n":1}"#, "7")), "without content"),
            (0, with(3, "{}"), "in a read"),
            (0, with(3, "not JSON"), "in a read"),
            (0, with(2, &other(RECORD)), "isn't configured"),
            (0, with(2, &RECORD.replace(r#"{"x":null}"#, "{}")), "empty"),
            (0, with(2, &RECORD.replace(r#""stream""#, r#""namespace":null,"stream""#)), "a null"),
            (0, with(1, STARTED), "may not be STARTED"),
            (0, with(4, &status("INCOMPLETE")), "with the last statuses"),
            (0, with(4, STATE), "no last status"),
            (1, with(4, &complete), "with the last statuses"),
            (
                0,
                [good.to_vec(), vec![ERROR]].concat().iter().map(|l| (*l).to_owned()).collect(),
                "ERROR traces",
            ),
            (
                0,
                [good.to_vec(), vec![RECORD]].concat().iter().map(|l| (*l).to_owned()).collect(),
                "after its last status",
            ),
            (0, vec![STARTED.into(), complete.clone()], "without a state"),
            (
                0,
                vec![STARTED.into(), running.clone(), RECORD.into(), complete.clone()],
                "no state covers",
            ),
            (
                0,
                vec![STARTED.into(), RECORD.into(), STATE.into(), complete.clone()],
                "before RUNNING",
            ),
            (1, vec![ERROR.replace("\"no\"", "null")], "a null"),
            (1, vec![ERROR.replace("config_error", "whatever")], "failure_type"),
        ];
        for (exit, lines, what) in bad {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            let faults = judged(exit, &lines, "");
            assert!(faults.iter().any(|fault| fault.contains(what)), "{what}: {faults:?}");
        }
        assert!(judged(0, &good, "thread main panicked")[0].contains("on stderr"));
        let twice = [STARTED, &running, RECORD, STATE, RECORD, STATE, &complete];
        assert!(judged(0, &twice, "")[0].contains("the same state"));
        let twice = [STARTED, &running, RECORD, GLOBAL, RECORD, GLOBAL, &complete];
        assert!(judged(0, &twice, "")[0].contains("the same GLOBAL state"));
        let zero = LEGACY.replace("1.0", "0.0");
        let types = [STARTED, &running, RECORD, GLOBAL, &zero, &complete];
        assert!(judged(0, &types, "")[0].contains("states of several types"));
    }
}

//! One state for all streams, where it is asked for: GLOBAL and LEGACY. What one state type wrote,
//! each of them understands.

use crate::harness::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The bundled tap, to be read again and again, without probes.
struct Sample {
    work: Work,
    catalog: Value,
    flags: Vec<String>,
}

impl Sample {
    fn new() -> Self {
        let work = Work::new();
        let flags = work.sample_without_probes();
        let catalog = incrementally(&work.discover().tap_sample().ok().catalog());
        Self { work, catalog, flags }
    }

    fn read(&self, state_type: &str, state: &Value) -> Output {
        let config = r#"{"rows": 23, "state_every": 2}"#;
        let read = self.work.read(&self.catalog).with_config(config).with_state(state);
        read.args(&self.flags).args(["--state-type", state_type]).ok()
    }

    /// Every stream and its rows among these lines, by key.
    fn rows(&self, lines: &[Line]) -> BTreeSet<(String, String)> {
        let streams = self.catalog["streams"].as_array().expect("streams");
        let incremental: Vec<String> = streams
            .iter()
            .filter(|stream| stream["sync_mode"] == "incremental")
            .map(|stream| name_of(&stream["stream"]))
            .collect();
        assert!(incremental.len() > 1 && incremental.len() < streams.len(), "both modes");
        let records = lines.iter().filter_map(Line::record);
        records
            .filter(|record| incremental.contains(&record.stream))
            .map(|record| (record.stream.clone(), record.value()["id"].to_string()))
            .collect()
    }
}

/// A state as a platform hands it back: in a list.
fn held(line: &Line) -> Value {
    json!([line.field("state")])
}

fn states(output: &Output) -> Vec<Value> {
    output.state_lines().iter().map(|at| output.lines[*at].field("state")).collect()
}

/// Cuts a first read at every state, and demands that a read with that state brings the rest.
fn cut_everywhere(state_type: &str, read_on_as: &[&str]) {
    cut_every(1, state_type, read_on_as);
}

/// As [`cut_everywhere`], at every so many states.
fn cut_every(step: usize, state_type: &str, read_on_as: &[&str]) {
    let sample = Sample::new();
    let first = sample.read(state_type, &json!([]));
    let all = sample.rows(&first.lines);
    let places = first.state_lines();
    assert!(places.len() > 20, "{} cuts\n{first}", places.len());
    let mut fewest = all.len();
    let last = places.last().copied();
    for at in places.into_iter().step_by(step).chain(last) {
        assert_eq!(first.lines[at].field("state")["type"], state_type.to_uppercase());
        for next_type in read_on_as {
            let second = sample.read(next_type, &held(&first.lines[at]));
            let mut rows = sample.rows(&first.lines[..at]);
            let again = sample.rows(&second.lines);
            fewest = fewest.min(again.len());
            rows.extend(again);
            assert_eq!(rows, all, "cut at line {at}, read on as {next_type}");
        }
    }
    assert!(fewest <= 4, "the last cut leaves what cursors repeat, not {fewest} rows");
}

#[test]
fn a_read_with_one_global_state_resumes_from_every_cut_without_a_gap() {
    cut_everywhere("global", &["global"]);
}

#[test]
fn a_read_with_the_bare_state_resumes_from_every_cut_without_a_gap() {
    cut_everywhere("legacy", &["legacy"]);
}

#[test]
fn a_state_for_all_is_read_on_from_by_every_other_type() {
    cut_every(4, "global", &["stream", "legacy"]);
    cut_every(4, "legacy", &["stream", "global"]);
}

#[test]
fn stream_states_are_read_on_from_by_a_state_for_all() {
    let sample = Sample::new();
    let first = sample.read("stream", &json!([]));
    let all = sample.rows(&first.lines);
    for state_type in ["global", "legacy"] {
        let second = sample.read(state_type, &first.committed_state());
        assert!(sample.rows(&second.lines).len() <= 4, "it goes on\n{second}");
        // States of different moments: nothing is missing, whatever comes again.
        for at in first.state_lines().into_iter().step_by(7) {
            let kept = first.committed_state_at(at);
            let second = sample.read(state_type, &kept);
            let mut rows = sample.rows(&first.lines[..at]);
            rows.extend(sample.rows(&second.lines));
            assert_eq!(rows, all, "cut at line {at}, read on as {state_type}");
        }
    }
}

/// A tap of an API that obeys its selection, with a remainder in its state.
fn linked() -> Tap {
    let lsn =
        |n: u32| json!({"type": "STATE", "value": {"bookmarks": {"users": {"n": n}}, "lsn": n}});
    let row = |stream: &str| json!({"type": "RECORD", "stream": stream, "record": {"id": 1}});
    let lines = [
        schema("users"),
        row("users").to_string(),
        lsn(5).to_string(),
        schema("orders"),
        row("orders").to_string(),
        lsn(9).to_string(),
        schema("logs"),
        row("logs").to_string(),
    ];
    let entries = ["users", "orders", "logs"].map(|name| {
        let mut entry = entry(name, &["id"], columns());
        entry["metadata"][0]["metadata"]["valid-replication-keys"] = json!(["updated_at"]);
        entry
    });
    Tap::with(&entries).says(&lines).behaves(json!({"obeys": "catalog"}))
}

/// All streams incremental but the last.
fn mixed(work: &Work, tap: &Tap) -> Value {
    configured(&work.discover().tap(tap).ok().catalog(), |stream| {
        if stream["name"] == "logs" { "full_refresh" } else { "incremental" }
    })
}

/// The states that the tap's runs were given, after so many.
fn given(work: &Work, after: usize) -> Vec<(Vec<String>, Option<Value>)> {
    let runs = work.given().into_iter().skip(after);
    let runs = runs.filter(|run| run.run == "sync" || run.run == "resume");
    runs.map(|run| (run.selected(), run.file("--state"))).collect()
}

#[test]
fn every_global_state_names_all_streams_and_counts_all_their_records() {
    let (work, tap) = (Work::new(), linked());
    let catalog = mixed(&work, &tap);
    let read = work.read(&catalog).tap(&tap).every_state().args(["--state-type", "global"]).ok();
    let states = states(&read);
    let counts: Vec<&Value> = states.iter().map(|s| &s["sourceStats"]["recordCount"]).collect();
    assert_eq!(json!(counts), json!([1.0, 1.0, 0.0, 1.0]));
    for state in &states {
        let own = state["global"]["stream_states"].as_array().expect("stream states");
        let names: Vec<String> = own.iter().map(|s| name_of(&s["stream_descriptor"])).collect();
        assert_eq!(names, ["users", "orders", "logs"]);
        assert_eq!(own[2]["stream_state"]["full_refresh"], true);
        assert!(own[2]["stream_state"].get("own").is_none());
    }
    let shared = |at: usize| &states[at]["global"]["shared_state"];
    assert_eq!(shared(0)["cut"]["rest"]["lsn"], 5);
    // While the last run reads logs, the state says where the first has left the others.
    assert_eq!(shared(3)["cut"], shared(2)["cut"]);
    assert_ne!(shared(3)["number"], shared(2)["number"]);

    let runs = work.given().len();
    let state = json!([states[3]]);
    work.read(&catalog).tap(&tap).with_state(&state).args(["--state-type", "global"]).ok();
    let marks = json!({"bookmarks": {"users": {"n": 9}}, "lsn": 9});
    let users = vec!["users".to_owned(), "orders".to_owned()];
    let expected = vec![(users, Some(marks)), (vec!["logs".to_owned()], None)];
    assert_eq!(given(&work, runs), expected);
}

#[test]
fn a_stream_without_its_place_in_a_global_state_makes_all_start_over() {
    let (work, tap) = (Work::new(), linked());
    let catalog = mixed(&work, &tap);
    let first = work.read(&catalog).tap(&tap).args(["--state-type", "global"]).ok();
    let mut state = states(&first).pop().expect("a state");
    state["global"]["stream_states"].as_array_mut().expect("a list").remove(1);
    let runs = work.given().len();
    let read = work.read(&catalog).tap(&tap).with_state(&json!([state]));
    let read = read.args(["--state-type", "global"]).ok();
    assert!(read.logged("WARN", "orders has no saved position"), "{read}");
    assert!(given(&work, runs).iter().all(|(_, state)| state.is_none()));
}

#[test]
fn the_bare_state_goes_through_as_it_is_and_the_user_is_warned() {
    let (work, tap) = (Work::new(), linked());
    let catalog = mixed(&work, &tap);
    let legacy = ["--state-type", "legacy"];
    let read = work.read(&catalog).tap(&tap).every_state().args(legacy).ok();
    assert!(read.logged("WARN", "a reset of a single stream"), "{read}");
    let said = json!({"bookmarks": {"users": {"n": 9}}, "lsn": 9});
    let last = states(&read).pop().expect("a state");
    assert_eq!(last, json!({"type": "LEGACY", "data": said, "sourceStats": {"recordCount": 1.0}}));
    // In a list, as a message, and bare.
    for state in [json!([last]), json!({"type": "STATE", "state": last}), said.clone()] {
        let runs = work.given().len();
        work.read(&catalog).tap(&tap).with_state(&state).args(legacy).ok();
        let given = given(&work, runs);
        assert_eq!((given.len(), &given[0].1, &given[1].1), (2, &Some(said.clone()), &None));
    }
}

#[test]
fn a_bare_state_that_looks_like_a_wrapper_comes_back_as_it_was() {
    let said = json!({"data": {"n": 9}});
    let line = json!({"type": "STATE", "value": said}).to_string();
    let entry = {
        let mut entry = entry("users", &["id"], columns());
        entry["metadata"][0]["metadata"]["valid-replication-keys"] = json!(["updated_at"]);
        entry
    };
    let (work, tap) = (Work::new(), Tap::with(&[entry]).says(&[schema("users"), line]));
    let catalog = incrementally(&work.discover().tap(&tap).ok().catalog());
    let legacy = ["--state-type", "legacy"];
    let read = work.read(&catalog).tap(&tap).args(legacy).ok();
    let last = states(&read).pop().expect("a state");
    assert_eq!(last["data"], said);
    let runs = work.given().len();
    work.read(&catalog).tap(&tap).with_state(&json!([last])).args(legacy).ok();
    assert_eq!(given(&work, runs)[0].1, Some(said));
}

#[test]
fn the_last_state_of_a_stream_counts_also_when_it_says_that_there_is_none() {
    let (work, tap) = (Work::new(), linked());
    let catalog = mixed(&work, &tap);
    let first = work.read(&catalog).tap(&tap).ok();
    let mut held = first.committed_state();
    let reset = json!({"type": "STREAM",
        "stream": {"stream_descriptor": {"name": "orders"}, "stream_state": null}});
    held.as_array_mut().expect("a list").push(reset);
    let runs = work.given().len();
    work.read(&catalog).tap(&tap).with_state(&held).ok();
    let given = given(&work, runs);
    let orders = given.iter().find(|(streams, _)| streams.contains(&"orders".to_owned()));
    assert_eq!(orders.expect("a run of orders").1, None);
}

#[test]
fn no_state_is_a_first_run_whatever_its_dress() {
    let (work, tap) = (Work::new(), linked());
    let catalog = mixed(&work, &tap);
    for state_type in ["stream", "global", "legacy"] {
        for empty in ["", "[]", "{}", "null", " \n"] {
            let file = work.file("empty.json", empty);
            let runs = work.given().len();
            let read = work.read(&catalog).tap(&tap).arg("--state").arg(file);
            read.args(["--state-type", state_type]).ok();
            let given = given(&work, runs);
            assert_eq!(given.len(), 2, "{state_type} {empty:?}");
            assert!(given.iter().all(|(_, state)| state.is_none()), "{state_type} {empty:?}");
        }
    }
}

#[test]
fn the_state_type_is_said_by_flag_variable_config_or_profile() {
    let (work, tap) = (Work::new(), linked());
    let catalog = mixed(&work, &tap);
    let kind = |read: &Output| states(read)[0]["type"].clone();
    assert_eq!(kind(&work.read(&catalog).tap(&tap).ok()), "STREAM");
    let variable = || work.read(&catalog).tap(&tap).env("AIRBYTE_SINGER_STATE_TYPE", "global");
    assert_eq!(kind(&variable().ok()), "GLOBAL");
    assert_eq!(kind(&variable().args(["--state-type", "legacy"]).ok()), "LEGACY");
    let config = r#"{"__airbyte_singer": {"state_type": "global"}}"#;
    assert_eq!(kind(&work.read(&catalog).with_config(config).tap(&tap).ok()), "GLOBAL");
    let profile = json!({"version": 1, "tap": Tap::program(),
        "tap_arg": ["--scenario", tap.folder()], "state_type": "global"});
    let profile = work.file("p.yaml", profile.to_string());
    assert_eq!(kind(&work.read(&catalog).arg("--profile").arg(profile).ok()), "GLOBAL");
}

#[test]
fn a_read_that_fails_says_no_more_than_it_brought() {
    let (work, tap) = (Work::new(), linked().exits(json!({"sync": 1})));
    let catalog = mixed(&work, &tap);
    for (state_type, lsn) in
        [("global", "/global/shared_state/cut/rest/lsn"), ("legacy", "/data/lsn")]
    {
        let read = work.read(&catalog).tap(&tap).args(["--state-type", state_type]).fails();
        let states = states(&read);
        assert_eq!(states.len(), 1, "{read}");
        assert_eq!(states[0].pointer(lsn), Some(&json!(9)));
        assert!(states[0].pointer("/global/shared_state/cut/end").is_none());
        assert_eq!(read.last_status("logs"), "INCOMPLETE");
    }
}

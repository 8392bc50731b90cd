//! States that come from elsewhere: another runner kept them, or they are something else. What is
//! plainly wrapped around a state is taken off, what is plainly no state is refused, and everything
//! else is the tap's own business.

use super::last_run;
use crate::harness::*;
use serde_json::{Value, json};

/// A tap with a replication key, and the catalog that reads it by that key.
fn tap(work: &Work) -> (Tap, Value) {
    let mut rows = entry("rows", &["id"], columns());
    rows["metadata"][0]["metadata"]["valid-replication-keys"] = json!(["updated_at"]);
    let row = r#"{"type":"RECORD","stream":"rows","record":{"id":1}}"#.to_owned();
    let tap = Tap::with(&[rows]).says(&[schema("rows"), row]);
    let catalog = incrementally(&work.discover().tap(&tap).ok().catalog());
    (tap, catalog)
}

fn marks() -> Value {
    json!({"bookmarks": {"rows": {"replication_key_value": 4}}})
}

/// By every way in: what the tap is given by a read, and what the converters make of the file.
fn taken(text: &str) -> (Option<Value>, Output) {
    let work = Work::new();
    let (tap, catalog) = tap(&work);
    let file = work.file("in.json", text);
    let read = work.read(&catalog).tap(&tap).arg("--state").arg(&file).ok();
    let given = last_run(&work).file("--state");
    let configured = work.file("c.json", catalog.to_string());
    let convert = |from: &str, file: &std::path::Path| {
        let run = work.convert("state").args(["--from", from, "--catalog"]).arg(&configured);
        let text = run.arg(file).ok().lines.iter().map(|line| line.raw.clone()).collect::<String>();
        serde_json::from_str::<Value>(&text).expect("a document")
    };
    let states = work.file("states.json", convert("singer", &file).to_string());
    let expected = given.clone().unwrap_or(json!({}));
    assert_eq!(convert("airbyte", &states), expected, "there and back: {text}");
    assert_eq!(convert("airbyte", &file), expected, "what a read hands on: {text}");
    let messages = work.file("m", schema("rows") + "\n");
    let run = work.convert("messages").arg("--catalog").arg(&configured);
    let output = run.arg("--state").arg(&file).arg(messages).ok();
    let legacy = output.states_of("rows").pop().expect("a state");
    let part = legacy["parts"].get(0).cloned();
    assert_eq!(part, given.as_ref().map(|given| given["bookmarks"]["rows"].clone()), "{text}");
    (given, read)
}

#[test]
fn a_state_that_meltano_kept_is_taken_out_of_its_wrapping() {
    let before = json!({"bookmarks": {"rows": {"replication_key_value": 3}}});
    for kept in [
        json!({"singer_state": marks()}),
        json!({"completed": {"singer_state": marks()}, "partial": {}}),
        json!({"completed": {"singer_state": marks()}}),
        json!({"completed": {"singer_state": before}, "partial": {"singer_state": marks()}}),
        json!({"completed": {}, "partial": {"singer_state": marks()}}),
    ] {
        let text = kept.to_string();
        let (given, read) = taken(&text);
        assert_eq!(given, Some(marks()), "{text}");
        assert!(read.logged("INFO", "one that Meltano kept"), "{read}");
        assert!(!read.logs().iter().any(|log| log.starts_with("WARN")), "{read}");
    }
    let (given, read) = taken(&json!({"singer_state": marks(), "id": "x"}).to_string());
    assert_eq!(given, Some(marks()));
    assert!(read.logged("WARN", "what stands beside it (1) is not used"), "{read}");
    for nothing in [r#"{"singer_state": {}}"#, r#"{"completed": {}, "partial": {}}"#] {
        assert_eq!(taken(nothing).0, None);
    }
    // Where a platform keeps it as one blob.
    let work = Work::new();
    let (tap, catalog) = tap(&work);
    let legacy = json!([{"type": "LEGACY", "data": {"singer_state": marks()}}]);
    work.read(&catalog).tap(&tap).with_state(&legacy).ok();
    assert_eq!(last_run(&work).file("--state"), Some(marks()));
}

#[test]
fn a_state_that_is_a_taps_own_message_is_the_state_in_it() {
    let line = |n: u32| state(json!({"rows": {"replication_key_value": n}}));
    for text in [line(4), format!("{}\n{}\n", line(3), line(4)), format!("[{}]", line(4))] {
        let (given, read) = taken(&text);
        assert_eq!(given, Some(marks()), "{text}");
        assert!(!read.logs().iter().any(|log| log.starts_with("WARN")), "{read}");
    }
}

#[test]
fn a_state_of_a_taps_own_shape_is_handed_on_with_one_warning() {
    let work = Work::new();
    let (tap, catalog) = tap(&work);
    for own in [
        json!({"start_date": "2024-01-01"}),
        json!({"rows": 7, "completed": true}),
        json!({"streams": {"rows": 1}}),
        json!({"type": "full", "n": 1}),
    ] {
        let config = r#"{"start_date": "2023-01-01"}"#;
        let read = work.read(&catalog).tap(&tap).with_config(config).with_state(&own).ok();
        assert_eq!(last_run(&work).file("--state"), Some(own));
        let warnings = read.logs().into_iter().filter(|log| log.starts_with("WARN"));
        let warnings: Vec<String> = warnings.collect();
        assert_eq!(warnings.len(), 1, "{read}");
        assert!(warnings[0].contains("The state has no `bookmarks`"), "{read}");
    }
}

#[test]
fn what_is_plainly_no_state_of_this_tap_is_refused() {
    let work = Work::new();
    let (tap, catalog) = tap(&work);
    let config = r#"{"host": "a", "password": "hunter2-hunter2"}"#;
    let singer = json!({"streams": [entry("rows", &["id"], columns())]}).to_string();
    for (text, what) in [
        (catalog.to_string(), "this is a catalog and no state"),
        (singer, "this is a catalog and no state"),
        (json!({"type": "CATALOG", "catalog": catalog}).to_string(), "a CATALOG message"),
        (r#"{"type": "RECORD", "stream": "rows", "record": {}}"#.to_owned(), "a RECORD message"),
        (r#"{"host": "b", "password": "other"}"#.to_owned(), "this is a config and no state"),
        (r#"{"__airbyte_singer": {}, "x": 1}"#.to_owned(), "this is a config and no state"),
    ] {
        let runs = work.given().len();
        let file = work.file("in.json", &text);
        let read = work.read(&catalog).tap(&tap).with_config(config);
        let read = read.arg("--state").arg(&file).fails();
        assert!(read.error().contains(what), "{read}");
        assert_eq!(read.failure_type(), "config_error");
        let started = work.given().into_iter().skip(runs).filter(|given| given.run == "sync");
        assert_eq!(started.count(), 0, "the tap isn't run\n{read}");
        if !what.contains("config") || text.contains("__airbyte") {
            let configured = work.file("c.json", catalog.to_string());
            let run = work.convert("state").args(["--from", "singer", "--catalog"]);
            let convert = run.arg(configured).arg(&file).fails();
            assert!(convert.error().contains(what), "{convert}");
        }
    }
}

#[test]
fn states_of_another_source_are_refused() {
    let work = Work::new();
    let (tap, catalog) = tap(&work);
    let of_rows =
        |blob: Value| json!({"stream_descriptor": {"name": "rows"}, "stream_state": blob});
    let stream = |blob: Value| json!([{"type": "STREAM", "stream": of_rows(blob)}]);
    let global = |shared: Value, own: Value| json!([{"type": "GLOBAL", "global": {"shared_state": shared, "stream_states": own}}]);
    let ours = work.read(&catalog).tap(&tap).ok().committed_state();
    let mut damaged = ours.clone();
    damaged[0]["stream"]["stream_state"]["cuts"] = json!("x");
    for state in [
        stream(json!({"version": 1, "mode": "incremental", "cursor": "2024"})),
        stream(json!({"cursor": "2024", "stream_name": "rows"})),
        global(json!({"lsn": 7}), json!([])),
        global(json!({"lsn": 7}), json!([of_rows(json!({"cursor": 1}))])),
        damaged,
    ] {
        let read = work.read(&catalog).tap(&tap).with_state(&state).fails();
        assert!(read.error().contains("was not written by this program"), "{read}");
        assert_eq!(read.failure_type(), "config_error");
        let configured = work.file("c.json", catalog.to_string());
        let run = work.convert("state").args(["--from", "airbyte", "--catalog"]).arg(configured);
        let convert = run.arg(work.file("s.json", state.to_string())).fails();
        assert!(convert.error().contains("was not written by this program"), "{convert}");
    }
    // Nobody resumes from it: it is no matter.
    let mut in_full = catalog.clone();
    in_full["streams"][0]["sync_mode"] = json!("full_refresh");
    let foreign = stream(json!({"cursor": "2024"}));
    work.read(&in_full).tap(&tap).with_state(&foreign).ok();
    for blank in [stream(json!({})), stream(json!(null)), global(json!({}), json!([]))] {
        work.read(&catalog).tap(&tap).with_state(&blank).ok();
    }
    // A native source doesn't begin again in silence either.
    let config = r#"{"days": 2, "orders_per_day": 2}"#;
    let sample = || work.run("discover").with_config(config).args(["--source", "sample"]);
    let catalog = incrementally(&sample().ok().catalog());
    let orders = json!({"stream_descriptor": {"name": "orders"}, "stream_state": {"cursor": 1}});
    for state in [marks(), json!([{"type": "STREAM", "stream": orders}])] {
        let read = work.read(&catalog).with_config(config).with_state(&state);
        let read = read.args(["--source", "sample"]).fails();
        assert!(read.error().contains("was not written by this source"), "{read}");
    }
}

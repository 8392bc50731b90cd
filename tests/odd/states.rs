//! What is odd about taps' states: whatever their shape, what came out goes in again.

use crate::harness::*;
use serde_json::{Value, json};

use super::last_run;

fn row(stream: &str) -> String {
    json!({"type": "RECORD", "stream": stream, "record": {"id": 1, "updated_at": "b"}}).to_string()
}

/// An API tap of two streams with a replication key that says these states.
fn api(states: &[&Value]) -> Tap {
    let entries = ["people", "planets"].map(|name| {
        let mut entry = entry(name, &["id"], columns());
        entry["metadata"][0]["metadata"]["valid-replication-keys"] = json!(["updated_at"]);
        entry
    });
    tap(&entries, &["people", "planets"], states)
}

fn tap(entries: &[Value], names: &[&str], states: &[&Value]) -> Tap {
    let mut lines: Vec<String> = names.iter().flat_map(|name| [schema(name), row(name)]).collect();
    for value in states {
        lines.push(json!({"type": "STATE", "value": value}).to_string());
    }
    Tap::with(entries).says(&lines)
}

/// Reads, and reads again with what a platform then holds: what the tap is given the second time,
/// and the second read.
fn resumed(tap: &Tap) -> (Option<Value>, Output) {
    let work = Work::new();
    let catalog = incrementally(&work.discover().tap(tap).ok().catalog());
    let first = work.read(&catalog).tap(tap).every_state().ok();
    let runs = work.given().len();
    let second = work.read(&catalog).tap(tap).with_state(&first.committed_state()).ok();
    let syncs: Vec<Given> = work
        .given()
        .into_iter()
        .skip(runs)
        .filter(|given| given.run == "sync" || given.run == "resume")
        .collect();
    assert_eq!(syncs.len(), 1, "one run for all");
    (syncs[0].file("--state"), second)
}

/// Holds that a state comes back to the byte.
fn comes_back(tap: &Tap, state: &Value) {
    let (given, second) = resumed(tap);
    assert_eq!(given.map(|given| given.to_string()), Some(state.to_string()), "{second}");
}

/// Taps that keep a state while their catalog says nothing of how streams are read.
#[test]
fn a_bookmark_that_is_not_kept_because_no_method_is_named_is_told_with_the_setting() {
    let plain = entry("people", &["id"], columns());
    let mut full = plain.clone();
    full["replication_method"] = json!("FULL_TABLE");
    let mut keyed = plain.clone();
    keyed["metadata"][0]["metadata"]["valid-replication-keys"] = json!(["updated_at"]);
    let own = state(json!({"people": {"offset": 7}}));
    let whole = json!({"type": "STATE", "value": {"start_date": "2026-01-01"}}).to_string();
    let nothing = state(json!({"people": {}}));
    for (entry, last, told) in [
        (&plain, &own, true),
        (&plain, &whole, true),
        (&plain, &nothing, false),
        (&full, &own, false),
        (&keyed, &own, false),
    ] {
        let tap = Tap::with(std::slice::from_ref(entry)).says(&[
            &schema("people"),
            r#"{"type":"RECORD","stream":"people","record":{"id":1}}"#,
            last.as_str(),
        ]);
        let work = Work::new();
        let catalog = in_full(&work.discover().tap(&tap).ok().catalog());
        let read = work.read(&catalog).tap(&tap).ok();
        let setting = "`streams.people.replication_method: INCREMENTAL` in the profile";
        let lines = read.logs().into_iter().filter(|log| log.contains(setting)).count();
        assert_eq!(lines, usize::from(told), "{entry} {last}: {read}");
        // With it, the bookmark is kept.
        if told {
            let profile = "version: 1\nstreams: {people: {replication_method: INCREMENTAL}}\n";
            let profile = work.file("p.yaml", profile);
            let catalog = work.discover().tap(&tap).arg("--profile").arg(&profile).ok().catalog();
            let catalog = incrementally(&catalog);
            let read = work.read(&catalog).tap(&tap).arg("--profile").arg(&profile).ok();
            let state = read.committed_state().to_string();
            assert!(state.contains("offset") || state.contains("start_date"), "{read}");
            assert!(!read.logs().iter().any(|log| log.contains("isn't kept")), "{read}");
        }
    }
}

#[test]
fn bookmarks_by_stream_come_back() {
    let state =
        json!({"bookmarks": {"people": {"updated_at": "b"}, "planets": {"updated_at": "c"}}});
    comes_back(&api(&[&state]), &state);
}

#[test]
fn an_sdk_bookmark_with_partitions_progress_markers_and_signposts_comes_back() {
    let state = json!({"bookmarks": {
        "people": {"replication_key": "updated_at", "replication_key_value": "b",
            "replication_key_signpost": "2030-01-01T00:00:00Z", "starting_replication_value": null},
        "planets": {"partitions": [
            {"context": {"org": 1}, "replication_key_value": "2024-01-01"},
            {"context": {"org": 2}, "progress_markers": {
                "Note": "Progress is not resumable if interrupted.",
                "replication_key_value": "2024-02-02"}}]}}});
    comes_back(&api(&[&state]), &state);
}

#[test]
fn mysql_max_pk_values_and_last_pk_fetched_come_back() {
    let state = json!({"bookmarks": {
        "shop-users": {"max_pk_values": {"id": 98}, "last_pk_fetched": {"id": 40}, "version": 17},
        "shop-orders": {"version": 18, "initial_full_table_complete": true}}});
    let tables = [table("shop", "users"), table("shop", "orders")];
    comes_back(&tap(&tables, &["shop-users", "shop-orders"], &[&state]), &state);
}

#[test]
fn a_state_without_bookmarks_comes_back() {
    let state =
        json!({"people": {"modified_since": "2024"}, "planets": {"modified_since": "2023"}});
    comes_back(&api(&[&state]), &state);
}

#[test]
fn bookmarks_by_account_or_repository_come_back() {
    let by_account = json!({"bookmarks": {"act_17": {"people": "b"}, "act_18": {"planets": "c"}}});
    comes_back(&api(&[&by_account]), &by_account);
    let by_repository = json!({"bookmarks": {"own/repo": {"people": {"since": "b"}}}});
    comes_back(&api(&[&by_repository]), &by_repository);
}

#[test]
fn bookmarks_that_are_texts_numbers_or_lists_come_back() {
    let state = json!({"bookmarks": {"people": "2024-01-01", "planets": [1, {"at": 2}]}, "v": 3});
    comes_back(&api(&[&state]), &state);
}

#[test]
fn a_state_that_says_only_what_is_being_read_is_no_position() {
    let (given, second) = resumed(&api(&[&json!({"currently_syncing": "people"})]));
    assert_eq!(given, None, "no state, no flag");
    assert_eq!(second.records().len(), 2, "all is read again");
}

#[test]
fn currently_syncing_that_is_left_set_at_the_end_is_not_handed_back() {
    let marks = json!({"people": {"updated_at": "b"}, "planets": {"updated_at": "c"}});
    let state = json!({"currently_syncing": "planets", "bookmarks": marks});
    comes_back(&api(&[&state]), &json!({"bookmarks": marks}));
}

#[test]
fn hints_by_which_taps_leave_out_what_stands_before_are_not_handed_back() {
    let marks = json!({"people": {"updated_at": "b"}, "planets": {"updated_at": "c"}});
    for hint in ["currently_syncing", "currently_syncing_repo", "current_stream", "this_stream"] {
        let state = json!({hint: "planets", "bookmarks": marks});
        comes_back(&api(&[&state]), &json!({"bookmarks": marks}));
    }
    let mut inside = marks.clone();
    inside["currently_sync_stream"] = json!("planets");
    comes_back(&api(&[&json!({"bookmarks": inside})]), &json!({"bookmarks": marks}));
    // From another runner's state too.
    let (work, tap) = (Work::new(), api(&[]));
    let catalog = incrementally(&work.discover().tap(&tap).ok().catalog());
    let bare = json!({"bookmarks": marks, "currently_syncing": "planets", "extra": 1});
    work.read(&catalog).tap(&tap).with_state(&bare).ok();
    let given = last_run(&work).file("--state").expect("a state");
    assert_eq!(given, json!({"bookmarks": marks, "extra": 1}));
}

#[test]
fn a_tap_that_never_writes_a_state_is_complete_and_starts_over() {
    let (given, second) = resumed(&api(&[]));
    assert_eq!(given, None);
    assert_eq!(second.records().len(), 2);
    assert_eq!(second.states_of("people").len(), 1, "a state for every stream and sync");
}

/// A file tap sends all rows of a file that didn't change; others the last one.
#[test]
fn rows_that_an_inclusive_bookmark_brings_again_pass_and_count() {
    let state =
        json!({"bookmarks": {"people": {"updated_at": "b"}, "planets": {"updated_at": "b"}}});
    let (_, second) = resumed(&api(&[&state]));
    for stream in ["people", "planets"] {
        assert_eq!(second.column(stream, "id"), [1]);
        let states = second.lines.iter().filter(|l| l.state_stream().as_deref() == Some(stream));
        let counts: Vec<String> =
            states.map(|l| l.field("state")["sourceStats"]["recordCount"].to_string()).collect();
        assert_eq!(counts, ["1.0"], "{stream}");
    }
}

#[test]
fn a_state_that_is_null_or_empty_says_that_there_is_nothing() {
    for nothing in [json!({}), json!(null)] {
        let (given, _) = resumed(&api(&[&nothing]));
        assert_eq!(given, None, "{nothing}");
    }
    // Which is not the same as a place for bookmarks: that is handed back.
    let place = json!({"bookmarks": {}});
    comes_back(&api(&[&place]), &place);
}

#[test]
fn numbers_in_a_bookmark_keep_their_digits() {
    let text =
        r#"{"bookmarks":{"people":{"lsn":18446744073709551616,"n":1.10},"planets":{"n":1e+2}}}"#;
    let state: Value = serde_json::from_str(text).expect("JSON");
    let (given, _) = resumed(&api(&[&state]));
    assert_eq!(given.map(|given| given.to_string()).as_deref(), Some(text));
}

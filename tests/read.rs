//! A read says what the tap said: no more, no less, of the right stream, to the byte.

use crate::harness::*;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// The records of a tap's output, as bytes, with whether they are JSON at all.
fn told(lines: &str) -> Vec<(String, String)> {
    #[derive(Deserialize)]
    struct Told<'a> {
        stream: String,
        #[serde(borrow)]
        record: &'a RawValue,
    }
    let records = lines.lines().filter_map(|line| serde_json::from_str::<Told<'_>>(line).ok());
    records.map(|told| (told.stream, told.record.get().to_owned())).collect()
}

/// The streams of `told`, each name in the messages with its records in order.
fn by_stream(records: impl IntoIterator<Item = (String, String)>) -> Vec<(String, Vec<String>)> {
    let mut streams: Vec<(String, Vec<String>)> = Vec::new();
    for (stream, data) in records {
        match streams.iter_mut().find(|(name, _)| *name == stream) {
            Some((_, all)) => all.push(data),
            None => streams.push((stream, vec![data])),
        }
    }
    streams
}

#[test]
fn every_record_of_every_recording_keeps_its_bytes() {
    let mut compared = 0;
    for folder in folders("recordings") {
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        let work = Work::new();
        let tap = Tap::scenario(&format!("recorded-{name}"));
        let catalog = in_full(&work.discover().tap(&tap).ok().catalog());
        let read = work.read(&catalog).tap(&tap).ok();
        let lines = std::fs::read_to_string(folder.join("stdout.jsonl")).expect("a recording");
        let tap_said = by_stream(told(&lines));
        // What isn't JSON (NaN) is repaired, and says so; it has no bytes that could be kept.
        let valid = read.records().into_iter().filter(|record| record.meta.is_none());
        let we_said = by_stream(valid.map(|record| (record.stream, record.data)));
        assert_eq!(tap_said.len(), we_said.len(), "{name}: streams with records");
        for ((theirs, tap_said), (ours, we_said)) in tap_said.iter().zip(&we_said) {
            assert_eq!(tap_said.len(), we_said.len(), "{name}: records of {theirs}, {ours}");
            for (number, (theirs, ours)) in tap_said.iter().zip(we_said).enumerate() {
                assert_eq!(theirs, ours, "{name}: record {number} of a stream");
                compared += 1;
            }
        }
    }
    assert!(compared > 1000, "{compared} records were compared");
}

#[test]
fn numbers_texts_and_keys_that_no_program_should_touch_pass_untouched() {
    let (work, tap) = (Work::new(), Tap::scenario("exact-bytes"));
    let catalog = in_full(&work.discover().tap(&tap).ok().catalog());
    let read = work.read(&catalog).tap(&tap).ok();
    let lines = std::fs::read_to_string(tap.folder().join("stdout.jsonl")).expect("a scenario");
    let said: Vec<String> = told(&lines).into_iter().map(|(_, data)| data).collect();
    let passed: Vec<String> = read.records().into_iter().map(|record| record.data).collect();
    assert_eq!(said, passed);
    for mark in ["1e400", "0E-10", r"\ud800", r#""twice": 2"#, "1234567890123456789012345678."] {
        assert!(passed.iter().any(|data| data.contains(mark)), "{mark} is among them");
    }
}

fn read_all(scenario: &str) -> Output {
    let (work, tap) = (Work::new(), Tap::scenario(scenario));
    let catalog = incrementally(&work.discover().tap(&tap).ok().catalog());
    work.read(&catalog).tap(&tap).go()
}

#[test]
fn the_same_table_name_in_two_schemas_is_two_streams() {
    let read = read_all("same-table-in-two-schemas");
    assert_eq!(read.column("public.users", "id"), [1, 2]);
    assert_eq!(read.column("sales.users", "name"), ["sales-users 1"]);
}

#[test]
fn a_stream_with_three_names_is_one_and_resumes_by_its_id() {
    let (work, tap) = (Work::new(), Tap::scenario("three-names-for-one-stream"));
    let catalog = incrementally(&work.discover().tap(&tap).ok().catalog());
    let first = work.read(&catalog).tap(&tap).ok();
    assert_eq!(first.column("public.users", "id"), [1, 2]);
    work.read(&catalog).tap(&tap).with_state(&first.committed_state()).ok();
    let given = work.given();
    let resumed = given.iter().find(|given| given.run == "resume").expect("a resumed run");
    let state = resumed.file("--state").expect("a state");
    assert_eq!(state["bookmarks"]["shop-public-users"]["updated_at"], "2026-01-01T00:00:02Z");
}

#[test]
fn two_streams_of_one_message_name_are_told_apart() {
    let read = read_all("one-name-for-two-streams-by-schema");
    assert_eq!(read.column("shop.users", "id"), [1, 2]);
    assert_eq!(read.column("sales.users", "id"), [7]);
    let read = read_all("one-name-for-two-streams-by-currently-syncing");
    assert_eq!(read.column("shop.users", "id"), [1]);
    assert_eq!(read.column("sales.users", "id"), [7]);
}

#[test]
fn a_name_that_may_be_either_of_two_streams_is_refused_with_the_candidates() {
    let read = read_all("one-name-for-two-streams-unresolved");
    assert_eq!(read.exit, Exit::Code(1));
    assert!(read.records().is_empty(), "nothing is guessed");
    let error = read.error();
    assert!(error.contains("`users`") && error.contains("shop-users, sales-users"), "{error}");
}

#[test]
fn an_alias_in_the_profile_says_which_of_two_streams_a_name_means() {
    let (work, tap) = (Work::new(), Tap::scenario("one-name-for-two-streams-unresolved"));
    let profile = "version: 1\nstreams: {sales-users: {aliases: [users]}}\n";
    let profile = work.file("p.yaml", profile);
    let catalog = incrementally(&work.discover().tap(&tap).ok().catalog());
    let read = work.read(&catalog).tap(&tap).arg("--profile").arg(profile).ok();
    assert_eq!(read.column("sales.users", "id"), [1]);
    assert!(read.records_of("shop.users").is_empty());
}

#[test]
fn a_catalog_with_its_selection_in_the_schema_is_given_back_in_both_styles() {
    let (work, tap) = (Work::new(), Tap::scenario("legacy-selection"));
    let catalog = only(&in_full(&work.discover().tap(&tap).ok().catalog()), &["people"]);
    let read = work.read(&catalog).tap(&tap).ok();
    assert_eq!(read.column("people", "id"), [1]);
    let given = work.given();
    let sync = given.iter().find(|given| given.run == "sync").expect("a sync");
    let (people, planets) = (sync.entry("people"), sync.entry("planets"));
    assert_eq!(people["schema"]["selected"], true);
    assert_eq!(planets["schema"]["selected"], false);
    assert_eq!(people["schema"]["properties"]["name"]["selected"], true);
    assert_eq!(people["schema"]["properties"]["id"]["inclusion"], "automatic", "kept as it was");
    assert_eq!(metadata(&people, &[])["selected"], true);
    assert_eq!(metadata(&people, &[])["replication-method"], "FULL_TABLE");
    assert_eq!(metadata(&planets, &[])["selected"], false);
}

#[test]
fn what_came_in_goes_out_when_a_resumed_tap_writes_no_state() {
    let (work, tap) = (Work::new(), Tap::scenario("resume-without-a-state"));
    let catalog = incrementally(&work.discover().tap(&tap).ok().catalog());
    let mut state = work.read(&catalog).tap(&tap).ok().committed_state();
    for _ in 0..3 {
        let resumed = work.read(&catalog).tap(&tap).with_state(&state).ok();
        state = resumed.committed_state();
        let given = work.given();
        let given = given.last().expect("a run").file("--state").expect("a state");
        assert_eq!(given["bookmarks"]["people"]["updated_at"], "2026-01-01T00:00:01Z");
    }
}

#[test]
fn streams_that_nobody_asked_for_are_dropped() {
    let (work, tap) = (Work::new(), Tap::scenario("ignores-its-catalog"));
    let catalog = only(&in_full(&work.discover().tap(&tap).ok().catalog()), &["people"]);
    let read = work.read(&catalog).tap(&tap).ok();
    assert_eq!(read.column("people", "id"), [1, 2]);
    assert_eq!(read.records().len(), 2);
    let given = work.given();
    assert_eq!(given.last().expect("a sync").selected(), ["people"]);
}

#[test]
fn a_tap_is_given_its_catalog_by_the_flags_that_its_help_lists() {
    let flags = |scenario: &str| -> Vec<String> {
        let (work, tap) = (Work::new(), Tap::scenario(scenario));
        let catalog = in_full(&work.discover().tap(&tap).ok().catalog());
        let read = work.read(&only(&catalog, &["people"])).tap(&tap).ok();
        assert_eq!(read.column("people", "id"), [1], "{scenario}");
        let args = work.given().last().expect("a sync").args();
        args.into_iter().filter(|arg| arg == "--catalog" || arg == "--properties").collect()
    };
    assert_eq!(flags("takes-only-properties"), ["--properties"]);
    assert_eq!(flags("lists-both-flags-and-takes-properties"), ["--properties", "--catalog"]);
    assert_eq!(flags("legacy-selection"), ["--catalog"]);
}

#[test]
fn deselected_fields_are_not_asked_for_and_not_passed_on() {
    let work = Work::new();
    let record = r#"{"type":"RECORD","stream":"people","record":{"id":1, "secret":[1,{"name":2}], "name":1.50,"new":true}}"#;
    let columns = json!({"id": {"type": "integer"}, "name": {}, "secret": {}});
    let tap = Tap::with(&[entry("people", &["id"], columns)]).says(&[
        schema("people").as_str(),
        record,
        &state(json!({})),
    ]);
    let mut catalog = in_full(&work.discover().tap(&tap).ok().catalog());
    let kept = &mut catalog["streams"][0]["stream"]["json_schema"]["properties"];
    // The key is gone from the choice too, and must come all the same.
    *kept = json!({"name": {}});
    let read = work.read(&catalog).tap(&tap).ok();
    assert_eq!(read.records()[0].data, r#"{"id":1, "name":1.50,"new":true}"#);
    let given = work.given();
    let people = given.last().expect("a sync").entry("people");
    let selected = |field: &str| metadata(&people, &["properties", field])["selected"].clone();
    assert_eq!(selected("name"), true);
    assert_eq!(selected("secret"), false);
    assert_ne!(selected("id"), false, "a key is never deselected");
}

#[test]
fn a_bare_start_is_no_obstacle() {
    let read = read_all("state-before-anything");
    assert_eq!(read.column("people", "id"), [1], "a RECORD without a SCHEMA");
}

#[test]
fn not_a_number_becomes_null_and_is_marked() {
    let read = read_all("not-a-number");
    let records = read.records();
    assert_eq!(records[0].data, r#"{"id": 1, "score": null, "more": {"list": [1, null, null]}}"#);
    let changes = &records[0].meta.as_ref().expect("a meta")["changes"];
    assert_eq!(
        changes[0],
        json!({"field": "score", "change": "NULLED",
        "reason": "SOURCE_SERIALIZATION_ERROR"})
    );
    assert_eq!(changes.as_array().map(Vec::len), Some(3));
    assert_eq!(records[1].meta, None);
}

#[test]
fn a_malformed_record_fails_the_read_with_its_place_and_without_its_words() {
    let (work, tap) = (Work::new(), Tap::scenario("malformed-record"));
    let catalog = in_full(&work.discover().tap(&tap).ok().catalog());
    let failed = work.read(&catalog).tap(&tap).fails();
    let error = failed.error();
    assert!(error.contains("line 3") && error.contains("column 74"), "{error}");
    assert!(!failed.lines.iter().any(|line| line.raw.contains("cut o")), "no payload\n{failed}");
    assert_eq!(failed.last_status("people"), "INCOMPLETE");
    let skipped = work.read(&catalog).tap(&tap).args(["--on-malformed", "skip"]).ok();
    assert_eq!(skipped.column("people", "id"), [1, 3]);
    let state = skipped.committed_state();
    assert_eq!(state[0]["sourceStats"]["rejectedRecordCount"].to_string(), "1.0");
    assert!(skipped.logged("ERROR", "line 3") && !skipped.logs().concat().contains("cut o"));
}

#[test]
fn what_is_no_message_is_a_log_and_what_is_unknown_is_told_once() {
    let read = read_all("words-between-messages");
    assert_eq!(read.column("people", "id"), [1]);
    assert!(read.logged("INFO", "starting up"));
    let told = read.logs().iter().filter(|log| log.contains("PROGRESS")).count();
    assert_eq!(told, 1, "two messages of a type that nobody knows\n{read}");
    assert!(!read.logs().concat().contains("ACTIVATE_VERSION"), "consumed, told at debug only");
}

#[test]
fn a_tap_that_writes_nothing_has_failed() {
    let read = read_all("wrote-nothing");
    assert_eq!((read.exit, read.last_status("people").as_str()), (Exit::Code(1), "INCOMPLETE"));
    assert!(read.error().contains("wrote nothing at all"), "{read}");
}

#[test]
fn a_stream_of_which_nothing_was_said_is_told_and_is_incomplete_when_the_tap_warned() {
    let read = read_all("said-nothing-of-a-stream");
    assert_eq!(read.last_status("planets"), "COMPLETE");
    assert!(read.logged("WARN", "nothing of stream planets"));
    let read = read_all("warned-of-a-stream");
    assert_eq!((read.exit, read.last_status("planets").as_str()), (Exit::Code(1), "INCOMPLETE"));
    assert_eq!(read.last_status("people"), "COMPLETE");
}

#[test]
fn a_configured_stream_that_is_gone_hurts_only_itself() {
    let (work, tap) = (Work::new(), Tap::scenario("stream-is-gone"));
    let mut catalog = in_full(&work.discover().tap(&tap).ok().catalog());
    let mut gone = catalog["streams"][0].clone();
    gone["stream"]["name"] = json!("comets");
    catalog["streams"].as_array_mut().expect("streams").push(gone);
    let read = work.read(&catalog).tap(&tap).fails();
    assert_eq!(read.last_status("people"), "COMPLETE");
    assert_eq!(read.statuses_of("comets"), ["STARTED", "INCOMPLETE"]);
    assert_eq!(read.failure_type(), "config_error");
    assert!(read.error().contains("no stream comets"), "{read}");
}

#[test]
fn a_stream_without_rows_is_started_stated_and_complete() {
    let read = read_all("empty-stream");
    assert_eq!(read.statuses_of("people"), ["STARTED", "COMPLETE"]);
    assert_eq!(read.states_of("people").len(), 1);
    assert_eq!(read.records_of("planets").len(), 1, "a record without fields is dropped");
}

#[test]
fn namespaces_that_are_absent_null_or_empty_are_one_and_go_out_as_none() {
    let (work, tap) = (Work::new(), Tap::scenario("ignores-its-catalog"));
    let catalog = only(&in_full(&work.discover().tap(&tap).ok().catalog()), &["people"]);
    for namespace in [Value::Null, json!("")] {
        let mut catalog = catalog.clone();
        catalog["streams"][0]["stream"]["namespace"] = namespace;
        let read = work.read(&catalog).tap(&tap).ok();
        assert_eq!(read.records().len(), 2);
        assert!(!read.lines.iter().any(|line| line.raw.contains("namespace")));
    }
}

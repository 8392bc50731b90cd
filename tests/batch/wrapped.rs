//! BATCH files that hold Singer messages instead of records.

use super::{batch_of, people, story, tap};
use crate::harness::*;
use serde_json::json;

/// A read of people whose only BATCH is this file.
fn read_file(work: &Work, content: &str, schema: &str) -> Output {
    let tap = tap(&[("w", content.as_bytes().to_vec())]);
    let plain = batch_of("people", json!({"format": "jsonl"}), &["$PWD/w"]);
    let tap = tap.says(&[schema, &plain, &state(json!({"people": {"id": 9}}))]);
    work.read(&people(work, &tap)).tap(&tap).ok()
}

#[test]
fn record_messages_in_a_file_become_records_and_that_is_told_once() {
    let lines = [
        r#"{"type": "RECORD", "stream": "people", "record": {"id": 1, "name": 1.10}, "time_extracted": "2024-01-01T00:00:00Z"}"#,
        r#"{ "record":{"id":2,"name":NaN},"stream":"people","type":"RECORD"}"#,
        r#"{"id": 3, "name": "x"}"#,
        r#"{"type":"STATE","value":{"bookmarks":{}}}"#,
        r#"{"type":"SCHEMA","stream":"people","schema":{},"key_properties":[]}"#,
    ];
    let work = Work::new();
    let output = read_file(&work, &lines.join("\n"), &schema("people"));
    let data: Vec<String> = output.records().into_iter().map(|record| record.data).collect();
    let expected =
        [r#"{"id": 1, "name": 1.10}"#, r#"{"id":2,"name":null}"#, r#"{"id": 3, "name": "x"}"#];
    assert_eq!(data, expected, "{output}");
    assert_eq!(output.records()[0].emitted_at, 1_704_067_200_000);
    assert!(output.records()[1].meta.is_some(), "{output}");
    assert_eq!(story(&output).last().map(String::as_str), Some("S3.0"));
    let told: Vec<String> =
        output.logs().into_iter().filter(|log| log.starts_with("WARN the BATCH files")).collect();
    assert_eq!(told.len(), 2, "{output}");
    assert!(told[0].contains("`people` hold RECORD messages instead of records"), "{output}");
    assert!(told[1].contains("messages beside records; they are left out"), "{output}");
}

#[test]
fn rows_with_columns_of_these_names_are_rows() {
    let row = r#"{"type": "RECORD", "stream": "people", "record": {"id": 1}}"#;
    let own = json!({"type": "SCHEMA", "stream": "people", "key_properties": [], "schema":
        {"properties": {"type": {}, "stream": {}, "record": {}}}});
    let valued = json!({"type": "SCHEMA", "stream": "people", "key_properties": [], "schema":
        {"properties": {"type": {}, "value": {}}}});
    for (row, schema) in [
        (row, own.to_string()),
        (r#"{"type": "cat", "stream": "a", "record": {"id": 1}}"#, schema("people")),
        (r#"{"type": "cat", "id": 7}"#, schema("people")),
        (r#"{"stream": "RECORD", "version": 7}"#, schema("people")),
        (r#"{"type": "STATE", "value": "CA", "id": 1}"#, schema("people")),
        (r#"{"type": "STATE", "value": {"id": 1}}"#, valued.to_string()),
    ] {
        let work = Work::new();
        let output = read_file(&work, row, &schema);
        assert_eq!(output.records()[0].data, row, "{output}");
        assert!(!output.logs().iter().any(|log| log.contains("BATCH files")), "{output}");
    }
}

#[test]
fn a_record_message_under_a_name_that_nobody_knows_is_the_files_own_streams() {
    let work = Work::new();
    let line = r#"{"type": "RECORD", "stream": "People", "record": {"id": 1}}"#;
    let output = read_file(&work, line, &schema("people"));
    let records = output.records();
    assert_eq!(records.len(), 1, "{output}");
    assert_eq!((records[0].stream.as_str(), records[0].data.as_str()), ("people", r#"{"id": 1}"#));
}

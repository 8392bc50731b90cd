//! A schema that isn't what was discovered is told once, and nothing that only looks so is told.

use crate::harness::*;
use serde_json::{Value, json};

/// The warnings of a read that are about schemas.
fn told(output: &Output) -> Vec<String> {
    let about = |log: &String| log.starts_with("WARN") && log.contains("schema drift");
    output.logs().into_iter().filter(about).collect()
}

/// The catalog with every other column left out, keys and cursors aside.
fn with_half_of_the_columns(mut configured: Value) -> (Value, usize) {
    let mut left_out = 0;
    for stream in configured["streams"].as_array_mut().expect("streams") {
        let properties = stream["stream"]["json_schema"]["properties"].as_object_mut();
        let mut number = 0;
        properties.expect("properties").retain(|_, _| {
            number += 1;
            left_out += number % 2;
            number % 2 == 0
        });
    }
    (configured, left_out)
}

#[test]
fn no_recorded_tap_is_said_to_drift() {
    for folder in folders("recordings") {
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        let (work, tap) = (Work::new(), Tap::scenario(&format!("recorded-{name}")));
        let catalog = incrementally(&work.discover().tap(&tap).ok().catalog());
        let first = work.read(&catalog).tap(&tap).ok();
        assert!(!first.records().is_empty(), "{name}");
        assert_eq!(told(&first), [""; 0], "{name}");
        let again = work.read(&catalog).tap(&tap).with_state(&first.committed_state()).ok();
        assert_eq!(told(&again), [""; 0], "{name}, resumed");
        let (half, left_out) = with_half_of_the_columns(catalog);
        assert!(left_out > 0, "{name}");
        assert_eq!(told(&work.read(&half).tap(&tap).ok()), [""; 0], "{name}, half of the columns");
    }
}

fn schema_of(columns: Value) -> String {
    json!({"type": "SCHEMA", "stream": "users", "key_properties": ["id"],
        "schema": {"type": "object", "properties": columns}})
    .to_string()
}

/// A stream whose SCHEMA has so many columns that were not discovered.
fn with_new_columns(count: usize) -> Tap {
    let said: serde_json::Map<String, Value> =
        (0..count).map(|n| (format!("new_{n:03}"), json!({"type": "string"}))).collect();
    let mut said = Value::Object(said);
    said["id"] = json!({"type": "integer"});
    let line = schema_of(said);
    let row = r#"{"type":"RECORD","stream":"users","record":{"id":1,"new_000":1.50}}"#;
    let columns = json!({"id": {"type": "integer"}});
    Tap::with(&[entry("users", &["id"], columns)]).says(&[&*line, &*line, row])
}

#[test]
fn each_new_column_is_told_once_and_passes() {
    let (work, tap) = (Work::new(), with_new_columns(3));
    let catalog = in_full(&work.discover().tap(&tap).ok().catalog());
    let read = work.read(&catalog).tap(&tap).ok();
    assert_eq!(told(&read).len(), 3, "{read}");
    let first = "WARN stream users: schema drift: `new_000` is new (string)";
    assert_eq!(told(&read)[0], first);
    assert_eq!(read.records()[0].data, r#"{"id":1,"new_000":1.50}"#);
}

#[test]
fn of_very_many_differences_a_hundred_are_told() {
    let (work, tap) = (Work::new(), with_new_columns(130));
    let catalog = in_full(&work.discover().tap(&tap).ok().catalog());
    let read = work.read(&catalog).tap(&tap).ok();
    let told = told(&read);
    assert!(told.len() <= 101, "{}", told.len());
    assert!(told.iter().any(|one| one.contains("further places")), "{told:?}");
}

#[test]
fn where_no_catalog_is_known_the_first_schema_is_the_measure() {
    let shape = |kind: &str| schema_of(json!({"id": {"type": kind}}));
    let row = r#"{"type":"RECORD","stream":"users","record":{"id":1}}"#.to_owned();
    let lines = [shape("integer"), row.clone(), shape("string"), row].join("\n");
    let work = Work::new();
    let file = work.file("messages.jsonl", lines);
    let converted = work.convert("messages").arg(file).go();
    let expected = "WARN stream users: schema drift: `id` was integer and is string now";
    assert_eq!(told(&converted), [expected]);
}

/// A schema of more parts than are looked into.
fn of_too_many_columns() -> Value {
    let columns = (0..210_000).map(|n| (format!("c{n}"), json!({"type": ["integer"]})));
    Value::Object(columns.collect())
}

#[test]
fn a_schema_of_too_many_parts_is_told_once_and_its_records_pass() {
    let mut columns = of_too_many_columns();
    let line = schema_of(columns.clone());
    columns["c0"] = json!({"type": "string"});
    let other = schema_of(columns);
    let row = r#"{"type":"RECORD","stream":"users","record":{"id":1,"c1":"no number"}}"#;
    let entry = entry("users", &["id"], json!({"id": {"type": "integer"}}));
    let tap = Tap::with(&[entry]).says(&[&*line, row, &*other, row]);
    let work = Work::new();
    let catalog = incrementally(&work.discover().tap(&tap).ok().catalog());
    let read = work.read(&catalog).tap(&tap).ok();
    assert_eq!(read.records().len(), 2);
    let told: Vec<String> =
        read.logs().into_iter().filter(|log| log.contains("too large to be looked into")).collect();
    let [told] = told.as_slice() else { panic!("{told:?}") };
    assert!(told.starts_with("WARN stream users: its schema is too large"), "{told}");
}

#[test]
fn a_stream_with_too_many_columns_is_offered_without_them() {
    let tap = Tap::with(&[entry("users", &["id"], of_too_many_columns())]);
    let discovered = Work::new().discover().tap(&tap).ok();
    let stream = &discovered.catalog()["streams"][0];
    assert_eq!(stream["name"], "users");
    // The key stays: nothing else tells rows apart.
    assert_eq!(stream["source_defined_primary_key"], json!([["id"]]));
    let columns = stream["json_schema"]["properties"].as_object().expect("columns");
    assert_eq!(columns.keys().collect::<Vec<_>>(), ["id"]);
    let said = "stream users: its columns are not offered, since its schema is too large";
    assert!(discovered.logs().iter().any(|log| log.contains(said)), "{:?}", discovered.logs());
}

#[test]
fn a_long_list_of_values_changes_nothing() {
    let values: Vec<String> = (0..50_000).map(|n| format!("v{n}")).collect();
    let columns = json!({"id": {"type": "integer"}, "mode": {"enum": values}});
    let row = r#"{"type":"RECORD","stream":"users","record":{"id":1,"mode":"v7"}}"#;
    let entry = entry("users", &["id"], columns.clone());
    let tap = Tap::with(&[entry]).says(&[&*schema_of(columns), row]);
    let work = Work::new();
    let discovered = work.discover().tap(&tap).ok().catalog();
    let mode = &discovered["streams"][0]["json_schema"]["properties"]["mode"];
    assert_eq!(*mode, json!({"type": ["null", "string"]}));
    let read = work.read(&incrementally(&discovered)).tap(&tap).ok();
    assert_eq!(read.records().len(), 1);
    assert_eq!(told(&read), [""; 0]);
    assert!(!read.logs().iter().any(|log| log.contains("too large")));
}

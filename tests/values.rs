//! Values that break their schema pass as they are; where and how often they do is told, and never
//! what they are.

mod columns;

use crate::harness::*;
use serde_json::{Value, json};

/// What is said of values, less the level's own word.
fn told(output: &Output) -> Vec<String> {
    let about = |log: &String| log.contains("the tap's schema") || log.contains("their schema");
    output.logs().into_iter().filter(about).collect()
}

fn schema_of(columns: Value) -> String {
    json!({"type": "SCHEMA", "stream": "users", "key_properties": ["id"],
        "schema": {"type": "object", "properties": columns}})
    .to_string()
}

fn record(row: &str) -> String {
    format!(r#"{{"type":"RECORD","stream":"users","record":{row}}}"#)
}

/// A tap of one stream that says these lines of it.
fn users(lines: &[String]) -> Tap {
    Tap::with(&[entry("users", &["id"], columns())]).says(lines)
}

fn read<'w>(work: &'w Work, tap: &Tap) -> Run<'w> {
    let catalog = in_full(&work.discover().tap(tap).ok().catalog());
    work.read(&catalog).tap(tap)
}

/// Rows of which every one breaks the schema, some at several places.
const ROWS: [&str; 4] = [
    r#"{"id":"hunter1","name":"a","updated_at":"2026-01-01T00:00:00Z"}"#,
    r#"{"id":2,"name":3.10,"updated_at":"0000-00-00 00:00:00"}"#,
    r#"{"id":18446744073709551616,"name":["hunter2"],"updated_at":"2026-01-01 00:00:00"}"#,
    r#"{"id":4.5,"name":null,"updated_at":null}"#,
];

fn broken() -> Tap {
    let mut lines = vec![schema_of(columns())];
    lines.extend(ROWS.map(record));
    users(&lines)
}

fn passes_as_it_is(output: &Output) {
    let data: Vec<String> = output.records().into_iter().map(|record| record.data).collect();
    assert_eq!(data, ROWS, "{output}");
    assert!(output.records().iter().all(|record| record.meta.is_none()), "{output}");
    assert!(!output.logs().iter().any(|log| log.contains("hunter")), "{output}");
}

#[test]
fn a_sample_of_the_records_is_looked_at_without_being_asked() {
    let work = Work::new();
    let output = read(&work, &broken()).ok();
    passes_as_it_is(&output);
    let expected = [
        "`id`: string where integer is declared, in 1 of 4 records looked at, 4 in all",
        "`name`: number where null or string is declared, in 1 of 4 records looked at, 4 in all",
        "`updated_at`: no date-time, in 1 of 4 records looked at, 4 in all",
        "`name`: array where null or string is declared, in 1 of 4 records looked at, 4 in all",
        "`id`: number where integer is declared, in 1 of 4 records looked at, 4 in all",
    ];
    let expected =
        expected.map(|what| format!("INFO stream users: values break the tap's schema: {what}"));
    assert_eq!(told(&output), expected, "{output}");
}

#[test]
fn all_records_are_looked_at_on_demand_and_counted() {
    let mut lines = vec![schema_of(columns())];
    for number in 0..2200 {
        let name = if number % 10 == 3 { "7" } else { r#""a""# };
        lines.push(record(&format!(r#"{{"id":{number},"name":{name}}}"#)));
    }
    let tap = users(&lines);
    let expected = [
        "WARN stream users: values break the tap's schema: \
         `name`: number where null or string is declared, in 220 of 2200 records",
        "INFO stream users: 2200 records held against the tap's schema, 220 break it",
    ];
    let work = Work::new();
    assert_eq!(told(&read(&work, &tap).arg("--validate-records").ok()), expected);
    let environment = read(&work, &tap).env("AIRBYTE_SINGER_VALIDATE_RECORDS", "true");
    assert_eq!(told(&environment.ok()), expected);
    let config = r#"{"__airbyte_singer": {"validate_records": true}}"#;
    assert_eq!(told(&read(&work, &tap).with_config(config).ok()), expected);
    let profile = work.file("profile.yaml", "version: 1\nvalidate_records: true\n");
    assert_eq!(told(&read(&work, &tap).arg("--profile").arg(profile).ok()), expected);
    // The first hundred, and every 1024th: 2 of the 2100 others.
    let sample = told(&read(&work, &tap).arg("--validate-records=false").ok());
    assert!(sample[0].ends_with("of 102 records looked at, 2200 in all"), "{sample:?}");
}

#[test]
fn what_fits_is_told_only_on_demand() {
    let lines = [schema_of(columns()), record(r#"{"id":1,"name":null}"#)];
    let work = Work::new();
    assert_eq!(told(&read(&work, &users(&lines)).ok()), [""; 0]);
    let expected = ["INFO stream users: 1 records held against the tap's schema, 0 break it"];
    assert_eq!(told(&read(&work, &users(&lines)).arg("--validate-records").ok()), expected);
}

#[test]
fn schemas_of_every_kind_and_numbers_of_any_size_fail_nothing() {
    let huge = "7".repeat(401);
    let row = format!(r#"{{"id":{huge},"n":{huge},"tree":{{"kids":[{{"kids":"hunter2"}}]}}}}"#);
    let schema = json!({"type": "SCHEMA", "stream": "users", "key_properties": ["id"],
        "schema": {"properties": {
            "id": {"type": "integer", "maximum": 9, "exclusiveMaximum": true},
            "n": {"type": ["number", "null"], "multipleOf": 1e-38, "maximum": 1e300},
            "tree": {"$ref": "#/definitions/node"}},
            "definitions": {"node": {"type": "object", "properties": {
                "kids": {"type": "array", "items": {"$ref": "#/definitions/node"}}}}}}});
    let tap = users(&[schema.to_string(), record(&row)]);
    let output = read(&Work::new(), &tap).arg("--validate-records").ok();
    assert_eq!(output.records()[0].data, row);
    let expected = [
        "WARN stream users: values break the tap's schema: \
         `tree.kids[].kids`: string where array is declared, in 1 of 1 records",
        "INFO stream users: 1 records held against the tap's schema, 1 break it",
    ];
    assert_eq!(told(&output), expected);
}

#[test]
fn a_schema_that_nothing_can_be_held_against_is_said_once() {
    let schema = schema_of(json!({"id": {"$ref": "#/definitions/lost"}}));
    let lines = [schema.clone(), record(r#"{"id":1}"#), schema, record(r#"{"id":2}"#)];
    let output = read(&Work::new(), &users(&lines)).arg("--validate-records").ok();
    assert_eq!(output.records().len(), 2);
    let expected = "WARN stream users: records can't be held against their schema: \
                    a `$ref` in it leads nowhere";
    assert_eq!(told(&output), [expected]);
}

#[test]
fn without_a_schema_message_the_catalogs_is_the_measure() {
    let (work, tap) = (Work::new(), users(&[record(r#"{"id":"hunter2"}"#)]));
    let output = read(&work, &tap).arg("--validate-records").ok();
    assert!(
        told(&output)[0].contains("`id`: string where integer is declared, in 1 of 1"),
        "{output}"
    );
}

#[test]
fn a_schema_that_changes_is_the_measure_from_then_on() {
    let id = |kind: &str| schema_of(json!({"id": {"type": kind}}));
    let row = || record(r#"{"id":1}"#);
    let lines = [id("integer"), row(), id("string"), row(), row()];
    let output = read(&Work::new(), &users(&lines)).arg("--validate-records").ok();
    assert!(
        told(&output)[0].contains("`id`: number where string is declared, in 2 of 3"),
        "{output}"
    );
}

#[test]
fn of_very_many_places_a_hundred_are_told() {
    let columns: serde_json::Map<String, Value> =
        (0..150).map(|n| (format!("c{n}"), json!({"type": "string"}))).collect();
    let row: serde_json::Map<String, Value> =
        (0..150).map(|n| (format!("c{n}"), json!(n))).collect();
    let lines = [schema_of(Value::Object(columns)), record(&Value::Object(row).to_string())];
    let told = told(&read(&Work::new(), &users(&lines)).ok());
    assert_eq!(told.len(), 101);
    assert!(told[100].contains("further places"), "{told:?}");
}

/// Each stream tells at most a hundred places, so all that are told are shown, however many at once.
#[test]
fn no_place_is_left_out_because_other_streams_have_many() {
    let columns: serde_json::Map<String, Value> =
        (0..80).map(|n| (format!("c{n}"), json!({"type": "string"}))).collect();
    let row: serde_json::Map<String, Value> =
        (0..80).map(|n| (format!("c{n}"), json!(n))).collect();
    let users = [schema_of(Value::Object(columns)), record(&Value::Object(row).to_string())];
    let others = users.clone().map(|line| line.replace("users", "others"));
    let entries = ["users", "others"].map(|name| entry(name, &["id"], self::columns()));
    let tap = Tap::with(&entries).says(&[users, others].concat());
    for (flag, lines) in [(None, 160), (Some("--validate-records"), 162)] {
        let work = Work::new();
        let output = flag.into_iter().fold(read(&work, &tap), |run, flag| run.arg(flag)).ok();
        assert_eq!(told(&output).len(), lines, "{output}");
        let drifts = output.logs().into_iter().filter(|log| log.contains("schema drift")).count();
        assert!(drifts >= 160, "{drifts} of the columns are new: {output}");
    }
}

#[test]
fn a_read_that_fails_tells_what_it_saw() {
    let output = read(&Work::new(), &broken().exits(json!({"sync": 1}))).fails();
    passes_as_it_is(&output);
    assert_eq!(told(&output).len(), 5, "{output}");
}

#[test]
fn so_do_messages_that_come_by_a_pipe() {
    let work = Work::new();
    let lines: Vec<String> =
        std::iter::once(schema_of(columns())).chain(ROWS.map(record)).collect();
    let file = work.file("messages.jsonl", lines.join("\n"));
    let converted = work.convert("messages").arg("--validate-records").arg(file).go();
    passes_as_it_is(&converted);
    assert_eq!(told(&converted).len(), 6, "{converted}");
}

#[test]
fn what_recorded_taps_break_is_told_and_nothing_else() {
    let expected = [
        ("meltanolabs-tap-postgres", "`c_intarr[]`: null where integer is declared"),
        ("meltanolabs-tap-postgres", "`c_oid`: number where null or string is declared"),
        ("meltanolabs-tap-postgres", "`c_textarr[]`: null where string is declared"),
        ("meltanolabs-tap-postgres", "`c_intarr[]`: array where integer is declared"),
        ("pipelinewise-tap-mysql", "`c_time`: no time"),
        ("pipelinewise-tap-mysql", "`c_geo`: string where null or object is declared"),
    ];
    let mut found = Vec::new();
    for folder in folders("recordings") {
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        let tap = Tap::scenario(&format!("recorded-{name}"));
        let output = read(&Work::new(), &tap).arg("--validate-records").ok();
        let held = told(&output).iter().filter(|log| log.starts_with("INFO")).count();
        assert!(held > 0, "{name}: no stream was looked at");
        for log in told(&output).iter().filter(|log| log.starts_with("WARN")) {
            let (_, what) = log.split_once("break the tap's schema: ").expect("a break");
            let (what, _) = what.split_once(", in ").expect("a count");
            found.push((name.clone(), what.to_owned()));
        }
    }
    let found: Vec<(&str, &str)> = found.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(found, expected);
}

//! Columns that no schema names, and columns that the profile declares.

use super::{read, record, schema_of, users};
use crate::harness::*;
use serde_json::{Value, json};

/// What is said of columns that no schema names.
fn undeclared(output: &Output) -> Vec<String> {
    let told = |log: &String| log.contains("no schema names") || log.contains("NOT ONE column");
    output.logs().into_iter().filter(told).collect()
}

/// A stream without any known column, and one whose records have more columns than its schema names.
#[test]
fn columns_that_no_schema_names_pass_and_are_told_once() {
    let rows = [
        ("raw", r#"{"a":1,"b":"hunter2"}"#),
        ("docs", r#"{"id":1,"title":"t","tags":["a"]}"#),
        ("docs", r#"{"id":2,"title":"u"}"#),
        ("docs", r#"{"id":3}"#),
    ];
    let mut lines = vec![
        json!({"type": "SCHEMA", "stream": "raw", "schema": {"properties": {}}, "key_properties": []})
            .to_string(),
        schema("docs"),
    ];
    lines.extend(rows.map(|(name, row)| record(row).replace("users", name)));
    let entries = [entry("raw", &[], json!({})), entry("docs", &["id"], columns())];
    let tap = Tap::with(&entries).says(&lines);
    for flags in [&[] as &[&str], &["--validate-records"]] {
        let output = read(&Work::new(), &tap).args(flags).ok();
        let data: Vec<String> = output.records().into_iter().map(|record| record.data).collect();
        assert_eq!(data, rows.map(|(_, row)| row), "{output}");
        let way_out = |id: &str| {
            format!("; `streams.{id}.columns` in the profile can add them to the schema")
        };
        let expected = [
            format!(
                "WARN stream raw: NOT ONE column of its records is named by a schema, so destinations \
                 leave out everything that it brings: 2, each seen once or with a long name, of 1 \
                 records{}",
                way_out("raw")
            ),
            format!(
                "WARN stream docs: records hold columns that no schema names, which destinations leave \
                 out: `title` in 2 and 1 more, of 3 records{}",
                way_out("docs")
            ),
        ];
        assert_eq!(undeclared(&output), expected, "{output}");
        assert!(!output.logs().iter().any(|log| log.contains("hunter2") || log.contains("tags")));
    }
}

#[test]
fn what_the_catalog_the_user_or_the_profile_names_is_no_such_column() {
    let lines = [
        schema_of(json!({"id": {"type": "integer"}})),
        record(r#"{"id":1,"name":"a","own":1}"#),
        record(r#"{"id":2,"name":"b","own":1}"#),
    ];
    let (work, tap) = (Work::new(), users(&lines));
    let output = read(&work, &tap).ok();
    assert!(undeclared(&output)[0].contains("`own` in 2, of 2 records;"), "{output}");
    // Named in the configured catalog.
    let mut catalog = in_full(&work.discover().tap(&tap).ok().catalog());
    catalog["streams"][0]["stream"]["json_schema"]["properties"]["own"] = json!({});
    assert_eq!(undeclared(&work.read(&catalog).tap(&tap).ok()), [""; 0]);
    // Declared by the profile, and so discovered.
    let profile = "version: 1\nstreams: {users: {columns: {own: {type: integer}}}}\n";
    let profile = work.file("p.yaml", profile);
    let found = work.discover().tap(&tap).arg("--profile").arg(&profile).ok();
    assert!(found.logged("WARN", "no column `own`"), "{found}");
    let own = &found.catalog()["streams"][0]["json_schema"]["properties"]["own"];
    assert_eq!(*own, json!({"type": ["null", "integer"]}));
    let read = work.read(&in_full(&found.catalog())).tap(&tap).arg("--profile").arg(profile).ok();
    assert_eq!(undeclared(&read), [""; 0]);
    assert_eq!(read.records()[0].data, r#"{"id":1,"name":"a","own":1}"#);
}

#[test]
fn so_are_columns_of_messages_that_come_by_a_pipe() {
    let lines = [schema("users"), record(r#"{"id":1,"x":1}"#), record(r#"{"id":2,"x":1}"#)];
    let work = Work::new();
    let file = work.file("messages.jsonl", lines.join("\n"));
    let output = work.convert("messages").arg(file).go();
    assert!(undeclared(&output)[0].contains("`x` in 2, of 2 records"), "{output}");
}

#[test]
fn a_secret_in_a_columns_name_is_masked() {
    let row = record(r#"{"id":1,"of-hunter2-hunter2":1}"#);
    let tap = users(&[schema("users"), row.clone(), row]);
    let output = read(&Work::new(), &tap).with_config(r#"{"password": "hunter2-hunter2"}"#).ok();
    assert!(undeclared(&output)[0].contains("`of-****` in 2"), "{output}");
}

const TIMES: [&str; 5] = [
    r#"{"id":1,"born":"0001-01-01T00:00:00Z","day":"0001-01-01"}"#,
    r#"{"id":2,"born":"51502-06-08T14:46:42.000000Z","day":"10000-01-01"}"#,
    r#"{"id":3,"born":"2018-12-03T16:59:03","day":"2024-01-01T00:00:00"}"#,
    r#"{"id":4,"born":"0044-03-15 BC","day":"infinity"}"#,
    r#"{"id":5,"born":null,"day":null}"#,
];

fn times() -> Tap {
    let columns = json!({"id": {"type": "integer"},
        "born": {"type": ["null", "string"], "format": "date-time"},
        "day": {"type": ["null", "string"], "format": "date"}});
    let mut lines = vec![schema_of(columns.clone())];
    lines.extend(TIMES.map(record));
    Tap::with(&[entry("users", &["id"], columns)]).says(&lines)
}

/// What is said of values, from the level on.
fn told(output: &Output, level: &str) -> Vec<String> {
    let of_level = output.logs().into_iter().filter(|log| log.starts_with(level));
    let told = of_level.filter_map(|log| Some(log.split_once("the tap's schema: ")?.1.to_owned()));
    told.map(|log| log.split_once(", in ").map_or(log.clone(), |(what, _)| what.to_owned()))
        .collect()
}

#[test]
fn years_before_1_or_after_9999_are_warned_of_by_column_and_pass() {
    let output = read(&Work::new(), &times()).ok();
    let data: Vec<String> = output.records().into_iter().map(|record| record.data).collect();
    assert_eq!(data, TIMES, "{output}");
    let years = ["`born`: a year before 1 or after 9999", "`day`: a year before 1 or after 9999"];
    assert_eq!(told(&output, "WARN"), years, "{output}");
    assert_eq!(told(&output, "INFO"), ["`day`: no date"], "{output}");
    assert!(output.logged("WARN", "`born`: a year before 1 or after 9999, in 2 of 5 records"));
    assert!(output.logged("WARN", "`born: {type: string}`"), "{output}");
    assert!(!output.logs().iter().any(|log| log.contains("51502") || log.contains("0044")));
}

#[test]
fn a_column_that_the_profile_calls_a_text_is_one_in_the_schema_and_its_values_stay() {
    let (work, tap) = (Work::new(), times());
    let profile =
        "version: 1\nstreams: {users: {columns: {born: {type: string}, day: {type: string}}}}\n";
    let profile = work.file("p.yaml", profile);
    let found = work.discover().tap(&tap).arg("--profile").arg(&profile).ok().catalog();
    let text = json!({"type": ["null", "string"]});
    let properties = &found["streams"][0]["json_schema"]["properties"];
    assert_eq!((&properties["born"], &properties["day"]), (&text, &text));
    assert_eq!(properties["id"], json!({"type": "integer"}));
    for flags in [&[] as &[&str], &["--validate-records"]] {
        let run = work.read(&in_full(&found)).tap(&tap).arg("--profile").arg(&profile);
        let output = run.args(flags).ok();
        let data: Vec<String> = output.records().into_iter().map(|record| record.data).collect();
        assert_eq!(data, TIMES, "{output}");
        assert_eq!(told(&output, ""), [""; 0], "{output}");
    }
    // And in what is converted.
    let singer =
        work.file("singer.json", std::fs::read(tap.folder().join("discover.json")).expect("it"));
    let convert = work.convert("catalog").args(["--from", "singer"]).arg(singer);
    let converted = convert.arg("--profile").arg(&profile).go();
    let page: String = converted.lines.iter().map(|line| line.raw.as_str()).collect();
    let page: Value = serde_json::from_str(&page).expect("a catalog");
    assert_eq!(page["streams"][0]["json_schema"]["properties"]["born"], text);
    // What is no type is refused, by its path.
    let wrong = "version: 1\nstreams: {users: {columns: {born: {type: date}}}}\n";
    let wrong = work.file("wrong.yaml", wrong);
    let refused = work.discover().tap(&tap).arg("--profile").arg(wrong).fails();
    assert!(refused.error().contains("streams.users.columns.born.type"), "{refused}");
}

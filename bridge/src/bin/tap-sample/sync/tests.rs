use std::collections::HashMap;

use super::*;
use crate::streams;

struct Output {
    lines: Vec<u8>,
    code: Result<ExitCode, String>,
}

fn read(config: &Config, catalog: &Catalog, state: State) -> Output {
    let mut lines = Vec::new();
    let code = run(config, catalog, state, &mut lines).map_err(|failure| match failure {
        Failure::Critical(words) => words,
        Failure::ReaderGone => panic!("memory has no reader"),
    });
    Output { lines, code }
}

impl Output {
    fn messages(&self) -> Vec<Message<'_>> {
        let lines = self.lines.split_inclusive(|byte| *byte == b'\n');
        lines.map(|line| Message::parse(line).unwrap()).collect()
    }

    fn rows(&self, stream: &str) -> Vec<Value> {
        let of_stream = |message: &Message<'_>| match message {
            Message::Record(record) if record.stream == stream => {
                Some(serde_json::from_str(record.record).unwrap())
            }
            _ => None,
        };
        self.messages().iter().filter_map(of_stream).collect()
    }

    fn last_state(&self) -> State {
        match self.messages().pop() {
            Some(Message::State(state)) => State::parse(state.value.as_bytes()).unwrap(),
            other => panic!("the last message is no state: {other:?}"),
        }
    }
}

#[track_caller]
fn fits(value: &Value, schema: &Value) {
    let of_type = |name: &Value| match name.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.as_i64().is_some(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("no type {other}"),
    };
    let fitting = match &schema["type"] {
        Value::Array(names) => names.iter().any(of_type),
        name => of_type(name),
    };
    assert!(fitting, "{value} under {schema}");
    if schema["format"] == "date-time" {
        let text = value.as_str().unwrap();
        assert!(epoch_millis(text).is_some() && text.ends_with('Z'), "{text}");
    }
    for (name, nested) in value.as_object().into_iter().flatten() {
        fits(nested, &schema["properties"][name]);
    }
    value.as_array().into_iter().flatten().for_each(|item| fits(item, &schema["items"]));
}

#[test]
fn rows_fit_their_schemas_and_come_again() {
    let (config, catalog) = (Config::default(), streams::everything().unwrap());
    let output = read(&config, &catalog, State::default());
    assert_eq!(output.code, Ok(ExitCode::SUCCESS));
    let mut schemas = HashMap::new();
    let mut counts = HashMap::new();
    for message in output.messages() {
        match message {
            Message::Schema(schema) => {
                let json: Value = serde_json::from_str(schema.schema).unwrap();
                schemas.insert(schema.stream.into_owned(), json);
            }
            Message::Record(record) => {
                fits(&serde_json::from_str(record.record).unwrap(), &schemas[&*record.stream]);
                *counts.entry(record.stream.into_owned()).or_insert(0) += 1;
            }
            _ => {}
        }
    }
    let expected = [("customers", 100), ("countries", 6), ("orders", 100), ("events", 100)];
    assert_eq!(counts, expected.map(|(name, rows)| (name.to_owned(), rows)).into());
    assert_eq!(schemas.len(), 5);
    assert_eq!(read(&config, &catalog, State::default()).lines, output.lines);
    let other = read(&Config { seed: 2, ..config }, &catalog, State::default());
    assert_ne!(other.lines, output.lines);
}

#[test]
fn a_resume_begins_with_the_last_row_again() {
    let (config, catalog) = (Config::default(), streams::everything().unwrap());
    let state = read(&config, &catalog, State::default()).last_state();
    assert_eq!(state.currently_syncing(), None);
    let resumed = read(&Config { rows: 103, ..config }, &catalog, state);
    let ids = |stream| -> Vec<_> {
        resumed.rows(stream).iter().map(|row| row["id"].as_u64().unwrap()).collect()
    };
    assert_eq!(ids("customers"), [100, 101, 102, 103]);
    assert_eq!(ids("orders"), [100, 101, 102, 103]);
    assert_eq!(resumed.rows("events").len(), 103);
}

#[test]
fn a_full_table_ignores_its_bookmark() {
    let (config, mut catalog) = (Config::default(), streams::everything().unwrap());
    let state = read(&config, &catalog, State::default()).last_state();
    for entry in catalog.streams_mut() {
        entry.select(&singer_protocol::Selection::full_table());
    }
    assert_eq!(read(&config, &catalog, state).rows("orders").len(), 100);
}

#[test]
fn what_is_not_selected_does_not_come() {
    let mut catalog = streams::catalog().unwrap();
    let orders = catalog.stream_mut("orders").unwrap();
    orders.select(&singer_protocol::Selection {
        fields: singer_protocol::FieldSelection::Only(["note".to_owned()].into()),
        ..singer_protocol::Selection::incremental(REPLICATION_KEY)
    });
    let output = read(&Config::default(), &catalog, State::default());
    assert!(output.rows("customers").is_empty());
    let names: Vec<_> = output.rows("orders")[0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["id", "note", "updated_at"]);
}

#[test]
fn it_goes_wrong_when_asked_to() {
    let catalog = streams::everything().unwrap();
    let wrong = Config { api_key: Some("wrong".into()), ..Config::default() };
    let output = read(&wrong, &catalog, State::default());
    assert!(output.code.unwrap_err().starts_with("401 ") && output.lines.is_empty());
    let after = |fail| Config { fail: Some(fail), fail_after: 7, ..Config::default() };
    for fail in [Fail::Critical, Fail::Traceback, Fail::Silent] {
        let output = read(&after(fail), &catalog, State::default());
        assert_eq!(output.code, Ok(ExitCode::FAILURE));
        assert_eq!(output.rows("customers").len(), 7);
    }
    for fail in [Fail::Malformed, Fail::Nan] {
        let output = read(&after(fail), &catalog, State::default());
        let lines = output.lines.split_inclusive(|byte| *byte == b'\n');
        let broken: Vec<_> = lines.filter(|line| Message::parse(line).is_err()).collect();
        assert_eq!(broken.len(), 1);
        let mended = singer_protocol::repair_non_finite(broken[0]);
        assert_eq!(
            mended.map(|mended| mended.nulled),
            (fail == Fail::Nan).then(|| vec!["amount".into()])
        );
    }
}

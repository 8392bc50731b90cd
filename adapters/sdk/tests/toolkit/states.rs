//! States that a user hands in, and errors that a user reads.

use crate::model::{Kind, Model, Models};
use airbyte_protocol::{
    FailureType, State, StateStats, Status, StreamDescriptor, StreamState, StreamStatus, SyncMode,
};
use airbyte_singer_sdk::toolkit::{About, Connection, Connector, Native, Schema, Streams};
use airbyte_singer_sdk::{Error, Outcome, Result, testing};
use serde_json::{Value, json};

fn two() -> Models {
    let model = |name: &str, kind| Model {
        name: name.to_owned(),
        kind,
        slices: vec![vec![1, 5], vec![101]],
        waits: vec![0],
        fails: None,
    };
    Models(vec![model("kept", Kind::Windows), model("other", Kind::Pages)])
}

fn state(stream: &str, blob: Value) -> State {
    let state = StreamState::new(StreamDescriptor::new(stream), Some(blob));
    State::stream(state, StateStats::records(0))
}

#[test]
fn a_foreign_or_future_state_is_a_config_error_that_names_the_stream() {
    let catalog = two().configured(SyncMode::Incremental);
    for (blob, reason) in [
        (json!({"bookmarks": {"x": "hunter2"}}), "was not written by this source"),
        (json!({"version": 2, "cursor": "hunter2"}), "was written by a newer version"),
    ] {
        let mut source = Native::new(two());
        let read = testing::read(&mut source, &json!({}), &catalog, &[state("kept", blob)]);
        assert_eq!(read.outcome, Outcome::Failed);
        let error = read.error().expect("an error");
        assert!(error.message.starts_with("stream kept: its state"), "{}", error.message);
        assert!(error.message.contains(reason), "{}", error.message);
        assert!(!error.message.contains("hunter2"));
        assert_eq!(error.failure_type, Some(FailureType::ConfigError));
        assert_eq!(error.stream_descriptor, Some(StreamDescriptor::new("kept")));
        let other = StreamDescriptor::new("other");
        assert_eq!(read.statuses(&other).last(), Some(&StreamStatus::Complete));
        assert_eq!(read.rows(&other).len(), 3);
    }
}

#[test]
fn an_incremental_read_goes_on_at_its_cursor() {
    let catalog = two().configured(SyncMode::Incremental);
    let blob = json!({"version": 1, "mode": "incremental", "cursor": 5});
    let read = testing::read(&mut Native::new(two()), &json!({}), &catalog, &[state("kept", blob)]);
    let kept = StreamDescriptor::new("kept");
    let rows = [r#"{"slice":0,"n":1,"at":5}"#, r#"{"slice":1,"n":0,"at":101}"#];
    assert_eq!(read.rows(&kept), rows);
    let last = read.states_of(&kept).pop().expect("a state");
    let expected = json!({"version": 1, "mode": "incremental", "cursor": 101});
    assert_eq!(last.stream_state, Some(expected));
}

#[test]
fn a_full_refresh_that_was_complete_begins_anew() {
    let catalog = two().configured(SyncMode::FullRefresh);
    let mut source = Native::new(two());
    let first = testing::read(&mut source, &json!({}), &catalog, &[]);
    let ends = [
        first.states_of(&StreamDescriptor::new("kept")),
        first.states_of(&StreamDescriptor::new("other")),
    ];
    let stored: Vec<State> = ends
        .into_iter()
        .filter_map(|mut states| states.pop())
        .map(|last| State::stream(last, StateStats::records(0)))
        .collect();
    assert_eq!(stored.len(), 2);
    let second = testing::read(&mut source, &json!({}), &catalog, &stored);
    assert_eq!(second.records().count(), first.records().count());
}

/// As PyAirbyte asks for every stream, whatever it offers, and hands every state back.
#[test]
fn a_stream_without_a_cursor_that_is_asked_for_incrementally_is_read_whole() {
    let other = StreamDescriptor::new("other");
    let mut catalog = two().configured(SyncMode::Incremental);
    catalog.streams[1].sync_mode = SyncMode::Incremental;
    let mut source = Native::new(two());
    let mut stored = Vec::new();
    let mut rows = Vec::new();
    for _ in 0..3 {
        let read = testing::read(&mut source, &json!({}), &catalog, &stored);
        assert_eq!(read.outcome, Outcome::Done);
        let last = read.states_of(&other).pop().expect("a state");
        stored = vec![State::stream(last, StateStats::records(0))];
        rows.push(read.rows(&other));
    }
    assert_eq!(rows[0].len(), 3);
    assert!(rows[1] == rows[0] && rows[2] == rows[0]);
}

#[test]
fn streams_that_are_unknown_are_named_together() {
    let mut catalog = two().configured(SyncMode::Incremental);
    for name in ["gone", "lost"] {
        let mut unknown = catalog.streams[0].clone();
        unknown.stream.name = name.to_owned();
        catalog.streams.push(unknown);
    }
    let read = testing::read(&mut Native::new(two()), &json!({}), &catalog, &[]);
    let error = read.error().expect("an error");
    assert!(error.message.starts_with("2 streams failed ("), "{}", error.message);
    for name in ["gone", "lost"] {
        let told = format!("{name}: the source has no such stream");
        assert!(error.message.contains(&told), "{}", error.message);
    }
    assert_eq!(read.rows(&StreamDescriptor::new("kept")).len(), 3);
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Settings {
    /// How many
    #[serde(rename = "count")]
    _count: u64,
    /// What to do
    fault: String,
}

struct Faulty;

impl Connector for Faulty {
    type Config = Settings;

    async fn streams(&self, config: Settings, _: &Connection) -> Result<Streams> {
        let schema = Schema::given(json!({"type": "object", "properties": {"at": {}}}));
        let about = About::new("faulty", schema).cursor("at").checkpoint_every(10);
        let rows = match config.fault.as_str() {
            "denied" => Vec::new(),
            "order" => vec![json!({"at": 2}), json!({"at": 1})],
            "missing" => vec![json!({"at": 2}), json!({"id": 1})],
            "types" => vec![json!({"at": 2}), json!({"at": "hunter2"})],
            _ => vec![json!(["hunter2"])],
        };
        Ok(vec![Box::new(about.reading(async move |_, out| match rows.as_slice() {
            [] => Err(Error::config("the token was refused")),
            rows => out.emit_all(rows).await,
        }))])
    }
}

#[test]
fn a_config_error_of_the_first_record_is_the_checks_answer() {
    let check = |config: Value| testing::check(&mut Native::new(Faulty), &config).status();
    let denied = check(json!({"count": 1, "fault": "denied"}));
    assert_eq!(denied.status, Status::Failed);
    assert_eq!(denied.message.as_deref(), Some("stream faulty: the token was refused"));
    assert_eq!(check(json!({"count": 1, "fault": "order"})).status, Status::Succeeded);
    let wrong = check(json!({"count": "hunter2", "fault": ""})).message.expect("a reason");
    assert!(wrong.contains("`count`") && !wrong.contains("hunter2"), "{wrong}");
}

#[test]
fn what_a_stream_does_wrong_is_said_without_its_data() {
    for (fault, reason) in [
        ("order", "its records don't come in the order of `at`"),
        ("types", "the cursor `at` is a number at times and a text that is no time at others"),
        ("object", "a record is no JSON object"),
    ] {
        let stream = airbyte_protocol::Stream::new("faulty", serde_json::Map::new());
        let configured = airbyte_protocol::ConfiguredStream::new(stream, SyncMode::Incremental);
        let catalog = airbyte_protocol::ConfiguredCatalog::new(vec![configured]);
        let config = json!({"count": 1, "fault": fault});
        let read = testing::read(&mut Native::new(Faulty), &config, &catalog, &[]);
        let message = &read.error().expect("an error").message;
        assert!(message.starts_with(&format!("stream faulty: {reason}")), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
    }
}

#[test]
fn a_record_without_a_cursor_has_no_place_in_the_order_and_comes() {
    let stream = airbyte_protocol::Stream::new("faulty", serde_json::Map::new());
    let configured = airbyte_protocol::ConfiguredStream::new(stream, SyncMode::Incremental);
    let catalog = airbyte_protocol::ConfiguredCatalog::new(vec![configured]);
    let config = json!({"count": 1, "fault": "missing"});
    let read = testing::read(&mut Native::new(Faulty), &config, &catalog, &[]);
    assert_eq!(read.outcome, Outcome::Done);
    let faulty = StreamDescriptor::new("faulty");
    assert_eq!(read.rows(&faulty), [r#"{"at":2}"#, r#"{"id":1}"#]);
    let last = read.states_of(&faulty).pop().expect("a state");
    assert_eq!(last.stream_state.expect("a blob")["cursor"], 2);
}

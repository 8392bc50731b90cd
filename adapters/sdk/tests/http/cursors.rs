//! Cursors of the built-in source `http`: what is left out, what comes again, what is told.

use crate::described::{body, read, refusal, rows, source};
use crate::server::{answer, log_of, server};
use airbyte_protocol::{State, StateStats, StreamDescriptor, StreamState, SyncMode};
use airbyte_singer_sdk::Outcome;
use airbyte_singer_sdk::testing::{self, Transcript};
use serde_json::{Value, json};
use wiremock::MockServer;

/// Two incremental reads of one stream whose data changes in between.
pub(crate) struct Reads {
    first: Transcript,
    second: Transcript,
    /// What was logged.
    log: String,
}

impl Reads {
    pub(crate) fn of(stream: Value, before: Value, after: Value) -> Self {
        let server = server();
        answer(&server, "/items", [body(before.clone()), body(before), body(after)]);
        let config = config(&server, stream);
        let mut reads = None;
        let log = log_of(|| {
            let first = read(&config, SyncMode::Incremental, &[]);
            let second = read(&config, SyncMode::Incremental, &last(&first));
            reads = Some((first, second));
        });
        let (first, second) = reads.expect("they were read");
        Self { first, second, log }
    }

    pub(crate) fn ids(&self) -> [Vec<u64>; 2] {
        [ids(&self.first), ids(&self.second)]
    }

    /// How many warnings have these words.
    fn warnings(&self, words: &str) -> usize {
        let lines = self.log.lines();
        lines.filter(|line| line.contains(r#""WARN""#) && line.contains(words)).count()
    }
}

pub(crate) fn config(server: &MockServer, mut stream: Value) -> Value {
    stream["name"] = json!("items");
    stream["path"] = json!("items");
    stream["primary_key"] = json!(["id"]);
    json!({"url": server.uri(), "retry": {"tries": 1}, "streams": [stream]})
}

pub(crate) fn cursor(settings: Value) -> Value {
    json!({"cursor": settings})
}

pub(crate) fn ids(transcript: &Transcript) -> Vec<u64> {
    rows(transcript, "items").iter().map(|row| row["id"].as_u64().expect("an id")).collect()
}

/// What a platform hands to the next read.
pub(crate) fn last(transcript: &Transcript) -> Vec<State> {
    transcript.states().pop().into_iter().collect()
}

fn blob(transcript: &Transcript) -> Value {
    let states = transcript.states_of(&StreamDescriptor::new("items"));
    states.last().and_then(|state| state.stream_state.clone()).expect("a state")
}

/// Records with these values for `at`, numbered from 1.
pub(crate) fn records<const N: usize>(values: [Value; N]) -> Value {
    values.into_iter().zip(1..).map(|(at, id)| json!({"id": id, "at": at})).collect()
}

#[test]
fn a_record_without_a_cursor_comes_with_every_read_and_is_counted() {
    let days = ["2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z"];
    let old = records([json!(days[0]), json!(days[1]), json!(null)]);
    let mut new = records([json!(days[0]), json!(days[1]), json!(null), json!(""), json!(days[2])]);
    new.as_array_mut().expect("a list").push(json!({"id": 6}));
    let reads = Reads::of(cursor(json!({"field": "at"})), old, new);
    assert_eq!(reads.ids(), [vec![1, 2, 3], vec![2, 3, 4, 5, 6]]);
    assert_eq!(blob(&reads.second)["cursor"], days[2]);
    let told = "stream items: records without a value in the cursor `at`: 1.";
    assert_eq!(reads.warnings(told), 1, "{}", reads.log);
    assert_eq!(reads.warnings("in the cursor `at`: 3."), 1, "{}", reads.log);
    // Also behind a beginning of the user's.
    let start = cursor(json!({"field": "at", "start": "2024-01-02"}));
    let all = records([json!(days[0]), json!(days[1]), json!(null)]);
    assert_eq!(Reads::of(start, all.clone(), all).ids()[0], [2, 3]);
}

#[test]
fn the_filter_looks_at_what_is_emitted() {
    let made = [
        ("meta_at", json!({"type": "flatten"})),
        ("moved", json!({"type": "rename", "field": "/meta/at", "to": "moved"})),
        ("/deep/at", json!({"type": "rename", "field": "meta", "to": "deep"})),
    ];
    let record = |id: u64, day: &str| json!({"id": id, "meta": {"at": day}});
    for (field, change) in made {
        let stream = json!({"cursor": {"field": field}, "transformations": [change]});
        let old = [record(1, "2024-01-01"), record(2, "2024-01-02")];
        let new = [old[0].clone(), old[1].clone(), record(3, "2024-01-03")];
        let reads = Reads::of(stream, json!(old), json!(new));
        assert_eq!(reads.ids(), [vec![1, 2], vec![2, 3]], "{field}");
        assert_eq!(reads.warnings(""), 0, "{}", reads.log);
    }
}

#[test]
fn times_are_compared_as_times() {
    let old = records([json!("2024-01-01T02:50:00+02:00")]);
    let new = records([
        json!("2024-01-01T02:50:00+02:00"),
        json!("2024-01-01T02:20:00+01:00"),
        json!("2024-01-01T00:49:59.9Z"),
        json!("2024-01-01T00:50:00"),
        json!("2023-12-31"),
    ]);
    let reads = Reads::of(cursor(json!({"field": "at"})), old, new);
    assert_eq!(reads.ids(), [vec![1], vec![1, 2, 4]]);
    assert_eq!(blob(&reads.second)["cursor"], "2024-01-01T02:20:00+01:00");
    assert_eq!(reads.warnings(""), 0, "{}", reads.log);
}

#[test]
fn a_setting_names_the_formats_of_times() {
    let old = || records([json!("12/30/2023"), json!("12/31/2023")]);
    let new = || records([json!("12/30/2023"), json!("12/31/2023"), json!("01/02/2024")]);
    let american = cursor(json!({"field": "at", "format": "%m/%d/%Y"}));
    let reads = Reads::of(american, old(), new());
    assert_eq!(reads.ids(), [vec![1, 2], vec![2, 3]]);
    assert_eq!(blob(&reads.second)["cursor"], "01/02/2024");
    assert_eq!(reads.warnings(""), 0, "{}", reads.log);
    // Without it the first such record is refused, whether there is a state or not.
    let server = server();
    answer(&server, "/items", [body(old())]);
    let mut american = cursor(json!({"field": "at"}));
    american["schema"] = json!({"type": "object", "properties": {"id": {}}});
    let refused = read(&config(&server, american), SyncMode::Incremental, &[]);
    assert_eq!(
        refused.error().expect("an error").message,
        "stream items: the cursor `at` has times that aren't written as in ISO 8601, and whose order isn't \
         that of texts: its setting `format` has to name how they are written, here %m/%d/%Y"
    );
    assert_eq!((refused.records().count(), refused.states()), (0, vec![]));
    // Other texts go on as they always did.
    let quarters = |n: usize| {
        let all = ["2023-Q3", "2023-Q4", "2024-Q1"];
        json!(
            all[..n]
                .iter()
                .zip(1..)
                .map(|(at, id)| json!({"id": id, "at": at}))
                .collect::<Vec<_>>()
        )
    };
    let reads = Reads::of(cursor(json!({"field": "at"})), quarters(2), quarters(3));
    assert_eq!(reads.ids(), [vec![1, 2], vec![2, 3]]);
    let told = "stream items: texts of the cursor `at` are no times of ISO 8601; they are ordered byte by byte";
    // The same line of the second read is counted, not shown.
    assert_eq!(reads.warnings(told), 1, "{}", reads.log);
    let several = cursor(json!({"field": "at", "format": ["%s", "iso8601", "%d.%m.%Y"]}));
    let old = records([json!(1_704_067_200), json!("31.12.2023")]);
    let new = records([json!("2024-01-01"), json!("31.12.2023"), json!("02.01.2024")]);
    assert_eq!(Reads::of(several, old, new).ids(), [vec![1, 2], vec![1, 3]]);
}

#[test]
fn texts_that_are_numbers_are_ordered_as_such_by_a_setting() {
    let (old, new) = (records([json!("9")]), records([json!("9"), json!("10"), json!("8")]));
    let reads = Reads::of(cursor(json!({"field": "at", "numeric": true})), old, new);
    assert_eq!(reads.ids(), [vec![1], vec![1, 2]]);
    assert_eq!(blob(&reads.second)["cursor"], "10");
    assert_eq!(reads.warnings(""), 0, "{}", reads.log);
}

#[test]
fn kinds_that_dont_compare_are_refused_at_the_first_such_record() {
    let refused = |settings: Value, values: Value| {
        let server = server();
        answer(&server, "/items", [body(values)]);
        let mut stream = cursor(settings);
        // Else the discovery would find a wrong beginning.
        stream["schema"] = json!({"type": "object", "properties": {"id": {}}});
        let transcript = read(&config(&server, stream), SyncMode::Incremental, &[]);
        assert_eq!(transcript.outcome, Outcome::Failed);
        let emitted = transcript.records().count();
        (emitted, transcript.error().expect("an error").message.clone())
    };
    let at = || json!({"field": "at"});
    let (emitted, told) = refused(at(), records([json!("2024-01-01"), json!("s3cret"), json!(1)]));
    assert_eq!(emitted, 1);
    assert_eq!(
        told,
        "stream items: the cursor `at` is a time at times and a text that is no time at others; its \
         setting `format` names the formats of times, and `numeric` orders texts as numbers"
    );
    let (emitted, told) = refused(at(), records([json!(1), json!("2")]));
    assert!(emitted == 1 && told.contains("is a number at times"), "{told}");
    let american = json!({"field": "at", "format": "%m/%d/%Y"});
    let (emitted, told) = refused(american, records([json!("12/30/2023"), json!("30.12.2023")]));
    assert_eq!(emitted, 1);
    assert_eq!(
        told,
        "stream items: a value of the cursor `at` fits none of the formats in its setting `format`"
    );
    let start = json!({"field": "at", "start": "2024-01-01"});
    let (emitted, told) = refused(start, records([json!(1_704_067_200)]));
    assert_eq!(emitted, 0);
    assert_eq!(told, "stream items: the cursor `at` is a number, and its setting `start` is not");
}

#[test]
fn an_order_that_was_promised_is_that_of_times() {
    let sorted = cursor(json!({"field": "at", "sorted": true}));
    let old = records([
        json!("2024-01-01T02:50:00+02:00"),
        json!(null),
        json!("2024-01-01T02:20:00+01:00"),
        json!(null),
    ]);
    let reads = Reads::of(sorted, old.clone(), old);
    assert_eq!(reads.ids(), [vec![1, 2, 3, 4], vec![2, 3, 4]]);
    assert_eq!(reads.warnings("in the cursor `at`: 2."), 1, "{}", reads.log);
}

#[test]
fn each_parents_children_are_filtered_by_their_own_cursor() {
    let server = server();
    answer(&server, "/items", [body(json!([{"id": 1}, {"id": 2}]))]);
    let child = |id: u64, at: &str| json!({"id": id, "at": at});
    let old = [child(1, "31.12.2023")];
    answer(
        &server,
        "/items/1/notes",
        [
            body(json!(old)),
            body(json!(old)),
            body(json!([
                child(1, "31.12.2023"), child(2, "30.12.2023"), child(3, "01.01.2024"), {"id": 4},
            ])),
        ],
    );
    answer(&server, "/items/2/notes", [body(json!([child(5, "01.01.2020")]))]);
    let mut config = config(&server, json!({}));
    config["streams"].as_array_mut().expect("a list").push(json!({
        "name": "notes", "path": "items/{item}/notes", "primary_key": ["id"],
        "parent": {"stream": "items", "field": "id", "as": "item"},
        "cursor": {"field": "at", "format": "%d.%m.%Y"},
    }));
    let first = read(&config, SyncMode::Incremental, &[]);
    let second = read(&config, SyncMode::Incremental, &last_of(&first, "notes"));
    let mut seen: Vec<_> =
        rows(&second, "notes").iter().map(|row| row["id"].as_u64().expect("an id")).collect();
    seen.sort_unstable();
    assert_eq!(seen, [1, 3, 4, 5]);
}

fn last_of(transcript: &Transcript, stream: &str) -> Vec<State> {
    let state = transcript.states_of(&StreamDescriptor::new(stream)).pop().expect("a state");
    vec![State::stream(state, StateStats::default())]
}

#[test]
fn states_of_earlier_versions_go_on_with_the_same_meaning() {
    for (stored, settings, values, expected) in [
        (
            json!("2024-01-02T00:00:00Z"),
            json!({}),
            records([
                json!("2024-01-01T00:00:00Z"),
                json!("2024-01-02T00:00:00Z"),
                json!("2024-01-03T00:00:00Z"),
            ]),
            vec![2, 3],
        ),
        (json!(7), json!({}), records([json!(6), json!(7), json!(8.5)]), vec![2, 3]),
        (json!("b"), json!({}), records([json!("a"), json!("b"), json!("c")]), vec![2, 3]),
        // The greatest text was no greatest time or number.
        (
            json!("12/31/2023"),
            json!({"format": "%m/%d/%Y"}),
            records([json!("12/30/2023"), json!("12/31/2023"), json!("01/01/2024")]),
            vec![2, 3],
        ),
        (
            json!("9"),
            json!({"numeric": true}),
            records([json!("8"), json!("9"), json!("10")]),
            vec![2, 3],
        ),
        (json!(""), json!({}), records([json!("2024-01-01")]), vec![1]),
    ] {
        let server = server();
        answer(&server, "/items", [body(values)]);
        let mut settings = settings;
        settings["field"] = json!("at");
        let state = StreamState::new(
            StreamDescriptor::new("items"),
            Some(json!({"version": 1, "mode": "incremental", "cursor": stored})),
        );
        let state = State::stream(state, StateStats::default());
        let transcript = read(&config(&server, cursor(settings)), SyncMode::Incremental, &[state]);
        assert_eq!(ids(&transcript), expected, "{stored}");
    }
}

#[test]
fn a_nested_cursor_is_named_by_a_pointer() {
    let record = |id: u64, at: &str| json!({"id": id, "meta": {"at": at}});
    let old = json!([record(1, "2024-01-01"), record(2, "2024-01-02")]);
    let reads = Reads::of(cursor(json!({"field": "/meta/at"})), old.clone(), old);
    assert_eq!(reads.ids(), [vec![1, 2], vec![2]]);
    let expected = json!({"version": 1, "mode": "incremental", "cursor": "2024-01-02"});
    assert_eq!(blob(&reads.first), expected);
    let server = server();
    answer(&server, "/items", [body(json!([]))]);
    let mut config = config(&server, cursor(json!({"field": "/meta/at", "query": "since"})));
    config["streams"][0]["primary_key"] = json!(["/meta/id"]);
    let catalog = testing::discover(&mut source(), &config).catalog();
    let offer = &catalog.streams[0];
    assert_eq!(offer.default_cursor_field, ["meta", "at"]);
    assert_eq!(offer.source_defined_primary_key, [["meta", "id"]]);
    let properties =
        json!({"meta": {"type": ["object", "null"], "properties": {"id": {}, "at": {}}}});
    assert_eq!(offer.json_schema["properties"], properties);
}

#[test]
fn a_cursor_that_no_record_has_is_told() {
    let all = json!([{"id": 1, "meta": {"at": "2024-01-01"}}]);
    for (field, hint) in [
        ("updatedAt", ""),
        ("meta.at", "; a nested field is named by a JSON Pointer, such as /meta/at"),
    ] {
        let reads = Reads::of(cursor(json!({"field": field})), all.clone(), all.clone());
        assert_eq!(reads.ids(), [[1], [1]]);
        let sampled =
            format!("stream items: none of 1 sampled records has the cursor `{field}`{hint}\"");
        assert_eq!(reads.warnings(&sampled), 2, "once a discovery: {}", reads.log);
        let told = format!(
            "stream items: none of 1 records has the cursor `{field}`, so every read begins from the start{hint}\""
        );
        assert_eq!(reads.warnings(&told), 2, "once a read: {}", reads.log);
    }
}

#[test]
fn key_and_cursor_are_in_the_schema_whatever_it_is() {
    let server = server();
    answer(&server, "/items", [body(json!([]))]);
    let mut config = config(&server, cursor(json!({"field": "at", "query": "since"})));
    let schema = |config: &Value| {
        let catalog = testing::discover(&mut source(), config).catalog();
        catalog.streams[0].json_schema["properties"].clone()
    };
    assert_eq!(schema(&config), json!({"id": {}, "at": {}}));
    config["streams"][0]["schema"] =
        json!({"type": "object", "properties": {"id": {"type": "integer"}}});
    assert_eq!(schema(&config), json!({"id": {"type": "integer"}, "at": {}}));
}

#[test]
fn cursor_settings_that_cannot_work_are_refused() {
    let told = |settings: Value| refusal(&config(&server(), cursor(settings)));
    let at = "the config is not valid: stream items: setting `cursor`:";
    let format = told(json!({"field": "at", "format": ["iso8601", "%H:%M"]}));
    assert!(
        format.starts_with(&format!("{at} a format has the placeholders of strftime")),
        "{format}"
    );
    assert_eq!(
        told(json!({"field": "at", "format": "%Y", "numeric": true})),
        format!("{at} of the settings `format` and `numeric` it can have one")
    );
    assert_eq!(
        told(json!({"field": "at", "format": "%d.%m.%Y", "start": "soon"})),
        format!(
            "{at} its setting `start` must be a time of ISO 8601 or in one of the formats in its setting `format`"
        )
    );
}

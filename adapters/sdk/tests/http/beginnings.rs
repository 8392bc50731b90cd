//! Where reads of a described API begin.

use crate::cursors::{Reads, config, cursor, ids, last, records};
use crate::described::{body, read};
use crate::server::{answer, asked, log_of, server};
use airbyte_protocol::{State, StateStats, StreamDescriptor, StreamState, SyncMode};
use serde_json::{Value, json};

#[test]
fn a_start_beside_numbers_counts() {
    let all: Value = (1..=10).map(|id| json!({"id": id, "at": id})).collect();
    for start in [json!("6"), json!(6)] {
        let stream = cursor(json!({"field": "at", "start": start}));
        let reads = Reads::of(stream, all.clone(), all.clone());
        assert_eq!(reads.ids(), [vec![6, 7, 8, 9, 10], vec![10]]);
    }
    // As what it is sent, where that makes a difference.
    let server = server();
    answer(&server, "/items", [body(all)]);
    let stream = cursor(json!({"field": "at", "start": 6, "body": "/since"}));
    read(&config(&server, stream), SyncMode::Incremental, &[]);
    let sent = asked(&server).pop().expect("a request");
    assert_eq!(sent.body_json::<Value>().expect("JSON"), json!({"since": 6}));
}

#[test]
fn a_start_that_is_no_time_beside_times_leaves_nothing_out_silently() {
    let all = records([json!("2024-01-30T10:00:00Z"), json!("2024-01-31"), json!("2024-02-01")]);
    let of = |start: &Value| {
        let server = server();
        answer(&server, "/items", [body(all.clone())]);
        let mut stream = cursor(json!({"field": "at", "start": start}));
        // Else the discovery would tell it.
        stream["schema"] = json!({"type": "object", "properties": {"id": {}}});
        read(&config(&server, stream), SyncMode::Incremental, &[])
    };
    for start in [json!("yesterday"), json!("now-7d"), json!("2024-1"), json!(1_704_067_200)] {
        let told = of(&start).error().expect("an error").message.clone();
        assert!(
            told.ends_with("the cursor `at` is a time, and its setting `start` is not"),
            "{start}: {told}"
        );
    }
    for start in [json!("2024-01-31"), json!("20240131"), json!(20_240_131)] {
        assert_eq!(ids(&of(&start)), [2, 3], "{start}");
    }
    for start in [json!("2024"), json!("2024-01"), json!("0"), json!(0), json!(1970)] {
        assert_eq!(ids(&of(&start)), [1, 2, 3], "{start}");
    }
}

#[test]
fn windows_begin_with_the_day_of_a_cursor_in_any_format() {
    let server = server();
    answer(&server, "/items", [body(records([json!("12/31/2023")]))]);
    let mut stream = cursor(json!({"field": "at", "format": "%m/%d/%Y"}));
    stream["windows"] = json!({"days": 36500, "from": "2020-01-01", "start_query": "from"});
    let config = config(&server, stream);
    let first = read(&config, SyncMode::Incremental, &[]);
    let before = asked(&server).len();
    let second = read(&config, SyncMode::Incremental, &last(&first));
    assert_eq!(ids(&second), [1]);
    let queries: Vec<_> = asked(&server)[before..]
        .iter()
        .filter_map(|one| one.url.query().map(str::to_owned))
        .collect();
    assert_eq!(queries.last().map(String::as_str), Some("from=2023-12-31"), "{queries:?}");
}

/// The warnings of a read that begins in the future.
fn warned(stream: &Value, states: &[State]) -> Vec<String> {
    let server = server();
    answer(&server, "/items", [body(json!([{"id": 1, "at": "2024-01-01"}]))]);
    let mut stream = stream.clone();
    stream["schema"] = json!({"type": "object", "properties": {"id": {}}});
    let log = log_of(|| {
        read(&config(&server, stream), SyncMode::Incremental, states);
    });
    let lines =
        log.lines().filter(|line| line.contains(r#""WARN""#) && line.contains("in the future"));
    lines.map(str::to_owned).collect()
}

#[test]
fn a_read_that_begins_in_the_future_is_told_once() {
    let windows =
        |from: &str| json!({"windows": {"days": 36500, "from": from, "start_query": "from"}});
    let start = |start: Value| cursor(json!({"field": "at", "start": start}));
    let told = "stream items: `from` of its setting `windows` is in the future, so no records before that are read";
    let of_windows = warned(&windows("2999-01-01"), &[]);
    assert_eq!(of_windows.len(), 1, "{of_windows:?}");
    assert!(of_windows[0].contains(told), "{of_windows:?}");
    for ahead in [json!("2999-01-01"), json!("2999-06"), json!("2999-06-01T10:00:00+02:00")] {
        let of_start = warned(&start(ahead.clone()), &[]);
        assert_eq!(of_start.len(), 1, "{ahead} {of_start:?}");
        assert!(
            of_start[0].contains("`start` of its setting `cursor` is in the future"),
            "{of_start:?}"
        );
    }
    let mut both = windows("2020-01-01");
    both["cursor"] = json!({"field": "at", "query": "since"});
    let state = StreamState::new(
        StreamDescriptor::new("items"),
        Some(json!({"version": 1, "mode": "incremental", "cursor": "2999-01-01"})),
    );
    let of_state = warned(&both, &[State::stream(state, StateStats::default())]);
    assert_eq!(of_state.len(), 1, "{of_state:?}");
    assert!(of_state[0].contains("the cursor of its state is in the future"), "{of_state:?}");
    let written =
        |start: &str| cursor(json!({"field": "at", "format": "%Y-%m-%d", "start": start}));
    assert_eq!(warned(&written("2999"), &[]).len(), 1);
    // Digits alone may be a number.
    let past = [windows("2020-01-01"), start(json!("2020-01-01")), start(json!("2999"))];
    for past in past.into_iter().chain([written("2020")]) {
        assert_eq!(warned(&past, &[]), Vec::<String>::new(), "{past}");
    }
}

#[test]
fn children_of_many_parents_are_told_of_the_future_once() {
    let server = server();
    answer(&server, "/items", [body(json!([{"id": 1}, {"id": 2}, {"id": 3}]))]);
    let mut config = config(&server, json!({}));
    config["streams"].as_array_mut().expect("a list").push(json!({
        "name": "notes", "path": "items/{item}/notes", "primary_key": ["id"],
        "parent": {"stream": "items", "field": "id", "as": "item"},
        "windows": {"days": 36500, "from": "2999-01-01", "start_query": "from"},
        "schema": {"type": "object", "properties": {"id": {}}},
    }));
    let log = log_of(|| {
        read(&config, SyncMode::FullRefresh, &[]);
    });
    assert_eq!(
        log.matches("in the future, so no records before that are read").count(),
        1,
        "{log}"
    );
}

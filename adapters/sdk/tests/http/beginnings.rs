//! Where reads of a described API begin.

use crate::cursors::{Reads, config, cursor, ids, last, records};
use crate::described::{body, read};
use crate::server::{answer, asked, server};
use airbyte_protocol::SyncMode;
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

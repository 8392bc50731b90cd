//! How a cursor of the built-in source `http` is written where it is sent.

use crate::cursors::{config, cursor, last, records};
use crate::described::{body, read};
use crate::server::{answer, asked, server};
use airbyte_protocol::SyncMode;
use serde_json::{Value, json};

#[test]
fn what_is_sent_is_written_of_any_format() {
    let server = server();
    answer(&server, "/items", [body(records([json!("12/31/2023")]))]);
    let settings = json!({
        "field": "at", "format": "%m/%d/%Y", "query": "since", "sent_format": "%Y-%m-%d",
    });
    let config = config(&server, cursor(settings));
    let first = read(&config, SyncMode::Incremental, &[]);
    read(&config, SyncMode::Incremental, &last(&first));
    let sent = asked(&server).pop().and_then(|request| request.url.query().map(str::to_owned));
    assert_eq!(sent.as_deref(), Some("since=2023-12-31"));
}

/// What the second read is sent as `since`, behind a first one of this value.
fn sent_behind(value: Value, settings: Value) -> String {
    let server = server();
    answer(&server, "/items", [body(records([value]))]);
    let mut settings = settings;
    settings["field"] = json!("at");
    settings["query"] = json!("since");
    let config = config(&server, cursor(settings));
    let first = read(&config, SyncMode::Incremental, &[]);
    let second = read(&config, SyncMode::Incremental, &last(&first));
    assert!(second.error().is_none(), "{:?}", second.error());
    let sent = asked(&server).pop().expect("a request");
    let since = sent.url.query_pairs().find(|(name, _)| name == "since").expect("it is sent");
    since.1.into_owned()
}

#[test]
fn a_day_is_sent_that_is_none_after_the_cursors_own() {
    let days = json!({"sent_format": "%Y-%m-%d"});
    assert_eq!(sent_behind(json!("2024-01-30T23:30:00-05:00"), days.clone()), "2024-01-30");
    assert_eq!(sent_behind(json!("2024-01-30T01:30:00+05:00"), days.clone()), "2024-01-29");
    assert_eq!(sent_behind(json!("2024-01-30T23:30:00Z"), days), "2024-01-30");
    let named = json!({"format": "%d.%m.%Y %H:%M %z", "sent_format": "%Y%m%d"});
    assert_eq!(sent_behind(json!("30.01.2024 23:30 -0500"), named), "20240130");
}

#[test]
fn a_text_that_is_a_number_is_sent_in_any_format() {
    let numbers = json!({"numeric": true, "sent_format": "%Y-%m-%dT%H:%M:%SZ"});
    assert_eq!(sent_behind(json!("1704157445"), numbers), "2024-01-02T01:04:05Z");
}

//! The example of an HTTP API, against a server that answers as Datasette does; `tests/native/tutorial.py`
//! runs it against Datasette itself.

use crate::server::{now, server};
use airbyte_protocol::{ConfiguredCatalog, ConfiguredStream, State, StreamDescriptor, SyncMode};
use airbyte_singer_sdk::testing;
use serde_json::{Value, json};
use std::collections::HashMap;
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers};

#[path = "../../examples/datasette.rs"]
#[allow(dead_code, reason = "its main is a program's; its source is run here")]
mod datasette;

/// So many rows are on a page.
const PAGE: usize = 2;

/// A shop with an order more on each day than on the day before.
fn shop(days: u64) -> MockServer {
    let server = server();
    let answer = move |request: &Request| {
        let asked: HashMap<_, _> = request.url.query_pairs().into_owned().collect();
        assert_eq!(asked["_shape"], "objects");
        let rows = rows(request.url.path(), &asked, days);
        let begin = asked.get("_next").map_or(0, |next| next.parse().expect("a number"));
        let end = rows.len().min(begin + PAGE);
        let mut next = request.url.clone();
        next.query_pairs_mut().append_pair("_next", &end.to_string());
        // A mock doesn't know its port, and an address may be relative.
        let next = (end < rows.len()).then(|| format!("?{}", next.query().unwrap_or_default()));
        ResponseTemplate::new(200)
            .set_body_json(json!({"rows": rows[begin..end], "next_url": next}))
    };
    now(Mock::given(matchers::method("GET")).respond_with(answer).mount(&server));
    server
}

fn rows(path: &str, asked: &HashMap<String, String>, days: u64) -> Vec<Value> {
    let days = (1..=days).map(|n| (n, format!("2026-03-{n:02}")));
    let (since, only) = (asked.get("day__gte"), asked.get("day"));
    let days = days.filter(|(_, day)| since.is_none_or(|since| day >= since));
    match path {
        "/shop/articles.json" => (1..=5).map(|id| json!({"id": id, "name": "Tea"})).collect(),
        "/shop/days.json" => days.map(|(_, day)| json!({"day": day})).collect(),
        "/shop/orders.json" => {
            let days = days.filter(|(_, day)| only == Some(day));
            days.flat_map(|(n, day)| (0..n).map(move |i| json!({"id": n * 10 + i, "day": day})))
                .collect()
        }
        other => panic!("nobody should ask for {other}"),
    }
}

fn config(server: &MockServer) -> Value {
    json!({"address": format!("{}/shop", server.uri())})
}

#[test]
fn it_keeps_the_rules_of_sources() {
    testing::hold(datasette::source(), config(&shop(3)));
}

#[test]
fn it_goes_on_from_the_last_day() {
    let (mut source, orders) = (datasette::source(), StreamDescriptor::new("orders"));
    let mut read = |days, states: &[State]| {
        let server = shop(days);
        let offer = testing::discover(&mut source, &config(&server)).catalog();
        let streams = offer.streams.into_iter();
        let streams = streams.filter(|stream| stream.name == "orders");
        let streams = streams.map(|stream| ConfiguredStream::new(stream, SyncMode::Incremental));
        let catalog = ConfiguredCatalog::new(streams.collect());
        testing::read(&mut source, &config(&server), &catalog, states)
    };
    let first = read(2, &[]);
    assert_eq!(first.rows(&orders).len(), 3);
    let second = read(3, &first.states()[first.states().len() - 1..]);
    let mut rows = second.rows(&orders);
    rows.sort();
    let ids = rows.iter().map(|row| row[6..8].parse::<u64>().expect("an id"));
    assert_eq!(ids.collect::<Vec<_>>(), [20, 21, 30, 31, 32]);
}

#[test]
fn it_is_forty_lines_at_most() {
    let text = include_str!("../../examples/datasette.rs");
    let text = text.split("\n/// What the tests").next().unwrap_or_default();
    let is_code = |line: &&str| !line.is_empty() && !line.starts_with("//");
    let lines = text.lines().map(str::trim).filter(is_code).count();
    assert!(lines <= 40, "{lines} lines");
}

//! The built-in source `http`, whose API is described in its config.

use crate::server::{answer, asked, log_of, server};
use airbyte_protocol::{
    ConfiguredCatalog, ConfiguredStream, State, StateStats, Status, StreamDescriptor, SyncMode,
};
use airbyte_singer_sdk::sources::Http;
use airbyte_singer_sdk::testing::{self, Suite, Transcript};
use airbyte_singer_sdk::toolkit::Native;
use serde_json::{Value, json};
use wiremock::matchers::{header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

pub(crate) fn source() -> Native<Http> {
    Native::new(Http)
}

pub(crate) fn body(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

pub(crate) fn read(config: &Value, mode: SyncMode, states: &[State]) -> Transcript {
    let catalog = testing::discover(&mut source(), config).catalog();
    let configured = catalog.streams.into_iter().map(|stream| {
        let known = stream.supported_sync_modes.contains(&mode);
        ConfiguredStream::new(stream, if known { mode } else { SyncMode::FullRefresh })
    });
    testing::read(&mut source(), config, &ConfiguredCatalog::new(configured.collect()), states)
}

pub(crate) fn rows(transcript: &Transcript, stream: &str) -> Vec<Value> {
    assert!(transcript.error().is_none(), "{:?}", transcript.error());
    let own = transcript.records().filter(|record| record.stream == stream);
    own.map(|record| serde_json::to_value(&record.data).expect("JSON")).collect()
}

/// What `check` says of a config that it refuses.
pub(crate) fn refusal(config: &Value) -> String {
    let status = testing::check(&mut source(), config).status();
    assert_eq!(status.status, Status::Failed);
    status.message.expect("a sentence")
}

/// A shop: customers on two pages by their token, the orders of each, refused to strangers.
fn shop() -> (MockServer, Value) {
    shop_whose_last_order_is_of(json!("2026-01-01"))
}

fn shop_whose_last_order_is_of(day: Value) -> (MockServer, Value) {
    let server = server();
    let mount = |at: &str, query: Option<(&str, &str)>, answer| {
        let mut mock =
            Mock::given(method("GET")).and(path(at)).and(header("x-key", "Sesame-41.open"));
        if let Some((name, value)) = query {
            mock = mock.and(query_param(name, value));
        }
        crate::server::now(mock.respond_with(answer).mount(&server));
    };
    let customer =
        |id: u64, points: Value| json!({"id": id, "points": points, "owner": {"name": "x"}});
    mount(
        "/customers",
        Some(("after", "2")),
        body(json!({"items": [customer(3, json!(9_007_199_254_740_993_u64))], "next": null})),
    );
    let first = [customer(1, json!(null)), customer(2, json!(1.5))];
    mount("/customers", None, body(json!({"items": first, "next": "2"})));
    for id in 1..=2 {
        let order = |n: u64, at: Value| json!({"id": n, "customer": id, "at": at});
        let orders = [order(id * 10, json!("2026-01-02")), order(id * 10 + 1, day.clone())];
        mount(&format!("/customers/{id}/orders"), None, body(json!(orders)));
    }
    mount("/customers/3/orders", None, ResponseTemplate::new(404));
    let config = json!({
        "url": server.uri(),
        "auth": {"type": "api_key", "name": "X-Key", "key": "Sesame-41.open"},
        "retry": {"tries": 1},
        "streams": [
            {
                "name": "customers", "path": "customers", "records": "/items", "primary_key": ["id"],
                "pages": {"type": "cursor", "query": "after", "pointer": "/next"},
                "transformations": [{"type": "flatten"}],
            },
            {
                "name": "orders", "path": "customers/{customer}/orders", "primary_key": ["id"],
                "parent": {"stream": "customers", "field": "id", "as": "customer"},
                "cursor": {"field": "at", "query": "since"}, "ignore": [404],
            },
        ],
    });
    (server, config)
}

#[test]
fn a_described_source_keeps_the_rules_of_sources() {
    let (_server, config) = shop();
    let mut stranger = config.clone();
    stranger["auth"]["key"] = json!("Sesame-42.shut");
    Suite::with(config).refused(stranger).hold(source());
}

#[test]
fn every_record_of_every_page_comes_with_all_its_digits() {
    let (_server, config) = shop();
    let transcript = read(&config, SyncMode::FullRefresh, &[]);
    let customers = rows(&transcript, "customers");
    let written: Vec<String> = customers.iter().map(Value::to_string).collect();
    assert_eq!(
        written,
        [
            r#"{"id":1,"points":null,"owner_name":"x"}"#,
            r#"{"id":2,"points":1.5,"owner_name":"x"}"#,
            r#"{"id":3,"points":9007199254740993,"owner_name":"x"}"#,
        ]
    );
    assert_eq!(rows(&transcript, "orders").len(), 4);
}

#[test]
fn a_child_has_a_cursor_of_each_parent() {
    let (server, config) = shop_whose_last_order_is_of(Value::Null);
    let first = read(&config, SyncMode::Incremental, &[]);
    // Records without a cursor come when nothing is known yet.
    assert_eq!(rows(&first, "orders").len(), 4);
    let sent = |server: &MockServer| {
        let since = |request: &wiremock::Request| {
            let mut pairs = request.url.query_pairs();
            pairs.find(|(name, _)| name == "since").map(|(_, value)| value.into_owned())
        };
        asked(server).iter().filter_map(since).collect::<Vec<_>>()
    };
    assert!(sent(&server).is_empty());
    let states = first.states_of(&StreamDescriptor::new("orders"));
    let last = State::stream(states.last().expect("a state").clone(), StateStats::default());
    read(&config, SyncMode::Incremental, &[last]);
    assert_eq!(sent(&server), ["2026-01-02", "2026-01-02"]);
}

#[test]
fn a_schema_holds_what_all_samples_have() {
    let (_server, config) = shop();
    let catalog = testing::discover(&mut source(), &config).catalog();
    let points = &catalog.streams[0].json_schema["properties"]["points"];
    let kinds = points["type"].as_array().expect("several types");
    for kind in ["null", "number"] {
        assert!(kinds.contains(&json!(kind)), "{points}");
    }
    let given = json!({"type": "object", "properties": {"id": {"type": "integer"}}});
    let mut with_schema = config;
    with_schema["streams"][0]["schema"] = given.clone();
    let catalog = testing::discover(&mut source(), &with_schema).catalog();
    assert_eq!(Value::Object(catalog.streams[0].json_schema.clone()), given);
}

#[test]
fn graphql_is_asked_by_its_variables() {
    let server = server();
    let page = |id: u64, more: bool| {
        let info =
            json!({"hasNextPage": more, "endCursor": if more { json!("b") } else { json!(null) }});
        let nodes = json!([{"id": id, "at": "2026-01-02"}]);
        body(json!({"data": {"orders": {"nodes": nodes, "pageInfo": info}}}))
    };
    answer(&server, "/graphql", [page(1, true), page(2, false)]);
    let config = json!({"url": server.uri(), "streams": [{
        "name": "orders", "path": "graphql", "records": "/data/orders/nodes", "primary_key": ["id"],
        "cursor": {"field": "at", "query": "since", "start": "2025-01-01"},
        "schema": {"type": "object", "properties": {"id": {}, "at": {}}},
        "graphql": {"query": "query { orders }", "page_info": "/data/orders/pageInfo",
            "variables": {"first": 100}},
    }]});
    let transcript = read(&config, SyncMode::Incremental, &[]);
    assert_eq!(rows(&transcript, "orders").len(), 2);
    let variables: Vec<Value> = asked(&server)
        .iter()
        .map(|request| request.body_json::<Value>().expect("JSON")["variables"].clone())
        .collect();
    let first = json!({"first": 100, "since": "2025-01-01"});
    assert_eq!(variables, [first, json!({"first": 100, "since": "2025-01-01", "after": "b"})]);
}

#[test]
fn what_the_api_cannot_leave_out_is_left_out_here() {
    let server = server();
    let lines = "id,at\n1,2026-01-01\n2,2026-01-03\n3,2026-01-02\n";
    let csv = ResponseTemplate::new(200).set_body_raw(lines, "text/csv");
    answer(&server, "/things", [csv]);
    let config = json!({"url": server.uri(), "streams": [
        {"name": "things", "path": "things", "primary_key": ["id"], "cursor": {"field": "at", "start": "2026-01-02"}},
    ]});
    let transcript = read(&config, SyncMode::Incremental, &[]);
    let ids: Vec<_> = rows(&transcript, "things").iter().map(|row| row["id"].clone()).collect();
    assert_eq!(ids, ["2", "3"]);
}

#[test]
fn windows_cut_a_stream_by_days() {
    let server = server();
    answer(&server, "/things", [body(json!([]))]);
    let config = json!({"url": server.uri(), "streams": [{
        "name": "things", "path": "things", "primary_key": ["id"], "cursor": {"field": "at"},
        "schema": {"type": "object", "properties": {"id": {}, "at": {}}},
        "windows": {"days": 36500, "from": "2024-01-01", "start_query": "from", "end_query": "to"},
    }]});
    assert_eq!(rows(&read(&config, SyncMode::FullRefresh, &[]), "things"), Vec::<Value>::new());
    let query = asked(&server)[0].url.query().unwrap_or_default().to_owned();
    assert!(query.starts_with("from=2024-01-01&to=20"), "{query}");
}

#[test]
fn what_is_wrong_with_a_description_is_named() {
    let told = |stream: Value| {
        let other = json!({"name": "other", "parent": {"stream": "a", "field": "id", "as": "y"}});
        refusal(&json!({"url": "http://localhost:1", "streams": [stream, other]}))
    };
    let a = |setting: &str, value: Value| {
        let mut stream = json!({"name": "a"});
        stream[setting] = value;
        told(stream)
    };
    let parent = |of: &str| json!({"stream": of, "field": "id", "as": "x"});
    let is = |sentence: String, end: &str| {
        assert_eq!(sentence, format!("the config is not valid: {end}"));
    };
    is(
        a("path", json!("x/{y}")),
        r"stream a: setting `path`: nobody knows {y}; there is no parent that gives it; the text itself is written as \{y}",
    );
    is(a("parent", parent("b")), "stream a: setting `parent`: there is no stream `b`");
    is(a("parent", parent("a")), "stream a: setting `parent`: `a` is below this stream itself");
    is(
        a("parent", parent("other")),
        "stream other: setting `parent`: `a` is below this stream itself",
    );
    is(
        a("records", json!("data")),
        "stream a: setting `records`: a record path must begin with `/`, as in `/data/items`",
    );
    is(
        a("pages", json!({"type": "next_url", "pointer": "next"})),
        "stream a: setting `pages`: a JSON Pointer must begin with `/`, as in `/paging/next`",
    );
    is(
        a("pages", json!({"type": "cursor", "query": "after"})),
        "stream a: setting `pages`: it needs one of the settings `pointer`, `last_record` and `header`",
    );
    is(
        a("windows", json!({"days": 7, "from": "soon", "start_query": "x"})),
        "setting `streams.0.windows.from` is not a valid date",
    );
    is(
        a("pages", json!({"type": "next_url", "pointr": "/next"})),
        "setting `streams.0.pages.pointer` is missing; setting `streams.0.pages` has unknown settings: \
         pointr (did you mean `pointer`?)",
    );
    is(
        a("pages", json!({"type": "curser"})),
        "setting `streams.0.pages.type` is none of `none`, `number`, `offset`, `cursor`, `next_url`, `link`, \
         `relay` (did you mean `cursor`?)",
    );
    is(a("name", json!("other")), "stream other: setting `name`: another stream has it too");
    is(a("nmae", json!(1)), "setting `streams.0` has unknown settings: nmae");
}

#[test]
fn a_way_to_sign_in_that_is_none_is_told_with_those_that_are() {
    let config = |auth: Value| json!({"url": "http://localhost:1", "auth": auth, "streams": [{"name": "a"}]});
    let kinds = "`none`, `bearer`, `api_key`, `basic`, `session_token`, `jwt`, `oauth2`";
    let start = "the config is not valid: setting `auth";
    assert_eq!(
        refusal(&config(json!({"type": "berer", "token": "hunter2"}))),
        format!("{start}.type` is none of {kinds} (did you mean `bearer`?)")
    );
    assert_eq!(
        refusal(&config(json!({"type": "hunter2"}))),
        format!("{start}.type` is none of {kinds}")
    );
    assert_eq!(
        refusal(&config(json!({"token": "hunter2"}))),
        format!("{start}.type` is missing; it is one of {kinds}")
    );
    assert_eq!(
        refusal(&config(json!({"type": "bearer", "tokn": "hunter2"}))),
        format!("{start}.token` is missing (did you write `tokn` for it?)")
    );
    let optional = json!({"type": "basic", "username": "u", "pasword": "hunter2"});
    let mut config = config(optional);
    config["retry"] = json!({"tries": 1});
    let log = log_of(|| drop(refusal(&config)));
    let told = "the config has settings that the spec doesn't, which do nothing: `auth.pasword` (did you \
                mean `password`?)";
    assert!(log.contains(told) && !log.contains("hunter2"), "{log}");
}

#[test]
fn the_readmes_example_is_a_config() {
    let readme = std::fs::read_to_string("../../README.md").expect("the README");
    let block = readme.split("```json\n").nth(1).expect("an example").split("```").next();
    let mut config: Value = serde_json::from_str(block.expect("its end")).expect("JSON");
    let server = server();
    config["url"] = json!(server.uri());
    let issue = json!({"id": 1, "number": 7, "updated_at": "2026-01-02T03:04:05Z"});
    answer(&server, "/issues", [body(json!([issue]))]);
    answer(&server, "/issues/7/reactions", [body(json!([{"id": 5}]))]);
    let transcript = read(&config, SyncMode::Incremental, &[]);
    assert_eq!((rows(&transcript, "issues").len(), rows(&transcript, "reactions").len()), (1, 1));
}

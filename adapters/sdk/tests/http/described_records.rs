//! What records of a described API get from around them, and paths that lead nowhere.

use crate::described::{body, read, refusal, rows};
use crate::server::{answer, log_of, sentence, server};
use airbyte_protocol::SyncMode;
use airbyte_singer_sdk::testing::Transcript;
use serde_json::{Value, json};
use wiremock::{MockServer, ResponseTemplate};

/// A stream of these answers, and what is said of its records.
fn items(answer_with: ResponseTemplate, settings: &Value) -> (MockServer, Value) {
    let server = server();
    answer(&server, "/", [answer_with]);
    let mut stream = json!({"name": "items", "schema": {"type": "object", "properties": {}}});
    for (name, value) in settings.as_object().expect("settings") {
        stream[name] = value.clone();
    }
    let config = json!({"url": server.uri(), "retry": {"tries": 1}, "streams": [stream]});
    (server, config)
}

fn full(config: &Value) -> Transcript {
    read(config, SyncMode::FullRefresh, &[])
}

fn found(answer: Value, settings: Value) -> Vec<String> {
    let (_server, config) = items(body(answer), &settings);
    rows(&full(&config), "items").iter().map(Value::to_string).collect()
}

fn refused(answer: Value, settings: Value) -> String {
    let (server, config) = items(body(answer), &settings);
    let told = sentence(&full(&config), &server.uri());
    let told =
        told.strip_prefix("system_error: stream items: GET HOST/: ").expect("a system error");
    told.replace("; it came as application/json", "")
}

#[test]
fn the_key_of_a_record_becomes_a_field() {
    let rates = json!({"rates": {"2024-01-01": {"usd": 1.10}, "2024-01-02": [{"usd": 1.2}, null]}});
    assert_eq!(
        found(rates, json!({"records": "/rates/*", "key_field": "day"})),
        [r#"{"usd":1.1,"day":"2024-01-01"}"#, r#"{"usd":1.2,"day":"2024-01-02"}"#]
    );
    // Of several the last one is the record's own.
    let by_base = json!({"EUR": {"to": {"USD": 1.1, "GBP": 0.9}}, "CHF": {"to": null}, "JPY": {}});
    let settings = json!({"records": "/*/to/*", "key_field": "symbol", "value_field": "rate"});
    assert_eq!(
        found(by_base, settings),
        [r#"{"rate":1.1,"symbol":"USD"}"#, r#"{"rate":0.9,"symbol":"GBP"}"#]
    );
}

#[test]
fn nested_records_get_what_is_around_them() {
    let orders = json!([
        {"id": 1, "items": [{"sku": "a"}, {"sku": "b"}], "customer": {"name": "x"}},
        {"items": [{"sku": "c"}], "id": 2, "customer": null},
        {"id": 3, "items": []}, {"id": 4},
    ]);
    let around = json!({"order_id": "/*/id", "customer": "/*/customer/name"});
    assert_eq!(
        found(orders, json!({"records": "/*/items", "around": around})),
        [
            r#"{"sku":"a","customer":"x","order_id":1}"#,
            r#"{"sku":"b","customer":"x","order_id":1}"#,
            r#"{"sku":"c","customer":null,"order_id":2}"#,
        ]
    );
    let deep = json!({"data": {"shops": [
        {"name": "s", "orders": [{"id": 7, "lines": [{"n": 1}]}, {"id": 8, "lines": {"n": 2}}]},
    ]}});
    let around = json!({"shop": "/data/shops/*/name", "order": "/data/shops/*/orders/*/id"});
    assert_eq!(
        found(deep, json!({"records": "/data/shops/*/orders/*/lines", "around": around})),
        [r#"{"n":1,"shop":"s","order":7}"#, r#"{"n":2,"shop":"s","order":8}"#]
    );
}

#[test]
fn records_that_are_no_objects_become_a_field() {
    let field = || json!({"value_field": "name"});
    assert_eq!(found(json!(["a", null, [1]]), field()), [r#"{"name":"a"}"#, r#"{"name":[1]}"#]);
    let told = refused(json!(["a", "b"]), json!({}));
    assert_eq!(told, "record 1 at the top is text, not an object");
}

#[test]
fn what_would_be_lost_or_made_up_is_an_error() {
    let orders = || json!([{"id": 1, "items": [{"id": "a"}]}]);
    assert_eq!(
        refused(orders(), json!({"records": "/*/items", "around": {"id": "/*/id"}})),
        "a record has a field `id` of its own, which would be lost"
    );
    assert_eq!(
        refused(orders(), json!({"records": "/*", "key_field": "key"})),
        "what is at the top is an array, so its members have no keys"
    );
    assert_eq!(
        refused(orders(), json!({"records": "/*/id/x", "around": {"of": "/*/id"}})),
        "what is at /*/id is a number, so there are no records at /*/id/x"
    );
    let csv = ResponseTemplate::new(200).set_body_raw("id\n1\n", "text/csv");
    let (server, config) = items(csv, &json!({"value_field": "x"}));
    assert_eq!(
        sentence(&full(&config), &server.uri()),
        "system_error: stream items: GET HOST/: the body is CSV, but keys and fields around records can be \
         had of JSON only; it came as text/csv"
    );
}

#[test]
fn settings_of_records_that_say_nothing_are_refused() {
    let told = |settings: Value| {
        let mut stream = json!({"name": "a"});
        for (name, value) in settings.as_object().expect("settings") {
            stream[name] = value.clone();
        }
        let text = refusal(&json!({"url": "http://localhost:1", "streams": [stream]}));
        text.replace("the config is not valid: stream a: setting ", "")
    };
    assert_eq!(
        told(json!({"records": "/items", "key_field": "key"})),
        "`key_field`: a record path without `*` has no keys"
    );
    assert_eq!(
        told(json!({"records": "/*/items", "around": {"id": "/id"}})),
        "`around`: a field around records is at a path that goes along with theirs up to a `*`, such as \
         /*/id for records at /*/items"
    );
    assert_eq!(
        told(json!({"records": "/*", "key_field": "key", "format": "csv"})),
        "`format`: keys and fields around records can be had of JSON only"
    );
}

#[test]
fn a_path_that_leads_nowhere_is_told() {
    let orders = || json!([{"id": 1, "items": [{"sku": "a"}]}, {"id": 2}]);
    let warned = |answer: Value, settings: Value| {
        let (_server, config) = items(body(answer), &settings);
        let log = log_of(|| drop(rows(&full(&config), "items")));
        let told: Vec<&str> = log.lines().filter(|line| line.contains("misspelt")).collect();
        told.join("\n")
    };
    let told = warned(orders(), json!({"records": "/*/itmes"}));
    let text = "stream items: no answer had /*/itmes, where records are; it may be misspelt";
    assert_eq!(told.matches(text).count(), 1, "{told}");
    let around = json!({"records": "/*/items", "around": {"order": "/*/ID"}});
    let told = warned(orders(), around);
    let text =
        "stream items: nothing around records had /ID for the field `order`; it may be misspelt";
    assert_eq!(told.matches(text).count(), 1, "{told}");
    for fine in ["/*/items", "/*"] {
        assert_eq!(warned(orders(), json!({"records": fine})), "");
    }
    assert_eq!(warned(json!([]), json!({"records": "/*/items"})), "");

    let xml = |text: &'static str, path: &str| {
        let answer = ResponseTemplate::new(200).set_body_raw(text, "text/xml");
        let (_server, config) = items(answer, &json!({"records": path}));
        log_of(|| drop(rows(&full(&config), "items")))
    };
    let log = xml("<feed><entry><id>1</id></entry></feed>", "/feed/entyr");
    let text = "stream items: no answer had /feed/entyr, where records are; it may be misspelt";
    assert_eq!(log.matches(text).count(), 1, "{log}");
    for (text, path) in [
        ("<feed><entry><id>1</id></entry></feed>", "/feed/entry"),
        ("<feed page='1'/>", "/feed/entry"),
    ] {
        assert!(!xml(text, path).contains("misspelt"));
    }
}

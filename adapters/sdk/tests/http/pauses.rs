//! How APIs ask for a pause, and what answers mean by the rules of a config.

use crate::server::{answer, asked, server};
use airbyte_protocol::{ConfiguredCatalog, ConfiguredStream, Stream, SyncMode};
use airbyte_singer_sdk::sources::Http;
use airbyte_singer_sdk::testing::{self, Transcript};
use airbyte_singer_sdk::toolkit::Native;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use wiremock::{MockServer, ResponseTemplate};

fn catalog() -> ConfiguredCatalog {
    let offer = Stream::new("things", serde_json::Map::new());
    ConfiguredCatalog::new(vec![ConfiguredStream::new(offer, SyncMode::FullRefresh)])
}

fn read(server: &MockServer, more: &Value) -> Transcript {
    let mut config = json!({
        "url": server.uri(), "retry": {"tries": 2},
        "streams": [{"name": "things", "path": "things"}],
    });
    for (name, value) in more.as_object().expect("settings") {
        config[name] = value.clone();
    }
    testing::read(&mut Native::new(Http), &config, &catalog(), &[])
}

/// Reads from an API that answers so first and then with a thing; how long it took.
fn after(first: ResponseTemplate, more: &Value) -> (Transcript, Duration, usize) {
    let server = server();
    let things = ResponseTemplate::new(200).set_body_json(json!([{"id": 1}]));
    answer(&server, "/things", [first, things]);
    let began = Instant::now();
    let transcript = read(&server, more);
    (transcript, began.elapsed(), asked(&server).len())
}

#[test]
fn a_pause_is_made_as_long_as_the_answer_asks_for() {
    let second = Duration::from_millis(950);
    let with = |status: u16, name: &str, value: &str| {
        ResponseTemplate::new(status).insert_header(name, value).set_body_json(json!({}))
    };
    for first in [
        with(429, "Retry-After", "1s"),
        with(429, "Retry-After", "1 second"),
        with(429, "Retry-After-Ms", "1000"),
        with(429, "X-RateLimit-Reset-After", "1"),
        with(429, "X-RateLimit-Reset", "1"),
        with(432, "Retry-After", "1"),
        with(420, "Retry-After", "1"),
        ResponseTemplate::new(429).set_body_json(json!({"retry_after": 1})),
    ] {
        let (transcript, took, calls) = after(first, &json!({}));
        assert!(transcript.error().is_none(), "{:?}", transcript.error());
        assert_eq!((transcript.records().count(), calls), (1, 2));
        assert!(took >= second && took < second * 6, "{took:?}");
    }
    let first = ResponseTemplate::new(429).set_body_json(json!({"error": {"wait": "1s"}}));
    let pointer = json!({"retry": {"tries": 2, "wait_pointer": "/error/wait"}});
    let (transcript, took, _) = after(first, &pointer);
    assert!(transcript.error().is_none() && took >= second, "{took:?}");
}

#[test]
fn rules_say_what_an_answer_means_by_its_status_and_body() {
    let told = |status: u16, body: Value| ResponseTemplate::new(status).set_body_json(body);
    let forbidden = || told(403, json!({"message": "API rate Limit exceeded"}));
    let in_code = || told(400, json!({"error": {"code": 17, "message": "user limit reached"}}));
    let in_200 = || told(200, json!({"ok": false, "error": "ratelimited"}));
    let text = || ResponseTemplate::new(503).set_body_string("Try later");
    for (first, rule) in [
        (forbidden(), json!({"status": [403], "contains": "rate limit", "then": "rate_limited"})),
        (in_code(), json!({"pointer": "/error/code", "values": ["17"], "then": "retry"})),
        (
            in_code(),
            json!({"status": [400], "pointer": "/error/code", "then": "rate_limited",
            "wait_seconds": 0.01}),
        ),
        (in_200(), json!({"pointer": "/error", "values": ["ratelimited"], "then": "rate_limited"})),
        (text(), json!({"contains": "try LATER", "then": "retry", "wait_seconds": 0})),
    ] {
        let (transcript, _, calls) = after(first, &json!({"rules": [rule]}));
        assert!(transcript.error().is_none(), "{rule} {:?}", transcript.error());
        assert_eq!((transcript.records().count(), calls), (1, 2), "{rule}");
    }
    // There is nothing; and what would be tried again is not.
    let ignored = json!({"rules": [{"status": [400], "then": "ignore"}]});
    let (transcript, _, calls) = after(in_code(), &ignored);
    assert_eq!((transcript.error(), transcript.records().count(), calls), (None, 0, 1));
    let failing = json!({"rules": [{"status": [503], "then": "fail"}]});
    let (transcript, _, calls) = after(told(503, json!({"message": "for good"})), &failing);
    let text = &transcript.error().expect("an error").message;
    assert!(text.starts_with("stream things: GET 127.0.0.1:"), "{text}");
    let told =
        "/things: an answer 503 Service Unavailable is a failure by a rule of the config: for good";
    assert!(text.ends_with(told), "{text}");
    assert_eq!(calls, 1);
}

#[test]
fn a_rule_of_a_stream_comes_before_those_of_all_and_a_rule_for_everything_is_refused() {
    let server = server();
    let body = json!({"error": {"code": 17, "message": "m"}});
    answer(&server, "/things", [ResponseTemplate::new(400).set_body_json(body)]);
    let rule = |then: &str| json!([{"pointer": "/error/code", "values": [17], "then": then}]);
    let own = json!([{"name": "things", "path": "things", "rules": rule("ignore")}]);
    let transcript = read(&server, &json!({"rules": rule("fail"), "streams": own}));
    assert_eq!((transcript.error(), transcript.records().count()), (None, 0));
    let told = |rules: Value| {
        read(&server, &json!({"rules": rules})).error().expect("an error").message.clone()
    };
    let text = told(json!([{"then": "ignore"}]));
    assert!(text.contains("setting `rules`: a rule needs one of"), "{text}");
    let text = told(json!([{"pointer": "error", "then": "ignore"}]));
    assert!(text.contains("setting `rules`: a JSON Pointer must begin with `/`"), "{text}");
}

#[test]
fn a_token_may_stand_anywhere_and_end_with_any_status() {
    let server = server();
    let token = |token: &str| {
        let body = json!({"data": {"access_token": token, "expires_in": "3600"}, "success": true});
        ResponseTemplate::new(200).set_body_json(body)
    };
    answer(&server, "/token", [token("first-token-1"), token("second-token-2")]);
    let things = ResponseTemplate::new(200).set_body_json(json!([{"id": 1}]));
    let ended = ResponseTemplate::new(403).set_body_json(json!({"message": "token expired"}));
    answer(&server, "/things", [ended, things]);
    let auth = json!({
        "type": "oauth2", "grant": "client_credentials", "client_id": "id", "client_secret": "Sesame-41",
        "token_url": format!("{}/token", server.uri()), "token_pointer": "/data/access_token",
        "expired_statuses": [403],
    });
    let transcript = read(&server, &json!({"auth": auth}));
    assert!(transcript.error().is_none(), "{:?}", transcript.error());
    assert_eq!(transcript.records().count(), 1);
    let sent: Vec<String> = asked(&server)
        .iter()
        .filter_map(|request| Some(request.headers.get("authorization")?.to_str().ok()?.to_owned()))
        .collect();
    assert_eq!(sent, ["Bearer first-token-1", "Bearer second-token-2"]);
    // Where the status is no sign of it, it is what it was.
    let mut plain = auth.clone();
    plain["expired_statuses"] = json!([]);
    answer(&server, "/others", [ResponseTemplate::new(403)]);
    let others = json!([{"name": "things", "path": "others"}]);
    let transcript = read(&server, &json!({"auth": plain, "streams": others}));
    let text = &transcript.error().expect("an error").message;
    assert!(text.ends_with("is not permitted to these credentials (403)"), "{text}");
    let mut wrong = auth;
    wrong["token_pointer"] = json!("data/token");
    let text = read(&server, &json!({"auth": wrong})).error().expect("an error").message.clone();
    assert!(text.contains("setting `auth.token_pointer`: a JSON Pointer must begin"), "{text}");
}

//! Errors that come with status 200.

use crate::server::{answer, server};
use airbyte_protocol::{ConfiguredCatalog, ConfiguredStream, Stream, SyncMode};
use airbyte_singer_sdk::sources::Http;
use airbyte_singer_sdk::testing::{self, Transcript};
use airbyte_singer_sdk::toolkit::Native;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

/// What comes of a stream whose API answers so; the stream's own settings are added to the usual ones.
pub(crate) fn read(body: impl AsRef<[u8]>, kind: &str, more: &Value) -> Transcript {
    let server = server();
    let reply = ResponseTemplate::new(200).set_body_raw(body.as_ref(), kind);
    answer(&server, "/things", [reply]);
    let mut stream = json!({"name": "things", "path": "things"});
    for (name, value) in more.as_object().expect("settings") {
        stream[name] = value.clone();
    }
    let config = json!({
        "url": server.uri(), "retry": {"tries": 1}, "streams": [stream],
        "auth": {"type": "bearer", "token": "Sesame-41.open"},
    });
    let offer = Stream::new("things", serde_json::Map::new());
    let configured = ConfiguredStream::new(offer, SyncMode::FullRefresh);
    let catalog = ConfiguredCatalog::new(vec![configured]);
    testing::read(&mut Native::new(Http), &config, &catalog, &[])
}

/// The sentence of a read that failed without a record.
fn refusal(body: &str, kind: &str, more: &Value) -> String {
    let transcript = read(body, kind, more);
    assert_eq!(transcript.records().count(), 0, "{body}");
    transcript.error().map_or_else(|| format!("no error of {body}"), |error| error.message.clone())
}

const JSON: &str = "application/json";

#[test]
fn an_error_with_200_fails_with_the_words_of_the_api() {
    let at = |path: &str| json!({"records": path});
    for (body, kind, more, words) in [
        (r#"{"error": {"code": 401, "message": "no way"}}"#, JSON, json!({}), "no way"),
        (r#"{"error": "no way", "account": 7}"#, JSON, json!({}), "no way"),
        (r#"[{"message": "no way", "errorCode": "X"}]"#, JSON, json!({}), "no way"),
        (r#"{"ok": false, "error": "no way"}"#, JSON, at("/channels"), "no way"),
        (r#"{"status": "error", "message": "no way", "data": []}"#, JSON, at("/data"), "no way"),
        (r#"{"data": null, "errors": ["no way"]}"#, JSON, at("/data"), "no way"),
        (r#"{"data": "none", "fault": {"faultstring": "no way"}}"#, JSON, at("/data"), "no way"),
        (r#"{"data": {"error": "no way"}}"#, JSON, at("/data/items"), "no way"),
        ("{\"error\": \"no way\"}\n", "application/x-ndjson", json!({}), "no way"),
        (r#"{"error": "no way", "id": 1}"#, JSON, json!({"format": "csv"}), "no way"),
        (r#"{"error": "no way"}"#, JSON, json!({"format": "xml"}), "no way"),
        ("<error><code>7</code><message>no way</message></error>", "text/xml", json!({}), "no way"),
        ("<r><error>no way</error></r>", "text/xml", json!({}), "no way"),
        ("<Error><Message>no way</Message></Error>", "text/xml", at("/feed/entry"), "no way"),
        (
            r#"<rsp stat="fail"><err code="100" msg="no way"/></rsp>"#,
            "text/xml",
            at("/rsp/photos/photo"),
            "no way",
        ),
        (
            "<s:Envelope><s:Body><s:Fault><faultstring>no way</faultstring></s:Fault></s:Body></s:Envelope>",
            "text/xml",
            json!({}),
            "no way",
        ),
    ] {
        let text = refusal(body, kind, &more);
        assert!(
            text.contains(&format!("answered 200 OK with an error: {words} (")),
            "{body}: {text}"
        );
        assert!(text.contains("`errors: ignore`"), "{text}");
    }
}

#[test]
fn a_secret_in_the_words_of_the_api_is_masked() {
    let text = refusal(r#"{"error": "bad key Sesame-41.open"}"#, JSON, &json!({}));
    assert!(text.contains("with an error: bad key ") && !text.contains("Sesame"), "{text}");
}

#[test]
fn a_path_that_is_missing_is_told_with_the_words_of_the_api() {
    let text = refusal(r#"{"message": "no way"}"#, JSON, &json!({"records": "/data"}));
    assert!(
        text.ends_with(": the body has no /data: no way; it came as application/json"),
        "{text}"
    );
    let text = refusal(r#"{"id": 1}"#, JSON, &json!({"format": "csv"}));
    assert!(text.contains(": the body is JSON where CSV was expected; it came as "), "{text}");
}

#[test]
fn what_is_no_error_is_read() {
    let job = r#"{"id": 5, "error": "no room"}"#;
    for (body, kind, more, count) in [
        (job, JSON, json!({"errors": "ignore"}), 1),
        (job, JSON, json!({"primary_key": ["id"]}), 1),
        (job, JSON, json!({"cursor": {"field": "id"}}), 1),
        (job, JSON, json!({"schema": {"type": "object", "properties": {"id": {}}}}), 1),
        (&format!("[{job}]"), JSON, json!({}), 1),
        (&format!("{job}\n"), "application/x-ndjson", json!({}), 1),
        (&format!("{job}\n{job}\n"), "application/x-ndjson", json!({}), 2),
        (
            r#"{"data": [{"id": 1}], "error": "of another part"}"#,
            JSON,
            json!({"records": "/data"}),
            1,
        ),
        (r#"{"data": [], "error": null, "message": "none"}"#, JSON, json!({"records": "/data"}), 0),
        (r#"{"data": [], "error": "x"}"#, JSON, json!({"records": "/data", "errors": "ignore"}), 0),
        ("<log><error>a</error><note>b</note></log>", "text/xml", json!({}), 2),
        ("<log><error>a</error></log>", "text/xml", json!({"records": "/log/error"}), 1),
        ("<log><error>a</error></log>", "text/xml", json!({"errors": "ignore"}), 1),
        ("<log><error>0</error></log>", "text/xml", json!({"errors": "ignore"}), 1),
    ] {
        let transcript = read(body, kind, &more);
        assert!(transcript.error().is_none(), "{body}: {:?}", transcript.error());
        assert_eq!(transcript.records().count(), count, "{body}");
    }
}

#[test]
fn an_error_on_a_later_page_fails_as_one_on_the_first() {
    let server = server();
    let page = |body: Value| ResponseTemplate::new(200).set_body_json(body);
    answer(
        &server,
        "/things",
        [
            page(json!({"data": [{"id": 1}]})),
            page(json!({"data": [], "error": {"message": "no way"}})),
        ],
    );
    let stream = json!({
        "name": "things", "path": "things", "records": "/data",
        "pages": {"type": "number", "query": "page"},
    });
    let config = json!({"url": server.uri(), "retry": {"tries": 1}, "streams": [stream]});
    let offer = Stream::new("things", serde_json::Map::new());
    let catalog = ConfiguredCatalog::new(vec![ConfiguredStream::new(offer, SyncMode::FullRefresh)]);
    let transcript = testing::read(&mut Native::new(Http), &config, &catalog, &[]);
    assert_eq!(transcript.records().count(), 1);
    let error = transcript.error().expect("an error");
    assert!(error.message.contains("with an error: no way"), "{}", error.message);
}

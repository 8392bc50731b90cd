//! Texts as spreadsheets and old servers write them.

use crate::server::log_of;
use crate::told_errors::read;
use serde_json::{Value, json};

fn rows(body: &[u8], kind: &str, more: &Value) -> Vec<Value> {
    let transcript = read(body, kind, more);
    assert!(transcript.error().is_none(), "{:?}", transcript.error());
    transcript.records().map(|record| serde_json::to_value(&record.data).expect("JSON")).collect()
}

#[test]
fn csv_of_a_spreadsheet_is_read_by_its_delimiter() {
    let body = b"\xef\xbb\xbfid;name\r\n1;\"M\xc3\xbcller\"\r\n2;b\r\n";
    let kind = "text/csv; charset=utf-8";
    let expected = [json!({"id": "1", "name": "Müller"}), json!({"id": "2", "name": "b"})];
    assert_eq!(rows(body, kind, &json!({"delimiter": ";"})), expected);
    let tabs = String::from_utf8_lossy(body).replace(';', "\t");
    assert_eq!(rows(tabs.as_bytes(), "text/csv", &json!({"delimiter": "tab"})), expected);
    // Without the setting it is as it was, and the user is told.
    let log = log_of(|| {
        assert_eq!(rows(body, kind, &json!({}))[1], json!({"id;name": "2;b"}));
    });
    assert_eq!(log.matches("the stream's setting `delimiter` says so").count(), 1, "{log}");
}

#[test]
fn texts_are_in_what_the_header_or_the_user_says() {
    let expected = [json!({"name": "Müller"})];
    let csv = b"name\nM\xfcller\n";
    let wide: Vec<u8> =
        "\u{feff}name\nMüller\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let json = b"[{\"name\": \"M\xfcller\"}]";
    let xml = b"<r><i><name>M\xfcller</name></i></r>";
    let said = json!({"encoding": "windows-1252"});
    for (body, kind, more) in [
        (&csv[..], "text/csv; charset=windows-1252", json!({})),
        (&wide, "text/csv; charset=utf-16", json!({})),
        (&wide, "text/csv", json!({})),
        (json, "application/json; charset=ISO-8859-1", json!({})),
        (xml, "application/xml; charset=ISO-8859-1", json!({})),
        (csv, "text/csv", said.clone()),
        (json, "application/json", said.clone()),
        (xml, "text/xml", said),
        ("name\nMüller\n".as_bytes(), "text/csv; charset=ISO-8859-1", json!({})),
    ] {
        assert_eq!(rows(body, kind, &more), expected, "{kind} {more}");
    }
}

#[test]
fn what_nobody_says_is_an_error_and_so_is_what_nobody_knows() {
    let told = |body: &[u8], kind: &str, more: Value| {
        read(body, kind, &more).error().expect("an error").message.clone()
    };
    let text = told(b"name\nM\xfcller\n", "text/csv", json!({}));
    assert!(text.contains("the body is not CSV in UTF-8: line 2"), "{text}");
    let text = told(b"", "text/csv", json!({"encoding": "klingon"}));
    assert!(
        text.contains("stream things: setting `encoding`: there is no such encoding"),
        "{text}"
    );
    let text = told(b"", "text/csv", json!({"delimiter": ";;"}));
    assert!(text.contains("setting `delimiter`: a delimiter is one character"), "{text}");
}

#[test]
fn a_long_value_ends_the_stream_with_a_sentence() {
    let server = crate::server::server();
    let body = format!("[{{\"v\": \"{}\"}}]", "x".repeat(100_000));
    let reply = wiremock::ResponseTemplate::new(200).set_body_raw(body, "application/json");
    crate::server::answer(&server, "/things", [reply]);
    let config = json!({
        "url": server.uri(), "max_record_bytes": 65536,
        "streams": [{"name": "things", "path": "things"}],
    });
    let source = &mut airbyte_singer_sdk::toolkit::Native::new(airbyte_singer_sdk::sources::Http);
    let status = airbyte_singer_sdk::testing::check(source, &config).status();
    let text = status.message.expect("a sentence");
    assert!(text.contains("the body's JSON has a record"), "{text}");
    assert!(text.contains("65536 bytes, the most that `max_record_bytes` allows"), "{text}");
}

#[test]
fn a_value_that_json_does_not_know_is_marked_in_its_record() {
    let body = br#"[{"id": 1, "v": NaN}, {"id": 2, "v": "\ud83d"}]"#;
    let log = log_of(|| {
        let transcript = read(body, "application/json", &json!({}));
        assert!(transcript.error().is_none(), "{:?}", transcript.error());
        let told = transcript
            .records()
            .map(|record| serde_json::to_value((&record.data, &record.meta)).expect("JSON"));
        let mark = |change: &str| {
            json!({"changes": [{"field": "v", "change": change,
                "reason": "SOURCE_SERIALIZATION_ERROR"}]})
        };
        let expected = [
            json!([{"id": 1, "v": null}, mark("NULLED")]),
            json!([{"id": 2, "v": "\u{fffd}"}, mark("TRUNCATED")]),
        ];
        assert_eq!(told.collect::<Vec<_>>(), expected);
    });
    assert_eq!(log.matches("become null").count(), 1, "{log}");
}

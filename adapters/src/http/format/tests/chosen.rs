use super::super::format_of;
use super::whole;
use crate::http::RecordPath;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::json;

#[test]
fn the_content_type_says_what_a_body_is() {
    let records: RecordPath = "/rows".parse().unwrap();
    let json = r#"{"rows": [{"id": "1"}]}"#;
    let cases = [
        ("application/json; charset=utf-8", json),
        ("application/vnd.api+json", json),
        ("text/plain", json),
        ("", json),
        ("application/x-ndjson", "{\"id\": \"1\"}\n"),
        ("Application/JSONL", "{\"id\": \"1\"}\n"),
        ("text/csv;header=present", "id\n1\n"),
        ("text/tab-separated-values", "id\tx\n1\t2\n"),
        ("application/zip", json),
        ("application/gzip", "id\n1\n"),
    ];
    for (kind, body) in cases {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, kind.parse().unwrap());
        let url = "https://a.example/files/1.csv.gz?x=y".parse().unwrap();
        let (found, _) = whole(&*format_of(&headers, &url, &records), body);
        assert_eq!(found[0]["id"], "1", "{kind}");
    }
    let xml: RecordPath = "/rss/channel/item".parse().unwrap();
    let body = "<rss><channel><title/><item><id>1</id></item></channel></rss>";
    for kind in ["application/rss+xml", "text/xml", "application/xml"] {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, kind.parse().unwrap());
        let url = "https://a.example/feed".parse().unwrap();
        assert_eq!(whole(&*format_of(&headers, &url, &xml), body).0, [json!({"id": "1"})]);
    }
}

use super::super::{Kind, Reading, format_of};
use super::whole;
use crate::RecordPath;
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

#[test]
fn an_archive_is_seen_by_its_first_bytes_whatever_its_head_says() {
    let gzip = |text: &str| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, text.as_bytes()).unwrap();
        packed.finish().unwrap()
    };
    let zip = |name: &str, text: &str| {
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut archive, text.as_bytes()).unwrap();
        archive.finish().unwrap().into_inner()
    };
    let (csv, json) = ("id,name\n1,a\n", r#"[{"id": "1", "name": "a"}]"#);
    for (kind, address, given, body) in [
        (Kind::Csv, "/a", "application/a-gzip", gzip(csv)),
        (Kind::Auto, "/b", "application/octet-stream", gzip(json)),
        (Kind::Auto, "/c", "text/csv", gzip(csv)),
        (Kind::Auto, "/d.csv.gz", "binary/octet-stream", gzip(csv)),
        (Kind::Auto, "/d.csv", "binary/octet-stream", gzip(csv)),
        (Kind::Auto, "/e", "application/json", gzip(json)),
        (Kind::Json, "/e", "text/csv", gzip(json)),
        (Kind::Csv, "/f", "application/json", zip("x", csv)),
        (Kind::Auto, "/f", "application/octet-stream", zip("x.csv", csv)),
        (Kind::Auto, "/f", "application/json", zip("x.json", json)),
        (Kind::Auto, "/f", "application/json", gzip("[{\"id\": \"1\", \"name\": \"a\"}]")),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, given.parse().unwrap());
        let url = format!("https://a.example{address}").parse().unwrap();
        let format = Reading::at(RecordPath::default()).format(kind, &headers, &url);
        let (found, _) = whole(&*format, &body);
        assert_eq!(found, [json!({"id": "1", "name": "a"})], "{kind:?} {address} {given}");
    }
}

use super::{Csv, Format, Gzip, Json, JsonLines, Xml, Zip};
use crate::http::RecordPath;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use std::sync::Arc;
use url::Url;

/// The format of an answer, going by its `Content-Type`, and by the name in its address for what is
/// inside of a gzip. In doubt it is JSON, with its records at a path; of XML the path is that of its
/// elements.
pub fn format_of(headers: &HeaderMap, url: &Url, records: &RecordPath) -> Arc<dyn Format> {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind.as_str() {
        "application/gzip" | "application/x-gzip" => by_name(url.path(), records),
        "application/zip" | "application/x-zip-compressed" => {
            Arc::new(Zip::by_name(records.clone()))
        }
        "text/csv" | "application/csv" => Arc::new(Csv::new()),
        "text/tab-separated-values" => Arc::new(Csv::new().delimiter(b'\t')),
        "text/xml" | "application/xml" => Arc::new(Xml::at(records.clone())),
        "application/x-ndjson"
        | "application/ndjson"
        | "application/jsonl"
        | "application/x-jsonl"
        | "application/jsonlines"
        | "application/x-jsonlines"
        | "application/json-lines"
        | "application/x-json-stream"
        | "application/stream+json" => Arc::new(JsonLines::new()),
        kind if kind.ends_with("+xml") => Arc::new(Xml::at(records.clone())),
        _ => Arc::new(Json::at(records.clone())),
    }
}

/// The format of a file.
pub(super) fn by_name(name: &str, records: &RecordPath) -> Arc<dyn Format> {
    let name = name.to_ascii_lowercase();
    let (name, is_gzip) = match name.strip_suffix(".gz") {
        Some(name) => (name, true),
        None => (name.as_str(), false),
    };
    let inside: Arc<dyn Format> = match name.rsplit('.').next() {
        Some("csv") => Arc::new(Csv::new()),
        Some("tsv") => Arc::new(Csv::new().delimiter(b'\t')),
        Some("xml") => Arc::new(Xml::at(records.clone())),
        Some("jsonl" | "ndjson") => Arc::new(JsonLines::new()),
        _ => Arc::new(Json::at(records.clone())),
    };
    if is_gzip { Arc::new(Gzip::of(inside)) } else { inside }
}

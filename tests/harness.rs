//! What a test needs to read as a sentence: one work folder, one fluent command on the binary,
//! output that answers questions, and a judge who looks at every read.

mod judge;
mod output;
mod run;
mod tap;

pub(crate) use judge::faults;
pub(crate) use output::{Exit, Line, Output, name_of};
pub(crate) use run::{Live, Run, Work, eventually};
pub(crate) use tap::{Given, Tap, columns, entry, metadata, schema, state, table};

use serde_json::{Value, json};
use std::path::PathBuf;

/// A folder below `fixtures/`.
pub(crate) fn fixtures(below: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(below)
}

/// The folders in a folder, by name.
pub(crate) fn folders(below: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(fixtures(below)).expect("the fixtures are there");
    let mut found: Vec<_> =
        entries.map(|e| e.expect("readable").path()).filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

/// A configured catalog of discovered streams, all read in full.
pub(crate) fn in_full(catalog: &Value) -> Value {
    configured(catalog, |_| "full_refresh")
}

/// A configured catalog of discovered streams, incremental where the source says by what.
pub(crate) fn incrementally(catalog: &Value) -> Value {
    configured(catalog, |stream| {
        let modes = stream["supported_sync_modes"].as_array();
        let offered = modes.is_some_and(|modes| modes.contains(&json!("incremental")));
        let chosen =
            stream["source_defined_cursor"] == true || stream.get("default_cursor_field").is_some();
        if offered && chosen { "incremental" } else { "full_refresh" }
    })
}

/// A configured catalog with a mode for each stream.
pub(crate) fn configured(catalog: &Value, mode: impl Fn(&Value) -> &'static str) -> Value {
    let streams = catalog["streams"].as_array().expect("a catalog has streams");
    let streams: Vec<Value> = streams
        .iter()
        .map(|stream| {
            let mut one = json!({"stream": stream, "sync_mode": mode(stream),
                "destination_sync_mode": "append"});
            if let Some(cursor) = stream.get("default_cursor_field") {
                one["cursor_field"] = cursor.clone();
            }
            one
        })
        .collect();
    json!({"streams": streams})
}

/// The streams of a configured catalog that have one of these names.
pub(crate) fn only(configured: &Value, names: &[&str]) -> Value {
    let streams = configured["streams"].as_array().expect("a catalog has streams");
    let kept: Vec<&Value> =
        streams.iter().filter(|s| names.contains(&&*name_of(&s["stream"]))).collect();
    assert_eq!(kept.len(), names.len(), "not all of {names:?} are in the catalog");
    json!({"streams": kept})
}

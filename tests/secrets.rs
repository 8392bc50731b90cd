//! A secret of the config is never seen, and never left behind.

mod left;
mod said;

use crate::harness::*;
use serde_json::{Value, json};

/// The secret of the config, as `forms.py` has it.
const SECRET: &str = "s3cr3t/wörd+\"q'8=Zk:42";

/// A config with the secret, and one without.
fn config(password: &str) -> String {
    json!({"user": "anna", "password": password}).to_string()
}

/// A tap of one stream with one record.
fn people() -> Tap {
    Tap::with(&[entry("people", &["id"], columns())]).says(&[
        &schema("people"),
        r#"{"type":"RECORD","stream":"people","record":{"id":1}}"#,
        &state(json!({"people": {"since": 1}})),
    ])
}

fn catalog() -> Value {
    json!({"streams": [{"stream": {"name": "people", "json_schema": {},
        "supported_sync_modes": ["full_refresh"]}, "sync_mode": "full_refresh",
        "destination_sync_mode": "append"}]})
}

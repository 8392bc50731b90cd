//! A config that the tap rewrites reaches the platform, whatever happens then, and nobody else.

use crate::harness::*;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

mod ends;
mod masking;
mod moments;
mod rotation;
mod settings;

/// What each tap here is given.
const CONFIG: &str = r#"{"refresh_token": "first-token", "start": 1}"#;
/// What it makes of it.
const SECOND: &str = r#"{"refresh_token": "second-token", "start": 1}"#;
const THIRD: &str = r#"{"refresh_token": "third-token", "start": 1}"#;

/// The beginning of a tap that is a script: `$config` is the file that it is given, `$mode` what it
/// is asked for.
const OPENING: &str = r#"#!/bin/sh
config= mode=sync
while [ $# -gt 0 ]; do
    case $1 in
        --config) config=$2; shift ;;
        --discover) mode=discover ;;
        --about) echo 'unrecognized arguments: --about' >&2; exit 2 ;;
        --help) echo 'usage: tap [--config FILE] [--discover] [--catalog FILE]'; exit 0 ;;
    esac
    shift
done
in_place() { printf '%s' "$1" > "$config"; }
renamed() { printf '%s' "$1" > "$config.new" && mv "$config.new" "$config"; }
record() { echo '{"type":"RECORD","stream":"people","record":{"id":'"$1"'}}'; }
state() { echo '{"type":"STATE","value":{"bookmarks":{"people":{"since":'"$1"'}}}}'; }
"#;

/// A tap of two streams that does something before it discovers and then syncs as the script says:
/// `people`, which can be read incrementally, and `planets`. It lies in the work folder.
fn tap(work: &Work, before_discovery: &str, sync: &str) -> PathBuf {
    let mut people = entry("people", &["id"], columns());
    people["metadata"][0]["metadata"]["valid-replication-keys"] = json!(["updated_at"]);
    let streams = json!({"streams": [people, entry("planets", &["id"], columns())]});
    let discovery = format!("{before_discovery}\necho '{streams}'\nexit 0");
    let script = format!("{OPENING}\nif [ $mode = discover ]; then\n{discovery}\nfi\n{sync}\n");
    let path = work.file("tap", script);
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("our own file");
    path
}

/// A read of `people` by a tap that syncs as the script says.
fn reading<'w>(work: &'w Work, sync: &str) -> Run<'w> {
    let tap = tap(work, "", sync);
    let catalog = only(&catalog(), &["people"]);
    work.read(&catalog).with_config(CONFIG).arg("--tap").arg(tap).every_state()
}

fn catalog() -> Value {
    let stream = |name: &str, mode: &str| {
        let stream = json!({"name": name, "json_schema": {}, "supported_sync_modes": [mode]});
        json!({"stream": stream, "sync_mode": mode, "cursor_field": ["updated_at"]})
    };
    json!({"streams": [stream("people", "incremental"), stream("planets", "full_refresh")]})
}

/// The configs that the platform was asked to store.
fn stored(output: &Output) -> Vec<Value> {
    let controls = output.lines.iter().filter(|line| line.kind == "CONTROL");
    let configs = controls.map(|line| {
        let control = line.field("control");
        assert_eq!(control["type"], "CONNECTOR_CONFIG");
        let at = control["emitted_at"].as_i64().expect("a time");
        assert!(output.when.contains(&at), "{at} is no time of this run");
        control["connectorConfig"]["config"].clone()
    });
    configs.collect()
}

/// Where in the output something stands first.
fn place(output: &Output, is_it: impl Fn(&Line) -> bool) -> usize {
    output.lines.iter().position(is_it).unwrap_or_else(|| panic!("it isn't there\n{output}"))
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

//! The converters: what a read translates on its way, there and back, without a tap.

mod catalog;
mod messages;
mod state;

use crate::harness::*;
use serde_json::{Map, Value, json};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

/// The one document that a converter gives.
fn document(output: &Output) -> Value {
    let text: String = output.lines.iter().map(|line| format!("{}\n", line.raw)).collect();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{output}"))
}

fn json_file(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("JSON")
}

/// The recordings of real taps, each with a place to work in.
fn recordings() -> Vec<(PathBuf, Work)> {
    let found = folders("recordings");
    assert!(found.len() >= 4, "the recordings are there");
    found.into_iter().map(|folder| (folder, Work::new())).collect()
}

/// The raw records of a tap's messages, in order.
fn raw_records(lines: &str) -> Vec<String> {
    let lines = lines.lines().map(Line::parse).filter(|line| line.kind == "RECORD");
    let raw = |line: Line| line.raw_field("record").expect("a record");
    lines.map(raw).collect()
}

fn data(output: &Output) -> Vec<String> {
    output.records().into_iter().map(|record| record.data).collect()
}

/// The Airbyte catalog of a Singer one, and the cursors that a user would choose taken over.
fn airbyte_catalog(work: &Work, singer: &Path) -> Value {
    document(&work.convert("catalog").args(["--from", "singer"]).arg(singer).ok())
}

/// A state without the hints, which nobody hands to a tap again; one that says nothing is kept for
/// the tap that misses it.
fn without_hints(state: &Value) -> Value {
    let mut state = state.clone();
    let map = state.as_object_mut().expect("an object");
    let mut bookmarks = map["bookmarks"].as_object().into_iter().flat_map(|map| map.values());
    let misses_it = bookmarks.any(|bookmark| bookmark.get("lsn").is_some());
    map.retain(|key, hint| !key.starts_with("currently_") || misses_it && hint.is_null());
    state
}

/// The streams that an output speaks of, as a configured catalog.
fn seen(output: &Output) -> Value {
    let mut names: Vec<Value> = Vec::new();
    for line in &output.lines {
        let Some(trace) = line.trace("STREAM_STATUS") else { continue };
        let name = trace["stream_status"]["stream_descriptor"].clone();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let streams: Vec<Value> = names
        .iter()
        .map(|name| json!({"stream": name, "sync_mode": "incremental", "cursor_field": ["id"]}))
        .collect();
    json!({ "streams": streams })
}

fn with_profile<'w>(run: Run<'w>, profile: &Path) -> Run<'w> {
    run.arg("--profile").arg(profile)
}

#[test]
fn profiles_name_streams_for_every_converter() {
    let work = Work::new();
    let singer =
        work.file("s.json", json!({"streams": [entry("a", &["id"], columns())]}).to_string());
    let profile =
        work.file("p.yaml", "version: 1\nstreams: {a: {name: renamed, aliases: [other]}}\n");
    let mut catalog = document(
        &with_profile(work.convert("catalog").args(["--from", "singer"]).arg(&singer), &profile)
            .ok(),
    );
    assert_eq!(catalog["streams"][0]["name"], "renamed");
    let lines = [schema("other"), r#"{"type":"RECORD","stream":"other","record":{"id":1}}"#.into()];
    let messages = work.file("m", lines.join("\n"));
    let learnt =
        with_profile(work.convert("catalog").arg("--from-messages").arg(&messages), &profile).ok();
    assert_eq!(document(&learnt)["streams"][0]["name"], "renamed");
    let seen = with_profile(work.convert("messages").arg(&messages), &profile).ok();
    assert_eq!(seen.records_of("renamed").len(), 1, "{seen}");
    catalog["streams"][0]["supported_sync_modes"] = json!(["full_refresh", "incremental"]);
    let configured = configured(&catalog, |_| "incremental");
    let file = work.file("c.json", configured.to_string());
    let read =
        with_profile(work.convert("messages").arg("--catalog").arg(&file).arg(&messages), &profile)
            .ok();
    assert_eq!(faults(&read, &configured), Vec::<String>::new());
    assert_eq!(read.records_of("renamed").len(), 1, "{read}");
    let state = work.file("state.json", r#"{"bookmarks": {"a": {"id": 7}}}"#);
    let states = with_profile(
        work.convert("state").args(["--from", "singer", "--catalog"]).arg(&file),
        &profile,
    )
    .arg(state);
    let states = document(&states.ok());
    assert_eq!(states[0]["stream"]["stream_descriptor"]["name"], "renamed");
    assert_eq!(states[0]["stream"]["stream_state"]["tap_stream_id"], "a");
}

#[test]
fn settings_become_a_spec() {
    let work = Work::new();
    let about = json!({"name": "tap-x", "settings": {"type": "object", "required": ["token"],
        "properties": {"token": {"type": "string"}, "count": {"type": ["integer", "null"]}}}});
    let hub = "name: tap-x\nsettings:\n- {name: token}\n- {name: count, kind: integer}\n\
        settings_group_validation: [[token]]\n";
    let texts = [about.to_string(), format!("INFO a log line\n{about:#}\n"), hub.to_owned()];
    for text in texts {
        let file = work.file("in", &text);
        let spec = document(&work.convert("spec").stdin(File::open(file).expect("a file")).ok());
        let settings = &spec["connectionSpecification"];
        assert_eq!(settings["properties"]["token"]["airbyte_secret"], true, "{text}");
        assert_eq!(settings["properties"]["count"]["type"], "integer", "{text}");
        assert_eq!(settings["required"], json!(["token"]), "{text}");
        assert!(spec["documentationUrl"].as_str().is_some_and(|url| url.ends_with("tap-x")));
        // A tap's spec from there on.
        let spec = work.file("spec.json", spec.to_string());
        let tap = Tap::with(&[]);
        let told = work.spec().tap(&tap).arg("--tap-spec").arg(spec).ok().spec();
        assert_eq!(told["connectionSpecification"], *settings);
    }
    for text in ["", "usage: tap [-h]", "[]", r#"{"settings": 5}"#] {
        work.convert("spec").arg(work.file("in", text)).fails();
    }
    let broken = work.convert("spec").arg(work.file("in", "name: x\nsettings: [\n")).fails();
    assert!(broken.error().contains("neither JSON nor YAML: not valid YAML at line"), "{broken}");
    let deep = "[".repeat(65) + &"]".repeat(65);
    let deep = work.convert("spec").arg(work.file("in", format!("settings: {deep}"))).fails();
    assert!(deep.error().contains("nested more than 64 levels deep"), "{deep}");
}

#[test]
fn what_is_missing_is_a_trace_and_no_usage_error() {
    let work = Work::new();
    for (what, args) in
        [("catalog", vec!["--from", "singer"]), ("spec", vec![]), ("messages", vec![])]
    {
        let output = work.convert(what).args(args).arg("gone.json").fails();
        assert_eq!(output.error(), "file gone.json: there is no such file");
    }
    let output = work.convert("state").args(["--from", "singer", "--catalog", "gone.json"]).fails();
    assert_eq!(output.error(), "catalog file gone.json: there is no such file");
    let usage = work.convert("catalog").go();
    assert_eq!(usage.exit, Exit::Code(2));
    assert!(usage.lines.is_empty() && usage.stderr.contains("--from"), "{usage}");
}

//! Every folder of `fixtures/taps` is a tap; what becomes of it stands in its `expected/`.
//!
//! Each folder is a test by its name: `cargo test -p airbyte-singer --test scenarios exact-bytes`.
//! `AIRBYTE_SINGER_BLESS=1` before it writes what is there now. Times and run ids are redacted; LOGs are
//! listed apart, since their place among the other lines is nobody's promise.
//!
//! `scenario.json`: `promise` says what the folder shows, `tap` how `tap-replay` behaves, `flags`
//! what the program is told, `profile` what a profile says, and `reads` what is asked, each `{name, streams, sync_mode, flags,
//! after}`, where `after` names the read whose states are handed in.

#![cfg(test)]

#[allow(dead_code, unused_imports, reason = "the other tests need more of it")]
mod harness;

use crate::harness::*;
use assert_json_diff::{CompareMode, Config, assert_json_matches_no_panic};
use libtest_mimic::{Arguments, Failed, Trial};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::path::Path;
use std::process::ExitCode;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    promise: String,
    #[serde(default, rename = "tap")]
    _tap: Value,
    #[serde(default)]
    flags: Vec<String>,
    #[serde(default)]
    profile: Option<Value>,
    #[serde(default = "usual_reads")]
    reads: Vec<Read>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    name: String,
    /// All, when none is named.
    #[serde(default)]
    streams: Vec<String>,
    /// Streams that are configured though the source doesn't have them.
    #[serde(default)]
    gone: Vec<String>,
    /// Incremental where the source says by what, when it isn't said.
    #[serde(default)]
    sync_mode: Option<SyncMode>,
    #[serde(default)]
    flags: Vec<String>,
    #[serde(default)]
    after: Option<String>,
    #[serde(default)]
    exit: i32,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SyncMode {
    FullRefresh,
    Incremental,
}

fn usual_reads() -> Vec<Read> {
    serde_json::from_value(json!([{"name": "read"}])).expect("reads")
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let folders = folders("taps");
    assert!(folders.len() > 10, "the scenarios are there");
    let trials = folders.into_iter().map(|folder| {
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        let reads = cfg!(feature = "parquet") || !name.ends_with("parquet");
        Trial::test(name, move || hold(&folder)).with_ignored_flag(!reads)
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// Holds what becomes of one tap against what it is blessed to become.
fn hold(folder: &Path) -> Result<(), Failed> {
    let bless = std::env::var_os("AIRBYTE_SINGER_BLESS").is_some_and(|value| value == "1");
    let mut wrong = Vec::new();
    for (name, actual) in play(folder) {
        let path = folder.join("expected").join(format!("{name}.json"));
        if bless {
            std::fs::create_dir_all(path.parent().expect("a folder"))?;
            let text = serde_json::to_string_pretty(&actual)? + "\n";
            std::fs::write(&path, text)?;
        }
        if let Err(difference) = compare(&path, &actual) {
            wrong.push(format!("{}: {difference}", path.display()));
        }
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(format!("AIRBYTE_SINGER_BLESS=1 blesses\n{}", wrong.join("\n")).into()),
    }
}

fn compare(path: &Path, actual: &Value) -> Result<(), String> {
    let text = std::fs::read(path).map_err(|error| error.to_string())?;
    let expected: Value = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
    assert_json_matches_no_panic(actual, &expected, Config::new(CompareMode::Strict))
}

/// Discovers and reads, and gives back what is to be compared, by name.
fn play(folder: &Path) -> Vec<(String, Value)> {
    let text = std::fs::read(folder.join("scenario.json")).expect("a scenario.json");
    let scenario: Scenario = serde_json::from_slice(&text)
        .unwrap_or_else(|error| panic!("{}/scenario.json: {error}", folder.display()));
    assert!(!scenario.promise.is_empty());
    let work = Work::new();
    let tap = Tap::in_folder(folder);
    let mut flags = scenario.flags.clone();
    if let Some(profile) = &scenario.profile {
        // JSON is YAML.
        let path = work.file("profile.yaml", profile.to_string());
        flags.extend(["--profile".to_owned(), path.display().to_string()]);
    }
    let discovered = work.discover().tap(&tap).args(&flags).go();
    let mut results = vec![("discover".to_owned(), golden(&discovered))];
    if discovered.exit != Exit::Code(0) {
        return results;
    }
    let catalog = discovered.catalog();
    let mut states: HashMap<String, Value> = HashMap::new();
    for read in &scenario.reads {
        let configured = chosen(&catalog, read);
        let mut run = work.read(&configured).tap(&tap).every_state();
        if let Some(before) = &read.after {
            run = run.with_state(&states[before]);
        }
        let output = run.args(&flags).args(&read.flags).go();
        assert_eq!(output.exit, Exit::Code(read.exit), "{}: {output}", folder.display());
        results.push((read.name.clone(), golden(&output)));
        states.insert(read.name.clone(), output.committed_state());
    }
    results
}

fn chosen(catalog: &Value, read: &Read) -> Value {
    let mut all = match read.sync_mode {
        None => incrementally(catalog),
        Some(SyncMode::FullRefresh) => in_full(catalog),
        Some(SyncMode::Incremental) => configured(catalog, |_| "incremental"),
    };
    if !read.streams.is_empty() {
        all = only(&all, &read.streams.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let streams = all["streams"].as_array_mut().expect("streams");
    for name in &read.gone {
        streams.push(json!({"stream": {"name": name, "json_schema": {},
            "supported_sync_modes": ["full_refresh"]}, "sync_mode": "full_refresh"}));
    }
    all
}

/// A run's output as it is kept.
fn golden(output: &Output) -> Value {
    let mut said: Vec<Value> = Vec::new();
    let long = output.lines.len() > 120;
    let last_states: HashMap<String, usize> = output
        .lines
        .iter()
        .enumerate()
        .filter_map(|(index, line)| Some((line.state_stream()?, index)))
        .collect();
    for (index, line) in output.lines.iter().enumerate() {
        if let Some(record) = line.record() {
            // Kept as JSON where that loses nothing of its bytes.
            let known: Option<Value> = serde_json::from_str(&record.data).ok();
            let known = known.map(|value| (value.to_string(), value));
            let known = known.filter(|(text, _)| *text == record.data).map(|(_, value)| value);
            let at = match output.when.contains(&record.emitted_at) {
                true => json!("now"),
                false => json!(record.emitted_at),
            };
            let mut one = json!({"record": record.stream, "emitted_at": at,
                "data": known.unwrap_or_else(|| Value::from(record.data))});
            if let Some(meta) = record.meta {
                one["meta"] = meta;
            }
            push_record(&mut said, one);
        } else if let Some((stream, status)) = line.status() {
            said.push(json!({"status": format!("{stream} {status}")}));
        } else if let Some(stream) = line.state_stream() {
            let state = line.field("state");
            let mut one = json!({"state": stream, "stats": state["sourceStats"]});
            if !long || last_states[&stream] == index {
                one["content"] = redact(state["stream"]["stream_state"].clone());
            }
            said.push(one);
        } else if let Some(trace) = line.trace("ERROR") {
            said.push(json!({"error": trace["error"]}));
        } else if let Some(trace) = line.trace("ESTIMATE") {
            said.push(json!({"estimate": trace["estimate"]}));
        } else if line.kind != "LOG" {
            said.push(serde_json::from_str(&line.raw).expect("a message is JSON"));
        }
    }
    let mut logged: Vec<String> =
        output.logs().into_iter().filter(|log| !log.starts_with("INFO")).collect();
    logged.sort();
    json!({"exit": format!("{:?}", output.exit), "said": said, "logged": logged})
}

/// Of many records in a row the first three are kept.
fn push_record(said: &mut Vec<Value>, record: Value) {
    let stream = record["record"].clone();
    if let Some(last) = said.last_mut()
        && last["records_like_these"] == stream
    {
        last["more"] = json!(last["more"].as_u64().expect("a count") + 1);
        return;
    }
    let row = said.iter().rev().take_while(|one| one["record"] == stream).count();
    if row < 3 {
        said.push(record);
    } else {
        said.push(json!({"records_like_these": stream, "more": 1}));
    }
}

/// Run ids are random.
fn redact(value: Value) -> Value {
    match value {
        Value::Object(map) => map
            .into_iter()
            .map(|(key, value)| match value {
                Value::String(text) if key == "id" || key == "number" => {
                    let shown = match text.split_once('.') {
                        Some((_, rest)) => format!("RUN.{rest}"),
                        None => text,
                    };
                    (key, Value::from(shown))
                }
                other => (key, redact(other)),
            })
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(list) => list.into_iter().map(redact).collect(),
        other => other,
    }
}

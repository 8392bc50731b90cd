//! Configs and profiles of earlier versions. Each folder of `fixtures/stored/settings` has a
//! `config.json` or a `profile.yaml` (or both) and what came of them in `expected.json`.

use super::{rows_of, writer};
use crate::harness::*;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// The folder's files, copied to where the program may write beside them, with paths of this machine.
fn settled(work: &Work, folder: &Path) -> PathBuf {
    let scenario = fixtures("taps/linked-streams");
    let tap = Tap::program();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        let text = std::fs::read_to_string(&path).expect("a text");
        let text = text.replace("TAP-REPLAY", tap.to_str().expect("a path"));
        let text = text.replace("SCENARIO", scenario.to_str().expect("a path"));
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        work.file(&format!("stored/{name}"), text);
    }
    work.path("stored")
}

/// The part of a discovered stream that settings have a say in.
fn offer(stream: &Value) -> Value {
    json!({"name": name_of(stream), "modes": stream["supported_sync_modes"],
        "key": stream.get("source_defined_primary_key"), "cursor": stream.get("default_cursor_field")})
}

/// What comes of a folder's settings.
fn outcome(folder: &Path, program: Option<&Path>) -> Value {
    let work = Work::new();
    let stored = settled(&work, folder);
    let given = |name: &str| Some(stored.join(name)).filter(|path| path.exists());
    let command = |name: &str| {
        let run = match program {
            Some(program) => work.program(program).arg(name),
            None => work.run(name),
        };
        let config = given("config.json").map(|path| std::fs::read(path).expect("a config"));
        let run = run.with_config(config.as_deref().unwrap_or(b"{}"));
        match given("profile.yaml") {
            Some(profile) => run.arg("--profile").arg(profile),
            None => run.args(["--source", "http"]),
        }
    };
    let catalog = command("discover").ok().catalog();
    let offers: Vec<Value> =
        catalog["streams"].as_array().expect("streams").iter().map(offer).collect();
    let mut outcome = json!({"streams": offers});
    if given("profile.yaml").is_some() {
        let configured = incrementally(&catalog);
        let file = work.file("configured.json", configured.to_string());
        let read = command("read").arg("--catalog").arg(file).go();
        let names = configured["streams"].as_array().expect("streams").iter();
        let names: Vec<String> = names.map(|stream| name_of(&stream["stream"])).collect();
        let rows = names.iter().map(|name| (name.clone(), rows_of(&read, name).into()));
        outcome["rows"] = Value::Object(rows.collect::<Map<_, _>>());
        let ends = names.iter().map(|name| (name.clone(), read.last_status(name).into()));
        outcome["ends"] = Value::Object(ends.collect::<Map<_, _>>());
        let states = read.state_lines().into_iter();
        let states: Vec<Value> =
            states.map(|line| read.lines[line].field("state")["type"].clone()).collect();
        outcome["states"] = states.into();
        outcome["check"] = command("check").ok().answer().0.into();
        let runs = work.given().into_iter().filter(|given| given.run == "sync");
        let flags = |given: Given| {
            let args = given.args().into_iter();
            args.filter(|arg| arg.starts_with("--")).collect::<Vec<_>>()
        };
        outcome["syncs"] = json!(runs.map(flags).collect::<Vec<_>>());
    }
    outcome
}

#[test]
fn every_stored_profile_and_config_means_what_it_meant() {
    let folders = folders("stored/settings");
    assert!(folders.len() > 10, "the stored settings are there");
    let mut wrong = Vec::new();
    for folder in folders {
        if !cfg!(feature = "http") && !folder.join("profile.yaml").exists() {
            continue;
        }
        let path = folder.join("expected.json");
        if let Some(writer) = writer().filter(|_| !path.exists()) {
            let outcome = outcome(&folder, Some(&writer));
            let text = serde_json::to_string_pretty(&outcome).expect("JSON") + "\n";
            std::fs::write(&path, text).expect("a file");
        }
        let expected = std::fs::read(&path).expect("an expected.json");
        let expected: Value = serde_json::from_slice(&expected).expect("JSON");
        let outcome = outcome(&folder, None);
        if outcome != expected {
            wrong.push(format!("{}: {outcome}", folder.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

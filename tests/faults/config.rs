//! Files of the user's that are missing or not what they should be.

use super::{faults, people, read, syncing};
use crate::harness::*;
use serde_json::json;

/// A check whose `--config` names a file with this content.
fn checked(work: &Work, config: &str) -> Output {
    let tap = syncing(work, "schema; row 1");
    work.run("check").with_config(config).arg("--tap").arg(tap).go()
}

/// A command with one file that is given by hand.
fn with_file(work: &Work, command: &str, files: &[(&str, &str)]) -> Output {
    let tap = syncing(work, "schema; row 1");
    let mut run = work.run(command).arg("--tap").arg(tap);
    for (flag, text) in files {
        let file = work.path(&format!("{}.json", flag.trim_start_matches('-')));
        if !text.is_empty() {
            std::fs::write(&file, text).expect("a file");
        }
        run = run.arg(flag).arg(file);
    }
    run.go()
}

/// A check of a tap that says by `--about` that it needs `token`, and `port` as a number.
fn about(work: &Work, config: &str) -> Output {
    let settings = json!({"token": {"type": "string"}, "port": {"type": "integer"}});
    let tap = Tap::with(&[entry("people", &["id"], columns())])
        .says(&[schema("people"), r#"{"type":"RECORD","stream":"people","record":{"id":1}}"#.into()])
        .about(settings, &["token"]);
    work.check().with_config(config).tap(&tap).go()
}

/// The same with a spec that the user gave.
fn specified(work: &Work, config: &str) -> Output {
    let spec = json!({"connectionSpecification": {"type": "object", "required": ["token"],
        "properties": {"token": {"type": "string"}, "port": {"type": "integer"}}}});
    let spec = work.file("spec.json", spec.to_string());
    let tap = syncing(work, "schema; row 1");
    work.check().with_config(config).arg("--tap").arg(tap).arg("--tap-spec").arg(spec).go()
}

faults! {
    config_is_missing: "`--config` names a file that isn't there",
        |work| with_file(work, "check", &[("--config", "")]),
        ["", "", ""];
    config_is_a_folder: "`--config` names what can't be read",
        |work| {
            std::fs::create_dir(work.path("config.json")).expect("a folder");
            with_file(work, "discover", &[("--config", "")])
        },
        ["", "", ""];
    config_is_no_json: "the config is broken",
        |work| checked(work, "{\"token\": \n hunter2}"),
        ["", "", ""];
    config_is_no_object: "the config is a list",
        |work| checked(work, "[]"),
        ["", "", ""];
    setting_is_missing_by_about: "a setting is missing that the tap's `--about` calls required",
        |work| about(work, "{}"),
        ["", "", ""];
    setting_is_of_a_wrong_type_by_about: "a setting isn't what the tap's `--about` says: those are flawed",
        |work| about(work, r#"{"token": "t-1234", "port": "hunter2"}"#),
        ["", "", ""];
    setting_is_missing_by_spec: "a setting is missing that the spec calls required",
        |work| specified(work, "{}"),
        ["", "", ""];
    setting_is_of_a_wrong_type_by_spec: "a setting isn't what the spec says",
        |work| specified(work, r#"{"token": "t-1234", "port": "hunter2"}"#),
        ["", "", ""];
    reserved_key_names_a_tap: "the config tries to decide which program is run",
        |work| checked(work, r#"{"__airbyte_singer": {"tap": "/bin/sh"}}"#),
        ["", "", ""];
    reserved_key_is_unknown: "the config's options for us have a key that nobody knows",
        |work| checked(work, r#"{"__airbyte_singer": {"on_malfromed": "skip"}}"#),
        ["", "", ""];
    profile_key_is_unknown: "the profile has a key that nobody knows",
        |work| {
            let profile = work.file("p.yaml", "version: 1\nstate_typ: global\n");
            read(work, "schema; row 1").arg("--profile").arg(profile).go()
        },
        ["", "", ""];
    profile_is_missing: "`--profile` names a file that isn't there",
        |work| read(work, "schema; row 1").arg("--profile").arg(work.path("p.yaml")).go(),
        ["", "", ""];
    catalog_is_missing: "`--catalog` names a file that isn't there",
        |work| with_file(work, "read", &[("--config", "{}"), ("--catalog", "")]),
        ["", "", ""];
    catalog_is_no_catalog: "the configured catalog is something else",
        |work| with_file(work, "read", &[("--config", "{}"), ("--catalog", "{\"streams\": 7}")]),
        ["", "", ""];
    catalog_is_empty: "no stream is configured",
        |work| with_file(work, "read", &[("--config", "{}"), ("--catalog", "{\"streams\": []}")]),
        ["", "", ""];
    state_is_no_state: "the state is broken",
        |work| with_file(work, "read", &[("--config", "{}"), ("--catalog", &people().to_string()), ("--state", "[{")]),
        ["", "", ""];
    state_is_of_another_version: "the state was written by a later version of ours",
        |work| {
            let state = json!([{"type": "STREAM", "stream": {"stream_descriptor": {"name": "people"},
                "stream_state": {"airbyte_singer": 99, "cuts": []}}}]);
            let mut catalog = people();
            catalog["streams"][0]["sync_mode"] = json!("incremental");
            catalog["streams"][0]["cursor_field"] = json!(["id"]);
            let tap = syncing(work, "schema; row 1");
            work.read(&catalog).with_state(&state).arg("--tap").arg(tap).go()
        },
        ["", "", ""];
    no_tap_is_named: "nothing says which tap to run",
        |work| work.discover().go(),
        ["", "", ""];
}

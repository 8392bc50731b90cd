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
        .says(&[
            schema("people"),
            r#"{"type":"RECORD","stream":"people","record":{"id":1}}"#.into(),
        ])
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
        ["exit 1", "config_error: config file /here/config.json: there is no such file", ""];
    config_is_a_folder: "`--config` names what can't be read",
        |work| {
            std::fs::create_dir(work.path("config.json")).expect("a folder");
            with_file(work, "discover", &[("--config", "")])
        },
        ["exit 1", "config_error: config file /here/config.json: is a directory", ""];
    config_is_no_json: "the config is broken",
        |work| checked(work, "{\"token\": \n hunter2}"),
        ["exit 1", "config_error: config file /here/config.json: not valid JSON at line 2, column 2", ""];
    config_is_no_object: "the config is a list",
        |work| checked(work, "[]"),
        ["exit 1", "config_error: config file /here/config.json: expected a JSON object of settings", ""];
    setting_is_missing_by_about: "a setting is missing that the tap's `--about` calls required",
        |work| about(work, "{}"),
        ["exit 0", "FAILED: the config is not valid: setting `token` is missing", ""];
    setting_is_of_a_wrong_type_by_about: "a setting isn't what the tap's `--about` says: those are flawed",
        |work| about(work, r#"{"token": "t-1234", "port": "hunter2"}"#),
        ["exit 0", "SUCCEEDED; WARN the config doesn't fit what the tap says of its settings: setting `port` must be of type integer", ""];
    setting_is_missing_by_spec: "a setting is missing that the spec calls required",
        |work| specified(work, "{}"),
        ["exit 0", "FAILED: the config is not valid: setting `token` is missing", ""];
    setting_is_of_a_wrong_type_by_spec: "a setting isn't what the spec says",
        |work| specified(work, r#"{"token": "t-1234", "port": "hunter2"}"#),
        ["exit 0", "FAILED: the config is not valid: setting `port` must be of type integer", ""];
    reserved_key_names_a_tap: "the config tries to decide which program is run",
        |work| checked(work, r#"{"__airbyte_singer": {"tap": "/bin/sh"}}"#),
        ["exit 0", "FAILED: __airbyte_singer in the config: `tap` decides what is run or which files are used and can't be set there", ""];
    reserved_key_is_unknown: "the config's options for us have a key that nobody knows",
        |work| checked(work, r#"{"__airbyte_singer": {"streams": {"people": {"curser": "id"}}}}"#),
        ["exit 0", "FAILED: __airbyte_singer in the config: at streams.people.curser: unknown field `curser`, expected one of `name`, `namespace`, `primary_key`, `cursor`, `replication_method`, `sync_modes`, `alone`, `columns`, `aliases`, `exclude`", ""];
    reserved_key_is_out_of_range: "the config's options for us go beyond what a config may set",
        |work| checked(work, r#"{"__airbyte_singer": {"max_line_bytes": 1000000000000000000}}"#),
        ["exit 0", "FAILED: __airbyte_singer in the config: at max_line_bytes: expected 1 to 1073741824", ""];
    option_is_of_taps: "an option of taps stands beside a built-in source",
        |work| work.run("check").with_config("{}").args(["--source", "sample", "--state-type", "global"]).go(),
        ["exit 1", "config_error: the built-in source `sample` doesn't take the options of taps: --state-type", ""];
    profile_key_is_unknown: "the profile has a key that nobody knows",
        |work| {
            let profile = work.file("p.yaml", "version: 1\nstreams: {people: {curser: id}}\n");
            read(work, "schema; row 1").arg("--profile").arg(profile).go()
        },
        ["exit 1", "config_error: profile /here/p.yaml: at streams.people.curser: unknown field `curser`, expected one of `name`, `namespace`, `primary_key`, `cursor`, `replication_method`, `sync_modes`, `alone`, `columns`, `aliases`, `exclude`", ""];
    profile_is_missing: "`--profile` names a file that isn't there",
        |work| read(work, "schema; row 1").arg("--profile").arg(work.path("p.yaml")).go(),
        ["exit 1", "config_error: profile /here/p.yaml: there is no such file", ""];
    setting_is_misspelt: "a setting's name has a slip in it, by what the tap says of its settings",
        |work| {
            let tap = syncing(work, "schema; row 1");
            let spec = json!({"connectionSpecification": {"type": "object", "properties": {"start_date": {}}}});
            let spec = work.file("spec.json", spec.to_string());
            let run = work.read(&people()).with_config(r#"{"strat_date": "2020-01-01"}"#);
            run.arg("--tap").arg(tap).arg("--tap-spec").arg(spec).go()
        },
        ["exit 0", "WARN the config has settings that the tap's spec doesn't: `strat_date` (did you mean `start_date`?)", "people COMPLETE, 1 record"];
    catalog_is_missing: "`--catalog` names a file that isn't there",
        |work| with_file(work, "read", &[("--config", "{}"), ("--catalog", "")]),
        ["exit 1", "config_error: catalog file /here/catalog.json: there is no such file", ""];
    catalog_is_no_catalog: "the configured catalog is something else",
        |work| with_file(work, "read", &[("--config", "{}"), ("--catalog", "{\"streams\": 7}")]),
        ["exit 1", "config_error: catalog file /here/catalog.json: at streams: expected a sequence; a configured catalog is {\"streams\": [{\"stream\": {\"name\": …, \"json_schema\": …}, \"sync_mode\": \"full_refresh\" or \"incremental\"}, …]}; what `discover` writes is taken too, and all its streams are read", ""];
    catalog_is_empty: "no stream is configured",
        |work| with_file(work, "read", &[("--config", "{}"), ("--catalog", "{\"streams\": []}")]),
        ["exit 1", "config_error: catalog file /here/catalog.json: no stream is configured; a configured catalog is {\"streams\": [{\"stream\": {\"name\": …, \"json_schema\": …}, \"sync_mode\": \"full_refresh\" or \"incremental\"}, …]}; what `discover` writes is taken too, and all its streams are read", ""];
    state_is_no_state: "the state is broken",
        |work| with_file(work, "read", &[("--config", "{}"), ("--catalog", &people().to_string()), ("--state", "[{")]),
        ["exit 1", "config_error: state file /here/state.json: the JSON ends too early (line 1, column 2)", ""];
    state_is_of_another_version: "the state was written by a later version of ours",
        |work| {
            let state = json!([{"type": "STREAM", "stream": {"stream_descriptor": {"name": "people"},
                "stream_state": {"airbyte_singer": 99, "tap_stream_id": "people"}}}]);
            let mut catalog = people();
            catalog["streams"][0]["sync_mode"] = json!("incremental");
            catalog["streams"][0]["cursor_field"] = json!(["id"]);
            let profile = work.file("p.yaml", "version: 1\nstreams: {people: {cursor: id}}\n");
            let tap = syncing(work, "schema; row 1");
            work.read(&catalog).with_state(&state).arg("--tap").arg(tap).arg("--profile").arg(profile).go()
        },
        ["exit 0", "WARN State found under people was written by another version of this program and is not used: people is read from the start.", "people COMPLETE, 1 record"];
    state_is_a_catalog: "`--state` names the catalog",
        |work| with_file(work, "read", &[("--config", "{}"), ("--catalog", &people().to_string()), ("--state", &people().to_string())]),
        ["exit 1", "config_error: the state that was handed in: this is a catalog and no state", "people INCOMPLETE"];
    cursor_format_tells_no_time: "a format of a cursor can't be read (`--source http`)",
        |work| {
            let cursor = json!({"field": "at", "format": "%H:%M"});
            let config = json!({"url": "http://127.0.0.1:9", "streams": [{"name": "orders", "cursor": cursor}]});
            work.run("check").with_config(config.to_string()).args(["--source", "http"]).go()
        },
        ["exit 0", "FAILED: the config is not valid: stream orders: setting `cursor`: a format has the placeholders of strftime and tells at least the year, as in %Y-%m-%dT%H:%M:%S%z or %m/%d/%Y; or it is one of iso8601, rfc2822, %s, %ms and %epoch_microseconds", ""];
    state_is_of_another_source: "the state was written by another source",
        |work| {
            let state = json!([{"type": "STREAM", "stream": {"stream_descriptor": {"name": "people"},
                "stream_state": {"cursor": "2024-01-01"}}}]);
            let mut catalog = people();
            catalog["streams"][0]["sync_mode"] = json!("incremental");
            catalog["streams"][0]["cursor_field"] = json!(["id"]);
            let profile = work.file("p.yaml", "version: 1\nstreams: {people: {cursor: id}}\n");
            let tap = syncing(work, "schema; row 1");
            work.read(&catalog).with_state(&state).arg("--tap").arg(tap).arg("--profile").arg(profile).go()
        },
        ["exit 1", "config_error: State found under people was not written by this program, or was changed since: reset the stream, or leave its state out, and it is read from the start.", "people INCOMPLETE"];
    no_tap_is_named: "nothing says which tap to run",
        |work| work.discover().go(),
        ["exit 1", "config_error: no tap is named: give --tap (or AIRBYTE_SINGER_TAP, or a profile)", ""];
}

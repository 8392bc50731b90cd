//! What a check makes of configs, and what becomes of their secrets.

use super::{Validates, Wrong, finds_with, good, stream};
use crate::testing::Suite;
use airbyte_protocol::ConnectionStatus;
use airbyte_singer_runtime::{Config, Error};
use serde_json::{Value, json};

/// One with settings, of which one is a secret.
fn locked() -> Wrong {
    let spec = json!({"type": "object", "required": ["host", "login"], "properties": {
        "host": {"title": "Host", "type": "string"},
        "login": {"title": "Login", "oneOf": [{"required": ["password"], "properties": {
            "password": {"title": "P", "type": "string", "airbyte_secret": true}}}]},
        "port": {"title": "Port", "type": "integer"}}});
    Wrong { spec, ..good() }
}

fn unlocked() -> Suite {
    Suite::with(json!({"host": "h", "login": {"password": "hunter2-xyz"}}))
}

#[test]
fn configs_that_are_spoilt_must_be_refused_by_name() {
    unlocked().judge(locked()).unwrap();
    let lenient = || Wrong { validates: Some(|_, _| Ok(())), ..locked() };
    for name in ["host", "login", "login.password"] {
        let what = format!("check succeeds for a config whose setting `{name}` is missing");
        finds_with(&unlocked(), lenient(), &what);
    }
    for name in ["host", "login", "login.password", "port"] {
        let what = format!("check succeeds for a config whose setting `{name}` is of another type");
        finds_with(&unlocked(), lenient(), &what);
    }
    let vague: Validates = |config, _| match config.values().get("host") {
        Some(Value::String(_)) => Ok(()),
        _ => Err(Error::config("the config is wrong")),
    };
    let vague = Wrong { validates: Some(vague), ..locked() };
    let what = "check fails for a config whose setting `host` is missing, but doesn't name it";
    finds_with(&unlocked(), vague, what);
    let broken: Validates = |config, _| match config.values().get("host") {
        Some(_) => Ok(()),
        None => Err(Error::system("a panic")),
    };
    let broken = Wrong { validates: Some(broken), ..locked() };
    let what = "check finds no answer for a config whose setting `host` is missing: a panic";
    finds_with(&unlocked(), broken, what);
}

#[test]
fn configs_that_dont_work_must_be_refused() {
    let wrong = || json!({"host": "h", "login": {"password": "wrong-password"}});
    let told: fn(&Config) -> airbyte_singer_runtime::Result<ConnectionStatus> = |config| {
        let login = config.values()["login"]["password"].as_str();
        Ok(match login.is_some_and(|password| password.starts_with("wrong")) {
            true => ConnectionStatus::failed("the password is wrong"),
            false => ConnectionStatus::succeeded(),
        })
    };
    unlocked().refused(wrong()).judge(Wrong { checks: Some(told), ..locked() }).unwrap();
    let what = "check succeeds for the config that is to be refused";
    finds_with(&unlocked().refused(wrong()), locked(), what);
    let silent: fn(&Config) -> airbyte_singer_runtime::Result<ConnectionStatus> =
        |_| Ok(ConnectionStatus::failed(""));
    let silent = Wrong { checks: Some(silent), ..locked() };
    let what = "check doesn't say why it refuses the config that is to be refused";
    finds_with(&unlocked().refused(wrong()), silent, what);
    let what = "the config that is to be refused doesn't even fit the spec";
    finds_with(&unlocked().refused(json!({})), locked(), what);
}

#[test]
fn secrets_are_looked_for_wherever_they_dont_belong() {
    let schema = json!({"type": "object", "properties": {"id": {}, "note": {"type": "string"}}});
    for note in ["is hunter2-xyz", "aHVudGVyMi14eXo=", "YWRhOmh1bnRlcjIteHl6", "hunter2%2Dxyz"] {
        let rows = vec![json!({"id": 1, "note": note})];
        let source = Wrong { rows, streams: vec![stream(schema.clone())], ..locked() };
        finds_with(&unlocked(), source, "a record of things holds a secret of the config");
    }
    let saves = Wrong { saves: Some(json!({"at": "hunter2-xyz"})), ..locked() };
    finds_with(&unlocked(), saves, "a state holds a secret of the config");
    let mut offers = locked();
    offers.streams[0].json_schema.insert("title".to_owned(), json!("for hunter2-xyz"));
    finds_with(&unlocked(), offers, "the catalog holds a secret of the config");
    // Nor do the faults tell.
    let rows = vec![json!({"id": "hunter2-xyz"})];
    let faults = unlocked().judge(Wrong { rows, ..locked() }).expect_err("a fault").to_string();
    assert!(!faults.contains("hunter2"), "{faults}");
    assert!(!format!("{:?}", unlocked()).contains("hunter2"));
}

#[test]
fn configs_that_are_to_be_stored_must_fit_and_are_used() {
    let stores = Wrong { stores: Some(json!({"host": 1})), ..locked() };
    finds_with(&unlocked(), stores, "it asks to store a config that doesn't fit its spec");
    // The next read is refused by whoever checks what was stored.
    let stored = json!({"host": "other", "login": {"password": "hunter2-new"}});
    let minds: Validates = |config, spec| match config.values().get("host") {
        Some(Value::String(host)) if host == "other" => Err(Error::config("no other host")),
        _ => config.validate(spec),
    };
    let stores = Wrong { stores: Some(stored), validates: Some(minds), ..locked() };
    finds_with(&unlocked(), stores, "no other host");
}

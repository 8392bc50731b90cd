//! What is odd about taps' command lines.

use crate::harness::*;
use serde_json::{Value, json};

use super::last_run;

const RECORD: &str = r#"{"type":"RECORD","stream":"people","record":{"id":1,"name":"a"}}"#;

fn people() -> Tap {
    let mut people = entry("people", &["id"], columns());
    people["metadata"][0]["metadata"]["valid-replication-keys"] = json!(["updated_at"]);
    Tap::with(&[people]).says(&[
        &schema("people"),
        RECORD,
        &state(json!({"people": {"updated_at": "a"}})),
    ])
}

fn catalog(work: &Work, tap: &Tap) -> Value {
    incrementally(&work.discover().tap(tap).ok().catalog())
}

#[test]
fn exit_code_2_is_a_usage_error_and_the_tap_says_which() {
    let usage = "usage: tap-x [-h] -c CONFIG\ntap-x: error: unrecognized arguments: --catalog\n";
    let tap = people().complains(usage).exits(json!({"sync": 2}));
    let work = Work::new();
    let read = work.read(&catalog(&work, &tap)).tap(&tap).fails();
    assert!(read.error().contains("unrecognized arguments: --catalog"), "{read}");
    assert!(read.errors()[0]["internal_message"].as_str().is_some_and(|m| m.contains("code 2")));
    assert_eq!(read.last_status("people"), "INCOMPLETE");
}

#[test]
fn exit_code_1_is_a_failure_of_discovery_of_a_check_and_of_a_read() {
    let work = Work::new();
    let tap = people().complains("CRITICAL no more\n").exits(json!({"sync": 1}));
    let read = work.read(&catalog(&work, &tap)).tap(&tap).fails();
    assert!(read.error().contains("no more"), "{read}");
    let silent = people().says::<&str>(&[]).complains("CRITICAL no more\n");
    let answer = work.check().tap(&silent.exits(json!({"sync": 1}))).ok().answer();
    assert_eq!(answer.0, "FAILED");
    assert!(answer.1.contains("no more"), "{}", answer.1);
    let tap = people().file("discover.stderr.txt", "CRITICAL no more\n");
    let discover = work.discover().tap(&tap.exits(json!({"discover": 1}))).fails();
    assert!(discover.error().contains("no more"), "{discover}");
}

/// The tap exits 1 whenever it is given `--state`.
#[test]
fn a_tap_that_crashes_on_an_empty_state_is_never_given_one() {
    let tap = people().exits(json!({"resume": 1}));
    let work = Work::new();
    let incremental = catalog(&work, &tap);
    let stateless = |run: Run<'_>| {
        assert_eq!(run.ok().records().len(), 1);
        let args = last_run(&work).args();
        assert!(!args.contains(&"--state".to_owned()), "{args:?}");
    };
    stateless(work.read(&incremental).tap(&tap));
    for nothing in ["", "[]", "{}", "null", r#"{"currently_syncing": "a"}"#] {
        let file = work.file("nothing.json", nothing);
        stateless(work.read(&incremental).tap(&tap).arg("--state").arg(file));
    }
    // A stream that is read in full has no place to go on from, whatever came in.
    let held = work.read(&incremental).tap(&tap).ok().committed_state();
    stateless(
        work.read(&configured(&discovered(&incremental), |_| "full_refresh"))
            .tap(&tap)
            .with_state(&held),
    );
    let crash = work.read(&incremental).tap(&tap).with_state(&held).fails();
    assert_eq!(crash.last_status("people"), "INCOMPLETE", "it does crash");
}

/// The discovered catalog behind a configured one.
fn discovered(configured: &Value) -> Value {
    let streams = configured["streams"].as_array().expect("streams");
    json!({"streams": streams.iter().map(|one| one["stream"].clone()).collect::<Vec<_>>()})
}

#[test]
fn a_tap_whose_help_names_no_flag_is_given_catalog() {
    let tap = people().behaves(json!({"help": "tap-x, a tap\n"}));
    let work = Work::new();
    work.read(&catalog(&work, &tap)).tap(&tap).ok();
    let args = last_run(&work).args();
    assert!(args.contains(&"--catalog".to_owned()), "{args:?}");
    assert!(!args.contains(&"--properties".to_owned()), "{args:?}");
}

#[test]
fn a_switch_overrides_what_help_says() {
    let tap = people().behaves(json!({"help": "usage: tap [--properties FILE]"}));
    let work = Work::new();
    let catalog = catalog(&work, &tap);
    for (flag, expected) in [
        ("auto", ["--properties"].as_slice()),
        ("catalog", &["--catalog"]),
        ("properties", &["--properties"]),
        ("both", &["--properties", "--catalog"]),
    ] {
        work.read(&catalog).tap(&tap).args(["--catalog-flag", flag]).ok();
        let args = last_run(&work).args();
        let given: Vec<&String> =
            args.iter().filter(|arg| *arg == "--catalog" || *arg == "--properties").collect();
        assert_eq!(given, expected, "{flag}");
    }
}

#[test]
fn an_old_sdk_tap_without_pkg_resources_is_told_what_mends_it() {
    let trace = "Traceback (most recent call last):\n  File \"/venv/bin/tap-x\", line 3, in <module>\n    import pkg_resources\nModuleNotFoundError: No module named 'pkg_resources'\n";
    let tap = people()
        .file("discover.stderr.txt", trace)
        .exits(json!({"help": 1, "about": 1, "discover": 1, "sync": 1}))
        .behaves(json!({"help": ""}));
    let work = Work::new();
    let mend = "install `setuptools<80` into it";
    let discover = work.discover().tap(&tap).fails();
    assert!(discover.error().contains(mend), "{discover}");
    let (status, sentence) = work.check().tap(&tap).ok().answer();
    assert!(status == "FAILED" && sentence.contains(mend), "{sentence}");
    let configured = catalog(&work, &people());
    let read = work.read(&configured).tap(&tap).fails();
    assert!(read.error().contains(mend), "{read}");
}

#[test]
fn a_tap_that_writes_into_its_working_directory_writes_into_a_private_one() {
    let tap = people().behaves(json!({"writes": "singer_rendered_catalog.json"}));
    let work = Work::new();
    work.read(&catalog(&work, &tap)).tap(&tap).ok();
    assert!(!work.path("singer_rendered_catalog.json").exists());
    for given in work.given() {
        assert!(given.folder().starts_with(work.path("tmp")), "{:?}", given.folder());
        assert!(!given.folder().exists(), "it is gone with all that was written");
    }
}

#[test]
fn a_relative_path_in_the_config_is_meant_from_the_users_folder() {
    let (work, tap) = (Work::new(), people());
    work.file("keys/own.pem", "a key");
    work.file("own.pem", "a key");
    let config = json!({"key": "own.pem", "files": [{"path": "./keys/own.pem"}],
        "folder": "keys/", "gone": "keys/gone.pem", "word": "keys"});
    let configured = catalog(&work, &tap);
    work.read(&configured).with_config(config.to_string()).tap(&tap).ok();
    let given = last_run(&work).file("--config").expect("a config");
    let absolute = |name: &str| json!(work.path(name).to_str());
    assert_eq!(given["key"], absolute("own.pem"));
    assert_eq!(given["files"][0]["path"], absolute("./keys/own.pem"));
    assert_eq!(given["folder"], absolute("keys/"));
    assert_eq!((&given["gone"], &given["word"]), (&json!("keys/gone.pem"), &json!("keys")));
}

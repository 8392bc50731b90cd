//! A check answers; what fails says what and where in one sentence, and is nobody's panic.

use crate::harness::*;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;

/// A tap that says one row of `people`, and whose `--about` asks for a token.
fn people() -> Tap {
    Tap::with(&[entry("people", &["id"], columns())])
        .says(&[&schema("people"), RECORD, &state(json!({"people": {}}))])
        .about(
            json!({"token": {"type": "string", "secret": true}, "port": {"type": "integer"}}),
            &["token"],
        )
}

const RECORD: &str = r#"{"type":"RECORD","stream":"people","record":{"id":1,"name":"a"}}"#;
const GOOD: &str = r#"{"token": "correct horse"}"#;

fn catalog() -> Value {
    json!({"streams": [{"stream": {"name": "people", "json_schema": {},
        "supported_sync_modes": ["full_refresh"]}, "sync_mode": "full_refresh"}]})
}

#[test]
fn a_config_that_works_succeeds() {
    let work = Work::new();
    let answer = work.check().with_config(GOOD).tap(&people()).ok().answer();
    assert_eq!(answer.0, "SUCCEEDED", "{answer:?}");
    assert_eq!(work.check().tap_sample().ok().answer().0, "SUCCEEDED");
    assert_eq!(
        work.run("check").with_config("{}").args(["--source", "sample"]).ok().answer().0,
        "SUCCEEDED"
    );
}

#[test]
fn a_missing_setting_is_named_by_check_and_by_read() {
    let (work, tap) = (Work::new(), people());
    let (status, message) = work.check().tap(&tap).ok().answer();
    assert_eq!(status, "FAILED");
    assert!(message.contains("setting `token` is missing"), "{message}");
    let read = work.read(&catalog()).tap(&tap).fails();
    assert_eq!(read.failure_type(), "config_error");
    assert!(read.error().contains("setting `token` is missing"), "{read}");
    let discover = work.discover().tap(&tap).fails();
    assert!(discover.error().contains("setting `token` is missing"), "{discover}");
}

#[test]
fn what_else_about_finds_wrong_is_only_a_warning() {
    let work = Work::new();
    let config = r#"{"token": "t-1234", "port": "hunter2"}"#;
    let checked = work.check().with_config(config).tap(&people()).ok();
    assert_eq!(checked.answer().0, "SUCCEEDED");
    assert!(checked.logged("WARN", "setting `port` must be of type"), "{checked}");
    assert!(!checked.logs().concat().contains("hunter2"), "never its value");
}

#[test]
fn refused_credentials_are_the_checks_answer_and_the_reads_config_error() {
    let work = Work::new();
    let config = r#"{"api_key": "wrong"}"#;
    let (status, message) = work.check().with_config(config).tap_sample().ok().answer();
    assert_eq!(status, "FAILED");
    assert!(message.contains("401 Unauthorized") && message.contains("api key"), "{message}");
    let tables = in_full(&work.discover().tap_sample().ok().catalog());
    let read = work.read(&tables).with_config(config).tap_sample().fails();
    assert_eq!(read.failure_type(), "config_error");
    assert!(read.error().contains("401 Unauthorized"), "{read}");
}

#[test]
fn how_far_a_check_goes_is_the_users_choice() {
    let failing =
        || people().exits(json!({"sync": 1})).complains("CRITICAL 403 Forbidden\n").says(&["x"]);
    let deep = |depth: &str, tap: &Tap| {
        let work = Work::new();
        let answer = work.check().with_config(GOOD).tap(tap).args(["--check", depth]).ok().answer();
        let runs: Vec<String> = work.given().into_iter().map(|given| given.run).collect();
        (answer.0, runs.contains(&"discover".to_owned()), runs.contains(&"sync".to_owned()))
    };
    assert_eq!(deep("config", &failing()), ("SUCCEEDED".into(), false, false));
    assert_eq!(deep("discover", &failing()), ("SUCCEEDED".into(), true, false));
    assert_eq!(deep("sync", &failing()), ("FAILED".into(), true, true));
}

#[test]
fn a_check_ends_at_the_first_record_and_stops_the_tap() {
    let tap = people().behaves(json!({"hangs": ["sync"]}));
    let work = Work::new();
    assert_eq!(work.check().with_config(GOOD).tap(&tap).ok().answer().0, "SUCCEEDED");
    let sync = work.given().into_iter().find(|given| given.run == "sync").expect("a sync");
    eventually("the tap is gone", || !lives(sync.pid()));
}

#[test]
fn silence_until_the_time_is_up_succeeds_with_a_warning() {
    let tap = people().says(&[schema("people")]).behaves(json!({"hangs": ["sync"]}));
    let run = Work::new();
    let checked = run.check().with_config(GOOD).tap(&tap).args(["--check-timeout", "300ms"]).ok();
    assert_eq!(checked.answer().0, "SUCCEEDED");
    assert!(checked.logged("WARN", "unproven"), "{checked}");
}

#[test]
fn zero_bytes_prove_nothing() {
    let empty: [&str; 0] = [];
    let answer = Work::new().check().with_config(GOOD).tap(&people().says(&empty)).ok().answer();
    assert_eq!(answer.0, "FAILED");
    assert!(answer.1.contains("wrote nothing at all"), "{answer:?}");
}

/// A read that can't begin: one sentence that says all of `what`.
fn refused(run: Run<'_>, what: &[&str]) -> Output {
    let output = run.fails();
    let error = output.error();
    for part in what {
        assert!(error.contains(part), "{error:?} should say {part:?}");
    }
    assert_eq!(output.stderr, "");
    assert!(!error.contains('\n') && error.len() < 400, "{error}");
    output
}

#[test]
fn a_tap_that_is_nowhere_or_no_program_is_told_in_a_sentence() {
    let work = Work::new();
    let plain = work.file("plain", "#!/bin/sh\n");
    let broken = work.file("broken", "#!/no/such/interpreter\n");
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&broken, mode).expect("a mode");
    let with = |tap: &str| work.read(&catalog()).arg("--tap").arg(tap);
    refused(with("tap-of-nowhere"), &["`tap-of-nowhere`", "not found on PATH"]);
    refused(with("./no/tap"), &["`./no/tap`", "no such file"]);
    refused(with("./plain"), &["`./plain`", "not executable"]);
    refused(with("./broken"), &["`broken`", "interpreter", "missing"]);
    refused(work.read(&catalog()), &["no tap is named"]);
    let source = work.read(&catalog()).args(["--source", "nobody"]);
    refused(source, &["no built-in source `nobody`", "sample"]);
    for command in [work.spec(), work.check(), work.discover()] {
        refused(command.args(["--tap", "./plain"]), &["`./plain`", "not executable"]);
    }
    let _ = plain;
}

#[test]
fn a_traceback_is_kept_whole_and_told_by_its_last_line() {
    let traceback = "INFO starting\nTraceback (most recent call last):\n  File \"tap.py\", line 3, in <module>\n    main()\n  File \"tap.py\", line 9, in main\n    raise KeyError('host')\nKeyError: 'host'\n";
    let tap = people().complains(traceback).exits(json!({"sync": 1}));
    let read = Work::new().read(&catalog()).with_config(GOOD).tap(&tap).fails();
    assert!(read.error().contains("KeyError: 'host'"), "{read}");
    let errors = read.errors();
    let trace = errors[0]["stack_trace"].as_str().expect("a stack trace");
    assert!(trace.starts_with("Traceback") && trace.contains("line 9"), "{trace}");
    assert!(trace.trim_end().ends_with("KeyError: 'host'"), "{trace}");
    assert_eq!(read.records_of("people").len(), 1, "what came before is passed on");
    assert_eq!(read.last_status("people"), "INCOMPLETE");
    let internal = errors[0]["internal_message"].as_str().expect("an internal message");
    assert!(internal.contains("exited with code 1"), "{internal}");

    let work = Work::new();
    let config = r#"{"fail": "traceback", "fail_after": 3}"#;
    let tables = in_full(&work.discover().tap_sample().ok().catalog());
    let read = work.read(&tables).with_config(config).tap_sample().fails();
    assert!(read.errors()[0]["stack_trace"].as_str().is_some_and(|t| t.contains("line 42")));
}

#[test]
fn a_tap_that_crashes_at_discovery_is_told_too() {
    let tap = people()
        .file("discover.stderr.txt", "CRITICAL could not connect to server: timed out\n")
        .exits(json!({"discover": 1}));
    let work = Work::new();
    let discover = work.discover().with_config(GOOD).tap(&tap);
    let discover = refused(discover, &["could not connect to server"]);
    assert_eq!(discover.failure_type(), "transient_error");
    let answer = work.check().with_config(GOOD).tap(&tap).ok().answer();
    assert_eq!(answer.0, "FAILED");
    assert!(answer.1.contains("could not connect"), "{answer:?}");
}

#[test]
fn what_is_discovered_must_be_a_catalog_with_streams() {
    let work = Work::new();
    let discover = |text: &str| {
        work.discover().with_config(GOOD).tap(&people().file("discover.json", text)).fails().error()
    };
    assert!(discover("oh no").contains("no Singer catalog"));
    assert!(discover(r#"{"streams": []}"#).contains("discovered no stream"));
}

#[test]
fn files_that_are_missing_or_broken_are_named_with_their_place() {
    let (work, tap) = (Work::new(), people());
    let folder = work.path("tmp");
    let good = work.file("good.json", catalog().to_string());
    let config = work.file("config.json", GOOD);
    let broken = work.file("broken.json", "{\n \"token\": \"hunter2\" oops}");
    let list = work.file("list.json", "[]");
    let read = |config: &str, catalog: &str, state: Option<&str>| {
        let run = work.run("read").tap(&tap).args(["--config", config, "--catalog", catalog]);
        match state {
            Some(state) => run.args(["--state", state]),
            None => run,
        }
    };
    let text = |path: &std::path::Path| path.to_str().expect("a path").to_owned();
    let (config, good, broken, list) = (text(&config), text(&good), text(&broken), text(&list));

    refused(read("/no/config", &good, None), &["config file /no/config", "no such file"]);
    let output = refused(read(&broken, &good, None), &["config file", "line 2, column 2"]);
    assert!(!output.error().contains("hunter2"));
    refused(read(&list, &good, None), &["config file", "expected a JSON object"]);

    refused(read(&config, "/no/catalog", None), &["catalog file /no/catalog", "no such file"]);
    refused(read(&config, &text(&folder), None), &["catalog file", "directory"]);
    refused(read(&config, &broken, None), &["catalog file", "line 2"]);
    refused(read(&config, &list, None), &["catalog file"]);
    let empty = text(&work.file("empty.json", r#"{"streams": []}"#));
    refused(read(&config, &empty, None), &["catalog file", "no stream is configured"]);

    refused(read(&config, &good, Some("/no/state")), &["state file /no/state", "no such file"]);
    refused(read(&config, &good, Some(&broken)), &["state file", "line 2"]);
    let odd = text(&work.file("odd.json", r#"[{"type": "STREAM", "stream": {}}]"#));
    refused(read(&config, &good, Some(&odd)), &["state file", "[0].stream"]);
    for nothing in ["", "null", "[]", "{}"] {
        let state = text(&work.file("nothing.json", nothing));
        assert_eq!(read(&config, &good, Some(&state)).ok().records().len(), 1, "{nothing:?}");
    }
}

#[test]
fn a_catalog_of_another_source_is_recognised() {
    let work = Work::new();
    let tables = in_full(&work.discover().args(["--source", "sample"]).ok().catalog());
    let read = work.read(&tables).with_config(GOOD).tap(&people()).fails();
    assert!(read.error().contains("belongs to another source"), "{read}");
    assert!(read.error().contains("products") && read.error().contains("orders"), "{read}");
    assert_eq!(read.failure_type(), "config_error");
    assert_eq!(read.last_status("orders"), "INCOMPLETE");
    let native = work.read(&catalog()).args(["--source", "sample"]).fails();
    assert!(native.error().contains("no stream people"), "{native}");
}

#[test]
fn a_state_of_another_source_is_not_used_and_told() {
    let work = Work::new();
    let state = json!([{"type": "STREAM", "stream": {"stream_descriptor": {"name": "people"},
        "stream_state": {"airbyte_singer": 1, "tap_stream_id": "planets", "alone": false,
            "parts": [], "cuts": [{"id": "0"}]}}}]);
    let read = work.read(&catalog()).with_config(GOOD).with_state(&state).tap(&people()).ok();
    assert_eq!(read.records().len(), 1);
    assert!(read.logs().iter().any(|log| log.contains("planets")), "{read}");
}

#[test]
fn a_wrong_command_line_is_usage_and_no_message() {
    let work = Work::new();
    for args in [
        vec!["read", "--config", "c"],
        vec!["fly"],
        vec!["spec", "--nonsense"],
        vec!["spec", "--tap", "a", "--source", "b"],
        vec!["spec", "--state-interval", "5 parsecs"],
        vec!["check"],
        vec![],
    ] {
        let output = work.program(env!("CARGO_BIN_EXE_airbyte-singer").as_ref()).args(&args).go();
        assert_eq!(output.exit, Exit::Code(2), "{args:?}");
        assert!(output.lines.is_empty(), "{args:?}: {output}");
        assert!(output.stderr.contains("--help"), "{args:?}: {}", output.stderr);
    }
}

#[test]
fn help_lists_every_option_with_its_environment_variable() {
    let help = Work::new().run("read").arg("--help").go();
    assert_eq!(help.exit, Exit::Code(0));
    let text: String = help.lines.iter().map(|line| format!("{}\n", line.raw)).collect();
    for option in [
        "--tap",
        "--source",
        "--profile",
        "--config",
        "--catalog",
        "--state",
        "--check",
        "--on-malformed",
        "--catalog-flag",
        "--state-interval",
        "--discovery-timeout",
        "--check-timeout",
        "--idle-timeout",
        "--stop-grace",
        "--tap-catalog",
        "--discovery-cache",
        "--tap-spec",
        "--tap-about",
        "--max-line-bytes",
        "--log-level",
        "--debug",
    ] {
        let variable = option.trim_start_matches('-').replace('-', "_").to_uppercase();
        assert!(text.contains(option), "{option}\n{text}");
        assert!(text.contains(&format!("AIRBYTE_SINGER_{variable}")), "{variable}\n{text}");
    }
}

/// Whether a process still runs. One that nobody has waited for doesn't.
pub(crate) fn lives(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit(')').next().and_then(|rest| rest.trim().chars().next());
    state.is_some_and(|state| state != 'Z')
}

//! Taps that say at level CRITICAL that they can't go on, and exit with 0.

use crate::harness::*;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A tap of three streams whose sync is `body` of a shell: `schema NAME`, `row NAME ID`.
fn tap(work: &Work, discovery: &str, body: &str) -> PathBuf {
    let entries = ["charges", "refunds", "orders"].map(|name| entry(name, &["id"], columns()));
    let catalog = work.file("discovered.json", json!({"streams": entries}).to_string());
    let text = format!(
        r#"#!/bin/sh
case "$*" in *--help*) echo "usage: tap-x --config C [--discover] [--catalog C]"; exit;; esac
case "$*" in *--about*) exit 2;; esac
catalog='{}'
case "$*" in *--discover*) {discovery}; exit;; esac
schema() {{ printf '{{"type":"SCHEMA","stream":"%s","schema":{{"properties":{{"id":{{}}}}}},"key_properties":["id"]}}\n' $1; }}
row() {{ printf '{{"type":"RECORD","stream":"%s","record":{{"id":%s}}}}\n' $1 $2; }}
state() {{ printf '{{"type":"STATE","value":{{"last":%s}}}}\n' $1; }}
critical() {{ echo "CRITICAL the start date is no date" >&2; }}
{body}
"#,
        catalog.display()
    );
    let path = work.file("tap-x", text);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("ours");
    path
}

fn discovered(work: &Work, tap: &Path) -> Value {
    work.discover().arg("--tap").arg(tap).ok().catalog()
}

const STREAMS: [&str; 3] = ["charges", "refunds", "orders"];

/// The last statuses of a read whose sync is `body`: `C` and `I`.
fn statuses(body: &str) -> (String, Output) {
    let work = Work::new();
    let tap = tap(&work, "cat $catalog", body);
    let catalog = in_full(&discovered(&work, &tap));
    let output = work.read(&catalog).arg("--tap").arg(&tap).go();
    let last = STREAMS.map(|name| output.last_status(name).chars().next().unwrap_or('-'));
    (last.iter().collect(), output)
}

#[test]
fn streams_without_a_record_are_incomplete_after_a_critical_line_and_exit_code_0() {
    let (last, output) = statuses("schema charges; critical");
    assert_eq!((&*last, output.exit), ("III", Exit::Code(1)), "{output}");
    let error = output.error();
    assert!(error.starts_with("tap-x: the start date is no date; it said so at level"), "{error}");
    assert!(error.contains("no record of charges, refunds, orders"), "{error}");
    // And where not a byte came.
    let (last, output) = statuses("critical");
    assert_eq!((&*last, output.exit), ("III", Exit::Code(1)), "{output}");
    assert!(output.error().contains("the start date is no date"), "{output}");
}

#[test]
fn the_stream_that_was_being_read_is_incomplete_unless_more_of_it_follows() {
    let all = "schema charges; schema refunds; schema orders; row charges 1";
    for (body, expected) in [
        // Broken off in the second one.
        (format!("{all}; row refunds 1; critical"), "CII"),
        (format!("{all}; row orders 1; row refunds 1; critical"), "CIC"),
        // It goes on with the next stream, or with the same one.
        (format!("{all}; row refunds 1; critical; sleep 0.6; row orders 1"), "CIC"),
        (format!("{all}; row refunds 1; critical; sleep 0.6; row refunds 2; row orders 1"), "CCC"),
        // Written as it exits.
        (format!("{all}; row refunds 1; critical; row refunds 2"), "CII"),
        // A line of another level, or none of a log, changes nothing.
        (format!("{all}; row refunds 1; row orders 1; echo 'ERROR no' >&2"), "CCC"),
        (format!("{all}; row refunds 1; row orders 1; echo 'a critical fatal' >&2"), "CCC"),
    ] {
        let (last, output) = statuses(&body);
        assert_eq!(last, expected, "{body}: {output}");
        let code = if expected == "CCC" { 0 } else { 1 };
        assert_eq!(output.exit, Exit::Code(code), "{body}: {output}");
    }
}

#[test]
fn what_a_critical_line_cut_short_is_no_end_of_a_run() {
    let work = Work::new();
    let body = "schema charges; row charges 1; state 1; schema refunds; critical; state 2";
    let tap = tap(&work, "cat $catalog", body);
    let profile = STREAMS.map(|name| format!("  {name}: {{replication_method: INCREMENTAL}}\n"));
    let profile = work.file("p.yaml", format!("version: 1\nstreams:\n{}", profile.concat()));
    let run = |run: Run<'_>| run.arg("--tap").arg(&tap).arg("--profile").arg(&profile).go();
    let catalog = configured(&run(work.discover()).catalog(), |_| "incremental");
    let output = run(work.read(&catalog));
    assert_eq!(output.exit, Exit::Code(1), "{output}");
    for name in STREAMS {
        let states = output.states_of(name);
        assert!(!states.is_empty() && !states.iter().any(|s| s.to_string().contains("\"end\"")));
    }
    // What brought nothing stays where the run began: a tap that hides a failure may say any state.
    let cuts = |name: &str| output.states_of(name).pop().expect("a state")["cuts"].clone();
    assert!(cuts("charges").to_string().contains("rest"), "{output}");
    assert_eq!(cuts("orders"), json!([{"id": "0"}]), "{output}");
}

#[test]
fn a_check_of_a_tap_that_says_critical_and_exits_with_0_fails() {
    let work = Work::new();
    let tap = tap(&work, "cat $catalog", "schema charges; schema refunds; schema orders; critical");
    let (status, message) = work.check().arg("--tap").arg(&tap).ok().answer();
    assert_eq!(status, "FAILED");
    assert!(message.contains("the start date is no date"), "{message}");
}

#[test]
fn so_does_a_discovery_that_brings_nothing() {
    let work = Work::new();
    let critical = "echo 'CRITICAL 401 Unauthorized' >&2";
    for discovery in [critical.to_owned(), format!("echo '{{\"streams\":[]}}'; {critical}")] {
        let tap = tap(&work, &discovery, "schema charges; row charges 1");
        let output = work.discover().arg("--tap").arg(&tap).fails();
        assert!(output.error().contains("401 Unauthorized"), "{output}");
        assert_eq!(output.failure_type(), "config_error");
        assert_eq!(work.check().arg("--tap").arg(&tap).ok().answer().0, "FAILED");
    }
    // What it found nevertheless is shown, with a warning.
    let tap = tap(&work, &format!("cat $catalog; {critical}"), "");
    let output = work.discover().arg("--tap").arg(&tap).ok();
    assert!(output.logged("WARN", "others may be missing"), "{output}");
}

#[test]
fn a_line_that_the_profile_calls_harmless_means_nothing() {
    for lines in ["[the start date]", "[{pattern: '^the start .* no date$'}]"] {
        let work = Work::new();
        let tap = tap(
            &work,
            "cat $catalog",
            "for n in charges refunds; do schema $n; row $n 1; done; critical",
        );
        let catalog = in_full(&discovered(&work, &tap));
        let profile = work.file("p.yaml", format!("version: 1\nharmless_lines: {lines}\n"));
        let output = work.read(&catalog).arg("--tap").arg(&tap).arg("--profile").arg(profile).ok();
        assert!(output.logged("FATAL", "the start date is no date"), "{output}");
        assert_eq!(output.last_status("orders"), "COMPLETE");
        // The config's reserved key says so too.
        let config = json!({"__airbyte_singer": {"harmless_lines": ["no date"]}}).to_string();
        work.read(&catalog).with_config(config).arg("--tap").arg(&tap).ok();
    }
    let work = Work::new();
    let profile = work.file("p.yaml", "version: 1\nharmless_lines: ['']\n");
    let output = work.spec().arg("--tap").arg("x").arg("--profile").arg(profile).fails();
    assert!(output.error().contains("at harmless_lines: expected a list of texts"), "{output}");
}

#[test]
fn a_critical_line_among_the_messages_stands_where_it_stands() {
    let row =
        |name: &str| json!({"type": "RECORD", "stream": name, "record": {"id": 1}}).to_string();
    let critical = "CRITICAL the start date is no date".to_owned();
    let lines = [schema("charges"), row("charges"), critical, schema("orders"), row("orders")];
    let work = Work::new();
    let file = work.file("messages.jsonl", lines.join("\n"));
    let output = work.convert("messages").arg(file).fails();
    assert_eq!(output.last_status("charges"), "INCOMPLETE", "{output}");
    assert_eq!(output.last_status("orders"), "COMPLETE", "{output}");
    assert!(output.error().contains("the start date is no date"), "{output}");
}

//! What a tap is asked before its sync: side by side where it can be, each question once, and none that
//! isn't needed.

use crate::check::lives;
use crate::harness::*;
use rustix::process::Signal;
use serde_json::json;
use std::fmt::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// The beginning of a tap that is a script: it notes each of its starts in the folder `$NOTES`, and can
/// wait there for another one. `$mode` is what it is asked for, `$config` the file that it is given.
const OPENING: &str = r#"#!/bin/sh
mode=sync config= args="$*"
while [ $# -gt 0 ]; do
    case $1 in
        --config) config=$2; shift ;;
        --about) mode=about ;;
        --help) mode=help ;;
        --discover) mode=discover ;;
    esac
    shift
done
echo "$mode" >> "$NOTES/starts"
echo "$args" > "$NOTES/args-$mode"
echo $$ > "$NOTES/$mode.new" && mv "$NOTES/$mode.new" "$NOTES/$mode"
meets() {
    for _ in $(seq 600); do [ -e "$NOTES/$1" ] && return; sleep 0.1; done
    echo "CRITICAL nobody came: $1" >&2; exit 9
}
hangs() { while :; do sleep 0.1; done; }
case $mode in
"#;

/// What it says to `--about`: its key is secret, though nothing in the name says so.
const ABOUT: &str = r#"echo '{"name": "tap", "capabilities": ["catalog", "discover"], "settings": {"type": "object",
    "properties": {"door": {"type": "string", "secret": true}}, "required": ["door"]}}'"#;
const CONFIG: &str = r#"{"door": "opensesame"}"#;
/// How singer-python's taps take `--about`.
const REFUSAL: &str = "printf 'usage: tap [-h] -c CONFIG [-s STATE] [-p PROPERTIES]\\n           [--catalog CATALOG] [-d]\\n\
     tap: error: the following arguments are required: -c/--config\\n' >&2; exit 2";

/// A tap of one stream that does this in each mode; a catalog and a row are its own.
fn tap(work: &Work, modes: &[(&str, &str)]) -> PathBuf {
    std::fs::create_dir_all(work.path("notes")).expect("a folder");
    let mut script = OPENING.to_owned();
    for (mode, does) in modes {
        writeln!(script, "{mode}) {does} ;;").expect("a string");
    }
    let catalog = json!({"streams": [entry("people", &["id"], columns())]});
    let row = r#"{"type":"RECORD","stream":"people","record":{"id":1}}"#;
    let rows = format!("echo '{}'\necho '{row}'\n", schema("people"));
    write!(script, "esac\nif [ $mode = discover ]; then echo '{catalog}'; exit; fi\n{rows}")
        .expect("a string");
    let path = work.file("tap", script);
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("our own file");
    path
}

fn with<'w>(run: Run<'w>, work: &Work, tap: &PathBuf) -> Run<'w> {
    run.with_config(CONFIG).arg("--tap").arg(tap).env("NOTES", work.path("notes").as_os_str())
}

fn reading<'w>(work: &'w Work, tap: &PathBuf) -> Run<'w> {
    let stream =
        json!({"name": "people", "json_schema": {}, "supported_sync_modes": ["full_refresh"]});
    let catalog = json!({"streams": [{"stream": stream, "sync_mode": "full_refresh"}]});
    with(work.read(&catalog), work, tap)
}

/// What the tap was started for, sorted; the list begins anew.
fn starts(work: &Work) -> Vec<String> {
    let notes = work.path("notes");
    let text = std::fs::read_to_string(notes.join("starts")).unwrap_or_default();
    for note in std::fs::read_dir(notes).expect("the notes") {
        std::fs::remove_file(note.expect("a note").path()).expect("our own file");
    }
    let mut starts: Vec<String> = text.lines().map(str::to_owned).collect();
    starts.sort();
    starts
}

fn args(work: &Work, mode: &str) -> String {
    std::fs::read_to_string(work.path("notes").join(format!("args-{mode}"))).expect("a note")
}

fn all_gone(work: &Work, modes: &[&str]) {
    for mode in modes {
        let pid = std::fs::read_to_string(work.path("notes").join(mode)).expect("a note");
        let pid = pid.trim().parse().expect("a process id");
        eventually("the tap is gone", || !lives(pid));
    }
}

#[test]
fn a_tap_discovers_while_it_tells_its_settings_and_needs_no_help() {
    let work = Work::new();
    let about = format!("meets discover; {ABOUT}; exit");
    let tap = tap(&work, &[("about", &about), ("discover", "meets about")]);
    assert_eq!(with(work.check(), &work, &tap).ok().answer().0, "SUCCEEDED");
    assert_eq!(starts(&work), ["about", "discover", "sync"]);
    with(work.discover(), &work, &tap).ok();
    assert_eq!(starts(&work), ["about", "discover"]);
    assert_eq!(reading(&work, &tap).ok().records().len(), 1);
    assert_eq!(starts(&work), ["about", "discover", "sync"]);
}

#[test]
fn a_refusal_of_about_that_lists_the_flags_spares_help() {
    let work = Work::new();
    let about = format!("meets discover; {REFUSAL}");
    let tap = tap(&work, &[("about", &about)]);
    assert_eq!(reading(&work, &tap).ok().records().len(), 1);
    let args = args(&work, "sync");
    assert!(args.contains("--catalog") && args.contains("--properties"), "{args}");
    assert_eq!(starts(&work), ["about", "discover", "sync"]);
}

#[test]
fn help_is_asked_beside_discovery_where_about_says_nothing() {
    let work = Work::new();
    let help = "meets discover; echo '--config C --catalog C'; exit";
    let tap =
        tap(&work, &[("about", "exit 1"), ("help", help), ("discover", "meets about; meets help")]);
    assert_eq!(reading(&work, &tap).ok().records().len(), 1);
    assert_eq!(starts(&work), ["about", "discover", "help", "sync"]);
    // A discovery that fails says so, whatever becomes of the other question.
    let modes = [("about", "exit 1"), ("help", "hangs"), ("discover", "meets help; exit 3")];
    let tap = self::tap(&work, &modes);
    let read = reading(&work, &tap).fails();
    assert!(read.error().contains("discovery"), "{read}");
    all_gone(&work, &["help", "discover"]);
}

#[test]
fn help_that_was_asked_what_is_wrong_with_about_is_not_asked_again() {
    let work = Work::new();
    let about = "echo \"ModuleNotFoundError: No module named 'tabulate'\" >&2; exit 1";
    let help = "echo '--config C --properties P'; exit";
    let tap = tap(&work, &[("about", about), ("help", help)]);
    assert_eq!(reading(&work, &tap).ok().records().len(), 1);
    let args = args(&work, "sync");
    assert!(!args.contains("--catalog") && args.contains("--properties"), "{args}");
    assert_eq!(starts(&work), ["about", "discover", "help", "sync"]);
}

#[test]
fn nothing_is_begun_where_a_file_is_missing() {
    let work = Work::new();
    let tap = tap(&work, &[("about", &format!("{ABOUT}; exit"))]);
    let read = reading(&work, &tap).arg("--state").arg(work.path("nowhere")).fails();
    assert!(read.error().contains("state file"), "{read}");
    assert_eq!(starts(&work), ["about"]);
}

#[test]
fn a_tap_of_which_all_is_known_is_only_run() {
    let work = Work::new();
    let tap = tap(&work, &[]);
    let spec = work.file("spec.json", r#"{"connectionSpecification": {"type": "object"}}"#);
    let streams = json!({"streams": [entry("people", &["id"], columns())]});
    let catalog = work.file("streams.json", streams.to_string());
    let all_given = reading(&work, &tap).arg("--tap-spec").arg(spec).arg("--tap-catalog");
    let read = all_given.arg(catalog).args(["--catalog-flag", "catalog"]).ok();
    assert_eq!(read.records().len(), 1);
    assert_eq!(starts(&work), ["sync"]);
    // A check that need not go so far doesn't discover.
    let tap = self::tap(&work, &[("about", &format!("{ABOUT}; exit"))]);
    with(work.check(), &work, &tap).args(["--check", "config"]).ok();
    assert_eq!(starts(&work), ["about"]);
}

#[test]
fn what_is_remembered_is_not_discovered_ahead() {
    let work = Work::new();
    let tap = tap(&work, &[("about", &format!("{ABOUT}; exit"))]);
    for expected in [vec!["about", "discover", "sync"], vec!["about", "sync"]] {
        reading(&work, &tap).arg("--discovery-cache").arg(work.path("cache")).ok();
        assert_eq!(starts(&work), expected);
    }
}

#[test]
fn what_it_says_ahead_of_its_settings_is_masked_and_heard_in_full() {
    let work = Work::new();
    // More than the pipes hold, and its secret, before anybody knows that it is one.
    let said = r#"cut -d '"' -f 4 "$config" >&2; : > "$NOTES/said"
        seq 30000 | sed 's/^/INFO row /' >&2; seq -f '%0200.0f' 1000"#;
    let about = format!("meets said; {ABOUT}; exit");
    let tap = tap(&work, &[("about", &about), ("discover", said)]);
    let read = reading(&work, &tap).ok();
    assert_eq!(read.records().len(), 1);
    assert!(read.logged("INFO", "****") && read.logged("INFO", "row 1"), "{read}");
    assert!(!read.to_string().contains("opensesame"), "{read}");
    assert_eq!(starts(&work), ["about", "discover", "sync"]);
}

#[test]
fn a_discovery_that_nobody_wants_is_ended_and_its_new_token_told_first() {
    let work = Work::new();
    let about = format!("meets rotated; {ABOUT}; exit");
    let discover = r#"echo '{"refresh_token": "second"}' > "$config"; echo second >&2
        sleep 600 & echo $! > "$NOTES/child"; : > "$NOTES/rotated"; hangs"#;
    let tap = tap(&work, &[("about", &about), ("discover", discover)]);
    let run = with(work.check(), &work, &tap).with_config(r#"{"refresh_token": "first"}"#);
    let check = run.arg("--debug").ok();
    let (status, message) = check.answer();
    assert!(status == "FAILED" && message.contains("setting `door` is missing"), "{message}");
    let kinds: Vec<&str> = check.lines.iter().map(|line| line.kind.as_str()).collect();
    let stored = kinds.iter().position(|kind| *kind == "CONTROL").expect("the new token");
    let answered = kinds.iter().position(|kind| *kind == "CONNECTION_STATUS");
    assert!(Some(stored) < answered, "{kinds:?}");
    assert!(!check.logs().concat().contains("second"), "{check}");
    all_gone(&work, &["discover", "child"]);
    assert_eq!(starts(&work), ["about", "discover"]);
}

#[test]
fn a_stop_is_obeyed_while_both_are_asked() {
    let work = Work::new();
    let tap = tap(&work, &[("about", "hangs"), ("discover", "hangs")]);
    let live = reading(&work, &tap).start();
    let notes = work.path("notes");
    eventually("both are asked", || {
        notes.join("about").exists() && notes.join("discover").exists()
    });
    live.signal(Signal::TERM);
    let output = live.end();
    assert_eq!(output.exit, Exit::Signal(15), "{output}");
    all_gone(&work, &["about", "discover"]);
    assert_eq!(starts(&work), ["about", "discover"]);
    assert!(work.leftovers().is_empty());
}

#[test]
fn a_tap_that_lacks_a_module_is_told_so_whatever_discovery_says() {
    let work = Work::new();
    let lacks = "echo \"ModuleNotFoundError: No module named 'singer'\" >&2; exit 1";
    let discover = "echo 'CRITICAL something else' >&2; exit 1";
    let tap = tap(&work, &[("about", lacks), ("help", lacks), ("discover", discover)]);
    let read = reading(&work, &tap).fails();
    assert!(read.error().contains("singer"), "{read}");
    assert!(!read.to_string().contains("something else"), "{read}");
}

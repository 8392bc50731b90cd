//! Where a tap runs, and what it finds there.

use crate::harness::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const CONFIG: &str = r#"{"csv_files_definition":"defs.json","folder":"data","glob":"data/*.csv"}"#;

/// A tap whose config names a folder and a glob, and a file that names another one: all of them relative to
/// its user's folder. It says where it runs.
const TAP: &str = r#"#!/bin/sh
config= mode=sync
while [ $# -gt 0 ]; do
    case $1 in
        --config) config=$2; shift ;;
        --discover) mode=discover ;;
        --about) echo 'unrecognized arguments: --about' >&2; exit 2 ;;
        --help) echo 'usage: tap [--config FILE] [--discover] [--catalog FILE]'; exit 0 ;;
    esac
    shift
done
echo "INFO runs in $(pwd)" >&2
value() { sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p' "$config"; }
stream() { echo '{"tap_stream_id":"'"$1"'","stream":"'"$1"'","schema":{"type":"object","properties":{"id":{"type":"string"}}},"metadata":[]}'; }
if [ $mode = discover ]; then
    echo '{"streams":['"$(stream folder)","$(stream globbed)","$(stream patients)"']}'
    exit 0
fi
rows() {
    echo '{"type":"SCHEMA","stream":"'"$1"'","schema":{"properties":{"id":{"type":"string"}}},"key_properties":[]}'
    while read id; do echo '{"type":"RECORD","stream":"'"$1"'","record":{"id":"'"$id"'"}}'; done < "$2"
}
for name in $(ls "$(value folder)"); do rows folder "$(value folder)/$name"; done
for name in $(value glob); do [ -f "$name" ] && rows globbed "$name"; done
path=$(cat "$(value csv_files_definition)")
if [ ! -f "$path" ]; then
    echo 'Traceback (most recent call last):' >&2
    echo '  File "tap.py", line 31, in <module>' >&2
    echo "FileNotFoundError: [Errno 2] No such file or directory: '$path'" >&2
    exit 1
fi
rows patients "$path"
"#;

/// The user's folder: the tap and its files.
fn clinic(work: &Work) -> PathBuf {
    work.file("data/patients.csv", "1\n2\n");
    work.file("defs.json", "./data/patients.csv");
    let tap = work.file("tap", TAP);
    std::fs::set_permissions(&tap, PermissionsExt::from_mode(0o755)).expect("our own file");
    tap
}

fn catalog() -> Value {
    let one = |name: &str| {
        json!({"stream": {"name": name, "json_schema": {},
        "supported_sync_modes": ["full_refresh"]}, "sync_mode": "full_refresh",
        "destination_sync_mode": "append"})
    };
    let streams = ["folder", "globbed", "patients"].map(one);
    json!({"streams": streams})
}

/// All files below a folder.
fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("readable").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { [path].into() }).collect()
}

fn counts(output: &Output) -> [usize; 3] {
    ["folder", "globbed", "patients"].map(|name| output.records_of(name).len())
}

#[test]
fn names_and_globs_of_settings_that_say_so_are_found_and_what_isnt_is_told() {
    let work = Work::new();
    let tap = clinic(&work);
    let read = work.read(&catalog()).with_config(CONFIG).arg("--tap").arg(tap).fails();
    assert_eq!(counts(&read), [2, 2, 0], "{read}");
    let here = work.path("").display().to_string();
    let here = here.trim_end_matches('/');
    let says = format!(
        "No such file or directory: './data/patients.csv' (it ran in a private folder; \
         `./data/patients.csv` is in {here}: `--workdir current` runs it there)"
    );
    assert!(read.error().ends_with(&says), "{read}");
    assert_eq!(read.failure_type(), "config_error", "{read}");
    let told = "by its absolute path (`csv_files_definition`, `folder`, `glob`)";
    let times = read.logs().iter().filter(|log| log.contains(told)).count();
    assert_eq!(times, 1, "told once: {read}");
}

#[test]
fn in_the_users_own_folder_a_tap_runs_as_by_hand_and_leaves_nothing_of_ours() {
    let work = Work::new();
    let tap = clinic(&work);
    fn command<'w>(run: Run<'w>, tap: &Path) -> Run<'w> {
        run.with_config(CONFIG).arg("--tap").arg(tap)
    }
    let here = format!("runs in {}", work.path("").display()).trim_end_matches('/').to_owned();
    // What the test itself writes.
    command(work.read(&catalog()), &tap).args(["--workdir", "current"]).ok();
    let before = files(&work.path(""));
    let read = command(work.read(&catalog()), &tap).args(["--workdir", "current"]).ok();
    assert_eq!(counts(&read), [2, 2, 2], "{read}");
    assert!(read.logged("INFO", &here), "{read}");
    assert!(!read.logged("INFO", "by its absolute path"), "{read}");
    let check = command(work.check(), &tap).env("AIRBYTE_SINGER_WORKDIR", "current").ok();
    assert_eq!(check.answer().0, "SUCCEEDED", "{check}");
    let profile = work.file("in/p.yaml", "version: 1\nworkdir: ..\n");
    let discover = command(work.discover(), &tap).arg("--profile").arg(&profile).ok();
    assert!(discover.logged("INFO", "runs in "), "{discover}");
    std::fs::remove_file(profile).expect("it is there");
    assert_eq!(files(&work.path("")), before);
}

#[test]
fn a_folder_of_ones_own_is_where_paths_are_meant_from() {
    let work = Work::new();
    let tap = clinic(&work);
    work.file("other/data/patients.csv", "1\n");
    work.file("other/defs.json", "data/gone.csv");
    work.file("data/gone.csv", "");
    let read = work.read(&catalog()).with_config(CONFIG).args(["--workdir", "other"]);
    let read = read.arg("--tap").arg(&tap).fails();
    assert_eq!(counts(&read), [1, 1, 0], "{read}");
    let other = work.path("other").display().to_string();
    assert!(
        read.error().contains(&format!("(it ran in {other} (--workdir); `data/gone.csv` is in ")),
        "{read}"
    );
    let missing = work.discover().args(["--workdir", "nowhere"]).arg("--tap").arg(&tap).fails();
    assert!(missing.error().contains("nowhere: there is no such folder"), "{missing}");
    assert_eq!(missing.failure_type(), "config_error");
}

#[test]
fn a_config_never_says_where_a_tap_runs() {
    let work = Work::new();
    let tap = clinic(&work);
    let config = r#"{"__airbyte_singer":{"workdir":"/"},"folder":"data"}"#;
    let refused = work.discover().with_config(config).arg("--tap").arg(&tap).fails();
    assert!(refused.error().contains("`workdir` decides what is run"), "{refused}");
}

#[test]
fn what_was_made_absolute_goes_back_as_the_user_wrote_it() {
    let work = Work::new();
    let tap = clinic(&work);
    let rewrites = TAP.replace(
        "for name in $(ls",
        "sed -i 's/first-token/second-token/' \"$config\"\nfor name in $(ls",
    );
    std::fs::write(&tap, rewrites).expect("our own file");
    let config = format!(r#"{},"token":"first-token"}}"#, CONFIG.trim_end_matches('}'));
    let read = work.read(&catalog()).with_config(&config).arg("--tap").arg(tap).fails();
    let control = read.lines.iter().find(|line| line.kind == "CONTROL").expect("a new config");
    let stored = control.field("control")["connectorConfig"]["config"].clone();
    let expected: Value =
        serde_json::from_str(&config.replace("first-token", "second-token")).expect("JSON");
    assert_eq!(stored, expected, "{read}");
}

/// A tap that works in the user's folder writes its BATCH files there, beside whatever else lies there.
#[test]
fn a_batch_file_in_the_users_folder_is_read_where_it_may_be_and_stays() {
    let work = Work::new();
    let rows = "{\"id\":1}\n{\"id\":2}\n";
    let file = work.file("rows.jsonl", rows);
    let batch = json!({"type": "BATCH", "stream": "people", "encoding": {"format": "jsonl"},
        "manifest": [format!("file://{}", file.display())]});
    let tap = Tap::with(&[entry("people", &["id"], columns())])
        .says(&[schema("people"), batch.to_string()]);
    let catalog = in_full(&work.discover().tap(&tap).ok().catalog());
    let current = ["--workdir", "current"];
    let refused = work.read(&catalog).tap(&tap).args(current).fails();
    assert!(refused.error().contains("outside the folders that are read"), "{refused}");
    let folder = work.path("");
    let read = work.read(&catalog).tap(&tap).args(current).arg("--batch-dir").arg(folder).ok();
    assert_eq!(read.records_of("people").len(), 2, "{read}");
    assert_eq!(std::fs::read_to_string(file).expect("it stays"), rows);
}

//! Pipes where files are looked for: planted by somebody, given by name, never written to.

use crate::harness::*;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

fn fifo(work: &Work, name: &str) -> PathBuf {
    let path = work.path(name);
    std::fs::create_dir_all(path.parent().expect("below the work folder")).expect("a folder");
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, 0o600.into()).expect("a pipe");
    path
}

fn tap() -> Tap {
    Tap::with(&[entry("people", &["id"], columns())])
        .says(&[&schema("people"), r#"{"type":"RECORD","stream":"people","record":{"id":1}}"#])
}

fn catalog() -> Value {
    json!({"streams": [{"stream": {"name": "people", "json_schema": {},
        "supported_sync_modes": ["full_refresh"]}, "sync_mode": "full_refresh"}]})
}

/// Writes to a pipe once somebody reads it.
fn written(path: &Path, text: String) -> std::thread::JoinHandle<()> {
    let path = path.to_owned();
    std::thread::spawn(move || std::fs::write(path, text).expect("a reader"))
}

#[test]
fn a_pipe_that_is_planted_as_a_lock_holds_nobody_up() {
    let (work, tap) = (Work::new(), tap());
    let planted = fifo(&work, "tmp/airbyte-singer-run-a/lock");
    let live = work.check().tap(&tap).start();
    let output = live.end();
    assert_eq!(output.exit, Exit::Code(0), "{output}");
    assert!(planted.exists(), "what isn't ours stays");
    assert_eq!(work.leftovers().len(), 1, "{:?}", work.leftovers());
}

/// Every option that names a file, of every command.
#[test]
fn a_named_pipe_that_nobody_writes_to_does_not_hold_a_stop_up() {
    let commands: &[&[&str]] = &[
        &["check", "--tap", "TAP", "--config", "PIPE"],
        &["check", "--source", "sample", "--config", "PIPE"],
        &["read", "--tap", "TAP", "--config", "CONFIG", "--catalog", "PIPE"],
        &["read", "--tap", "TAP", "--config", "CONFIG", "--catalog", "CATALOG", "--state", "PIPE"],
        &["discover", "--tap", "TAP", "--config", "CONFIG", "--tap-catalog", "PIPE"],
        &["spec", "--tap", "TAP", "--tap-spec", "PIPE"],
        &["spec", "--tap", "TAP", "--tap-about", "PIPE"],
        &["spec", "--profile", "PIPE"],
        &["convert", "spec", "PIPE"],
        &["convert", "messages", "PIPE"],
        &["convert", "catalog", "--from", "singer", "PIPE"],
        &["convert", "catalog", "--from", "airbyte", "--singer-catalog", "PIPE", "CATALOG"],
        &["convert", "state", "--from", "singer", "--catalog", "PIPE"],
    ];
    let work = Work::new();
    let named = |arg: &&str| match *arg {
        "PIPE" => work.path("pipe"),
        "CONFIG" => work.path("config.json"),
        "CATALOG" => work.path("configured.json"),
        "TAP" => Tap::program(),
        other => PathBuf::from(other),
    };
    fifo(&work, "pipe");
    work.file("config.json", "{}");
    work.file("configured.json", catalog().to_string());
    for command in commands {
        let live = work.run(command[0]).args(command[1..].iter().map(named)).start();
        std::thread::sleep(Duration::from_millis(500));
        live.signal(Signal::TERM);
        let output = live.end();
        assert_eq!(output.exit, Exit::Signal(Signal::TERM.as_raw()), "{command:?}\n{output}");
        assert!(work.leftovers().is_empty(), "{command:?}: {:?}", work.leftovers());
    }
}

#[test]
fn files_may_be_pipes_that_are_written_to() {
    let (work, tap) = (Work::new(), tap());
    let [config, configured, state] = ["config", "configured", "state"].map(|n| fifo(&work, n));
    let writers = [
        written(&config, "{}".to_owned()),
        written(&configured, catalog().to_string()),
        written(&state, "[]".to_owned()),
    ];
    let run = work.run("read").tap(&tap).arg("--config").arg(&config);
    let output = run.arg("--catalog").arg(&configured).arg("--state").arg(&state).ok();
    assert_eq!(output.records().len(), 1, "{output}");
    writers.into_iter().for_each(|writer| writer.join().expect("it is read"));
    let messages = fifo(&work, "messages");
    let writer = written(&messages, format!("{}\n", schema("people")));
    work.convert("messages").arg(&messages).ok();
    writer.join().expect("it is read");
}

//! The example is a program of its own, and does what it says.

use airbyte_protocol::{Message, Position, State};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

#[path = "../../examples/shop.rs"]
#[allow(dead_code, reason = "its main is run as a program; here its test is")]
mod shop;

/// The example as cargo built it beside this test.
fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a test is a program");
    let target = test.parent().and_then(Path::parent).expect("it lies in target/PROFILE/deps");
    target.join("examples").join("shop")
}

fn put(folder: &Path, name: &str, content: &Value) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, content.to_string()).expect("a temporary file");
    path
}

fn catalog() -> Value {
    let stream = |name, mode| {
        json!({"stream": {"name": name, "json_schema": {}, "supported_sync_modes": []},
            "sync_mode": mode, "destination_sync_mode": "append"})
    };
    json!({"streams": [stream("products", "full_refresh"), stream("orders", "incremental")]})
}

fn read(folder: &Path, days: u64, state: &Value) -> Command {
    let mut command = Command::new(program());
    command.arg("read").arg("--config").arg(put(folder, "config", &json!({"days": days})));
    command.arg("--catalog").arg(put(folder, "catalog", &catalog()));
    command.arg("--state").arg(put(folder, "state", state));
    command
}

fn messages(command: &mut Command) -> Vec<Message> {
    let output = command.output().expect("the example was built");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let lines = output.stdout.split(|b| *b == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| Message::parse(line).expect("a message")).collect()
}

fn days(messages: &[Message]) -> Vec<u64> {
    let records = messages.iter().filter_map(|message| match message {
        Message::Record(record) if record.stream == "orders" => record.data["day"].as_u64(),
        _ => None,
    });
    records.collect()
}

#[test]
fn it_goes_on_from_the_last_day() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let first = messages(&mut read(folder.path(), 2, &json!([])));
    assert_eq!(days(&first), [0, 0, 0, 0, 1, 1, 1, 1]);
    let mut states = first.into_iter().rev().filter_map(|message| match message {
        Message::State(State { position: Position::Stream(own), .. }) => Some(own),
        _ => None,
    });
    let last = states.find(|own| own.stream_descriptor.name == "orders");
    let stored = json!([{"type": "STREAM", "stream": last.expect("a state")}]);
    let second = messages(&mut read(folder.path(), 3, &stored));
    assert_eq!(days(&second), [1, 1, 1, 1, 2, 2, 2, 2]);
}

#[test]
fn it_stops_between_two_records() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut running =
        read(folder.path(), 1 << 60, &json!([])).stdout(Stdio::piped()).spawn().expect("it runs");
    let mut lines = BufReader::new(running.stdout.take().expect("a pipe")).lines();
    lines.by_ref().map(|line| line.expect("text")).find(|line| line.contains("\"STATE\""));
    let pid = running.id().to_string();
    assert!(Command::new("kill").arg("-TERM").arg(pid).status().expect("kill").success());
    let rest: Vec<String> = lines.map(|line| line.expect("text")).collect();
    assert_eq!(running.wait().expect("it ends").signal(), Some(15));
    let last = &rest[rest.len() - 3..];
    assert!(last[0].contains("INCOMPLETE") || last[1].contains("INCOMPLETE"), "{last:?}");
    assert!(last[2].contains("stopped by SIGTERM"), "{last:?}");
}

#[test]
fn it_is_forty_lines_at_most() {
    let text = include_str!("../../examples/shop.rs");
    let program = text.split("#[cfg(test)]").next().unwrap_or_default();
    let is_code = |line: &&str| !line.is_empty() && !line.starts_with("//");
    let lines = program.lines().map(str::trim).filter(is_code).count();
    assert!(lines <= 40, "{lines} lines");
}

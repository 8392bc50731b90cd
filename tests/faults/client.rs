//! A client that goes, stalls, or gives us a stdout that takes nothing.

use super::{faults, judged, people, read, syncing, through};
use crate::harness::*;
use crate::process::{kill, supervisor};
use rustix::process::Signal;
use std::io::{BufRead, BufReader, Read};
use std::time::Duration;

/// A read whose client closes our stdout after the first record.
fn closed_early(work: &Work) -> Output {
    let body = "schema; while row 1; do :; done";
    let (mut child, stdout) = read(work, body).start_with_stdout();
    let mut lines = BufReader::new(stdout);
    let (mut text, mut line) = (String::new(), String::new());
    while !line.contains("RECORD") {
        line.clear();
        assert!(lines.read_line(&mut line).expect("a pipe") > 0, "it ended early: {text}");
        text.push_str(&line);
    }
    drop(lines);
    let mut said = Vec::new();
    child.stderr.take().expect("a pipe").read_to_end(&mut said).expect("a pipe");
    let code = child.wait().expect("a child").code().expect("an exit code");
    assert!(work.leftovers().is_empty());
    Output::new(Exit::Code(code), text.as_bytes(), &said, 0..1)
}

/// A read whose client sleeps while more is written than any pipe holds.
fn stalled(work: &Work) -> Output {
    let body = "schema; i=0; while [ $i -lt 3000 ]; do row $i; i=$((i+1)); done; state 1";
    let (mut child, mut stdout) = read(work, body).start_with_stdout();
    std::thread::sleep(Duration::from_millis(1500));
    let (mut text, mut said) = (Vec::new(), Vec::new());
    stdout.read_to_end(&mut text).expect("a pipe");
    child.stderr.take().expect("a pipe").read_to_end(&mut said).expect("a pipe");
    let code = child.wait().expect("a child").code().expect("an exit code");
    let output = Output::new(Exit::Code(code), &text, &said, 0..i64::MAX);
    assert_eq!(judged(&output), Vec::<String>::new());
    output
}

/// A read that is killed with its supervisor, and the run after it.
fn killed_and_swept(work: &Work) -> Output {
    let live = read(work, "schema; touch $here/runs; while row 1; do sleep 0.05; done").start();
    eventually("the tap runs", || work.path("runs").exists());
    kill(supervisor(&live));
    live.signal(Signal::KILL);
    assert_eq!(live.end().exit, Exit::Signal(9));
    assert!(!work.leftovers().is_empty(), "nobody could clean up");
    // `go` holds that nothing is left.
    read(work, "schema; row 1").go()
}

faults! {
    stdout_is_closed: "the client has enough and closes our stdout",
        closed_early,
        ["exit 0", "", "people RUNNING, 1 record"];
    stdout_is_stalled: "the client reads nothing for a while",
        stalled,
        ["exit 0", "", "people COMPLETE, 3000 records"];
    stdout_is_full: "stdout is a file on a full disk",
        |work| {
            let tap = syncing(work, "schema; row 1");
            through(work, "exec \"$@\" > /dev/full").arg("discover").with_config("{}").arg("--tap").arg(tap).go()
        },
        ["exit 1", "stderr: writing to stdout failed: no storage space", ""];
    stdout_is_full_in_a_read: "the same in a read",
        |work| {
            let tap = syncing(work, "schema; while row 1; do :; done");
            let catalog = work.file("configured.json", people().to_string());
            through(work, "exec \"$@\" > /dev/full").arg("read").with_config("{}").arg("--catalog").arg(catalog).arg("--tap").arg(tap).go()
        },
        ["exit 1", "stderr: writing to stdout failed: no storage space", ""];
    bridge_is_killed: "we are killed, and what would tidy up too; the next run sweeps what was left and reads",
        killed_and_swept,
        ["exit 0", "", "people COMPLETE, 1 record"];
}

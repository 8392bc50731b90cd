//! Silence, slowness, and signals.

use super::{ended, faults, people, read, script, syncing};
use crate::harness::*;
use rustix::process::Signal;
use std::time::Duration;

/// A read of a tap that has written a row and does `then`, stopped by signals.
fn stopped(work: &Work, then: &str, flags: &[&str], signals: &[Signal]) -> Output {
    let body = format!("schema; row 1; state 1; touch $here/runs; {then}");
    let live = read(work, &body).args(flags).start();
    eventually("the tap runs", || work.path("runs").exists());
    std::thread::sleep(Duration::from_millis(300));
    for signal in signals {
        live.signal(*signal);
        std::thread::sleep(Duration::from_millis(300));
    }
    ended(work, live)
}

faults! {
    tap_is_silent: "the tap hangs, and an `--idle-timeout` is set",
        |work| read(work, "schema; row 1; sleep 600").args(["--idle-timeout", "1s"]).go(),
        ["exit 1", "transient_error: the tap was silent for 1 s and was stopped (--idle-timeout)", "people INCOMPLETE, 1 record"];
    tap_is_slow: "the tap is slow, but never silent for that long",
        |work| read(work, "schema; for i in 1 2 3 4 5; do row $i; sleep 0.8; done; state 5").args(["--idle-timeout", "3s"]).go(),
        ["exit 0", "", "people COMPLETE, 5 records"];
    tap_is_silent_with_its_stdout_closed: "the tap closes stdout and never ends",
        |work| read(work, "schema; row 1; exec >&-; sleep 600").args(["--idle-timeout", "1s"]).go(),
        ["exit 1", "transient_error: the tap closed its output, didn't end in time and was stopped (--idle-timeout)", "people INCOMPLETE, 1 record"];
    tap_lives_on_with_its_stdout_closed: "the tap closes stdout, goes on for a while and succeeds",
        |work| read(work, "schema; row 1; exec >&-; sleep 0.7").go(),
        ["exit 0", "", "people COMPLETE, 1 record"];
    tap_fails_with_its_stdout_closed: "the tap closes stdout and fails later",
        |work| read(work, "schema; row 1; exec >&-; sleep 0.3; echo 'CRITICAL 500 Server Error' >&2; exit 1").go(),
        ["exit 1", "transient_error: tap-x: 500 Server Error", "people INCOMPLETE, 1 record"];
    child_is_left_behind: "the tap ends and leaves a process that holds its output open",
        |work| {
            // What it left has the pipe for longer than the tap; a minute would be waited for it.
            read(work, "schema; row 1; sleep 2 & echo $! >> $here/pids; exit 0").go()
        },
        ["exit 0", "", "people COMPLETE, 1 record"];
    discovery_hangs: "the discovery never ends",
        |work| {
            let tap = script(work, "sleep 600");
            work.discover().arg("--tap").arg(tap).args(["--discovery-timeout", "1s"]).go()
        },
        ["exit 1", "transient_error: tap-x didn't finish discovery within 1 s and was stopped (--discovery-timeout)", ""];
    sync_backs_off: "the sync tries again and again with refused credentials, and an `--idle-timeout` is set",
        |work| {
            let words = "INFO Backing off after 401 Client Error: Unauthorized for url: https://x/token";
            let body = format!("schema; row 1; echo '{words}' >&2; sleep 600");
            read(work, &body).args(["--idle-timeout", "2s"]).go()
        },
        ["exit 1", "config_error: the tap was silent for 2 s and was stopped (--idle-timeout); the last thing it said: Backing off after 401 Client Error: Unauthorized for url: https://x/token", "people INCOMPLETE, 1 record"];
    discovery_backs_off: "the discovery tries again and again with refused credentials",
        |work| {
            let words = "INFO Backing off 10 seconds after 401 Client Error: Unauthorized for url: https://x/token";
            let tap = script(work, &format!("echo '{words}' >&2; sleep 600"));
            work.discover().arg("--tap").arg(tap).args(["--discovery-timeout", "2s"]).go()
        },
        ["exit 1", "config_error: tap-x didn't finish discovery within 2 s and was stopped (--discovery-timeout); the last thing it said: Backing off 10 seconds after 401 Client Error: Unauthorized for url: https://x/token", ""];
    discovery_hangs_in_a_check: "the same in a check",
        |work| {
            let tap = script(work, "sleep 600");
            work.check().arg("--tap").arg(tap).args(["--discovery-timeout", "1s"]).go()
        },
        ["exit 0", "FAILED: tap-x didn't finish discovery within 1 s and was stopped (--discovery-timeout)", ""];
    check_finds_no_record_in_time: "the tap connects and sends nothing while a check waits",
        |work| {
            let tap = syncing(work, "schema; sleep 600");
            work.check().arg("--tap").arg(tap).args(["--check-timeout", "1s"]).go()
        },
        ["exit 0", "SUCCEEDED; WARN tap-x sent no record of `people` in time, so the credentials are unproven (--check-timeout)", ""];
    sigterm: "the platform stops us",
        |work| stopped(work, "sleep 600", &[], &[Signal::TERM]),
        ["SIGTERM", "transient_error: stopped by SIGTERM", "people INCOMPLETE, 1 record"];
    sigint: "a person stops us",
        |work| stopped(work, "sleep 600", &[], &[Signal::INT]),
        ["SIGINT", "transient_error: stopped by SIGINT", "people INCOMPLETE, 1 record"];
    sigterm_in_a_discovery: "the platform stops a discovery",
        |work| {
            let tap = script(work, "touch $here/runs; sleep 600");
            // Without one the tap would be asked for it at the same time.
            let spec = work.file("spec.json", r#"{"connectionSpecification": {"type": "object"}}"#);
            let live = work.discover().arg("--tap").arg(tap).arg("--tap-spec").arg(spec).start();
            eventually("the tap runs", || work.path("runs").exists());
            live.signal(Signal::TERM);
            live.end()
        },
        ["SIGTERM", "transient_error: discovery was stopped by a signal", ""];
    sigterm_and_the_tap_exits_with_0: "an SDK tap answers SIGTERM with exit code 0",
        |work| stopped(work, "trap 'exit 0' TERM; while :; do sleep 0.1; done", &[], &[Signal::TERM]),
        ["SIGTERM", "transient_error: stopped by SIGTERM", "people INCOMPLETE, 1 record"];
    sigterm_and_the_tap_goes_on: "the tap ignores SIGTERM and is killed after `--stop-grace`",
        |work| stopped(work, "trap '' TERM; while :; do sleep 0.1; done", &["--stop-grace", "700ms"], &[Signal::TERM]),
        ["SIGTERM", "transient_error: stopped by SIGTERM", "people INCOMPLETE, 1 record"];
    sigterm_twice: "somebody insists: the tap is killed at once, without its grace of an hour",
        |work| stopped(work, "trap '' TERM; while :; do sleep 0.1; done", &["--stop-grace", "1h"], &[Signal::TERM, Signal::TERM]),
        ["SIGTERM", "transient_error: stopped by SIGTERM", "people INCOMPLETE, 1 record"];
    sigterm_and_nobody_reads: "we are stopped while the client doesn't read: a full pipe holds nothing up",
        |work| {
            let body = "schema; touch $here/runs; while row 1; do :; done";
            let (mut child, stdout) = read(work, body).start_with_stdout();
            eventually("the tap runs", || work.path("runs").exists());
            std::thread::sleep(Duration::from_millis(500));
            let pid = rustix::process::Pid::from_child(&child);
            rustix::process::kill_process(pid, Signal::TERM).expect("it runs");
            let status = child.wait().expect("a child");
            drop(stdout);
            use std::os::unix::process::ExitStatusExt;
            assert!(work.leftovers().is_empty());
            Output::new(Exit::Signal(status.signal().expect("a signal")), b"", b"", 0..1)
        },
        ["SIGTERM", "", ""];
}

#[test]
fn streams_of_a_later_pass_that_is_not_begun_are_incomplete_too() {
    let work = Work::new();
    let mut catalog = people();
    let mut other = catalog["streams"][0].clone();
    other["stream"]["name"] = serde_json::json!("planets");
    catalog["streams"].as_array_mut().expect("streams").push(other);
    let tap = syncing(&work, "schema; row 1; touch $here/runs; sleep 600");
    let live = work.read(&catalog).arg("--tap").arg(tap).start();
    eventually("the tap runs", || work.path("runs").exists());
    live.signal(Signal::TERM);
    let output = live.end();
    assert_eq!(output.last_status("planets"), "INCOMPLETE", "{output}");
}

#[test]
fn a_state_that_has_become_due_goes_out_while_records_trickle() {
    let work = Work::new();
    let trickle = "n=1; while [ $n -lt 40 ]; do n=$((n + 1)); row $n; sleep 0.1; done";
    let tap = syncing(&work, &format!("schema; row 1; state 1; {trickle}"));
    let mut catalog = people();
    catalog["streams"][0]["sync_mode"] = "incremental".into();
    catalog["streams"][0]["cursor_field"] = serde_json::json!(["id"]);
    let profile = work.file("profile.yaml", "version: 1\nstreams: {people: {cursor: id}}\n");
    let run = work.read(&catalog).arg("--tap").arg(tap).args(["--state-interval", "1s"]);
    let output = run.arg("--profile").arg(profile).go();
    let is_state = |line: &&Line| line.state_stream().is_some();
    let state = output.lines.iter().position(|line| is_state(&line)).expect("a state");
    let behind = output.lines[state..].iter().filter(|line| line.record().is_some()).count();
    assert!(behind > 5, "{output}");
}

#[test]
fn what_a_tap_leaves_behind_holds_no_stop_up_by_writing_now_and_then() {
    let work = Work::new();
    let child = "setsid sh -c 'while echo noise; do sleep 0.1; done' & sleep 600";
    let began = std::time::Instant::now();
    let output = stopped(&work, child, &["--stop-grace", "1s"], &[Signal::TERM]);
    assert_eq!(output.exit, Exit::Signal(15), "{output}");
    // What is there for a reader that hangs comes ten seconds after the grace.
    assert!(began.elapsed() < Duration::from_secs(9), "{output}");
}

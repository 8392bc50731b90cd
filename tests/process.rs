//! A tap is a process: it is given its files in private, stopped when it must be, and leaves
//! nothing behind.

use crate::check::lives;
use crate::harness::*;
use rustix::process::{Pid, Signal};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::time::{Duration, Instant};

const RECORD: &str = r#"{"type":"RECORD","stream":"people","record":{"id":1,"name":"a"}}"#;

/// A tap of two streams that has said a row of one when it hangs.
fn hanging(manner: Value) -> Tap {
    let mut manner = manner;
    manner["hangs"] = json!(["sync"]);
    people().behaves(manner)
}

fn people() -> Tap {
    Tap::with(&[entry("people", &["id"], columns()), entry("planets", &["id"], columns())]).says(&[
        &schema("people"),
        RECORD,
        &state(json!({"people": {"since": 1}})),
    ])
}

fn catalog() -> Value {
    let stream = |name: &str| {
        json!({"stream": {"name": name, "json_schema": {},
        "supported_sync_modes": ["full_refresh"]}, "sync_mode": "full_refresh"})
    };
    json!({"streams": [stream("people"), stream("planets")]})
}

/// The sync's report, once the tap runs.
fn sync(work: &Work) -> Given {
    let mut found = None;
    eventually("the tap syncs", || {
        found = work.given().into_iter().find(|given| given.run == "sync");
        found.is_some()
    });
    found.expect("a sync")
}

/// Stops a read by a signal once its tap runs and has said its rows.
fn stopped(work: &Work, run: Run<'_>, signal: Signal) -> (Output, Vec<i32>) {
    let live = run.start();
    let given = sync(work);
    // Its rows are through the pipe soon after.
    std::thread::sleep(Duration::from_millis(300));
    live.signal(signal);
    let output = live.end();
    (output, given.grandchild().into_iter().chain([given.pid()]).collect())
}

fn is_stopped_read(output: &Output, signal: Signal, name: &str) {
    assert_eq!(output.exit, Exit::Signal(signal.as_raw()), "death by the signal\n{output}");
    assert_eq!(faults(output, &catalog()), Vec::<String>::new(), "{output}");
    assert_eq!(output.records().len(), 1, "{output}");
    for stream in ["people", "planets"] {
        assert_eq!(output.last_status(stream), "INCOMPLETE", "{output}");
    }
    assert_eq!(output.error(), format!("stopped by {name}"));
    assert_eq!(output.failure_type(), "transient_error");
}

#[test]
fn sigterm_and_sigint_end_the_whole_group_and_then_us() {
    for (signal, name) in [(Signal::TERM, "SIGTERM"), (Signal::INT, "SIGINT")] {
        let (work, tap) = (Work::new(), hanging(json!({"grandchild": true})));
        let (output, pids) = stopped(&work, work.read(&catalog()).tap(&tap), signal);
        is_stopped_read(&output, signal, name);
        for pid in pids {
            eventually("it is gone", || !lives(pid));
        }
        assert!(work.leftovers().is_empty(), "{:?}", work.leftovers());
    }
}

#[test]
fn a_tap_that_exits_with_0_when_it_is_stopped_is_not_believed() {
    let (work, tap) = (Work::new(), hanging(json!({"on_term": "exits_with0"})));
    let (output, _) = stopped(&work, work.read(&catalog()).tap(&tap), Signal::TERM);
    is_stopped_read(&output, Signal::TERM, "SIGTERM");
}

#[test]
fn a_tap_that_ignores_sigterm_is_killed_after_its_grace() {
    let (work, tap) = (Work::new(), hanging(json!({"on_term": "ignores", "grandchild": true})));
    let run = work.read(&catalog()).tap(&tap).args(["--stop-grace", "500ms"]);
    let began = Instant::now();
    let (output, pids) = stopped(&work, run, Signal::TERM);
    is_stopped_read(&output, Signal::TERM, "SIGTERM");
    assert!(began.elapsed() > Duration::from_millis(700), "it had its grace");
    assert!(output.logged("WARN", "didn't stop in time"), "{output}");
    for pid in pids {
        eventually("it is gone", || !lives(pid));
    }
}

#[test]
fn a_stop_during_discovery_is_obeyed_too() {
    let tap = people().behaves(json!({"hangs": ["discover"]}));
    for command in ["discover", "check", "read"] {
        let work = Work::new();
        let run = if command == "read" {
            work.read(&catalog())
        } else {
            work.run(command).with_config("{}")
        };
        let live = run.tap(&tap).start();
        eventually("it discovers", || work.given().iter().any(|given| given.run == "discover"));
        live.signal(Signal::TERM);
        let output = live.end();
        assert_eq!(output.exit, Exit::Signal(15), "{command}: {output}");
        assert_eq!(output.errors().len(), 1, "{command}: {output}");
        for given in work.given() {
            eventually("it is gone", || !lives(given.pid()));
        }
        assert!(work.leftovers().is_empty(), "{command}: {:?}", work.leftovers());
    }
}

#[test]
fn a_silent_tap_is_stopped_after_the_idle_timeout() {
    let (work, tap) = (Work::new(), hanging(json!({})));
    let read = work.read(&catalog()).tap(&tap).args(["--idle-timeout", "600ms"]).fails();
    assert!(read.error().contains("silent"), "{read}");
    assert_eq!(read.failure_type(), "transient_error");
    assert_eq!(read.records().len(), 1);
    eventually("it is gone", || !lives(sync(&work).pid()));
}

#[test]
fn a_discovery_that_hangs_is_given_up() {
    let (work, tap) = (Work::new(), people().behaves(json!({"hangs": ["discover"]})));
    let limit = ["--discovery-timeout", "300ms"];
    let discover = work.discover().tap(&tap).args(limit).fails();
    let error = discover.error();
    assert!(error.contains("didn't finish discovery within 0.3 s"), "{discover}");
    assert!(error.contains("--discovery-timeout"), "{discover}");
    assert_eq!(discover.failure_type(), "transient_error");
    let answer = work.check().tap(&tap).args(limit).ok().answer();
    assert_eq!(answer.0, "FAILED");
    for given in work.given() {
        eventually("it is gone", || !lives(given.pid()));
    }
}

#[test]
fn a_given_catalog_spares_the_discovery() {
    let (work, tap) = (Work::new(), people().behaves(json!({"hangs": ["discover"]})));
    let given = tap.folder().join("discover.json");
    let read = work.read(&catalog()).tap(&tap).arg("--tap-catalog").arg(given).ok();
    assert_eq!(read.records().len(), 1);
    assert!(work.given().iter().all(|given| given.run != "discover"));
}

#[test]
fn a_tap_that_dies_is_no_success_however_good_its_records() {
    let work = Work::new();
    let killed = work.read(&catalog()).tap(&people().behaves(json!({"dies_by": 9}))).fails();
    assert!(killed.error().contains("SIGKILL"), "{killed}");
    let failed = work.read(&catalog()).tap(&people().exits(json!({"sync": 7}))).fails();
    assert!(failed.error().contains("exited with code 7"), "{failed}");
    for read in [&killed, &failed] {
        assert_eq!(read.records().len(), 1);
        assert_eq!(read.states_of("people").len(), 1, "what was reached is said");
        assert_eq!(read.last_status("people"), "INCOMPLETE");
    }
}

#[test]
fn the_end_of_a_tap_is_its_exit_and_not_its_closed_stdout() {
    let (work, tap) = (Work::new(), people().behaves(json!({"lingers_ms": 700})));
    let began = Instant::now();
    work.read(&catalog()).tap(&tap).ok();
    assert!(began.elapsed() > Duration::from_millis(700));
    let tap = people().behaves(json!({"lingers_ms": 100})).exits(json!({"sync": 3}));
    assert!(work.read(&catalog()).tap(&tap).fails().error().contains("exited with code 3"));
}

#[test]
fn a_grandchild_that_outlives_its_tap_is_ended_and_holds_nobody_up() {
    let (work, tap) = (Work::new(), people().behaves(json!({"grandchild": true})));
    let began = Instant::now();
    work.read(&catalog()).tap(&tap).ok();
    assert!(began.elapsed() < Duration::from_secs(20), "it sleeps for 600 s");
    let pid = sync(&work).grandchild().expect("a grandchild");
    eventually("it is gone", || !lives(pid));
}

#[test]
fn a_client_that_closes_our_stdout_ends_the_tap_quietly() {
    let (work, tap) = (Work::new(), people().behaves(json!({"repeats": 200_000})));
    let (mut child, stdout) = work.read(&catalog()).tap(&tap).start_with_stdout();
    let mut lines = BufReader::new(stdout);
    let mut line = String::new();
    while !line.contains("RECORD") {
        line.clear();
        assert!(lines.read_line(&mut line).expect("a pipe") > 0, "it ended early");
    }
    let tap_pid = sync(&work).pid();
    drop(lines);
    let mut said = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("a pipe");
    let status = child.wait().expect("a child");
    assert_eq!(said, "");
    assert_eq!(status.code(), Some(0), "{status}");
    eventually("the tap is gone", || !lives(tap_pid));
    assert!(work.leftovers().is_empty());
}

#[test]
fn a_tap_works_in_private_and_its_files_are_its_owners_alone() {
    let (work, tap) = (Work::new(), people().behaves(json!({"writes": "left-by-the-tap.json"})));
    work.file("key.pem", "a key");
    let config = r#"{"token": "t-123456", "key_file": "key.pem", "database": "tmp", "n": 1.10}"#;
    work.read(&catalog()).with_config(config).tap(&tap).with_state(&json!([])).ok();
    for given in work.given() {
        assert!(given.folder().starts_with(work.path("tmp")), "{:?}", given.folder());
        assert_eq!(given.folder_mode(), "700");
        assert!(!given.folder().exists());
    }
    let given = sync(&work);
    for flag in ["--config", "--catalog"] {
        assert_eq!(given.mode(flag), "600", "{flag}");
    }
    let settings = given.file("--config").expect("a config");
    let key = work.path("key.pem");
    assert_eq!(settings["key_file"], key.to_str().expect("a path"), "found from elsewhere");
    assert_eq!(settings["database"], "tmp", "a word that happens to be a folder's");
    assert_eq!(settings["n"].to_string(), "1.10");
    assert!(!work.path("left-by-the-tap.json").exists());
    assert!(!given.args().contains(&"--state".to_owned()), "no state, no flag");
    let resumed = json!([{"type": "LEGACY", "data": {"bookmarks": {"people": {"since": 1}}}}]);
    let mut tables = catalog();
    tables["streams"][0]["sync_mode"] = json!("incremental");
    let profile = work.file("p.yaml", "version: 1\nstreams: {people: {cursor: id}}\n");
    work.read(&tables).tap(&tap).with_state(&resumed).arg("--profile").arg(profile).ok();
    let given = work.given().into_iter().find(|given| given.run == "resume").expect("a resume");
    assert_eq!(given.mode("--state"), "600");
}

#[test]
fn a_tap_inherits_no_variable_of_ours() {
    let (work, tap) = (Work::new(), people());
    work.read(&catalog()).tap(&tap).env("AIRBYTE_SINGER_ON_MALFORMED", "skip").ok();
    for given in work.given() {
        assert_eq!(given.environment(), &json!([]));
    }
}

#[test]
fn a_sigkill_of_ours_leaves_neither_tap_nor_folder() {
    let ignoring = json!({"grandchild": true, "on_term": "ignores"});
    for manner in [json!({"grandchild": true}), ignoring] {
        let (work, tap) = (Work::new(), hanging(manner));
        let live = work.read(&catalog()).tap(&tap).args(["--stop-grace", "1s"]).start();
        let given = sync(&work);
        let supervisor = supervisor(&live);
        let began = Instant::now();
        // Our whole group, as a terminal or a supervisor of ours does it.
        let group = Pid::from_raw(live.pid()).expect("a pid");
        rustix::process::kill_process_group(group, Signal::KILL).expect("it runs");
        assert_eq!(live.end().exit, Exit::Signal(9));
        for pid in given.grandchild().into_iter().chain([given.pid(), supervisor]) {
            eventually("it is gone", || !lives(pid));
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
        assert!(work.leftovers().is_empty(), "{:?}", work.leftovers());
    }
}

#[test]
fn the_supervisor_holds_nothing_open_and_goes_with_us() {
    let (work, tap) = (Work::new(), hanging(json!({})));
    let live = work.read(&catalog()).tap(&tap).start();
    let given = sync(&work);
    let pid = supervisor(&live);
    let read = |name: &str| std::fs::read(format!("/proc/{pid}/{name}")).expect("it runs");
    assert!(read("environ").is_empty());
    let place = |name: &str| std::fs::read_link(format!("/proc/{pid}/{name}")).expect("it runs");
    assert_eq!(place("cwd"), std::path::Path::new("/"));
    for fd in ["fd/1", "fd/2"] {
        assert_eq!(place(fd), std::path::Path::new("/dev/null"));
    }
    // Its pipe is nobody's but ours.
    let pipe = place("fd/0");
    let fds = std::fs::read_dir(format!("/proc/{}/fd", given.pid())).expect("the tap runs");
    let held = fds.filter_map(|fd| std::fs::read_link(fd.ok()?.path()).ok());
    assert!(held.into_iter().all(|of_tap| of_tap != pipe), "the tap inherited it");
    live.signal(Signal::TERM);
    live.end();
    eventually("it is gone", || !lives(pid));
}

/// The process that ends what a kill of ours leaves.
pub(crate) fn supervisor(live: &Live) -> i32 {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", live.pid())).expect("it runs");
    let children =
        tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("children")).ok());
    let children: String = children.collect();
    let mut pids = children.split_whitespace().map(|pid| pid.parse().expect("a pid"));
    let found = pids.find(|pid: &i32| {
        let words = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        words.starts_with(b"airbyte-singer: ends what a killed run leaves")
    });
    found.expect("a supervisor")
}

pub(crate) fn kill(pid: i32) {
    let pid = Pid::from_raw(pid).expect("a pid");
    rustix::process::kill_process(pid, Signal::KILL).expect("it runs");
}

#[test]
fn a_low_limit_of_open_files_is_raised_where_it_may_be() {
    let (work, tap) = (Work::new(), people());
    let shell = work.program(std::path::Path::new("/bin/sh"));
    let shell = shell.args(["-c", "ulimit -S -n 10; exec \"$@\"", "sh"]);
    shell
        .arg(env!("CARGO_BIN_EXE_airbyte-singer"))
        .arg("discover")
        .with_config("{}")
        .tap(&tap)
        .ok();
}

#[test]
fn what_a_sigkill_leaves_the_next_run_sweeps() {
    let (work, tap) = (Work::new(), hanging(json!({})));
    let live = work.read(&catalog()).tap(&tap).start();
    let given = sync(&work);
    kill(supervisor(&live));
    live.signal(Signal::KILL);
    assert_eq!(live.end().exit, Exit::Signal(9));
    assert!(!work.leftovers().is_empty(), "nobody could clean up");
    // The tap's own group outlives ours; the test ends it.
    let group = Pid::from_raw(given.pid()).expect("a pid");
    let _ = rustix::process::kill_process_group(group, Signal::KILL);
    // `ok` holds that nothing is left.
    work.discover().tap(&people()).ok();
}

#[test]
fn secrets_are_masked_wherever_words_pass() {
    let about = json!({"token": {"type": "string", "secret": true}, "host": {"type": "string"}});
    let secret = "pa/ss@word";
    let tap = || people().about(about.clone(), &[]).behaves(json!({"leaks": "token"}));
    let config = json!({"token": secret, "host": "example.com"}).to_string();
    let work = Work::new();
    let failing = tap().exits(json!({"sync": 1, "discover": 0}));
    let read = work.read(&catalog()).with_config(&config).tap(&failing).fails();
    assert!(read.error().contains("the login with **** was refused"), "{read}");
    assert!(read.logged("INFO", "token=****&again=****"), "{read}");
    let discover =
        work.discover().with_config(&config).tap(&tap().exits(json!({"discover": 1}))).fails();
    let check = work.check().with_config(&config).tap(&failing.says(&["nothing"])).ok();
    assert!(check.answer().1.contains("the login with **** was refused"), "{check}");
    for output in [read, discover, check] {
        let text: String = output.lines.iter().map(|line| line.raw.as_str()).collect();
        assert!(!text.contains(secret) && !text.contains("pa%2Fss%40word"), "{output}");
        assert!(text.contains("****"), "{output}");
    }
}

#[test]
fn records_pass_while_the_tap_goes_on() {
    let (work, tap) = (Work::new(), hanging(json!({})));
    let (mut child, stdout) = work.read(&catalog()).tap(&tap).start_with_stdout();
    // The tap hangs after its first record: were it held back, this would wait for ever.
    let mut lines = BufReader::new(stdout).lines();
    let found = lines.any(|line| line.expect("a pipe").contains(r#""type":"RECORD""#));
    assert!(found);
    child.kill().expect("it runs");
    child.wait().expect("a child");
    let group = Pid::from_raw(sync(&work).pid()).expect("a pid");
    let _ = rustix::process::kill_process_group(group, Signal::KILL);
}

#[test]
fn a_line_that_is_too_long_fails_with_its_number() {
    let long = RECORD.replace(r#""a""#, &format!("{:?}", "x".repeat(2000)));
    let tap = people().says(&[&schema("people"), RECORD, &long]);
    let read = Work::new().read(&catalog()).tap(&tap).args(["--max-line-bytes", "1000"]).fails();
    assert!(read.error().contains("line 3") && read.error().contains("--max-line-bytes"), "{read}");
}

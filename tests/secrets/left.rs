//! No file with a secret is left, however a run ends.

use super::*;
use crate::check::lives;
use crate::process::{kill, supervisor};
use rustix::process::{Pid, Signal, kill_process};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The files below a folder that hold the secret, plain or in JSON.
fn holding_the_secret(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            found.extend(holding_the_secret(&path));
            continue;
        }
        // It may be on its way out.
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap_or_default()).into_owned();
        if text.contains(SECRET) || text.contains(&json!(SECRET).to_string()) {
            found.push(path);
        }
    }
    found
}

fn hanging() -> Tap {
    people().behaves(json!({"hangs": ["sync"], "writes": "token.json"}))
}

fn syncing(work: &Work) -> Given {
    let mut found = None;
    eventually("the tap syncs", || {
        found = work.given().into_iter().find(|given| given.run == "sync");
        found.is_some()
    });
    found.expect("a sync")
}

fn reading<'w>(work: &'w Work, tap: &Tap) -> Run<'w> {
    work.read(&catalog()).with_config(config(SECRET)).tap(tap)
}

/// The secret was there, private, and is gone.
fn assert_gone(work: &Work, how: &str) {
    let given = syncing(work);
    let config = given.file("--config").expect("a config");
    assert_eq!(config["password"], SECRET, "{how}: the tap had it");
    assert_eq!((given.mode("--config"), given.folder_mode()), ("600", "700"), "{how}");
    assert_eq!(holding_the_secret(&work.path("tmp")), Vec::<PathBuf>::new(), "{how}");
    assert!(work.leftovers().is_empty(), "{how}: {:?}", work.leftovers());
}

#[test]
fn nothing_is_left_by_a_run_that_ends_by_itself() {
    let ends: [(&str, Tap, Exit); 4] = [
        ("success", people().behaves(json!({"writes": "token.json"})), Exit::Code(0)),
        ("the tap fails", people().exits(json!({"sync": 1})), Exit::Code(1)),
        ("the tap is killed", people().behaves(json!({"dies_by": 9})), Exit::Code(1)),
        ("the tap is silent", hanging(), Exit::Code(1)),
    ];
    for (how, tap, exit) in ends {
        let work = Work::new();
        let output = reading(&work, &tap).args(["--idle-timeout", "1s"]).go();
        assert_eq!(output.exit, exit, "{how}: {output}");
        assert_gone(&work, how);
    }
}

#[test]
fn nothing_is_left_by_a_run_that_is_stopped() {
    for signal in [Signal::TERM, Signal::INT] {
        let (work, tap) = (Work::new(), hanging());
        let live = reading(&work, &tap).start();
        let given = syncing(&work);
        let private = given.folder().parent().expect("our folder").to_owned();
        assert_eq!(holding_the_secret(&work.path("tmp")), [private.join("config.json")]);
        live.signal(signal);
        assert_eq!(live.end().exit, Exit::Signal(signal.as_raw()));
        assert_gone(&work, "a signal");
    }
}

#[test]
fn nothing_is_left_when_the_client_goes() {
    let work = Work::new();
    let tap = people().behaves(json!({"repeats": 100_000}));
    let (mut child, out) = reading(&work, &tap).start_with_stdout();
    syncing(&work);
    drop(out);
    child.wait().expect("it ends");
    assert_gone(&work, "a client that goes");
}

#[test]
fn what_a_sigkill_of_all_leaves_is_private_and_swept_by_the_next_run() {
    let (work, hanging) = (Work::new(), hanging());
    let live = reading(&work, &hanging).start();
    let tap = syncing(&work);
    kill(supervisor(&live));
    live.signal(Signal::KILL);
    assert_eq!(live.end().exit, Exit::Signal(9));
    let left = holding_the_secret(&work.path("tmp"));
    assert_eq!(left.len(), 1, "nobody could remove it: {left:?}");
    for path in left[0].ancestors().take(2) {
        let mode = std::fs::metadata(path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} is nobody else's to read", path.display());
    }
    // The tap lives on and holds nothing that keeps the folder from being swept.
    assert!(lives(tap.pid()));
    work.spec().tap(&people()).ok();
    assert_eq!(holding_the_secret(&work.path("tmp")), Vec::<PathBuf>::new());
    assert!(work.leftovers().is_empty(), "{:?}", work.leftovers());
    kill_process(Pid::from_raw(tap.pid()).expect("a pid"), Signal::KILL).expect("it lives");
}

#[test]
fn nothing_is_left_by_a_sigkill_of_ours() {
    let (work, hanging) = (Work::new(), hanging());
    let live = reading(&work, &hanging).start();
    syncing(&work);
    live.signal(Signal::KILL);
    assert_eq!(live.end().exit, Exit::Signal(9));
    eventually("it is gone", || work.leftovers().is_empty());
}

#[test]
fn nothing_secret_stands_on_a_command_line_or_in_the_environment() {
    let (work, hanging) = (Work::new(), hanging());
    let live = reading(&work, &hanging).start();
    let tap = syncing(&work);
    for pid in [tap.pid(), live.pid()] {
        for file in ["cmdline", "environ"] {
            let bytes = std::fs::read(format!("/proc/{pid}/{file}")).expect("a process");
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.is_empty() && !text.contains("s3cr3t"), "{file}: {text}");
        }
    }
    // Flags and paths, nothing else.
    for arg in tap.args() {
        assert!(arg.starts_with("--") || Path::new(&arg).is_absolute(), "{arg}");
    }
    live.signal(Signal::TERM);
    live.end();
}

#[test]
fn a_remembered_catalog_holds_no_secret() {
    let (work, tap) = (Work::new(), people());
    let cache = work.path("cache");
    std::fs::create_dir(&cache).expect("a folder");
    for run in [work.discover().with_config(config(SECRET)).tap(&tap), reading(&work, &tap)] {
        run.arg("--discovery-cache").arg(&cache).ok();
    }
    assert_eq!(holding_the_secret(&cache), Vec::<PathBuf>::new());
    assert_eq!(std::fs::read_dir(&cache).expect("a folder").count(), 1, "it is remembered");
}

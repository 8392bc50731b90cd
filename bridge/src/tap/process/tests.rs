use super::*;
use crate::tap::{Bounds, Captured, Mask, capture};
use std::borrow::Cow;

/// Hides nothing.
#[derive(Clone)]
struct Open;

impl Mask for Open {
    fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(text)
    }

    fn unfinished(&self, _: &str) -> Option<usize> {
        None
    }

    fn reach(&self) -> usize {
        0
    }
}

fn plain() -> Voice {
    Voice::plain(&Open)
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn shell(script: &str) -> (TapCommand, Vec<OsString>) {
    (TapCommand::find("/bin/sh", &[]).unwrap(), vec!["-c".into(), script.into()])
}

async fn captured(script: &str, timeout: Duration) -> Result<Captured, RunError> {
    let (command, args) = shell(script);
    let work = tempfile::tempdir().unwrap();
    let cancel = std::future::pending();
    let bounds = Bounds { timeout, bytes: 1 << 20 };
    capture(&command, &args, work.path(), plain(), bounds, cancel).await
}

#[test]
fn stdout_exit_code_and_last_words_are_kept() {
    let done = run(captured("echo out; echo 'CRITICAL no' >&2; exit 3", Duration::MAX / 4));
    let done = done.unwrap();
    assert_eq!((&*done.stdout, done.ended), (&b"out\n"[..], Ended::Code(3)));
    assert_eq!(done.words.last().line.as_deref(), Some("no"));
}

#[test]
fn what_a_grandchild_holds_open_is_not_waited_for() {
    let done = run(captured("sleep 60 & echo out", Duration::from_secs(30))).unwrap();
    assert_eq!((&*done.stdout, done.ended), (&b"out\n"[..], Ended::Code(0)));
}

#[test]
fn a_tap_that_floods_stderr_while_it_writes_stdout_does_not_block() {
    let script = "i=0; while [ $i -lt 3000 ]; do echo 'WARNING xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' >&2; echo line; i=$((i+1)); done";
    let done = run(captured(script, Duration::from_secs(60))).unwrap();
    assert_eq!(done.stdout.len(), 3000 * 5);
}

#[test]
fn a_tap_that_writes_too_much_is_stopped() {
    let error = run(captured("yes", Duration::from_secs(60))).unwrap_err();
    assert_eq!(error, RunError::TooMuch(1 << 20));
}

#[test]
fn a_tap_that_takes_too_long_is_killed_with_its_children() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("mark");
    let script = format!("(sleep 1; touch '{}') & wait", mark.display());
    let error = run(captured(&script, Duration::from_millis(100))).unwrap_err();
    assert_eq!(error, RunError::Timeout(Duration::from_millis(100), Box::default()));
    std::thread::sleep(Duration::from_millis(1500));
    assert!(!mark.exists(), "a grandchild went on");
}

#[test]
fn a_tap_that_ignores_sigterm_is_killed_after_the_grace() {
    let ended = run(async {
        let (command, args) = shell("trap '' TERM; while :; do sleep 0.05; done");
        let work = tempfile::tempdir().unwrap();
        let mut running = Running::start(&command, &args, work.path(), plain()).unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
        running.stop(Duration::from_millis(200), std::future::pending()).await
    });
    assert_eq!(ended, Ended::Signal(9));
}

#[test]
fn what_becomes_ours_of_a_dead_tap_is_buried() {
    // As process 1 is, for all that it starts and theirs.
    let own = rustix::process::getpid();
    rustix::process::set_child_subreaper(Some(own)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("pid");
    run(captured(&format!("sleep 600 & echo $! > '{}'", mark.display()), Duration::from_secs(60)))
        .unwrap();
    let pid = std::fs::read_to_string(mark).unwrap();
    assert!(!Path::new("/proc").join(pid.trim()).exists(), "a zombie is left");
}

#[test]
fn who_gave_up_waiting_may_begin_anew() {
    // The tap's own children must be buried, which lasts as long as they take to die.
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).unwrap();
    let ended = run(async {
        let (command, args) = shell("for n in $(seq 50); do sleep 60 2>&- & done; exit 3");
        let work = tempfile::tempdir().unwrap();
        let mut running = Running::start(&command, &args, work.path(), plain()).unwrap();
        loop {
            tokio::select! {
                biased;
                ended = running.wait() => return ended,
                () = tokio::task::yield_now() => {}
            }
        }
    });
    assert_eq!(ended, Ended::Code(3));
}

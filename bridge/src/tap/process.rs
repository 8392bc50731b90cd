//! The tap's process: started, listened to, waited for, stopped.

use super::hearing::QUIET;
use super::{Ear, Hearing, TapCommand, Voice, Words, attend, orphans};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, kill_process_group, waitpgid};
use std::ffi::OsString;
use std::fmt;
use std::io::Read;
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, ChildStderr, Command};
use tokio::task::JoinHandle;

/// How long we listen to its pipes once the tap itself has ended.
pub const LINGER: Duration = Duration::from_secs(2);

/// A tap that runs, in a process group of its own. Dropping it kills the group.
#[derive(Debug)]
pub struct Running {
    child: Child,
    group: Option<Pid>,
    stdout: Option<OwnedFd>,
    stderr: JoinHandle<()>,
    undertaker: JoinHandle<()>,
    /// What it says on stderr.
    pub words: Words,
}

/// How a tap ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It exited with this code.
    Code(i32),
    /// This signal killed it.
    Signal(i32),
}

impl Ended {
    /// Whether it exited with 0.
    pub fn is_success(self) -> bool {
        self == Self::Code(0)
    }

    /// The signal that killed it, or something that it stood for: shells and wrappers say so by a
    /// code of 128 and the signal.
    pub fn killed_by(self) -> Option<i32> {
        match self {
            Self::Signal(signal) => Some(signal),
            Self::Code(code @ 129..=159) => Some(code - 128),
            Self::Code(_) => None,
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(137) => f.write_str(
                "exited with code 137 (a program in it was killed, SIGKILL; often: out of memory)",
            ),
            Self::Code(code) => write!(f, "exited with code {code}"),
            Self::Signal(2) => f.write_str("was stopped (SIGINT)"),
            Self::Signal(6) => f.write_str("crashed (SIGABRT)"),
            Self::Signal(7) => f.write_str("crashed (SIGBUS)"),
            Self::Signal(9) => f.write_str("was killed (SIGKILL; often: out of memory)"),
            Self::Signal(11) => f.write_str("crashed (SIGSEGV)"),
            Self::Signal(15) => f.write_str("was stopped (SIGTERM)"),
            Self::Signal(signal) => write!(f, "died by signal {signal}"),
        }
    }
}

/// Why a tap gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunError {
    /// It couldn't be started.
    Start(String),
    /// It took longer than this.
    Timeout(Duration),
    /// We were asked to stop.
    Stopped,
    /// It wrote more than this many bytes.
    TooMuch(u64),
    /// Its output couldn't be read.
    Read(std::io::ErrorKind),
}

impl Running {
    /// Starts `command` with `args` in the folder `work`; stdin is empty, the environment is ours
    /// less our own variables. What it says on stderr is logged as `voice` says, and remembered.
    ///
    /// # Errors
    ///
    /// [`RunError::Start`] in a sentence.
    pub fn start(
        command: &TapCommand,
        args: &[OsString],
        work: &Path,
        voice: Voice,
    ) -> Result<Self, RunError> {
        let mut process = Command::new(&command.program);
        process
            .args(&command.args)
            .args(args)
            .current_dir(work)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("AIRBYTE_SINGER_") {
                process.env_remove(name);
            }
        }
        tracing::debug!(tap = command.short_name(), args = ?shown(args), "starting the tap");
        let mut child = process.spawn().map_err(|e| RunError::Start(cannot_start(command, &e)))?;
        let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        let stdout = child.stdout.take().and_then(|pipe| pipe.into_owned_fd().ok());
        let words = Words::default();
        let stderr = match child.stderr.take() {
            Some(pipe) => tokio::spawn(listen(pipe, Hearing::new(words.clone(), voice))),
            None => tokio::spawn(std::future::ready(())),
        };
        let undertaker = tokio::spawn(orphans::bury_now_and_then());
        Ok(Self { child, group, stdout, stderr, undertaker, words })
    }

    /// The reading end of its stdout, once.
    pub fn take_stdout(&mut self) -> Option<OwnedFd> {
        self.stdout.take()
    }

    /// Waits until the tap itself has ended, whoever may still hold its pipes.
    pub async fn exited(&mut self) {
        // How it ended is asked again by `wait`.
        let _ = self.child.wait().await;
    }

    /// Waits until it has ended and its last words are heard, and ends what it left behind. Who gives
    /// up waiting may begin anew.
    pub async fn wait(&mut self) -> Ended {
        use std::os::unix::process::ExitStatusExt;
        let status = self.child.wait().await;
        // What was waited for must not be again.
        if !self.stderr.is_finished() {
            // A grandchild may hold stderr open for ever.
            let _ = tokio::time::timeout(LINGER, &mut self.stderr).await;
        }
        self.signal(Signal::KILL);
        if let Some(group) = self.group {
            Self::bury(group).await;
            self.group = None;
        }
        match status {
            Ok(status) => match (status.code(), status.signal()) {
                (Some(code), _) => Ended::Code(code),
                (None, Some(signal)) => Ended::Signal(signal),
                (None, None) => Ended::Code(-1),
            },
            Err(_) => Ended::Code(-1),
        }
    }

    /// Asks its whole group to stop, waits for `grace` or until `now` comes, then kills it.
    ///
    /// It is always asked by SIGTERM, whatever signal stopped us: what a shell runs in the
    /// background ignores SIGINT.
    pub async fn stop(&mut self, grace: Duration, now: impl Future<Output = ()>) -> Ended {
        self.signal(Signal::TERM);
        tokio::select! {
            ended = self.wait() => return ended,
            () = tokio::time::sleep(grace) => {
                tracing::warn!("the tap didn't stop in time and is killed");
            }
            () = now => tracing::warn!("asked to stop again: the tap is killed"),
        }
        self.signal(Signal::KILL);
        self.wait().await
    }

    /// Buries what the tap left behind, where that has become ours: we may be process 1 of a
    /// container. Never while the tap itself lives, whose end is awaited elsewhere.
    async fn bury(group: Pid) {
        for _ in 0..100 {
            match waitpgid(group, WaitOptions::NOHANG) {
                Ok(Some(_)) => {}
                // Killed a moment ago.
                Ok(None) => tokio::time::sleep(Duration::from_millis(5)).await,
                Err(_) => return,
            }
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        self.stderr.abort();
        self.undertaker.abort();
    }
}

/// What a tap wrote until it ended.
#[derive(Debug)]
pub struct Captured {
    /// Its stdout.
    pub stdout: Vec<u8>,
    /// How it ended.
    pub ended: Ended,
    /// What it said on stderr.
    pub words: Words,
}

/// What a tap may take until it has answered.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Time.
    pub timeout: Duration,
    /// Bytes of stdout.
    pub bytes: u64,
}

/// Runs a tap to its end and keeps what it writes.
///
/// # Errors
///
/// It can't be started, takes more than `bounds`, or `cancel` comes first; it is killed then.
pub async fn capture(
    command: &TapCommand,
    args: &[OsString],
    work: &Path,
    voice: Voice,
    bounds: Bounds,
    cancel: impl Future<Output = ()>,
) -> Result<Captured, RunError> {
    let mut kept = Kept { stdout: Vec::new(), limit: bounds.bytes };
    let attended = attend(command, args, work, voice, bounds.timeout, cancel, &mut kept).await?;
    // Nothing is ever enough for it, so the tap ended by itself.
    let ended = attended.ended.unwrap_or(Ended::Code(-1));
    Ok(Captured { stdout: kept.stdout, ended, words: attended.words })
}

/// Keeps everything, up to so many bytes.
struct Kept {
    stdout: Vec<u8>,
    limit: u64,
}

impl Ear for Kept {
    fn hear(&mut self, bytes: &[u8]) -> Result<ControlFlow<()>, RunError> {
        if (self.stdout.len() + bytes.len()) as u64 > self.limit {
            return Err(RunError::TooMuch(self.limit));
        }
        self.stdout.extend_from_slice(bytes);
        Ok(ControlFlow::Continue(()))
    }
}

/// Arguments for a log: files of ours by name only.
fn shown(args: &[OsString]) -> Vec<String> {
    args.iter()
        .map(|arg| {
            let path = Path::new(arg);
            let name = if path.is_absolute() { path.file_name() } else { None };
            name.unwrap_or(arg).to_string_lossy().into_owned()
        })
        .collect()
}

fn cannot_start(command: &TapCommand, error: &std::io::Error) -> String {
    let reason = match error.kind() {
        // The file was found a moment ago, so what is missing stands in its first line.
        std::io::ErrorKind::NotFound => match interpreter(&command.program) {
            Some(name) => format!(
                "the interpreter of its first line, `{name}`, is missing; an environment that was \
                 moved or made with another Python must be made anew"
            ),
            None => "the interpreter or a library that it needs is missing".to_owned(),
        },
        std::io::ErrorKind::PermissionDenied => "running it is not permitted".to_owned(),
        _ if error.raw_os_error() == Some(Errno::NOEXEC.raw_os_error()) => {
            "it is no program for this machine; a script needs a first line such as \
             `#!/usr/bin/env python3`"
                .to_owned()
        }
        kind => kind.to_string(),
    };
    format!("tap `{}` can't be started: {reason}", command.short_name())
}

/// The program that a script's first line names.
fn interpreter(script: &Path) -> Option<String> {
    let mut start = [0; 512];
    let length = std::fs::File::open(script).and_then(|mut file| file.read(&mut start)).ok()?;
    let text = String::from_utf8_lossy(&start[..length]);
    let words = text.strip_prefix("#!")?.lines().next()?;
    words.split_whitespace().next().map(str::to_owned)
}

async fn listen(mut pipe: ChildStderr, mut hearing: Hearing) {
    let mut splitter = Splitter::default();
    loop {
        match tokio::time::timeout(QUIET, splitter.fill(&mut pipe)).await {
            Err(_) => hearing.flush(),
            Ok(false) => break,
            Ok(true) => {
                let longest = hearing.longest();
                while let Some(line) = splitter.line(longest) {
                    hearing.line(line);
                }
                hearing.settle();
            }
        }
    }
    if let Some(line) = splitter.rest() {
        hearing.line(line);
    }
    hearing.finish();
}

/// Bytes of stderr cut into lines.
#[derive(Default)]
struct Splitter {
    bytes: Vec<u8>,
    from: usize,
    /// Whether the line that is being read was given already, as far as it is of interest.
    cut: bool,
}

impl Splitter {
    /// How much is read at once: as much as a pipe holds.
    const CHUNK: usize = 64 * 1024;

    async fn fill(&mut self, pipe: &mut (impl AsyncRead + Unpin)) -> bool {
        self.bytes.drain(..self.from);
        self.from = 0;
        self.bytes.reserve(Self::CHUNK);
        matches!(pipe.read_buf(&mut self.bytes).await, Ok(count) if count > 0)
    }

    /// The next line; of one that is longer than `longest` bytes at least as many.
    fn line(&mut self, longest: usize) -> Option<&[u8]> {
        loop {
            let from = self.from;
            let Some(length) = memchr::memchr(b'\n', &self.bytes[from..]) else { break };
            self.from += length + 1;
            // The rest of a line that was given is passed over.
            if !std::mem::take(&mut self.cut) {
                return Some(&self.bytes[from..from + length]);
            }
        }
        let from = self.from;
        if !self.cut && self.bytes.len() - from < longest {
            return None;
        }
        self.from = self.bytes.len();
        (!std::mem::replace(&mut self.cut, true)).then_some(&self.bytes[from..])
    }

    /// What stands behind the last newline.
    fn rest(&self) -> Option<&[u8]> {
        let line = &self.bytes[self.from..];
        (!line.is_empty() && !self.cut).then_some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tap::Mask;
    use std::borrow::Cow;

    /// Hides nothing.
    #[derive(Clone)]
    struct Open;

    impl Mask for Open {
        fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
            Cow::Borrowed(text)
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
        assert_eq!(error, RunError::Timeout(Duration::from_millis(100)));
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
        run(captured(
            &format!("sleep 600 & echo $! > '{}'", mark.display()),
            Duration::from_secs(60),
        ))
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

    #[test]
    fn a_line_of_stderr_is_given_once_however_long_it_is() {
        let long = vec![b'x'; 300_000];
        let input = [b"a\n\n".as_slice(), &long, b"\nlast"].concat();
        let (mut splitter, mut lines) = (Splitter::default(), Vec::new());
        run(async {
            let mut reader = input.as_slice();
            while splitter.fill(&mut reader).await {
                while let Some(line) = splitter.line(100_000) {
                    lines.push(line.len());
                }
                assert!(splitter.bytes.len() < 300_000, "a long line must not fill memory");
            }
        });
        lines.extend(splitter.rest().map(<[u8]>::len));
        assert_eq!((lines.len(), lines[0], lines[1], lines[3]), (4, 1, 0, 4));
        assert!(lines[2] >= 100_000);
    }
}

//! The tap's process: started, listened to, waited for, stopped.

mod sentences;
pub mod supervisor;

use self::sentences::{cannot_start, shown};
use super::stderr::listen;
use super::{Hearing, LastWords, TapCommand, Voice, Words, orphans};
use rustix::process::{Pid, Signal, WaitOptions, kill_process_group, waitpgid};
use std::ffi::OsString;
use std::fmt;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::ChildStdin;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

/// How long we listen to its pipes once the tap itself has ended.
pub const LINGER: Duration = Duration::from_secs(2);

/// A tap that was started, in a process group of its own, and that nobody listens to yet: what it says
/// stays in its pipes, and once they are full it waits. Dropping it kills the group.
#[derive(Debug)]
pub struct Started {
    child: Child,
    group: Option<Pid>,
    undertaker: JoinHandle<()>,
}

/// A tap that runs and is listened to. Dropping it kills its process group.
#[derive(Debug)]
pub struct Running {
    started: Started,
    stdout: Option<OwnedFd>,
    stderr: JoinHandle<()>,
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
    /// It took longer than this; what it had said by then.
    Timeout(Duration, Box<LastWords>),
    /// We were asked to stop.
    Stopped,
    /// It wrote more than this many bytes.
    TooMuch(u64),
    /// Its output couldn't be read.
    Read(std::io::ErrorKind),
}

impl Started {
    /// Starts `command` with `args` in the folder `work`; stdin is empty, the environment is ours
    /// less our own variables.
    ///
    /// # Errors
    ///
    /// [`RunError::Start`] in a sentence.
    pub fn new(command: &TapCommand, args: &[OsString], work: &Path) -> Result<Self, RunError> {
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
        let child = process.spawn().map_err(|e| RunError::Start(cannot_start(command, &e)))?;
        let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        group.iter().for_each(|group| supervisor::begun(*group));
        let undertaker = tokio::spawn(orphans::bury_now_and_then());
        Ok(Self { child, group, undertaker })
    }

    /// Listens to it from its first word on. What it says on stderr is logged as `voice` says, and
    /// remembered.
    pub fn heard_by(mut self, voice: Voice) -> Running {
        let stdout = self.child.stdout.take().and_then(|pipe| pipe.into_owned_fd().ok());
        let words = Words::default();
        let stderr = match self.child.stderr.take() {
            Some(pipe) => tokio::spawn(listen(pipe, Hearing::new(words.clone(), voice))),
            None => tokio::spawn(std::future::ready(())),
        };
        Running { started: self, stdout, stderr, words }
    }

    /// Ends it unheard: its whole group is asked to stop, and killed after `grace`.
    pub async fn stop(mut self, grace: Duration) {
        self.signal(Signal::TERM);
        let _ = tokio::time::timeout(grace, self.child.wait()).await;
        self.bury().await;
    }

    /// Kills what is left of its group, and buries what of that has become ours: we may be process 1
    /// of a container. The tap itself comes first, whose end others would miss.
    async fn bury(&mut self) {
        self.signal(Signal::KILL);
        let _ = self.child.wait().await;
        if let Some(group) = self.group {
            Self::bury_group(group).await;
            supervisor::ended(group);
            self.group = None;
        }
    }

    async fn bury_group(group: Pid) {
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

impl Running {
    /// As [`Started::new`], and heard from the start.
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
        Ok(Started::new(command, args, work)?.heard_by(voice))
    }

    /// The reading end of its stdout, once.
    pub fn take_stdout(&mut self) -> Option<OwnedFd> {
        self.stdout.take()
    }

    /// Waits until the tap itself has ended, whoever may still hold its pipes.
    pub async fn exited(&mut self) {
        // How it ended is asked again by `wait`.
        let _ = self.started.child.wait().await;
    }

    /// Waits until it has ended and its last words are heard, and ends what it left behind. Who gives
    /// up waiting may begin anew.
    pub async fn wait(&mut self) -> Ended {
        use std::os::unix::process::ExitStatusExt;
        let status = self.started.child.wait().await;
        // What was waited for must not be again.
        if !self.stderr.is_finished() {
            // A grandchild may hold stderr open for ever.
            let _ = tokio::time::timeout(LINGER, &mut self.stderr).await;
        }
        self.started.bury().await;
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
        self.started.signal(Signal::TERM);
        tokio::select! {
            ended = self.wait() => return ended,
            () = tokio::time::sleep(grace) => {
                tracing::warn!("the tap didn't stop in time and is killed");
            }
            () = now => tracing::warn!("asked to stop again: the tap is killed"),
        }
        self.started.signal(Signal::KILL);
        self.wait().await
    }
}

/// Starts our own `program` as the supervisor, and gives the pipe that it listens to.
fn start_supervisor(program: &Path) -> std::io::Result<Option<ChildStdin>> {
    let mut child = std::process::Command::new(program)
        .arg0(supervisor::NAME)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()?;
    Ok(child.stdin.take())
}

impl Drop for Started {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        self.group.iter().for_each(|group| supervisor::ended(*group));
        self.undertaker.abort();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stderr.abort();
    }
}

#[cfg(test)]
mod tests;

//! The tap's process: started, listened to, waited for, stopped.

use super::stderr::listen;
use super::{Hearing, LastWords, TapCommand, Voice, Words};
use crate::process::{Ended, Group, Program, shown};
use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;
use tokio::task::JoinHandle;

/// How long we listen to its pipes once the tap itself has ended.
pub const LINGER: Duration = Duration::from_secs(2);

/// A tap that was started, in a process group of its own, and that nobody listens to yet: what it says
/// stays in its pipes, and once they are full it waits. Dropping it kills the group.
#[derive(Debug)]
pub struct Started(Group);

/// A tap that runs and is listened to. Dropping it kills its process group.
#[derive(Debug)]
pub struct Running {
    group: Group,
    stdout: Option<OwnedFd>,
    stderr: JoinHandle<()>,
    /// What it says on stderr.
    pub words: Words,
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
        let program = Program {
            kind: "tap",
            name: command.short_name(),
            path: &command.program,
            args: &command.args,
        };
        tracing::debug!(tap = program.name, args = ?shown(args), "starting the tap");
        Group::start(program, args, work).map(Self).map_err(RunError::Start)
    }

    /// Listens to it from its first word on. What it says on stderr is logged as `voice` says, and
    /// remembered.
    pub fn heard_by(mut self, voice: Voice) -> Running {
        let stdout = self.0.take_stdout();
        let words = Words::default();
        let stderr = match self.0.take_stderr() {
            Some(pipe) => tokio::spawn(listen(pipe, Hearing::new(words.clone(), voice))),
            None => tokio::spawn(std::future::ready(())),
        };
        Running { group: self.0, stdout, stderr, words }
    }

    /// Ends it unheard: its whole group is asked to stop, and killed after `grace`.
    pub async fn stop(self, grace: Duration) {
        self.0.stop(grace).await;
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
        let _ = self.group.ended().await;
    }

    /// Waits until it has ended and its last words are heard, and ends what it left behind. Who gives
    /// up waiting may begin anew.
    pub async fn wait(&mut self) -> Ended {
        let ended = self.group.ended().await;
        // What was waited for must not be again.
        if !self.stderr.is_finished() {
            // A grandchild may hold stderr open for ever.
            let _ = tokio::time::timeout(LINGER, &mut self.stderr).await;
        }
        self.group.bury().await;
        ended
    }

    /// Asks its whole group to stop, waits for `grace` or until `now` comes, then kills it.
    ///
    /// It is always asked by SIGTERM, whatever signal stopped us: what a shell runs in the
    /// background ignores SIGINT.
    pub async fn stop(&mut self, grace: Duration, now: impl Future<Output = ()>) -> Ended {
        self.group.ask_to_stop();
        tokio::select! {
            ended = self.wait() => return ended,
            () = tokio::time::sleep(grace) => {
                tracing::warn!("the tap didn't stop in time and is killed");
            }
            () = now => tracing::warn!("asked to stop again: the tap is killed"),
        }
        self.group.kill();
        self.wait().await
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stderr.abort();
    }
}

#[cfg(test)]
mod tests;

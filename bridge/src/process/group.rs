//! One program in a process group of its own: started, waited for, stopped, buried.

use super::program::Program;
use super::sentences::cannot_start;
use super::{orphans, supervisor};
use rustix::process::{Pid, Signal, WaitOptions, kill_process_group, waitpgid};
use std::ffi::OsString;
use std::fmt;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, ChildStderr, Command};
use tokio::task::JoinHandle;

/// A program that was started and whose pipes are read elsewhere, or by nobody yet: what it says stays
/// in them, and once they are full it waits. Dropping it kills the group.
#[derive(Debug)]
pub(crate) struct Group {
    child: Child,
    group: Option<Pid>,
    undertaker: JoinHandle<()>,
}

/// How a program ended.
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

impl Group {
    /// Starts `program` with `args` in the folder `work`; stdin is empty, the environment is ours less
    /// our own variables.
    ///
    /// # Errors
    ///
    /// A sentence on why it can't be started.
    pub(crate) fn start(
        program: Program<'_>,
        args: &[OsString],
        work: &Path,
    ) -> Result<Self, String> {
        let mut process = Command::new(program.path);
        process
            .args(program.args)
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
        let child = process.spawn().map_err(|error| cannot_start(program, &error))?;
        let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        group.iter().for_each(|group| supervisor::begun(*group));
        let undertaker = tokio::spawn(orphans::bury_now_and_then());
        Ok(Self { child, group, undertaker })
    }

    /// The reading end of its stdout, once.
    pub(crate) fn take_stdout(&mut self) -> Option<OwnedFd> {
        self.child.stdout.take().and_then(|pipe| pipe.into_owned_fd().ok())
    }

    /// The reading end of its stderr, once.
    pub(crate) fn take_stderr(&mut self) -> Option<ChildStderr> {
        self.child.stderr.take()
    }

    /// Waits until the program itself has ended, whoever may still hold its pipes. May be asked again.
    pub(crate) async fn ended(&mut self) -> Ended {
        use std::os::unix::process::ExitStatusExt;
        match self.child.wait().await {
            Ok(status) => match (status.code(), status.signal()) {
                (Some(code), _) => Ended::Code(code),
                (None, Some(signal)) => Ended::Signal(signal),
                (None, None) => Ended::Code(-1),
            },
            Err(_) => Ended::Code(-1),
        }
    }

    /// Asks its whole group to stop, by SIGTERM whatever signal stopped us: what a shell runs in the
    /// background ignores SIGINT.
    pub(crate) fn ask_to_stop(&self) {
        self.signal(Signal::TERM);
    }

    /// Kills its whole group.
    pub(crate) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// Ends it unheard: its whole group is asked to stop, and killed after `grace`.
    pub(crate) async fn stop(mut self, grace: Duration) {
        self.ask_to_stop();
        let _ = tokio::time::timeout(grace, self.child.wait()).await;
        self.bury().await;
    }

    /// Kills what is left of its group, and buries what of that has become ours: we may be process 1
    /// of a container. The program itself comes first, whose end others would miss.
    pub(crate) async fn bury(&mut self) {
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

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        self.group.iter().for_each(|group| supervisor::ended(*group));
        self.undertaker.abort();
    }
}

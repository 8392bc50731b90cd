//! A small process of our own program that ends what we leave behind when we are killed.
//!
//! Nobody who gets a SIGKILL can tidy up, and a silent tap would live on until it writes next, beside the
//! config file that it was given. So before the first private folder is made we start ourselves once more,
//! as the supervisor, and tell it through a pipe which folders and process groups there are. The pipe's
//! other end is ours alone and closes with us. What is still there then is ended by the supervisor: the
//! groups by SIGTERM, and by SIGKILL after the stop grace; then the folders go. After a normal end
//! nothing is there, and it ends at once.
//!
//! It leads a process group of its own, has an empty environment, works in `/`, and holds nothing but
//! the pipe: neither our stdout nor a pipe of the tap.

mod watch;

use rustix::process::Pid;
use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// How the supervisor is called, which no user calls our program.
const NAME: &str = "airbyte-singer: ends what a killed run leaves";
/// What the names of private folders begin with.
pub(crate) const FOLDERS: &str = "airbyte-singer-run-";
/// What stands for no grace that ends: an hour.
const LONGEST_GRACE: Duration = Duration::from_secs(60 * 60);

/// Our end of the pipe, once a supervisor runs; none where there is none.
static PIPE: OnceLock<Option<Mutex<ChildStdin>>> = OnceLock::new();
/// The program that can be the supervisor; unset where it is another's and we are its library.
static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
/// In milliseconds.
static GRACE: AtomicU64 = AtomicU64::new(10_000);

/// To be called first by a `main` that wants its taps ended should it be killed: this process may have
/// been started to be the supervisor, and has done all it was to do then. Otherwise it is remembered
/// that our program can be one.
pub(crate) fn is_done_as_supervisor() -> bool {
    if std::env::args_os().next().as_deref() == Some(OsStr::new(NAME)) {
        watch::watch();
        return true;
    }
    if let Ok(program) = std::env::current_exe() {
        // One that was replaced meanwhile is still behind this link.
        let is_there = program.exists();
        let _ = PROGRAM.set(if is_there { program } else { "/proc/self/exe".into() });
    }
    false
}

/// Whether a path is named as our private folders are.
pub(crate) fn is_private_folder(path: &Path) -> bool {
    path.file_name().and_then(OsStr::to_str).is_some_and(|name| name.starts_with(FOLDERS))
}

/// How long groups may take to stop that are told of from now on.
pub(crate) fn grant(grace: Duration) {
    let grace = u64::try_from(grace.min(LONGEST_GRACE).as_millis()).unwrap_or(u64::MAX);
    GRACE.store(grace, Ordering::Relaxed);
}

/// A private folder is there, with nothing in it yet.
pub(crate) fn made(folder: &Path) {
    tell(b"+f", folder.as_os_str().as_bytes());
}

/// A private folder is gone.
pub(crate) fn removed(folder: &Path) {
    tell(b"-f", folder.as_os_str().as_bytes());
}

/// A process group has begun.
pub(super) fn begun(group: Pid) {
    let grace = GRACE.load(Ordering::Relaxed);
    tell(b"+g", format!("{} {grace}", group.as_raw_pid()).as_bytes());
}

/// A process group is gone.
pub(super) fn ended(group: Pid) {
    tell(b"-g", group.as_raw_pid().to_string().as_bytes());
}

/// Tells the supervisor, which is started by the first word.
fn tell(what: &[u8], of: &[u8]) {
    let Some(program) = PROGRAM.get() else { return };
    let Some(pipe) = PIPE.get_or_init(|| begin(program)) else { return };
    let mut pipe = pipe.lock().unwrap_or_else(PoisonError::into_inner);
    // Whoever killed it wants to do without.
    let _ = pipe.write_all(&[what, of, &[0]].concat());
}

fn begin(program: &Path) -> Option<Mutex<ChildStdin>> {
    match start(program) {
        Ok(pipe) => pipe.map(Mutex::new),
        Err(error) => {
            let kind = error.kind();
            tracing::debug!("no supervisor: {kind}; what a kill leaves is for the next run");
            None
        }
    }
}

/// Starts our own `program` as the supervisor, and gives the pipe that it listens to.
fn start(program: &Path) -> std::io::Result<Option<ChildStdin>> {
    let mut child = Command::new(program)
        .arg0(NAME)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()?;
    Ok(child.stdin.take())
}

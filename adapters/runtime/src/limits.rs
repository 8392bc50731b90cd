//! What the system lets this process have.

use crate::{Error, Result};
use rustix::process::{Resource, getrlimit, setrlimit};

/// So many files a command opens at once at most, a tap's pipes, the folders and the sockets of the
/// runtime among them: 24 were counted, and a few BATCH files may be added.
const NEEDED: u64 = 32;
/// What is asked for where less is set and more allowed.
const ROOM: u64 = 256;

/// Sees to it that enough files can be open at once: raises the limit where it is low and may be raised.
///
/// # Errors
///
/// A config error that names the limit.
pub(super) fn open_files() -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let Some(allowed) = limit.current.filter(|allowed| *allowed < ROOM) else { return Ok(()) };
    let raised = limit.maximum.map_or(ROOM, |maximum| maximum.min(ROOM)).max(allowed);
    let mut wider = limit;
    wider.current = Some(raised);
    let allowed = if setrlimit(Resource::Nofile, wider).is_ok() { raised } else { allowed };
    if allowed >= NEEDED {
        return Ok(());
    }
    Err(Error::config(format!(
        "only {allowed} files may be open at once (ulimit -n), and {NEEDED} are needed; raise the limit"
    )))
}

//! A tap that is run to its end for what it writes.

use super::{Ear, Ended, RunError, Running, TapCommand, Voice, Words, attend};
use std::ffi::OsString;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

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
    let running = Running::start(command, args, work, voice)?;
    let mut kept = Kept { stdout: Vec::new(), limit: bounds.bytes };
    let attended = attend(running, bounds.timeout, cancel, &mut kept).await?;
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

//! The hot loop: from the tap's pipe to our stdout, on a thread of its own.

use super::messages::Messages;
use super::policy::Policy;

use crate::failure;
use crate::tap::hearing::QUIET;
use crate::tap::{Arrival, Lines};
use airbyte_singer_runtime::{Emitter, Error, Result};
use std::time::{Duration, Instant};

/// How long a record waits at most for others: a tap that flushes after every record would otherwise
/// cost a wake-up and a write a record.
const COALESCE: Duration = Duration::from_millis(2);
/// How often we look up when the tap is silent.
const TICK: Duration = Duration::from_millis(250);
/// Silence of this length is told.
const SILENCE: Duration = Duration::from_secs(300);
/// Silence of this length, once the tap itself has ended, is no end of its output but a process
/// that it left behind.
const LEFT_BEHIND: Duration = Duration::from_secs(60);

/// One run of the tap, as seen from its stdout.
pub(super) struct Pump {
    pub(super) lines: Lines,
    pub(super) emitter: Emitter,
    pub(super) policy: Policy,
    pub(super) messages: Messages,
    pub(super) cut: bool,
}

/// What is left when the pipe has ended.
pub(super) struct Pumped {
    pub(super) messages: Messages,
    /// Bytes that the tap wrote.
    pub(super) bytes: u64,
    /// Whether what went wrong is only that its output has no proper end: how the tap ended says
    /// more.
    pub(super) cut: bool,
}

impl Pump {
    /// Reads to the end of the pipe.
    pub(super) fn run(mut self) -> (Pumped, Result<()>) {
        let result = self.pump();
        let result = match self.emitter.lock().flush() {
            Err(error) if result.is_ok() => Err(error),
            _ => result,
        };
        self.messages.strays.finish();
        (Pumped { bytes: self.lines.total(), cut: self.cut, messages: self.messages }, result)
    }

    fn pump(&mut self) -> Result<()> {
        let mut heard = Instant::now();
        let mut unwritten: Option<Instant> = None;
        let mut told = false;
        loop {
            if self.policy.is_signalled() {
                return Ok(());
            }
            if self.messages.has_critical() {
                let bytes = (self.lines.total(), self.lines.waiting());
                self.messages.mind_critical(bytes, &self.emitter.lock());
            }
            let wait = match unwritten {
                Some(since) => COALESCE.saturating_sub(since.elapsed()),
                None => TICK,
            };
            let rests = self.lines.was_short();
            match self.lines.gather(wait, COALESCE).map_err(|e| unreadable(e.kind()))? {
                Arrival::Bytes => {
                    unwritten = self.take(unwritten)?;
                    if rests || self.lines.was_short() {
                        let mut floor = self.emitter.lock();
                        self.messages.publish_due(&mut floor)?;
                        floor.flush()?;
                        unwritten = None;
                    }
                    // What is left of a tap may go on for ever, a little at a time.
                    if self.lines.was_short() && self.policy.is_abandoned() {
                        return Ok(());
                    }
                    // Taking may have lasted, where it was a BATCH: that is no silence of the tap's.
                    (heard, told) = (Instant::now(), false);
                }
                // What is left is a line without its end: if it is broken, then because the tap
                // broke off.
                Arrival::End => {
                    return self.take(None).map(|_| ()).inspect_err(|_| self.cut = true);
                }
                Arrival::Quiet => {
                    let mut floor = self.emitter.lock();
                    self.messages.publish_due(&mut floor)?;
                    floor.flush()?;
                    unwritten = None;
                    if self.policy.is_abandoned() {
                        return Ok(());
                    }
                    let silent = heard.elapsed();
                    if silent >= QUIET {
                        self.messages.strays.flush();
                    }
                    if let Some(limit) = self.policy.idle_timeout
                        && silent >= limit
                    {
                        let limit = limit.as_secs_f64();
                        let own = format!(
                            "the tap was silent for {limit} s and was stopped (--idle-timeout)"
                        );
                        return Err(failure::stopped(&own, &self.messages.strays.words.last()));
                    }
                    if silent >= LEFT_BEHIND && self.policy.is_gone() {
                        self.cut = true;
                        return Err(Error::system(
                            "the tap ended, but a process that it left behind keeps its output open",
                        ));
                    }
                    if silent >= SILENCE && !told {
                        told = true;
                        tracing::info!(seconds = silent.as_secs(), "the tap has been silent");
                    }
                }
            }
        }
    }

    /// Takes every whole line that has been read. Gives back since when something is unwritten.
    fn take(&mut self, unwritten: Option<Instant>) -> Result<Option<Instant>> {
        let mut floor = self.emitter.lock();
        self.messages.records.hear();
        loop {
            let lines = self.lines.whole_lines().map_err(|_| self.messages.too_long())?;
            if lines.is_empty() {
                break;
            }
            self.messages.lines(lines, &mut floor)?;
        }
        self.messages.strays.settle();
        if !floor.has_unwritten() {
            return Ok(None);
        }
        let since = unwritten.unwrap_or_else(Instant::now);
        if since.elapsed() < COALESCE {
            return Ok(Some(since));
        }
        floor.flush()?;
        Ok(None)
    }
}

fn unreadable(kind: std::io::ErrorKind) -> Error {
    Error::system(format!("reading what the tap writes failed: {kind}"))
}

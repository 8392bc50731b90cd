use super::flood::Flood;
use crate::{Output, Secrets};
use airbyte_protocol::{Log, Message};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::Instant;
use tracing::callsite::Identifier;

/// The log of a run: LOG messages on the one door to stdout, secrets masked, floods held back.
///
/// A line that repeats the one before is counted and told once a second (`… (repeated 41 times)`).
/// Of each level 100 lines a second pass, for each place in the code that speaks; the others are
/// counted (`900 more INFO lines were left out in this second`). ERROR and FATAL always pass.
///
/// Cloning gives another handle to the same log.
#[derive(Debug, Clone)]
pub struct Journal {
    output: Output,
    secrets: Secrets,
    flood: Arc<Mutex<Flood<Identifier>>>,
}

impl Journal {
    /// A log on `output` without the values of `secrets`.
    pub fn new(output: Output, secrets: Secrets) -> Self {
        Self { output, secrets, flood: Arc::default() }
    }

    /// Logs what is said at `place`.
    pub fn write(&self, line: Log, place: Identifier) {
        let mut flood = self.flood.lock().unwrap_or_else(PoisonError::into_inner);
        flood.take(line, place, Instant::now());
        self.show(&mut flood);
    }

    /// Tells what was counted in seconds that are over. To be called now and then, since the end of
    /// a flood may be followed by silence; never waits for others who write.
    pub fn settle(&self) {
        let mut flood = match self.flood.try_lock() {
            Ok(flood) => flood,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            // Who has it settles by itself.
            Err(TryLockError::WouldBlock) => return,
        };
        flood.settle(Instant::now());
        self.show(&mut flood);
    }

    /// Tells everything that was counted so far.
    pub fn finish(&self) {
        let mut flood = self.flood.lock().unwrap_or_else(PoisonError::into_inner);
        flood.finish(Instant::now());
        self.show(&mut flood);
    }

    /// Writes what passes. Only that is masked: what is left out costs nothing more.
    fn show(&self, flood: &mut Flood<Identifier>) {
        while let Some(Log { level, message, stack_trace }) = flood.next() {
            let mask = |text: String| self.secrets.mask(&text).into_owned();
            let log = Log { level, message: mask(message), stack_trace: stack_trace.map(mask) };
            // A log line that can't be written has nobody to read it.
            let _ = self.output.message(&Message::Log(log));
        }
    }
}

use super::flood::Flood;
use crate::{Output, Secrets};
use airbyte_protocol::{Log, Message};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// The log of a run: LOG messages on the one door to stdout, secrets masked, floods held back.
///
/// A line that repeats the one before is counted and told once a second (`… (repeated 41 times)`).
/// Of what was heard from somebody else 100 lines a second of each level pass, the others are counted
/// (`900 more INFO lines were left out in this second`). ERROR and FATAL always pass.
///
/// Cloning gives another handle to the same log.
#[derive(Debug, Clone)]
pub struct Journal {
    output: Output,
    secrets: Secrets,
    flood: Arc<Mutex<Flood>>,
}

impl Journal {
    /// A log on `output` without the values of `secrets`.
    pub fn new(output: Output, secrets: Secrets) -> Self {
        Self { output, secrets, flood: Arc::default() }
    }

    /// Logs what a source says itself.
    pub fn write(&self, line: Log) {
        self.show(|flood, now| flood.take(line, false, now));
    }

    /// Logs what a source heard from somebody else, who may never stop.
    pub fn hear(&self, line: Log) {
        self.show(|flood, now| flood.take(line, true, now));
    }

    /// Tells what was counted in seconds that are over. To be called now and then, since the end of
    /// a flood may be followed by silence.
    pub fn settle(&self) {
        self.show(Flood::settle);
    }

    /// Tells everything that was counted so far.
    pub fn finish(&self) {
        self.show(Flood::finish);
    }

    /// Counts, and writes what passes. Only that is masked: what is left out costs nothing more.
    fn show(&self, count: impl FnOnce(&mut Flood, Instant)) {
        let passed = self.passed(count);
        // No lock is held any more: who is asked for new secrets may log, and a reader may be slow.
        for Log { level, message, stack_trace } in passed {
            let mask = |text: String| self.secrets.mask_own(&text).into_owned();
            let log = Log { level, message: mask(message), stack_trace: stack_trace.map(mask) };
            // A log line that can't be written has nobody to read it.
            let _ = self.output.message(&Message::Log(log));
        }
    }

    fn passed(&self, count: impl FnOnce(&mut Flood, Instant)) -> Vec<Log> {
        let mut flood = self.flood.lock().unwrap_or_else(PoisonError::into_inner);
        count(&mut flood, Instant::now());
        std::iter::from_fn(|| flood.next()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use airbyte_protocol::Level;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    #[test]
    fn who_is_asked_for_new_secrets_may_log() {
        let (output, secrets) = (Output::new(std::io::sink()), Secrets::default());
        let journal = Journal::new(output, secrets.clone());
        let (again, calls) = (journal.clone(), std::sync::atomic::AtomicU32::new(0));
        secrets.ask_first(move || {
            if calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 {
                again.write(Log::new(Level::Info, "a new token"));
            }
        });
        let (tell, told) = channel();
        std::thread::spawn(move || {
            journal.write(Log::new(Level::Info, "a line"));
            tell.send(())
        });
        told.recv_timeout(Duration::from_secs(20)).expect("it waits for itself");
    }
}

use super::flood::Flood;
use crate::{Output, Secrets};
use airbyte_protocol::{Log, Message};
use std::sync::{Arc, Mutex, PoisonError};
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

    /// Logs what is said at `place`; without one the line is no part of a flood, whatever comes.
    pub fn write(&self, line: Log, place: Option<Identifier>) {
        self.show(|flood, now| flood.take(line, place, now));
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
    fn show(&self, count: impl FnOnce(&mut Flood<Identifier>, Instant)) {
        let passed = self.passed(count);
        // No lock is held any more: who is asked for new secrets may log, and a reader may be slow.
        for Log { level, message, stack_trace } in passed {
            let mask = |text: String| self.secrets.mask(&text).into_owned();
            let log = Log { level, message: mask(message), stack_trace: stack_trace.map(mask) };
            // A log line that can't be written has nobody to read it.
            let _ = self.output.message(&Message::Log(log));
        }
    }

    fn passed(&self, count: impl FnOnce(&mut Flood<Identifier>, Instant)) -> Vec<Log> {
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
        let place = || Some(tracing::callsite::Identifier(&PLACE));
        secrets.ask_first(move || {
            if calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 {
                again.write(Log::new(Level::Info, "a new token"), place());
            }
        });
        let (tell, told) = channel();
        std::thread::spawn(move || {
            journal.write(Log::new(Level::Info, "a line"), place());
            tell.send(())
        });
        told.recv_timeout(Duration::from_secs(20)).expect("it waits for itself");
    }

    /// Any place in the code.
    struct Place;

    static PLACE: Place = Place;

    impl tracing::callsite::Callsite for Place {
        fn set_interest(&self, _: tracing::subscriber::Interest) {}

        fn metadata(&self) -> &tracing::Metadata<'_> {
            unreachable!("nobody asks where this is")
        }
    }
}

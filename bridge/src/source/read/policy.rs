//! What a run does with broken lines, how long a line and a silence may be, and what stops the run.

use crate::options::{OnMalformed, OptionSet};
use airbyte_singer_runtime::Stop;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The policy of one run of the tap. Clones share what stops it.
#[derive(Debug, Clone)]
pub(super) struct Policy {
    /// Whether a broken record is left out instead of failing the run.
    pub(super) skips_malformed: bool,
    pub(super) max_line_bytes: usize,
    pub(super) idle_timeout: Option<Duration>,
    /// Set when nobody waits for the tap any more.
    abandoned: Arc<AtomicBool>,
    /// Set when the tap itself has ended, though others may hold its pipe open.
    gone: Arc<AtomicBool>,
    /// Ends the run wherever it is, where nobody can stop the tap itself.
    stop: Option<Stop>,
}

impl Policy {
    /// As the options say; `stop` where the tap isn't ours to stop.
    pub(super) fn new(options: &OptionSet, stop: Option<Stop>) -> Self {
        Self {
            skips_malformed: options.on_malformed() == OnMalformed::Skip,
            max_line_bytes: options.max_line_bytes(),
            idle_timeout: options.idle_timeout(),
            abandoned: Arc::default(),
            gone: Arc::default(),
            stop,
        }
    }

    /// From now on nobody waits for the tap.
    pub(super) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Relaxed)
    }

    /// The tap itself has ended.
    pub(super) fn note_gone(&self) {
        self.gone.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }

    /// Whether a signal ends the run.
    pub(super) fn is_signalled(&self) -> bool {
        self.stop.as_ref().is_some_and(|stop| stop.signal().is_some())
    }
}

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// Who may know of secrets that are newer than those that were learnt.
#[derive(Clone, Default)]
pub(super) struct Fresh {
    ask: Arc<RwLock<Option<Ask>>>,
}

type Ask = Arc<dyn Fn() + Send + Sync>;

impl Fresh {
    pub(super) fn set(&self, ask: impl Fn() + Send + Sync + 'static) {
        *self.ask.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(ask));
    }

    /// Asks. No lock is held meanwhile: who is asked may log, which masks, which asks.
    pub(super) fn ask(&self) {
        let ask = self.ask.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(ask) = ask {
            ask();
        }
    }
}

impl fmt::Debug for Fresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fresh")
    }
}

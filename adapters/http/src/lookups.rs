//! What the calls of an API look for in its answers, and what none of them had.

use super::records::RecordPath;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// So many are remembered; an author may make pointers of what a record says.
const MOST: usize = 1000;

/// Pointers and headers that steer a read, by what they are for. Whatever no answer had is told once,
/// when the last handle of the API is gone: then the whole read is over.
#[derive(Debug, Default)]
pub(super) struct Lookups(RefCell<BTreeMap<String, Arc<Lookup>>>, RefCell<BTreeSet<String>>);

/// One of them.
#[derive(Debug, Default)]
pub(super) struct Lookup {
    is_found: AtomicBool,
    is_missed: AtomicBool,
}

/// What of a record path answers have.
#[derive(Debug, Clone, Default)]
pub(super) struct PathLookup {
    path: Arc<Lookup>,
    /// Of the fields around records, in their order.
    fields: Vec<Arc<Lookup>>,
}

impl Lookups {
    /// What is kept of a record path and of the fields around its records, if there is a path.
    pub(super) fn of_path(&self, reader: &str, records: &RecordPath) -> Option<PathLookup> {
        if records.steps().is_empty() {
            return None;
        }
        let misspelt = "it may be misspelt";
        let path =
            self.of(&format!("{reader}: no answer had {records}, where records are; {misspelt}"));
        let fields = records.around().fields().map(|field| {
            let (name, pointer) = (field.name(), field.pointer());
            self.of(&format!(
                "{reader}: nothing around records had {pointer} for the field `{name}`; {misspelt}"
            ))
        });
        Some(PathLookup { path, fields: fields.collect() })
    }

    /// What is kept of a pointer or header, which `sentence` names together with what it is for.
    pub(super) fn of(&self, sentence: &str) -> Arc<Lookup> {
        let mut all = self.0.borrow_mut();
        if let Some(known) = all.get(sentence) {
            return Arc::clone(known);
        }
        let lookup = Arc::new(Lookup::default());
        if all.len() < MOST {
            all.insert(sentence.to_owned(), Arc::clone(&lookup));
        }
        lookup
    }

    /// Warns of something, unless that was said before.
    pub(super) fn tell_once(&self, sentence: &str) {
        let mut told = self.1.borrow_mut();
        if told.len() < MOST && told.insert(sentence.to_owned()) {
            tracing::warn!("{sentence}");
        }
    }

    /// The sentences for what answers were searched for in vain.
    fn unmet(&self) -> Vec<String> {
        let all = self.0.borrow();
        let unmet = all.iter().filter(|(_, lookup)| lookup.is_unmet());
        unmet.map(|(sentence, _)| sentence.clone()).collect()
    }
}

impl PathLookup {
    /// Whether the path itself leads anywhere.
    pub(super) fn path(&self) -> &Lookup {
        &self.path
    }

    /// Whether the field at this place of their list is anywhere.
    pub(super) fn field(&self, at: usize) -> Option<&Lookup> {
        self.fields.get(at).map(|lookup| &**lookup)
    }
}

impl Drop for Lookups {
    fn drop(&mut self) {
        for sentence in self.unmet() {
            tracing::warn!("{sentence}");
        }
    }
}

impl Lookup {
    /// Notes whether something has it.
    pub(super) fn note(&self, is_found: bool) {
        if is_found { self.found() } else { self.missed() }
    }

    /// An answer has it.
    pub(super) fn found(&self) {
        self.is_found.store(true, Ordering::Relaxed);
    }

    /// An answer with records doesn't have it.
    pub(super) fn missed(&self) {
        self.is_missed.store(true, Ordering::Relaxed);
    }

    /// Whether any answer had it.
    pub(super) fn is_found(&self) -> bool {
        self.is_found.load(Ordering::Relaxed)
    }

    fn is_unmet(&self) -> bool {
        self.is_missed.load(Ordering::Relaxed) && !self.is_found()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_answer_had_is_not_missed() {
        let lookups = Lookups::default();
        for sentence in ["a", "b", "c"] {
            lookups.of(sentence).missed();
        }
        lookups.of("b").found();
        lookups.of("d");
        assert_eq!(lookups.unmet(), ["a", "c"]);
    }

    #[test]
    fn what_is_remembered_has_a_bound() {
        let lookups = Lookups::default();
        for number in 0..2 * MOST {
            lookups.of(&number.to_string()).missed();
        }
        assert_eq!(lookups.unmet().len(), MOST);
    }
}

//! Where the files of a run's BATCH messages may lie, and what was told of them.

use super::place::Places;
use std::collections::HashSet;

/// What a run needs to know to expand BATCH messages.
#[derive(Debug)]
pub(in crate::source::read) struct Batches {
    pub(super) places: Places,
    /// The streams whose files hold messages, and whether RECORDs, as far as that was told.
    told: HashSet<(String, bool)>,
}

impl Batches {
    /// Files at those places.
    pub(in crate::source::read) fn new(places: Places) -> Self {
        Self { places, told: HashSet::new() }
    }

    /// Whether that wasn't told yet.
    pub(super) fn tell_once(&mut self, stream: &str, of_records: bool) -> bool {
        self.told.insert((stream.to_owned(), of_records))
    }
}

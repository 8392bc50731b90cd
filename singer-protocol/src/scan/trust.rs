//! Whether what was learnt is worth being expected.

/// So many surprises are borne.
const CREDIT: u32 = 8;
/// For so many lines nothing is expected at first, and at last.
const SHORT_REST: u32 = 32;
const LONG_REST: u32 = 1024;

/// Whether what was learnt is worth being expected: an expectation that is mostly disappointed costs
/// more than it saves. It rests then for a while, each time for longer.
#[derive(Debug)]
pub(super) struct Trust {
    credit: u32,
    /// Lines that are still to pass without it.
    resting: u32,
    /// How many will be next time.
    rest: u32,
}

impl Default for Trust {
    fn default() -> Self {
        Self { credit: CREDIT, resting: 0, rest: SHORT_REST }
    }
}

impl Trust {
    /// Of what there was nothing to learn from.
    pub(super) fn none_yet() -> Self {
        Self { credit: 0, resting: LONG_REST, rest: LONG_REST }
    }

    /// Whether nothing is to be expected.
    #[inline]
    pub(super) fn is_resting(&self) -> bool {
        self.resting > 0
    }

    /// A line passes without it.
    pub(super) fn rest(&mut self) {
        self.resting = self.resting.saturating_sub(1);
    }

    /// Takes notice of a line that was as expected, or was not.
    #[inline]
    pub(super) fn judge(&mut self, expected: bool) {
        if !expected {
            self.disappointed();
        } else if self.credit < CREDIT {
            self.credit += 1;
        } else {
            self.rest = SHORT_REST;
        }
    }

    fn disappointed(&mut self) {
        match self.credit.checked_sub(2) {
            Some(less) => self.credit = less,
            None => {
                self.resting = self.rest;
                self.rest = (self.rest * 2).min(LONG_REST);
            }
        }
    }
}

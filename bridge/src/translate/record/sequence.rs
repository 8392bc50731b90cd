//! The keys of a stream's records in their order, and which of them go.

use super::{skip_blanks, skip_string};

/// So many keys are remembered, none that is longer.
const MOST: usize = 1024;
const LONGEST: usize = 256;
/// How many keys may have been left out of a record before the next one.
const REACH: usize = 16;

/// Remembers what was decided of each key, since records mostly have the same ones in the same
/// order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sequence {
    /// What a field begins with, up to its key's last quote, and whether it goes.
    known: Vec<(Box<str>, bool)>,
}

/// One record's way along a sequence.
pub(super) struct Keys<'a> {
    known: &'a mut Vec<(Box<str>, bool)>,
    next: usize,
}

impl Sequence {
    /// At the beginning of a record.
    pub(super) fn begin(&mut self) -> Keys<'_> {
        Keys { known: &mut self.known, next: 0 }
    }
}

impl Keys<'_> {
    /// Whether the next field goes; `names` says it of a key with its quotes.
    #[inline]
    pub(super) fn goes(&mut self, field: &str, names: impl Fn(&str) -> bool) -> bool {
        let mut ahead = self.known[self.next..].iter().take(REACH);
        match ahead.position(|(head, _)| field.starts_with(&**head)) {
            Some(skipped) => {
                self.next += skipped + 1;
                self.known[self.next - 1].1
            }
            None => self.decide(field, names),
        }
    }

    #[cold]
    fn decide(&mut self, field: &str, names: impl Fn(&str) -> bool) -> bool {
        let start = skip_blanks(field.as_bytes(), 0);
        let quoted = field[start..].starts_with('"');
        let Some(end) = skip_string(field.as_bytes(), start).filter(|_| quoted) else {
            return false;
        };
        let goes = names(&field[start..end]);
        if self.known.len() < MOST && end <= LONGEST {
            self.known.insert(self.next, (field[..end].into(), goes));
            self.next += 1;
        }
        goes
    }
}

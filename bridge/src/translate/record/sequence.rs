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
    known: Vec<Known>,
}

/// What was decided of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Known {
    /// What the field begins with, up to its key's last quote.
    head: Box<[u8]>,
    /// The beginning of it, with zeros where it is shorter, and the bits that are not of those.
    first: u128,
    bits: u128,
    /// Whether the field goes.
    goes: bool,
}

/// How many bytes are compared at once.
const WIDTH: usize = size_of::<u128>();

impl Known {
    fn new(head: &[u8], goes: bool) -> Self {
        let mut first = [0; WIDTH];
        let length = head.len().min(WIDTH);
        first[..length].copy_from_slice(&head[..length]);
        let bits = u128::MAX >> (8 * (WIDTH - length));
        Self { head: head.into(), first: u128::from_le_bytes(first), bits, goes }
    }

    /// Whether `text` begins so.
    #[inline]
    fn begins(&self, text: &[u8]) -> bool {
        match text.first_chunk() {
            Some(first) => {
                (u128::from_le_bytes(*first) ^ self.first) & self.bits == 0
                    && (self.head.len() <= WIDTH || text.starts_with(&self.head))
            }
            None => text.starts_with(&self.head),
        }
    }
}

/// One record's way along a sequence.
pub(super) struct Keys<'a> {
    known: &'a mut Vec<Known>,
    next: usize,
}

impl Sequence {
    /// At the beginning of a record.
    pub(super) fn begin(&mut self) -> Keys<'_> {
        Keys { known: &mut self.known, next: 0 }
    }
}

impl Keys<'_> {
    /// Whether the field that `rest` of a record begins with goes; `names` says it of a key with its
    /// quotes.
    #[inline]
    pub(super) fn goes(&mut self, rest: &str, names: impl Fn(&str) -> bool) -> bool {
        let mut ahead = self.known[self.next..].iter().take(REACH);
        match ahead.position(|known| known.begins(rest.as_bytes())) {
            Some(skipped) => {
                self.next += skipped + 1;
                self.known[self.next - 1].goes
            }
            None => self.decide(rest, names),
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
            self.known.insert(self.next, Known::new(&field.as_bytes()[..end], goes));
            self.next += 1;
        }
        goes
    }
}

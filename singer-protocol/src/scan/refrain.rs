//! What comes again and again in a list.

use super::leaf::plain_leaf;
use super::top::Top;
use super::window::{Bytes, WIDTH, equal};
use fearless_simd::Simd;

/// So many parts are remembered.
const PARTS: usize = 64;
/// After so many surprises in a row nothing more is expected of a list, and after so many such lists of
/// no other.
const PATIENCE: usize = 16;

/// What stands between the values of a list, those of inner objects and lists too: its elements mostly look
/// alike, and so do a field's lists in one record after the other. What stands there again, with the same
/// brackets open, is good grammar again and needn't be read.
#[derive(Debug, Default)]
pub(super) struct Refrain {
    parts: Vec<Part>,
    /// The part that is due; none when all have been.
    due: usize,
    /// Surprises in a row.
    missed: usize,
    /// Whether it is of one field's lists; otherwise each list is one of its own.
    stays: bool,
    /// How many lists were given up.
    lost: usize,
}

/// What stands between two values that are no brackets, brackets included.
#[derive(Debug)]
struct Part {
    /// Filled up with anything.
    text: [u8; 2 * WIDTH],
    /// One bit for each byte that is anything; some are.
    any: u64,
    /// What is open before it and behind it.
    before: Top,
    after: Top,
}

impl Refrain {
    /// What it weighs at most, in bytes.
    pub(super) const WEIGHT: usize = PARTS * size_of::<Part>();

    /// That of one field's lists.
    pub(super) fn of_a_field() -> Self {
        Self { stays: true, ..Self::default() }
    }

    /// A list begins.
    #[inline(always)]
    pub(super) fn begin(&mut self) {
        let given_up = self.missed >= PATIENCE;
        self.lost += usize::from(given_up);
        if given_up || !self.stays {
            self.parts.clear();
        }
        (self.due, self.missed) = (0, 0);
    }

    /// The end of the value behind the part that is due, or may be instead, if both are as expected, and
    /// what is open there: the part behind the one that is due is tried too, and the one that the list's
    /// second element begins with at the latest.
    #[inline(always)]
    pub(super) fn next<S: Simd>(
        &mut self,
        bytes: Bytes<'_, S>,
        at: usize,
        top: Top,
    ) -> Option<(usize, Top)> {
        if self.missed >= PATIENCE {
            return None;
        }
        for place in [self.due, self.due + 1, 1] {
            if let Some(part) = self.parts.get(place)
                && part.before == top
                && part.is_at(bytes, at)
            {
                let end = at + part.any.trailing_zeros() as usize;
                let Some(length) = plain_leaf(bytes.simd, bytes.chunk(end)?) else { break };
                (self.due, self.missed) = (place + 1, 0);
                return Some((end + length, part.after));
            }
        }
        self.missed += 1;
        None
    }

    /// Remembers what stands between two values, unless something else was due: then it is what only some
    /// elements have.
    #[inline(always)]
    pub(super) fn learn(&mut self, text: &[u8], before: Top, after: Top) {
        if self.due == self.parts.len()
            && self.parts.len() < PARTS
            && text.len() < 2 * WIDTH
            && before.is_whole()
            && after.is_whole()
            && self.lost < PATIENCE
        {
            self.add(text, before, after);
        }
    }

    #[inline(never)]
    fn add(&mut self, text: &[u8], before: Top, after: Top) {
        let mut part = Part { text: [0; 2 * WIDTH], any: u64::MAX << text.len(), before, after };
        part.text[..text.len()].copy_from_slice(text);
        self.parts.push(part);
        (self.due, self.missed) = (self.parts.len(), 0);
    }
}

impl Part {
    #[inline(always)]
    fn is_at<S: Simd>(&self, bytes: Bytes<'_, S>, at: usize) -> bool {
        let there = bytes.chunk::<{ 2 * WIDTH }>(at).map(|there| there.as_chunks().0);
        let (Some([first, second]), [here, more]) = (there, self.text.as_chunks().0) else {
            return false;
        };
        let same = u64::from(equal(bytes.simd, first, here));
        let rest = u64::from(equal(bytes.simd, second, more));
        same | rest << WIDTH | self.any == u64::MAX
    }
}

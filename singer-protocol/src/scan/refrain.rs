//! What comes again and again in a list.

use super::walk::{Top, plain_leaf};
use super::window::{Bytes, WIDTH, equal};
use fearless_simd::Simd;

/// So many parts are remembered.
const PARTS: usize = 64;
/// After so many surprises nothing is expected any more.
const PATIENCE: usize = 16;

/// What stands between the values of a list that is walked over, those of inner objects and lists too: its
/// elements mostly look alike. What stands there again, with the same brackets open, is good grammar again
/// and needn't be read.
#[derive(Debug, Default)]
pub(super) struct Refrain {
    parts: Vec<Part>,
    /// The part that is due; none when all have been.
    due: usize,
    /// Surprises in a row.
    missed: usize,
}

/// What stands between two values that are no brackets, brackets included.
#[derive(Debug)]
struct Part {
    start: usize,
    length: usize,
    /// One bit for each byte of two windows that is none of it.
    any: u64,
    /// What is open before it and behind it.
    before: Top,
    after: Top,
}

impl Refrain {
    /// A list begins.
    #[inline(always)]
    pub(super) fn begin(&mut self) {
        self.parts.clear();
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
                let end = at + part.length;
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
    pub(super) fn learn(&mut self, start: usize, end: usize, before: Top, after: Top) {
        let length = end - start;
        if self.due < self.parts.len()
            || self.parts.len() == PARTS
            || length >= 2 * WIDTH
            || !before.is_shallow()
            || !after.is_shallow()
        {
            return;
        }
        self.parts.push(Part { start, length, any: u64::MAX << length, before, after });
        (self.due, self.missed) = (self.parts.len(), 0);
    }
}

impl Part {
    #[inline(always)]
    fn is_at<S: Simd>(&self, bytes: Bytes<'_, S>, at: usize) -> bool {
        let (Some(there), Some(here)) = (bytes.chunk(at), bytes.chunk(self.start)) else {
            return false;
        };
        let same = |half: usize, there: &[u8; 2 * WIDTH], here: &[u8; 2 * WIDTH]| {
            let [there, here] = [there, here].map(|text| text.as_chunks().0[half]);
            u64::from(equal(bytes.simd, &there, &here))
        };
        same(0, there, here) | same(1, there, here) << WIDTH | self.any == u64::MAX
    }
}

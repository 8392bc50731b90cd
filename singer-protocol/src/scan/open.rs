//! What is open around the place where a walk is.

use super::fault::{Fault, MAX_DEPTH};
use super::refrain::Refrain;
use super::top::Top;

/// The objects and lists that are open, one bit each: whether it is an object.
#[derive(Debug, Default)]
pub(super) struct Open {
    /// How many more are open around the value that is walked over.
    around: usize,
    depth: usize,
    /// No bit is set of what isn't open.
    kinds: [u64; MAX_DEPTH.div_ceil(64)],
    /// Of the list that is walked over.
    pub(super) refrain: Refrain,
    /// Of the lists of the record that is followed.
    pub(super) lists: Vec<Refrain>,
}

impl Open {
    /// The next value stands inside so many objects, the line's own one not counted.
    #[inline(always)]
    pub(super) fn inside(&mut self, around: usize) {
        self.around = around;
    }

    /// Whether one more may be opened at `at`; the line's own object isn't counted here.
    #[inline(always)]
    pub(super) fn room(&self, at: usize) -> Result<(), Fault> {
        if self.around + self.depth + 1 < MAX_DEPTH { Ok(()) } else { Err(Fault::too_deep(at)) }
    }

    #[inline(always)]
    pub(super) fn push(&mut self, object: bool) {
        let (word, bit) = (self.depth / 64, self.depth % 64);
        self.kinds[word] |= u64::from(object) << bit;
        self.depth += 1;
    }

    #[inline(always)]
    pub(super) fn pop(&mut self) {
        self.depth -= 1;
        self.kinds[self.depth / 64] &= !(1 << (self.depth % 64));
    }

    #[inline(always)]
    pub(super) fn top(&self) -> Top {
        Top { depth: self.depth, kinds: self.kinds[0] }
    }

    /// What is open from now on: `top`, which must be whole.
    #[inline(always)]
    pub(super) fn become_top(&mut self, top: Top) {
        (self.depth, self.kinds[0]) = (top.depth, top.kinds);
    }

    /// Nothing is open, wherever a walk broke off.
    #[inline]
    pub(super) fn forget(&mut self) {
        if self.depth > 0 {
            (self.depth, self.kinds) = (0, Default::default());
        }
    }

    /// The next list is one of the record that is followed, or no longer, if there is such a one.
    #[inline(always)]
    pub(super) fn take_turns(&mut self, list: u32) {
        if let Some(list) = self.lists.get_mut(list as usize) {
            std::mem::swap(list, &mut self.refrain);
        }
    }

    /// Whether the innermost is an object; none when nothing is open.
    #[inline]
    pub(super) fn innermost(&self) -> Option<bool> {
        let below = self.depth.checked_sub(1)?;
        Some(self.kinds[below / 64] >> (below % 64) & 1 == 1)
    }
}

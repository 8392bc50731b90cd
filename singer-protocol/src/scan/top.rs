//! What is open at some place of a line, as far as one word can hold it.

/// The outermost of what is open: all of it, mostly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Top {
    pub(super) depth: usize,
    pub(super) kinds: u64,
}

impl Top {
    /// Whether it is all of it.
    #[inline(always)]
    pub(super) fn is_whole(self) -> bool {
        self.depth <= 64
    }
}

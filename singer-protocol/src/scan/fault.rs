//! Where a line stops being JSON.

/// How deep a line may be nested, itself included. The platform's reader allows 1,000 levels, and
/// a record goes out one level deeper than it came in.
pub(crate) const MAX_DEPTH: usize = 999;

/// Where a line stops being JSON, and how: in one word, so that it is handed on in a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault(usize);

impl Fault {
    const TOO_DEEP: usize = 1 << (usize::BITS - 1);

    #[inline(always)]
    pub(super) fn new(at: usize) -> Self {
        Self(at)
    }

    #[inline(always)]
    pub(super) fn too_deep(at: usize) -> Self {
        Self(at | Self::TOO_DEEP)
    }

    /// The byte, counted from 0; the length of the line when it ends too early.
    pub(crate) fn at(self) -> usize {
        self.0 & !Self::TOO_DEEP
    }

    /// Whether the line is nested too deeply; else its grammar is broken.
    pub(crate) fn is_too_deep(self) -> bool {
        self.0 & Self::TOO_DEEP != 0
    }
}

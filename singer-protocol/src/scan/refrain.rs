//! The keys of objects in a list, which come again and again.

use super::window::{Bytes, WIDTH, equal};
use fearless_simd::Simd;

/// Where in a list that is walked over keys stood, each with the brace or comma before it and the colon
/// behind it. Its objects mostly have the same ones: what stands there again needn't be read again.
#[derive(Default)]
pub(super) struct Refrain {
    starts: [usize; Refrain::KEYS],
    /// None is longer than a window.
    lengths: [u8; Refrain::KEYS],
    known: usize,
    /// The one that is due; the first again when all have been.
    due: usize,
}

impl Refrain {
    /// What begins an object and what goes on with one.
    pub(super) const BRACE: bool = true;
    pub(super) const COMMA: bool = false;
    /// No more keys are remembered.
    const KEYS: usize = 8;

    /// Where the value begins, if what comes is the key that is due. It is good grammar wherever a value
    /// may begin if it has a brace, and behind any value in an object if not.
    #[inline(always)]
    pub(super) fn expected<S: Simd>(
        &mut self,
        bytes: Bytes<'_, S>,
        at: usize,
        brace: bool,
    ) -> Option<usize> {
        if self.known == 0 {
            return None;
        }
        let due = if self.due < self.known { self.due } else { 0 };
        let length = *self.lengths.get(due)?;
        let (window, before) = (bytes.window(at)?, bytes.window(self.starts[due])?);
        let any = u32::MAX << (length % WIDTH as u8);
        let same = equal(bytes.simd, window, before) | any == u32::MAX;
        // A colon may have more blanks behind it than before.
        let blank = window.get(usize::from(length))? <= &b' ';
        if !same | blank | ((window[0] == b'{') != brace) {
            self.due = self.known;
            return None;
        }
        self.due = due + 1;
        Some(at + usize::from(length))
    }

    /// Remembers a key from its brace or comma, or the blanks before that, to where its value begins.
    #[inline(always)]
    pub(super) fn learn(&mut self, start: usize, end: usize) {
        if self.known < Self::KEYS && end - start < WIDTH {
            self.starts[self.known] = start;
            self.lengths[self.known] = (end - start) as u8;
            self.known += 1;
            self.due = self.known;
        }
    }
}

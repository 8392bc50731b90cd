//! What is asked of thirty-two bytes at once.
//!
//! The vectors are those of the machine that runs this, chosen when it runs. A function that asks
//! them must end up inside of one that was dispatched to: it is inlined, or opens with `vectorize`.

use fearless_simd::prelude::*;
use fearless_simd::u8x32;

/// How many bytes a window shows.
pub(super) const WIDTH: usize = 32;

/// Bytes, and what the machine has to look at them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bytes<'a, S> {
    pub(super) simd: S,
    pub(super) all: &'a [u8],
}

impl<'a, S: Simd> Bytes<'a, S> {
    pub(super) fn new(simd: S, text: &'a str) -> Self {
        Self { simd, all: text.as_bytes() }
    }

    /// The window at `at`; none where fewer bytes are left.
    #[inline(always)]
    pub(super) fn window(self, at: usize) -> Option<&'a [u8; WIDTH]> {
        self.chunk(at)
    }

    /// So many bytes from `at` on; none where fewer are left.
    #[inline(always)]
    pub(super) fn chunk<const N: usize>(self, at: usize) -> Option<&'a [u8; N]> {
        self.all.get(at..)?.first_chunk()
    }

    /// The first byte from `at` on that ends or breaks the plain part of a string: a quote, a
    /// backslash, a control character. The end of all bytes when there is none.
    #[inline(always)]
    pub(super) fn special(self, mut at: usize) -> usize {
        while let Some(window) = self.window(at) {
            let found = specials(self.simd, window);
            if found != 0 {
                return at + found.trailing_zeros() as usize;
            }
            at += WIDTH;
        }
        special_of_few(self.all, at)
    }
}

/// One bit for each byte that is the same in both.
#[inline(always)]
pub(super) fn equal<S: Simd>(simd: S, one: &[u8; WIDTH], other: &[u8; WIDTH]) -> u32 {
    let same = u8x32::simd_from(simd, *one).simd_eq(u8x32::simd_from(simd, *other));
    same.to_bitmask() as u32
}

/// One bit for each byte that is no digit: behind the ten digits, counted from the zero.
#[inline(always)]
pub(super) fn non_digits<S: Simd>(simd: S, window: &[u8; WIDTH]) -> u32 {
    let value = u8x32::simd_from(simd, *window) - u8x32::splat(simd, b'0');
    value.max(u8x32::splat(simd, 10)).simd_eq(value).to_bitmask() as u32
}

/// One bit for each special byte. A control character and the quote are found in one comparison:
/// flipping the second bit brings the quote (0x22) down to 0x20, beside the controls, and takes the
/// space (0x20) out of the way.
#[inline(always)]
pub(super) fn specials<S: Simd>(simd: S, window: &[u8; WIDTH]) -> u32 {
    let bytes = u8x32::simd_from(simd, *window);
    let low = bytes ^ u8x32::splat(simd, 2);
    let quote_or_control = low.min(u8x32::splat(simd, 0x20)).simd_eq(low);
    (quote_or_control | bytes.simd_eq(u8x32::splat(simd, b'\\'))).to_bitmask() as u32
}

/// As [`special`], within the last bytes of a line.
#[inline(never)]
fn special_of_few(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
    at + rest.iter().position(is_special).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use fearless_simd::{Level, dispatch};

    /// As this machine does it, and as every machine can.
    fn levels() -> [Level; 2] {
        [Level::new(), Level::baseline()]
    }

    #[test]
    fn every_byte_at_every_place_is_what_it_is() {
        for level in levels() {
            for (byte, place) in (0..=u8::MAX).flat_map(|byte| (0..WIDTH).map(move |p| (byte, p))) {
                let (mut window, mut digits) = ([b'a'; WIDTH], [b'0'; WIDTH]);
                (window[place], digits[place]) = (byte, byte);
                let found = dispatch!(level, simd => (
                    specials(simd, &window),
                    non_digits(simd, &digits),
                    equal(simd, &window, &[b'a'; WIDTH]),
                ));
                let special = matches!(byte, b'"' | b'\\' | 0..=0x1f);
                let bit = |is: bool| u32::from(is) << place;
                let expected = (bit(special), bit(!byte.is_ascii_digit()), !bit(byte != b'a'));
                assert_eq!(found, expected, "byte {byte} at {place}");
            }
        }
    }

    #[test]
    fn the_first_one_is_found_wherever_the_text_ends() {
        for level in levels() {
            let special = |text: &[u8], from: usize| dispatch!(level, simd => Bytes { simd, all: text }.special(from));
            for length in 0..100 {
                let mut text = vec![b' '; length];
                assert_eq!(special(&text, 0), length);
                for place in 0..length {
                    text[place] = b'"';
                    for from in [0, place.saturating_sub(1), place] {
                        assert_eq!(special(&text, from), place);
                    }
                    assert_eq!(special(&text, place + 1), length);
                    text[place] = b' ';
                }
            }
        }
    }
}

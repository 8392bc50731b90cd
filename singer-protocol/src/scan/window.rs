//! What is asked of thirty-two bytes at once.

use wide::u8x32;

/// How many bytes a window shows.
const WIDTH: usize = 32;

/// The first byte from `at` on that ends or breaks the plain part of a string: a quote, a
/// backslash, a control character. The end of `bytes` when there is none.
#[inline(always)]
pub(super) fn special(bytes: &[u8], mut at: usize) -> usize {
    while let Some(window) = bytes.get(at..).and_then(|rest| rest.first_chunk::<WIDTH>()) {
        let found = specials(*window);
        if found != 0 {
            return at + found.trailing_zeros() as usize;
        }
        at += WIDTH;
    }
    special_of_few(bytes, at)
}

/// One bit for each special byte. A control character and the quote are found in one comparison:
/// flipping the second bit brings the quote (0x22) down to 0x20, beside the controls, and takes the
/// space (0x20) out of the way.
#[inline(always)]
fn specials(window: [u8; WIDTH]) -> u32 {
    let bytes = u8x32::new(window);
    let low = bytes ^ u8x32::splat(2);
    let quote_or_control = low.min(u8x32::splat(0x20)).simd_eq(low);
    (quote_or_control | bytes.simd_eq(u8x32::splat(b'\\'))).to_bitmask()
}

/// As [`special`], within the last bytes of a line.
fn special_of_few(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
    at + rest.iter().position(is_special).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_at_every_place_is_what_it_is() {
        for byte in 0..=u8::MAX {
            for place in 0..WIDTH {
                let mut window = [b'a'; WIDTH];
                window[place] = byte;
                let wanted = matches!(byte, b'"' | b'\\' | 0..=0x1f);
                assert_eq!(specials(window), u32::from(wanted) << place, "byte {byte} at {place}");
            }
        }
    }

    #[test]
    fn the_first_one_is_found_wherever_the_text_ends() {
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

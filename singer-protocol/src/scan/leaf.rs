//! Values that are neither objects nor lists and end inside a window: told without a loop.

use super::window::{WIDTH, non_digits, specials};
use fearless_simd::Simd;

/// The length of a value that is neither an object nor a list and ends, as a string without escapes, inside
/// the windows; anything else inside the first one.
#[inline(always)]
pub(super) fn plain_leaf<S: Simd>(simd: S, windows: &[u8; 2 * WIDTH]) -> Option<usize> {
    let ([window, second], _) = windows.as_chunks() else { return None };
    match window[0] {
        b'"' => {
            let mut end = (specials(simd, window) & !1).trailing_zeros() as usize;
            if end == WIDTH {
                end += specials(simd, second).trailing_zeros() as usize;
            }
            (windows.get(end) == Some(&b'"')).then_some(end + 1)
        }
        // All that numbers begin with, and two more.
        b'-'..=b'9' => plain_number(simd, window),
        _ => plain_word(window),
    }
}

/// The length of a literal. No branch depends on which one it is: nobody can tell whether the next flag is
/// set.
#[inline(always)]
fn plain_word(window: &[u8; WIDTH]) -> Option<usize> {
    let [a, b, c, d, e, ..] = *window;
    let word = [a, b, c, d];
    let short = (word == *b"null") | (word == *b"true");
    let long = (word == *b"fals") & (e == b'e');
    (short | long).then_some(4 + usize::from(long))
}

/// The length of a number that ends inside the window; none where that is broken, or begins with neither a
/// digit nor a minus.
#[inline(always)]
pub(super) fn plain_number<S: Simd>(simd: S, window: &[u8; WIDTH]) -> Option<usize> {
    let others = non_digits(simd, window);
    let minus = others as usize & 1;
    let behind = others & !1;
    let whole = behind.trailing_zeros() as usize;
    let none = whole == minus;
    let zero = (window[minus] == b'0') & (whole > minus + 1);
    let other = (minus == 1) & (window[0] != b'-');
    if none | zero | other {
        return None;
    }
    let end = match window.get(whole)? {
        b'.' => {
            let end = (behind & (behind - 1)).trailing_zeros() as usize;
            if end == whole + 1 {
                return None;
            }
            end
        }
        _ => whole,
    };
    match window.get(end)? | 0x20 {
        b'e' => exponent(window, behind, end),
        _ => Some(end),
    }
}

/// The length of a number whose exponent begins at `at`, given where the window has no digits.
#[inline(always)]
fn exponent(window: &[u8; WIDTH], others: u32, at: usize) -> Option<usize> {
    let start = at + 1 + usize::from(matches!(window.get(at + 1)?, b'+' | b'-'));
    let end = (others & u32::MAX.checked_shl(start as u32)?).trailing_zeros() as usize;
    (start < end && end < WIDTH).then_some(end)
}

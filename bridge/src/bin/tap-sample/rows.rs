//! Made-up values: the same seed, stream, row and field always give the same one.

use std::fmt::{Display, Write};

use singer_protocol::rfc3339;

use crate::config::{Config, FIRST_MOMENT};

/// Rows of one stream are changed one after another, a minute apart.
const STEP_MILLIS: i64 = 60_000;

/// One row of a stream, before it is written.
pub(crate) struct Row<'a> {
    config: &'a Config,
    index: u64,
    entropy: u64,
}

impl<'a> Row<'a> {
    pub(crate) fn new(config: &'a Config, stream: &str, index: u64) -> Row<'a> {
        let stream = stream.bytes().fold(0, |hash, byte| mix(hash ^ u64::from(byte)));
        Row { config, index, entropy: mix(config.seed ^ stream.wrapping_add(index)) }
    }

    /// The row's number, from 1.
    pub(crate) fn id(&self) -> u64 {
        self.index + 1
    }

    /// The account of the config.
    pub(crate) fn account(&self) -> &'a str {
        &self.config.account
    }

    /// When the row was changed last.
    pub(crate) fn updated_at(&self) -> String {
        rfc3339(updated_at(self.index))
    }

    /// When the row was made, up to a day before.
    pub(crate) fn created_at(&self) -> String {
        rfc3339(updated_at(self.index) - self.below(7, 86_400) as i64 * 1000)
    }

    /// A number below `end`; another `field`, another number.
    pub(crate) fn below(&self, field: u64, end: u64) -> u64 {
        mix(self.entropy ^ field) % end.max(1)
    }

    /// One of these.
    pub(crate) fn one_of<T: Copy>(&self, field: u64, values: &[T]) -> T {
        values[self.below(field, values.len() as u64) as usize]
    }

    /// So many decimal digits, the first of them no zero.
    pub(crate) fn digits(&self, field: u64, count: usize) -> String {
        let first = char::from(b'1' + self.below(field, 9) as u8);
        let more =
            (1..count).map(|at| char::from(b'0' + self.below(field + 64 * at as u64, 10) as u8));
        std::iter::once(first).chain(more).collect()
    }
}

/// When a row of this index was changed last, in milliseconds since 1970.
pub(crate) fn updated_at(index: u64) -> i64 {
    FIRST_MOMENT + index as i64 * STEP_MILLIS
}

/// The first row that was changed at that moment or later.
pub(crate) fn first_since(moment: i64) -> u64 {
    let steps = (moment - FIRST_MOMENT).max(0);
    (steps / STEP_MILLIS + i64::from(steps % STEP_MILLIS > 0)) as u64
}

/// Appends a JSON string.
pub(crate) fn string(out: &mut String, text: &str) {
    if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push_str(&serde_json::Value::from(text).to_string());
    }
}

/// Appends what displays as JSON: a number, a boolean.
pub(crate) fn plain(out: &mut String, value: impl Display) {
    // Writing to memory doesn't fail.
    let _ = write!(out, "{value}");
}

/// Steele, Lea and Flood's SplitMix64: a number out of which every bit has been stirred.
fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bookmarks_are_inclusive() {
        assert_eq!(first_since(0), 0);
        assert_eq!(first_since(updated_at(7)), 7);
        assert_eq!(first_since(updated_at(7) + 1), 8);
        assert_eq!(first_since(updated_at(7) - 1), 7);
    }

    #[test]
    fn the_same_row_is_always_the_same() {
        let config = Config::default();
        let row = |stream, index| Row::new(&config, stream, index);
        assert_eq!(row("a", 3).digits(1, 38), row("a", 3).digits(1, 38));
        assert_ne!(row("a", 3).digits(1, 38), row("b", 3).digits(1, 38));
        assert_ne!(row("a", 3).digits(1, 38), row("a", 4).digits(1, 38));
        assert_eq!(row("a", 3).digits(1, 38).len(), 38);
    }
}

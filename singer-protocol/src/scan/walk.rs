//! The grammar of JSON (RFC 8259), byte by byte, without recursion.

use super::window::special;
use std::ops::Range;

/// How deep a line may be nested, itself included. The platform's reader allows 1,000 levels, and
/// a record goes out one level deeper than it came in.
pub(crate) const MAX_DEPTH: usize = 999;

/// Where a line stops being JSON, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The byte, counted from 0; the length of the line when it ends too early.
    pub(crate) at: usize,
    /// Whether the line is nested too deeply; else its grammar is broken.
    pub(crate) too_deep: bool,
}

impl Fault {
    #[cold]
    fn at(at: usize) -> Self {
        Self { at, too_deep: false }
    }
}

/// A walk over one line.
pub(super) struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    open: Open,
}

impl<'a> Walk<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, open: Open::default() }
    }

    /// Steps into the object that the line is.
    pub(super) fn open_object(&mut self) -> Result<(), Fault> {
        self.at = blanks(self.bytes, self.at);
        if byte(self.bytes, self.at) != b'{' {
            return Err(Fault::at(self.at));
        }
        self.at = blanks(self.bytes, self.at + 1);
        Ok(())
    }

    /// The object that the line is, whole: nested as deep as a value inside of one may be.
    pub(super) fn object(&mut self) -> Result<Range<usize>, Fault> {
        self.at = blanks(self.bytes, self.at);
        if byte(self.bytes, self.at) != b'{' {
            return Err(Fault::at(self.at));
        }
        self.value()
    }

    /// Steps over `bracket` if it comes next.
    pub(super) fn closes(&mut self, bracket: u8) -> bool {
        let closes = byte(self.bytes, self.at) == bracket;
        self.at += usize::from(closes);
        closes
    }

    /// A key without its quotes; behind it stands its value.
    pub(super) fn key(&mut self) -> Result<Range<usize>, Fault> {
        let start = self.at + 1;
        let end = key(self.bytes, self.at)?;
        self.at = colon(self.bytes, end)?;
        Ok(start..end - 1)
    }

    /// A value whole.
    pub(super) fn value(&mut self) -> Result<Range<usize>, Fault> {
        let start = self.at;
        self.at = value(self.bytes, start, &mut self.open)?;
        Ok(start..self.at)
    }

    /// Whether a comma follows; else `bracket` does.
    pub(super) fn continues(&mut self, bracket: u8) -> Result<bool, Fault> {
        self.at = blanks(self.bytes, self.at);
        match byte(self.bytes, self.at) {
            b',' => self.at = blanks(self.bytes, self.at + 1),
            other if other == bracket => {
                self.at += 1;
                return Ok(false);
            }
            _ => return Err(Fault::at(self.at)),
        }
        Ok(true)
    }

    /// Nothing but blanks may follow.
    pub(super) fn end(&self) -> Result<(), Fault> {
        match blanks(self.bytes, self.at) {
            end if end == self.bytes.len() => Ok(()),
            at => Err(Fault::at(at)),
        }
    }
}

/// The objects and lists that are open, one bit each: whether it is an object.
#[derive(Default)]
struct Open {
    depth: usize,
    kinds: [u64; MAX_DEPTH.div_ceil(64)],
}

impl Open {
    /// Whether one more may be opened at `at`; the line's own object isn't counted here.
    #[inline(always)]
    fn room(&self, at: usize) -> Result<(), Fault> {
        if self.depth + 1 < MAX_DEPTH { Ok(()) } else { Err(Fault { at, too_deep: true }) }
    }

    #[inline(always)]
    fn push(&mut self, object: bool) {
        let (word, bit) = (self.depth / 64, self.depth % 64);
        self.kinds[word] = self.kinds[word] & !(1 << bit) | u64::from(object) << bit;
        self.depth += 1;
    }

    /// Whether the innermost is an object; none when nothing is open.
    #[inline]
    fn innermost(&self) -> Option<bool> {
        let below = self.depth.checked_sub(1)?;
        Some(self.kinds[below / 64] >> (below % 64) & 1 == 1)
    }
}

/// The end of the value that begins at `at`.
#[inline]
fn value(bytes: &[u8], mut at: usize, open: &mut Open) -> Result<usize, Fault> {
    loop {
        at = match byte(bytes, at) {
            b'"' => string(bytes, at + 1)?,
            b'-' | b'0'..=b'9' => number(bytes, at)?,
            b'{' => {
                open.room(at)?;
                let inside = blanks(bytes, at + 1);
                if byte(bytes, inside) != b'}' {
                    open.push(true);
                    at = colon(bytes, key(bytes, inside)?)?;
                    continue;
                }
                inside + 1
            }
            b'[' => {
                open.room(at)?;
                let inside = blanks(bytes, at + 1);
                if byte(bytes, inside) != b']' {
                    open.push(false);
                    at = inside;
                    continue;
                }
                inside + 1
            }
            b'n' => word(bytes, at, b"null")?,
            b't' => word(bytes, at, b"true")?,
            b'f' => word(bytes, at, b"false")?,
            _ => return Err(Fault::at(at)),
        };
        loop {
            let Some(object) = open.innermost() else { return Ok(at) };
            at = blanks(bytes, at);
            match (byte(bytes, at), object) {
                (b',', true) => {
                    at = colon(bytes, key(bytes, blanks(bytes, at + 1))?)?;
                    break;
                }
                (b',', false) => {
                    at = blanks(bytes, at + 1);
                    break;
                }
                (b'}', true) | (b']', false) => {
                    open.depth -= 1;
                    at += 1;
                }
                _ => return Err(Fault::at(at)),
            }
        }
    }
}

/// The byte there. Behind the end stands NUL, which the grammar allows nowhere.
#[inline(always)]
fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

/// The first byte from `at` on that is no blank.
#[inline(always)]
fn blanks(bytes: &[u8], mut at: usize) -> usize {
    // A single space is what there is, if anything.
    if byte(bytes, at) == b' ' {
        at += 1;
    }
    match byte(bytes, at) {
        b' ' | b'\t' | b'\r' | b'\n' => many_blanks(bytes, at),
        _ => at,
    }
}

#[cold]
fn many_blanks(bytes: &[u8], mut at: usize) -> usize {
    while matches!(byte(bytes, at), b' ' | b'\t' | b'\r' | b'\n') {
        at += 1;
    }
    at
}

/// The end of the key that must begin at `at`.
#[inline(always)]
fn key(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    match byte(bytes, at) {
        b'"' => string(bytes, at + 1),
        _ => Err(Fault::at(at)),
    }
}

/// The beginning of the value behind the colon that must come next.
#[inline(always)]
fn colon(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    let at = blanks(bytes, at);
    match byte(bytes, at) {
        b':' => Ok(blanks(bytes, at + 1)),
        _ => Err(Fault::at(at)),
    }
}

/// The end of a string, its quote included; `at` is behind the opening one.
#[inline(always)]
fn string(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    let found = special(bytes, at);
    if byte(bytes, found) == b'"' { Ok(found + 1) } else { string_with_escapes(bytes, found) }
}

/// As [`string`], from the first byte on that is special and no quote.
fn string_with_escapes(bytes: &[u8], mut at: usize) -> Result<usize, Fault> {
    loop {
        match byte(bytes, at) {
            b'"' => return Ok(at + 1),
            b'\\' => {}
            _ => return Err(Fault::at(at)),
        }
        at = match byte(bytes, at + 1) {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => at + 2,
            b'u' => {
                let digits = bytes.get(at + 2..).unwrap_or_default();
                let digits = &digits[..digits.len().min(4)];
                let wrong = digits.iter().position(|digit| !digit.is_ascii_hexdigit());
                match wrong {
                    None if digits.len() == 4 => at + 6,
                    _ => return Err(Fault::at(at + 2 + wrong.unwrap_or(digits.len()))),
                }
            }
            _ => return Err(Fault::at(at + 1)),
        };
        at = special(bytes, at);
    }
}

/// The end of a number.
#[inline]
fn number(bytes: &[u8], mut at: usize) -> Result<usize, Fault> {
    at += usize::from(byte(bytes, at) == b'-');
    // A zero stands alone.
    at = if byte(bytes, at) == b'0' { at + 1 } else { digits(bytes, at)? };
    if byte(bytes, at) == b'.' {
        at = digits(bytes, at + 1)?;
    }
    if matches!(byte(bytes, at), b'e' | b'E') {
        at += 1;
        at += usize::from(matches!(byte(bytes, at), b'+' | b'-'));
        at = digits(bytes, at)?;
    }
    Ok(at)
}

/// The end of one digit or more.
#[inline(always)]
fn digits(bytes: &[u8], start: usize) -> Result<usize, Fault> {
    let mut at = start;
    while byte(bytes, at).is_ascii_digit() {
        at += 1;
    }
    if at == start { Err(Fault::at(at)) } else { Ok(at) }
}

/// The end of a literal.
#[inline(always)]
fn word(bytes: &[u8], at: usize, word: &[u8]) -> Result<usize, Fault> {
    match bytes.get(at..at + word.len()) {
        Some(found) if found == word => Ok(at + word.len()),
        _ => Err(not_the_word(bytes, at, word)),
    }
}

#[cold]
fn not_the_word(bytes: &[u8], at: usize, word: &[u8]) -> Fault {
    let rest = bytes.get(at..).unwrap_or_default();
    Fault::at(at + rest.iter().zip(word).take_while(|(found, wanted)| found == wanted).count())
}

//! The grammar of JSON (RFC 8259), byte by byte, without recursion.

use super::fault::Fault;
use super::leaf::{plain_leaf, plain_number};
use super::open::Open;
use super::window::Bytes;
use fearless_simd::Simd;
use std::ops::Range;

/// A walk over one line.
pub(super) struct Walk<'a, S> {
    bytes: Bytes<'a, S>,
    at: usize,
    open: Open,
}

impl<'a, S: Simd> Walk<'a, S> {
    #[inline(always)]
    pub(super) fn new(bytes: Bytes<'a, S>) -> Self {
        Self { bytes, at: 0, open: Open::default() }
    }

    /// Steps into the object that the line is.
    #[inline(always)]
    pub(super) fn open_object(&mut self) -> Result<(), Fault> {
        self.at = blanks(self.bytes, self.at);
        if byte(self.bytes, self.at) != b'{' {
            return Err(Fault::new(self.at));
        }
        self.at = blanks(self.bytes, self.at + 1);
        Ok(())
    }

    /// The object that the line is, whole: nested as deep as a value inside of one may be.
    #[inline(always)]
    pub(super) fn object(&mut self) -> Result<Range<usize>, Fault> {
        self.at = blanks(self.bytes, self.at);
        if byte(self.bytes, self.at) != b'{' {
            return Err(Fault::new(self.at));
        }
        self.value()
    }

    /// Steps over `bracket` if it comes next.
    #[inline(always)]
    pub(super) fn closes(&mut self, bracket: u8) -> bool {
        let closes = byte(self.bytes, self.at) == bracket;
        self.at += usize::from(closes);
        closes
    }

    /// A key without its quotes; behind it stands its value.
    #[inline(always)]
    pub(super) fn key(&mut self) -> Result<Range<usize>, Fault> {
        let start = self.at + 1;
        let end = key(self.bytes, self.at)?;
        self.at = colon(self.bytes, end)?;
        Ok(start..end - 1)
    }

    /// A value whole.
    #[inline(always)]
    pub(super) fn value(&mut self) -> Result<Range<usize>, Fault> {
        let start = self.at;
        self.at = value(self.bytes, start, &mut self.open)?;
        Ok(start..self.at)
    }

    /// A value whole, whose end `read` finds.
    #[inline(always)]
    pub(super) fn value_by(
        &mut self,
        read: impl FnOnce(Bytes<'a, S>, usize, &mut Open) -> Result<usize, Fault>,
    ) -> Result<Range<usize>, Fault> {
        let start = self.at;
        self.at = read(self.bytes, start, &mut self.open)?;
        self.open.inside(0);
        Ok(start..self.at)
    }

    /// Whether a comma follows; else `bracket` does.
    #[inline(always)]
    pub(super) fn continues(&mut self, bracket: u8) -> Result<bool, Fault> {
        self.at = blanks(self.bytes, self.at);
        match byte(self.bytes, self.at) {
            b',' => self.at = blanks(self.bytes, self.at + 1),
            other if other == bracket => {
                self.at += 1;
                return Ok(false);
            }
            _ => return Err(Fault::new(self.at)),
        }
        Ok(true)
    }

    /// Nothing but blanks may follow.
    #[inline(always)]
    pub(super) fn end(&self) -> Result<(), Fault> {
        match blanks(self.bytes, self.at) {
            end if end == self.bytes.all.len() => Ok(()),
            at => Err(Fault::new(at)),
        }
    }
}

/// As [`value`], quickest where it is neither an object nor a list.
#[inline(always)]
pub(super) fn leaf<S: Simd>(
    bytes: Bytes<'_, S>,
    at: usize,
    open: &mut Open,
) -> Result<usize, Fault> {
    match byte(bytes, at) {
        b'"' => string(bytes, at + 1),
        b'-' | b'0'..=b'9' => number(bytes, at),
        _ => value(bytes, at, open),
    }
}

/// The end of the value that begins at `at`.
#[inline]
pub(super) fn value<S: Simd>(
    bytes: Bytes<'_, S>,
    at: usize,
    open: &mut Open,
) -> Result<usize, Fault> {
    if byte(bytes, at) == b'[' { list(bytes, at, open) } else { no_list(bytes, at, open) }
}

#[inline(never)]
fn list<S: Simd>(bytes: Bytes<'_, S>, at: usize, open: &mut Open) -> Result<usize, Fault> {
    bytes.simd.vectorize(
        #[inline(always)]
        || any_value::<_, true>(bytes, at, open),
    )
}

#[inline(never)]
fn no_list<S: Simd>(bytes: Bytes<'_, S>, at: usize, open: &mut Open) -> Result<usize, Fault> {
    bytes.simd.vectorize(
        #[inline(always)]
        || any_value::<_, false>(bytes, at, open),
    )
}

#[inline(always)]
fn any_value<S: Simd, const IS_LIST: bool>(
    bytes: Bytes<'_, S>,
    mut at: usize,
    open: &mut Open,
) -> Result<usize, Fault> {
    // Whether a value begins here; else one has just ended.
    let mut begins = true;
    if IS_LIST {
        open.refrain.begin();
        let end = refrained(bytes, at, open);
        (begins, at) = (end == at, end);
    }
    // Where the last value ended that was no bracket, and what was open there.
    let (mut from, mut before) = (at, open.top());
    loop {
        if begins {
            let start = at;
            let plain = bytes.chunk(at).and_then(|windows| plain_leaf(bytes.simd, windows));
            let mut is_leaf = true;
            at = match byte(bytes, at) {
                _ if plain.is_some() => at + plain.unwrap_or_default(),
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
                    is_leaf = false;
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
                    is_leaf = false;
                    inside + 1
                }
                b'n' => word(bytes, at, b"null")?,
                b't' => word(bytes, at, b"true")?,
                b'f' => word(bytes, at, b"false")?,
                _ => return Err(Fault::new(at)),
            };
            if IS_LIST && is_leaf {
                let top = open.top();
                if let Some(part) = bytes.all.get(from..start) {
                    open.refrain.learn(part, before, top);
                }
                at = refrained(bytes, at, open);
                (from, before) = (at, open.top());
            }
        }
        begins = true;
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
                    open.pop();
                    at += 1;
                }
                _ => return Err(Fault::new(at)),
            }
        }
    }
}

/// Goes on in a list, from where a value has ended or it begins, as long as everything is as expected.
#[inline(always)]
fn refrained<S: Simd>(bytes: Bytes<'_, S>, mut at: usize, open: &mut Open) -> usize {
    let mut top = open.top();
    while let Some(next) = open.refrain.next(bytes, at, top) {
        (at, top) = next;
        open.become_top(top);
    }
    at
}

/// The byte there. Behind the end stands NUL, which the grammar allows nowhere.
#[inline(always)]
pub(super) fn byte<S: Simd>(bytes: Bytes<'_, S>, at: usize) -> u8 {
    bytes.all.get(at).copied().unwrap_or(0)
}

/// The first byte from `at` on that is no blank.
#[inline(always)]
pub(super) fn blanks<S: Simd>(bytes: Bytes<'_, S>, mut at: usize) -> usize {
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
fn many_blanks<S: Simd>(bytes: Bytes<'_, S>, mut at: usize) -> usize {
    while matches!(byte(bytes, at), b' ' | b'\t' | b'\r' | b'\n') {
        at += 1;
    }
    at
}

/// The end of the key that must begin at `at`.
#[inline(always)]
pub(super) fn key<S: Simd>(bytes: Bytes<'_, S>, at: usize) -> Result<usize, Fault> {
    match byte(bytes, at) {
        b'"' => string(bytes, at + 1),
        _ => Err(Fault::new(at)),
    }
}

/// The beginning of the value behind the colon that must come next.
#[inline(always)]
pub(super) fn colon<S: Simd>(bytes: Bytes<'_, S>, at: usize) -> Result<usize, Fault> {
    let at = blanks(bytes, at);
    match byte(bytes, at) {
        b':' => Ok(blanks(bytes, at + 1)),
        _ => Err(Fault::new(at)),
    }
}

/// The end of a string, its quote included; `at` is behind the opening one.
#[inline(always)]
pub(super) fn string<S: Simd>(bytes: Bytes<'_, S>, at: usize) -> Result<usize, Fault> {
    let found = bytes.special(at);
    if byte(bytes, found) == b'"' { Ok(found + 1) } else { string_with_escapes(bytes, found) }
}

/// As [`string`], from the first byte on that is special and no quote.
#[inline(never)]
fn string_with_escapes<S: Simd>(bytes: Bytes<'_, S>, at: usize) -> Result<usize, Fault> {
    bytes.simd.vectorize(
        #[inline(always)]
        || escapes(bytes, at),
    )
}

#[inline(always)]
fn escapes<S: Simd>(bytes: Bytes<'_, S>, mut at: usize) -> Result<usize, Fault> {
    loop {
        // Texts in other scripts are one `\u0444` after the other.
        while let Some([b'\\', b'u', digits @ ..]) = bytes.chunk::<6>(at)
            && digits.iter().fold(true, |all, digit| all & digit.is_ascii_hexdigit())
        {
            at += 6;
        }
        at = match (byte(bytes, at), byte(bytes, at + 1)) {
            (b'"', _) => return Ok(at + 1),
            (b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => at + 2,
            (b'\\', b'u') => return Err(Fault::new(at + 2 + hex_digits(bytes, at + 2))),
            (b'\\', _) => return Err(Fault::new(at + 1)),
            (0x20.., _) => at,
            _ => return Err(Fault::new(at)),
        };
        at = bytes.special(at);
    }
}

/// How many of the four bytes from `at` on are digits of an escape, up to the first that isn't one.
#[cold]
fn hex_digits<S: Simd>(bytes: Bytes<'_, S>, at: usize) -> usize {
    (at..at + 4).take_while(|at| byte(bytes, *at).is_ascii_hexdigit()).count()
}

/// The end of a number.
#[inline(always)]
fn number<S: Simd>(bytes: Bytes<'_, S>, at: usize) -> Result<usize, Fault> {
    match bytes.window(at).and_then(|window| plain_number(bytes.simd, window)) {
        Some(length) => Ok(at + length),
        None => any_number(bytes, at),
    }
}

/// The end of a number, whatever it looks like.
fn any_number<S: Simd>(bytes: Bytes<'_, S>, mut at: usize) -> Result<usize, Fault> {
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
fn digits<S: Simd>(bytes: Bytes<'_, S>, start: usize) -> Result<usize, Fault> {
    let rest = bytes.all.get(start..).unwrap_or_default();
    let at = start + rest.iter().position(|b| !b.is_ascii_digit()).unwrap_or(rest.len());
    if at == start { Err(Fault::new(at)) } else { Ok(at) }
}

/// The end of a literal.
#[inline(always)]
fn word<S: Simd>(bytes: Bytes<'_, S>, at: usize, word: &[u8]) -> Result<usize, Fault> {
    match bytes.all.get(at..at + word.len()) {
        Some(found) if found == word => Ok(at + word.len()),
        _ => Err(not_the_word(bytes, at, word)),
    }
}

#[cold]
fn not_the_word<S: Simd>(bytes: Bytes<'_, S>, at: usize, word: &[u8]) -> Fault {
    let rest = bytes.all.get(at..).unwrap_or_default();
    Fault::new(at + rest.iter().zip(word).take_while(|(found, wanted)| found == wanted).count())
}

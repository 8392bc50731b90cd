//! JSON as servers in Python, PHP and databases write it: numbers that are none, half a character.

use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufRead, Read};
use std::sync::LazyLock;

/// Texts that stand for what was mended. Nobody else can write them: they have a number by chance.
pub(super) struct Signs {
    /// A value that is no number.
    pub(super) no_number: String,
    /// Behind a character that was half of one.
    pub(super) half: String,
}

pub(super) static SIGNS: LazyLock<Signs> = LazyLock::new(|| {
    let chance = RandomState::new();
    let number = [1, 2].map(|n| format!("{:016x}", chance.hash_one(n))).concat();
    Signs {
        no_number: format!("\u{f8ff}no number {number}"),
        half: format!("\u{f8ff}half {number}"),
    }
});

/// Numbers that are none; a `-` may stand before them.
const NO_NUMBERS: [&[u8]; 2] = [b"NaN", b"Infinity"];
/// How much of a text is looked at at once.
const PART: usize = 32 * 1024;

/// Whether a text may hold what has to be mended.
pub(in crate::format) fn is_needed(text: &[u8]) -> bool {
    let has = |part: &[u8]| memchr::memmem::find(text, part).is_some();
    has(b"NaN") || has(b"Infinity") || has(b"\\ud") || has(b"\\uD")
}

/// A text in whose values that are no numbers stand texts, and whole characters in the place of halves.
pub(in crate::format) struct Mended<R> {
    inner: R,
    in_text: bool,
    waiting: Vec<u8>,
    ready: Vec<u8>,
    read: usize,
    is_over: bool,
}

impl<R: BufRead> Mended<R> {
    pub(in crate::format) fn new(inner: R) -> Self {
        let (waiting, ready) = (Vec::new(), Vec::new());
        Self { inner, in_text: false, waiting, ready, read: 0, is_over: false }
    }

    fn more(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.read = 0;
        while self.ready.is_empty() && !self.is_over {
            let part = self.inner.fill_buf()?;
            self.is_over = part.is_empty();
            let length = part.len().min(PART);
            self.waiting.extend_from_slice(&part[..length]);
            self.inner.consume(length);
            let taken = self.mend();
            self.waiting.drain(..taken);
        }
        Ok(())
    }

    /// Makes of what waits as much ready as can be told; the answer is how much that was.
    fn mend(&mut self) -> usize {
        let text = &self.waiting[..];
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            let next = match self.in_text {
                true => memchr::memchr2(b'"', b'\\', rest),
                false => memchr::memchr3(b'"', b'N', b'I', rest),
            };
            let plain = next.unwrap_or(rest.len());
            self.ready.extend_from_slice(&rest[..plain]);
            at += plain;
            let Some(byte) = text.get(at) else {
                // What comes next may belong to it.
                if !self.in_text && !self.is_over && self.ready.last() == Some(&b'-') {
                    self.ready.pop();
                    at -= 1;
                }
                break;
            };
            let step = match byte {
                b'"' => {
                    self.in_text = !self.in_text;
                    Step::As(1)
                }
                b'\\' => escape(&text[at..]),
                _ => no_number(&text[at..]),
            };
            match step {
                Step::Wait if !self.is_over => {
                    if self.ready.last() == Some(&b'-') && !self.in_text {
                        self.ready.pop();
                        at -= 1;
                    }
                    break;
                }
                Step::As(length) => {
                    let length = length.min(text.len() - at);
                    self.ready.extend_from_slice(&text[at..at + length]);
                    at += length;
                }
                Step::Wait => {
                    self.ready.push(*byte);
                    at += 1;
                }
                Step::NoNumber(length) => {
                    if self.ready.last() == Some(&b'-') {
                        self.ready.pop();
                    }
                    self.ready.push(b'"');
                    self.ready.extend_from_slice(SIGNS.no_number.as_bytes());
                    self.ready.push(b'"');
                    at += length;
                }
                Step::Half => {
                    self.ready.extend_from_slice("\u{fffd}".as_bytes());
                    self.ready.extend_from_slice(SIGNS.half.as_bytes());
                    at += HALF;
                }
            }
        }
        at
    }
}

/// The length of `\ud83d`.
const HALF: usize = 6;

enum Step {
    /// So many bytes stay as they are.
    As(usize),
    /// So many are a number that is none.
    NoNumber(usize),
    /// An escape that is half of a character.
    Half,
    /// More is needed to tell.
    Wait,
}

fn no_number(text: &[u8]) -> Step {
    for word in NO_NUMBERS {
        if text.starts_with(word) {
            return Step::NoNumber(word.len());
        }
        if word.starts_with(text) {
            return Step::Wait;
        }
    }
    Step::As(1)
}

fn escape(text: &[u8]) -> Step {
    let unit = |text: &[u8]| {
        let digits = std::str::from_utf8(text.strip_prefix(b"\\u")?.get(..4)?).ok()?;
        u16::from_str_radix(digits, 16).ok()
    };
    match text.get(1) {
        None => return Step::Wait,
        Some(b'u') => {}
        Some(_) => return Step::As(2),
    }
    if text.len() < HALF {
        return Step::Wait;
    }
    match unit(text) {
        Some(0xD800..=0xDBFF) => {
            let behind = &text[HALF..];
            match unit(behind) {
                Some(0xDC00..=0xDFFF) => Step::As(2 * HALF),
                _ if behind.len() < HALF && b"\\u".starts_with(&behind[..behind.len().min(2)]) => {
                    Step::Wait
                }
                _ if behind.len() < HALF && behind.starts_with(b"\\u") => Step::Wait,
                _ => Step::Half,
            }
        }
        Some(0xDC00..=0xDFFF) => Step::Half,
        _ => Step::As(2),
    }
}

impl<R: BufRead> BufRead for Mended<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.read == self.ready.len() {
            self.more()?;
        }
        Ok(&self.ready[self.read..])
    }

    fn consume(&mut self, amount: usize) {
        self.read += amount;
    }
}

impl<R: BufRead> Read for Mended<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let taken = self.fill_buf()?.read(buffer)?;
        self.consume(taken);
        Ok(taken)
    }
}

/// A whole text, mended.
pub(in crate::format) fn mended(text: &[u8]) -> Vec<u8> {
    let mut mended = Vec::with_capacity(text.len() + PART);
    // Reading from memory never fails.
    let _ = Mended::new(text).read_to_end(&mut mended);
    mended
}

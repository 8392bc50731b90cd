use super::unreadable;
use airbyte_singer_runtime::{Error, Result};
use std::io::{BufRead, Read};

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The first bytes of a body, taken off it: what it really is shows there.
pub(super) struct Opening {
    bytes: Vec<u8>,
    whole: bool,
}

impl Opening {
    /// Takes `longest` bytes off a body, or all of it.
    pub(super) fn of(body: &mut dyn BufRead, longest: usize) -> Result<Self> {
        let mut bytes = Vec::new();
        body.take(longest as u64).read_to_end(&mut bytes).map_err(unreadable)?;
        let whole = bytes.len() < longest;
        Ok(Self { bytes, whole })
    }

    /// Whether that is the whole body.
    pub(super) fn is_whole(&self) -> bool {
        self.whole
    }

    /// The bytes as they are.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes without a byte order mark.
    pub(super) fn text(&self) -> &[u8] {
        self.bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&self.bytes)
    }
}

/// A web page where data was expected: a login, a maintenance, an address of a site rather than its API.
///
/// # Errors
///
/// It is one, going by the first bytes of a body.
pub(super) fn refuse_page(start: &[u8], expected: &str) -> Result<()> {
    let root = without_prologue(start.strip_prefix(BYTE_ORDER_MARK).unwrap_or(start));
    let begins =
        |words: &[u8]| root.get(..words.len()).is_some_and(|root| root.eq_ignore_ascii_case(words));
    if begins(b"<html") || begins(b"<!doctype html") {
        return Err(Error::system(format!(
            "the body is a web page where {expected} was expected: is the address that of the API?"
        )));
    }
    Ok(())
}

/// What follows the blanks, instructions and comments that markup may begin with. Pages may be quoted
/// further down.
fn without_prologue(mut text: &[u8]) -> &[u8] {
    loop {
        text = text.trim_ascii_start();
        let end: &[u8] = match text {
            [b'<', b'?', ..] => b"?>",
            [b'<', b'!', b'-', b'-', ..] => b"-->",
            _ => return text,
        };
        match text.windows(end.len()).position(|window| window == end) {
            Some(at) => text = &text[at + end.len()..],
            None => return text,
        }
    }
}

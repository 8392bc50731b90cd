use super::unreadable;
use crate::{Error, Result};
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
    let start = start.strip_prefix(BYTE_ORDER_MARK).unwrap_or(start).trim_ascii_start();
    if !start.starts_with(b"<") {
        return Ok(());
    }
    let start = start[..start.len().min(1024)].to_ascii_lowercase();
    let has = |words: &[u8]| start.windows(words.len()).any(|window| window == words);
    if has(b"<html") || has(b"<!doctype html") {
        return Err(Error::system(format!(
            "the body is a web page where {expected} was expected: is the address that of the API?"
        )));
    }
    Ok(())
}

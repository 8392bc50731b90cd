//! One JSON object among the log lines that taps print around it.

use serde::de::DeserializeOwned;
use serde_json::Value;
use std::ops::Range;

use crate::Error;

/// The first object that begins a line and is `wanted`, and where it stands; else the first object of
/// all.
///
/// `what` names the file in errors. Taps print banners before their catalog, some of them JSON
/// themselves, so a line is skipped when it doesn't begin with `{`, and an object when it isn't the
/// one. A broken text that begins with `{` is skipped only if something wanted follows.
pub(crate) fn object<T: DeserializeOwned>(
    what: &'static str,
    bytes: &[u8],
    wanted: impl Fn(&T) -> bool,
) -> Result<(T, Range<usize>), Error> {
    let (mut at, mut lines) = (if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 }, 0);
    let mut second_best = None;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let mut skip = line_length(rest);
        if first_visible(rest) == Some(b'{') {
            let mut values = serde_json::Deserializer::from_slice(rest).into_iter();
            match values.next() {
                Some(Ok(object)) => {
                    let used = values.byte_offset();
                    let place =
                        at + rest.iter().position(|byte| *byte == b'{').unwrap_or(0)..at + used;
                    if wanted(&object) {
                        return Ok((object, place));
                    }
                    skip = used + line_length(&rest[used..]);
                    second_best.get_or_insert(Ok((object, place)));
                }
                Some(Err(error)) => {
                    second_best.get_or_insert(Err(Error::json(what, lines, &error)));
                }
                None => {}
            }
        }
        lines += rest[..skip].iter().filter(|byte| **byte == b'\n').count();
        at += skip;
    }
    second_best.unwrap_or_else(|| Err(Error::whole(what, "there is no JSON object in it")))
}

/// The first line's length with its line end.
fn line_length(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| end + 1)
}

/// The first byte of the line that isn't a blank.
fn first_visible(bytes: &[u8]) -> Option<u8> {
    bytes.iter().copied().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r'))
}

/// The one JSON value of a file that holds nothing else; `None` for an empty one.
pub(crate) fn value(what: &'static str, bytes: &[u8]) -> Result<Option<Value>, Error> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.trim_ascii().is_empty() {
        return Ok(None);
    }
    serde_json::from_slice(bytes).map(Some).map_err(|error| Error::json(what, 0, &error))
}

//! One pass over a line: is it one whole JSON object, and where do its envelope's values lie?
//!
//! Every byte is validated, nothing is decoded. This is the only place that knows *how* that is
//! done: [`walk`] has the grammar, [`window`] the vectors.

mod fault;
mod frame;
mod leaf;
mod open;
mod record;
mod refrain;
mod step;
mod template;
mod templates;
mod top;
mod trust;
mod walk;
mod window;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use fault::{Fault, MAX_DEPTH};
use fearless_simd::{Level, Simd, dispatch};
pub use record::RecordRef;
use std::borrow::Cow;
use std::ops::Range;
pub(crate) use templates::{Ahead, Templates};
use walk::Walk;
use window::Bytes;

/// The raw values of the envelope keys that Singer knows, as they stand in the line.
///
/// A key that comes twice counts as its last value, as in Python's `json`. Unknown keys are
/// validated and passed over.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Envelope<'a> {
    pub(crate) kind: Option<&'a str>,
    pub(crate) stream: Option<&'a str>,
    pub(crate) record: Option<&'a str>,
    pub(crate) schema: Option<&'a str>,
    pub(crate) value: Option<&'a str>,
    pub(crate) key_properties: Option<&'a str>,
    pub(crate) bookmark_properties: Option<&'a str>,
    pub(crate) time_extracted: Option<&'a str>,
    pub(crate) version: Option<&'a str>,
    pub(crate) encoding: Option<&'a str>,
    pub(crate) manifest: Option<&'a str>,
}

impl<'a> Envelope<'a> {
    /// The place of a key's value; none for a key that Singer doesn't know.
    fn slot(&mut self, key: &[u8]) -> Option<&mut Option<&'a str>> {
        Some(match key {
            b"type" => &mut self.kind,
            b"stream" => &mut self.stream,
            b"record" => &mut self.record,
            b"schema" => &mut self.schema,
            b"value" => &mut self.value,
            b"key_properties" => &mut self.key_properties,
            b"bookmark_properties" => &mut self.bookmark_properties,
            b"time_extracted" => &mut self.time_extracted,
            b"version" => &mut self.version,
            b"encoding" => &mut self.encoding,
            b"manifest" => &mut self.manifest,
            _ => return None,
        })
    }
}

/// Finds the envelope of a line that is one JSON object with nothing but blanks behind it.
///
/// # Errors
///
/// The first byte that breaks the grammar, counted from the start of `text`; or nesting deeper than
/// [`MAX_DEPTH`]. Memory and stack are the same at every depth.
pub(crate) fn envelope(text: &str) -> Result<Envelope<'_>, Fault> {
    dispatch!(Level::new(), simd => envelope_of(Bytes::new(simd, text), text))
}

#[inline(always)]
fn envelope_of<'a, S: Simd>(bytes: Bytes<'a, S>, text: &'a str) -> Result<Envelope<'a>, Fault> {
    let mut envelope = Envelope::default();
    let mut walk = Walk::new(bytes);
    walk.open_object()?;
    if walk.closes(b'}') {
        walk.end()?;
    } else {
        fields(text, walk, &mut envelope, |_, walk| walk.value())?;
    }
    Ok(envelope)
}

/// Reads the envelope from one of its keys to the end of the line. `record` walks over the value of
/// `record`, given what is known of the envelope by then.
#[inline(always)]
fn fields<'a, S: Simd>(
    text: &'a str,
    mut walk: Walk<'a, S>,
    envelope: &mut Envelope<'a>,
    mut record: impl FnMut(&Envelope<'a>, &mut Walk<'a, S>) -> Result<Range<usize>, Fault>,
) -> Result<(), Fault> {
    loop {
        let key = text.get(walk.key()?).unwrap_or_default();
        let key = if key.contains('\\') { unescaped(key) } else { Cow::Borrowed(key) };
        let value = if key == "record" { record(envelope, &mut walk)? } else { walk.value()? };
        if let Some(slot) = envelope.slot(key.as_bytes()) {
            *slot = text.get(value);
        }
        if !walk.continues(b'}')? {
            return walk.end();
        }
    }
}

/// Finds the one object that `text` is, with nothing but blanks around it; it may be nested as deep
/// as a record inside a line may.
///
/// # Errors
///
/// As [`envelope`]'s.
pub(crate) fn object(text: &str) -> Result<&str, Fault> {
    let found = dispatch!(Level::new(), simd => object_of(Bytes::new(simd, text)))?;
    Ok(text.get(found).unwrap_or_default())
}

#[inline(always)]
fn object_of<S: Simd>(bytes: Bytes<'_, S>) -> Result<Range<usize>, Fault> {
    let mut walk = Walk::new(bytes);
    let found = walk.object()?;
    walk.end().map(|()| found)
}

/// A key with escapes in it, as it is meant. None has reason to exist; JSON allows them.
#[cold]
fn unescaped(key: &str) -> Cow<'_, str> {
    let meant = serde_json::from_str(&format!("\"{key}\""));
    meant.map_or(Cow::Borrowed(key), Cow::Owned) // a lone surrogate means nothing
}

//! One pass over a line: is it one whole JSON object, and where do its envelope's values lie?
//!
//! Every byte is validated, nothing is decoded. This is the only place that knows *how* that is
//! done: [`walk`] has the grammar, [`window`] the vectors.

mod walk;
mod window;

#[cfg(test)]
mod tests;

use walk::Walk;
pub(crate) use walk::{Fault, MAX_DEPTH};

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
    let mut envelope = Envelope::default();
    let mut walk = Walk::new(text.as_bytes());
    walk.open_object()?;
    let mut more = !walk.closes(b'}');
    while more {
        let key = walk.key()?;
        let value = walk.value()?;
        let key = text.get(key).unwrap_or_default();
        let slot = match key.contains('\\') {
            false => envelope.slot(key.as_bytes()),
            true => unescaped(key).and_then(|key| envelope.slot(key.as_bytes())),
        };
        if let Some(slot) = slot {
            *slot = text.get(value);
        }
        more = walk.continues(b'}')?;
    }
    walk.end()?;
    Ok(envelope)
}

/// Finds the one object that `text` is, with nothing but blanks around it; it may be nested as deep
/// as a record inside a line may.
///
/// # Errors
///
/// As [`envelope`]'s.
pub(crate) fn object(text: &str) -> Result<&str, Fault> {
    let mut walk = Walk::new(text.as_bytes());
    let found = walk.object()?;
    walk.end()?;
    Ok(text.get(found).unwrap_or_default())
}

/// A key with escapes in it, as it is meant. None has reason to exist; JSON allows them.
#[cold]
fn unescaped(key: &str) -> Option<String> {
    serde_json::from_str(&format!("\"{key}\"")).ok()
}

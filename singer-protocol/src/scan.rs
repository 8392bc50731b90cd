//! One pass over a line: is it one whole JSON object, and where do its envelope's values lie?
//!
//! Every byte is validated, nothing is decoded. This is the only place that knows *how* that is
//! done (serde_json's raw values today), so that a faster scanner can take its place.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The raw values of the envelope keys that Singer knows, as they stand in the line.
///
/// A key that comes twice counts as its last value, as in Python's `json`. Unknown keys are
/// validated and passed over.
#[derive(Debug, Default)]
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

/// Finds the envelope of a line that is one JSON object with nothing but blanks behind it.
///
/// Nesting of any depth is walked without recursion. The error is always one of syntax, its
/// position counted from the start of `text`.
pub(crate) fn envelope(text: &str) -> Result<Envelope<'_>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let envelope = Envelope::deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(envelope)
}

impl<'de: 'a, 'a> Deserialize<'de> for Envelope<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EnvelopeVisitor)
    }
}

struct EnvelopeVisitor;

impl<'de> Visitor<'de> for EnvelopeVisitor {
    type Value = Envelope<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut envelope = Envelope::default();
        while let Some(key) = map.next_key::<Slot>()? {
            let raw = map.next_value::<&'de RawValue>()?.get();
            let slot = match key {
                Slot::Type => &mut envelope.kind,
                Slot::Stream => &mut envelope.stream,
                Slot::Record => &mut envelope.record,
                Slot::Schema => &mut envelope.schema,
                Slot::Value => &mut envelope.value,
                Slot::KeyProperties => &mut envelope.key_properties,
                Slot::BookmarkProperties => &mut envelope.bookmark_properties,
                Slot::TimeExtracted => &mut envelope.time_extracted,
                Slot::Version => &mut envelope.version,
                Slot::Encoding => &mut envelope.encoding,
                Slot::Manifest => &mut envelope.manifest,
                Slot::Unknown => continue,
            };
            *slot = Some(raw);
        }
        Ok(envelope)
    }
}

/// An envelope key; comparing in place spares a `String` per key.
enum Slot {
    Type,
    Stream,
    Record,
    Schema,
    Value,
    KeyProperties,
    BookmarkProperties,
    TimeExtracted,
    Version,
    Encoding,
    Manifest,
    Unknown,
}

impl<'de> Deserialize<'de> for Slot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SlotVisitor;
        impl Visitor<'_> for SlotVisitor {
            type Value = Slot;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E>(self, key: &str) -> Result<Slot, E> {
                Ok(match key {
                    "type" => Slot::Type,
                    "stream" => Slot::Stream,
                    "record" => Slot::Record,
                    "schema" => Slot::Schema,
                    "value" => Slot::Value,
                    "key_properties" => Slot::KeyProperties,
                    "bookmark_properties" => Slot::BookmarkProperties,
                    "time_extracted" => Slot::TimeExtracted,
                    "version" => Slot::Version,
                    "encoding" => Slot::Encoding,
                    "manifest" => Slot::Manifest,
                    _ => Slot::Unknown,
                })
            }
        }
        deserializer.deserialize_str(SlotVisitor)
    }
}

//! A tap's catalog: what it offers, and what it is asked to read.

mod entry;
mod fields;
mod read;
mod select;
#[cfg(test)]
mod tests;

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;
use std::cell::RefCell;

pub use entry::{Entry, ReplicationMethod};
pub use fields::{Field, Fields};
pub use select::{FieldSelection, Selection};

use crate::Error;
use crate::text::Piece;

const WHAT: &str = "catalog";

/// A catalog as the tap wrote it. Every key we don't know is kept and written back, in its place.
///
/// A catalog may be tens of megabytes long, and parsed it takes some 25 times the room of its text. So it
/// stays text, held once, and of each stream is parsed what is short: all but its schema and the metadata
/// of its fields, which are read when they are asked for ([`Entry::fields`]).
///
/// ```
/// use singer_protocol::Catalog;
///
/// let file = br#"{"streams": [{"tap_stream_id": "users", "schema": {"type": "object"}}]}"#;
/// let catalog = Catalog::parse(file)?;
/// assert_eq!(catalog.streams()[0].stream(), "users");
/// # Ok::<(), singer_protocol::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Catalog {
    /// The file's object, `streams` included, so that they return to their place.
    frame: Vec<(String, Piece)>,
    streams: Vec<Entry>,
}

impl Catalog {
    /// Reads a catalog file or the output of `--discover`.
    ///
    /// Lines before the catalog that don't begin with `{`, or that hold some other JSON object, are
    /// log lines and skipped; so is what follows the catalog.
    ///
    /// # Errors
    ///
    /// When there is no JSON object, when it is broken (line and column are named), when it has no
    /// list `streams`, or when an element has the wrong shape (its path is named).
    pub fn parse(bytes: &[u8]) -> Result<Catalog, Error> {
        Catalog::read(bytes.to_vec())
    }

    /// Takes a catalog that was read as JSON already.
    ///
    /// # Errors
    ///
    /// When an element has the wrong shape; the error names its path.
    pub fn from_value(value: Value) -> Result<Catalog, Error> {
        match value {
            Value::Object(_) => Catalog::of(&Piece::whole(value.to_string())),
            _ => Err(Error::whole(WHAT, "not an object")),
        }
    }

    /// A catalog of these streams and nothing else.
    pub fn new(streams: Vec<Entry>) -> Catalog {
        let frame = vec![("streams".to_owned(), Piece::whole("[]".to_owned()))];
        Catalog { frame, streams }
    }

    /// The streams, in the file's order.
    pub fn streams(&self) -> &[Entry] {
        &self.streams
    }

    /// The streams alone, in the file's order.
    pub fn into_streams(self) -> Vec<Entry> {
        self.streams
    }

    /// The streams, to select from.
    pub fn streams_mut(&mut self) -> &mut [Entry] {
        &mut self.streams
    }

    /// The stream with this `tap_stream_id`.
    pub fn stream(&self, tap_stream_id: &str) -> Option<&Entry> {
        self.streams.iter().find(|stream| stream.tap_stream_id() == tap_stream_id)
    }

    /// The stream with this `tap_stream_id`, to select from.
    pub fn stream_mut(&mut self, tap_stream_id: &str) -> Option<&mut Entry> {
        self.streams.iter_mut().find(|stream| stream.tap_stream_id() == tap_stream_id)
    }

    /// Writes the catalog as [`Catalog::to_value`] has it, each stream as `change` gives it back, one
    /// after the other: no copy of a large catalog is ever held.
    ///
    /// # Errors
    ///
    /// The serializer's.
    pub fn serialize_with<S: Serializer>(
        &self,
        serializer: S,
        mut change: impl FnMut(Entry) -> Entry,
    ) -> Result<S::Ok, S::Error> {
        let changed = self.streams.iter().map(|stream| change(stream.clone()));
        self.frame_around(serializer, &Sequence(RefCell::new(changed)))
    }

    /// Writes the frame with `streams` in their place.
    fn frame_around<S: Serializer>(
        &self,
        serializer: S,
        streams: &impl Serialize,
    ) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.frame.len()))?;
        for (key, value) in &self.frame {
            match key.as_str() {
                "streams" => map.serialize_entry(key, streams)?,
                _ => map.serialize_entry(key, &raw(value.get()))?,
            }
        }
        map.end()
    }

    /// The catalog as JSON, as it was read except for what was selected.
    pub fn to_value(&self) -> Value {
        let entry = |(key, value): &(String, Piece)| match key.as_str() {
            "streams" => (key.clone(), self.streams.iter().map(Entry::to_value).collect()),
            _ => (key.clone(), parsed(value.get())),
        };
        Value::Object(self.frame.iter().map(entry).collect())
    }
}

/// Catalogs that say the same are equal, however they were written.
impl PartialEq for Catalog {
    fn eq(&self, other: &Catalog) -> bool {
        self.to_value() == other.to_value()
    }
}

/// A text of JSON for a serializer.
fn raw(text: &str) -> Option<&RawValue> {
    serde_json::from_str(text).ok()
}

/// A text that was checked when it was read.
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// As [`Catalog::to_value`].
impl Serialize for Catalog {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.frame_around(serializer, &self.streams)
    }
}

/// What an iterator yields, as a list. It can be written once.
struct Sequence<I>(RefCell<I>);

impl<I: Iterator<Item = Entry>> Serialize for Sequence<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for entry in &mut *self.0.borrow_mut() {
            list.serialize_element(&entry)?;
        }
        list.end()
    }
}

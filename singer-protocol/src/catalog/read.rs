//! Reading a catalog: its text is held once, and of each stream is parsed what is short.

use serde_json::{Map, Value};

use super::fields::{About, each_about, short};
use super::{Catalog, Entry, WHAT};
use crate::error::syntax_reason;
use crate::metadata::text;
use crate::text::{Piece, check, each_element, each_entry};
use crate::{Error, lenient};

/// What is longer stays text, in bytes; what is asked for must not be.
const LONG: usize = 1 << 16;
/// How long a value of the metadata may be that is about the stream as a whole: lists of columns.
const LONG_LIST: usize = 1 << 20;

/// An object of which only matters whether it has `streams`.
struct Candidate(bool);

impl<'de> serde::Deserialize<'de> for Candidate {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> serde::de::Visitor<'de> for Keys {
            type Value = Candidate;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Candidate, A::Error> {
                let mut found = false;
                while let Some(key) = map.next_key::<String>()? {
                    found |= key == "streams";
                    map.next_value::<serde::de::IgnoredAny>()?;
                }
                Ok(Candidate(found))
            }
        }
        deserializer.deserialize_map(Keys)
    }
}

impl Catalog {
    /// As [`Catalog::parse`], of a text that is held as it is: a large catalog is in memory once.
    ///
    /// # Errors
    ///
    /// As [`Catalog::parse`].
    pub fn read(mut bytes: Vec<u8>) -> Result<Catalog, Error> {
        let (_, place) = lenient::object(WHAT, &bytes, |object: &Candidate| object.0)?;
        bytes.truncate(place.end);
        bytes.drain(..place.start);
        bytes.shrink_to_fit();
        let text = String::from_utf8(bytes).map_err(|_| Error::whole(WHAT, "it is not UTF-8"))?;
        Catalog::of(&Piece::whole(text))
    }

    /// Takes the text of an object.
    pub(super) fn of(whole: &Piece) -> Result<Catalog, Error> {
        let mut frame: Vec<(String, Piece)> = Vec::new();
        let read = each_entry(whole.get(), |key, value| {
            frame.retain(|(known, _)| known != key);
            frame.push((key.to_owned(), whole.part(value)));
        });
        read.map_err(|error| Error::json(WHAT, 0, &error))?;
        let Some((_, list)) = frame.iter().find(|(key, _)| key == "streams") else {
            return Err(Error::whole(WHAT, "there is no `streams`"));
        };
        if !list.get().starts_with('[') {
            return Err(Error::at_path(WHAT, "streams".into(), "not a list"));
        }
        let (mut streams, mut failed) = (Vec::new(), None);
        let read = each_element(list.get(), |stream| {
            if failed.is_none() {
                let path = format!("streams[{}]", streams.len());
                match Entry::read(&whole.part(stream), &path) {
                    Ok(entry) => streams.push(entry),
                    Err(error) => failed = Some(error),
                }
            }
        });
        read.map_err(|error| Error::json(WHAT, 0, &error))?;
        failed.map_or(Ok(Catalog { frame, streams }), Err)
    }
}

impl Entry {
    /// Takes the text of one element of a catalog's `streams`; `path` is its place, for errors.
    pub(super) fn read(whole: &Piece, path: &str) -> Result<Entry, Error> {
        let at = |key: &str, reason: &str| Error::at_path(WHAT, format!("{path}{key}"), reason);
        if !whole.get().starts_with('{') {
            return Err(at("", "not an object"));
        }
        let mut entry = Entry { map: Map::new(), texts: Vec::new(), about: None, typed: false };
        let mut failed = None;
        let read = each_entry(whole.get(), |key, value| {
            entry.texts.retain(|(known, _)| known != key);
            let fits = match key {
                "schema" => value == "null" || value.starts_with('{'),
                "metadata" => value == "null" || value.starts_with('['),
                _ => true,
            };
            let broken = match key {
                "schema" if !fits => Err("not an object".to_owned()),
                // What is no object among its elements says nothing, and stays as it is.
                "metadata" if !fits => Err("not a list".to_owned()),
                _ => entry.take(key, value, whole),
            };
            if let Err(reason) = broken {
                failed.get_or_insert(at(&format!(".{key}"), &reason));
            }
        });
        read.map_err(|error| at("", &syntax_reason(&error)))?;
        if let Some(failed) = failed {
            return Err(failed);
        }
        if text(entry.get("tap_stream_id")).or(text(entry.get("stream"))).is_none() {
            return Err(at("", "neither `tap_stream_id` nor `stream` names it"));
        }
        entry.look();
        Ok(entry)
    }

    fn take(&mut self, key: &str, value: &str, whole: &Piece) -> Result<(), String> {
        /// What is asked for as a value.
        const ASKED: [&str; 10] = [
            "tap_stream_id",
            "stream",
            "table_name",
            "key_properties",
            "replication_key",
            "replication_method",
            "is_view",
            "database_name",
            "row_count",
            "selected",
        ];
        let is_text = matches!(key, "schema" | "metadata") && value != "null";
        let parsed = if is_text || value.len() > LONG {
            if ASKED.contains(&key) {
                return Err(format!("longer than {LONG} bytes"));
            }
            check(value).map_err(str::to_owned)?;
            self.texts.push((key.to_owned(), whole.part(value)));
            Value::Null
        } else {
            serde_json::from_str(value).map_err(|error| syntax_reason(&error))?
        };
        self.map.insert(key.to_owned(), parsed);
        Ok(())
    }

    /// Reads what the metadata says of the stream as a whole.
    pub(super) fn look(&mut self) {
        let (mut stream, mut typed) = (None, false);
        each_about(self.metadata_text(), |about, values| match about {
            About::Stream if stream.is_none() => stream = Some(short(values, LONG_LIST)),
            About::Field(_) if !typed => {
                typed = short(values, LONG).get("sql-datatype").is_some_and(|said| !said.is_null());
            }
            _ => {}
        });
        (self.about, self.typed) = (stream, typed);
    }
}

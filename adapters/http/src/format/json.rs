use super::bound::{Bounded, Room, Weight};
use super::opening::{Opening, refuse_page};
use super::{Bound, Each, Format, Missing, Rest, USUAL, VALUE, ended_early, unreadable};
use crate::RecordPath;
use crate::lookups::PathLookup;
use airbyte_singer_runtime::{Error, Result};
use find::{Finder, find};
use mended::Mended;
use serde_json::Deserializer;
use serde_json::error::Category;
use std::io::{BufRead, BufReader, Read};

mod around;
mod find;
mod mended;
mod value;

pub(super) use mended::{is_needed, mended};
pub(super) use value::Weighed;

/// A body up to this long is parsed in place, which is faster than byte by byte.
const SHORT: usize = 64 * 1024;
/// How much of a longer one is parsed at once.
const BUFFER: usize = 32 * 1024;

/// A JSON text. An array of records is never whole in memory, however long it is.
///
/// * An array at the path is its elements, an object a single record.
/// * `null` is no record, neither at the path nor on the way to it: an API without records often
///   says `{"items": null}`.
/// * A path that the document doesn't have is an error, but behind a `*`, where members may lack it.
/// * The [`Rest`] is the document with an empty array where the records were, or where the first `*`
///   of the path was. So nothing of it grows with the records. Of a document that is a single record as a
///   whole it is an empty object.
///
/// ```
/// use airbyte_singer_sdk::http::{Format, Json};
/// use serde_json::{Value, json};
///
/// let mut body: &[u8] = br#"{"data": [{"id": 1}, {"id": 2.50}], "next": "abc"}"#;
/// let mut records = Vec::new();
/// let rest = Json::at("/data".parse()?).decode(&mut body, &mut |record| {
///     records.push(Value::Object(record));
///     Ok(())
/// })?;
/// assert_eq!(rest, json!({"data": [], "next": "abc"}));
/// assert_eq!(records[1].to_string(), r#"{"id":2.50}"#);
/// # Ok::<(), airbyte_singer_sdk::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Json {
    records: RecordPath,
    wrap: bool,
    missing: Option<Missing>,
    max_record_bytes: u64,
    lookup: Option<PathLookup>,
}

impl Default for Json {
    fn default() -> Self {
        Self::at(RecordPath::default())
    }
}

impl Json {
    /// A document that is an array of records or a single one.
    pub fn new() -> Self {
        Self::default()
    }

    /// A document with its records at a path.
    pub fn at(records: RecordPath) -> Self {
        Self { records, wrap: false, missing: None, max_record_bytes: USUAL, lookup: None }
    }

    /// How many bytes a record may take, a value, and what there is beside the records: by default 256 MiB,
    /// as for all formats. Three times that is what all of it takes together while it is read.
    #[must_use]
    pub const fn max_record_bytes(mut self, bytes: u64) -> Self {
        self.max_record_bytes = bytes;
        self
    }

    /// A document without the path is no error yet, but is noted: it may tell an error of its own.
    pub(crate) fn noting(mut self, missing: Option<Missing>) -> Self {
        self.missing = missing;
        self
    }

    /// Notes whether the path leads anywhere behind a `*`, where members may lack what it wants.
    pub(crate) fn watching(mut self, lookup: Option<PathLookup>) -> Self {
        self.lookup = lookup;
        self
    }

    /// Makes `{"value": x}` of a record `x` that is no object; without this it is an error.
    #[must_use]
    pub const fn wrapping(mut self) -> Self {
        self.wrap = true;
        self
    }
}

impl Format for Json {
    fn decode(&self, body: &mut dyn BufRead, each: &mut Each<'_>) -> Result<Rest> {
        let opening = Opening::of(body, SHORT)?;
        refuse_page(opening.bytes(), "JSON")?;
        if opening.is_whole() && opening.text().trim_ascii().is_empty() {
            return Err(Error::system("the body is empty where JSON was expected"));
        }
        let bound = Bound { bytes: self.max_record_bytes, format: "JSON" };
        let (room, weight) = (Room::new(bound), Weight::new(bound));
        let wrap = self.wrap.then_some(VALUE);
        let mut finder = Finder::new(&self.records, wrap, &room, &weight, each);
        finder.watch(self.lookup.as_ref());
        let found = if opening.is_whole() {
            match is_needed(opening.text()) {
                true => find(Deserializer::from_slice(&mended(opening.text())), &mut finder),
                false => find(Deserializer::from_slice(opening.text()), &mut finder),
            }
        } else {
            let body = Bounded::new(opening.text().chain(body), room.clone());
            let text = BufReader::with_capacity(BUFFER, Mended::new(body));
            find(Deserializer::from_reader(text), &mut finder)
        };
        finder.pass_over();
        let missing = finder.take_missing();
        let rest = match (finder.into_failure(), found) {
            (Some(failure), _) => return Err(failure),
            (None, Err(_)) if weight.is_exceeded() => return Err(bound.exceeded()),
            (None, found) => found.map_err(malformed)?,
        };
        match (missing, &self.missing) {
            (Some(missing), Some(noted)) => noted.note(missing),
            (Some(missing), None) => return Err(missing),
            (None, _) => {}
        }
        Ok(rest)
    }
}

pub(super) fn malformed(error: serde_json::Error) -> Error {
    match error.classify() {
        Category::Io => unreadable(error.into()),
        Category::Eof => ended_early(),
        _ => Error::system(format!("the body is not JSON: {}", fault(&error, error.line() as u64))),
    }
}

/// What is wrong with a JSON text and where. serde's words are fixed ones, but for those about data, which
/// may quote it.
pub(super) fn fault(error: &serde_json::Error, line: u64) -> String {
    let place = format!("line {line}, column {}", error.column());
    let words = error.to_string();
    match words.split_once(" at line ") {
        Some((words, _)) if error.classify() != Category::Data => format!("{words}, {place}"),
        _ => place,
    }
}

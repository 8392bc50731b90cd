use super::bound::{Bounded, Room, Weight};
use super::opening::{Opening, refuse_page};
use super::{Bound, Each, Format, Missing, Record, Rest, USUAL, ended_early};
use crate::RecordPath;
use crate::records::Step;
use airbyte_singer_runtime::{Error, Result};
use lines::Lines;
use quick_xml::errors::IllFormedError;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use serde_json::Value;
use std::io::{BufRead, Read};
use tree::Tree;

mod lines;
mod tree;

/// An XML document in UTF-8, whose records are the elements at a path.
///
/// An element becomes what Python's `xmltodict` makes of it: a text, `null` if it is empty, or an object
/// of its attributes (`@name`), its elements by their names (several by one name are an array) and, if it
/// has text as well, `#text`. Names keep their namespace prefixes, texts lose the blanks around them. A
/// record is always an object. The [`Rest`] is the document, its root included, with an empty array in
/// place of the records.
///
/// ```
/// use airbyte_singer_sdk::http::{Format, Xml};
/// use serde_json::json;
///
/// let mut body = r#"<feed page="1">
///   <entry id="7"><tag>a</tag><tag>b</tag><title>x &amp; y</title></entry>
/// </feed>"#.as_bytes();
/// let mut records = Vec::new();
/// let rest = Xml::at("/feed/entry".parse()?).decode(&mut body, &mut |record| {
///     records.push(record);
///     Ok(())
/// })?;
/// assert_eq!(json!(records), json!([{"@id": "7", "tag": ["a", "b"], "title": "x & y"}]));
/// assert_eq!(rest, json!({"feed": {"@page": "1", "entry": []}}));
/// # Ok::<(), airbyte_singer_sdk::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Xml {
    records: RecordPath,
    missing: Option<Missing>,
    max_record_bytes: u64,
}

impl Xml {
    /// Every element of the root is a record.
    pub fn new() -> Self {
        Self::read(RecordPath::new([Step::Each, Step::Each]))
    }

    /// The elements at a path from the root on, its name first: `/feed/entry`; `*` is any name. An empty
    /// path means all elements of the root.
    pub fn at(records: RecordPath) -> Self {
        if records.steps().is_empty() { Self::new() } else { Self::read(records) }
    }

    const fn read(records: RecordPath) -> Self {
        Self { records, missing: None, max_record_bytes: USUAL }
    }

    /// As [`Json::max_record_bytes`](super::Json::max_record_bytes).
    #[must_use]
    pub const fn max_record_bytes(mut self, bytes: u64) -> Self {
        self.max_record_bytes = bytes;
        self
    }

    /// Elements that are called like errors are no records unless the path names them, and a document with
    /// another root is no error yet, but is noted: it may tell one of its own.
    pub(crate) fn noting(mut self, missing: Option<Missing>) -> Self {
        self.missing = missing;
        self
    }
}

impl Default for Xml {
    fn default() -> Self {
        Self::new()
    }
}

/// A buffer for texts keeps so much.
const LONG: usize = 1024 * 1024;
/// So many attributes an element may have: each is held against all others.
const ATTRIBUTES: usize = 10_000;

impl Format for Xml {
    fn decode(&self, body: &mut dyn BufRead, each: &mut Each<'_>) -> Result<Rest> {
        let opening = Opening::of(body, 1024)?;
        refuse_page(opening.bytes(), "XML")?;
        let bound = Bound { bytes: self.max_record_bytes, format: "XML" };
        let (room, weight) = (Room::new(bound), Weight::new(bound));
        let body = Bounded::new(opening.text().chain(body), room.clone());
        let mut reader = Reader::from_reader(Lines::new(body));
        // So an element without content is one like any other.
        reader.config_mut().expand_empty_elements = true;
        let mut tree = Tree::new(self.records.steps(), self.missing.as_ref(), &weight, each);
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            // What a long text took isn't kept for short ones.
            buffer.shrink_to(LONG);
            room.renew();
            let more = match reader.read_event_into(&mut buffer) {
                Ok(event) => take(&mut tree, event),
                Err(error) => Err(Fault::from(error)),
            };
            match more {
                Ok(true) => {}
                Ok(false) => return tree.into_rest(),
                Err(Fault::Other(error)) => return Err(error),
                Err(Fault::Unfinished(_)) if reader.get_mut().is_over()? => {
                    return Err(ended_early());
                }
                Err(Fault::Text(words) | Fault::Unfinished(words)) => {
                    let line = reader.get_ref().line();
                    return Err(Error::system(format!(
                        "the body is not XML: {words}, line {line}"
                    )));
                }
            }
        }
    }
}

/// What ends a document.
enum Fault {
    /// Its text, in our words.
    Text(&'static str),
    /// The same, unless it is at the end of the body: then that came too early.
    Unfinished(&'static str),
    /// Something else.
    Other(Error),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

/// The crate's own words may quote names and entities.
impl From<quick_xml::Error> for Fault {
    fn from(error: quick_xml::Error) -> Self {
        use quick_xml::Error as Xml;
        Self::Text(match error {
            Xml::Io(error) => {
                let ours = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
                let unreadable = || Error::system("the body can't be read");
                return Self::Other(ours.cloned().unwrap_or_else(unreadable));
            }
            Xml::Syntax(_) => return Self::Unfinished("unknown markup"),
            Xml::IllFormed(IllFormedError::UnclosedReference) => {
                return Self::Unfinished("a lone `&`");
            }
            Xml::IllFormed(_) => "elements that don't match",
            Xml::InvalidAttr(_) => "a wrong attribute",
            Xml::Escape(_) => "an unknown entity",
            Xml::Encoding(_) => "it is not in UTF-8",
            Xml::Namespace(_) => "a wrong namespace",
        })
    }
}

/// Whether there is more after an event.
fn take(tree: &mut Tree<'_, '_>, event: Event<'_>) -> Result<bool, Fault> {
    match event {
        Event::Start(start) => {
            let attributes = attributes(&start)?;
            tree.open(start.name().as_ref(), attributes)?;
        }
        Event::End(_) => tree.close()?,
        Event::Empty(_) => {}
        Event::Text(text) => tree.text(&text.xml10_content())?,
        Event::CData(text) => tree.text(&text.xml10_content())?,
        Event::GeneralRef(reference) => {
            let mut character = [0; 4];
            tree.text(resolved(&reference, &mut character)?)?;
        }
        Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        Event::Eof => return Ok(false),
    }
    Ok(true)
}

fn attributes(start: &BytesStart<'_>) -> Result<Record, Fault> {
    let mut record = Record::new();
    for (number, attribute) in start.attributes().enumerate() {
        if number == ATTRIBUTES {
            return Err(Fault::Text("an element with more than 10000 attributes"));
        }
        let attribute = attribute.map_err(quick_xml::Error::from)?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0)?.into_owned();
        record.insert(format!("@{}", attribute.key.as_ref()), Value::String(value));
    }
    Ok(record)
}

/// The characters of `&amp;`, `&#65;` and the like. What a document defines itself isn't followed.
fn resolved<'a>(reference: &BytesRef<'_>, character: &'a mut [u8; 4]) -> Result<&'a str, Fault> {
    if let Some(found) = reference.resolve_char_ref()? {
        return Ok(found.encode_utf8(character));
    }
    resolve_predefined_entity(&reference.xml10_content()).ok_or(Fault::Text("an unknown entity"))
}

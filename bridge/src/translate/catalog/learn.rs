use crate::translate::Overrides;
use indexmap::IndexMap;
use serde_json::{Map, Value, json};
use singer_protocol as singer;
use std::collections::HashMap;
use std::fmt;

/// What a tap's messages tell about its catalog, where the catalog itself can't be had.
///
/// A stream is known from its SCHEMA lines, or from a RECORD where there are none. Its
/// `tap_stream_id` is its name in the messages, unless the profile calls that name an alias of
/// another.
///
/// ```
/// use airbyte_singer::translate::{Overrides, catalog::Learnt};
/// use singer_protocol::Message;
///
/// let mut learnt = Learnt::new(&Overrides::default());
/// let line = br#"{"type":"SCHEMA","stream":"users","schema":{"properties":{"id":{}}},
///     "key_properties":["id"],"bookmark_properties":["at"]}"#;
/// learnt.saw(&Message::parse(line)?);
/// let catalog = learnt.catalog();
/// let users = &catalog.streams()[0];
/// assert_eq!(users.key_properties(), ["id"]);
/// assert_eq!(users.valid_replication_keys(), ["at"]);
/// # Ok::<(), singer_protocol::LineError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Learnt {
    /// Whose alias a message name is.
    aliases: HashMap<String, String>,
    streams: IndexMap<String, Shape>,
    /// What all that is remembered has as text, in bytes.
    bytes: usize,
    full: Option<TooMuch>,
}

/// Why no more is learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TooMuch {
    /// More than [`Learnt::MOST_STREAMS`].
    Streams,
    /// Names and schemas of more than [`Learnt::MOST_BYTES`].
    Bytes,
}

impl fmt::Display for TooMuch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Streams => write!(f, "more than {} streams", Learnt::MOST_STREAMS),
            Self::Bytes => write!(
                f,
                "streams whose names and schemas have more than {} MiB",
                Learnt::MOST_BYTES >> 20
            ),
        }
    }
}

/// What is known of one stream.
#[derive(Debug, Clone, Default)]
struct Shape {
    /// The stream's name in the messages.
    name: String,
    schema: Map<String, Value>,
    key: Vec<String>,
    bookmarked: Vec<String>,
    /// What its properties have as text, in bytes.
    properties: usize,
    /// What it has as text, in bytes.
    bytes: usize,
}

impl Learnt {
    /// So many streams are remembered.
    pub const MOST_STREAMS: usize = 20_000;
    /// So many bytes of names and schemas are remembered, as the tap writes them.
    pub const MOST_BYTES: usize = 16 << 20;

    /// Nothing yet; the aliases of `overrides` are heeded.
    pub fn new(overrides: &Overrides) -> Self {
        let aliases = overrides.iter().flat_map(|(id, over)| {
            over.aliases.iter().map(move |alias| (alias.clone(), id.clone()))
        });
        Self { aliases: aliases.collect(), ..Self::default() }
    }

    /// Takes notice of a message: of a SCHEMA all of it, of a RECORD its stream's name, and
    /// nothing of the others. What is more than can be remembered is not ([`Learnt::full`]).
    pub fn saw(&mut self, message: &singer::Message<'_>) {
        match message {
            singer::Message::Schema(schema) => self.saw_schema(schema),
            singer::Message::Record(record) => drop(self.shape(&record.stream, 0)),
            singer::Message::Batch(batch) => drop(self.shape(&batch.stream, 0)),
            _ => {}
        }
    }

    /// A SCHEMA that comes again adds properties, and the later word on one counts.
    fn saw_schema(&mut self, schema: &singer::message::Schema<'_>) {
        let words = schema.key_properties.iter().chain(&schema.bookmark_properties);
        let words: usize = words.map(String::len).sum();
        // Known before it is read: what is read takes many times as much.
        let Some(at) = self.shape(&schema.stream, schema.schema.len() + words) else { return };
        let shape = &mut self.streams[at];
        // What is nested too deeply for a reader says nothing, so the stream stays open.
        let mut newer: Map<String, Value> = serde_json::from_str(schema.schema).unwrap_or_default();
        let mut properties = 0;
        if let Some(Value::Object(more)) = newer.get_mut("properties") {
            let mut none = Value::Object(Map::new());
            let known = shape.schema.get_mut("properties").unwrap_or(&mut none);
            if let Value::Object(known) = known {
                let again = more.keys().filter_map(|name| known.get_key_value(name));
                properties = shape.properties + size(more.iter()) - size(again);
                known.extend(std::mem::take(more));
                *more = std::mem::take(known);
            }
        }
        shape.schema = newer;
        shape.properties = properties;
        shape.key.clone_from(&schema.key_properties);
        shape.bookmarked.clone_from(&schema.bookmark_properties);
        let text = properties.max(schema.schema.len()) + words;
        self.weigh(at, text);
    }

    /// The place of a stream with so many bytes of text beside its name; none where there is no room.
    fn shape(&mut self, name: &str, text: usize) -> Option<usize> {
        if self.full.is_some() {
            return None;
        }
        let id = self.aliases.get(name).map_or(name, String::as_str);
        let at = match self.streams.get_index_of(id) {
            Some(at) => at,
            None if self.streams.len() == Self::MOST_STREAMS => {
                self.full = Some(TooMuch::Streams);
                return None;
            }
            None => {
                let shape = Shape { name: name.to_owned(), ..Shape::default() };
                self.bytes += id.len() + name.len();
                self.streams.insert_full(id.to_owned(), shape).0
            }
        };
        // A RECORD adds nothing to what a SCHEMA has said.
        self.weigh(at, text.max(self.streams[at].bytes));
        self.full.is_none().then_some(at)
    }

    /// Takes notice of what a stream has as text beside its name.
    fn weigh(&mut self, at: usize, text: usize) {
        let known = std::mem::replace(&mut self.streams[at].bytes, text);
        self.bytes = self.bytes - known + text;
        if self.bytes > Self::MOST_BYTES {
            self.full = Some(TooMuch::Bytes);
        }
    }

    /// Why no more is learnt: there is no room.
    pub fn full(&self) -> Option<TooMuch> {
        self.full
    }

    /// How many streams are known.
    pub fn count(&self) -> usize {
        self.streams.len()
    }

    /// The `tap_stream_id`s of the known streams, in the order in which they were first seen.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.streams.keys().map(String::as_str)
    }

    /// Whether a stream of that `tap_stream_id` is known.
    pub fn knows(&self, id: &str) -> bool {
        self.streams.contains_key(id)
    }

    /// The catalog as far as it is known, streams in the order in which they were first seen.
    pub fn catalog(&self) -> singer::Catalog {
        let streams: Vec<Value> = self.streams.iter().map(|(id, shape)| shape.entry(id)).collect();
        singer::Catalog::from_value(json!({ "streams": streams }))
            .expect("entries of this shape make a catalog")
    }
}

/// The bytes of properties as text.
fn size<'a>(properties: impl Iterator<Item = (&'a String, &'a Value)>) -> usize {
    let text = |value| serde_json::to_string(value).map_or(0, |text| text.len());
    properties.map(|(name, value)| name.len() + text(value)).sum()
}

impl Shape {
    fn entry(&self, id: &str) -> Value {
        json!({
            "tap_stream_id": id,
            "stream": self.name,
            "schema": self.schema,
            "key_properties": self.key,
            "metadata": [{"breadcrumb": [], "metadata": {
                "inclusion": "available",
                "table-key-properties": self.key,
                "valid-replication-keys": self.bookmarked,
            }}],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learnt(lines: &[&str], overrides: Value) -> Value {
        let overrides: Overrides = serde_json::from_value(overrides).unwrap();
        let mut learnt = Learnt::new(&overrides);
        for line in lines {
            learnt.saw(&singer::Message::parse(line.as_bytes()).unwrap());
        }
        learnt.catalog().to_value()
    }

    #[test]
    fn schemas_that_come_again_add_up_and_the_later_word_counts() {
        let catalog = learnt(
            &[
                r#"{"type":"SCHEMA","stream":"a","schema":{"properties":{"x":{"type":"string"},"y":{}}}}"#,
                r#"{"type":"SCHEMA","stream":"a","schema":{"properties":{"z":{},"x":{"type":"integer"}}},"key_properties":["x"]}"#,
            ],
            json!({}),
        );
        let entry = &catalog["streams"][0];
        let properties = entry["schema"]["properties"].to_string();
        assert_eq!(properties, r#"{"x":{"type":"integer"},"y":{},"z":{}}"#);
        assert_eq!(entry["key_properties"], json!(["x"]));
    }

    #[test]
    fn no_more_is_learnt_than_fits() {
        let saw = |learnt: &mut Learnt, line: String| {
            learnt.saw(&singer::Message::parse(line.as_bytes()).unwrap());
        };
        let record = |n: usize| format!(r#"{{"type":"RECORD","stream":"s{n}","record":{{}}}}"#);
        let mut learnt = Learnt::new(&Overrides::default());
        (0..Learnt::MOST_STREAMS).for_each(|n| saw(&mut learnt, record(n)));
        saw(&mut learnt, record(7));
        assert_eq!(learnt.full(), None);
        saw(&mut learnt, record(Learnt::MOST_STREAMS));
        assert_eq!((learnt.full(), learnt.count()), (Some(TooMuch::Streams), Learnt::MOST_STREAMS));

        let schema = |stream: &str, column: usize, bytes: usize| {
            let text = "x".repeat(bytes);
            format!(
                r#"{{"type":"SCHEMA","stream":"{stream}","schema":{{"properties":{{"c{column}":{{"title":"{text}"}}}}}}}}"#
            )
        };
        let quarter = Learnt::MOST_BYTES / 4;
        let mut learnt = Learnt::new(&Overrides::default());
        // What is said again takes no more.
        (0..3).for_each(|_| saw(&mut learnt, schema("a", 0, quarter)));
        saw(&mut learnt, schema("b", 0, 2 * quarter));
        assert_eq!(learnt.full(), None);
        saw(&mut learnt, schema("c", 0, 2 * quarter));
        assert_eq!(learnt.full(), Some(TooMuch::Bytes));

        // Properties that add up.
        let mut learnt = Learnt::new(&Overrides::default());
        (0..3).for_each(|n| saw(&mut learnt, schema("a", n, quarter)));
        assert_eq!(learnt.full(), None);
        (3..5).for_each(|n| saw(&mut learnt, schema("a", n, quarter)));
        assert_eq!(learnt.full(), Some(TooMuch::Bytes));
    }

    #[test]
    fn a_record_is_enough_and_an_alias_names_its_owner() {
        let catalog = learnt(
            &[
                r#"{"type":"STATE","value":{}}"#,
                r#"{"type":"RECORD","stream":"public_users","record":{"id":1}}"#,
            ],
            json!({"shop-public-users": {"aliases": ["public_users"]}}),
        );
        let streams = catalog["streams"].as_array().unwrap();
        assert_eq!(streams.len(), 1);
        assert_eq!(streams[0]["tap_stream_id"], "shop-public-users");
        assert_eq!(streams[0]["stream"], "public_users");
    }
}

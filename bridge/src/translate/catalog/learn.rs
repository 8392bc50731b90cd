use crate::translate::Overrides;
use indexmap::IndexMap;
use serde_json::{Map, Value, json};
use singer_protocol as singer;
use std::collections::HashMap;

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
}

/// What is known of one stream.
#[derive(Debug, Clone, Default)]
struct Shape {
    /// The stream's name in the messages.
    name: String,
    schema: Map<String, Value>,
    key: Vec<String>,
    bookmarked: Vec<String>,
}

impl Learnt {
    /// Nothing yet; the aliases of `overrides` are heeded.
    pub fn new(overrides: &Overrides) -> Self {
        let aliases = overrides.iter().flat_map(|(id, over)| {
            over.aliases.iter().map(move |alias| (alias.clone(), id.clone()))
        });
        Self { aliases: aliases.collect(), streams: IndexMap::new() }
    }

    /// Takes notice of a message: of a SCHEMA all of it, of a RECORD its stream's name, and
    /// nothing of the others.
    pub fn saw(&mut self, message: &singer::Message<'_>) {
        match message {
            singer::Message::Schema(schema) => self.saw_schema(schema),
            singer::Message::Record(record) => drop(self.shape(&record.stream)),
            singer::Message::Batch(batch) => drop(self.shape(&batch.stream)),
            _ => {}
        }
    }

    /// A SCHEMA that comes again adds properties, and the later word on one counts.
    fn saw_schema(&mut self, schema: &singer::message::Schema<'_>) {
        let shape = self.shape(&schema.stream);
        // What is nested too deeply for a reader says nothing, so the stream stays open.
        let mut newer: Map<String, Value> = serde_json::from_str(schema.schema).unwrap_or_default();
        if let Some(Value::Object(known)) = shape.schema.get_mut("properties")
            && let Some(Value::Object(more)) = newer.get_mut("properties")
        {
            known.extend(std::mem::take(more));
            *more = std::mem::take(known);
        }
        shape.schema = newer;
        shape.key.clone_from(&schema.key_properties);
        shape.bookmarked.clone_from(&schema.bookmark_properties);
    }

    fn shape(&mut self, name: &str) -> &mut Shape {
        let id = self.aliases.get(name).map_or(name, String::as_str);
        let shape = self.streams.entry(id.to_owned()).or_default();
        if shape.name.is_empty() {
            name.clone_into(&mut shape.name);
        }
        shape
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

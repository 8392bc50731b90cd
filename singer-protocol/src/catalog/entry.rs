//! One stream of a catalog.

use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::fields::{Fields, each_column, short};
use super::{parsed, raw};
use crate::metadata::{flag, names, text};
use crate::text::Piece;

/// One stream of a catalog, kept as the tap wrote it, with the questions that matter answered.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The entry's object, with a null for what stays text.
    pub(super) map: Map<String, Value>,
    /// The schema, the metadata, and whatever else is long.
    pub(super) texts: Vec<(String, Piece)>,
    /// What the metadata says of the stream as a whole.
    pub(super) about: Option<Map<String, Value>>,
    /// Whether the metadata tells the SQL type of a column.
    pub(super) typed: bool,
}

/// How a tap reads a stream.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ReplicationMethod {
    /// Everything, every time.
    FullTable,
    /// What has a newer replication key than the bookmark.
    Incremental,
    /// What the database's log says.
    LogBased,
    /// A method of the tap's own, as it wrote it.
    Other(String),
}

impl ReplicationMethod {
    /// The method of this name, in whatever case; the empty name is none.
    pub fn of(name: &str) -> Option<ReplicationMethod> {
        Some(match name.to_ascii_uppercase().as_str() {
            "" => return None,
            "FULL_TABLE" => ReplicationMethod::FullTable,
            "INCREMENTAL" => ReplicationMethod::Incremental,
            "LOG_BASED" => ReplicationMethod::LogBased,
            _ => ReplicationMethod::Other(name.to_owned()),
        })
    }

    /// The name as taps write it.
    pub fn name(&self) -> &str {
        match self {
            ReplicationMethod::FullTable => "FULL_TABLE",
            ReplicationMethod::Incremental => "INCREMENTAL",
            ReplicationMethod::LogBased => "LOG_BASED",
            ReplicationMethod::Other(name) => name,
        }
    }
}

impl fmt::Display for ReplicationMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Entry {
    /// The stream as JSON.
    pub fn to_value(&self) -> Value {
        let entry = |(key, value): (&String, &Value)| {
            let value = self.text(key).map_or_else(|| value.clone(), parsed);
            (key.clone(), value)
        };
        Value::Object(self.map.iter().map(entry).collect())
    }

    /// What the entry says under a key, also one that is not ours to know: null for the schema, the
    /// metadata, and whatever else is longer than 64 KiB, which stay text.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.map.get(key)
    }

    /// What stays text.
    fn text(&self, key: &str) -> Option<&str> {
        self.texts.iter().find(|(known, _)| known == key).map(|(_, text)| text.get())
    }

    /// The stream's unique name; where it is missing, `stream`.
    pub fn tap_stream_id(&self) -> &str {
        text(self.get("tap_stream_id")).or(text(self.get("stream"))).unwrap_or_default()
    }

    /// The stream's own name; where it is missing, the `tap_stream_id`.
    pub fn stream(&self) -> &str {
        text(self.get("stream")).unwrap_or_else(|| self.tap_stream_id())
    }

    /// The table behind the stream.
    pub fn table_name(&self) -> Option<&str> {
        text(self.get("table_name"))
    }

    /// The JSON Schema of the records, as the tap wrote it: an object, or none where the tap gave none.
    pub fn schema(&self) -> Option<&str> {
        self.text("schema")
    }

    /// The names of the schema's top-level properties, in order.
    pub fn columns(&self) -> Vec<String> {
        let mut columns = Vec::new();
        each_column(self.schema().unwrap_or("{}"), |name, _| columns.push(name.to_owned()));
        columns
    }

    /// What is said of the fields. They are read anew each time.
    pub fn fields(&self) -> Fields {
        Fields::read(self.schema().unwrap_or("{}"), self.metadata_text())
    }

    pub(super) fn metadata_text(&self) -> &str {
        self.text("metadata").unwrap_or("[]")
    }

    /// One value of the metadata about the stream as a whole, of at most 1 MiB.
    pub fn stream_metadata(&self, key: &str) -> Option<&Value> {
        self.about.as_ref()?.get(key)
    }

    /// The primary key's parts: the first that says something of `table-key-properties`, the
    /// entry's `key_properties`, and `view-key-properties`.
    pub fn key_properties(&self) -> Vec<String> {
        let said = |key: &str| self.stream_metadata(key);
        [said("table-key-properties"), self.get("key_properties"), said("view-key-properties")]
            .into_iter()
            .map(names)
            .find(|names| !names.is_empty())
            .unwrap_or_default()
    }

    /// The field that bookmarks are made of, if one is set.
    pub fn replication_key(&self) -> Option<String> {
        let own = names(self.stream_metadata("replication-key"));
        let top = names(self.get("replication_key"));
        own.into_iter().chain(top).next()
    }

    /// The fields that the tap says bookmarks can be made of.
    pub fn valid_replication_keys(&self) -> Vec<String> {
        names(self.stream_metadata("valid-replication-keys"))
    }

    /// How the stream is read, if anything says so: forced, in the metadata, or at the entry's top.
    pub fn replication_method(&self) -> Option<ReplicationMethod> {
        self.forced_replication_method()
            .or_else(|| method(self.stream_metadata("replication-method")))
            .or_else(|| self.top_replication_method())
    }

    /// How the stream is read by the entry's top alone, where SDK taps write what they do.
    pub fn top_replication_method(&self) -> Option<ReplicationMethod> {
        method(self.get("replication_method"))
    }

    /// The one way the stream can be read, if the tap says there is only one.
    pub fn forced_replication_method(&self) -> Option<ReplicationMethod> {
        method(self.stream_metadata("forced-replication-method"))
    }

    /// The `schema-name`: a database's schema for database taps, anything for others.
    pub fn schema_name(&self) -> Option<&str> {
        text(self.stream_metadata("schema-name"))
    }

    /// The `database-name`.
    pub fn database_name(&self) -> Option<&str> {
        text(self.stream_metadata("database-name")).or(text(self.get("database_name")))
    }

    /// Whether the stream is a view; unsaid is no.
    pub fn is_view(&self) -> bool {
        flag(self.stream_metadata("is-view")).or(flag(self.get("is_view"))).unwrap_or(false)
    }

    /// The number of rows, as the tap's discovery estimated it.
    pub fn row_count(&self) -> Option<u64> {
        self.stream_metadata("row-count").or_else(|| self.get("row_count"))?.as_u64()
    }

    /// Whether this is a database's stream: it names a table, a database, says whether it is a view,
    /// how many rows there are, or an SQL type. API taps say none of these.
    pub fn is_database(&self) -> bool {
        let said = |value: Option<&Value>| value.is_some_and(|value| !value.is_null());
        self.table_name().is_some()
            || ["database-name", "is-view", "row-count", "sql-datatype"]
                .iter()
                .any(|key| said(self.stream_metadata(key)))
            || ["database_name", "is_view", "row_count"].iter().any(|key| said(self.get(key)))
            || self.typed
    }

    /// The top-level fields of the schema that a tap should send, in order ([`Field::is_selected`]).
    ///
    /// [`Field::is_selected`]: super::Field::is_selected
    pub fn selected_fields(&self) -> Vec<String> {
        let fields = self.fields();
        let selected = fields.iter().filter(|(_, field)| field.in_schema && field.is_selected());
        selected.map(|(name, _)| name.to_owned()).collect()
    }

    /// Whether the stream is selected, in either style; unsaid is no.
    pub fn is_selected(&self) -> bool {
        flag(self.stream_metadata("selected"))
            .or_else(|| flag(short(self.schema()?, 16).get("selected")))
            .or(flag(self.get("selected")))
            .unwrap_or(false)
    }
}

/// Entries that say the same are equal, however they were written.
impl PartialEq for Entry {
    fn eq(&self, other: &Entry) -> bool {
        self.to_value() == other.to_value()
    }
}

/// What stays text is written as it stands.
impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.map.len()))?;
        for (key, value) in &self.map {
            match self.text(key).and_then(raw) {
                Some(text) => map.serialize_entry(key, text)?,
                None => map.serialize_entry(key, value)?,
            }
        }
        map.end()
    }
}

/// A method: its name, an object that holds it beside a reason, or a list of one.
fn method(value: Option<&Value>) -> Option<ReplicationMethod> {
    match value? {
        Value::String(name) => ReplicationMethod::of(name),
        Value::Object(object) => ["replication-method", "replication_method", "method"]
            .iter()
            .find_map(|key| method(object.get(*key))),
        Value::Array(list) => list.iter().find_map(|one| method(Some(one))),
        _ => None,
    }
}

//! One stream of a catalog.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::WHAT;
use crate::Error;
use crate::metadata::{Inclusion, Metadata, about_stream, breadcrumb, flag, names, text};

/// One stream of a catalog, kept as the tap wrote it, with the questions that matter answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub(super) map: Map<String, Value>,
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
    /// Takes one element of a catalog's `streams`; `path` is its place, for errors.
    pub(super) fn from_value(value: Value, path: &str) -> Result<Entry, Error> {
        let at = |key: &str, reason| Err(Error::at_path(WHAT, format!("{path}{key}"), reason));
        let Value::Object(map) = value else { return at("", "not an object") };
        if text(map.get("tap_stream_id")).or(text(map.get("stream"))).is_none() {
            return at("", "neither `tap_stream_id` nor `stream` names it");
        }
        if !matches!(map.get("schema"), None | Some(Value::Null | Value::Object(_))) {
            return at(".schema", "not an object");
        }
        // What is no object among its elements says nothing, and stays as it is.
        if !matches!(map.get("metadata"), None | Some(Value::Null | Value::Array(_))) {
            return at(".metadata", "not a list");
        }
        Ok(Entry { map })
    }

    /// The stream as JSON.
    pub fn to_value(&self) -> Value {
        Value::Object(self.map.clone())
    }

    /// Any key of the entry, also one that is not ours to know.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.map.get(key)
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

    /// The JSON Schema of the records; null where the tap gave none.
    pub fn schema(&self) -> &Value {
        self.get("schema").unwrap_or(&Value::Null)
    }

    /// The schema's top-level properties, in order.
    pub fn properties(&self) -> Option<&Map<String, Value>> {
        self.schema().get("properties")?.as_object()
    }

    /// The metadata, indexed. Worth keeping when asking about many fields.
    pub fn metadata(&self) -> Metadata<'_> {
        Metadata::of(self.metadata_list())
    }

    fn metadata_list(&self) -> &[Value] {
        self.get("metadata").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// One value of the metadata about the stream as a whole. As [`Metadata::get`], but cheap for a
    /// single question: nothing is indexed.
    pub fn stream_metadata(&self, key: &str) -> Option<&Value> {
        about_stream(self.metadata_list())?.get(key)
    }

    /// The primary key's parts: the first that says something of `table-key-properties`, the
    /// entry's `key_properties`, and `view-key-properties`.
    pub fn key_properties(&self) -> Vec<String> {
        let metadata = about_stream(self.metadata_list());
        let said = |key: &str| metadata?.get(key);
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
        let typed = |entry: &Value| {
            said(entry.get("metadata").and_then(|values| values.get("sql-datatype")))
                && matches!(breadcrumb(entry).as_slice(), ["properties", _])
        };
        self.table_name().is_some()
            || ["database-name", "is-view", "row-count", "sql-datatype"]
                .iter()
                .any(|key| said(self.stream_metadata(key)))
            || ["database_name", "is_view", "row_count"].iter().any(|key| said(self.get(key)))
            || self.metadata_list().iter().any(typed)
    }

    /// Whether a top-level field may, must or can't be selected, by its metadata or, in legacy
    /// catalogs, by its schema. Unsaid is available.
    pub fn field_inclusion(&self, field: &str) -> Inclusion {
        self.inclusion_with(&self.metadata(), field)
    }

    pub(super) fn inclusion_with(&self, metadata: &Metadata<'_>, field: &str) -> Inclusion {
        metadata
            .inclusion(field)
            .or_else(|| Inclusion::of(self.properties()?.get(field)?.get("inclusion")))
            .unwrap_or(Inclusion::Available)
    }

    /// The SQL type of a top-level field.
    pub fn sql_datatype(&self, field: &str) -> Option<&str> {
        text(self.metadata().field(field)?.get("sql-datatype"))
    }

    /// The top-level fields of the schema that a tap should send, in order: automatic ones always,
    /// unsupported ones never, the others as either style says. Unsaid is `selected-by-default`, and
    /// without that, selected.
    pub fn selected_fields(&self) -> Vec<&str> {
        let metadata = self.metadata();
        let selected = |name: &str, property: &Value| match self.inclusion_with(&metadata, name) {
            Inclusion::Automatic => true,
            Inclusion::Unsupported => false,
            Inclusion::Available => metadata
                .field_selected(name)
                .or_else(|| flag(property.get("selected")))
                .or_else(|| metadata.field_selected_by_default(name))
                .unwrap_or(true),
        };
        let properties = self.properties().into_iter().flatten();
        properties.filter(|(name, value)| selected(name, value)).map(|(name, _)| &**name).collect()
    }

    /// Whether the stream is selected, in either style; unsaid is no.
    pub fn is_selected(&self) -> bool {
        flag(self.stream_metadata("selected"))
            .or(flag(self.schema().get("selected")))
            .or(flag(self.get("selected")))
            .unwrap_or(false)
    }
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.map.serialize(serializer)
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

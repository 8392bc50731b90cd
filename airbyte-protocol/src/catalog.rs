use crate::StreamDescriptor;
use crate::stream::{empty_is_none, null_is_default};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a source offers: the payload of CATALOG.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Catalog {
    /// The streams, unique by (namespace, name).
    pub streams: Vec<Stream>,
}

/// How a stream can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncMode {
    /// Everything, each time.
    FullRefresh,
    /// What is new or changed since the given state.
    Incremental,
}

/// One stream of a [`Catalog`] (`AirbyteStream` in the protocol file).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stream {
    /// The stream's name.
    pub name: String,
    /// JSON Schema (draft 7) of the records: an object with `properties`.
    #[serde(default, deserialize_with = "null_is_default")]
    pub json_schema: Map<String, Value>,
    /// Never empty in what we write; `full_refresh` is always offered.
    #[serde(default, deserialize_with = "null_is_default")]
    pub supported_sync_modes: Vec<SyncMode>,
    /// Whether the source chooses the cursor, whatever the user says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_defined_cursor: Option<bool>,
    /// Path to the field that tells new from old.
    #[serde(default, deserialize_with = "null_is_default", skip_serializing_if = "Vec::is_empty")]
    pub default_cursor_field: Vec<String>,
    /// Paths to the parts of the primary key, in order.
    #[serde(default, deserialize_with = "null_is_default", skip_serializing_if = "Vec::is_empty")]
    pub source_defined_primary_key: Vec<Vec<String>>,
    /// The schema or database of the table, for database sources.
    #[serde(default, deserialize_with = "empty_is_none", skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Whether an interrupted read can go on where it stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_resumable: Option<bool>,
    /// Whether the stream is one of files and their metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_file_based: Option<bool>,
}

impl Stream {
    /// A full-refresh stream with the given schema; the rest is for the caller to set.
    pub fn new(name: impl Into<String>, json_schema: Map<String, Value>) -> Self {
        Self {
            name: name.into(),
            json_schema,
            supported_sync_modes: vec![SyncMode::FullRefresh],
            source_defined_cursor: None,
            default_cursor_field: Vec::new(),
            source_defined_primary_key: Vec::new(),
            namespace: None,
            is_resumable: None,
            is_file_based: None,
        }
    }

    /// The name by which records and states address this stream.
    pub fn descriptor(&self) -> StreamDescriptor {
        StreamDescriptor { name: self.name.clone(), namespace: self.namespace.clone() }
    }

    /// The names of the top-level properties of the schema; empty when it declares none.
    pub fn properties(&self) -> impl Iterator<Item = &str> {
        self.json_schema
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(|properties| properties.keys().map(String::as_str))
    }
}

use crate::StreamDescriptor;
use crate::document::{Extra, document};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

document! {
    /// What a source offers: the payload of CATALOG (`AirbyteCatalog`).
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct Catalog {
        /// The streams, unique by (namespace, name).
        pub streams: Vec<Stream> = required "streams",
    }
}

impl Catalog {
    /// A catalog of these streams.
    pub const fn new(streams: Vec<Stream>) -> Self {
        Self { streams, extra: Extra::NONE }
    }
}

/// How a stream can be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncMode {
    /// Everything, each time. The protocol's default for a configured stream.
    #[default]
    FullRefresh,
    /// What is new or changed since the given state.
    Incremental,
}

document! {
    /// One stream of a [`Catalog`] (`AirbyteStream`).
    ///
    /// ```
    /// use airbyte_protocol::{Stream, SyncMode};
    ///
    /// let json = r#"{"name":"users","json_schema":{"properties":{"id":{}}},"supported_sync_modes":["full_refresh"]}"#;
    /// let mut stream: Stream = serde_json::from_str(json)?;
    /// assert_eq!(stream.properties().collect::<Vec<_>>(), ["id"]);
    /// assert_eq!(serde_json::to_string(&stream)?, json);
    ///
    /// stream.supported_sync_modes.push(SyncMode::Incremental);
    /// stream.default_cursor_field = vec!["updated_at".to_owned()];
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[derive(Debug, Clone, PartialEq)]
    pub struct Stream {
        /// The stream's name.
        pub name: String = required "name",
        /// JSON Schema (draft 7) of the records: an object with `properties`.
        pub json_schema: Map<String, Value> = written "json_schema",
        /// Never empty in what we write; `full_refresh` is always offered.
        pub supported_sync_modes: Vec<SyncMode> = written "supported_sync_modes",
        /// Whether the source chooses the cursor, whatever the user says. Must be true for a
        /// stream that is resumable.
        pub source_defined_cursor: Option<bool> = optional "source_defined_cursor",
        /// Path to the field that tells new from old; empty when there is none.
        pub default_cursor_field: Vec<String> = optional "default_cursor_field",
        /// Paths to the parts of the primary key, in order; empty when there is none.
        pub source_defined_primary_key: Vec<Vec<String>> = optional "source_defined_primary_key",
        /// The schema or database of the table, for database sources. An empty one is none.
        pub namespace: Option<String> = unless_empty "namespace",
        /// Whether an interrupted read can go on where it stopped. The platform then asks a full
        /// refresh to go on within one job.
        pub is_resumable: Option<bool> = optional "is_resumable",
        /// Whether the stream is one of files and their metadata.
        pub is_file_based: Option<bool> = optional "is_file_based",
    }
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
            extra: Extra::NONE,
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

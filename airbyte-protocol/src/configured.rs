use crate::stream::null_is_default;
use crate::{Error, Stream, StreamDescriptor, SyncMode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the user chose: the file behind `read --catalog`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ConfiguredCatalog {
    /// The chosen streams, unique by (namespace, name).
    pub streams: Vec<ConfiguredStream>,
}

/// How a destination treats what arrives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DestinationSyncMode {
    /// Adds rows.
    #[default]
    Append,
    /// Replaces the table.
    Overwrite,
    /// Adds rows and keeps the newest of each primary key.
    AppendDedup,
    /// Updates rows by key (destinations that are applications).
    Update,
    /// Marks rows as deleted.
    SoftDelete,
}

/// One chosen stream (`ConfiguredAirbyteStream` in the protocol file).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfiguredStream {
    /// The stream as discovered, with the fields that the user kept.
    pub stream: Stream,
    /// Absent or null means full refresh, the protocol's default.
    #[serde(default = "full_refresh", deserialize_with = "sync_mode")]
    pub sync_mode: SyncMode,
    /// Absent or null means append.
    #[serde(default, deserialize_with = "null_is_default")]
    pub destination_sync_mode: DestinationSyncMode,
    /// The user's cursor: a path; empty when not chosen.
    #[serde(default, deserialize_with = "null_is_default", skip_serializing_if = "Vec::is_empty")]
    pub cursor_field: Vec<String>,
    /// The user's primary key: paths.
    #[serde(default, deserialize_with = "null_is_default", skip_serializing_if = "Vec::is_empty")]
    pub primary_key: Vec<Vec<String>>,
    /// Grows when the user asks for a refresh; PyAirbyte sends null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation_id: Option<i64>,
    /// Data of generations below this one is deleted by the destination.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_generation_id: Option<i64>,
    /// The number of this sync.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync_id: Option<i64>,
}

impl ConfiguredStream {
    /// `stream` with a sync mode, append, and nothing else chosen.
    pub fn new(stream: Stream, sync_mode: SyncMode) -> Self {
        Self {
            stream,
            sync_mode,
            destination_sync_mode: DestinationSyncMode::Append,
            cursor_field: Vec::new(),
            primary_key: Vec::new(),
            generation_id: None,
            minimum_generation_id: None,
            sync_id: None,
        }
    }

    /// The name by which records and states address this stream.
    pub fn descriptor(&self) -> StreamDescriptor {
        self.stream.descriptor()
    }
}

impl ConfiguredCatalog {
    /// Reads a configured catalog leniently: unknown keys, nulls and repeated keys are fine.
    ///
    /// # Errors
    ///
    /// Names the place: not JSON (line, column), a missing `streams` or name, an unknown sync
    /// mode (`streams[0].sync_mode`), the same (namespace, name) twice.
    ///
    /// ```
    /// use airbyte_protocol::ConfiguredCatalog;
    /// let error = ConfiguredCatalog::parse(br#"{"streams":[{"stream":{}}]}"#).unwrap_err();
    /// assert_eq!(error.to_string(), "at streams[0].stream: missing field `name`");
    /// ```
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let value: Value = serde_json::from_slice(bytes).map_err(|e| Error::syntax(&e))?;
        let catalog: Self =
            serde_path_to_error::deserialize(value).map_err(|e| path_error("", &e))?;
        let mut seen = std::collections::HashSet::new();
        for (index, configured) in catalog.streams.iter().enumerate() {
            if !seen.insert(configured.descriptor()) {
                let reason = format!("stream {} is configured twice", configured.descriptor());
                return Err(Error::new(format!("streams[{index}]"), reason));
            }
        }
        Ok(catalog)
    }
}

/// Turns serde's error into ours. Only the kinds whose text names keys and types are kept;
/// a text that quotes a value is cut down to what was expected.
pub(crate) fn path_error(
    prefix: &str,
    error: &serde_path_to_error::Error<serde_json::Error>,
) -> Error {
    let path = match error.path().to_string() {
        path if path == "." => prefix.to_owned(),
        path if prefix.is_empty() => path,
        path => format!("{prefix}.{path}"),
    };
    let text = error.inner().to_string();
    let reason = if text.starts_with("missing field") || text.starts_with("invalid length") {
        text
    } else if let Some((_, expected)) = text.split_once("expected ") {
        format!("expected {expected}")
    } else {
        "this has the wrong type".to_owned()
    };
    Error::new(path, reason)
}

fn full_refresh() -> SyncMode {
    SyncMode::FullRefresh
}

fn sync_mode<'de, D: serde::Deserializer<'de>>(d: D) -> Result<SyncMode, D::Error> {
    Ok(Option::<SyncMode>::deserialize(d)?.unwrap_or(SyncMode::FullRefresh))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nulls_unknown_and_repeated_keys_are_fine() {
        let json = br#"{"streams":[{"stream":{"name":"a","namespace":"","json_schema":{},
            "supported_sync_modes":null,"x":1,"default_cursor_field":null},"sync_mode":null,
            "destination_sync_mode":null,"cursor_field":null,"generation_id":null,"global_":null,
            "global_":null}],"extra":null}"#;
        let catalog = ConfiguredCatalog::parse(json).unwrap();
        assert_eq!(catalog.streams[0].descriptor(), StreamDescriptor::new("a"));
        assert_eq!(catalog.streams[0].sync_mode, SyncMode::FullRefresh);
    }

    #[test]
    fn an_unknown_sync_mode_is_named_by_its_path_without_its_value() {
        let json = br#"{"streams":[{"stream":{"name":"a"},"sync_mode":"secret-ish"}]}"#;
        let text = ConfiguredCatalog::parse(json).unwrap_err().to_string();
        assert!(text.starts_with("at streams[0].sync_mode: expected"), "{text}");
        assert!(!text.contains("secret-ish"), "{text}");
    }

    #[test]
    fn a_stream_configured_twice_is_refused() {
        let json = br#"{"streams":[{"stream":{"name":"a","namespace":null}},{"stream":{"name":"a","namespace":""}}]}"#;
        let error = ConfiguredCatalog::parse(json).unwrap_err();
        assert_eq!(error.to_string(), "at streams[1]: stream a is configured twice");
    }
}

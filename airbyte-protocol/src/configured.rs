use crate::document::{Extra, document};
use crate::{DestinationSyncMode, Error, Stream, StreamDescriptor, SyncMode};
use serde_json::Value;

document! {
    /// What the user chose: the file behind `read --catalog` (`ConfiguredAirbyteCatalog`).
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct ConfiguredCatalog {
        /// The chosen streams, unique by (namespace, name).
        pub streams: Vec<ConfiguredStream> = required "streams",
    }
}

document! {
    /// One chosen stream (`ConfiguredAirbyteStream`).
    #[derive(Debug, Clone, PartialEq)]
    pub struct ConfiguredStream {
        /// The stream as discovered, with the fields that the user kept.
        pub stream: Stream = required "stream",
        /// Absent or null means full refresh, the protocol's default.
        pub sync_mode: SyncMode = written "sync_mode",
        /// Absent or null means append, the protocol's default.
        pub destination_sync_mode: DestinationSyncMode = written "destination_sync_mode",
        /// The object of the destination that takes the records, where it has a catalog of its own
        /// (see [`DestinationCatalog`](crate::DestinationCatalog)).
        pub destination_object_name: Option<String> = optional "destination_object_name",
        /// The user's cursor: a path; empty when not chosen. It is asked for when the sync mode is
        /// incremental and the source doesn't define one.
        pub cursor_field: Vec<String> = optional "cursor_field",
        /// The user's primary key: paths. It is asked for by the deduplicating modes.
        pub primary_key: Vec<Vec<String>> = optional "primary_key",
        /// Grows when the user asks for a refresh. PyAirbyte sends null, which means that the
        /// platform has no refreshes.
        pub generation_id: Option<i64> = optional "generation_id",
        /// Data of generations below this one is deleted by the destination; 0 deletes nothing.
        pub minimum_generation_id: Option<i64> = optional "minimum_generation_id",
        /// The number of this sync, which grows from sync to sync.
        pub sync_id: Option<i64> = optional "sync_id",
        /// Whether the files of a stream of files are wanted too, and not their metadata alone.
        pub include_files: Option<bool> = optional "include_files",
    }
}

impl ConfiguredStream {
    /// `stream` with a sync mode, append, and nothing else chosen.
    pub fn new(stream: Stream, sync_mode: SyncMode) -> Self {
        Self {
            stream,
            sync_mode,
            destination_sync_mode: DestinationSyncMode::Append,
            destination_object_name: None,
            cursor_field: Vec::new(),
            primary_key: Vec::new(),
            generation_id: None,
            minimum_generation_id: None,
            sync_id: None,
            include_files: None,
            extra: Extra::NONE,
        }
    }

    /// The name by which records and states address this stream.
    pub fn descriptor(&self) -> StreamDescriptor {
        self.stream.descriptor()
    }
}

impl ConfiguredCatalog {
    /// A catalog of these streams, which must be unique by (namespace, name).
    pub const fn new(streams: Vec<ConfiguredStream>) -> Self {
        Self { streams, extra: Extra::NONE }
    }

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
        let catalog: Self = Error::reading("", value)?;
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

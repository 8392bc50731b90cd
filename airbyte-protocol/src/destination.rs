use crate::document::{Extra, document};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How a destination treats what arrives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DestinationSyncMode {
    /// Adds rows. The protocol's default for a configured stream.
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

document! {
    /// What a destination that is an application offers: the payload of DESTINATION_CATALOG, its
    /// answer to `discover`.
    ///
    /// ```
    /// use airbyte_protocol::{DestinationCatalog, DestinationOperation, DestinationSyncMode, Message};
    ///
    /// let mut upsert = DestinationOperation::new("contact", DestinationSyncMode::Update);
    /// upsert.matching_keys = vec![vec!["email".to_owned()]];
    /// let message = Message::DestinationCatalog(DestinationCatalog::new(vec![upsert]));
    /// assert_eq!(Message::parse(message.to_line().as_bytes()), Ok(message));
    /// ```
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct DestinationCatalog {
        /// What can be done with which object.
        pub operations: Vec<DestinationOperation> = required "operations",
    }
}

impl DestinationCatalog {
    /// A catalog of these operations.
    pub const fn new(operations: Vec<DestinationOperation>) -> Self {
        Self { operations, extra: Extra::NONE }
    }
}

document! {
    /// Something that a destination can do with one of its objects.
    #[derive(Debug, Clone, PartialEq)]
    pub struct DestinationOperation {
        /// The object: a table, or a kind of thing of an application.
        pub object_name: String = required "object_name",
        /// What is done with it.
        pub sync_mode: DestinationSyncMode = required "sync_mode",
        /// JSON Schema (draft 7) of the records that it takes.
        pub json_schema: Map<String, Value> = written "json_schema",
        /// The keys by which a record finds its row, each a path of names; empty when there is none.
        pub matching_keys: Vec<Vec<String>> = optional "matching_keys",
    }
}

impl DestinationOperation {
    /// An operation that takes any record; the rest is for the caller to set.
    pub fn new(object_name: impl Into<String>, sync_mode: DestinationSyncMode) -> Self {
        Self {
            object_name: object_name.into(),
            sync_mode,
            json_schema: Map::new(),
            matching_keys: Vec::new(),
            extra: Extra::NONE,
        }
    }
}

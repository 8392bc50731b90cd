use super::cursor::path;
use super::{Cursor, Schema};
use airbyte_protocol as airbyte;
use airbyte_protocol::{StreamDescriptor, SyncMode};
use schemars::JsonSchema;

/// What a stream says of itself: its name, what its records look like, how it can be read.
///
/// ```
/// use airbyte_singer_sdk::toolkit::About;
///
/// #[derive(serde::Serialize, schemars::JsonSchema)]
/// struct Order {
///     id: u64,
///     changed_at: String,
/// }
/// let orders = About::of::<Order>("orders").key(["id"]).cursor("changed_at");
/// ```
///
/// A small stream needs no type of its own: [`About::reading`] makes one of an async closure.
#[derive(Debug, Clone)]
pub struct About {
    pub(super) descriptor: StreamDescriptor,
    schema: Schema,
    key: Vec<Vec<String>>,
    pub(super) cursor: Option<Cursor>,
    resumable: Option<bool>,
    pub(super) checkpoint_every: Option<u64>,
}

impl About {
    /// A stream of records of the type `T`, by the name that is unique within its namespace.
    pub fn of<T: JsonSchema>(name: impl Into<String>) -> Self {
        Self::new(name, Schema::of::<T>())
    }

    /// A stream of records that fit `schema`.
    pub fn new(name: impl Into<String>, schema: Schema) -> Self {
        let descriptor = StreamDescriptor::new(name);
        let (key, cursor) = (Vec::new(), None);
        Self { descriptor, schema, key, cursor, resumable: None, checkpoint_every: None }
    }

    /// The schema or database that the stream belongs to.
    #[must_use]
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.descriptor = self.descriptor.in_namespace(namespace);
        self
    }

    /// The fields that tell one record from all others: names, or JSON Pointers such as `/meta/id`.
    #[must_use]
    pub fn key<F: Into<String>>(mut self, fields: impl IntoIterator<Item = F>) -> Self {
        self.key = fields.into_iter().map(|field| path(&field.into())).collect();
        self
    }

    /// The field that grows with every change of a record, a time or a number: its name, its JSON
    /// Pointer, or a [`Cursor`], which says how its values are ordered. With it the stream can be read
    /// incrementally.
    #[must_use]
    pub fn cursor(mut self, cursor: impl Into<Cursor>) -> Self {
        self.cursor = Some(cursor.into());
        self
    }

    /// Whether a full refresh that was cut short can go on: its slices come again under the same keys,
    /// so that those which were done are left out. Streams with a cursor can, unless they say no.
    #[must_use]
    pub const fn resumable(mut self, resumable: bool) -> Self {
        self.resumable = Some(resumable);
        self
    }

    /// After how many records of a slice, in an incremental read, a state may stand within it. Only a
    /// stream whose slices come in the order of their cursor may say so, and it is held to it.
    #[must_use]
    pub const fn checkpoint_every(mut self, records: u64) -> Self {
        self.checkpoint_every = Some(records);
        self
    }

    /// What the stream is called.
    pub const fn descriptor(&self) -> &StreamDescriptor {
        &self.descriptor
    }

    /// How its records are ordered, if it can be read incrementally.
    pub const fn order(&self) -> Option<&Cursor> {
        self.cursor.as_ref()
    }

    pub(super) fn is_resumable(&self) -> bool {
        self.resumable.unwrap_or(self.cursor.is_some())
    }

    /// The stream as a catalog has it.
    pub(super) fn into_offer(self) -> airbyte::Stream {
        let is_resumable = self.is_resumable();
        let mut offer = airbyte::Stream::new(self.descriptor.name, self.schema.into_map());
        offer.namespace = self.descriptor.namespace;
        offer.source_defined_primary_key = self.key;
        offer.is_resumable = Some(is_resumable);
        if let Some(cursor) = self.cursor {
            offer.source_defined_cursor = Some(true);
            offer.supported_sync_modes.push(SyncMode::Incremental);
            offer.default_cursor_field = cursor.path().to_vec();
        }
        offer
    }
}

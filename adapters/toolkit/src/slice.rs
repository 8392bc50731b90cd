use airbyte_protocol::SyncMode;
use airbyte_singer_runtime::{Error, Result};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::pin::Pin;

/// What a slice is known by in a state. Sorted, since platforms give keys back in any order.
pub(super) type Key = BTreeMap<String, Value>;

/// A part of a stream that is read in one go: a day, a parent's children, or all of it.
///
/// There are two kinds, which differ in an incremental read:
///
/// * *windows* cut the stream along its cursor and come in its order. The stream has one cursor,
///   that of the last window that was done with all before it.
/// * *partitions* cut it along something else, a parent mostly. Each has a cursor of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice {
    key: Key,
    beside: BTreeMap<String, Value>,
    is_partition: bool,
    mode: SyncMode,
    at: Option<Value>,
}

impl Slice {
    fn new(key: Key, is_partition: bool) -> Self {
        let mode = SyncMode::FullRefresh;
        Self { key, beside: BTreeMap::new(), is_partition, mode, at: None }
    }

    /// The only slice of a stream that isn't cut.
    pub fn whole() -> Self {
        Self::new(Key::new(), false)
    }

    /// A window of the cursor, such as `[("day", "2026-01-31")]`. Its key, of texts and numbers, tells
    /// it from the others: a full refresh that can go on reads a key once.
    pub fn window<K: Into<String>, V: Into<Value>>(key: impl IntoIterator<Item = (K, V)>) -> Self {
        Self::new(key.into_iter().map(|(k, v)| (k.into(), v.into())).collect(), false)
    }

    /// A part with a cursor of its own, such as `[("repository", 7)]`.
    pub fn partition<K: Into<String>, V: Into<Value>>(
        key: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        Self::new(key.into_iter().map(|(k, v)| (k.into(), v.into())).collect(), true)
    }

    /// Adds what the read wants to know and the state needn't keep: a parent's name beside its id.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.beside.insert(name.into(), value.into());
        self
    }

    /// A part of the key, or what was added by [`Slice::with`].
    ///
    /// # Errors
    ///
    /// There is none of that name, or it is of another type.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        let value = self.key.get(name).or_else(|| self.beside.get(name));
        let value = value.ok_or_else(|| Error::system(format!("the slice has no `{name}`")))?;
        typed(value).ok_or_else(|| Error::system(format!("the slice's `{name}` has another type")))
    }

    /// In an incremental read, the greatest cursor of an earlier one: of this partition, or of all
    /// windows. Records at this very value are to be read again.
    ///
    /// # Errors
    ///
    /// The state holds a cursor of another type.
    pub fn cursor<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        self.at_in(SyncMode::Incremental)
    }

    /// In a full refresh that was cut short, the last [`Out::checkpoint`](super::Out::checkpoint) of
    /// this slice.
    ///
    /// # Errors
    ///
    /// The state holds a position of another type.
    pub fn position<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        self.at_in(SyncMode::FullRefresh)
    }

    fn at_in<T: DeserializeOwned>(&self, mode: SyncMode) -> Result<Option<T>> {
        if self.mode == mode { typed_state(self.at.as_ref()) } else { Ok(None) }
    }

    pub(super) fn key(&self) -> &Key {
        &self.key
    }

    pub(super) fn is_partition(&self) -> bool {
        self.is_partition
    }

    /// The slice as a read in `mode` gets it, to go on at `at`.
    pub(super) fn going_on(mut self, mode: SyncMode, at: Option<Value>) -> Self {
        self.mode = mode;
        self.at = at;
        self
    }
}

fn typed<T: DeserializeOwned>(value: &Value) -> Option<T> {
    serde_json::from_value(value.clone()).ok()
}

fn typed_state<T: DeserializeOwned>(value: Option<&Value>) -> Result<Option<T>> {
    let wrong = || Error::config("the state holds a position of another type than the stream's");
    value.map(|value| typed(value).ok_or_else(wrong)).transpose()
}

/// Where slices go.
pub(super) trait SliceSink {
    /// Takes a slice, once there is room for it.
    fn take(&mut self, slice: Slice) -> Pin<Box<dyn Future<Output = Result<()>> + '_>>;
}

/// Takes the slices that a stream makes: see [`Stream::slices`](super::Stream::slices).
pub struct Slices<'a> {
    pub(super) sink: &'a mut dyn SliceSink,
    cursor: Option<Value>,
    left_out: Option<Error>,
}

impl<'a> Slices<'a> {
    pub(super) fn new(sink: &'a mut dyn SliceSink, cursor: Option<Value>) -> Self {
        Self { sink, cursor, left_out: None }
    }

    /// In an incremental read, the greatest cursor that an earlier one got to in its windows: the first
    /// window is the one that holds it. None means from the beginning.
    ///
    /// # Errors
    ///
    /// The state holds a cursor of another type.
    pub fn cursor<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        typed_state(self.cursor.as_ref())
    }

    /// Adds a slice, and waits until somebody takes it.
    ///
    /// # Errors
    ///
    /// The read has ended.
    pub async fn emit(&mut self, slice: Slice) -> Result<()> {
        self.sink.take(slice).await
    }

    /// Says that slices are left out and why: all others are read, and then the stream fails with this. Of
    /// several such errors the first counts.
    pub fn leave_out(&mut self, why: Error) {
        self.left_out.get_or_insert(why);
    }

    /// Why slices were left out.
    pub(super) const fn take_left_out(&mut self) -> Option<Error> {
        self.left_out.take()
    }

    /// Adds slices, one after the other.
    ///
    /// # Errors
    ///
    /// As [`Slices::emit`].
    pub async fn emit_all(&mut self, slices: impl IntoIterator<Item = Slice>) -> Result<()> {
        for slice in slices {
            self.emit(slice).await?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for Slices<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slices").finish_non_exhaustive()
    }
}

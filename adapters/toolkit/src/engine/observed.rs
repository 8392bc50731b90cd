//! What the records of an incremental read have for a cursor.

use crate::Cursor;
use crate::cursor::{Key, Kind};
use airbyte_protocol::StreamDescriptor;
use airbyte_singer_runtime::Result;
use serde_json::Value;
use std::cell::Cell;

/// The cursors of one stream's records, over all of its slices.
pub(super) struct Observed<'a> {
    cursor: &'a Cursor,
    /// What all of them are.
    kind: Cell<Option<Kind>>,
    with: Cell<u64>,
    without: Cell<u64>,
}

impl<'a> Observed<'a> {
    /// Goes on from an earlier read, of which one cursor was saved.
    ///
    /// # Errors
    ///
    /// A config error: the settings of the cursor don't fit what was saved.
    pub(super) fn new(cursor: &'a Cursor, saved: Option<&Value>) -> Result<Self> {
        let saved = saved.map(|saved| cursor.saved_key(saved)).transpose()?;
        let kind = Cell::new(saved.flatten().map(|key| key.kind()));
        Ok(Self { cursor, kind, with: Cell::new(0), without: Cell::new(0) })
    }

    /// The cursor of a record that is to be emitted, with what it is ordered by.
    ///
    /// # Errors
    ///
    /// It is of another kind than that of the records before.
    pub(super) fn record(&self, record: &[u8]) -> Result<Option<(Key, Value)>> {
        let Some((key, value)) = self.cursor.of_record(record)? else {
            self.without.set(self.without.get() + 1);
            return Ok(None);
        };
        match self.kind.replace(Some(key.kind())) {
            Some(known) if known != key.kind() => Err(self.cursor.mixed(known, key.kind())),
            _ => {
                self.with.set(self.with.get() + 1);
                Ok(Some((key, value)))
            }
        }
    }

    /// Says once that records have no cursor.
    pub(super) fn warn(&self, stream: &StreamDescriptor) {
        let (name, without) = (self.cursor.name(), self.without.get());
        if without == 0 {
            return;
        }
        if self.kind.get().is_some() {
            tracing::warn!(
                "stream {stream}: records without a value in the cursor `{name}`: {without}. They are \
                 emitted, and the state can't tell which of them are new"
            );
            return;
        }
        let hint = self.cursor.hint();
        tracing::warn!(
            "stream {stream}: none of {without} records has the cursor `{name}`, so every read begins \
             from the start{hint}"
        );
    }
}

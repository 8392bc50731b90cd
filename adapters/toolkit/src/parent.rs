//! Slices made from another stream's records.

use super::out::RecordSink;
use super::slice::SliceSink;
use super::{AnyStream, Out, Slice, Slices};
use airbyte_protocol::Change;
use airbyte_singer_runtime::{Error, Result};
use serde_json::Value;
use std::pin::Pin;

impl Slices<'_> {
    /// Reads `parent` in full, slice by slice, and makes a slice of each of its records for which
    /// `make` gives one: mostly a [`Slice::partition`] by the parent's id. Its records are emitted by
    /// nobody; the children's are read while the parent goes on, which waits while enough are in work.
    ///
    /// # Errors
    ///
    /// What keeps the parent from being read; the read has ended.
    pub async fn of_parent(
        &mut self,
        parent: &dyn AnyStream,
        mut make: impl FnMut(&Value) -> Option<Slice>,
    ) -> Result<()> {
        let mut reading = Reading { parent, make: &mut make, children: &mut *self.sink };
        let mut above = Slices::new(&mut reading, None);
        let made = parent.slices(&mut above).await;
        // What is left out above is missing here too.
        if let Some(why) = above.take_left_out() {
            self.leave_out(why);
        }
        made
    }
}

/// Takes the parent's slices by reading them.
struct Reading<'a> {
    parent: &'a dyn AnyStream,
    make: &'a mut dyn FnMut(&Value) -> Option<Slice>,
    children: &'a mut dyn SliceSink,
}

impl SliceSink for Reading<'_> {
    fn take(&mut self, slice: Slice) -> Pin<Box<dyn Future<Output = Result<()>> + '_>> {
        Box::pin(async move {
            let mut records =
                Records { make: &mut *self.make, children: &mut *self.children, made: None };
            self.parent.read(&slice, &mut Out::new(&mut records)).await
        })
    }
}

/// Takes the parent's records by making slices of them.
struct Records<'a> {
    make: &'a mut dyn FnMut(&Value) -> Option<Slice>,
    children: &'a mut dyn SliceSink,
    made: Option<Slice>,
}

impl RecordSink for Records<'_> {
    fn take(&mut self, record: &[u8], _: &[Change]) -> Result<bool> {
        let record = serde_json::from_slice(record)
            .map_err(|_| Error::system("a parent's record is no JSON"))?;
        self.made = (self.make)(&record);
        Ok(self.made.is_some())
    }

    fn settle(&mut self) -> Pin<Box<dyn Future<Output = Result<()>> + '_>> {
        Box::pin(async move {
            match self.made.take() {
                Some(slice) => self.children.take(slice).await,
                None => Ok(()),
            }
        })
    }

    // A child that is there twice is read twice.
    fn again(&mut self) {}

    fn checkpoint(&mut self, _: Value) -> Result<()> {
        Ok(())
    }
}

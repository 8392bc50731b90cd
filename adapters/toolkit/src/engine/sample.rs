//! The first records of a stream, without a platform.

use crate::out::RecordSink;
use crate::slice::SliceSink;
use crate::{AnyStream, Out, Slice, Slices};
use airbyte_protocol::Change;
use airbyte_singer_runtime::{Error, Result};
use serde_json::{Map, Value};
use std::pin::Pin;

/// Of so many slices at most a sample is taken: parents without children could go on forever.
const SLICES: usize = 100;

/// Hands the first records of a stream to `each`, as a full refresh has them: so many at most, out of
/// the first hundred slices.
///
/// # Errors
///
/// What keeps the stream from being read so far.
pub async fn sample(
    stream: &dyn AnyStream,
    most: usize,
    each: impl FnMut(&Map<String, Value>),
) -> Result<()> {
    first(stream, most, SLICES, each).await
}

/// As [`sample`], out of so many slices.
pub(super) async fn first(
    stream: &dyn AnyStream,
    most: usize,
    slices: usize,
    each: impl FnMut(&Map<String, Value>),
) -> Result<()> {
    let mut records = Records { left: most, each };
    let mut sampler = Sampler { stream, slices, records: &mut records };
    let result = stream.slices(&mut Slices::new(&mut sampler, None)).await;
    // Whoever has enough ends the read with an error.
    if sampler.has_enough() { Ok(()) } else { result }
}

struct Sampler<'a, E> {
    stream: &'a dyn AnyStream,
    slices: usize,
    records: &'a mut Records<E>,
}

struct Records<E> {
    left: usize,
    each: E,
}

impl<E> Sampler<'_, E> {
    const fn has_enough(&self) -> bool {
        self.slices == 0 || self.records.left == 0
    }
}

fn enough() -> Error {
    Error::system("these records are enough")
}

impl<E: FnMut(&Map<String, Value>)> SliceSink for Sampler<'_, E> {
    fn take(&mut self, slice: Slice) -> Pin<Box<dyn Future<Output = Result<()>> + '_>> {
        Box::pin(async move {
            self.stream.read(&slice, &mut Out::new(self.records)).await?;
            self.slices = self.slices.saturating_sub(1);
            if self.has_enough() { Err(enough()) } else { Ok(()) }
        })
    }
}

impl<E: FnMut(&Map<String, Value>)> RecordSink for Records<E> {
    fn take(&mut self, record: &[u8], _: &[Change]) -> Result<bool> {
        let record = serde_json::from_slice(record)
            .map_err(|_| Error::system("a record can't be read back as JSON"))?;
        (self.each)(&record);
        self.left = self.left.saturating_sub(1);
        if self.left == 0 { Err(enough()) } else { Ok(false) }
    }

    fn settle(&mut self) -> Pin<Box<dyn Future<Output = Result<()>> + '_>> {
        Box::pin(async { Ok(()) })
    }

    fn again(&mut self) {}

    fn checkpoint(&mut self, _: Value) -> Result<()> {
        Ok(())
    }
}

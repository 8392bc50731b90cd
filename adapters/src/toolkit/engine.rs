//! What follows from a connector's streams: the catalog, a check, a read.

mod reading;

use self::reading::Reading;
use super::slice::{Slice, SliceSink, Slices};
use super::{AnyStream, Streams};
use crate::{Emitter, Error, ReadJob, Result};
use airbyte_protocol::{
    Catalog, ConfiguredStream, FailureType, Stream, StreamDescriptor, SyncMode,
};
use futures_util::StreamExt;
use std::pin::Pin;
use tokio::sync::Semaphore;

/// The catalog of these streams.
pub fn catalog(streams: &Streams) -> Catalog {
    Catalog::new(streams.iter().map(|stream| described(&**stream)).collect())
}

fn described(stream: &dyn AnyStream) -> Stream {
    let mut described = Stream::new(stream.name(), stream.schema().into_map());
    described.namespace = stream.namespace().map(str::to_owned);
    described.source_defined_primary_key =
        stream.primary_key().iter().map(|field| vec![(*field).to_owned()]).collect();
    if let Some(cursor) = stream.cursor_field() {
        described.supported_sync_modes.push(SyncMode::Incremental);
        described.default_cursor_field = vec![cursor.to_owned()];
    }
    if stream.cursor_field().is_some() || stream.is_resumable() {
        described.source_defined_cursor = Some(true);
    }
    described.is_resumable = Some(stream.is_resumable());
    described
}

/// Reads the first stream until its first record, or until it turns out to have none.
///
/// # Errors
///
/// The stream's.
pub async fn first_record(streams: &Streams) -> Result<()> {
    let Some(first) = streams.first() else { return Ok(()) };
    let mut found = Found(false);
    let mut slices = Slices::new(&mut found, None);
    // A record that would make a slice is a record.
    let result = slices.of_parent(&**first, |_| Some(Slice::whole())).await;
    if found.0 { Ok(()) } else { result }
}

struct Found(bool);

impl SliceSink for Found {
    fn take(&mut self, _: Slice) -> Pin<Box<dyn Future<Output = Result<()>> + '_>> {
        self.0 = true;
        Box::pin(async { Err(Error::system("one record is enough")) })
    }
}

/// Reads the configured streams: at most `workers` of them side by side, in the order of the catalog,
/// and at most `workers` slices over all of them. So one worker reads one stream after the other.
///
/// A stream that fails is INCOMPLETE at once, and the others go on.
///
/// # Errors
///
/// Names every stream that failed. Of several the user's faults come first: then it is a config error,
/// else a system error if one of them is. An error of stdout ends all streams.
pub async fn read(
    streams: &Streams,
    job: &ReadJob,
    emitter: &Emitter,
    workers: usize,
) -> Result<()> {
    let workers = workers.max(1);
    let permits = Semaphore::new(workers);
    let reads = job.catalog.streams.iter().map(|configured| {
        let permits = &permits;
        async move {
            let result = read_one(streams, configured, job, emitter, permits, workers).await;
            (configured.descriptor(), result)
        }
    });
    let mut reads = futures_util::stream::iter(reads).buffer_unordered(workers);
    let mut failures = Vec::new();
    while let Some((descriptor, result)) = reads.next().await {
        if result.as_ref().is_err_and(Error::is_closed) {
            return result;
        }
        let mut floor = emitter.lock();
        if let Some(id) = floor.id(&descriptor) {
            floor.end(id, result.is_ok())?;
        }
        if let Err(error) = result {
            tracing::warn!("stream {descriptor} failed: {error}");
            failures.push((descriptor, error));
        }
    }
    verdict(failures)
}

async fn read_one(
    streams: &Streams,
    configured: &ConfiguredStream,
    job: &ReadJob,
    emitter: &Emitter,
    permits: &Semaphore,
    workers: usize,
) -> Result<()> {
    let descriptor = configured.descriptor();
    let is_it = |stream: &&Box<dyn AnyStream>| {
        stream.name() == descriptor.name && stream.namespace() == descriptor.namespace.as_deref()
    };
    let stream = streams.iter().find(is_it);
    let stream = stream.ok_or_else(|| Error::config("the source has no such stream"))?;
    if configured.sync_mode == SyncMode::Incremental && stream.cursor_field().is_none() {
        return Err(Error::config("it can't be read incrementally; choose full_refresh"));
    }
    let reading = Reading::new(&**stream, configured, &job.state, emitter, permits)?;
    reading.run(workers).await
}

/// What failed, in one error.
fn verdict(mut failures: Vec<(StreamDescriptor, Error)>) -> Result<()> {
    if failures.len() <= 1 {
        return match failures.pop() {
            None => Ok(()),
            Some((descriptor, error)) => {
                Err(error.prefaced(&format!("stream {descriptor}: ")).in_stream(descriptor))
            }
        };
    }
    let failed_by = |class| failures.iter().any(|(_, error)| error.failure_type() == class);
    let classes = [FailureType::ConfigError, FailureType::SystemError];
    let class = classes.into_iter().find(|class| failed_by(*class));
    let names: Vec<String> = failures.iter().map(|(name, _)| name.to_string()).collect();
    let reasons: Vec<String> =
        failures.iter().map(|(name, error)| format!("{name}: {error}")).collect();
    let text =
        format!("{} streams failed ({}): {}", names.len(), names.join(", "), reasons.join("; "));
    Err(Error::of(class.unwrap_or(FailureType::TransientError), text))
}

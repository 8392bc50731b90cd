//! What follows from a connector's streams: the catalog, a check, a read.

mod discovery;
mod observed;
mod reading;
mod sample;

pub use discovery::discover;
pub use sample::sample;

use self::reading::Reading;
use super::{About, AnyStream, Streams};
use airbyte_protocol::{Catalog, ConfiguredStream, FailureType, StreamDescriptor, SyncMode};
use airbyte_singer_runtime::caught;
use airbyte_singer_runtime::{Emitter, Error, ReadJob, Result, nearest_stream};
use futures_util::StreamExt;
use tokio::sync::Semaphore;

/// The catalog of these streams.
pub fn catalog(streams: &Streams) -> Catalog {
    Catalog::new(streams.iter().map(|stream| stream.about().into_offer()).collect())
}

/// Reads the first stream until its first record, or until it turns out to have none.
///
/// # Errors
///
/// The stream's, with its name before it.
pub async fn first_record(streams: &Streams) -> Result<()> {
    let Some(first) = streams.first() else { return Ok(()) };
    let read = sample::first(&**first, 1, usize::MAX, |_| ()).await;
    read.map_err(|error| error.prefaced(&format!("stream {}: ", first.about().descriptor())))
}

/// Reads the configured streams: at most `workers` of them side by side, in the order of the catalog,
/// and at most `workers` slices over all of them. So one worker reads one stream after the other.
///
/// A stream that fails, or panics, is INCOMPLETE at once, and the others go on.
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
    let known: Known<'_> = streams.iter().map(|stream| (stream.about(), &**stream)).collect();
    let mut failures = end_unknown(&known, job, emitter)?;
    let reads = job.catalog.streams.iter().filter_map(|configured| {
        let (about, stream) = find(&known, configured)?;
        let permits = &permits;
        Some(async move {
            let about = about.clone();
            let work = read_one(about, stream, configured, job, emitter, permits, workers);
            let result = caught(work).await;
            (configured.descriptor(), result)
        })
    });
    let mut reads = futures_util::stream::iter(reads).buffer_unordered(workers);
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

/// Streams, and what they say of themselves.
type Known<'a> = Vec<(About, &'a dyn AnyStream)>;

fn find<'a>(
    known: &'a Known<'_>,
    configured: &ConfiguredStream,
) -> Option<(&'a About, &'a dyn AnyStream)> {
    let descriptor = configured.descriptor();
    let found = known.iter().find(|(about, _)| about.descriptor == descriptor);
    found.map(|(about, stream)| (about, *stream))
}

/// Ends the configured streams that there are not, and tells of them, before anything is read.
fn end_unknown(
    known: &Known<'_>,
    job: &ReadJob,
    emitter: &Emitter,
) -> Result<Vec<(StreamDescriptor, Error)>> {
    let mut failures = Vec::new();
    for configured in &job.catalog.streams {
        if find(known, configured).is_some() {
            continue;
        }
        let descriptor = configured.descriptor();
        let offered = known.iter().map(|(about, _)| &about.descriptor);
        let text = match nearest_stream(&descriptor, offered) {
            Some(near) => format!("the source has no such stream; did you mean {near}?"),
            None => "the source has no such stream".to_owned(),
        };
        tracing::warn!("stream {descriptor}: {text}");
        let mut floor = emitter.lock();
        if let Some(id) = floor.id(&descriptor) {
            floor.end(id, false)?;
        }
        failures.push((descriptor, Error::config(text)));
    }
    Ok(failures)
}

async fn read_one(
    about: About,
    stream: &dyn AnyStream,
    configured: &ConfiguredStream,
    job: &ReadJob,
    emitter: &Emitter,
    permits: &Semaphore,
    workers: usize,
) -> Result<()> {
    let descriptor = configured.descriptor();
    let mode = match about.cursor {
        Some(_) => configured.sync_mode,
        // PyAirbyte asks for it whatever a stream offers.
        None if configured.sync_mode == SyncMode::Incremental => {
            tracing::info!("stream {descriptor} has no cursor; all of it is read");
            SyncMode::FullRefresh
        }
        None => SyncMode::FullRefresh,
    };
    let reading = Reading::new(stream, &about, mode, &job.state, emitter, permits)?;
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

//! Which stream a piece of work is for, told to what it calls without being handed through.

use airbyte_singer_runtime::{Emitter, Result, StreamId};

tokio::task_local! {
    static STREAM: (Emitter, StreamId);
}

/// Does `work` for a stream.
pub(super) async fn on_behalf_of<T>(
    emitter: &Emitter,
    stream: StreamId,
    work: impl Future<Output = T>,
) -> T {
    STREAM.scope((emitter.clone(), stream), work).await
}

/// Says that the stream whose slices are being made or read waits for its API's quota (a RUNNING status
/// with the reason RATE_LIMITED), until a time in milliseconds since the epoch if that is known. Outside
/// of a read nothing is said.
///
/// # Errors
///
/// Nobody reads any more.
pub fn rate_limited(until: Option<u64>) -> Result<()> {
    STREAM
        .try_with(|(emitter, stream)| emitter.lock().rate_limited(*stream, until))
        .unwrap_or(Ok(()))
}

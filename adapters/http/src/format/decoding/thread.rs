use super::feed::{Batch, Feed, Part};
use super::{Marked, Remainder, decode, next_part};
use crate::Format;
use airbyte_singer_runtime::{Error, Result};
use bytes::Bytes;
use reqwest::Response;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// So many parts of a body wait to be decoded, and so many batches of records to be taken.
const PARTS: usize = 4;
const BATCHES: usize = 1;

/// A body that is decoded on a thread of its own. Dropping this closes what that reads from and writes
/// to, which ends it.
pub(super) struct Thread {
    response: Response,
    /// Gone once the whole body went through it.
    parts: Option<mpsc::Sender<Part>>,
    batches: mpsc::Receiver<(Vec<Marked>, bool)>,
    /// Says that a large record is gone, so that the next one may be read.
    gone: mpsc::Sender<()>,
    is_large: bool,
    decoder: JoinHandle<Result<Remainder>>,
    /// Why the body broke off, which comes before what the decoder makes of that.
    failure: Option<Error>,
}

impl Thread {
    /// Begins with a body of which the `first` parts are there.
    pub(super) fn start(response: Response, first: Vec<Bytes>, format: Arc<dyn Format>) -> Self {
        let (parts, body) = mpsc::channel(PARTS);
        let (out, batches) = mpsc::channel(BATCHES);
        let (gone, large) = mpsc::channel(1);
        let decoder = tokio::task::spawn_blocking(move || {
            let batch = Rc::new(RefCell::new(Batch::new(out, large)));
            let mut feed = Feed::new(first, body, Rc::clone(&batch));
            let outcome =
                decode(&*format, &mut feed, &mut |record| batch.borrow_mut().push(record));
            // Those before a fault are good.
            batch.borrow_mut().flush()?;
            outcome
        });
        let parts = Some(parts);
        Self { response, parts, batches, gone, is_large: false, decoder, failure: None }
    }

    /// The next records, while the body is passed on, and whether the last of them is a large one: it must
    /// be gone when more are asked for. It may be dropped while it waits.
    pub(super) async fn records(&mut self) -> Option<(Vec<Marked>, bool)> {
        if std::mem::take(&mut self.is_large) {
            // Who waits for it is there, or has gone.
            let _ = self.gone.try_send(());
        }
        let batch = self.batch().await;
        self.is_large = batch.as_ref().is_some_and(|(_, is_large)| *is_large);
        batch
    }

    async fn batch(&mut self) -> Option<(Vec<Marked>, bool)> {
        loop {
            let Some(parts) = &self.parts else { return self.batches.recv().await };
            tokio::select! {
                biased;
                records = self.batches.recv() => return records,
                over = pass(&mut self.response, parts, &mut self.failure) => {
                    if over {
                        self.parts = None;
                    }
                }
            }
        }
    }

    /// How it ended, once there are no more records.
    pub(super) async fn end(&mut self) -> Result<Remainder> {
        // A format may end before its body does.
        self.parts = None;
        let outcome = (&mut self.decoder).await.map_err(|_| Error::system("a decoder panicked"))?;
        match self.failure.take() {
            Some(failure) => Err(failure),
            None => outcome,
        }
    }
}

/// Passes the next part of a body on; the answer says whether it was the last.
async fn pass(
    response: &mut Response,
    parts: &mpsc::Sender<Part>,
    failure: &mut Option<Error>,
) -> bool {
    // Only with a place for it is a part taken, so that none is lost where this is dropped.
    let Ok(place) = parts.reserve().await else { return true };
    let part = match next_part(response).await {
        Ok(part) => Ok(part.unwrap_or_default()),
        Err(error) => {
            *failure = Some(error.clone());
            Err(error)
        }
    };
    let over = part.as_ref().map_or(true, Bytes::is_empty);
    place.send(part);
    over
}

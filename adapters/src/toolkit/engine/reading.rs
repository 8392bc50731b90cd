//! The read of one stream.

use crate::toolkit::cursor::{self, keep_greatest};
use crate::toolkit::out::RecordSink;
use crate::toolkit::progress::Progress;
use crate::toolkit::saved::Saved;
use crate::toolkit::slice::SliceSink;
use crate::toolkit::waiting::on_behalf_of;
use crate::toolkit::{About, AnyStream, Out, Slice, Slices};
use crate::{Emitter, Error, Result, StreamId, now_millis};
use airbyte_protocol::{StateInput, StreamDescriptor, SyncMode};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::Value;
use std::cell::RefCell;
use std::cmp::Ordering;
use std::pin::Pin;
use tokio::sync::{Semaphore, mpsc};

pub(super) struct Reading<'a> {
    stream: &'a dyn AnyStream,
    about: &'a About,
    id: StreamId,
    mode: SyncMode,
    emitter: &'a Emitter,
    permits: &'a Semaphore,
    progress: RefCell<Progress>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(
        stream: &'a dyn AnyStream,
        about: &'a About,
        mode: SyncMode,
        state: &StateInput,
        emitter: &'a Emitter,
        permits: &'a Semaphore,
    ) -> Result<Self> {
        let descriptor = about.descriptor();
        let id = emitter.lock().id(descriptor);
        let id = id.ok_or_else(|| Error::system("it is not configured"))?;
        let is_resumable = mode == SyncMode::Incremental || about.is_resumable();
        // What can't go on needs no state, whatever it looks like.
        let saved = match is_resumable {
            true => Saved::load(own_state(state, descriptor)?, mode)?,
            false => Saved::new(mode),
        };
        let progress = RefCell::new(Progress::new(saved, is_resumable));
        Ok(Self { stream, about, id, mode, emitter, permits, progress })
    }

    /// Makes slices and reads them, both at once.
    pub(super) async fn run(&self, workers: usize) -> Result<()> {
        self.emitter.lock().start(self.id)?;
        let (queue, made) = mpsc::channel(1);
        let work =
            async { tokio::try_join!(self.make_slices(queue), self.read_slices(made, workers)) };
        on_behalf_of(self.emitter, self.id, work).await?;
        match self.progress.borrow_mut().conclude() {
            Some(state) => self.emitter.lock().state(self.id, state),
            None => Ok(()),
        }
    }

    async fn make_slices(&self, queue: mpsc::Sender<Slice>) -> Result<()> {
        let start = self.progress.borrow().start().cloned();
        self.stream.slices(&mut Slices::new(&mut Queue(queue), start)).await
    }

    async fn read_slices(&self, mut made: mpsc::Receiver<Slice>, workers: usize) -> Result<()> {
        let mut reads = FuturesUnordered::new();
        let mut more = true;
        while more || !reads.is_empty() {
            let room = reads.len() < workers && self.progress.borrow().has_room();
            tokio::select! {
                biased;
                Some(read) = reads.next() => read?,
                slice = made.recv(), if more && room => match slice {
                    Some(slice) => {
                        let admitted = self.progress.borrow_mut().admit(slice);
                        reads.extend(admitted.map(|(number, slice)| self.read(number, slice)));
                    }
                    None => more = false,
                },
            }
        }
        Ok(())
    }

    async fn read(&self, number: usize, slice: Slice) -> Result<()> {
        let permit = self.permits.acquire().await;
        let _permit = permit.map_err(|_| Error::system("the read has ended"))?;
        let mut sink = ToPlatform::new(self, number);
        self.stream.read(&slice, &mut Out::new(&mut sink)).await?;
        let greatest = sink.greatest;
        if self.progress.borrow_mut().finish(number, greatest)? { self.publish() } else { Ok(()) }
    }

    fn publish(&self) -> Result<()> {
        let state = self.progress.borrow_mut().publish();
        self.emitter.lock().state(self.id, state)
    }
}

/// What the platform stored for a stream; the last one counts.
fn own_state<'a>(
    state: &'a StateInput,
    descriptor: &StreamDescriptor,
) -> Result<Option<&'a Value>> {
    let states = match state {
        StateInput::Empty => return Ok(None),
        StateInput::PerStream(states) => states,
        StateInput::Global(global) => &global.stream_states,
        StateInput::Legacy(_) => {
            return Err(Error::config("the state was not written by this source; reset it"));
        }
    };
    let own = states.iter().rev().find(|state| state.stream_descriptor == *descriptor);
    Ok(own.and_then(|state| state.stream_state.as_ref()))
}

/// Slices wait here until one of the workers is free.
struct Queue(mpsc::Sender<Slice>);

impl SliceSink for Queue {
    fn take(&mut self, slice: Slice) -> Pin<Box<dyn Future<Output = Result<()>> + '_>> {
        Box::pin(async move {
            self.0.send(slice).await.map_err(|_| Error::system("the read has ended"))
        })
    }
}

/// Takes the records of one slice to stdout.
struct ToPlatform<'a> {
    reading: &'a Reading<'a>,
    number: usize,
    greatest: Option<Value>,
    since_state: u64,
    /// Whether records come again that stand before the greatest.
    is_again: bool,
}

impl<'a> ToPlatform<'a> {
    const fn new(reading: &'a Reading<'a>, number: usize) -> Self {
        Self { reading, number, greatest: None, since_state: 0, is_again: false }
    }

    /// Follows the cursor of a record that went out; in a stream that keeps its order, a state may be
    /// due.
    fn follow(&mut self, record: &[u8], field: &str) -> Result<()> {
        let cursor = cursor::of_record(record, field)?;
        let Some(every) = self.reading.about.checkpoint_every else {
            return cursor.map_or(Ok(()), |cursor| keep_greatest(&mut self.greatest, cursor));
        };
        // Without a place in the order, a state behind it could not speak of it.
        let missing = || Error::system(format!("a record has no `{field}` to stand in order by"));
        let cursor = cursor.ok_or_else(missing)?;
        let order = self.greatest.as_ref().map(|greatest| cursor::compare(greatest, &cursor));
        let is_before = order == Some(Some(Ordering::Greater));
        self.is_again &= is_before;
        if is_before && !self.is_again {
            let text = format!("its records don't come in the order of `{field}`, as it promised");
            return Err(Error::system(text));
        }
        keep_greatest(&mut self.greatest, cursor)?;
        self.since_state += 1;
        if self.since_state < every { Ok(()) } else { self.checkpoint_here() }
    }

    fn checkpoint_here(&mut self) -> Result<()> {
        self.since_state = 0;
        self.greatest.clone().map_or(Ok(()), |cursor| self.advance(cursor))
    }

    fn advance(&mut self, at: Value) -> Result<()> {
        let publish = self.reading.progress.borrow_mut().advance(self.number, at)?;
        if publish { self.reading.publish() } else { Ok(()) }
    }
}

impl RecordSink for ToPlatform<'_> {
    fn take(&mut self, record: &[u8]) -> Result<bool> {
        let Reading { about, mode, id, emitter, .. } = self.reading;
        emitter.lock().handle(*id).record(record, now_millis(), &[])?;
        if let (SyncMode::Incremental, Some(field)) = (mode, &about.cursor) {
            self.follow(record, field)?;
        }
        Ok(false)
    }

    fn settle(&mut self) -> Pin<Box<dyn Future<Output = Result<()>> + '_>> {
        Box::pin(async { Ok(()) })
    }

    fn again(&mut self) {
        self.is_again = true;
    }

    fn checkpoint(&mut self, position: Value) -> Result<()> {
        match self.reading.mode {
            SyncMode::FullRefresh => self.advance(position),
            SyncMode::Incremental => Ok(()),
        }
    }
}

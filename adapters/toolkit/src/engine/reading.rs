//! The read of one stream.

use super::observed::Observed;
use crate::cursor::Key;
use crate::out::RecordSink;
use crate::progress::Progress;
use crate::saved::Saved;
use crate::slice::SliceSink;
use crate::waiting::on_behalf_of;
use crate::{About, AnyStream, Cursor, Out, Slice, Slices};
use airbyte_protocol::{Change, StateInput, StreamDescriptor, SyncMode};
use airbyte_singer_runtime::{Emitter, Error, Result, StreamId, now_millis};
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
    /// The cursors of what was emitted; none in a full refresh.
    observed: Option<Observed<'a>>,
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
        let cursor = about.cursor.clone().unwrap_or_default();
        cursor.check()?;
        let observed = match (mode, &about.cursor) {
            (SyncMode::Incremental, Some(cursor)) => {
                Some(Observed::new(cursor, saved.any_cursor())?)
            }
            _ => None,
        };
        let progress = RefCell::new(Progress::new(saved, is_resumable, cursor));
        Ok(Self { stream, about, id, mode, emitter, permits, progress, observed })
    }

    /// Makes slices and reads them, both at once.
    pub(super) async fn run(&self, workers: usize) -> Result<()> {
        self.emitter.lock().start(self.id)?;
        let (queue, made) = mpsc::channel(1);
        let work =
            async { tokio::try_join!(self.make_slices(queue), self.read_slices(made, workers)) };
        let result = on_behalf_of(self.emitter, self.id, work).await;
        self.warn_of_cursors();
        let (left_out, ()) = result?;
        // Also where slices were left out, the next read begins as behind a complete one.
        if let Some(state) = self.progress.borrow_mut().conclude() {
            self.emitter.lock().state(self.id, state)?;
        }
        left_out.map_or(Ok(()), Err)
    }

    /// Says once what of the records' cursors a user should know.
    fn warn_of_cursors(&self) {
        let descriptor = self.about.descriptor();
        if let Some(observed) = &self.observed {
            observed.warn(descriptor);
        }
        if let Some(cursor) = self.about.cursor.as_ref().filter(|cursor| cursor.is_by_bytes()) {
            tracing::warn!(
                "stream {descriptor}: texts of the cursor `{}` are no times of ISO 8601; they are ordered \
                 byte by byte. If that isn't their order, name their formats in the cursor's setting \
                 `format`, or set `numeric` if they are numbers",
                cursor.name()
            );
        }
    }

    /// The answer is why some were left out, if there are such.
    async fn make_slices(&self, queue: mpsc::Sender<Slice>) -> Result<Option<Error>> {
        let start = self.progress.borrow().start().cloned();
        let mut queue = Queue(queue);
        let mut slices = Slices::new(&mut queue, start);
        self.stream.slices(&mut slices).await?;
        Ok(slices.take_left_out())
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
        let greatest = sink.greatest.map(|(_, value)| value);
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
    greatest: Option<(Key, Value)>,
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
    fn follow(&mut self, key: Key, value: Value) -> Result<()> {
        let order = self.greatest.as_ref().and_then(|(greatest, _)| greatest.compare(&key));
        let Some(every) = self.reading.about.checkpoint_every else {
            self.keep_greatest(order, key, value);
            return Ok(());
        };
        let is_before = order == Some(Ordering::Greater);
        self.is_again &= is_before;
        if is_before && !self.is_again {
            let name = self.reading.about.cursor.as_ref().map(Cursor::name).unwrap_or_default();
            let text = format!("its records don't come in the order of `{name}`, as it promised");
            return Err(Error::system(text));
        }
        self.keep_greatest(order, key, value);
        self.since_state += 1;
        if self.since_state < every { Ok(()) } else { self.checkpoint_here() }
    }

    fn keep_greatest(&mut self, order: Option<Ordering>, key: Key, value: Value) {
        if order.is_none_or(Ordering::is_lt) {
            self.greatest = Some((key, value));
        }
    }

    fn checkpoint_here(&mut self) -> Result<()> {
        self.since_state = 0;
        let greatest = self.greatest.as_ref().map(|(_, value)| value.clone());
        greatest.map_or(Ok(()), |cursor| self.advance(cursor))
    }

    fn advance(&mut self, at: Value) -> Result<()> {
        let publish = self.reading.progress.borrow_mut().advance(self.number, at)?;
        if publish { self.reading.publish() } else { Ok(()) }
    }
}

impl RecordSink for ToPlatform<'_> {
    fn take(&mut self, record: &[u8], changes: &[Change]) -> Result<bool> {
        let Reading { id, emitter, observed, .. } = self.reading;
        // One that can't be ordered isn't emitted.
        let found = match observed {
            Some(observed) => observed.record(record)?,
            None => None,
        };
        emitter.lock().handle(*id).record(record, now_millis(), changes)?;
        if let Some((key, value)) = found {
            self.follow(key, value)?;
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

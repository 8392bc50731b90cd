use super::{Output, now_millis};
use crate::{Error, Result};
use airbyte_protocol::record::Envelope;
use airbyte_protocol::{
    Change, ConfiguredCatalog, Estimate, Message, StateLine, StateStats, StatusReason,
    StreamDescriptor, StreamStatus, Trace,
};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Records are written out in batches of about this many bytes.
const BATCH: usize = 128 * 1024;

/// The grammar of a read: what may be said about which stream, when, and with which count.
///
/// It knows the configured streams and refuses others, sends STARTED and RUNNING by itself, adds
/// the count of records to every state, and sees to it that a stream's last status comes last.
/// Records wait in a buffer until it is full, a state or a status is written, or
/// [`Emitting::flush`] is called; the runner does that at a short interval too.
///
/// Cloning gives another handle; [`Emitter::lock`] is the way to say something. A hot loop holds
/// the lock for a whole batch of records, so that it costs nothing per record.
#[derive(Debug, Clone)]
pub struct Emitter {
    inner: Arc<Mutex<Emitting>>,
}

impl Emitter {
    /// An emitter for the streams of `catalog`.
    pub fn new(catalog: &ConfiguredCatalog, output: Output) -> Self {
        let streams: Vec<_> =
            catalog.streams.iter().map(|s| StreamRoom::new(s.descriptor())).collect();
        let index =
            streams.iter().enumerate().map(|(i, s)| (s.descriptor.clone(), StreamId(i))).collect();
        let emitting = Emitting { streams, index, buffer: Vec::new(), output, rejected: 0 };
        Self { inner: Arc::new(Mutex::new(emitting)) }
    }

    /// Takes the floor.
    pub fn lock(&self) -> MutexGuard<'_, Emitting> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the floor unless somebody else has it.
    pub fn try_lock(&self) -> Option<MutexGuard<'_, Emitting>> {
        self.inner.try_lock().ok()
    }
}

/// The number of a configured stream: its place in the configured catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(usize);

impl StreamId {
    /// The place in the configured catalog's `streams`.
    pub fn index(self) -> usize {
        self.0
    }
}

/// Who has the floor: see [`Emitter`].
#[derive(Debug)]
pub struct Emitting {
    streams: Vec<StreamRoom>,
    index: HashMap<StreamDescriptor, StreamId>,
    buffer: Vec<u8>,
    output: Output,
    rejected: u64,
}

#[derive(Debug)]
struct StreamRoom {
    descriptor: StreamDescriptor,
    envelope: Envelope,
    status: Option<StreamStatus>,
    /// Records and rejected records since the stream's last state.
    since_state: StateStats,
    total: u64,
    has_state: bool,
}

impl StreamRoom {
    fn new(descriptor: StreamDescriptor) -> Self {
        let envelope = Envelope::new(&descriptor);
        let since_state = StateStats::default();
        Self { descriptor, envelope, status: None, since_state, total: 0, has_state: false }
    }

    fn ended(&self) -> bool {
        matches!(self.status, Some(StreamStatus::Complete | StreamStatus::Incomplete))
    }
}

impl Emitting {
    /// Configures one more stream while the read runs, where the streams that show up are the
    /// configured ones: it takes the next place.
    ///
    /// # Errors
    ///
    /// There is a stream of that name already.
    pub fn add(&mut self, descriptor: StreamDescriptor) -> Result<StreamId> {
        let id = StreamId(self.streams.len());
        if self.index.contains_key(&descriptor) {
            return Err(Error::config(format!("two streams are named {descriptor}")));
        }
        self.index.insert(descriptor.clone(), id);
        self.streams.push(StreamRoom::new(descriptor));
        Ok(id)
    }

    /// The number of a configured stream.
    pub fn id(&self, descriptor: &StreamDescriptor) -> Option<StreamId> {
        self.index.get(descriptor).copied()
    }

    /// The number of the `index`-th configured stream.
    ///
    /// # Panics
    ///
    /// When there are fewer.
    pub fn nth(&self, index: usize) -> StreamId {
        assert!(index < self.streams.len(), "no configured stream {index}");
        StreamId(index)
    }

    /// All configured streams in their order.
    pub fn ids(&self) -> impl Iterator<Item = StreamId> + use<> {
        (0..self.streams.len()).map(StreamId)
    }

    /// The name of a stream.
    pub fn descriptor(&self, id: StreamId) -> &StreamDescriptor {
        &self.streams[id.0].descriptor
    }

    /// How many records of a stream were emitted so far.
    pub fn total(&self, id: StreamId) -> u64 {
        self.streams[id.0].total
    }

    /// The handle through which a stream's records go.
    ///
    /// # Errors
    ///
    /// The stream is not configured: its records would fail the sync.
    pub fn stream(&mut self, descriptor: &StreamDescriptor) -> Result<StreamHandle<'_>> {
        match self.id(descriptor) {
            Some(id) => Ok(self.handle(id)),
            None => Err(Error::system(format!("stream {descriptor} is not configured"))),
        }
    }

    /// As [`Emitting::stream`], by number.
    pub fn handle(&mut self, id: StreamId) -> StreamHandle<'_> {
        StreamHandle {
            room: &mut self.streams[id.0],
            buffer: &mut self.buffer,
            output: &self.output,
        }
    }

    /// Says that a stream has begun. Nothing happens when that was said before.
    ///
    /// # Errors
    ///
    /// As [`Output::lines`].
    pub fn start(&mut self, id: StreamId) -> Result<()> {
        self.handle(id).start()?;
        self.flush()
    }

    /// Says that a stream waits for its API's quota, until a time in milliseconds since the epoch
    /// if that is known.
    ///
    /// # Errors
    ///
    /// As [`Output::lines`].
    pub fn rate_limited(&mut self, id: StreamId, until: Option<u64>) -> Result<()> {
        self.handle(id).run()?;
        let mut trace = Trace::status(self.descriptor(id).clone(), StreamStatus::Running, now());
        if let airbyte_protocol::Event::StreamStatus(status) = &mut trace.event {
            status.reasons.push(StatusReason::RateLimited(until));
        }
        self.push(&Message::Trace(trace));
        self.flush()
    }

    /// Writes a stream's checkpoint, which covers everything emitted of it so far.
    ///
    /// # Errors
    ///
    /// As [`Output::lines`]; a state after the stream's end is a fault of the source.
    pub fn state(&mut self, id: StreamId, stream_state: Value) -> Result<()> {
        self.state_text(id, &raw(&stream_state))
    }

    /// As [`Emitting::state`], of a position that is JSON text already, which is not read.
    ///
    /// # Errors
    ///
    /// As [`Emitting::state`].
    pub fn state_text(&mut self, id: StreamId, stream_state: &RawValue) -> Result<()> {
        self.handle(id).start()?;
        let room = &mut self.streams[id.0];
        if room.ended() {
            return Err(Error::system(format!("a state of {} after its end", room.descriptor)));
        }
        let stats = std::mem::take(&mut room.since_state);
        room.has_state = true;
        let stream_state = one_line(stream_state);
        let line = StateLine::stream(&room.descriptor, &stream_state, &stats);
        self.push_state(&line)
    }

    /// Writes one checkpoint for all streams: what they share, and what some have of their own.
    ///
    /// # Errors
    ///
    /// As [`Output::lines`].
    pub fn global_state(
        &mut self,
        shared: Option<Value>,
        own: Vec<(StreamId, Value)>,
    ) -> Result<()> {
        let shared = shared.as_ref().map(raw);
        let own: Vec<_> = own.iter().map(|(id, state)| (*id, raw(state))).collect();
        let own: Vec<(StreamId, &RawValue)> = own.iter().map(|(id, own)| (*id, &**own)).collect();
        self.global_state_text(shared.as_deref(), &own)
    }

    /// As [`Emitting::global_state`], of positions that are JSON texts already, which are not read.
    ///
    /// # Errors
    ///
    /// As [`Output::lines`].
    pub fn global_state_text(
        &mut self,
        shared: Option<&RawValue>,
        own: &[(StreamId, &RawValue)],
    ) -> Result<()> {
        let stats = self.take_all_stats();
        let shared = shared.map(one_line);
        let own: Vec<_> = own.iter().map(|(id, state)| (*id, one_line(state))).collect();
        let named = own.iter().map(|(id, state)| (self.descriptor(*id), &**state));
        let line = StateLine::global(shared.as_deref(), &named.collect::<Vec<_>>(), &stats);
        self.push_state(&line)
    }

    /// Writes one blob for all streams (LEGACY).
    ///
    /// # Errors
    ///
    /// As [`Output::lines`].
    pub fn legacy_state(&mut self, blob: Value) -> Result<()> {
        self.legacy_state_text(&raw(&blob))
    }

    /// As [`Emitting::legacy_state`], of a blob that is JSON text already, which is not read.
    ///
    /// # Errors
    ///
    /// As [`Output::lines`].
    pub fn legacy_state_text(&mut self, blob: &RawValue) -> Result<()> {
        let stats = self.take_all_stats();
        let blob = one_line(blob);
        self.push_state(&StateLine::legacy(&blob, &stats))
    }

    fn take_all_stats(&mut self) -> StateStats {
        let mut all = StateStats { rejected_record_count: self.rejected, ..StateStats::default() };
        self.rejected = 0;
        for room in &mut self.streams {
            let stats = std::mem::take(&mut room.since_state);
            all.record_count += stats.record_count;
            all.rejected_record_count += stats.rejected_record_count;
            room.has_state = true;
        }
        all
    }

    /// What waits goes out before it. A long one goes out from where it lies.
    fn push_state(&mut self, line: &StateLine<'_>) -> Result<()> {
        /// From this length on the platform warns about a line (characters; we count bytes).
        const LARGE: usize = 20_000_000;
        let length = line.length();
        if length >= LARGE {
            tracing::warn!(bytes = length, "a state is longer than platforms like");
        }
        if length < BATCH {
            line.write(&mut self.buffer);
            return self.flush();
        }
        let result = self.output.pieces(std::iter::once(&*self.buffer).chain(line.pieces()));
        empty(&mut self.buffer);
        result
    }

    /// Counts a line of a stream that claimed to be a record and was refused.
    pub fn reject(&mut self, id: Option<StreamId>) {
        match id {
            Some(id) => self.streams[id.0].since_state.rejected_record_count += 1,
            None => self.rejected += 1,
        }
    }

    /// Says how much is about to come.
    ///
    /// # Errors
    ///
    /// As [`Output::lines`].
    pub fn estimate(&mut self, estimate: Estimate) -> Result<()> {
        self.push(&Message::Trace(Trace::estimate(estimate, now())));
        self.flush()
    }

    /// Ends a stream: COMPLETE or INCOMPLETE, and nothing of it afterwards. A stream that was
    /// complete and has records that no state covers, or none at all, gets a state that says
    /// only that it was read: clients want one from every stream. Ending it twice does nothing.
    ///
    /// # Errors
    ///
    /// As [`Output::lines`].
    pub fn end(&mut self, id: StreamId, complete: bool) -> Result<()> {
        let room = &self.streams[id.0];
        if room.ended() {
            return Ok(());
        }
        let uncovered = room.since_state.record_count > 0 || !room.has_state;
        if complete && uncovered {
            let total = room.total;
            self.state(id, json!({ "read": total }))?;
        }
        self.handle(id).start()?;
        let status = if complete { StreamStatus::Complete } else { StreamStatus::Incomplete };
        self.streams[id.0].status = Some(status);
        let trace = Trace::status(self.descriptor(id).clone(), status, now());
        self.push(&Message::Trace(trace));
        self.flush()
    }

    /// Whether a stream has got its last status.
    pub fn has_ended(&self, id: StreamId) -> bool {
        self.streams[id.0].ended()
    }

    /// Writes out what waits.
    ///
    /// # Errors
    ///
    /// As [`Output::lines`].
    pub fn flush(&mut self) -> Result<()> {
        let result = self.output.lines(&self.buffer);
        empty(&mut self.buffer);
        result
    }

    /// Whether records wait to be written.
    pub fn has_unwritten(&self) -> bool {
        !self.buffer.is_empty()
    }

    fn push(&mut self, message: &Message) {
        self.buffer.extend_from_slice(message.to_line().as_bytes());
    }
}

/// Empties a buffer, which keeps nothing of the room that a long line took.
fn empty(buffer: &mut Vec<u8>) {
    const LONG: usize = 4 * 1024 * 1024;
    buffer.clear();
    if buffer.capacity() > LONG {
        buffer.shrink_to(BATCH);
    }
}

fn raw(value: &Value) -> Box<RawValue> {
    to_raw_value(value).expect("a JSON value can always be written")
}

/// A JSON text without line breaks, which stand between its tokens only: within texts they are escaped.
fn one_line(text: &RawValue) -> Cow<'_, RawValue> {
    let bytes = text.get().as_bytes();
    if !bytes.contains(&b'\n') && !bytes.contains(&b'\r') {
        return Cow::Borrowed(text);
    }
    let line = RawValue::from_string(text.get().replace(['\n', '\r'], " "));
    Cow::Owned(line.expect("blanks between tokens change no JSON text"))
}

fn now() -> u64 {
    u64::try_from(now_millis()).unwrap_or(0)
}

/// The way of one stream's records to stdout.
#[derive(Debug)]
pub struct StreamHandle<'a> {
    room: &'a mut StreamRoom,
    buffer: &'a mut Vec<u8>,
    output: &'a Output,
}

impl StreamHandle<'_> {
    /// Emits a record: `data` is a JSON object whose bytes are taken as they are, `emitted_at` is
    /// in milliseconds since the epoch, `changes` tells what was altered in the data on its way.
    ///
    /// An empty object is not emitted and not counted, since platforms drop it silently and then
    /// miss it in their counts; the answer says whether the record went out.
    ///
    /// # Errors
    ///
    /// As [`Output::lines`]; a record after the stream's end is a fault of the source.
    #[inline]
    pub fn record(&mut self, data: &[u8], emitted_at: i64, changes: &[Change]) -> Result<bool> {
        if self.room.status != Some(StreamStatus::Running) {
            self.run()?;
        }
        if is_empty_object(data) {
            return Ok(false);
        }
        self.room.envelope.write(self.buffer, data, emitted_at, changes);
        self.room.since_state.record_count += 1;
        self.room.total += 1;
        if self.buffer.len() >= BATCH {
            let result = self.output.lines(self.buffer);
            empty(self.buffer);
            result?;
        }
        Ok(true)
    }

    fn start(&mut self) -> Result<()> {
        if self.room.status.is_none() {
            self.say(StreamStatus::Started);
        }
        Ok(())
    }

    #[cold]
    fn run(&mut self) -> Result<()> {
        self.start()?;
        if self.room.ended() {
            let text = format!("a record of {} after its end", self.room.descriptor);
            return Err(Error::system(text));
        }
        if self.room.status == Some(StreamStatus::Started) {
            self.say(StreamStatus::Running);
        }
        Ok(())
    }

    fn say(&mut self, status: StreamStatus) {
        self.room.status = Some(status);
        let trace = Trace::status(self.room.descriptor.clone(), status, now());
        self.buffer.extend_from_slice(Message::Trace(trace).to_line().as_bytes());
    }
}

fn is_empty_object(data: &[u8]) -> bool {
    // Mostly the first or second byte says no.
    data.first() == Some(&b'{')
        && data.iter().skip(1).all(|b| b.is_ascii_whitespace() || *b == b'}')
}

#[cfg(test)]
mod tests;

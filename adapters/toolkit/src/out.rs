use airbyte_protocol::Change;
use airbyte_singer_runtime::{Error, Result};
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;
use std::pin::Pin;
use std::time::{Duration, Instant};

/// After so many records, or so long, whoever emits lets others have their turn: other slices, and the
/// runner, which looks at signals then.
const TURN: u32 = 256;
const TURN_TIME: Duration = Duration::from_millis(10);
/// A buffer for lines keeps so much.
const LONG: usize = 4 * 1024 * 1024;

/// Where records go: to the platform, or to whoever makes slices of them.
pub(super) trait RecordSink {
    /// Takes a record, a JSON text in which this was changed on its way; the answer says whether [`RecordSink::settle`] must follow.
    fn take(&mut self, record: &[u8], changes: &[Change]) -> Result<bool>;

    /// Waits for room.
    fn settle(&mut self) -> Pin<Box<dyn Future<Output = Result<()>> + '_>>;

    /// The next records may have been taken before.
    fn again(&mut self);

    /// Everything of the slice up to `position` was taken.
    fn checkpoint(&mut self, position: Value) -> Result<()>;
}

/// Takes the records of a slice: see [`Stream::read`](super::Stream::read).
pub struct Out<'a> {
    sink: &'a mut dyn RecordSink,
    line: Vec<u8>,
    since_turn: u32,
    turn_began: Instant,
}

impl<'a> Out<'a> {
    pub(super) fn new(sink: &'a mut dyn RecordSink) -> Self {
        Self { sink, line: Vec::new(), since_turn: 0, turn_began: Instant::now() }
    }

    /// Emits a record: whatever serde writes as a JSON object. A reader that is slow holds this up.
    ///
    /// # Errors
    ///
    /// The record is no object or its cursor no text or number, which is the stream's fault; or nobody
    /// reads any more. Either way the slice is over: pass the error on.
    pub async fn emit<T: Serialize + ?Sized>(&mut self, record: &T) -> Result<()> {
        self.line.clear();
        // serde's own words may quote what couldn't be written.
        serde_json::to_writer(&mut self.line, record)
            .map_err(|_| Error::system("a record can't be written as JSON"))?;
        if self.line.first() != Some(&b'{') {
            return Err(Error::system("a record is no JSON object"));
        }
        self.keep_to_one_line();
        self.pass(&[]).await
    }

    /// A part that serde takes as it is written may have line breaks between its tokens.
    fn keep_to_one_line(&mut self) {
        if self.line.contains(&b'\n') || self.line.contains(&b'\r') {
            let breaks = self.line.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r'));
            breaks.for_each(|byte| *byte = b' ');
        }
    }

    /// As [`Out::emit`], of a record that is gone when its line is written out, and in which this was changed
    /// while it was read.
    pub async fn emit_record(
        &mut self,
        record: Map<String, Value>,
        changes: &[Change],
    ) -> Result<()> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, &record)
            .map_err(|_| Error::system("a record can't be written as JSON"))?;
        drop(record);
        self.pass(changes).await
    }

    async fn pass(&mut self, changes: &[Change]) -> Result<()> {
        if self.sink.take(&self.line, changes)? {
            self.sink.settle().await?;
        }
        if self.line.capacity() > LONG {
            // What a long line took isn't kept for short ones.
            self.line = Vec::new();
        }
        self.since_turn += 1;
        if self.since_turn >= TURN || self.turn_began.elapsed() >= TURN_TIME {
            tokio::task::yield_now().await;
            (self.since_turn, self.turn_began) = (0, Instant::now());
        }
        Ok(())
    }

    /// Emits records, one after the other.
    ///
    /// # Errors
    ///
    /// As [`Out::emit`].
    pub async fn emit_all<T: Serialize>(
        &mut self,
        records: impl IntoIterator<Item = T>,
    ) -> Result<()> {
        for record in records {
            self.emit(&record).await?;
        }
        Ok(())
    }

    /// Says that the next records may have been emitted before, as those of an answer that broke off and
    /// was asked for again: until they have caught up, they are held to no order.
    pub fn again(&mut self) {
        self.sink.again();
    }

    /// Says that the slice was emitted up to `position` (a page, an offset), from where a full refresh
    /// that is cut short may go on: [`Slice::position`](super::Slice::position). In an incremental read
    /// this does nothing, since the cursor is its position.
    ///
    /// # Errors
    ///
    /// Nobody reads any more.
    pub fn checkpoint(&mut self, position: impl Into<Value>) -> Result<()> {
        self.sink.checkpoint(position.into())
    }
}

impl std::fmt::Debug for Out<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Out").finish_non_exhaustive()
    }
}

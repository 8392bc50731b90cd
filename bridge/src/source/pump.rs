//! The hot loop: from the tap's pipe to our stdout, on a thread of its own.

use super::newcomers::Newcomers;
use super::route::Router;
use crate::options::OnMalformed;
use crate::tap::process::tell;
use crate::tap::{Arrival, Lines, Voice, Words};
use crate::translate::state::{Publication, Published, StateError, Tracker};
use airbyte_adapters::{Emitter, Emitting, Error, Result, Stop, now_millis};
use airbyte_protocol::{Change, ChangeKind, ChangeReason};
use singer_protocol as singer;
use singer_protocol::{LineError, Message, Repaired, epoch_millis, repair_non_finite};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long a short read waits for more before what is there is written out. A tap that flushes
/// after every record would otherwise cost a write a record.
const COALESCE: Duration = Duration::from_millis(2);
/// How long a record waits at most while more keep coming.
const MAX_WAIT: Duration = Duration::from_millis(20);
/// How often we look up when the tap is silent.
const TICK: Duration = Duration::from_millis(250);
/// Silence of this length is told.
const SILENCE: Duration = Duration::from_secs(300);
/// Silence of this length, once the tap itself has ended, is no end of its output but a process
/// that it left behind.
const LEFT_BEHIND: Duration = Duration::from_secs(60);

/// One run of the tap, as seen from its stdout.
pub(super) struct Pump {
    pub(super) lines: Lines,
    pub(super) emitter: Emitter,
    pub(super) on_malformed: OnMalformed,
    pub(super) idle_timeout: Option<Duration>,
    /// Set when nobody waits for the tap any more.
    pub(super) abandoned: Arc<AtomicBool>,
    /// Ends the pump wherever it is, where nobody can stop the tap itself.
    pub(super) stop: Option<Stop>,
    /// Set when the tap itself has ended, though others may hold its pipe open.
    pub(super) gone: Arc<AtomicBool>,
    pub(super) sink: Sink,
    pub(super) cut: bool,
}

/// What takes the messages.
pub(super) struct Sink {
    pub(super) router: Router,
    pub(super) tracker: Tracker,
    pub(super) words: Words,
    /// Places in the configured catalog, by the numbers that the tracker uses.
    pub(super) places: Vec<usize>,
    /// Takes in the streams that show up, where nothing says which ones are wanted.
    pub(super) newcomers: Option<Newcomers>,
    pub(super) started: Instant,
    number: u64,
    time: Time,
    repaired: u64,
    empty: u64,
    rejected: u64,
    others: HashSet<String>,
}

impl Sink {
    /// A sink; the tracker's time begins at `started`.
    pub(super) fn new(
        router: Router,
        tracker: Tracker,
        places: Vec<usize>,
        words: Words,
        started: Instant,
    ) -> Self {
        Self {
            router,
            tracker,
            words,
            places,
            newcomers: None,
            started,
            number: 0,
            time: Time::default(),
            repaired: 0,
            empty: 0,
            rejected: 0,
            others: HashSet::new(),
        }
    }
}

/// What is left when the pipe has ended.
pub(super) struct Pumped {
    pub(super) sink: Sink,
    /// Bytes that the tap wrote.
    pub(super) bytes: u64,
    /// Whether what went wrong is only that its output has no proper end: how the tap ended says
    /// more.
    pub(super) cut: bool,
}

impl Pump {
    /// Reads to the end of the pipe.
    pub(super) fn run(mut self) -> (Pumped, Result<()>) {
        let result = self.pump();
        let result = match self.emitter.lock().flush() {
            Err(error) if result.is_ok() => Err(error),
            _ => result,
        };
        (Pumped { bytes: self.lines.total(), cut: self.cut, sink: self.sink }, result)
    }

    fn pump(&mut self) -> Result<()> {
        let mut heard = Instant::now();
        let mut unwritten: Option<Instant> = None;
        let mut told = false;
        loop {
            if self.stop.as_ref().is_some_and(|stop| stop.signal().is_some()) {
                return Ok(());
            }
            let wait = if unwritten.is_some() { COALESCE } else { TICK };
            match self.lines.wait(Some(wait)).map_err(|e| unreadable(e.kind()))? {
                Arrival::Bytes => {
                    (heard, told) = (Instant::now(), false);
                    unwritten = self.take(unwritten)?;
                }
                // What is left is a line without its end: if it is broken, then because the tap
                // broke off.
                Arrival::End => {
                    return self.take(None).map(|_| ()).inspect_err(|_| self.cut = true);
                }
                Arrival::Quiet => {
                    let mut floor = self.emitter.lock();
                    self.sink.publish_due(&mut floor)?;
                    floor.flush()?;
                    unwritten = None;
                    if self.abandoned.load(Ordering::Relaxed) {
                        return Ok(());
                    }
                    let silent = heard.elapsed();
                    if self.idle_timeout.is_some_and(|limit| silent >= limit) {
                        return Err(Error::transient(format!(
                            "the tap was silent for {} s and was stopped (--idle-timeout)",
                            silent.as_secs()
                        )));
                    }
                    if silent >= LEFT_BEHIND && self.gone.load(Ordering::Relaxed) {
                        self.cut = true;
                        return Err(Error::system(
                            "the tap ended, but a process that it left behind keeps its output open",
                        ));
                    }
                    if silent >= SILENCE && !told {
                        told = true;
                        tracing::info!(seconds = silent.as_secs(), "the tap has been silent");
                    }
                }
            }
        }
    }

    /// Takes every whole line that has been read. Gives back since when something is unwritten.
    fn take(&mut self, unwritten: Option<Instant>) -> Result<Option<Instant>> {
        let mut floor = self.emitter.lock();
        self.sink.time.clock = None;
        loop {
            let line = self.lines.next_line().map_err(|_| self.sink.too_long())?;
            let Some(line) = line else { break };
            self.sink.number += 1;
            self.sink.line(line, &mut floor, self.on_malformed)?;
        }
        if !floor.has_unwritten() {
            return Ok(None);
        }
        let since = unwritten.unwrap_or_else(Instant::now);
        if since.elapsed() < MAX_WAIT {
            return Ok(Some(since));
        }
        floor.flush()?;
        Ok(None)
    }
}

impl Sink {
    fn line(&mut self, line: &[u8], floor: &mut Emitting, on_malformed: OnMalformed) -> Result<()> {
        match Message::parse(line) {
            Ok(message) => self.message(message, floor, &[]),
            Err(LineError::NotAMessage) => {
                self.log(line);
                Ok(())
            }
            Err(LineError::Malformed(malformed)) => {
                if malformed.non_finite
                    && let Some(Repaired { line, nulled, .. }) = repair_non_finite(line)
                    && let Ok(message) = Message::parse(&line)
                {
                    return self.repaired(message, nulled, floor);
                }
                self.malformed(&malformed, floor, on_malformed)
            }
        }
    }

    fn message(
        &mut self,
        message: Message<'_>,
        floor: &mut Emitting,
        changes: &[Change],
    ) -> Result<()> {
        match &message {
            Message::Record(record) => {
                if self.newcomers.is_some() && !self.router.has_met(&record.stream) {
                    self.admit(&record.stream, &message, floor)?;
                }
                self.record(record, floor, changes)
            }
            Message::State(state) => {
                self.router.saw_state(state.value);
                self.tracker.saw_state(state.value).map_err(|e| self.state_error(e))?;
                self.publish_due(floor)
            }
            Message::Schema(schema) => {
                if self.newcomers.is_some() {
                    self.admit(&schema.stream, &message, floor)?;
                }
                self.router.saw_schema(&schema.stream, schema.schema)
            }
            Message::ActivateVersion(activate) => {
                tracing::debug!(stream = %activate.stream, "ACTIVATE_VERSION is consumed");
                Ok(())
            }
            Message::Batch(batch) => Err(Error::system(format!(
                "line {} of the tap's output: stream `{}` comes as BATCH files, which are not \
                 understood; switch the tap's batch_config off",
                self.number, batch.stream
            ))),
            Message::Other(other) => {
                if self.others.len() < 100 && self.others.insert(other.kind.to_string()) {
                    tracing::info!("messages of type {} are passed over", other.kind);
                }
                Ok(())
            }
        }
    }

    #[inline]
    fn record(
        &mut self,
        record: &singer::message::Record<'_>,
        floor: &mut Emitting,
        changes: &[Change],
    ) -> Result<()> {
        let Some(wanted) = self.router.target(&record.stream)? else { return Ok(()) };
        let at = self.time.of(record.time_extracted.as_deref());
        let data = wanted.filter.apply(record.record, &mut wanted.scratch);
        if !floor.handle(wanted.stream).record(data, at, changes)? {
            self.empty += 1;
            if self.empty == 1 {
                let name = &wanted.tap_stream_id;
                tracing::warn!("records of `{name}` without any field are left out");
            }
        }
        self.tracker.note_output(data.len() as u64);
        Ok(())
    }

    fn repaired(
        &mut self,
        message: Message<'_>,
        nulled: Vec<String>,
        floor: &mut Emitting,
    ) -> Result<()> {
        self.repaired += 1;
        if self.repaired == 1 {
            tracing::warn!(
                "values that JSON doesn't know (NaN, Infinity) become null and are marked"
            );
        }
        let changes: Vec<Change> = nulled
            .into_iter()
            .map(|field| Change {
                field,
                change: ChangeKind::Nulled,
                reason: ChangeReason::SourceSerializationError,
            })
            .collect();
        self.message(message, floor, &changes)
    }

    fn malformed(
        &mut self,
        malformed: &singer::Malformed,
        floor: &mut Emitting,
        on_malformed: OnMalformed,
    ) -> Result<()> {
        let what = format!("line {} of the tap's output: {malformed}", self.number);
        // Only a record can be left out: without its SCHEMA or STATE a stream would go wrong.
        let record = malformed.kind.as_deref() == Some("RECORD");
        if on_malformed == OnMalformed::Fail || !record {
            return Err(Error::system(what));
        }
        self.rejected += 1;
        let named = malformed.stream.as_deref();
        let stream = match named {
            // Not settled by a broken line.
            Some(name) if self.newcomers.is_some() && !self.router.has_met(name) => None,
            Some(name) => self.router.target(name)?.map(|wanted| wanted.stream),
            None => None,
        };
        floor.reject(stream);
        tracing::error!("{what}; it is left out (--on-malformed skip)");
        Ok(())
    }

    /// A line of stdout that is no message: the tap's log strayed there.
    fn log(&self, line: &[u8]) {
        let text = String::from_utf8_lossy(&line[..line.len().min(64 * 1024)]);
        let mut stderr = singer::Stderr::default();
        let first = stderr.push(&text);
        for entry in first.iter().chain(stderr.finish().iter()) {
            tell(entry, &self.words, Voice::Plain);
        }
    }

    /// Publishes the states that are due.
    fn publish_due(&mut self, floor: &mut Emitting) -> Result<()> {
        let now = self.started.elapsed();
        let states = self.tracker.due(now).map_err(|error| self.state_error(error))?;
        for note in self.tracker.take_notes() {
            tracing::warn!("{note}");
        }
        self.publish(states, floor)
    }

    /// Writes states.
    fn publish(&self, states: Published, floor: &mut Emitting) -> Result<()> {
        let shared = states.shared();
        let streams = match states {
            Published::Legacy(_) => return floor.legacy_state(shared.unwrap_or_default()),
            Published::Global { own, .. } => {
                let place = |state: &Publication| floor.nth(self.places[state.stream]);
                let own = own.iter().map(|state| (place(state), state.to_value())).collect();
                return floor.global_state(shared, own);
            }
            Published::Streams(states) => states,
        };
        for state in streams {
            let id = floor.nth(self.places[state.stream]);
            floor.state(id, state.to_value())?;
        }
        Ok(())
    }

    /// Publishes the last states and gives each stream of the run its last status. `clean` says
    /// that all went well; a stream of which the tap said nothing while warning of it is then an
    /// error of its own, for under overwrite a COMPLETE would empty a table because of a missing
    /// privilege.
    pub(super) fn conclude(&mut self, clean: bool, floor: &mut Emitting) -> Result<Option<Error>> {
        let states = match self.tracker.finish(clean) {
            Ok(states) => states,
            Err(_) if !clean => self.tracker.finish(clean).unwrap_or_default(),
            Err(error) => {
                return Err(Error::system(format!("the tap's last STATE: {error}")));
            }
        };
        self.publish(states, floor)?;
        let mut denied = None;
        for wanted in &self.router.wanted {
            let unsaid = clean && !wanted.seen;
            let warned = unsaid && wanted.names.iter().any(|name| self.words.warned_of(name));
            if unsaid {
                let stream = floor.descriptor(wanted.stream);
                tracing::warn!("the tap said nothing of stream {stream}");
                if warned {
                    let error = Error::config(format!(
                        "the tap warned of stream {stream} and read nothing of it; its log says why"
                    ));
                    denied.get_or_insert(error.in_stream(stream.clone()));
                }
            }
            floor.end(wanted.stream, clean && !warned)?;
        }
        Ok(denied)
    }

    pub(super) fn state_error(&self, error: StateError) -> Error {
        Error::system(format!("line {} of the tap's output: {error}", self.number))
    }

    fn too_long(&self) -> Error {
        Error::system(format!(
            "line {} of the tap's output is longer than allowed (--max-line-bytes)",
            self.number + 1
        ))
    }
}

fn unreadable(kind: std::io::ErrorKind) -> Error {
    Error::system(format!("reading what the tap writes failed: {kind}"))
}

/// When a record was extracted. Records of one batch often say the same time, so the last answer
/// is kept; those that say none get the clock's, asked once per read of the pipe.
#[derive(Default)]
struct Time {
    text: String,
    millis: i64,
    clock: Option<i64>,
}

impl Time {
    #[inline]
    fn of(&mut self, extracted: Option<&str>) -> i64 {
        match extracted {
            Some(text) if text == self.text => self.millis,
            Some(text) => match epoch_millis(text) {
                Some(millis) => {
                    self.text.clear();
                    self.text.push_str(text);
                    self.millis = millis;
                    millis
                }
                None => self.now(),
            },
            None => self.now(),
        }
    }

    fn now(&mut self) -> i64 {
        *self.clock.get_or_insert_with(now_millis)
    }
}

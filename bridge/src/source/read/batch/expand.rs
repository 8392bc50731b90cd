//! The records of a BATCH message's files, one by one.

use super::batches::Batches;
use super::jsonl::JsonLines;
use super::parquet::Rows;
use super::wrapped::{Declares, are_messages, may_be_message};
use crate::source::read::discovered::Discovered;
use crate::source::read::policy::Policy;
use crate::source::read::records::Records;
use crate::source::read::states::States;
use airbyte_protocol::Change;
use airbyte_singer_runtime::{Emitting, Error, Result};
use singer_protocol as singer;
use singer_protocol::message::{BatchEncoding, Record, parse_bare_record, repair_bare_record};
use singer_protocol::{LineError, Message, Repaired, repair_non_finite};
use std::time::{Duration, Instant};

/// After so many bytes we look up: at the time, and whether we are to stop.
const STRETCH: usize = 64 * 1024;
/// What finding and opening a file costs, in bytes of records.
const PER_FILE: usize = 4 * 1024;
/// How long a record waits at most for those after it.
const MAX_WAIT: Duration = Duration::from_millis(20);

/// The expanding of one message: who takes what its files hold, and how they are read.
pub(in crate::source::read) struct Expand<'a> {
    pub(in crate::source::read) records: &'a mut Records,
    pub(in crate::source::read) states: &'a mut States,
    pub(in crate::source::read) discovered: Option<&'a mut Discovered>,
    pub(in crate::source::read) batches: &'a mut Batches,
    pub(in crate::source::read) policy: &'a Policy,
    /// The line of the message.
    pub(in crate::source::read) number: u64,
}

/// The reading of one file.
struct Reading<'a> {
    stream: &'a str,
    /// What our words call it: its name alone.
    place: String,
    records: u64,
    /// What tells rows from messages, once that was asked.
    declares: Option<Declares>,
}

/// Bytes since we looked up, and when we last let out what had been read: of all files of a message,
/// since there may be any number of small ones.
struct Stretch {
    bytes: usize,
    let_out: Instant,
}

impl Reading<'_> {
    fn fault(&self, reason: impl std::fmt::Display) -> Error {
        Error::system(format!("{}: {reason}", self.place))
    }
}

impl Expand<'_> {
    /// Emits the records of a BATCH message's files, in their order.
    pub(in crate::source::read) fn batch(
        mut self,
        batch: &singer::message::Batch<'_>,
        floor: &mut Emitting,
    ) -> Result<()> {
        let line = format!("line {} of the tap's output", self.number);
        let broken = |error: singer::Error| Error::system(format!("{line}: {error}"));
        let uris = batch.uris().map_err(broken)?;
        if self.records.router.target(&batch.stream, &self.states.tracker)?.is_none() {
            // Nobody asked for them, as for its RECORDs; still they shall not pile up.
            uris.iter().filter_map(|uri| self.batches.places.open(uri).ok()).for_each(|f| f.done());
            return Ok(());
        }
        let encoding = batch.read_encoding().map_err(broken)?;
        let mut stretch = Stretch { bytes: 0, let_out: Instant::now() };
        for uri in uris {
            let (name, stream) = (name_of(&uri), &*batch.stream);
            let place = format!("{line}: BATCH file `{name}` of stream `{stream}`");
            let mut reading = Reading { stream, place, records: 0, declares: None };
            self.look_up(PER_FILE, &mut stretch, &reading, floor)?;
            self.file(&uri, &encoding, &mut reading, &mut stretch, floor)?;
        }
        Ok(())
    }

    fn file(
        &mut self,
        uri: &str,
        encoding: &BatchEncoding,
        reading: &mut Reading<'_>,
        stretch: &mut Stretch,
        floor: &mut Emitting,
    ) -> Result<()> {
        let found = self.batches.places.open(uri).map_err(|reason| reading.fault(reason))?;
        let file = found.file.try_clone().map_err(|error| reading.fault(error.kind()))?;
        match encoding.format.as_str() {
            "jsonl" => {
                let compression = encoding.compression.as_deref();
                let lines = JsonLines::open(file, compression, self.policy.max_line_bytes);
                let lines = lines.map_err(|reason| reading.fault(reason))?;
                self.json_lines(lines, reading, stretch, floor)?;
            }
            "parquet" => {
                let rows = Rows::open(file, self.policy.max_line_bytes)
                    .map_err(|reason| reading.fault(reason))?;
                if are_messages(rows.columns()) && !self.declares(reading)?.stream {
                    let stream = reading.stream;
                    if self.batches.tell_once(stream, true) {
                        tracing::warn!(
                            "the BATCH files of stream `{stream}` hold rows with the columns of RECORD \
                             messages (type, stream, record); they pass as they are"
                        );
                    }
                }
                self.rows(rows, reading, stretch, floor)?;
            }
            _ => return Err(reading.fault("its format is unknown; there are jsonl and parquet")),
        }
        found.done();
        tracing::debug!(
            stream = reading.stream,
            records = reading.records,
            "a BATCH file was read"
        );
        Ok(())
    }

    fn json_lines(
        &mut self,
        mut lines: JsonLines,
        reading: &mut Reading<'_>,
        stretch: &mut Stretch,
        floor: &mut Emitting,
    ) -> Result<()> {
        loop {
            let Some(line) = lines.next().map_err(|reason| reading.fault(reason))? else {
                return Ok(());
            };
            let length = line.len();
            if line.trim_ascii().is_empty() {
                // Nothing is lost with a line of nothing.
            } else if may_be_message(line) && self.unwrapped(line, reading, floor)? {
                // Its record was taken out.
            } else {
                match parse_bare_record(line) {
                    Ok(record) => self.one(record, &[], reading, floor)?,
                    Err(broken) => match repair_bare_record(line) {
                        Some(repaired) => {
                            let changes = self.records.nulled(repaired.nulled);
                            let text = String::from_utf8_lossy(&repaired.line);
                            self.one(&text, &changes, reading, floor)?;
                        }
                        None => {
                            let (number, column) = (lines.number(), broken.column);
                            let at = format!("line {number}, column {column}: {}", broken.reason);
                            self.broken_record(reading.fault(at), reading.stream, floor)?;
                        }
                    },
                }
            }
            self.look_up(length, stretch, reading, floor)?;
        }
    }

    fn rows(
        &mut self,
        mut rows: Rows,
        reading: &mut Reading<'_>,
        stretch: &mut Stretch,
        floor: &mut Emitting,
    ) -> Result<()> {
        while let Some(row) = rows.next().map_err(|reason| reading.fault(reason))? {
            let length = row.text.len();
            match row.nulled.is_empty() {
                true => self.one(row.text, &[], reading, floor)?,
                false => {
                    let changes = self.records.nulled(row.nulled.to_vec());
                    self.one(row.text, &changes, reading, floor)?;
                }
            }
            self.look_up(length, stretch, reading, floor)?;
        }
        Ok(())
    }

    fn one(
        &mut self,
        record: &str,
        changes: &[Change],
        reading: &mut Reading<'_>,
        floor: &mut Emitting,
    ) -> Result<()> {
        reading.records += 1;
        let record = Record::new(reading.stream, record);
        let tracker = &mut self.states.tracker;
        self.records.take(&record.borrowed(), &[], tracker, floor, changes)
    }

    /// A line of a file is no record: by the same rule as a broken RECORD.
    fn broken_record(&mut self, error: Error, stream: &str, floor: &mut Emitting) -> Result<()> {
        if !self.policy.skips_malformed {
            return Err(error);
        }
        let stream =
            self.records.router.target(stream, &self.states.tracker)?.map(|wanted| wanted.stream);
        self.records.leave_out(&error.to_string(), stream, floor);
        Ok(())
    }

    /// What must not wait for the end of a long file: the records before, states that have become
    /// due, and a stop.
    fn look_up(
        &mut self,
        bytes: usize,
        stretch: &mut Stretch,
        reading: &Reading<'_>,
        floor: &mut Emitting,
    ) -> Result<()> {
        // An empty line costs something too.
        stretch.bytes += bytes + 16;
        if stretch.bytes < STRETCH {
            return Ok(());
        }
        stretch.bytes = 0;
        if self.policy.is_signalled() || self.policy.is_abandoned() {
            return Err(Error::transient(format!("{}: reading was stopped", reading.place)));
        }
        if stretch.let_out.elapsed() >= MAX_WAIT {
            stretch.let_out = Instant::now();
            self.records.hear();
            self.states.publish_due(self.number, self.records, floor)?;
            floor.flush()?;
        }
        Ok(())
    }

    /// Takes a line that is a message; `false` where it is a row after all.
    fn unwrapped(
        &mut self,
        line: &[u8],
        reading: &mut Reading<'_>,
        floor: &mut Emitting,
    ) -> Result<bool> {
        let repaired = match Message::parse(line) {
            Err(LineError::Malformed(broken)) if broken.non_finite => repair_non_finite(line),
            _ => None,
        };
        let (line, nulled) = match &repaired {
            Some(Repaired { line, nulled, .. }) => (line.as_ref(), nulled.clone()),
            None => (line, Vec::new()),
        };
        let Ok(message) = Message::parse(line) else { return Ok(false) };
        let declares = self.declares(reading)?;
        if !declares.allows(&message) {
            return Ok(false);
        }
        let Message::Record(mut record) = message else {
            self.tell_messages(reading, false);
            return Ok(true);
        };
        self.tell_messages(reading, true);
        reading.records += 1;
        let (router, tracker) = (&self.records.router, &self.states.tracker);
        if self.discovered.is_none() && !router.knows(&record.stream, tracker) {
            // The BATCH message says whose file it is.
            record.stream = reading.stream.into();
        }
        let changes: Vec<Change> =
            if nulled.is_empty() { Vec::new() } else { self.records.nulled(nulled) };
        if let Some(discovered) = &mut self.discovered {
            let message = Message::Record(record.clone());
            discovered.meet(&record.stream, &message, self.records, self.states, floor)?;
        }
        self.records.take(&record.borrowed(), &[], &mut self.states.tracker, floor, &changes)?;
        Ok(true)
    }

    /// Which columns of the messages' names the stream's own schema has.
    fn declares(&mut self, reading: &mut Reading<'_>) -> Result<Declares> {
        if let Some(known) = reading.declares {
            return Ok(known);
        }
        let place = self
            .records
            .router
            .target(reading.stream, &self.states.tracker)?
            .map(|wanted| wanted.stream.index());
        let schema = place.and_then(|place| self.records.values.said(place));
        let declares = Declares::of(schema);
        reading.declares = Some(declares);
        Ok(declares)
    }

    /// Says once for each stream what its files hold.
    fn tell_messages(&mut self, reading: &Reading<'_>, is_record: bool) {
        if self.batches.tell_once(reading.stream, is_record) {
            let what = match is_record {
                true => "RECORD messages instead of records; the records are taken out of them",
                false => "messages beside records; they are left out",
            };
            tracing::warn!("the BATCH files of stream `{}` hold {what}", reading.stream);
        }
    }
}

/// What our words call a file: never where it lies, nor what follows a `?`, which signs a URL.
fn name_of(uri: &str) -> &str {
    let path = uri.split(['?', '#']).next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}

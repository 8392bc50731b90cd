//! BATCH messages: files of records, which become RECORDs one by one.
//!
//! A file is read as a stream, so that memory is bounded by its longest record, however large it
//! is. Its records come before anything that the tap said after the BATCH: a STATE speaks for them,
//! and a fault in the middle of a file ends the run there.

mod guard;
mod jsonl;
mod parquet;
mod place;
mod quiet;
mod value;
mod wrapped;

use self::jsonl::JsonLines;
use self::parquet::Rows;
pub(super) use self::place::Places;
use self::wrapped::{Declares, are_messages, may_be_message};
use super::sink::Sink;
use crate::options::{OnMalformed, OptionSet};
use airbyte_adapters::{Emitting, Error, Result, Stop};
use airbyte_protocol::Change;
use singer_protocol as singer;
use singer_protocol::message::{BatchEncoding, Record, parse_bare_record, repair_bare_record};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// After so many bytes we look up: at the time, and whether we are to stop.
const STRETCH: usize = 64 * 1024;
/// What finding and opening a file costs, in bytes of records.
const PER_FILE: usize = 4 * 1024;
/// How long a record waits at most for those after it.
const MAX_WAIT: Duration = Duration::from_millis(20);

/// What a run needs to know to expand BATCH messages.
#[derive(Debug)]
pub(super) struct Batches {
    places: Places,
    skips_malformed: bool,
    max_line_bytes: usize,
    abandoned: Arc<AtomicBool>,
    stop: Option<Stop>,
    /// The streams whose files hold messages, and whether RECORDs, as far as that was told.
    told: HashSet<(String, bool)>,
}

impl Batches {
    /// Files at those places, read as the options say.
    pub(super) fn new(places: Places, options: &OptionSet) -> Self {
        Self {
            places,
            skips_malformed: options.on_malformed() == OnMalformed::Skip,
            max_line_bytes: options.max_line_bytes(),
            abandoned: Arc::default(),
            stop: None,
            told: HashSet::new(),
        }
    }

    /// Whether that wasn't told yet.
    fn tell_once(&mut self, stream: &str, of_records: bool) -> bool {
        self.told.insert((stream.to_owned(), of_records))
    }

    /// From now on these end the reading of a file, as they end that of the pipe.
    pub(super) fn heed(&mut self, abandoned: &Arc<AtomicBool>, stop: Option<&Stop>) {
        (self.abandoned, self.stop) = (abandoned.clone(), stop.cloned());
    }

    fn is_stopped(&self) -> bool {
        let signal = self.stop.as_ref().is_some_and(|stop| stop.signal().is_some());
        signal || self.abandoned.load(Ordering::Relaxed)
    }
}

impl Default for Batches {
    /// No place at all.
    fn default() -> Self {
        Self::new(Places::default(), &OptionSet::default())
    }
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

impl Sink {
    /// Emits the records of a BATCH message's files, in their order.
    pub(super) fn batch(
        &mut self,
        batch: &singer::message::Batch<'_>,
        floor: &mut Emitting,
    ) -> Result<()> {
        let line = format!("line {} of the tap's output", self.number);
        let broken = |error: singer::Error| Error::system(format!("{line}: {error}"));
        let uris = batch.uris().map_err(broken)?;
        if self.router.target(&batch.stream, &self.tracker)?.is_none() {
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
                let lines = JsonLines::open(file, compression, self.batches.max_line_bytes);
                let lines = lines.map_err(|reason| reading.fault(reason))?;
                self.json_lines(lines, reading, stretch, floor)?;
            }
            "parquet" => {
                let rows = Rows::open(file, self.batches.max_line_bytes)
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
                            let changes = self.nulled(repaired.nulled);
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
                    let changes = self.nulled(row.nulled.to_vec());
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
        self.record(&Record::new(reading.stream, record).borrowed(), &[], floor, changes)
    }

    /// A line of a file is no record: by the same rule as a broken RECORD.
    fn broken_record(&mut self, error: Error, stream: &str, floor: &mut Emitting) -> Result<()> {
        if !self.batches.skips_malformed {
            return Err(error);
        }
        let stream = self.router.target(stream, &self.tracker)?.map(|wanted| wanted.stream);
        self.leave_out(&error.to_string(), stream, floor);
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
        if self.batches.is_stopped() {
            return Err(Error::transient(format!("{}: reading was stopped", reading.place)));
        }
        if stretch.let_out.elapsed() >= MAX_WAIT {
            stretch.let_out = Instant::now();
            self.hear();
            self.publish_due(floor)?;
            floor.flush()?;
        }
        Ok(())
    }
}

/// What our words call a file: never where it lies, nor what follows a `?`, which signs a URL.
fn name_of(uri: &str) -> &str {
    let path = uri.split(['?', '#']).next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}

//! What takes a tap's messages, one line after the other.

use super::batch::Batches;
use super::clock::Clock;
use super::config::ConfigWatch;
use super::criticals::Criticals;
use super::drift::{Drift, Watched};
use super::newcomers::Newcomers;
use super::route::Router;
use super::values::{Values, Which};
use crate::options::{OnMalformed, OptionSet};
use crate::tap::Hearing;
use crate::translate::state::Tracker;
use airbyte_adapters::{Emitting, Error, Result, StreamId};
use airbyte_protocol::{Change, ChangeKind, ChangeReason};
use singer_protocol as singer;
use singer_protocol::message::RecordRef;
use singer_protocol::{Chunk, LineError, Message, Parser, Repaired, repair_non_finite};
use std::collections::HashSet;
use std::time::Instant;

/// What takes the messages.
pub(super) struct Sink {
    pub(super) router: Router,
    pub(super) tracker: Tracker,
    /// Takes the lines that are no messages: the tap's log strayed to stdout.
    pub(super) strays: Hearing,
    /// Places in the configured catalog, by the numbers that the tracker uses.
    pub(super) places: Vec<usize>,
    /// Takes in the streams that show up, where nothing says which ones are wanted.
    pub(super) newcomers: Option<Newcomers>,
    pub(super) started: Instant,
    /// The line that is being taken, from 1.
    pub(super) number: u64,
    /// What the schemas should be.
    pub(super) drift: Drift,
    /// How BATCH files are read.
    pub(super) batches: Batches,
    /// How the records' values are.
    pub(super) values: Values,
    /// What the tap's CRITICAL lines mean for the streams.
    pub(super) criticals: Criticals,
    /// The file that the tap may rewrite, where it was given one by us.
    pub(super) config: Option<ConfigWatch>,
    parser: Parser,
    clock: Clock,
    repaired: u64,
    empty: u64,
    others: HashSet<String>,
}

impl Sink {
    /// A sink; the tracker's time begins at `started`.
    pub(super) fn new(
        router: Router,
        tracker: Tracker,
        places: Vec<usize>,
        strays: Hearing,
        started: Instant,
    ) -> Self {
        let mut parser = Parser::default();
        if router.wanted.iter().any(|wanted| !wanted.filter.is_empty()) {
            parser.note_fields();
        }
        Self {
            router,
            tracker,
            strays,
            places,
            newcomers: None,
            started,
            number: 0,
            drift: Drift::default(),
            batches: Batches::default(),
            values: Values::new(Which::Sample),
            criticals: Criticals::default(),
            config: None,
            parser,
            clock: Clock::default(),
            repaired: 0,
            empty: 0,
            others: HashSet::new(),
        }
    }

    /// Watches the schemas of the router's streams, each as it should be.
    pub(super) fn watching(self, streams: impl IntoIterator<Item = Watched>) -> Self {
        Self { drift: Drift::of(streams), ..self }
    }

    /// Expands BATCH messages so; otherwise no file may be read.
    pub(super) fn expanding(self, batches: Batches) -> Self {
        Self { batches, ..self }
    }

    /// Holds every record against its schema, if that is asked for: the one of `fallbacks`, by their
    /// streams' places, until the tap sends one.
    pub(super) fn validating<'a>(
        mut self,
        options: &OptionSet,
        fallbacks: impl IntoIterator<Item = (usize, &'a str)>,
    ) -> Self {
        let overrides = options.streams.iter().flatten();
        if options.validate_records() {
            self.values = Values::new(Which::All);
            for (place, schema) in fallbacks {
                self.values.expect(place, schema);
            }
        }
        for (id, over) in overrides {
            let own = self.router.wanted.iter().filter(|wanted| wanted.tap_stream_id == *id);
            own.for_each(|wanted| self.values.overrule(wanted.stream.index(), over));
        }
        self
    }

    /// Has the platform store what the tap makes of its config, before any later state.
    pub(super) fn minding(self, config: ConfigWatch) -> Self {
        Self { config: Some(config), ..self }
    }

    /// Bytes have come in: what says no time of its own was extracted now.
    pub(super) fn hear(&mut self) {
        self.clock.forget();
    }

    /// Takes the next lines, none longer than `limit`.
    pub(super) fn lines(
        &mut self,
        lines: &[u8],
        limit: usize,
        floor: &mut Emitting,
        on_malformed: OnMalformed,
    ) -> Result<()> {
        let mut parser = std::mem::take(&mut self.parser);
        let mut chunk = Chunk::new(lines);
        let mut record = RecordRef::default();
        let result = loop {
            let (line, other) = match parser.next_expected(&mut chunk, &mut record) {
                Some(line) => (line, None),
                None => match parser.next_other(&mut chunk) {
                    Some((line, message)) => (line, Some(message)),
                    None => break Ok(()),
                },
            };
            if line.len() > limit {
                break Err(self.too_long());
            }
            self.number += 1;
            let taken = match other {
                None => self.expected(&record, parser.fields(), floor),
                Some(Ok(message)) => self.heard(&message, floor),
                Some(Err(error)) => self.no_message(line, error, floor, on_malformed),
            };
            if taken.is_err() {
                break taken;
            }
        };
        self.parser = parser;
        result
    }

    #[inline]
    fn expected(
        &mut self,
        record: &RecordRef<'_>,
        fields: &[usize],
        floor: &mut Emitting,
    ) -> Result<()> {
        if self.strays.is_waiting() {
            self.strays.flush();
        }
        if self.newcomers.is_none() {
            return self.record(record, fields, floor, &[]);
        }
        self.message(&Message::Record((*record).into()), floor, &[])
    }

    fn heard(&mut self, message: &Message<'_>, floor: &mut Emitting) -> Result<()> {
        if self.strays.is_waiting() {
            self.strays.flush();
        }
        self.message(message, floor, &[])
    }

    #[inline(never)]
    fn no_message(
        &mut self,
        line: &[u8],
        error: LineError,
        floor: &mut Emitting,
        on_malformed: OnMalformed,
    ) -> Result<()> {
        match error {
            LineError::NotAMessage => {
                let criticals = self.strays.words.criticals();
                self.strays.line(line);
                if self.strays.words.criticals() > criticals {
                    self.note_critical_here(floor);
                }
                Ok(())
            }
            LineError::Malformed(malformed) => {
                if malformed.non_finite
                    && let Some(Repaired { line, nulled, .. }) = repair_non_finite(line)
                    && let Ok(message) = Message::parse(&line)
                {
                    let changes = self.nulled(nulled);
                    return self.message(&message, floor, &changes);
                }
                self.malformed(&malformed, floor, on_malformed)
            }
        }
    }

    pub(super) fn message(
        &mut self,
        message: &Message<'_>,
        floor: &mut Emitting,
        changes: &[Change],
    ) -> Result<()> {
        match message {
            Message::Record(record) => {
                if self.newcomers.is_some() && !self.router.has_met(&record.stream) {
                    self.admit(&record.stream, message, floor)?;
                }
                self.record(&record.borrowed(), &[], floor, changes)
            }
            Message::State(state) => {
                self.tracker.saw_state(state.value).map_err(|e| self.state_error(e))?;
                self.publish_due(floor)
            }
            Message::Schema(schema) => {
                if self.newcomers.is_some() {
                    self.admit(&schema.stream, message, floor)?;
                }
                if let Some(number) =
                    self.router.saw_schema(&schema.stream, schema.schema, &self.tracker)?
                {
                    let id = self.router.wanted[number].stream;
                    self.drift.saw(number, floor.descriptor(id), schema.schema);
                    self.values.expect(id.index(), schema.schema);
                }
                Ok(())
            }
            Message::ActivateVersion(activate) => {
                tracing::debug!(heard = true, stream = %activate.stream, "ACTIVATE_VERSION is consumed");
                Ok(())
            }
            Message::Batch(batch) => {
                if self.newcomers.is_some() && !self.router.has_met(&batch.stream) {
                    self.admit(&batch.stream, message, floor)?;
                }
                self.batch(batch, floor)
            }
            Message::Other(other) => {
                if self.others.len() < 100 && self.others.insert(other.kind.to_string()) {
                    tracing::info!("messages of type {} are passed over", other.kind);
                }
                Ok(())
            }
        }
    }

    /// Passes a record on. Where its fields begin may be known.
    #[inline]
    pub(super) fn record(
        &mut self,
        record: &RecordRef<'_>,
        fields: &[usize],
        floor: &mut Emitting,
        changes: &[Change],
    ) -> Result<()> {
        let Some(wanted) = self.router.target(record.stream, &self.tracker)? else { return Ok(()) };
        // What had to be mended is marked as that.
        if changes.is_empty() {
            self.values.saw(wanted.stream.index(), record.record);
        }
        let at = self.clock.of(record.time_extracted);
        let data = wanted.filter.apply(record.record, fields, &mut wanted.scratch);
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

    /// What a record says of its values that became null.
    pub(super) fn nulled(&mut self, nulled: Vec<String>) -> Vec<Change> {
        self.repaired += 1;
        if self.repaired == 1 {
            tracing::warn!(
                "values that JSON doesn't know (NaN, Infinity) become null and are marked"
            );
        }
        let change = |field| Change {
            field,
            change: ChangeKind::Nulled,
            reason: ChangeReason::SourceSerializationError,
        };
        nulled.into_iter().map(change).collect()
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
        let named = malformed.stream.as_deref();
        let stream = match named {
            // Not settled by a broken line.
            Some(name) if self.newcomers.is_some() && !self.router.has_met(name) => None,
            Some(name) => self.router.target(name, &self.tracker)?.map(|wanted| wanted.stream),
            None => None,
        };
        self.leave_out(&what, stream, floor);
        Ok(())
    }

    /// Counts and tells a broken record that doesn't fail the read.
    pub(super) fn leave_out(&self, what: &str, stream: Option<StreamId>, floor: &mut Emitting) {
        floor.reject(stream);
        tracing::error!("{what}; it is left out (--on-malformed skip)");
    }

    /// The error of a next line that doesn't fit.
    pub(super) fn too_long(&self) -> Error {
        Error::system(format!(
            "line {} of the tap's output is longer than allowed (--max-line-bytes)",
            self.number + 1
        ))
    }
}

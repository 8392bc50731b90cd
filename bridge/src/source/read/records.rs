//! What takes a record, from a RECORD message or from a BATCH file: to its stream, looked at, without
//! its deselected fields, and out.

use super::clock::Clock;
use super::route::{Router, Wanted};
use super::schemas::{Drift, Watched};
use super::validation::{Values, Which};
use crate::options::OptionSet;
use crate::translate::EntryIndex;
use crate::translate::state::Tracker;
use airbyte_protocol::{Change, ChangeKind, ChangeReason};
use airbyte_singer_runtime::{Emitting, Result, StreamId};
use singer_protocol::message::{RecordRef, Schema};

/// The streams of a run and what is done with their records.
pub(super) struct Records {
    pub(super) router: Router,
    /// What the schemas should be.
    drift: Drift,
    /// How the records' values are.
    pub(super) values: Values,
    clock: Clock,
    repaired: u64,
    empty: u64,
}

impl Records {
    /// Records go where `router` says.
    pub(super) fn new(router: Router) -> Self {
        Self {
            router,
            drift: Drift::default(),
            values: Values::new(Which::Sample),
            clock: Clock::default(),
            repaired: 0,
            empty: 0,
        }
    }

    /// Watches the schemas of the router's streams, each as it should be.
    pub(super) fn watching(self, streams: impl IntoIterator<Item = Watched>) -> Self {
        Self { drift: Drift::of(streams), ..self }
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

    /// Bytes have come in: what says no time of its own was extracted now.
    pub(super) fn hear(&mut self) {
        self.clock.forget();
    }

    /// From now on records of the entry at that place of the tap's catalog go to one more stream.
    pub(super) fn add(&mut self, entry: EntryIndex, wanted: Wanted, watched: Watched) {
        self.drift.push(watched);
        self.router.want(entry, wanted);
    }

    /// Takes notice of a SCHEMA.
    pub(super) fn schema(
        &mut self,
        schema: &Schema<'_>,
        tracker: &Tracker,
        floor: &Emitting,
    ) -> Result<()> {
        if let Some(number) = self.router.saw_schema(&schema.stream, schema.schema, tracker)? {
            let id = self.router.wanted[number.0].stream;
            self.drift.saw(number, floor.descriptor(id), schema.schema);
            self.values.expect(id.index(), schema.schema);
        }
        Ok(())
    }

    /// Passes a record on. Where its fields begin may be known.
    #[inline]
    pub(super) fn take(
        &mut self,
        record: &RecordRef<'_>,
        fields: &[usize],
        tracker: &mut Tracker,
        floor: &mut Emitting,
        changes: &[Change],
    ) -> Result<()> {
        let Some(wanted) = self.router.target(record.stream, tracker)? else { return Ok(()) };
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
        tracker.note_output(data.len() as u64);
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

    /// Counts and tells a broken record that doesn't fail the read.
    pub(super) fn leave_out(&self, what: &str, stream: Option<StreamId>, floor: &mut Emitting) {
        floor.reject(stream);
        tracing::error!("{what}; it is left out (--on-malformed skip)");
    }
}

//! Records whose values break the tap's own schema: counted, told at the end of a run, passed as they
//! are.
//!
//! Held against is what the tap says in SCHEMA, since that is the tap's word for these very records. The
//! configured schema is a translation of it that may be years old and lack what the user left out; how
//! the two differ is told as drift.

use super::undeclared::Undeclared;
use crate::translate::overrides::StreamOverride;
use crate::translate::schema::{Break, Measure, columns};
use airbyte_protocol::StreamDescriptor;
use airbyte_singer_runtime::Emitting;
use indexmap::IndexMap;
use serde_json::Value;
use std::collections::{HashSet, VecDeque};

/// So many records of each stream are looked at from the beginning, and then every so manieth.
const FIRST: u64 = 100;
const EVERY: u64 = 1024;
/// Looking at a byte costs as much as passing on twenty. So that it stays below a hundredth, so many
/// bytes may be looked at in any run (10 ms), and beyond them this part of all.
const FREE: u64 = 1 << 18;
const PART: u64 = 2048;
/// What it costs to read a schema, in bytes of records for each of its own.
const SCHEMA: u64 = 4;
/// A longer schema isn't read: one that is held ready takes a hundred times its length.
const LONGEST: usize = 1 << 20;
/// How many schemas are held ready for a sample: they take a hundred times the room of their text.
const READY: usize = 16;
const BREAKS: &str = "values break the tap's schema";
/// How many places are told of one stream.
const TOLD: usize = 100;

/// Which records are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// Some, for next to nothing.
    Sample,
    /// All (`--validate-records`).
    All,
}

/// Looks at the values of a run's records.
#[derive(Debug)]
pub(super) struct Values {
    which: Which,
    /// By the streams' places in the configured catalog.
    streams: Vec<Looked>,
    /// The streams whose schema is held ready, the oldest first.
    ready: VecDeque<usize>,
    /// Bytes of records that have passed, and the bytes' worth of what was done with them.
    passed: u64,
    spent: u64,
}

/// What was seen of one stream.
#[derive(Debug, Default)]
struct Looked {
    /// The schema as the tap wrote it last.
    said: Option<Box<str>>,
    measure: Option<Box<Measure>>,
    /// The names of the columns that it declares, as long as it is held ready.
    declared: Option<HashSet<Box<str>>>,
    /// What the profile says of its columns.
    overruled: StreamOverride,
    /// Columns that it doesn't declare.
    undeclared: Undeclared,
    /// Why its schema can't be held against anything.
    unfit: Option<String>,
    records: u64,
    looked_at: u64,
    broken: u64,
    /// What is wrong, and in how many records.
    breaks: IndexMap<Break, u64>,
    /// Whether there were more places than are told.
    more: bool,
}

impl Values {
    pub(super) fn new(which: Which) -> Self {
        let (streams, ready) = (Vec::new(), VecDeque::new());
        Self { which, streams, ready, passed: 0, spent: 0 }
    }

    #[inline(always)]
    fn stream(&mut self, place: usize) -> &mut Looked {
        if self.streams.len() <= place {
            self.make_room(place);
        }
        &mut self.streams[place]
    }

    #[cold]
    fn make_room(&mut self, place: usize) {
        self.streams.resize_with(place + 1, Looked::default);
    }

    /// The `schema` of a SCHEMA message of the stream at `place`, or what stands for it until one comes.
    pub(super) fn expect(&mut self, place: usize, schema: &str) {
        let one = self.stream(place);
        if one.said.as_deref() == Some(schema) {
            return;
        }
        (one.said, one.measure, one.unfit) = match schema.len() {
            0..=LONGEST => (Some(schema.into()), None, None),
            length => (None, None, Some(format!("it is too long ({length} bytes)"))),
        };
        one.declared = None;
        self.ready.retain(|ready| *ready != place);
    }

    /// What the profile says of the stream at `place`: its columns are held against that.
    pub(super) fn overrule(&mut self, place: usize, over: &StreamOverride) {
        if !over.columns.is_empty() {
            self.stream(place).overruled.columns.clone_from(&over.columns);
        }
    }

    /// The schema that the tap sent last of the stream at `place`.
    pub(super) fn said(&self, place: usize) -> Option<&str> {
        self.streams.get(place)?.said.as_deref()
    }

    /// A record of the stream at `place` passes.
    #[inline]
    pub(super) fn saw(&mut self, place: usize, record: &str) {
        let size = record.len() as u64;
        self.passed += size;
        let one = self.stream(place);
        one.records += 1;
        let turn = one.records <= FIRST || one.records.is_multiple_of(EVERY);
        if self.which == Which::All || (turn && self.affords(place, size)) {
            self.look(place, record);
        }
    }

    /// Whether a sample may look at so many bytes more, and read the schema if it isn't ready.
    fn affords(&self, place: usize, record: u64) -> bool {
        let schema = self.streams[place].to_read().map_or(0, |schema| SCHEMA * schema.len() as u64);
        self.spent + schema + record <= FREE + self.passed / PART
    }

    #[cold]
    fn look(&mut self, place: usize, record: &str) {
        self.spent += record.len() as u64;
        self.make_ready(place);
        let one = &mut self.streams[place];
        // Of a schema that nobody can read nothing is known.
        if (one.said.is_some() || one.unfit.is_some()) && one.declared.is_none() {
            return;
        }
        // What is nested too deeply for a reader says nothing.
        let Ok(record) = serde_json::from_str::<Value>(record) else { return };
        if let Value::Object(fields) = &record {
            one.undeclared.saw(fields, one.declared.as_ref());
        }
        let Some(measure) = &one.measure else { return };
        one.looked_at += 1;
        let breaks = measure.breaks(&record);
        one.broken += u64::from(!breaks.is_empty());
        for what in breaks {
            if one.breaks.len() == TOLD && !one.breaks.contains_key(&what) {
                one.more = true;
            } else {
                *one.breaks.entry(what).or_default() += 1;
            }
        }
    }

    /// Makes ready what this stream's records are held against, if there is something.
    fn make_ready(&mut self, place: usize) {
        let one = &mut self.streams[place];
        let Some(schema) = one.to_read() else { return };
        self.spent += SCHEMA * schema.len() as u64;
        let Ok(mut schema) = serde_json::from_str::<Value>(schema) else {
            one.unfit = Some("it can't be read (nested too deeply, perhaps)".to_owned());
            return;
        };
        one.overruled.overrule(&mut schema);
        one.declared = Some(columns(&schema));
        match Measure::of(&schema) {
            Ok(measure) => one.measure = Some(Box::new(measure)),
            Err(why) => {
                one.unfit = Some(why);
                return;
            }
        }
        if self.which == Which::Sample {
            if self.ready.len() == READY
                && let Some(oldest) = self.ready.pop_front()
            {
                (self.streams[oldest].measure, self.streams[oldest].declared) = (None, None);
            }
            self.ready.push_back(place);
        }
    }

    /// Tells what was seen of the stream at `place`, at the end of a run: a line for each place in its
    /// records. `id` is what the profile calls the stream; `known` gives the columns that catalogs
    /// declare.
    pub(super) fn tell(
        &self,
        place: usize,
        floor: &Emitting,
        id: &str,
        known: impl FnOnce() -> HashSet<String>,
    ) {
        let Some(one) = self.streams.get(place).filter(|one| one.records > 0) else { return };
        let stream = floor.descriptor(floor.nth(place));
        one.tell(stream, self.which, id);
        if !one.undeclared.is_empty()
            && let Some(sentence) = one.undeclared.sentence(&known(), one.records, id)
        {
            tracing::warn!("stream {stream}: {sentence}");
        }
    }
}

impl Looked {
    /// The schema that has yet to be made ready.
    fn to_read(&self) -> Option<&str> {
        let schema = self.said.as_deref()?;
        (self.measure.is_none() && self.unfit.is_none()).then_some(schema)
    }

    fn tell(&self, stream: &StreamDescriptor, which: Which, id: &str) {
        let all = which == Which::All;
        let unfit = self.unfit.as_deref();
        let unfit = unfit.or_else(|| self.said.is_none().then_some("the tap sent none"));
        if let Some(why) = unfit {
            let text = format!("records can't be held against their schema: {why}");
            match all {
                true => tracing::warn!("stream {stream}: {text}"),
                false => tracing::debug!("stream {stream}: {text}"),
            }
        }
        let of = match all {
            true => format!("{} records", self.looked_at),
            false => format!("{} records looked at, {} in all", self.looked_at, self.records),
        };
        for (Break { what, year_of }, count) in &self.breaks {
            let way_out = match year_of {
                Some(column) => format!(
                    "; what reads dates may fail over them: `streams.{id}.columns` in the profile, with \
                     `{column}: {{type: string}}`, makes the column a text in the schema"
                ),
                None => String::new(),
            };
            let text = format!("{BREAKS}: {what}, in {count} of {of}{way_out}");
            match all || year_of.is_some() {
                true => tracing::warn!("stream {stream}: {text}"),
                false => tracing::info!("stream {stream}: {text}"),
            }
        }
        if self.more {
            let text = format!("{BREAKS}: further places are not told");
            match all {
                true => tracing::warn!("stream {stream}: {text}"),
                false => tracing::info!("stream {stream}: {text}"),
            }
        }
        if all && self.looked_at > 0 {
            let (looked_at, broken) = (self.looked_at, self.broken);
            tracing::info!(
                "stream {stream}: {looked_at} records held against the tap's schema, {broken} break it"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str = r#"{"properties": {"id": {"type": "integer"}}}"#;

    #[test]
    fn a_sample_stays_within_its_part_however_long_records_are() {
        let mut values = Values::new(Which::Sample);
        values.expect(0, SCHEMA);
        let long = format!(r#"{{"id": "{}"}}"#, "x".repeat(100_000));
        for _ in 0..8000 {
            values.saw(0, &long);
        }
        assert_eq!(values.streams[0].records, 8000);
        // Two at once and, since 800 MB have passed, of every 1024th.
        assert!((5..=9).contains(&values.streams[0].looked_at), "{}", values.streams[0].looked_at);
        assert!(values.spent <= FREE + values.passed / PART + 1000);
    }

    #[test]
    fn a_schema_that_is_too_large_for_a_sample_waits_until_enough_has_passed() {
        let column = |n: u64| format!(r#""column_{n:06}": {{"type": "integer"}}"#);
        let columns: Vec<String> = (0..FREE / 64).map(column).collect();
        let schema = format!(r#"{{"properties": {{{}}}}}"#, columns.join(", "));
        let mut sample = Values::new(Which::Sample);
        let mut all = Values::new(Which::All);
        for values in [&mut sample, &mut all] {
            values.expect(0, &schema);
            values.saw(0, r#"{"column_000000": "1"}"#);
        }
        assert_eq!((sample.streams[0].looked_at, sample.spent), (0, 0));
        assert!(sample.streams[0].measure.is_none() && all.streams[0].broken == 1);
        sample.passed = PART * super::SCHEMA * schema.len() as u64;
        sample.saw(0, r#"{"column_000000": "1"}"#);
        assert_eq!(sample.streams[0].broken, 1);
    }

    #[test]
    fn a_schema_that_is_too_long_is_told_and_not_kept() {
        let mut values = Values::new(Which::All);
        let long =
            format!(r#"{{"properties": {{"id": {{"enum": ["{}"]}}}}}}"#, "x".repeat(LONGEST));
        values.expect(0, &long);
        values.saw(0, r#"{"id": "1"}"#);
        let one = &values.streams[0];
        assert!(one.said.is_none() && one.measure.is_none() && one.looked_at == 0);
        let why = format!("it is too long ({} bytes)", long.len());
        assert_eq!(one.unfit.as_ref(), Some(&why));
        values.expect(0, SCHEMA);
        values.saw(0, r#"{"id": "1"}"#);
        assert_eq!(values.streams[0].broken, 1);
    }

    #[test]
    fn few_schemas_are_held_ready_and_all_streams_are_looked_at() {
        let mut values = Values::new(Which::Sample);
        for round in 0..3 {
            for place in 0..3 * READY {
                values.expect(place, SCHEMA);
                values.saw(place, r#"{"id": "1"}"#);
                assert_eq!(values.streams[place].broken, round + 1);
            }
        }
        let ready = values.streams.iter().filter(|one| one.measure.is_some()).count();
        assert_eq!((ready, values.ready.len()), (READY, READY));
    }
}

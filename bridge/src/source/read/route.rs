//! From the stream's name in a message to the configured stream.

use crate::source::plan::Selected;
use crate::translate::names::{Names, Resolution};
use crate::translate::record::FieldFilter;
use crate::translate::state::Tracker;
use crate::translate::{EntryIndex, Overrides};
use airbyte_singer_runtime::{Emitting, Error, Result, StreamId};
use singer_protocol as singer;
use std::collections::HashMap;

/// Where the records of one message name go.
#[derive(Debug)]
pub(super) enum Target {
    /// To a configured stream of this run.
    Wanted(WantedIndex),
    /// Nowhere: the stream is the tap's, but nobody asked for it here.
    Unwanted,
    /// Nowhere: no stream is known by that name.
    Unknown,
}

/// A stream's place among those of a run: its number in the router.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct WantedIndex(pub(super) usize);

/// One stream of this run of the tap.
#[derive(Debug)]
pub(super) struct Wanted {
    /// Its place among the configured streams.
    pub(super) stream: StreamId,
    /// Its id in the tap's catalog.
    pub(super) tap_stream_id: String,
    /// Every name that the tap may call it by in its log.
    pub(super) names: Vec<String>,
    /// The fields that were deselected, in case the tap sends them all the same.
    pub(super) filter: FieldFilter,
    /// Where a filtered record is put together.
    pub(super) scratch: Vec<u8>,
    /// Whether a SCHEMA or RECORD of it was seen.
    pub(super) seen: bool,
    /// Whether all of it is read.
    pub(super) in_full: bool,
    /// Whether that is so because neither the tap nor the profile says how it is read.
    pub(super) no_method: bool,
}

/// Resolves names. A name is resolved once and then remembered; a SCHEMA resolves it anew, because
/// two tables may share one name and take turns.
#[derive(Debug)]
pub(super) struct Router {
    names: Names,
    by_entry: HashMap<EntryIndex, WantedIndex>,
    pub(super) wanted: Vec<Wanted>,
    known: HashMap<String, Target>,
    last: Option<(String, WantedIndex)>,
    /// The wanted stream that was heard of last.
    current: Option<WantedIndex>,
    strangers_expected: bool,
    /// The first name that no stream is known by and under which a record came.
    stray: Option<String>,
}

impl Router {
    /// A router for `wanted` streams, each with its entry.
    pub(super) fn new(names: Names, wanted: Vec<(EntryIndex, Wanted)>) -> Self {
        let numbered = (0..).map(WantedIndex).zip(&wanted);
        let by_entry = numbered.map(|(number, (entry, _))| (*entry, number)).collect();
        Self {
            names,
            by_entry,
            wanted: wanted.into_iter().map(|(_, wanted)| wanted).collect(),
            known: HashMap::new(),
            last: None,
            current: None,
            strangers_expected: false,
            stray: None,
        }
    }

    /// A router to the streams of one run of the tap.
    pub(super) fn to<'a>(
        streams: impl IntoIterator<Item = &'a Selected>,
        catalog: &singer::Catalog,
        overrides: &Overrides,
        floor: &Emitting,
    ) -> Self {
        let wanted = streams.into_iter().map(|one| {
            let wanted = Wanted {
                stream: floor.nth(one.configured.0),
                tap_stream_id: one.tap_stream_id.clone(),
                names: one.names.clone(),
                filter: FieldFilter::new(one.deselected.iter().cloned()),
                scratch: Vec::new(),
                seen: false,
                in_full: one.in_full,
                no_method: one.no_method,
            };
            (one.entry, wanted)
        });
        let wanted: Vec<(EntryIndex, Wanted)> = wanted.collect();
        let selected = wanted.iter().map(|(_, wanted)| wanted.tap_stream_id.clone()).collect();
        Self::new(Names::new(catalog, overrides, &selected), wanted)
    }

    /// Whether streams that the catalog doesn't have are nothing to warn of, because no more of it
    /// was learnt than was asked for.
    pub(super) fn expecting_strangers(self, strangers_expected: bool) -> Self {
        Self { strangers_expected, ..self }
    }

    /// Takes notice of a SCHEMA and gives back whose it is.
    /// What the newest STATE says the tap is at tells two streams of one name apart, here and below.
    pub(super) fn saw_schema(
        &mut self,
        name: &str,
        schema: &str,
        states: &Tracker,
    ) -> Result<Option<WantedIndex>> {
        self.last = None;
        self.resolve(name, Some(schema), states)?;
        let Some(&Target::Wanted(index)) = self.known.get(name) else { return Ok(None) };
        self.wanted[index.0].seen = true;
        self.current = Some(index);
        Ok(Some(index))
    }

    /// The wanted stream that was heard of last.
    pub(super) fn current(&self) -> Option<WantedIndex> {
        self.current
    }

    /// Whether it is settled where records named `name` go.
    #[inline]
    pub(super) fn has_met(&self, name: &str) -> bool {
        self.last.as_ref().is_some_and(|(last, _)| last == name) || self.known.contains_key(name)
    }

    /// Whose a message of that name is, by what has been said so far.
    pub(super) fn resolution(
        &self,
        name: &str,
        schema: Option<&str>,
        states: &Tracker,
    ) -> Resolution {
        // Schemas and states are long: they are read where a name leaves a doubt.
        if let Some(entry) = self.names.plain(name) {
            return Resolution::One(entry);
        }
        self.names.resolve(name, schema, states.currently_syncing().as_deref())
    }

    /// Whether records of that name may be a stream's that the catalog has.
    pub(super) fn knows(&self, name: &str, states: &Tracker) -> bool {
        match self.known.get(name) {
            Some(target) => !matches!(target, Target::Unknown),
            None => !matches!(self.resolution(name, None, states), Resolution::Unknown),
        }
    }

    /// Learns of a stream that the catalog didn't have and gives back its place there.
    pub(super) fn learn(&mut self, entry: &singer::Entry, overrides: &Overrides) -> EntryIndex {
        self.names.add(entry, overrides, true)
    }

    /// Whether records of the entry at that place go anywhere.
    pub(super) fn wants(&self, entry: EntryIndex) -> bool {
        self.by_entry.contains_key(&entry)
    }

    /// From now on records of the entry at that place go to a stream.
    pub(super) fn want(&mut self, entry: EntryIndex, wanted: Wanted) {
        self.by_entry.insert(entry, WantedIndex(self.wanted.len()));
        self.wanted.push(wanted);
    }

    /// Whether a SCHEMA or a RECORD came, of whatever stream.
    pub(super) fn has_heard(&self) -> bool {
        !self.known.is_empty()
    }

    /// The stream that a record named `name` belongs to; none when nobody asked for it here.
    #[inline(always)]
    pub(super) fn target(&mut self, name: &str, states: &Tracker) -> Result<Option<&mut Wanted>> {
        if let Some((last, index)) = &self.last
            && last == name
        {
            return Ok(Some(&mut self.wanted[index.0]));
        }
        self.target_by_name(name, states)
    }

    #[inline(never)]
    fn target_by_name(&mut self, name: &str, states: &Tracker) -> Result<Option<&mut Wanted>> {
        if !self.known.contains_key(name) {
            self.resolve(name, None, states)?;
        }
        match self.known.get(name) {
            Some(&Target::Wanted(index)) => {
                self.last = Some((name.to_owned(), index));
                self.wanted[index.0].seen = true;
                self.current = Some(index);
                Ok(Some(&mut self.wanted[index.0]))
            }
            Some(Target::Unknown) => {
                self.stray.get_or_insert_with(|| name.to_owned());
                Ok(None)
            }
            Some(Target::Unwanted) | None => Ok(None),
        }
    }

    /// The name under which records came that may be those of a stream of this run: no stream is
    /// known by it, and some have not been heard of under theirs. Once all of them have, it is only a
    /// stream that nobody asked for.
    pub(super) fn stray(&self) -> Option<&str> {
        let name = self.stray.as_deref()?;
        self.wanted.iter().any(|wanted| !wanted.seen).then_some(name)
    }

    fn resolve(&mut self, name: &str, schema: Option<&str>, states: &Tracker) -> Result<()> {
        let target = match self.resolution(name, schema, states) {
            Resolution::One(entry) => match self.by_entry.get(&entry) {
                Some(index) => Target::Wanted(*index),
                None => Target::Unwanted,
            },
            Resolution::Unknown => {
                let expected = self.strangers_expected || self.names.excludes(name);
                // Once, however often its SCHEMA comes.
                if !expected && !self.known.contains_key(name) {
                    tracing::warn!(
                        heard = true, // a tap may invent any number of names
                        "the tap writes a stream `{name}` that its catalog doesn't have; it is left out"
                    );
                }
                if expected { Target::Unwanted } else { Target::Unknown }
            }
            Resolution::Ambiguous(entries) => {
                return Err(Error::config(format!(
                    "the tap writes the name `{name}`, which may be any of {}; \
                     say which in the profile (streams.<tap_stream_id>.aliases), \
                     or read one of them at a time",
                    self.names.ids(&entries)
                )));
            }
        };
        if matches!(target, Target::Unwanted) && !self.known.contains_key(name) {
            tracing::debug!(
                heard = true,
                "records named `{name}` were not asked for and are dropped"
            );
        }
        self.known.insert(name.to_owned(), target);
        Ok(())
    }
}

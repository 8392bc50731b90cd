//! Streams that show up in a tap's messages, where the streams seen are the configured ones.

use super::records::Records;
use super::route::Wanted;
use super::schemas::Watched;
use super::states::States;
use crate::source::plan::{Selected, ids, log_names, resume};
use crate::translate::catalog::{Learnt, Translated, outline, to_airbyte};
use crate::translate::names::{Resolution, shared_keys};
use crate::translate::record::FieldFilter;
use crate::translate::state::{StateType, Tracker};
use crate::translate::{ConfiguredIndex, EntryIndex, Overrides};
use airbyte_protocol::{ConfiguredStream, Stream, SyncMode};
use airbyte_singer_runtime::{Emitting, Error, ReadJob, Result};
use singer_protocol as singer;
use singer_protocol::Message;
use std::collections::HashSet;
use std::time::Duration;

/// Takes in the streams that show up. All of them resume: nothing says which ones are read in full.
pub(super) struct Discovered {
    /// The tap's catalog as far as the user gave one, and what becomes of its streams.
    catalog: singer::Catalog,
    translated: Translated,
    /// The places of entries whose bookmark may be another's too.
    shared_keys: HashSet<EntryIndex>,
    overrides: Overrides,
    /// The streams that were taken in, as if they had been configured.
    members: Vec<Selected>,
    job: ReadJob,
    ids: Vec<String>,
    run_id: String,
    state_type: StateType,
    interval: Duration,
}

impl Discovered {
    /// Nobody yet. `job` has the state that the tap was started from and an empty catalog.
    pub(super) fn new(
        catalog: singer::Catalog,
        overrides: Overrides,
        job: ReadJob,
        run_id: String,
        (state_type, interval): (StateType, Duration),
    ) -> Self {
        let translated = outline(&catalog, &overrides);
        let (members, ids) = (Vec::new(), ids(&catalog));
        let shared_keys = shared_keys(&catalog);
        Self {
            catalog,
            translated,
            shared_keys,
            overrides,
            members,
            job,
            ids,
            run_id,
            state_type,
            interval,
        }
    }

    /// The stream at a place of the given catalog; none when the profile leaves it out.
    fn given(&self, entry: EntryIndex) -> Option<Found> {
        let known = self.catalog.streams().get(entry.0)?;
        let place = self.translated.place(known.tap_stream_id())?;
        let evidence = self.translated.links[place].database && !self.shared_keys.contains(&entry);
        Some(Found {
            stream: self.translated.catalog.streams[place].clone(),
            tap_stream_id: known.tap_stream_id().to_owned(),
            names: log_names(known),
            evidence,
            watched: Watched::discovered(known, &HashSet::new()),
        })
    }

    /// A stream that no catalog has, by its first message.
    fn learn(&self, message: &Message<'_>) -> (singer::Catalog, Option<Found>) {
        let mut learnt = Learnt::new(&self.overrides);
        learnt.saw(message);
        let catalog = learnt.catalog();
        let translated = to_airbyte(&catalog, &self.overrides);
        let pairs = translated.links.into_iter().zip(translated.catalog.streams);
        let found = pairs.zip(catalog.streams()).next().map(|((link, stream), entry)| Found {
            stream,
            tap_stream_id: link.tap_stream_id,
            names: log_names(entry),
            evidence: false,
            watched: Watched::unknown(),
        });
        (catalog, found)
    }

    /// Configures one more stream and gives back what follows the run from here on.
    ///
    /// A new plan is as good as a longer one: the streams share only cuts that are made once all of
    /// them are there, and the cut that the run began with.
    fn configure(&mut self, found: &Found, entry: EntryIndex, now: Duration) -> Result<Tracker> {
        if self.members.len() == Learnt::MOST_STREAMS {
            return Err(Error::config(format!(
                "more than {} streams show up; name those to pass on with --catalog",
                Learnt::MOST_STREAMS
            )));
        }
        let said = self.overrides.get(&found.tap_stream_id).and_then(|over| over.alone);
        self.members.push(Selected {
            configured: ConfiguredIndex(self.members.len()),
            entry,
            tap_stream_id: found.tap_stream_id.clone(),
            names: found.names.clone(),
            in_full: false,
            no_method: false,
            deselected: HashSet::new(),
            may_stand_alone: said.unwrap_or(found.evidence),
        });
        if !self.ids.contains(&found.tap_stream_id) {
            self.ids.push(found.tap_stream_id.clone());
        }
        let named = Stream { json_schema: serde_json::Map::new(), ..found.stream.clone() };
        let configured = ConfiguredStream::new(named, SyncMode::Incremental);
        self.job.catalog.streams.push(configured);
        let resumed = resume(self.state_type, &self.members, &self.job, &self.ids)?;
        let (pass, specs) = resumed.in_one_run()?;
        // Each plan counts its cuts from the beginning.
        let run_id = format!("{}-{}", self.run_id, self.members.len());
        Ok(Tracker::new(&pass, &specs, &run_id, self.interval, now))
    }

    /// Takes in the stream of a message named `name`, unless it is settled where that goes.
    #[inline]
    pub(super) fn meet(
        &mut self,
        name: &str,
        message: &Message<'_>,
        records: &mut Records,
        states: &mut States,
        floor: &mut Emitting,
    ) -> Result<()> {
        match records.router.has_met(name) {
            true => Ok(()),
            false => self.admit(name, message, records, states, floor),
        }
    }

    /// Takes in the stream of a SCHEMA or RECORD named `name`, unless that was done before.
    pub(super) fn admit(
        &mut self,
        name: &str,
        message: &Message<'_>,
        records: &mut Records,
        states: &mut States,
        floor: &mut Emitting,
    ) -> Result<()> {
        let schema = match message {
            Message::Schema(schema) => Some(schema.schema),
            _ => None,
        };
        let (entry, found) = match records.router.resolution(name, schema, &states.tracker) {
            Resolution::One(entry) if records.router.wants(entry) => return Ok(()),
            Resolution::One(entry) => (entry, self.given(entry)),
            Resolution::Unknown => {
                let (catalog, found) = self.learn(message);
                let Some(entry) = catalog.streams().first() else { return Ok(()) };
                (records.router.learn(entry, &self.overrides), found)
            }
            // Whoever asks the router next is told.
            Resolution::Ambiguous(_) => return Ok(()),
        };
        let Some(found) = found else { return Ok(()) };
        let tracker = self.configure(&found, entry, states.elapsed())?;
        let stream = floor.add(found.stream.descriptor())?;
        floor.start(stream)?;
        if let Some(over) = self.overrides.get(&found.tap_stream_id) {
            records.values.overrule(stream.index(), over);
        }
        let wanted = Wanted {
            stream,
            tap_stream_id: found.tap_stream_id,
            names: found.names,
            filter: FieldFilter::default(),
            scratch: Vec::new(),
            seen: true,
            in_full: false,
            no_method: false,
        };
        records.add(entry, wanted, found.watched);
        states.replan(tracker)
    }
}

/// A stream to take in.
struct Found {
    stream: Stream,
    tap_stream_id: String,
    names: Vec<String>,
    /// Whether the catalog shows that it may stand alone.
    evidence: bool,
    watched: Watched,
}

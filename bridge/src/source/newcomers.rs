//! Streams that show up in a tap's messages, where the streams seen are the configured ones.

use super::drift::Watched;
use super::joining::Joining;
use super::members::{Member, ids, log_names, specs};
use super::route::Wanted;
use super::sink::Sink;
use crate::translate::Overrides;
use crate::translate::catalog::{Learnt, Translated, outline, to_airbyte};
use crate::translate::names::{Resolution, shared_keys};
use crate::translate::record::FieldFilter;
use crate::translate::state::{StateType, Tracker};
use airbyte_adapters::{Emitting, Error, ReadJob, Result};
use airbyte_protocol::{ConfiguredStream, Stream, SyncMode};
use singer_protocol as singer;
use singer_protocol::Message;
use std::collections::HashSet;
use std::time::Duration;

/// Takes in the streams that show up. All of them resume: nothing says which ones are read in full.
pub(super) struct Newcomers {
    /// The tap's catalog as far as the user gave one, and what becomes of its streams.
    catalog: singer::Catalog,
    translated: Translated,
    /// The places of entries whose bookmark may be another's too.
    shared_keys: HashSet<usize>,
    overrides: Overrides,
    /// The streams that were taken in, as if they had been configured.
    members: Vec<Member>,
    job: ReadJob,
    ids: Vec<String>,
    run_id: String,
    state_type: StateType,
    interval: Duration,
}

impl Newcomers {
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
    fn given(&self, entry: usize) -> Option<Found> {
        let known = self.catalog.streams().get(entry)?;
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
    fn configure(&mut self, found: &Found, entry: usize, now: Duration) -> Result<Tracker> {
        if self.members.len() == Learnt::MOST_STREAMS {
            return Err(Error::config(format!(
                "more than {} streams show up; name those to pass on with --catalog",
                Learnt::MOST_STREAMS
            )));
        }
        let said = self.overrides.get(&found.tap_stream_id).and_then(|over| over.alone);
        self.members.push(Member {
            configured: self.members.len(),
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
        let specs = specs(&self.members, &self.job);
        let plan = Joining {
            state_type: self.state_type,
            specs: &specs,
            members: &self.members,
            job: &self.job,
            ids: &self.ids,
        }
        .plan()?;
        let pass = plan.in_one_run(&specs).map_err(super::piped::several_runs)?;
        // Each plan counts its cuts from the beginning.
        let run_id = format!("{}-{}", self.run_id, self.members.len());
        Ok(Tracker::new(&pass, &specs, &run_id, self.interval, now))
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

impl Sink {
    /// Takes in the stream of a SCHEMA or RECORD named `name`, unless that was done before.
    pub(super) fn admit(
        &mut self,
        name: &str,
        message: &Message<'_>,
        floor: &mut Emitting,
    ) -> Result<()> {
        let Some(newcomers) = &mut self.newcomers else { return Ok(()) };
        let schema = match message {
            Message::Schema(schema) => Some(schema.schema),
            _ => None,
        };
        let (entry, found) = match self.router.resolution(name, schema, &self.tracker) {
            Resolution::One(entry) if self.router.wants(entry) => return Ok(()),
            Resolution::One(entry) => (entry, newcomers.given(entry)),
            Resolution::Unknown => {
                let (catalog, found) = newcomers.learn(message);
                let Some(entry) = catalog.streams().first() else { return Ok(()) };
                (self.router.learn(entry, &newcomers.overrides), found)
            }
            // Whoever asks the router next is told.
            Resolution::Ambiguous(_) => return Ok(()),
        };
        let Some(found) = found else { return Ok(()) };
        let tracker = newcomers.configure(&found, entry, self.started.elapsed())?;
        let stream = floor.add(found.stream.descriptor())?;
        floor.start(stream)?;
        if let Some(over) = newcomers.overrides.get(&found.tap_stream_id) {
            self.values.overrule(stream.index(), over);
        }
        self.places.push(stream.index());
        self.drift.push(found.watched);
        self.router.want(
            entry,
            Wanted {
                stream,
                tap_stream_id: found.tap_stream_id,
                names: found.names,
                filter: FieldFilter::default(),
                scratch: Vec::new(),
                seen: true,
                in_full: false,
                no_method: false,
            },
        );
        let tracker = tracker.after(self.tracker.standing());
        let before = std::mem::replace(&mut self.tracker, tracker);
        let Some(newest) = before.newest_state() else { return Ok(()) };
        self.tracker.saw_state(newest).map_err(|error: crate::translate::state::StateError| {
            Error::system(format!("the tap's last STATE: {error}"))
        })
    }
}

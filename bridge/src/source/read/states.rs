//! What publishes the states that follow from what the tap said, and has the last word of a run.

use super::criticals::{Criticals, CutShort};
use super::records::Records;
use super::route::WantedIndex;
use super::unkept::tell_unkept;
use crate::source::workdir::ConfigWatch;
use crate::tap::Words;
use crate::translate::ConfiguredIndex;
use crate::translate::state::{Publication, Published, StateError, Tracker};
use airbyte_singer_runtime::{Emitting, Error, Result};
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// The states of a run.
pub(super) struct States {
    pub(super) tracker: Tracker,
    /// When the tracker's time began.
    started: Instant,
    /// The file that the tap may rewrite, where it was given one by us.
    config: Option<ConfigWatch>,
}

/// How a run has gone, as far as its pipe shows.
pub(super) struct Gone<'a> {
    /// Whether all went well so far.
    pub(super) clean: bool,
    /// What our words call the tap.
    pub(super) tap: &'a str,
    pub(super) records: &'a Records,
    pub(super) criticals: &'a Criticals,
    /// What the tap said beside its messages.
    pub(super) words: &'a Words,
}

impl States {
    /// The states that `tracker` has published; its time begins at `started`.
    pub(super) fn new(tracker: Tracker, started: Instant) -> Self {
        Self { tracker, started, config: None }
    }

    /// Has the platform store what the tap makes of its config, before any later state.
    pub(super) fn minding(self, config: ConfigWatch) -> Self {
        Self { config: Some(config), ..self }
    }

    /// How long the run has lasted.
    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Takes the STATE on line `number`, and publishes what is due.
    pub(super) fn take(
        &mut self,
        state: &str,
        number: u64,
        records: &Records,
        floor: &mut Emitting,
    ) -> Result<()> {
        self.tracker.saw_state(state).map_err(|error| state_error(number, error))?;
        self.publish_due(number, records, floor)
    }

    /// A new plan, for one more stream: what the tap said last holds for it too.
    pub(super) fn replan(&mut self, tracker: Tracker) -> Result<()> {
        let tracker = tracker.after(self.tracker.standing());
        let before = std::mem::replace(&mut self.tracker, tracker);
        let Some(newest) = before.newest_state() else { return Ok(()) };
        self.tracker
            .saw_state(newest)
            .map_err(|error| Error::system(format!("the tap's last STATE: {error}")))
    }

    /// Publishes the states that are due once line `number` has been taken. While records may have gone astray, none is: it would
    /// speak for rows that nobody got.
    pub(super) fn publish_due(
        &mut self,
        number: u64,
        records: &Records,
        floor: &mut Emitting,
    ) -> Result<()> {
        if records.router.stray().is_some() {
            return Ok(());
        }
        let now = self.started.elapsed();
        let states = self.tracker.due(now).map_err(|error| state_error(number, error))?;
        for note in self.tracker.take_notes() {
            tracing::warn!("{note}");
        }
        self.publish(states, floor)
    }

    /// Writes states.
    fn publish(&self, states: Published, floor: &mut Emitting) -> Result<()> {
        if let Some(config) = self.config.as_ref().filter(|_| !states.is_empty()) {
            config.look_before_state();
        }
        let streams = match states {
            Published::Legacy(blob) => return floor.legacy_state_text(&blob),
            Published::Global { shared, own } => {
                let place = |state: &Publication| floor.nth(state.stream.0);
                let own: Vec<_> = own.iter().map(|state| (place(state), &*state.blob)).collect();
                return floor.global_state_text(Some(&shared), &own);
            }
            Published::Streams(states) => states,
        };
        for state in streams {
            let id = floor.nth(state.stream.0);
            floor.state_text(id, &state.blob)?;
        }
        Ok(())
    }

    /// Publishes the last states and gives each stream of the run its last status. What the streams of which the tap said nothing, or that a CRITICAL line
    /// cut short, have to say of that is given back. `declared` gives the columns that the catalogs declare, of a
    /// stream by its place among the configured ones and its `tap_stream_id`.
    pub(super) fn conclude(
        &mut self,
        run: &Gone<'_>,
        declared: &dyn Fn(usize, &str) -> HashSet<String>,
        floor: &mut Emitting,
    ) -> Result<Option<Error>> {
        let Gone { clean, tap, records, criticals, words } = *run;
        let router = &records.router;
        let cut = match clean {
            true => criticals.cut_short(words, router, floor),
            false => CutShort::default(),
        };
        let (denied, mut error) = unheard(run, floor);
        if !cut.is_empty() {
            error = Some(cut.error(tap, &words.last(), router, floor));
        }
        // Of what was being read, what came is as good as what any failing tap brings.
        for number in denied.iter().chain(&cut.empty) {
            let stream = router.wanted[number.0].stream;
            self.tracker.hold_back(ConfiguredIndex(stream.index()));
        }
        let mut clean = clean && router.stray().is_none();
        let states = match self.tracker.finish(clean && cut.is_empty()) {
            Ok(states) => states,
            Err(broken) => {
                clean = false;
                let broken = Error::system(format!("the tap's last STATE: {broken}"));
                error.get_or_insert(broken);
                // The STATE before it still holds.
                self.tracker.finish(false).unwrap_or_default()
            }
        };
        self.publish(states, floor)?;
        let wanted = &router.wanted;
        let no_method = wanted.iter().filter(|one| one.no_method);
        let no_method = no_method.map(|one| one.tap_stream_id.as_str());
        let are_all = wanted.iter().all(|one| one.in_full);
        tell_unkept(self.tracker.newest_state().unwrap_or_default(), no_method, are_all);
        for one in wanted {
            let place = one.stream.index();
            let known = || declared(place, &one.tap_stream_id);
            records.values.tell(place, floor, &one.tap_stream_id, known);
        }
        for (number, wanted) in (0..).map(WantedIndex).zip(&router.wanted) {
            let well = clean && !denied.contains(&number) && !cut.has(number);
            floor.end(wanted.stream, well)?;
        }
        Ok(error)
    }
}

/// The streams that the tap said nothing of and that therefore must not end well, and
/// why. Those that the tap warned of: under overwrite a COMPLETE
/// would empty a table because of a missing privilege. And all of them where records came under a
/// name that nobody knows: they may be theirs.
fn unheard(run: &Gone<'_>, floor: &Emitting) -> (Vec<WantedIndex>, Option<Error>) {
    let Gone { clean, records, words, .. } = *run;
    let router = &records.router;
    let stray = router.stray();
    let (mut unheard, mut error) = (Vec::new(), None);
    let wanted = (0..).map(WantedIndex).zip(&router.wanted);
    for (number, wanted) in wanted.filter(|(_, wanted)| !wanted.seen) {
        let stream = floor.descriptor(wanted.stream);
        if clean {
            tracing::warn!("the tap said nothing of stream {stream}");
        }
        let why = if let Some(name) = stray {
            let id = &wanted.tap_stream_id;
            format!(
                "the tap wrote records of a stream `{name}`, which its catalog doesn't have, and \
                 nothing of stream {stream}: if they are the same, say so in the profile \
                 (streams.{id}.aliases), and if not, exclude `{name}` there"
            )
        } else if clean && wanted.names.iter().any(|name| words.warned_of(name)) {
            format!("the tap warned of stream {stream} and read nothing of it; its log says why")
        } else {
            continue;
        };
        unheard.push(number);
        error.get_or_insert_with(|| Error::config(why).in_stream(stream.clone()));
    }
    (unheard, error)
}

/// The error of a STATE on line `number`.
fn state_error(number: u64, error: StateError) -> Error {
    Error::system(format!("line {number} of the tap's output: {error}"))
}

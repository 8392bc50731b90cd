//! When the states that follow from what the tap said go out, and the last word of a run.

use super::criticals::CutShort;
use super::sink::Sink;
use super::unkept::tell_unkept;
use crate::translate::state::{Publication, Published, StateError};
use airbyte_adapters::{Emitting, Error, Result};
use std::collections::HashSet;

impl Sink {
    /// Publishes the states that are due. While records may have gone astray, none is: it would
    /// speak for rows that nobody got.
    pub(super) fn publish_due(&mut self, floor: &mut Emitting) -> Result<()> {
        if self.router.stray().is_some() {
            return Ok(());
        }
        let now = self.started.elapsed();
        let states = self.tracker.due(now).map_err(|error| self.state_error(error))?;
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
                let place = |state: &Publication| floor.nth(self.places[state.stream]);
                let own: Vec<_> = own.iter().map(|state| (place(state), &*state.blob)).collect();
                return floor.global_state_text(Some(&shared), &own);
            }
            Published::Streams(states) => states,
        };
        for state in streams {
            let id = floor.nth(self.places[state.stream]);
            floor.state_text(id, &state.blob)?;
        }
        Ok(())
    }

    /// Publishes the last states and gives each stream of the run its last status. `clean` says
    /// that all went well so far; what the streams of which the tap said nothing, or that a CRITICAL line
    /// cut short, have to say of that is given back. `declared` gives the columns that the catalogs declare, of a
    /// stream by its place among the configured ones and its `tap_stream_id`.
    pub(super) fn conclude(
        &mut self,
        clean: bool,
        tap: &str,
        declared: &dyn Fn(usize, &str) -> HashSet<String>,
        floor: &mut Emitting,
    ) -> Result<Option<Error>> {
        let cut = if clean { self.cut_short(floor) } else { CutShort::default() };
        let (denied, mut error) = self.unheard(clean, floor);
        if !cut.is_empty() {
            error = Some(self.critical_error(tap, &cut, floor));
        }
        // Of what was being read, what came is as good as what any failing tap brings.
        for number in denied.iter().chain(&cut.empty) {
            self.hold_back(*number);
        }
        let mut clean = clean && self.router.stray().is_none();
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
        let wanted = &self.router.wanted;
        let no_method = wanted.iter().filter(|one| one.no_method);
        let no_method = no_method.map(|one| one.tap_stream_id.as_str());
        let are_all = wanted.iter().all(|one| one.in_full);
        tell_unkept(self.tracker.newest_state().unwrap_or_default(), no_method, are_all);
        for one in wanted {
            let place = one.stream.index();
            let known = || declared(place, &one.tap_stream_id);
            self.values.tell(place, floor, &one.tap_stream_id, known);
        }
        for (number, wanted) in self.router.wanted.iter().enumerate() {
            let well = clean && !denied.contains(&number) && !cut.has(number);
            floor.end(wanted.stream, well)?;
        }
        Ok(error)
    }

    /// The streams that the tap said nothing of and that therefore must not end well, by their
    /// number among the wanted ones, and why. Those that the tap warned of: under overwrite a COMPLETE
    /// would empty a table because of a missing privilege. And all of them where records came under a
    /// name that nobody knows: they may be theirs.
    fn unheard(&self, clean: bool, floor: &Emitting) -> (Vec<usize>, Option<Error>) {
        let stray = self.router.stray();
        let (mut unheard, mut error) = (Vec::new(), None);
        for (number, wanted) in self.router.wanted.iter().enumerate().filter(|(_, w)| !w.seen) {
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
            } else if clean && wanted.names.iter().any(|name| self.strays.words.warned_of(name)) {
                format!(
                    "the tap warned of stream {stream} and read nothing of it; its log says why"
                )
            } else {
                continue;
            };
            unheard.push(number);
            error.get_or_insert_with(|| Error::config(why).in_stream(stream.clone()));
        }
        (unheard, error)
    }

    /// Keeps the position of a wanted stream where the run began.
    fn hold_back(&mut self, number: usize) {
        let place = self.router.wanted[number].stream.index();
        if let Some(stream) = self.places.iter().position(|at| *at == place) {
            self.tracker.hold_back(stream);
        }
    }

    /// The error of a STATE on the line that is being taken.
    pub(super) fn state_error(&self, error: StateError) -> Error {
        Error::system(format!("line {} of the tap's output: {error}", self.number))
    }
}

//! When the states that follow from what the tap said go out, and the last word of a run.

use super::sink::Sink;
use crate::translate::state::{Publication, Published, StateError};
use airbyte_adapters::{Emitting, Error, Result};

impl Sink {
    /// Publishes the states that are due.
    pub(super) fn publish_due(&mut self, floor: &mut Emitting) -> Result<()> {
        let now = self.started.elapsed();
        let states = self.tracker.due(now).map_err(|error| self.state_error(error))?;
        for note in self.tracker.take_notes() {
            tracing::warn!("{note}");
        }
        self.publish(states, floor)
    }

    /// Writes states.
    fn publish(&self, states: Published, floor: &mut Emitting) -> Result<()> {
        let shared = states.shared();
        let streams = match states {
            Published::Legacy(_) => return floor.legacy_state(shared.unwrap_or_default()),
            Published::Global { own, .. } => {
                let place = |state: &Publication| floor.nth(self.places[state.stream]);
                let own = own.iter().map(|state| (place(state), state.to_value())).collect();
                return floor.global_state(shared, own);
            }
            Published::Streams(states) => states,
        };
        for state in streams {
            let id = floor.nth(self.places[state.stream]);
            floor.state(id, state.to_value())?;
        }
        Ok(())
    }

    /// Publishes the last states and gives each stream of the run its last status. `clean` says
    /// that all went well; a stream of which the tap said nothing while warning of it is then an
    /// error of its own, for under overwrite a COMPLETE would empty a table because of a missing
    /// privilege.
    pub(super) fn conclude(&mut self, clean: bool, floor: &mut Emitting) -> Result<Option<Error>> {
        let states = match self.tracker.finish(clean) {
            Ok(states) => states,
            Err(_) if !clean => self.tracker.finish(clean).unwrap_or_default(),
            Err(error) => {
                return Err(Error::system(format!("the tap's last STATE: {error}")));
            }
        };
        self.publish(states, floor)?;
        let mut denied = None;
        for wanted in &self.router.wanted {
            let unsaid = clean && !wanted.seen;
            let warned = unsaid && wanted.names.iter().any(|name| self.words.warned_of(name));
            if unsaid {
                let stream = floor.descriptor(wanted.stream);
                tracing::warn!("the tap said nothing of stream {stream}");
                if warned {
                    let error = Error::config(format!(
                        "the tap warned of stream {stream} and read nothing of it; its log says why"
                    ));
                    denied.get_or_insert(error.in_stream(stream.clone()));
                }
            }
            floor.end(wanted.stream, clean && !warned)?;
        }
        Ok(denied)
    }

    /// The error of a STATE on the line that is being taken.
    pub(super) fn state_error(&self, error: StateError) -> Error {
        Error::system(format!("line {} of the tap's output: {error}", self.number))
    }
}

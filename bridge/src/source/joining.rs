//! What is asked of the state rules, and what they have to tell.
//!
//! A bare state comes in by `--state` of a read or of `convert messages`, in a LEGACY state, or by
//! `convert state`: all of them go through [`accept`].

use super::members::Member;
use crate::translate::state::{self, Bare, Input, Level, Note, Plan, StreamSpec};
use airbyte_adapters::{Config, Error, ReadJob, Result, is_plainly_secret};
use airbyte_protocol::{self as airbyte, StateInput};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// What the rules need to decide what runs together.
pub(crate) struct Joining<'a> {
    pub(crate) state_type: state::StateType,
    pub(crate) specs: &'a [StreamSpec],
    pub(crate) members: &'a [Member],
    pub(crate) job: &'a ReadJob,
    /// Of the whole catalog.
    pub(crate) ids: &'a [String],
}

impl Joining<'_> {
    /// Finds each stream's state by its descriptor and lets the rules decide.
    ///
    /// # Errors
    ///
    /// States that another source wrote.
    pub(crate) fn plan(&self) -> Result<Plan> {
        let plan = self.decide();
        match plan.notes.iter().find(|note| note.is_refused()) {
            Some(note) => Err(Error::config(note.to_string())),
            None => Ok(plan),
        }
    }

    fn decide(&self) -> Plan {
        match &self.job.state {
            StateInput::Empty => self.with(Input::Nothing),
            StateInput::Legacy(map) => self.with(Input::Singer(map)),
            StateInput::PerStream(states) => {
                let (configured, others) = self.by_stream(states);
                self.with(Input::Streams { configured: &configured, others: &others })
            }
            StateInput::Global(global) => {
                let (configured, others) = self.by_stream(&global.stream_states);
                let shared = global.shared_state.as_ref();
                self.with(Input::Global { shared, configured: &configured, others: &others })
            }
        }
    }

    fn with(&self, input: Input<'_>) -> Plan {
        state::plan(self.state_type, self.specs, input, self.ids)
    }

    /// Finds each stream's state by its descriptor; and those of streams that aren't configured.
    fn by_stream(&self, states: &[airbyte::StreamState]) -> (Vec<Option<Value>>, Vec<Value>) {
        let mut others: Vec<Option<&Value>> =
            states.iter().map(|state| state.stream_state.as_ref()).collect();
        let mut places: HashMap<&airbyte::StreamDescriptor, Vec<usize>> = HashMap::new();
        for (index, state) in states.iter().enumerate() {
            places.entry(&state.stream_descriptor).or_default().push(index);
        }
        let mut configured = Vec::with_capacity(self.members.len());
        for member in self.members {
            let descriptor = self.job.catalog.streams[member.configured].descriptor();
            let mut newest = None;
            for index in places.remove(&descriptor).into_iter().flatten() {
                // The last one counts, also where it says that there is none.
                newest = others[index].take();
            }
            configured.push(newest.cloned());
        }
        (configured, others.into_iter().flatten().cloned().collect())
    }
}

/// The states that came in, a bare one without what was wrapped around it, and the user told of it.
///
/// # Errors
///
/// What came in is plainly no state: a catalog, a message, or the config.
pub(crate) fn accept(state: StateInput, config: &Config) -> Result<StateInput, String> {
    let StateInput::Legacy(map) = state else { return Ok(state) };
    if is_config(&map, config) {
        return Err("this is a config and no state".to_owned());
    }
    let Bare { state, notes } = state::bare(map).map_err(|foreign| foreign.to_string())?;
    say(&notes, Level::Info);
    Ok(if state.is_empty() { StateInput::Empty } else { StateInput::Legacy(state) })
}

/// Whether an object is the config, or one with the same settings. Taps keep states such as
/// `{"start_date": …}` under the names of their settings: only a secret, or several equal values, tell
/// that it is none.
fn is_config(map: &Map<String, Value>, config: &Config) -> bool {
    let settings = config.values();
    let is_equal = settings.len() > 1 && map == settings;
    let tells = is_equal || settings.keys().any(|name| is_plainly_secret(name));
    let has_same =
        map.len() == settings.len() && map.keys().all(|name| settings.contains_key(name));
    map.contains_key(Config::RESERVED) || tells && has_same
}

/// Says what a plan has to tell, down to `least`.
pub(crate) fn tell(plan: &Plan, least: Level) {
    say(&plan.notes, least);
}

fn say(notes: &[Note], least: Level) {
    for note in notes {
        match note.level() {
            Level::Info if least == Level::Info => tracing::info!("{note}"),
            Level::Info => {}
            Level::Warn => tracing::warn!("{note}"),
        }
    }
}

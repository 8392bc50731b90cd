//! What is asked of the state rules, and what they have to tell.

use super::members::Member;
use crate::translate::state::{self, Input, Level, Plan, StreamSpec};
use airbyte_adapters::ReadJob;
use airbyte_protocol::{self as airbyte, StateInput};
use serde_json::Value;
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
    pub(crate) fn plan(&self) -> Plan {
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

/// Says what a plan has to tell, down to `least`.
pub(crate) fn tell(plan: &Plan, least: Level) {
    for note in &plan.notes {
        match note.level() {
            Level::Info if least == Level::Info => tracing::info!("{note}"),
            Level::Info => {}
            Level::Warn => tracing::warn!("{note}"),
        }
    }
}

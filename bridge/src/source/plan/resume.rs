//! What is asked of the state rules, and what they have to tell.
//!
//! A bare state comes in by `--state` of a read or of `convert messages`, in a LEGACY state, or by
//! `convert state`: all of them go through [`accept`].

use super::selected::{Selected, Selection};
use crate::translate::state::{self, Bare, Input, Level, Note, Pass, Plan, StreamSpec};
use airbyte_protocol::{self as airbyte, StateInput, StreamDescriptor};
use airbyte_singer_runtime::{Config, Error, ReadJob, Result, is_plainly_secret};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// From which states the streams of a read resume, and which of them run together.
#[derive(Debug)]
pub(crate) struct Resumed {
    /// What the state rules know of each selected stream.
    pub(crate) specs: Vec<StreamSpec>,
    pub(crate) plan: Plan,
}

impl Resumed {
    /// The plan as one run of the tap.
    ///
    /// # Errors
    ///
    /// It takes several.
    pub(crate) fn in_one_run(self) -> Result<(Pass, Vec<StreamSpec>)> {
        let pass = self.plan.in_one_run(&self.specs).map_err(several_runs)?;
        Ok((pass, self.specs))
    }
}

impl Selection {
    /// The plan for all that is selected, and the user told of it, down to `least`.
    ///
    /// # Errors
    ///
    /// As of [`resume`].
    pub(crate) fn resume(
        &self,
        state_type: state::StateType,
        job: &ReadJob,
        least: Level,
    ) -> Result<Resumed> {
        let resumed = resume(state_type, &self.selected, job, &self.ids)?;
        say(&resumed.plan.notes, least);
        Ok(resumed)
    }
}

/// Finds each selected stream's state by its descriptor and lets the rules decide. `ids` are those of
/// the whole catalog.
///
/// # Errors
///
/// States that another source wrote.
pub(in crate::source) fn resume(
    state_type: state::StateType,
    selected: &[Selected],
    job: &ReadJob,
    ids: &[String],
) -> Result<Resumed> {
    let specs: Vec<StreamSpec> = selected.iter().map(|one| one.spec(job)).collect();
    let plan = Joining { state_type, specs: &specs, selected, job, ids }.decide();
    match plan.notes.iter().find(|note| note.is_refused()) {
        Some(note) => Err(Error::config(note.to_string())),
        None => Ok(Resumed { specs, plan }),
    }
}

/// What the rules need to decide what runs together.
struct Joining<'a> {
    state_type: state::StateType,
    specs: &'a [StreamSpec],
    selected: &'a [Selected],
    job: &'a ReadJob,
    ids: &'a [String],
}

impl Joining<'_> {
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
        let mut configured = Vec::with_capacity(self.selected.len());
        for member in self.selected {
            let descriptor = self.job.catalog.streams[member.configured.0].descriptor();
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

fn say(notes: &[Note], least: Level) {
    for note in notes {
        match note.level() {
            Level::Info if least == Level::Info => tracing::info!("{note}"),
            Level::Info => {}
            Level::Warn => tracing::warn!("{note}"),
        }
    }
}

/// Random and never used again: a STATE's cut is named by it.
pub(crate) fn run_id() -> String {
    use std::hash::{BuildHasher, RandomState};
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let nanos = now.map_or(0, |d| d.as_nanos());
    format!("{:x}{:x}", nanos, RandomState::new().hash_one(std::process::id()))
}

/// The error of states from which one run can't go on.
fn several_runs(runs: usize) -> Error {
    Error::config(format!(
        "these states are resumed by {runs} runs of the tap, and one stream of messages is one run; \
         `convert state --from airbyte` lists them: convert each with a catalog of its own streams"
    ))
}

/// The `tap_stream_id`s that states name, by their streams.
pub(crate) fn told_ids(state: &StateInput) -> HashMap<StreamDescriptor, String> {
    let states = match state {
        StateInput::PerStream(states) => states.as_slice(),
        StateInput::Global(global) => &global.stream_states,
        _ => &[],
    };
    let named = states.iter().filter_map(|one| {
        let id = state::stream_of(one.stream_state.as_ref()?)?;
        Some((one.stream_descriptor.clone(), id.to_owned()))
    });
    named.collect()
}

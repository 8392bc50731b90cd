//! `convert state`

use super::input::{self, Input};
use super::{From, page};
use crate::options::OptionSet;
use crate::source::{self, Resumed, Selection, accept, no_such_stream, run_id};
use crate::translate::catalog::presume;
use crate::translate::state::{Level, Plan, Publication, Published, Standing, StreamSpec, Tracker};
use airbyte_protocol::{StateInput, StreamState};
use airbyte_singer_runtime::{Config, Error, ReadJob, Result};
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Whose state comes in
    #[arg(long, value_enum)]
    from: From,
    /// The configured catalog: the streams that the states are of
    #[arg(long, value_name = "FILE", env = "AIRBYTE_SINGER_CATALOG")]
    catalog: PathBuf,
    /// The tap's own catalog; without it the ids of its streams are presumed: `users`, and
    /// `public-users` in a namespace, or what the states say
    #[arg(long, value_name = "FILE", env = "AIRBYTE_SINGER_SINGER_CATALOG")]
    singer_catalog: Option<PathBuf>,
    #[command(flatten)]
    input: Input,
}

/// From Singer: the list of states that a platform would hold, as `read --state` takes it. From
/// Airbyte: the state that the tap is handed, `{}` for none; where it takes several runs, a list of
/// `{"streams": [tap_stream_id, …], "state": …}`, one for each.
pub(super) fn run(args: &Args, options: &OptionSet) -> Result<String> {
    let read = Read::new(args, options)?;
    match args.from {
        From::Singer => page(&read.states()?),
        From::Airbyte => page(&read.singer_states()),
    }
}

/// The read that the states would be handed to.
struct Read {
    job: ReadJob,
    specs: Vec<StreamSpec>,
    plan: Plan,
}

impl Read {
    fn new(args: &Args, options: &OptionSet) -> Result<Self> {
        let overrides = options.streams.clone().unwrap_or_default();
        let configured = input::configured(&args.catalog)?;
        let text = args.input.read()?;
        let state = match args.from {
            From::Singer => bare(&text, args)?,
            From::Airbyte => {
                let state = StateInput::parse(&text).map_err(|error| args.input.wrong(error))?;
                accept(state, &Config::default()).map_err(|reason| args.input.wrong(reason))?
            }
        };
        let path = args.singer_catalog.as_ref().or(options.tap_catalog.as_ref());
        let catalog = match path {
            Some(path) => input::singer_catalog(path)?,
            None => presume(&configured, &source::told_ids(&state), &overrides),
        };
        let job = ReadJob { config: Config::default(), catalog: configured, state };
        let selection = Selection::new(&catalog, path.is_none(), &overrides, &job);
        let Selection { translated, selected, missing, .. } = &selection;
        let missing: Vec<_> =
            missing.iter().map(|at| job.catalog.streams[at.0].descriptor()).collect();
        if let Some(error) = no_such_stream("the Singer catalog", &missing, translated) {
            return Err(error);
        }
        let Resumed { specs, plan } = selection.resume(options.state_type(), &job, Level::Info)?;
        if let StateInput::Legacy(state) = &job.state {
            let no_method = selected.iter().filter(|one| one.no_method);
            let no_method = no_method.map(|one| one.tap_stream_id.as_str());
            let are_all = specs.iter().all(|spec| spec.full_refresh);
            source::tell_unkept(&Value::from(state.clone()).to_string(), no_method, are_all);
        }
        Ok(Self { job, specs, plan })
    }

    /// What a read would publish whose tap says nothing.
    fn states(&self) -> Result<Value> {
        let run_id = run_id();
        let mut streams: Vec<Option<Value>> = vec![None; self.job.catalog.streams.len()];
        let mut for_all = None;
        let mut standing = Standing::default();
        for pass in &self.plan.passes {
            let (specs, never) = (&self.specs, Duration::ZERO);
            let mut tracker = Tracker::new(pass, specs, &run_id, never, never).after(standing);
            // Nothing says that the run which left the state ended well.
            let last = tracker.finish(false).map_err(|error| Error::system(error.to_string()))?;
            standing = tracker.standing();
            let shared = last.shared();
            match last {
                Published::Legacy(_) => for_all = Some(json!({"type": "LEGACY", "data": shared})),
                Published::Global { own, .. } => {
                    let own: Vec<StreamState> = own.iter().map(|one| self.state(one)).collect();
                    let global = json!({"shared_state": shared, "stream_states": own});
                    for_all = Some(json!({"type": "GLOBAL", "global": global}));
                }
                Published::Streams(states) => {
                    for state in &states {
                        let one = json!({"type": "STREAM", "stream": self.state(state)});
                        streams[state.stream.0] = Some(one);
                    }
                }
            }
        }
        Ok(for_all.into_iter().chain(streams.into_iter().flatten()).collect())
    }

    fn state(&self, state: &Publication) -> StreamState {
        StreamState::new(
            self.job.catalog.streams[state.stream.0].descriptor(),
            Some(state.to_value()),
        )
    }

    /// What the tap would be handed, run by run.
    fn singer_states(&self) -> Value {
        let state = |state: &Option<_>| Value::Object(state.clone().unwrap_or_default());
        match self.plan.passes.as_slice() {
            [] => json!({}),
            [pass] => state(&pass.singer_state),
            several => several
                .iter()
                .map(|pass| {
                    let streams = pass.streams.iter().map(|at| &self.specs[*at].tap_stream_id);
                    let streams: Vec<&String> = streams.collect();
                    json!({"streams": streams, "state": state(&pass.singer_state)})
                })
                .collect(),
        }
    }
}

/// A Singer state in any dress that `read --state` takes. Airbyte's states are refused.
fn bare(text: &[u8], args: &Args) -> Result<StateInput> {
    let state = StateInput::parse(text).map_err(|error| args.input.wrong(error))?;
    match accept(state, &Config::default()).map_err(|reason| args.input.wrong(reason))? {
        StateInput::PerStream(_) | StateInput::Global(_) => {
            Err(args.input.wrong("these are Airbyte's states: --from airbyte"))
        }
        StateInput::Legacy(_) if says_legacy(text) => {
            Err(args.input.wrong("this is Airbyte's state: --from airbyte"))
        }
        StateInput::Empty => Ok(StateInput::Legacy(Map::new())),
        bare @ StateInput::Legacy(_) => Ok(bare),
    }
}

/// Whether a state says that it is one of Airbyte's LEGACY type, alone, in a message or in a list.
fn says_legacy(text: &[u8]) -> bool {
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<Value>();
    let Some(Ok(value)) = values.next() else { return false };
    let state = value.get(0).unwrap_or(&value);
    state.get("state").unwrap_or(state).get("type").is_some_and(|kind| kind == "LEGACY")
}

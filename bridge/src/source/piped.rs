//! A tap that somebody else runs: its messages come in, Airbyte's go out.

use super::batch::{Batches, Places};
use super::drift::Watched;
use super::joining::{Joining, tell};
use super::members::{Member, declared, end_missing, ids, members, router, specs};
use super::newcomers::Newcomers;
use super::pump::{Pump, Pumped};
use super::read::run_id;
use super::route::Router;
use super::sink::Sink;
use crate::options::OptionSet;
use crate::tap::{Hearing, Lines, Voice, Words};
use crate::translate::catalog::{outline, presume};
use crate::translate::names::Names;
use crate::translate::state::{self, Level, Tracker};
use airbyte_adapters::{Config, Context, Emitter, Error, Output, ReadJob, Result};
use airbyte_protocol::{ConfiguredCatalog, StateInput, StreamDescriptor};
use singer_protocol as singer;
use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

/// The run of a tap that is on the other end of a pipe: a read without the part of it that starts
/// and ends the tap. Its end is the pipe's end, whatever the tap's exit code was.
#[derive(Debug)]
pub struct Piped {
    /// The tap's stdout.
    pub input: OwnedFd,
    /// Those that matter to a run: what is done with broken lines, bounds, intervals, overrides.
    pub options: OptionSet,
    /// The streams to pass on; none means those that show up.
    pub configured: Option<ConfiguredCatalog>,
    /// The tap's catalog, selected or not; without it names are presumed.
    pub tap_catalog: Option<singer::Catalog>,
    /// What the tap was started from: the Singer state itself, or the states it was made of.
    pub state: StateInput,
}

impl Piped {
    /// Passes everything on until the pipe ends, then publishes the last states and ends the
    /// streams.
    ///
    /// # Errors
    ///
    /// As a read's: a malformed line, a name that may mean several streams, no message at all on the
    /// pipe or none of a stream where nobody configured any, a configured stream that the tap's catalog doesn't have; a signal; and states from
    /// which a tap is resumed in several runs, of which one pipe can only be one.
    pub async fn run(self, output: Output, context: &Context) -> Result<()> {
        let emitter = Emitter::new(self.configured.as_ref().unwrap_or(&NOBODY), output);
        let strays = Hearing::new(
            Words::default(),
            Voice::plain(&context.secrets).overlooking(&self.options.harmless_lines()),
        );
        let (sink, missing) = match &self.configured {
            Some(configured) => self.expecting(configured, strays, &emitter)?,
            None => (self.open(strays)?, None),
        };
        let places = Places::of_others(self.options.batch_dir());
        let sink = sink.expanding(Batches::new(places, &self.options));
        let pump = Pump {
            lines: Lines::new(self.input, self.options.max_line_bytes()),
            emitter: emitter.clone(),
            on_malformed: self.options.on_malformed(),
            idle_timeout: self.options.idle_timeout(),
            abandoned: Arc::new(AtomicBool::new(false)),
            stop: Some(context.stop.clone()),
            gone: Arc::new(AtomicBool::new(false)),
            sink,
            cut: false,
        };
        let (mut pumped, result) = tokio::task::spawn_blocking(move || pump.run())
            .await
            .map_err(|_| Error::system("the reading thread panicked"))?;
        if result.as_ref().is_err_and(Error::is_closed) {
            return result;
        }
        let verdict = judge(&pumped, result, context);
        if self.configured.is_none() && pumped.sink.router.wanted.is_empty() {
            // Nobody's states: an empty one would take the place of what was saved.
            return verdict.and(Err(Error::system(
                "no stream showed up, only states: say by --catalog whose they are",
            )));
        }
        let (mut floor, nobody) = (emitter.lock(), NOBODY);
        let denied = pumped.sink.conclude(
            verdict.is_ok(),
            "the tap",
            &|place, id| {
                declared(
                    self.configured.as_ref().unwrap_or(&nobody),
                    self.tap_catalog.as_ref(),
                    place,
                    id,
                )
            },
            &mut floor,
        );
        let result = match (verdict, denied) {
            (Err(error), _) | (Ok(()), Err(error)) => Err(error),
            (Ok(()), Ok(denied)) => denied.or(missing).map_or(Ok(()), Err),
        };
        for id in floor.ids() {
            floor.end(id, result.is_ok())?;
        }
        floor.flush()?;
        result
    }

    /// For the streams of a configured catalog; and the error of those that the tap's own doesn't have.
    fn expecting(
        &self,
        configured: &ConfiguredCatalog,
        strays: Hearing,
        emitter: &Emitter,
    ) -> Result<(Sink, Option<Error>)> {
        let overrides = self.options.streams.clone().unwrap_or_default();
        let (catalog, is_presumed) = match &self.tap_catalog {
            Some(catalog) => (catalog.clone(), false),
            None => (presume(configured, &told_ids(&self.state), &overrides), true),
        };
        let translated = outline(&catalog, &overrides);
        let job = self.job(configured.clone());
        let (mut members, missing) = members(&overrides, &catalog, &translated, &job);
        for member in members.iter_mut().filter(|_| is_presumed) {
            member.without_evidence(&overrides);
        }
        let specs = specs(&members, &job);
        let plan = Joining {
            state_type: self.options.state_type(),
            specs: &specs,
            members: &members,
            job: &job,
            ids: &ids(&catalog),
        }
        .plan()?;
        tell(&plan, Level::Warn);
        let pass = plan.in_one_run(&specs).map_err(several_runs)?;
        let mut floor = emitter.lock();
        let missing = end_missing(&missing, "the Singer catalog", &translated, &mut floor)?;
        for member in &members {
            let id = floor.nth(member.configured);
            floor.start(id)?;
        }
        let router = router(members.iter(), &catalog, &overrides, &floor);
        let places = members.iter().map(|member| member.configured).collect();
        let started = Instant::now();
        let interval = self.options.state_interval();
        let tracker = Tracker::new(&pass, &specs, &run_id(), interval, started.elapsed());
        let watched = members.iter().map(|member| {
            let entry = &catalog.streams()[member.entry];
            match is_presumed {
                true => Watched::configured(entry),
                false => Watched::discovered(entry, &member.deselected),
            }
        });
        let sink = Sink::new(router, tracker, places, strays, started)
            .watching(watched)
            .validating(&self.options, members.iter().map(|member| member.schema(&catalog)));
        Ok((sink, missing))
    }

    /// For whatever streams show up.
    fn open(&self, strays: Hearing) -> Result<Sink> {
        let overrides = self.options.streams.clone().unwrap_or_default();
        let catalog = self.tap_catalog.clone().unwrap_or_else(|| singer::Catalog::new(Vec::new()));
        let all = ids(&catalog).into_iter().collect();
        let router = Router::new(Names::new(&catalog, &overrides, &all), Vec::new());
        let (started, interval) = (Instant::now(), self.options.state_interval());
        let state_type = self.options.state_type();
        let nothing = state::plan(state_type, &[], state::Input::Nothing, &[]);
        let pass = nothing.in_one_run(&[]).map_err(several_runs)?;
        let run_id = run_id();
        let tracker = Tracker::new(&pass, &[], &run_id, interval, started.elapsed());
        let mut sink =
            Sink::new(router, tracker, Vec::new(), strays, started).validating(&self.options, []);
        let job = self.job(ConfiguredCatalog::default());
        sink.newcomers =
            Some(Newcomers::new(catalog, overrides, job, run_id, (state_type, interval)));
        Ok(sink)
    }

    fn job(&self, catalog: ConfiguredCatalog) -> ReadJob {
        ReadJob { config: Config::default(), catalog, state: self.state.clone() }
    }
}

/// What nobody configured.
const NOBODY: ConfiguredCatalog = ConfiguredCatalog::new(Vec::new());

/// Success is the end of a pipe on which a message came; whether the tap succeeded can't be seen
/// here. Words that are no messages may be all that a failing tap said: a COMPLETE would then empty
/// tables under overwrite.
fn judge(pumped: &Pumped, result: Result<()>, context: &Context) -> Result<()> {
    if let Some(signal) = context.stop.signal() {
        return Err(Error::transient(format!("stopped by {}", signal.name())));
    }
    result?;
    if pumped.bytes == 0 {
        return Err(Error::system(
            "nothing at all came in: the tap failed, or it was asked for no stream",
        ));
    }
    if !pumped.sink.router.has_heard() && pumped.sink.tracker.newest_state().is_none() {
        return Err(Error::system(
            "neither a SCHEMA nor a RECORD nor a STATE came in: the tap failed, or these are no \
             messages of a tap",
        ));
    }
    Ok(())
}

/// The error of states from which one run can't go on.
pub(super) fn several_runs(runs: usize) -> Error {
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

impl Member {
    /// Takes back what only a real catalog could have proven.
    pub(crate) fn without_evidence(&mut self, overrides: &crate::translate::Overrides) {
        let said = overrides.get(&self.tap_stream_id).and_then(|over| over.alone);
        self.may_stand_alone = said == Some(true);
        self.deselected.clear();
        self.no_method = false;
    }
}

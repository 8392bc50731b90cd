//! A tap that somebody else runs: its messages come in, Airbyte's go out.

use super::batch::{Batches, Places};
use super::discovered::Discovered;
use super::messages::Messages;
use super::policy::Policy;
use super::pump::{Pump, Pumped};
use super::records::Records;
use super::route::Router;
use super::schemas::Watched;
use super::states::States;
use crate::options::OptionSet;
use crate::source::plan::{Selection, declared, end_missing, ids, resume, run_id, told_ids};
use crate::tap::{Hearing, Lines, Voice, Words};
use crate::translate::catalog::presume;
use crate::translate::names::Names;
use crate::translate::state::{Level, Tracker};
use airbyte_protocol::{ConfiguredCatalog, StateInput};
use airbyte_singer_runtime::{Config, Context, Emitter, Error, Output, ReadJob, Result};
use singer_protocol as singer;
use std::os::fd::OwnedFd;
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
        let voice = Voice::plain(&context.secrets).overlooking(&self.options.harmless_lines());
        let strays = Hearing::new(Words::default(), voice);
        let (records, states, discovered, missing) = match &self.configured {
            Some(configured) => {
                let (records, states, missing) = self.expecting(configured, &emitter)?;
                (records, states, None, missing)
            }
            None => {
                let (records, states, discovered) = self.open()?;
                (records, states, Some(discovered), None)
            }
        };
        let policy = Policy::new(&self.options, Some(context.stop.clone()));
        let batches = Batches::new(Places::of_others(self.options.batch_dir()));
        let messages =
            Messages::new(records, states, strays, batches, policy.clone()).discovering(discovered);
        let lines = Lines::new(self.input, policy.max_line_bytes);
        let pump = Pump { lines, emitter: emitter.clone(), policy, messages, cut: false };
        let (mut pumped, result) = tokio::task::spawn_blocking(move || pump.run())
            .await
            .map_err(|_| Error::system("the reading thread panicked"))?;
        if result.as_ref().is_err_and(Error::is_closed) {
            return result;
        }
        let verdict = judge(&pumped, result, context);
        if self.configured.is_none() && pumped.messages.records.router.wanted.is_empty() {
            // Nobody's states: an empty one would take the place of what was saved.
            return verdict.and(Err(Error::system(
                "no stream showed up, only states: say by --catalog whose they are",
            )));
        }
        let (mut floor, nobody) = (emitter.lock(), NOBODY);
        let denied = pumped.messages.conclude(
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
        emitter: &Emitter,
    ) -> Result<(Records, States, Option<Error>)> {
        let overrides = self.options.streams.clone().unwrap_or_default();
        let (catalog, is_presumed) = match &self.tap_catalog {
            Some(catalog) => (catalog.clone(), false),
            None => (presume(configured, &told_ids(&self.state), &overrides), true),
        };
        let job = self.job(configured.clone());
        let selection = Selection::new(&catalog, is_presumed, &overrides, &job);
        let resumed = selection.resume(self.options.state_type(), &job, Level::Warn)?;
        let (pass, specs) = resumed.in_one_run()?;
        let Selection { translated, selected, missing, .. } = &selection;
        let mut floor = emitter.lock();
        let missing = end_missing(missing, "the Singer catalog", translated, &mut floor)?;
        for one in selected {
            let id = floor.nth(one.configured.0);
            floor.start(id)?;
        }
        let router = Router::to(selected, &catalog, &overrides, &floor);
        let started = Instant::now();
        let interval = self.options.state_interval();
        let tracker = Tracker::new(&pass, &specs, &run_id(), interval, started.elapsed());
        let watched = selected.iter().map(|one| {
            let entry = &catalog.streams()[one.entry.0];
            match is_presumed {
                true => Watched::configured(entry),
                false => Watched::discovered(entry, &one.deselected),
            }
        });
        let records = Records::new(router)
            .watching(watched)
            .validating(&self.options, selected.iter().map(|one| one.schema(&catalog)));
        Ok((records, States::new(tracker, started), missing))
    }

    /// For whatever streams show up.
    fn open(&self) -> Result<(Records, States, Discovered)> {
        let overrides = self.options.streams.clone().unwrap_or_default();
        let catalog = self.tap_catalog.clone().unwrap_or_else(|| singer::Catalog::new(Vec::new()));
        let all = ids(&catalog).into_iter().collect();
        let router = Router::new(Names::new(&catalog, &overrides, &all), Vec::new());
        let (started, interval) = (Instant::now(), self.options.state_interval());
        let state_type = self.options.state_type();
        let job = self.job(ConfiguredCatalog::default());
        let nothing =
            ReadJob { state: StateInput::Empty, ..self.job(ConfiguredCatalog::default()) };
        let (pass, _) = resume(state_type, &[], &nothing, &[])?.in_one_run()?;
        let run_id = run_id();
        let tracker = Tracker::new(&pass, &[], &run_id, interval, started.elapsed());
        let records = Records::new(router).validating(&self.options, []);
        let states = States::new(tracker, started);
        let planning = (state_type, interval);
        let discovered = Discovered::new(catalog, overrides, job, run_id, planning);
        Ok((records, states, discovered))
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
    if !pumped.messages.records.router.has_heard()
        && pumped.messages.states.tracker.newest_state().is_none()
    {
        return Err(Error::system(
            "neither a SCHEMA nor a RECORD nor a STATE came in: the tap failed, or these are no \
             messages of a tap",
        ));
    }
    Ok(())
}

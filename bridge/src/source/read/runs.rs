//! A read: the catalog, the plan of runs, and each run of the tap to its end.

use super::batch::{Batches, Places};
use super::messages::Messages;
use super::policy::Policy;
use super::pump::{Pump, Pumped};
use super::records::Records;
use super::route::Router;
use super::schemas::Watched;
use super::states::States;
use crate::failure;
use crate::source::discovery::{Found, for_read};
use crate::source::plan::{Resumed, Selected, Selection, accept, declared, end_missing, run_id};
use crate::source::setup::Setup;
use crate::source::spec::Flags;
use crate::source::workdir::{Ahead, Workplace};
use crate::tap::{Ended, Hearing, Lines, Running};
use crate::translate::catalog;
use crate::translate::state::{Level, Pass, Standing, StreamSpec, Tracker};
use airbyte_protocol as airbyte;
use airbyte_protocol::FailureType;
use airbyte_singer_runtime::{Context, Emitter, Error, ReadJob, Result};
use serde_json::{Map, Value};
use singer_protocol as singer;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Reads the configured streams; the discovery that may have begun `ahead` is taken up.
pub(in crate::source) async fn read(
    setup: &Setup,
    ahead: Option<Ahead>,
    job: ReadJob,
    emitter: &Emitter,
    context: &Context,
) -> Result<()> {
    let mut place = Workplace::new(ahead, setup.site()?, &job.config, context)?;
    let state = accept(job.state, &job.config)
        .map_err(|reason| Error::config(format!("the state that was handed in: {reason}")))?;
    let job = ReadJob { state, ..job };
    let (flags, Found { catalog, partly, .. }) = for_read(setup, &job, &mut place, context).await?;
    let selection = Selection::new(&catalog, false, &setup.overrides(), &job);
    let resumed = selection.resume(setup.options.state_type(), &job, Level::Info)?;
    let Resumed { specs, plan } = &resumed;
    let run = Run {
        setup,
        job: &job,
        emitter,
        context,
        place: &place,
        flags,
        catalog: &catalog,
        partly,
        selection: &selection,
        run_id: run_id(),
    };
    let missing = run.missing()?;
    let (mut failed, mut standing) = (None, Standing::default());
    for pass in &plan.passes {
        if failed.is_none() {
            failed = run.pass(pass, specs, &mut standing).await?;
        } else {
            run.unstarted(pass)?;
        }
    }
    failed.or(missing).map_or(Ok(()), Err)
}

/// What all runs of the tap in one read have in common.
struct Run<'a> {
    setup: &'a Setup,
    job: &'a ReadJob,
    emitter: &'a Emitter,
    context: &'a Context,
    place: &'a Workplace,
    flags: Flags,
    catalog: &'a singer::Catalog,
    /// Whether the tap may have streams that its catalog doesn't show.
    partly: bool,
    selection: &'a Selection,
    run_id: String,
}

impl Run<'_> {
    /// Runs the tap once. `Ok(Some)` is a failure of the tap that the streams have been told of;
    /// `Err` is one of ours, or nobody listens any more.
    async fn pass(
        &self,
        pass: &Pass,
        specs: &[StreamSpec],
        standing: &mut Standing,
    ) -> Result<Option<Error>> {
        let all = &self.selection.selected;
        let members: Vec<&Selected> = pass.streams.iter().map(|i| &all[*i]).collect();
        let args = self.args(&members, pass.singer_state.as_ref())?;
        self.announce(&members)?;
        let tap = self.setup.tap.short_name();
        let mut running = Running::start(
            &self.setup.tap,
            &args,
            &self.place.work(),
            self.setup.voice(self.context),
        )
        .map_err(|error| failure::run_error(tap, "the sync", &error))?;
        let started = Instant::now();
        let interval = self.setup.options.state_interval();
        let tracker = Tracker::new(pass, specs, &self.run_id, interval, started.elapsed())
            .after(std::mem::take(standing));
        let overrides = self.setup.overrides();
        let router =
            Router::to(members.iter().copied(), self.catalog, &overrides, &self.emitter.lock())
                .expecting_strangers(self.partly);
        let watched = |one: &&Selected| {
            Watched::discovered(&self.catalog.streams()[one.entry.0], &one.deselected)
        };
        let records = Records::new(router)
            .watching(members.iter().map(watched))
            .validating(&self.setup.options, members.iter().map(|one| one.schema(self.catalog)));
        let states = States::new(tracker, started).minding(self.place.config.watch());
        let strays = Hearing::new(running.words.clone(), self.setup.voice(self.context));
        let policy = Policy::new(&self.setup.options, None);
        let messages = Messages::new(records, states, strays, self.batches(), policy.clone());
        let listened = self.listen(&mut running, messages, policy).await;
        self.place.config.settle();
        let (pumped, result, ended) = listened?;
        self.conclude(&members, pumped, result, ended, standing)
    }

    fn batches(&self) -> Batches {
        let options = &self.setup.options;
        let config = self.job.config.values();
        let places = match self.place.site.chosen() {
            None => Places::of_tap(self.place.folder.work(), config, options.batch_dir()),
            Some(folder) => {
                let given = self.place.folder.path();
                Places::of_tap_in(folder, given, config, options.batch_dir())
            }
        };
        Batches::new(places)
    }

    /// Pumps until the pipe ends, a signal comes, or reading fails; then sees the tap to its end.
    async fn listen(
        &self,
        running: &mut Running,
        messages: Messages,
        policy: Policy,
    ) -> Result<(Pumped, Result<()>, Ended)> {
        let pipe = running.take_stdout().ok_or_else(|| Error::system("the tap has no stdout"))?;
        let lines = Lines::new(pipe, policy.max_line_bytes);
        let (emitter, shared) = (self.emitter.clone(), policy.clone());
        let pump = Pump { lines, emitter, policy: shared, messages, cut: false };
        let mut pumping = tokio::task::spawn_blocking(move || pump.run());
        let panicked = |_| Error::system("the reading thread panicked");
        let grace = self.setup.options.stop_grace();
        tokio::select! {
            done = &mut pumping => {
                let (pumped, result) = done.map_err(panicked)?;
                if result.is_err() && !pumped.cut {
                    let ended = running.stop(grace, self.context.stop.wait_again()).await;
                    return Ok((pumped, result, ended));
                }
                tokio::select! {
                    ended = running.wait() => Ok((pumped, result, ended)),
                    _ = self.context.stop.wait() => Ok((pumped, result, running.stop(grace, self.context.stop.wait_again()).await)),
                    () = silence(policy.idle_timeout) => {
                        let own = "the tap closed its output, didn't end in time and was stopped (--idle-timeout)";
                        let silent = failure::stopped(own, &running.words.last());
                        let ended = running.stop(grace, self.context.stop.wait_again()).await;
                        Ok((pumped, result.and(Err(silent)), ended))
                    }
                }
            }
            never = async {
                running.exited().await;
                policy.note_gone();
                std::future::pending::<std::convert::Infallible>().await
            } => match never {},
            _ = self.context.stop.wait() => {
                let ended = running.stop(grace, self.context.stop.wait_again()).await;
                policy.abandon();
                let (pumped, result) = pumping.await.map_err(panicked)?;
                Ok((pumped, result, ended))
            }
        }
    }

    /// Judges the run, publishes its last states and gives each of its streams its last status.
    fn conclude(
        &self,
        members: &[&Selected],
        mut pumped: Pumped,
        result: Result<()>,
        ended: Ended,
        standing: &mut Standing,
    ) -> Result<Option<Error>> {
        if result.as_ref().is_err_and(Error::is_closed) {
            return result.map(|()| None);
        }
        let verdict = self.judge(members, &pumped, result, ended);
        let mut floor = self.emitter.lock();
        let tap = self.setup.tap.short_name();
        let denied = pumped.messages.conclude(
            verdict.is_ok(),
            tap,
            &|place, id| declared(&self.job.catalog, Some(self.catalog), place, id),
            &mut floor,
        )?;
        *standing = pumped.messages.states.tracker.standing();
        Ok(verdict.err().or(denied))
    }

    /// Success is EOF and exit code 0 of a tap that said something, and nothing else.
    fn judge(
        &self,
        members: &[&Selected],
        pumped: &Pumped,
        result: Result<()>,
        ended: Ended,
    ) -> Result<()> {
        let tap = self.setup.tap.short_name();
        if let Some(signal) = self.context.stop.signal() {
            // After we asked it to stop, a tap's 0 is no success.
            return Err(Error::transient(format!("stopped by {}", signal.name())));
        }
        // How the tap broke off says more than the line that it broke off in.
        if !pumped.cut || ended.is_success() {
            result?;
        }
        if !ended.is_success() {
            let words = &pumped.messages.strays.words;
            return Err(self.place.failed(tap, "the sync", ended, words));
        }
        let words = &pumped.messages.strays.words;
        if pumped.bytes == 0 && !members.is_empty() && words.has_critical() {
            return Err(failure::critical(tap, "wrote nothing at all", &words.last()));
        }
        if pumped.bytes == 0 && !members.is_empty() {
            let hint = "perhaps it takes its catalog by another flag (--catalog-flag)";
            let count = members.len();
            let sentence =
                format!("{tap} wrote nothing at all for the {count} selected stream(s); {hint}");
            let words = pumped.messages.strays.words.last();
            return Err(failure::nothing(FailureType::SystemError, &sentence, &words));
        }
        Ok(())
    }

    fn args(
        &self,
        members: &[&Selected],
        state: Option<&Map<String, Value>>,
    ) -> Result<Vec<OsString>> {
        let written = |name: &str, path: std::io::Result<PathBuf>| {
            path.map_err(|error| failure::unwritten(&format!("the tap's {name}"), &error))
        };
        let pass = members.iter().map(|member| member.tap_stream_id.clone()).collect();
        let selected =
            catalog::to_singer(self.catalog, &self.selection.translated, &self.job.catalog, &pass);
        let path = self.place.folder.write_json("catalog.json", &selected.catalog);
        let path = written("catalog.json", path)?;
        let mut args = self.place.config.args();
        args.extend(self.flags.args(&path));
        if let Some(state) = state {
            let path = self.place.folder.write_json("state.json", state);
            args.extend(["--state".into(), written("state.json", path)?.into()]);
        }
        Ok(args)
    }

    /// Says that the streams begin, and how many rows the tap expects.
    fn announce(&self, members: &[&Selected]) -> Result<()> {
        let mut floor = self.emitter.lock();
        for member in members {
            let id = floor.nth(member.configured.0);
            floor.start(id)?;
            let rows = self.catalog.streams()[member.entry.0].row_count();
            if let Some(rows) = rows.filter(|_| member.in_full) {
                let descriptor = floor.descriptor(id).clone();
                floor.estimate(airbyte::Estimate {
                    name: descriptor.name,
                    namespace: descriptor.namespace,
                    kind: airbyte::EstimateKind::Stream,
                    row_estimate: Some(rows),
                    byte_estimate: None,
                })?;
            }
        }
        Ok(())
    }

    /// Streams of a run that is not made any more, because an earlier one failed.
    fn unstarted(&self, pass: &Pass) -> Result<()> {
        let mut floor = self.emitter.lock();
        for index in &pass.streams {
            let id = floor.nth(self.selection.selected[*index].configured.0);
            floor.end(id, false)?;
        }
        Ok(())
    }

    /// Ends the streams that the tap no longer has.
    fn missing(&self) -> Result<Option<Error>> {
        let tap = self.setup.tap.short_name();
        let Selection { missing, translated, .. } = self.selection;
        end_missing(missing, tap, translated, &mut self.emitter.lock())
    }
}

/// Waits for `limit`, for ever without one.
async fn silence(limit: Option<Duration>) {
    match limit {
        Some(limit) => tokio::time::sleep(limit).await,
        None => std::future::pending().await,
    }
}

//! A read: the catalog, the plan of runs, and each run of the tap to its end.

use super::TapSource;
use super::discovery::{discover, write_config};
use super::drift::Watched;
use super::probe::Flags;
use super::pump::{Pump, Pumped};
use super::route::{Router, Wanted};
use super::sink::Sink;
use crate::failure;
use crate::options::OnMalformed;
use crate::tap::{Ended, Folder, Lines, Running, Voice};
use crate::translate::Overrides;
use crate::translate::catalog::{self, Translated};
use crate::translate::names::{Names, shared_keys};
use crate::translate::record::FieldFilter;
use crate::translate::state::{self, Input, Pass, Standing, StreamSpec, Tracker};
use airbyte_adapters::{Context, Emitter, Emitting, Error, ReadJob, Result, StreamId};
use airbyte_protocol::{self as airbyte, StateInput};
use serde_json::{Map, Value};
use singer_protocol as singer;
use singer_protocol::ReplicationMethod;
use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

pub(super) async fn read(
    source: &TapSource,
    job: ReadJob,
    emitter: &Emitter,
    context: &Context,
) -> Result<()> {
    let folder = TapSource::folder()?;
    // The probes are Python starts: side by side they cost one.
    let (flags, catalog) = tokio::try_join!(
        Flags::of(&source.tap, source.options.catalog_flag, source.flags, context),
        discover(source, &job.config, &folder, context),
    )?;
    let translated = catalog::outline(&catalog, &source.overrides());
    let (members, missing) = members(&source.overrides(), &catalog, &translated, &job);
    let specs: Vec<StreamSpec> = members.iter().map(|member| member.spec(&job)).collect();
    let plan = Joining {
        state_type: source.options.state_type(),
        specs: &specs,
        members: &members,
        job: &job,
        ids: &ids(&catalog),
    }
    .plan();
    for note in &plan.notes {
        match note.level() {
            state::Level::Info => tracing::info!("{note}"),
            state::Level::Warn => tracing::warn!("{note}"),
        }
    }
    let run = Run {
        source,
        job: &job,
        emitter,
        context,
        folder: &folder,
        flags,
        catalog: &catalog,
        translated: &translated,
        members: &members,
        config: write_config(&job.config, &folder).map_err(|error| {
            Error::system(format!("writing the tap's config: {}", error.kind()))
        })?,
        run_id: run_id(),
    };
    let (mut failed, mut standing) = (None, Standing::default());
    for pass in &plan.passes {
        if failed.is_none() {
            failed = run.pass(pass, &specs, &mut standing).await?;
        } else {
            run.unstarted(pass)?;
        }
    }
    failed = failed.or(run.missing(&missing)?);
    failed.map_or(Ok(()), Err)
}

/// Random and never used again: a STATE's cut is named by it.
pub(crate) fn run_id() -> String {
    use std::hash::{BuildHasher, RandomState};
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let nanos = now.map_or(0, |d| d.as_nanos());
    format!("{:x}{:x}", nanos, RandomState::new().hash_one(std::process::id()))
}

/// One configured stream that the tap has.
pub(crate) struct Member {
    /// Its place in the configured catalog.
    pub(crate) configured: usize,
    /// Its place in the tap's catalog.
    pub(super) entry: usize,
    pub(crate) tap_stream_id: String,
    /// Every name that the tap may call it by in its log.
    pub(super) names: Vec<String>,
    pub(super) method: ReplicationMethod,
    pub(super) deselected: HashSet<String>,
    pub(crate) may_stand_alone: bool,
}

impl Member {
    fn is_full_table(&self) -> bool {
        self.method == ReplicationMethod::FullTable
    }

    /// What its schema should be, by the tap's own catalog.
    fn watched(&self, catalog: &singer::Catalog) -> Watched {
        Watched::discovered(&catalog.streams()[self.entry], &self.deselected)
    }

    /// What is read in full gets no bookmark, whatever the user asked for: file taps honour one
    /// under FULL_TABLE all the same.
    pub(crate) fn spec(&self, job: &ReadJob) -> StreamSpec {
        StreamSpec {
            tap_stream_id: self.tap_stream_id.clone(),
            full_refresh: self.is_full_table(),
            generation_id: job.catalog.streams[self.configured].generation_id,
            may_stand_alone: self.may_stand_alone,
        }
    }
}

/// The configured streams that the tap has, and the places of those that it doesn't.
pub(crate) fn members(
    overrides: &Overrides,
    catalog: &singer::Catalog,
    translated: &Translated,
    job: &ReadJob,
) -> (Vec<Member>, Vec<usize>) {
    let everything = translated.links.iter().map(|link| link.tap_stream_id.clone()).collect();
    let selected = catalog::to_singer(catalog, translated, &job.catalog, &everything);
    for note in &selected.notes {
        tracing::warn!("{note}");
    }
    let shared_keys = shared_keys(catalog);
    let mut taken = HashSet::new();
    let mut members = Vec::new();
    for choice in selected.streams {
        let id = &choice.tap_stream_id;
        let entry = choice.entry;
        if !taken.insert(entry) {
            tracing::warn!("two configured streams mean `{id}`; the first one gets its records");
            continue;
        }
        let link = translated.place(id).map(|place| &translated.links[place]);
        let said = overrides.get(id).and_then(|stream| stream.alone);
        let evidence = link.is_some_and(|link| link.database) && !shared_keys.contains(&entry);
        members.push(Member {
            configured: choice.configured,
            entry,
            names: log_names(&catalog.streams()[entry]),
            tap_stream_id: choice.tap_stream_id,
            method: choice.method,
            deselected: choice.deselected,
            may_stand_alone: said.unwrap_or(evidence),
        });
    }
    let found: HashSet<usize> = members.iter().map(|member| member.configured).collect();
    let missing = (0..job.catalog.streams.len()).filter(|index| !found.contains(index)).collect();
    (members, missing)
}

/// Every name that a tap may call a stream by in its log.
pub(super) fn log_names(entry: &singer::Entry) -> Vec<String> {
    let names = [Some(entry.tap_stream_id()), entry.table_name(), Some(entry.stream())];
    names.into_iter().flatten().map(str::to_owned).collect()
}

/// The `tap_stream_id`s of a catalog.
pub(crate) fn ids(catalog: &singer::Catalog) -> Vec<String> {
    catalog.streams().iter().map(|entry| entry.tap_stream_id().to_owned()).collect()
}

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
    pub(crate) fn plan(&self) -> state::Plan {
        match &self.job.state {
            StateInput::Empty => self.with(Input::Nothing),
            StateInput::Legacy(map) => match map.get("data") {
                Some(Value::Object(inner)) if map.len() == 1 => self.with(Input::Singer(inner)),
                _ => self.with(Input::Singer(map)),
            },
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

    fn with(&self, input: Input<'_>) -> state::Plan {
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
                newest = others[index].take().or(newest);
            }
            configured.push(newest.cloned());
        }
        (configured, others.into_iter().flatten().cloned().collect())
    }
}

/// What all runs of the tap in one read have in common.
struct Run<'a> {
    source: &'a TapSource,
    job: &'a ReadJob,
    emitter: &'a Emitter,
    context: &'a Context,
    folder: &'a Folder,
    flags: Flags,
    catalog: &'a singer::Catalog,
    translated: &'a Translated,
    members: &'a [Member],
    config: PathBuf,
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
        let members: Vec<&Member> = pass.streams.iter().map(|i| &self.members[*i]).collect();
        let args = self.args(&members, pass.singer_state.as_ref())?;
        self.announce(&members)?;
        let tap = self.source.tap.short_name();
        let mut running =
            Running::start(&self.source.tap, &args, &self.folder.work(), Voice::Plain)
                .map_err(|error| failure::run_error(tap, "the sync", &error))?;
        let started = Instant::now();
        let interval = self.source.options.state_interval();
        let tracker = Tracker::new(pass, specs, &self.run_id, interval, started.elapsed())
            .after(std::mem::take(standing));
        let places = self.members.iter().map(|member| member.configured).collect();
        let sink =
            Sink::new(self.router(&members), tracker, places, running.words.clone(), started)
                .watching(members.iter().map(|member| member.watched(self.catalog)));
        let (pumped, result, ended) = self.listen(&mut running, sink).await?;
        self.conclude(&members, pumped, result, ended, standing)
    }

    /// Pumps until the pipe ends, a signal comes, or reading fails; then sees the tap to its end.
    async fn listen(
        &self,
        running: &mut Running,
        sink: Sink,
    ) -> Result<(Pumped, Result<()>, Ended)> {
        let pipe = running.take_stdout().ok_or_else(|| Error::system("the tap has no stdout"))?;
        let abandoned = Arc::new(AtomicBool::new(false));
        let gone = Arc::new(AtomicBool::new(false));
        let options = &self.source.options;
        let pump = Pump {
            lines: Lines::new(pipe, options.max_line_bytes()),
            emitter: self.emitter.clone(),
            on_malformed: options.on_malformed.unwrap_or(OnMalformed::Fail),
            idle_timeout: options.idle_timeout(),
            abandoned: abandoned.clone(),
            stop: None,
            gone: gone.clone(),
            sink,
            cut: false,
        };
        let mut pumping = tokio::task::spawn_blocking(move || pump.run());
        let panicked = |_| Error::system("the reading thread panicked");
        let grace = options.stop_grace();
        tokio::select! {
            done = &mut pumping => {
                let (pumped, result) = done.map_err(panicked)?;
                if result.is_err() && !pumped.cut {
                    let ended = running.stop(grace).await;
                    return Ok((pumped, result, ended));
                }
                tokio::select! {
                    ended = running.wait() => Ok((pumped, result, ended)),
                    _ = self.context.stop.wait() => Ok((pumped, result, running.stop(grace).await)),
                    silent = silence(options.idle_timeout()) => {
                        let ended = running.stop(grace).await;
                        Ok((pumped, result.and(Err(silent)), ended))
                    }
                }
            }
            never = async {
                running.exited().await;
                gone.store(true, Ordering::Relaxed);
                std::future::pending::<std::convert::Infallible>().await
            } => match never {},
            _ = self.context.stop.wait() => {
                let ended = running.stop(grace).await;
                abandoned.store(true, Ordering::Relaxed);
                let (pumped, result) = pumping.await.map_err(panicked)?;
                Ok((pumped, result, ended))
            }
        }
    }

    /// Judges the run, publishes its last states and gives each of its streams its last status.
    fn conclude(
        &self,
        members: &[&Member],
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
        let denied = pumped.sink.conclude(verdict.is_ok(), &mut floor)?;
        *standing = pumped.sink.tracker.standing();
        Ok(verdict.err().or(denied))
    }

    /// Success is EOF and exit code 0 of a tap that said something, and nothing else.
    fn judge(
        &self,
        members: &[&Member],
        pumped: &Pumped,
        result: Result<()>,
        ended: Ended,
    ) -> Result<()> {
        let tap = self.source.tap.short_name();
        if let Some(signal) = self.context.stop.signal() {
            // After we asked it to stop, a tap's 0 is no success.
            return Err(Error::transient(format!("stopped by {}", signal.name())));
        }
        // How the tap broke off says more than the line that it broke off in.
        if !pumped.cut || ended.is_success() {
            result?;
        }
        if !ended.is_success() {
            return Err(failure::ended(tap, "the sync", ended, &pumped.sink.words.last()));
        }
        if pumped.bytes == 0 && !members.is_empty() {
            let hint = "perhaps it takes its catalog by another flag (--catalog-flag)";
            return Err(Error::system(format!(
                "{tap} wrote nothing at all for the {} selected stream(s); {hint}",
                members.len()
            )));
        }
        Ok(())
    }

    fn args(
        &self,
        members: &[&Member],
        state: Option<&Map<String, Value>>,
    ) -> Result<Vec<OsString>> {
        let written = |name: &str, path: std::io::Result<PathBuf>| {
            path.map_err(|error| {
                Error::system(format!("writing the tap's {name} failed: {}", error.kind()))
            })
        };
        let pass = members.iter().map(|member| member.tap_stream_id.clone()).collect();
        let selected = catalog::to_singer(self.catalog, self.translated, &self.job.catalog, &pass);
        let path = self.folder.write_json("catalog.json", &selected.catalog);
        let path = written("catalog.json", path)?;
        let mut args: Vec<OsString> = vec!["--config".into(), self.config.clone().into()];
        args.extend(self.flags.args(&path));
        if let Some(state) = state {
            let path = self.folder.write_json("state.json", state);
            args.extend(["--state".into(), written("state.json", path)?.into()]);
        }
        Ok(args)
    }

    /// Says that the streams begin, and how many rows the tap expects.
    fn announce(&self, members: &[&Member]) -> Result<()> {
        let mut floor = self.emitter.lock();
        for member in members {
            let id = floor.nth(member.configured);
            floor.start(id)?;
            let rows = self.catalog.streams()[member.entry].row_count();
            if let Some(rows) = rows.filter(|_| member.is_full_table()) {
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

    fn router(&self, members: &[&Member]) -> Router {
        let floor = self.emitter.lock();
        let wanted = members.iter().map(|member| {
            let wanted = Wanted {
                stream: floor.nth(member.configured),
                tap_stream_id: member.tap_stream_id.clone(),
                names: member.names.clone(),
                filter: FieldFilter::new(member.deselected.iter().cloned()),
                scratch: Vec::new(),
                seen: false,
            };
            (member.entry, wanted)
        });
        let selected = members.iter().map(|member| member.tap_stream_id.clone()).collect();
        let names = Names::new(self.catalog, &self.source.overrides(), &selected);
        Router::new(names, wanted.collect())
    }

    /// Streams of a run that is not made any more, because an earlier one failed.
    fn unstarted(&self, pass: &Pass) -> Result<()> {
        let mut floor = self.emitter.lock();
        for index in &pass.streams {
            let id = floor.nth(self.members[*index].configured);
            floor.end(id, false)?;
        }
        Ok(())
    }

    /// Ends the streams that the tap no longer has.
    fn missing(&self, missing: &[usize]) -> Result<Option<Error>> {
        end_missing(missing, self.source.tap.short_name(), &mut self.emitter.lock())
    }
}

/// Ends configured streams that `whose` tap or catalog doesn't have.
pub(super) fn end_missing(
    missing: &[usize],
    whose: &str,
    floor: &mut Emitting,
) -> Result<Option<Error>> {
    let mut names = Vec::new();
    for index in missing {
        let id: StreamId = floor.nth(*index);
        names.push(floor.descriptor(id).to_string());
        floor.end(id, false)?;
    }
    Ok(no_such_stream(whose, &names))
}

/// The error of configured streams that `whose` tap or catalog doesn't have, if there are any.
pub(crate) fn no_such_stream(whose: &str, names: &[String]) -> Option<Error> {
    Some(Error::config(match names {
        [] => return None,
        [one] => format!(
            "{whose} has no stream {one}: it was renamed or removed, or the catalog belongs to another source"
        ),
        many => format!(
            "{whose} has no streams {}: they were renamed or removed, or the catalog belongs to another source",
            many.join(", ")
        ),
    }))
}

/// The error of a tap that has closed its output and doesn't end within `limit`.
async fn silence(limit: Option<Duration>) -> Error {
    match limit {
        Some(limit) => tokio::time::sleep(limit).await,
        None => std::future::pending().await,
    }
    Error::transient(
        "the tap closed its output, didn't end in time and was stopped (--idle-timeout)",
    )
}

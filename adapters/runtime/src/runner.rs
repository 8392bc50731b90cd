mod request;

use self::request::Request;
use super::limits;
use super::pending::Pending;
use super::{
    Context, Emitter, Journal, Offer, Output, ReadJob, Secrets, Source, Stop, StopSignal, caught,
};
use crate::error::readable;
use crate::{Error, Result};
use airbyte_protocol::{ConnectionStatus, FailureType, Message, Trace};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// Records never wait longer than this for the next write.
const FLUSH_EVERY: Duration = Duration::from_millis(100);
/// What must not be lost may take so long after a stop signal, and no longer than a second one.
const PENDING: Duration = Duration::from_secs(10);
/// How often we look whether the log has something to tell.
const TELL_EVERY: Duration = Duration::from_millis(250);

/// What a client asks of a source: plain data, whoever parsed it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// Say what you want to be told.
    Spec,
    /// Does this config work?
    Check {
        /// The file with the settings.
        config: PathBuf,
    },
    /// Which streams are there?
    Discover {
        /// The file with the settings.
        config: PathBuf,
    },
    /// Read these streams from where the state says.
    Read {
        /// The file with the settings.
        config: PathBuf,
        /// The file with the configured catalog.
        catalog: PathBuf,
        /// The file with the state; none means from the start.
        state: Option<PathBuf>,
    },
}

/// What a run of a command stands on: where lines go, what is masked, what is logged.
#[derive(Debug, Clone)]
pub struct Session {
    /// The one door to stdout.
    pub output: Output,
    /// The values to mask.
    pub secrets: Secrets,
    /// The log, which counts what repeats itself.
    pub journal: Journal,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// 0: done; also a check whose answer was FAILED.
    Done,
    /// 1: the command failed and an ERROR trace says why.
    Failed,
    /// A signal stopped us.
    Stopped(StopSignal),
}

impl Outcome {
    /// Ends the process's main function as the outcome asks: with 0 or 1, or by the signal that
    /// stopped us. Process 1 of a container isn't killed by its own signal; there it is 128+n.
    pub fn exit(self) -> ExitCode {
        match self {
            Self::Done => ExitCode::SUCCESS,
            Self::Failed => ExitCode::FAILURE,
            Self::Stopped(signal) => {
                if std::process::id() != 1 {
                    let _ = signal_hook::low_level::emulate_default_handler(signal.number());
                }
                ExitCode::from(u8::try_from(128 + signal.number()).unwrap_or(1))
            }
        }
    }
}

/// Plays one command on a source: loads and checks the files, asks the source, writes the answer,
/// and turns what went wrong into messages and an exit code.
///
/// * `check` and `discover` write their answer or an ERROR trace; a check that finds the config
///   bad answers FAILED and is done.
/// * `read` ends every configured stream with COMPLETE or INCOMPLETE.
/// * SIGTERM and SIGINT stop the source, as [`Source::stop_grace`] says.
/// * A stdout that nobody reads any more ends everything quietly: [`Outcome::Done`].
pub fn run<S: Source>(source: &mut S, command: &Command, session: &Session) -> Outcome {
    perform(session, async |context| play(source, command, context).await)
}

/// Does `work` as a command is done, for commands that aren't a source's: an async runtime on one
/// thread, ears for SIGTERM and SIGINT ([`Context::stop`]; `work` must heed them), an ERROR trace
/// for what went wrong, the outcome as [`run`] has it.
pub fn perform(session: &Session, work: impl AsyncFnOnce(&Context) -> Result<()>) -> Outcome {
    if let Err(error) = limits::open_files() {
        return conclude(Err(error), None, session);
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let error = Error::system(format!("starting failed: {}", error.kind()));
            return conclude(Err(error), None, session);
        }
    };
    let (stop, _listener) = Stop::on_signals(session.output.clone());
    let (secrets, output) = (session.secrets.clone(), session.output.clone());
    let context = Context {
        secrets,
        stop,
        output,
        pending: Pending::new(),
        spec: None,
        answered: Arc::default(),
    };
    let result = runtime.block_on(async {
        let telling = tokio::spawn(tell_what_was_counted(session.journal.clone()));
        let result = work(&context).await;
        telling.abort();
        result
    });
    let stopped = context.stop.signal();
    // Blocking readers (a pipe that a stray grandchild holds open) must not keep us here.
    runtime.shutdown_background();
    conclude(result, stopped, session)
}

/// What the log counted is told when its second is over, also when nothing is logged any more.
async fn tell_what_was_counted(journal: Journal) {
    let mut ticks = tokio::time::interval(TELL_EVERY);
    loop {
        ticks.tick().await;
        journal.settle();
    }
}

fn conclude(result: Result<()>, stopped: Option<StopSignal>, session: &Session) -> Outcome {
    session.journal.finish();
    match (result, stopped) {
        (Err(error), stopped) if error.is_closed() => {
            stopped.map_or(Outcome::Done, Outcome::Stopped)
        }
        (Err(error), stopped) => {
            let trace = error.to_trace(|text| session.secrets.mask_own(text).into_owned());
            let at = u64::try_from(super::now_millis()).unwrap_or(0);
            let told = session.output.message(&Message::Trace(Trace::error(trace, at)));
            if let Err(unheard) = told
                && !unheard.is_closed()
            {
                // stdout takes nothing, a full disk perhaps: stderr is the last resort.
                let _ = Output::stderr().lines(format!("{unheard}\n").as_bytes());
            }
            stopped.map_or(Outcome::Failed, Outcome::Stopped)
        }
        (Ok(()), _) => Outcome::Done,
    }
}

async fn play<S: Source>(source: &mut S, command: &Command, context: &Context) -> Result<()> {
    let request = Request::load(command, &context.stop);
    if request.is_err() && context.stop.signal().is_some() {
        return request.map(|_| ());
    }
    if let Ok(Some(request)) = &request {
        source.foresee(request.task(), request.config());
    }
    // That a source can't say its spec is told before what is wrong with the files.
    let spec = until_stopped(source.stop_grace(), context, source.spec(context)).await?;
    let Some(request) = request? else {
        return context.output.message(&Message::Spec(spec));
    };
    context.secrets.learn(&spec, request.config().values());
    let context = &Context { spec: Some(Arc::new(spec.clone())), ..context.clone() };
    // For a check what is wrong here is its answer.
    let settled =
        source.configure(request.config()).and_then(|()| source.validate(request.config(), &spec));
    let grace = source.stop_grace();
    match request {
        Request::Check(config) => {
            let status = match settled {
                Ok(()) => until_stopped(grace, context, source.check(&config, context)).await,
                Err(error) => Err(error),
            };
            context.output.message(&Message::ConnectionStatus(answer(status, context)?))
        }
        Request::Discover(config) => {
            settled?;
            let line = async { Ok(catalog_line(source.offer(&config, context).await?)) };
            let line = until_stopped(grace, context, line).await?;
            context.output.lines(line.as_bytes())
        }
        Request::Read(job) => {
            settled?;
            read(source, job, context).await
        }
    }
}

/// The CATALOG of these streams, of which one is held at a time.
fn catalog_line(offer: Offer) -> String {
    let mut line = r#"{"type":"CATALOG","catalog":{"streams":["#.to_owned();
    for (place, stream) in offer.enumerate() {
        if place > 0 {
            line.push(',');
        }
        line.push_str(&serde_json::to_string(&stream).expect("streams have string keys only"));
    }
    line.push_str("]}}\n");
    line
}

/// A config error is a check's answer; anything else means that there is none. Others' words in it are masked.
fn answer(status: Result<ConnectionStatus>, context: &Context) -> Result<ConnectionStatus> {
    let (status, error) = match status {
        Err(error) if error.failure_type() == FailureType::ConfigError => {
            (ConnectionStatus::failed(error.message()), Some(error))
        }
        status => {
            let mut answered = context.answered.lock().unwrap_or_else(PoisonError::into_inner);
            (status?, answered.take())
        }
    };
    let mask = |text: &str| context.secrets.mask_own(text).into_owned();
    let is_it = |error: &Error| status.message.as_deref() == Some(error.message());
    let message = match error.filter(is_it) {
        Some(error) => Some(error.masked(mask)),
        None => status.message.as_deref().map(|text| readable(mask(text))),
    };
    Ok(ConnectionStatus { message, ..status })
}

async fn read<S: Source>(source: &mut S, job: ReadJob, context: &Context) -> Result<()> {
    let emitter = Emitter::new(&job.catalog, context.output.clone());
    let flusher = tokio::spawn(flush_now_and_then(emitter.clone()));
    let grace = source.stop_grace();
    let result = until_stopped(grace, context, source.read(job, &emitter, context)).await;
    flusher.abort();
    if result.as_ref().is_err_and(Error::is_closed) {
        return result;
    }
    let mut floor = emitter.lock();
    for id in floor.ids() {
        floor.end(id, result.is_ok())?;
    }
    floor.flush()?;
    result
}

async fn flush_now_and_then(emitter: Emitter) {
    let mut ticks = tokio::time::interval(FLUSH_EVERY);
    loop {
        ticks.tick().await;
        // Who has the floor flushes by itself; a closed stdout shows at the next write.
        if let Some(mut floor) = emitter.try_lock() {
            let _ = floor.flush();
        }
    }
}

/// Waits for `work`, but after a stop signal only for `grace` longer, and then for what must not be lost.
async fn until_stopped<T>(
    grace: Duration,
    context: &Context,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let stopped = async {
        let signal = context.stop.wait().await;
        tokio::time::sleep(grace).await;
        tokio::select! {
            _ = tokio::time::timeout(PENDING, context.pending.none()) => {}
            _ = context.stop.wait_again() => {}
        }
        signal
    };
    tokio::select! {
        biased;
        result = caught(work) => result,
        signal = stopped => Err(Error::transient(format!("stopped by {}", signal.name()))),
    }
}

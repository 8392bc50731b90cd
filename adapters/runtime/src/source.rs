use super::pending::{Pending, UnderWay};
use super::{Config, Emitter, Output, Secrets, Stop};
use crate::{Error, Result};
use airbyte_protocol::{
    Catalog, ConfiguredCatalog, ConnectionStatus, Control, Message, Specification, StateInput,
    Stream,
};
use serde_json::{Map, Value};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Any data source: a tap, a native connector, a test's script. The runner asks, the source
/// answers; how lines look, in which order statuses come and what the exit code is, is the
/// runner's business.
///
/// Everything is async on one thread. A source that blocks (a tap's pipe) takes a thread of its
/// own and moves a clone of the [`Emitter`] there.
pub trait Source {
    /// Told what will be asked before even the spec is, so that a source whose spec takes its time
    /// can begin with what `task` will surely need. Nothing may be told of it yet: the config is
    /// unchecked, and what in it is secret isn't known. What isn't needed after all is the source's to
    /// end. By default nothing is begun.
    fn foresee(&mut self, task: Task, config: &Config) {
        let _ = (task, config);
    }

    /// What the source wants to be told. Asked before every other command too, since the config
    /// is validated against it and secrets are known from it.
    ///
    /// # Errors
    ///
    /// Whatever keeps the source from knowing its own settings.
    fn spec(&mut self, context: &Context) -> impl Future<Output = Result<Specification>>;

    /// Takes what the config says to the source itself rather than to what it reads
    /// ([`Config::reserved`]); called once the config is there, before anything is done with it.
    ///
    /// # Errors
    ///
    /// An option that is unknown, wrong, or not to be set in a config.
    fn configure(&mut self, config: &Config) -> Result<()> {
        match config.reserved() {
            None => Ok(()),
            Some(_) => Err(Error::config(format!(
                "the config has options under {}, but this source takes none",
                Config::RESERVED
            ))),
        }
    }

    /// Whether the config fits the spec; by default the spec's schema decides, and settings that it
    /// doesn't have are warned of. A source whose spec is only a guess can be milder here.
    ///
    /// # Errors
    ///
    /// One sentence that names what is missing or wrong, without values.
    fn validate(&self, config: &Config, spec: &Specification) -> Result<()> {
        config.validate(spec)?;
        let unknown = config.unknown(spec);
        if !unknown.is_empty() {
            let text = unknown.join(", ");
            tracing::warn!(
                "the config has settings that the spec doesn't, which do nothing: {text}"
            );
        }
        Ok(())
    }

    /// Whether the config works. The config already matches the spec.
    ///
    /// # Errors
    ///
    /// A config error is reported as FAILED (the check's answer); any other error means that no
    /// answer was found, and ends the command with an ERROR trace and exit code 1.
    fn check(
        &mut self,
        config: &Config,
        context: &Context,
    ) -> impl Future<Output = Result<ConnectionStatus>>;

    /// The streams on offer.
    ///
    /// # Errors
    ///
    /// Whatever keeps the source from knowing them.
    fn discover(
        &mut self,
        config: &Config,
        context: &Context,
    ) -> impl Future<Output = Result<Catalog>>;

    /// The streams on offer, to be made one after the other while they are written, by a source that has
    /// very many of them: by default all that [`Source::discover`] gives.
    ///
    /// # Errors
    ///
    /// As [`Source::discover`].
    fn offer(&mut self, config: &Config, context: &Context) -> impl Future<Output = Result<Offer>> {
        async {
            let offer = self.discover(config, context).await?.streams.into_iter();
            Ok(Box::new(offer) as Offer)
        }
    }

    /// Reads the configured streams into `emitter`. When it returns, streams that it didn't end
    /// itself are ended by the runner: COMPLETE after `Ok`, INCOMPLETE after an error.
    ///
    /// # Errors
    ///
    /// The error that the user should see; exit code 1.
    fn read(
        &mut self,
        job: ReadJob,
        emitter: &Emitter,
        context: &Context,
    ) -> impl Future<Output = Result<()>>;

    /// How long the source may go on after a stop signal before it is dropped, unless a refresh token is on
    /// its way, which is waited for. A source that
    /// listens to [`Context::stop`] and must clean up asks for time here.
    fn stop_grace(&self) -> Duration {
        Duration::ZERO
    }
}

/// Streams on offer, made one after the other.
pub type Offer = Box<dyn Iterator<Item = Stream>>;

/// What a source will be asked once its spec is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Task {
    /// [`Source::check`].
    Check,
    /// [`Source::discover`].
    Discover,
    /// [`Source::read`].
    Read,
}

/// What a read is asked to do.
#[derive(Debug, Clone)]
pub struct ReadJob {
    /// The settings, valid against the spec.
    pub config: Config,
    /// The streams that the user chose.
    pub catalog: ConfiguredCatalog,
    /// Where an earlier read stopped.
    pub state: StateInput,
}

/// What a source has at hand in every command.
#[derive(Debug, Clone)]
pub struct Context {
    /// Values to mask; a source adds what it learns (tokens).
    pub secrets: Secrets,
    /// Whether somebody wants us to stop.
    pub stop: Stop,
    pub(crate) output: Output,
    /// What a stop waits for.
    pub(crate) pending: Pending,
    /// What the source said of its settings, once it was asked.
    pub(crate) spec: Option<Arc<Specification>>,
    /// What a check's answer was made of, which knows its own words from others'.
    pub(crate) answered: Arc<Mutex<Option<Error>>>,
}

impl Context {
    /// Something begins whose outcome must not be lost: a stop waits for it, for ten seconds at most.
    pub fn begin(&self) -> UnderWay {
        self.pending.begin()
    }

    /// The answer of a check that tried: whatever went wrong is it, whosever fault that is, since on a
    /// platform only an answer's sentence is seen. Being stopped is none, nor is a reader that has gone.
    ///
    /// # Errors
    ///
    /// There is no answer.
    pub fn verdict(&self, tried: Result<()>) -> Result<ConnectionStatus> {
        match tried {
            Ok(()) => Ok(ConnectionStatus::succeeded()),
            Err(error) if self.stop.signal().is_some() || error.is_closed() => Err(error),
            Err(error) => {
                let status = ConnectionStatus::failed(error.message());
                *self.answered.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                Ok(status)
            }
        }
    }

    /// Asks the platform to store `settings` in the place of `config` (CONTROL CONNECTOR_CONFIG), at
    /// once: clients stop a source after its first answer, so this must come before CATALOG or
    /// CONNECTION_STATUS. What is secret in the settings, by the source's spec, is masked from now on;
    /// what stood under [`Config::RESERVED`] is put back.
    ///
    /// # Errors
    ///
    /// As [`Output::lines`].
    pub fn store_config(&self, config: &Config, mut settings: Map<String, Value>) -> Result<()> {
        if let Some(spec) = &self.spec {
            self.secrets.learn(spec, &settings);
        }
        // Options are the user's to set, and nobody else's.
        settings.shift_remove(Config::RESERVED);
        if let Some(reserved) = config.reserved() {
            settings.insert(Config::RESERVED.to_owned(), Value::Object(reserved.clone()));
        }
        let at = u64::try_from(super::now_millis()).unwrap_or(0);
        self.output.message(&Message::Control(Control::connector_config(settings, at)))
    }
}

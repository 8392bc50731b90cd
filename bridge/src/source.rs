//! A tap as a [`Source`]: where Singer and Airbyte meet.

mod check;
mod discovery;
mod probe;
mod pump;
mod read;
mod route;

use crate::options::OptionSet;
use crate::tap::{self, Folder, TapCommand};
use crate::translate;
use airbyte_adapters::{Complaint, Config, Context, Emitter, Error, ReadJob, Result, Source};
use airbyte_protocol::{Catalog, ConnectionStatus, Specification};
use std::time::Duration;

/// An unmodified Singer tap. It never assumes that it is the only process of its tap.
#[derive(Debug)]
pub struct TapSource {
    tap: TapCommand,
    options: OptionSet,
    spec_is_a_guess: bool,
}

impl TapSource {
    /// The tap that `options` name.
    ///
    /// # Errors
    ///
    /// No tap is named, or it can't be found or run.
    pub fn new(options: OptionSet) -> Result<Self> {
        let Some(name) = options.tap.as_deref() else {
            return Err(Error::config(
                "no tap is named: give --tap (or AIRBYTE_SINGER_TAP, or a profile)",
            ));
        };
        let args = options.tap_arg.as_deref().unwrap_or_default();
        let tap = TapCommand::find(name, args).map_err(|error| Error::system(error.to_string()))?;
        Ok(Self { tap, options, spec_is_a_guess: false })
    }

    fn folder() -> Result<Folder> {
        Folder::new().map_err(|error| {
            Error::system(format!("a private folder for the tap can't be made: {}", error.kind()))
        })
    }

    fn overrides(&self) -> translate::Overrides {
        self.options.streams.clone().unwrap_or_default()
    }
}

impl Source for TapSource {
    async fn spec(&mut self, context: &Context) -> Result<Specification> {
        let (spec, is_a_guess) = probe::spec(&self.tap, &self.options, context).await?;
        self.spec_is_a_guess = is_a_guess;
        Ok(spec)
    }

    /// A spec made from `--about` is flawed, so only what is missing counts; the rest is a warning.
    fn validate(&self, config: &Config, spec: &Specification) -> Result<()> {
        if !self.spec_is_a_guess {
            return config.validate(spec);
        }
        let (missing, other): (Vec<_>, Vec<_>) =
            config.complaints(spec)?.into_iter().partition(|complaint| complaint.missing);
        for complaint in other {
            tracing::warn!("the config doesn't fit what the tap says of its settings: {complaint}");
        }
        if missing.is_empty() { Ok(()) } else { Err(Complaint::sentence(&missing)) }
    }

    async fn check(&mut self, config: &Config, context: &Context) -> Result<ConnectionStatus> {
        check::check(self, config, context).await
    }

    async fn discover(&mut self, config: &Config, context: &Context) -> Result<Catalog> {
        let folder = Self::folder()?;
        let catalog = discovery::discover(self, config, &folder, context).await?;
        let translated = translate::catalog::to_airbyte(&catalog, &self.overrides());
        for note in &translated.notes {
            tracing::warn!("{note}");
        }
        Ok(translated.catalog)
    }

    async fn read(&mut self, job: ReadJob, emitter: &Emitter, context: &Context) -> Result<()> {
        read::read(self, job, emitter, context).await
    }

    /// The tap gets its grace, and we as long again to say how it ended.
    fn stop_grace(&self) -> Duration {
        self.options.stop_grace().saturating_add(Duration::from_secs(10))
    }

    fn last_resort(&self) -> Box<dyn FnOnce() + Send> {
        Box::new(tap::abandon)
    }
}

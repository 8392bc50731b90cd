//! A tap as a [`Source`]: where Singer and Airbyte meet.

mod batch;
mod check;
mod clock;
mod config;
mod discovery;
mod drift;
mod joining;
mod masking;
mod members;
mod newcomers;
mod piped;
mod probe;
mod publish;
mod pump;
mod read;
mod route;
mod sink;
mod values;

use config::ConfigFile;
pub(crate) use joining::{Joining, tell};
pub(crate) use members::{ids, members, no_such_stream, specs};
pub use piped::Piped;
pub(crate) use piped::told_ids;
pub use probe::definition;
pub(crate) use read::run_id;

use crate::failure;
use crate::options::OptionSet;
use crate::profile;
use crate::tap::{Folder, TapCommand};
use crate::translate;
use airbyte_adapters::{Complaint, Config, Context, Emitter, Error, ReadJob, Result, Source};
use airbyte_protocol::{Catalog, ConnectionStatus, Specification};
use std::time::Duration;

/// An unmodified Singer tap. It never assumes that it is the only process of its tap.
#[derive(Debug)]
pub struct TapSource {
    tap: TapCommand,
    /// What flags and environment say, and what the profile says.
    places: (OptionSet, OptionSet),
    /// What holds, once the config has been asked too.
    options: OptionSet,
    spec_is_a_guess: bool,
    /// How the tap takes its catalog, as far as it said so.
    flags: Option<probe::Flags>,
}

impl TapSource {
    /// The tap that `said` (flags and environment) or else `profile` names.
    ///
    /// # Errors
    ///
    /// No tap is named, or it can't be found or run.
    pub fn new(said: OptionSet, profile: OptionSet) -> Result<Self> {
        let options = said.clone().or(profile.clone());
        let Some(name) = options.tap.as_deref() else {
            return Err(Error::config(
                "no tap is named: give --tap (or AIRBYTE_SINGER_TAP, or a profile)",
            ));
        };
        let args = options.tap_arg.as_deref().unwrap_or_default();
        let tap = TapCommand::find(name, args).map_err(|error| Error::system(error.to_string()))?;
        Ok(Self { tap, places: (said, profile), options, spec_is_a_guess: false, flags: None })
    }

    fn folder() -> Result<Folder> {
        Folder::new().map_err(|error| failure::unwritten("the tap's private folder", &error))
    }

    fn overrides(&self) -> translate::Overrides {
        self.options.streams.clone().unwrap_or_default()
    }
}

impl Source for TapSource {
    async fn spec(&mut self, context: &Context) -> Result<Specification> {
        let told = probe::spec(&self.tap, &self.options, context).await?;
        (self.spec_is_a_guess, self.flags) = (told.is_a_guess, told.flags);
        Ok(told.spec)
    }

    /// Flag > environment > the config's reserved key > profile.
    fn configure(&mut self, config: &Config) -> Result<()> {
        let Some(map) = config.reserved() else { return Ok(()) };
        let key = Config::RESERVED;
        let reserved = profile::from_map(map.clone())
            .map_err(|reason| Error::config(format!("{key} in the config: {reason}")))?;
        if let Some(name) = reserved.decides_what_runs() {
            return Err(Error::config(format!(
                "{key} in the config: `{name}` decides what is run or which files are used and can't be set there"
            )));
        }
        let (said, profile) = self.places.clone();
        self.options = said.or(reserved).or(profile);
        Ok(())
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
        let tap_config = ConfigFile::write(config, &folder, context)?;
        let catalog = discovery::discover(self, config, &folder, &tap_config, context).await?;
        let translated = translate::catalog::into_airbyte(catalog, &self.overrides());
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
}

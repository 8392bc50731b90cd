//! A tap as a [`Source`]: where Singer and Airbyte meet.

mod check;
mod discovery;
mod plan;
mod read;
mod setup;
mod spec;
mod workdir;

pub(crate) use plan::{Resumed, Selection, accept, no_such_stream, run_id, told_ids};
pub use read::Piped;
pub(crate) use read::tell_unkept;
use setup::Setup;
pub use spec::definition;
use workdir::{Ahead, Workplace};

use crate::options::OptionSet;
use crate::process::supervisor;
use crate::profile;
use crate::tap::TapCommand;
use crate::translate;
use airbyte_protocol::{Catalog, ConnectionStatus, Specification, Stream};
use airbyte_singer_runtime::{
    Complaint, Config, Context, Emitter, Error, Offer, ReadJob, Result, Source, Task,
};
use singer_protocol as singer;
use std::time::Duration;

/// So many settings are named that the tap doesn't know.
const NAMED: usize = 10;

/// An unmodified Singer tap. It never assumes that it is the only process of its tap.
#[derive(Debug)]
pub struct TapSource {
    setup: Setup,
    /// What flags and environment say, and what the profile says.
    layers: (OptionSet, OptionSet),
    spec_is_a_guess: bool,
    /// The discovery that was begun before the spec was known.
    ahead: Option<Ahead>,
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
        let tap = TapCommand::find(name, args).map_err(|error| Error::config(error.to_string()))?;
        supervisor::grant(options.stop_grace());
        let setup = Setup { tap, options, listed: None };
        Ok(Self { setup, layers: (said, profile), spec_is_a_guess: false, ahead: None })
    }

    /// What is wrong with the config by a spec that is a guess: what is missing, and the rest.
    fn complaints(
        config: &Config,
        spec: &Specification,
    ) -> Result<(Vec<Complaint>, Vec<Complaint>)> {
        Ok(config.complaints(spec)?.into_iter().partition(|complaint| complaint.missing))
    }
}

/// The streams of a tap's catalog one after the other; what is to be said of them is said on the way.
pub(crate) fn offer(
    catalog: singer::Catalog,
    overrides: translate::Overrides,
) -> impl Iterator<Item = Stream> {
    translate::catalog::offers(catalog, overrides).filter_map(|(stream, notes)| {
        for note in notes {
            tracing::warn!("{note}");
        }
        stream
    })
}

impl Source for TapSource {
    /// Discovery begins where the tap must be asked for its spec and for its catalog too.
    fn foresee(&mut self, task: Task, config: &Config) {
        let asks_about =
            self.setup.options.tap_spec.is_none() && self.setup.options.tap_about.is_none();
        if asks_about
            && self.configure(config).is_ok()
            && discovery::is_sure(&self.setup, task, config)
        {
            self.ahead = self
                .setup
                .site()
                .ok()
                .and_then(|site| Ahead::begin(&self.setup.tap, &site, config));
        }
    }

    async fn spec(&mut self, context: &Context) -> Result<Specification> {
        context.secrets.spare(self.setup.tap.short_name());
        let told = match self.setup.site() {
            Ok(site) => spec::spec(&self.setup.tap, &self.setup.options, &site, context).await,
            Err(error) => Err(error),
        };
        let fits = |ahead: &Ahead| {
            told.as_ref().is_ok_and(|told| {
                let complaints = Self::complaints(ahead.config(), &told.spec);
                complaints.is_ok_and(|(missing, _)| missing.is_empty())
            })
        };
        if let Some(ahead) = self.ahead.take_if(|ahead| !fits(ahead)) {
            ahead.desist(context).await;
        }
        let told = told?;
        (self.spec_is_a_guess, self.setup.listed) = (told.is_a_guess, told.listed);
        Ok(told.spec)
    }

    /// Flag > environment > the config's reserved key > profile.
    fn configure(&mut self, config: &Config) -> Result<()> {
        let Some(map) = config.reserved() else { return Ok(()) };
        let key = Config::RESERVED;
        let reserved = profile::from_map(map.clone())
            .map_err(|reason| Error::config(format!("{key} in the config: {reason}")))?;
        reserved
            .check_in_config()
            .map_err(|reason| Error::config(format!("{key} in the config: {reason}")))?;
        let (said, profile) = self.layers.clone();
        self.setup.options = said.or(reserved).or(profile);
        supervisor::grant(self.setup.options.stop_grace());
        Ok(())
    }

    /// A spec made from `--about` is flawed, so only what is missing counts; the rest is a warning.
    fn validate(&self, config: &Config, spec: &Specification) -> Result<()> {
        let unknown = config.unknown(spec);
        if !unknown.is_empty() {
            let named: Vec<&str> = unknown.iter().take(NAMED).map(String::as_str).collect();
            let more = match unknown.len() - named.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let named = named.join(", ");
            tracing::warn!("the config has settings that the tap's spec doesn't: {named}{more}");
        }
        if !self.spec_is_a_guess {
            return config.validate(spec);
        }
        let (missing, other) = Self::complaints(config, spec)?;
        for complaint in other {
            tracing::warn!("the config doesn't fit what the tap says of its settings: {complaint}");
        }
        if missing.is_empty() { Ok(()) } else { Err(Complaint::sentence(&missing)) }
    }

    async fn check(&mut self, config: &Config, context: &Context) -> Result<ConnectionStatus> {
        check::check(&self.setup, self.ahead.take(), config, context).await
    }

    async fn discover(&mut self, config: &Config, context: &Context) -> Result<Catalog> {
        Ok(Catalog::new(self.offer(config, context).await?.collect()))
    }

    async fn offer(&mut self, config: &Config, context: &Context) -> Result<Offer> {
        let site = self.setup.site()?;
        let mut place = Workplace::new(self.ahead.take(), site, config, context)?;
        let catalog = discovery::discover(&self.setup, config, &mut place, context).await?;
        Ok(Box::new(offer(catalog, self.setup.overrides())))
    }

    async fn read(&mut self, job: ReadJob, emitter: &Emitter, context: &Context) -> Result<()> {
        read::read(&self.setup, self.ahead.take(), job, emitter, context).await
    }

    /// The tap gets its grace, and we as long again to say how it ended.
    fn stop_grace(&self) -> Duration {
        self.setup.options.stop_grace().saturating_add(Duration::from_secs(10))
    }
}

//! What a source is asked, once the files of a command have been read.

use super::Command;
use crate::{Config, ReadJob, Stop, Task, configured_catalog, read_named};
use crate::{Error, Result};
use airbyte_protocol::{ConfiguredCatalog, StateInput};
use std::path::Path;

/// A command beside `spec`, with what stands in its files.
pub(super) enum Request {
    Check(Config),
    Discover(Config),
    Read(ReadJob),
}

impl Request {
    /// None for `spec`, which has no files.
    pub(super) fn load(command: &Command, stop: &Stop) -> Result<Option<Self>> {
        Ok(Some(match command {
            Command::Spec => return Ok(None),
            Command::Check { config } => Self::Check(Config::load(config, stop)?),
            Command::Discover { config } => Self::Discover(Config::load(config, stop)?),
            Command::Read { config, catalog, state } => Self::Read(ReadJob {
                config: Config::load(config, stop)?,
                catalog: load_catalog(catalog, stop)?,
                state: load_state(state.as_deref(), stop)?,
            }),
        }))
    }

    pub(super) fn task(&self) -> Task {
        match self {
            Self::Check(_) => Task::Check,
            Self::Discover(_) => Task::Discover,
            Self::Read(_) => Task::Read,
        }
    }

    pub(super) fn config(&self) -> &Config {
        match self {
            Self::Check(config) | Self::Discover(config) => config,
            Self::Read(job) => &job.config,
        }
    }
}

fn load_catalog(path: &Path, stop: &Stop) -> Result<ConfiguredCatalog> {
    let bytes = read_named("catalog file", path, stop)?;
    configured_catalog(&bytes)
        .map_err(|reason| Error::config(format!("catalog file {}: {reason}", path.display())))
}

fn load_state(path: Option<&Path>, stop: &Stop) -> Result<StateInput> {
    let Some(path) = path else { return Ok(StateInput::Empty) };
    let bytes = read_named("state file", path, stop)?;
    StateInput::parse(&bytes)
        .map_err(|error| Error::config(format!("state file {}: {error}", path.display())))
}

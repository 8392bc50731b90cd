//! Where a command runs its tap: the private folder and the config file that all its runs share, and a
//! discovery that may have begun there already.
//!
//! `--about` and `--discover` are a start of Python each, and neither needs the other's answer. But what
//! a tap says while it discovers can't be masked before its spec has told what is secret, and nobody
//! wants the streams of a config that lacks something. So a tap that discovers ahead of its spec is
//! [`Started`] and not listened to. Its answer waits in the pipe until the spec is known and the config
//! fits; if it doesn't, the tap is stopped, and what it made of its config is told all the same.

use super::config::{ConfigFile, WrittenConfig};
use crate::failure;
use crate::tap::{Folder, Started, TapCommand};
use airbyte_adapters::{Config, Context, Result};
use std::time::Duration;

/// How long a discovery that nobody wants may take to stop.
const GRACE: Duration = Duration::from_secs(2);

/// The folder and the config of a command.
#[derive(Debug)]
pub(super) struct Workplace {
    // The order in which they end: the config's last look is into the folder.
    discovering: Option<Started>,
    pub(super) config: ConfigFile,
    pub(super) folder: Folder,
}

impl Workplace {
    /// The place where the tap discovers already, or a new one.
    pub(super) fn new(ahead: Option<Ahead>, config: &Config, context: &Context) -> Result<Self> {
        let (discovering, config, folder) = match ahead {
            Some(Ahead { discovering, config, folder }) => (Some(discovering), config, folder),
            None => {
                let folder = Folder::new()
                    .map_err(|error| failure::unwritten("the tap's private folder", &error))?;
                (None, WrittenConfig::new(config, &folder)?, folder)
            }
        };
        Ok(Self { discovering, config: ConfigFile::watch_over(config, context), folder })
    }

    /// The discovery that has begun, once.
    pub(super) fn take_discovery(&mut self) -> Option<Started> {
        self.discovering.take()
    }
}

/// A discovery ahead of the spec.
#[derive(Debug)]
pub(super) struct Ahead {
    discovering: Started,
    config: WrittenConfig,
    folder: Folder,
}

impl Ahead {
    /// Begins. What keeps it from that will be met again, and told, when its turn has come.
    pub(super) fn begin(tap: &TapCommand, config: &Config) -> Option<Self> {
        let folder = Folder::new().ok()?;
        let config = WrittenConfig::new(config, &folder).ok()?;
        let mut args = config.args();
        args.push("--discover".into());
        let discovering = Started::new(tap, &args, &folder.work()).ok()?;
        Some(Self { discovering, config, folder })
    }

    /// The config that the tap was given, as the user has it.
    pub(super) fn config(&self) -> &Config {
        self.config.user()
    }

    /// Ends it: nobody wants the answer.
    pub(super) async fn desist(self, context: &Context) {
        self.discovering.stop(GRACE).await;
        // The last look, before the folder is gone.
        drop(ConfigFile::watch_over(self.config, context));
    }
}

//! Where a command runs its tap: the private folder and the config file that all its runs share, and a
//! discovery that may have begun there already.
//!
//! `--about` and `--discover` are a start of Python each, and neither needs the other's answer. But what
//! a tap says while it discovers can't be masked before its spec has told what is secret, and nobody
//! wants the streams of a config that lacks something. So a tap that discovers ahead of its spec is
//! [`Started`] and not listened to. Its answer waits in the pipe until the spec is known and the config
//! fits; if it doesn't, the tap is stopped, and what it made of its config is told all the same.

mod config;
mod masking;

use crate::failure::{self, Surroundings};
use crate::options::Workdir;
use crate::tap::{Ended, Folder, Started, TapCommand, Words};
use airbyte_singer_runtime::{Config, Context, Error, Result};
pub(super) use config::ConfigWatch;
use config::{ConfigFile, WrittenConfig};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a discovery that nobody wants may take to stop.
const GRACE: Duration = Duration::from_secs(2);

/// Where the tap runs, and where its user is.
#[derive(Debug, Clone)]
pub(in crate::source) struct Site {
    /// The folder that the user chose; none: a private one.
    chosen: Option<PathBuf>,
    here: PathBuf,
}

impl Site {
    /// What `option` says.
    ///
    /// # Errors
    ///
    /// There is no such folder.
    pub(in crate::source) fn of(option: &Workdir) -> Result<Self> {
        let here = std::env::current_dir().unwrap_or_default();
        let chosen = match option {
            Workdir::Private => None,
            Workdir::Current => Some(here.clone()),
            Workdir::Folder(folder) => Some(here.join(folder)),
        };
        match chosen.as_deref().filter(|folder| !folder.is_dir()) {
            Some(folder) => Err(Error::config(format!(
                "--workdir {}: there is no such folder",
                folder.display()
            ))),
            None => Ok(Self { chosen, here }),
        }
    }

    /// The folder for the tap to run in, where `folder` is the private one.
    pub(in crate::source) fn work(&self, folder: &Folder) -> PathBuf {
        self.chosen.clone().unwrap_or_else(|| folder.work())
    }

    /// The folder that the user chose; none where the tap runs in a private one.
    pub(in crate::source) fn chosen(&self) -> Option<&Path> {
        self.chosen.as_deref()
    }

    /// The folder that paths in the config are meant from, if the tap runs elsewhere without having been
    /// told to by the user.
    pub(in crate::source) fn left(&self) -> Option<&Path> {
        self.chosen.is_none().then_some(&self.here)
    }
}

/// The folder and the config of a command.
#[derive(Debug)]
pub(in crate::source) struct Workplace {
    // The order in which they end: the config's last look is into the folder.
    discovering: Option<Started>,
    pub(in crate::source) config: ConfigFile,
    /// The private folder: for the files that the tap is given, wherever it runs.
    pub(in crate::source) folder: Folder,
    pub(in crate::source) site: Site,
}

impl Workplace {
    /// The place where the tap discovers already, or a new one.
    pub(in crate::source) fn new(
        ahead: Option<Ahead>,
        site: Site,
        config: &Config,
        context: &Context,
    ) -> Result<Self> {
        let (discovering, config, folder) = match ahead {
            Some(Ahead { discovering, config, folder }) => (Some(discovering), config, folder),
            None => {
                let folder = Folder::new()
                    .map_err(|error| failure::unwritten("the tap's private folder", &error))?;
                let config = WrittenConfig::new(config, &folder, site.left())?;
                (None, config, folder)
            }
        };
        let config = ConfigFile::watch_over(config, context);
        Ok(Self { discovering, config, folder, site })
    }

    /// The folder that the tap runs in.
    pub(in crate::source) fn work(&self) -> PathBuf {
        self.site.work(&self.folder)
    }

    /// The error of a tap that ended and should not have, or not so: [`failure::ended`].
    pub(in crate::source) fn failed(
        &self,
        tap: &str,
        doing: &str,
        ended: Ended,
        words: &Words,
    ) -> Error {
        let settings = self.config.settings();
        let Site { chosen, here } = &self.site;
        let around = Surroundings { chosen: chosen.as_deref(), here, settings };
        failure::ended(tap, doing, ended, &words.last(), Some(&around))
    }

    /// The discovery that has begun, once.
    pub(in crate::source) fn take_discovery(&mut self) -> Option<Started> {
        self.discovering.take()
    }
}

/// A discovery ahead of the spec.
#[derive(Debug)]
pub(in crate::source) struct Ahead {
    discovering: Started,
    config: WrittenConfig,
    folder: Folder,
}

impl Ahead {
    /// Begins. What keeps it from that will be met again, and told, when its turn has come.
    pub(in crate::source) fn begin(tap: &TapCommand, site: &Site, config: &Config) -> Option<Self> {
        let folder = Folder::new().ok()?;
        let config = WrittenConfig::new(config, &folder, site.left()).ok()?;
        let mut args = config.args();
        args.push("--discover".into());
        let discovering = Started::new(tap, &args, &site.work(&folder)).ok()?;
        Some(Self { discovering, config, folder })
    }

    /// The config that the tap was given, as the user has it.
    pub(in crate::source) fn config(&self) -> &Config {
        self.config.user()
    }

    /// Ends it: nobody wants the answer.
    pub(in crate::source) async fn desist(self, context: &Context) {
        self.discovering.stop(GRACE).await;
        // The last look, before the folder is gone.
        drop(ConfigFile::watch_over(self.config, context));
    }
}

//! The config file that a tap is given, and what becomes of it when the tap rewrites it.
//!
//! Taps whose refresh tokens change write the new one into the file behind `--config`, and the old
//! one is worth nothing from then on. So one file serves all runs of the tap in a command, and the
//! platform is asked to store what the tap made of it ([`Context::store_config`]): before any state
//! that is published later, before the command's answer, and at the end, however that comes.
//!
//! Looked at is the file
//!
//! * four times a second,
//! * before a state is published,
//! * before anything is masked, since a new token must be known by then,
//! * when a run of the tap has ended, and when the command has.
//!
//! What isn't JSON is half-written and looked at again; a state waits a moment for it. If it still is
//! when the run has ended, the next run is given what stood there before.
//!
//! A token that is written and replaced between two looks is never seen, but then it is worth nothing
//! any more.

mod changes;
mod given;
mod paths;

use crate::failure;
use crate::tap::Folder;
use crate::tap::rewritable::{Content, Rewritable};
use airbyte_singer_runtime::{Config, Context, Result};
use changes::Changes;
use serde_json::{Map, Value};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// How often the file is looked at.
const EVERY: Duration = Duration::from_millis(250);
/// How long a state waits for a file that is half-written, and how often it looks.
const PATIENCE: Duration = Duration::from_millis(100);
const BLINK: Duration = Duration::from_millis(2);

/// The tap's config file, written and not watched yet.
#[derive(Debug)]
pub(in crate::source) struct WrittenConfig {
    user: Config,
    /// The settings as the tap is given them first.
    given: Map<String, Value>,
    path: PathBuf,
}

/// The tap's config file, for as long as a command lasts. Dropping it takes the last look.
#[derive(Debug)]
pub(in crate::source) struct ConfigFile {
    watch: ConfigWatch,
    ticking: JoinHandle<()>,
}

/// Looks at the file. Cloning gives another pair of eyes.
#[derive(Debug, Clone)]
pub(in crate::source) struct ConfigWatch {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    context: Context,
    user: Config,
    /// The settings as the tap was given them first.
    given: Map<String, Value>,
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    file: Rewritable,
    /// What stood in it when it was last whole.
    whole: Map<String, Value>,
    /// What the platform has.
    stored: Map<String, Value>,
    /// What it had when the user was last told of a change.
    told: Map<String, Value>,
    /// Whether it was whole at the last look.
    is_whole: bool,
    /// Whether a state has waited in vain since then.
    in_vain: bool,
}

impl WrittenConfig {
    /// Writes the config for the tap. What it names in the folder that was `left` is made absolute, if the
    /// tap runs elsewhere.
    ///
    /// # Errors
    ///
    /// The file can't be written.
    pub(in crate::source) fn new(
        config: &Config,
        folder: &Folder,
        left: Option<&Path>,
    ) -> Result<Self> {
        let given = match left {
            Some(here) => given::given(config.values(), here),
            None => config.values().clone(),
        };
        let path = folder
            .write_json("config.json", &given)
            .map_err(|error| failure::unwritten("the tap's config", &error))?;
        Ok(Self { user: config.clone(), given, path })
    }

    /// The config as the user has it.
    pub(in crate::source) fn user(&self) -> &Config {
        &self.user
    }

    /// The arguments that hand it to the tap.
    pub(in crate::source) fn args(&self) -> Vec<OsString> {
        vec!["--config".into(), self.path.clone().into()]
    }
}

impl ConfigFile {
    /// Watches a config that was written, whatever has become of it since then.
    pub(in crate::source) fn watch_over(written: WrittenConfig, context: &Context) -> Self {
        let WrittenConfig { user, given, path } = written;
        given::tell_of_paths(user.values(), &given);
        let known = Known {
            file: Rewritable::new(path),
            whole: given.clone(),
            stored: user.values().clone(),
            told: user.values().clone(),
            is_whole: true,
            in_vain: false,
        };
        let inner =
            Arc::new(Inner { context: context.clone(), user, given, known: Mutex::new(known) });
        let eyes = Arc::downgrade(&inner);
        context.secrets.ask_first(move || {
            if let Some(inner) = eyes.upgrade() {
                inner.look();
            }
        });
        let watch = ConfigWatch { inner };
        let ticking = tokio::spawn(watch.clone().now_and_then());
        Self { watch, ticking }
    }

    /// The arguments that hand it to the tap.
    pub(in crate::source) fn args(&self) -> Vec<OsString> {
        vec!["--config".into(), self.watch.inner.known().file.path().into()]
    }

    /// The settings as the user has them, and as the tap was given them.
    pub(in crate::source) fn settings(&self) -> [&Map<String, Value>; 2] {
        [self.watch.inner.user.values(), &self.watch.inner.given]
    }

    /// Eyes for another thread.
    pub(in crate::source) fn watch(&self) -> ConfigWatch {
        self.watch.clone()
    }

    /// A run of the tap has ended: nothing that stands there now will get better, and the next run
    /// needs something whole.
    pub(in crate::source) fn settle(&self) {
        self.watch.inner.settle();
    }
}

impl Drop for ConfigFile {
    fn drop(&mut self) {
        self.ticking.abort();
        self.settle();
    }
}

impl ConfigWatch {
    /// Tells what the tap has made of the file, if that is new, before a state is told. Costs a `stat`
    /// if it isn't. What the tap is just writing is waited for, once.
    pub(in crate::source) fn look_before_state(&self) {
        let began = Instant::now();
        while !self.inner.look_and_tell() {
            let mut known = self.inner.known();
            known.in_vain |= began.elapsed() > PATIENCE;
            if known.in_vain {
                return;
            }
            drop(known);
            std::thread::sleep(BLINK);
        }
    }

    async fn now_and_then(self) {
        let mut ticks = tokio::time::interval(EVERY);
        loop {
            ticks.tick().await;
            self.inner.look_and_tell();
        }
    }
}

impl Inner {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the file is whole. Nothing is logged here: whoever logs masks, and whoever masks looks.
    fn look(&self) -> bool {
        let mut known = self.known();
        match known.file.look() {
            Some(Content::Settings(now)) => self.take(&mut known, now),
            Some(_) => known.is_whole = false,
            None => {}
        }
        known.is_whole
    }

    fn look_and_tell(&self) -> bool {
        let is_whole = self.look();
        self.tell();
        is_whole
    }

    /// Tells the user what has changed since the last time.
    fn tell(&self) {
        let mut known = self.known();
        if known.told == known.stored {
            return;
        }
        let changes = Changes::between(&known.told, &known.stored);
        known.told = known.stored.clone();
        drop(known);
        changes.tell();
    }

    fn settle(&self) {
        let wrong = self.mend();
        self.tell();
        match wrong {
            None => {}
            Some((wrong, Ok(()))) => {
                tracing::warn!("the tap {wrong}: what stood there before is kept");
            }
            Some((wrong, Err(error))) => {
                tracing::warn!("the tap {wrong}, and it can't be mended: {}", error.kind());
            }
        }
    }

    /// Puts what stood in the file back if nothing that is whole does: what was wrong with it, and
    /// whether that went well.
    fn mend(&self) -> Option<(&'static str, io::Result<()>)> {
        let mut known = self.known();
        let wrong = match known.file.read() {
            Content::Settings(now) => {
                self.take(&mut known, now);
                return None;
            }
            Content::Gone => "removed its config file",
            Content::NotSettings => {
                "left its config file as something that is no object of settings"
            }
            Content::Broken => "left its config file half-written",
        };
        let Known { file, whole, .. } = &mut *known;
        Some((wrong, file.write(whole)))
    }

    /// Has the platform store what the tap made of the config, if that is anything new.
    fn take(&self, known: &mut Known, now: Map<String, Value>) {
        let settings = given::taken_back(self.user.values(), &self.given, &now);
        (known.whole, known.is_whole, known.in_vain) = (now, true, false);
        if settings != known.stored {
            known.stored = settings.clone();
            // A stdout that nobody reads shows at the next write too.
            let _ = self.context.store_config(&self.user, settings);
        }
    }
}

//! Asking a tap for its catalog, and what is done where it has none.

use super::answer::{Answer, Heard, says_nothing};
use super::refusal::{does_not_know, wants_other_arguments};
use super::{Found, Need};
use crate::failure;
use crate::source::setup::Setup;
use crate::source::spec::Flags;
use crate::source::spec::{self, Listed};
use crate::source::workdir::Workplace;
use crate::tap::{Attended, Ended, RunError, Started, attend};
use crate::translate::Overrides;
use crate::translate::catalog::Learnt;
use airbyte_protocol::FailureType;
use airbyte_singer_runtime::{Context, Error, Result, read_named};
use singer_protocol as singer;
use std::ffi::OsString;
use std::time::Instant;

/// What `--discover` brought.
pub(super) enum Told {
    Found(Found),
    /// The tap has no discovery; why we think so.
    Nothing(String),
}

/// A tap that is asked for its catalog.
pub(super) struct Asking<'a> {
    setup: &'a Setup,
    context: &'a Context,
    place: &'a Workplace,
    overrides: Overrides,
    need: Need,
    began: Instant,
}

impl<'a> Asking<'a> {
    pub(super) fn new(
        setup: &'a Setup,
        place: &'a Workplace,
        context: &'a Context,
        need: Need,
    ) -> Self {
        let (overrides, began) = (setup.overrides(), Instant::now());
        Self { setup, context, place, overrides, need, began }
    }

    fn tap(&self) -> &str {
        self.setup.tap.short_name()
    }

    pub(super) async fn flags(&self) -> Result<Listed> {
        let Setup { tap, options, listed } = self.setup;
        spec::flags(tap, options.catalog_flag(), *listed, &self.place.site, self.context).await
    }

    /// The probes are Python starts: side by side they cost one. What discovery fails with counts
    /// first, and ends the other.
    pub(super) async fn flags_and_catalog(&self, begun: Option<Started>) -> Result<(Flags, Found)> {
        if let Some(found) = self.given()? {
            return Ok((found.flags(self.flags().await?), found));
        }
        let flags = async { Ok(self.flags().await) };
        let (listed, told) = tokio::try_join!(flags, self.ask(begun))?;
        let listed = listed?;
        let found = match told {
            Told::Found(found) => found,
            Told::Nothing(why) => self.learn(listed, &why).await?,
        };
        Ok((found.flags(listed), found))
    }

    /// The catalog that the user gave.
    pub(super) fn given(&self) -> Result<Option<Found>> {
        let Some(path) = &self.setup.options.tap_catalog else { return Ok(None) };
        let fail = |reason: &dyn std::fmt::Display| {
            Error::config(format!("tap catalog {}: {reason}", path.display()))
        };
        let bytes = read_named("tap catalog", path, &self.context.stop)?;
        let catalog = singer::Catalog::read(bytes).map_err(|error| fail(&error))?;
        if catalog.streams().is_empty() {
            return Err(fail(&"there is no stream in it"));
        }
        Ok(Some(Found { catalog, learnt: false, partly: false }))
    }

    /// Runs the tap with `--discover`, or listens to one that has `begun` with it.
    pub(super) async fn ask(&self, begun: Option<Started>) -> Result<Told> {
        let tap = self.tap();
        let surprise = format!(
            "{tap} answers --discover with messages: its streams are learnt from them, as far \
             as they are needed and at most for --discovery-timeout; --tap-catalog FILE spares that"
        );
        let limit = self.setup.options.max_line_bytes();
        let mut answer = Answer::to_discover(&self.overrides, &self.need, limit, surprise);
        let started = begun.map_or_else(|| self.start(&["--discover".into()]), Ok);
        let attended = self.attend(started, &mut answer).await;
        let (heard, text) = answer.end();
        let learnt = match heard {
            Heard::Messages(learnt) => learnt,
            Heard::Catalog(catalog) => {
                return Ok(Told::Found(Found { catalog, learnt: false, partly: false }));
            }
            Heard::Text => {
                let attended = attended.map_err(|error| self.failed("discovery", &error))?;
                return self.text(text, attended);
            }
        };
        match self.learnt(learnt, attended, "discovery")? {
            Some(found) => Ok(Told::Found(found)),
            None => Ok(Told::Nothing("answers --discover with messages of no stream".to_owned())),
        }
    }

    /// An answer without any message.
    fn text(&self, text: Vec<u8>, attended: Attended) -> Result<Told> {
        let tap = self.tap();
        let ended = attended.ended.unwrap_or(Ended::Code(0));
        if !ended.is_success() {
            let mut said = attended.words.recent();
            said.extend(String::from_utf8_lossy(&text).lines().take(100).map(str::to_owned));
            if does_not_know("discover", ended, &said) {
                return Ok(Told::Nothing("doesn't know --discover".to_owned()));
            }
            return Err(self.place.failed(tap, "discovery", ended, &attended.words));
        }
        let critical = || failure::critical(tap, "discovered nothing", &attended.words.last());
        if says_nothing(&text) {
            // A tap may say so that it has no discovery.
            let said = attended.words.last().line.unwrap_or_default().to_ascii_lowercase();
            if attended.words.has_critical() && !said.contains("discover") {
                return Err(critical());
            }
            return Ok(Told::Nothing("answers --discover with nothing".to_owned()));
        }
        let parsed = singer::Catalog::read(text);
        let has_none = parsed.as_ref().map_or(true, |catalog| catalog.streams().is_empty());
        if attended.words.has_critical() {
            if has_none {
                return Err(critical());
            }
            tracing::warn!(
                "{tap} discovered streams and said at level CRITICAL that something failed: others may \
                 be missing"
            );
        }
        let catalog = parsed.map_err(|error| {
            Error::system(format!("what {tap} discovers is no Singer catalog: {error}"))
        })?;
        if catalog.streams().is_empty() {
            let sentence = format!(
                "{tap} discovered no stream; look at the settings that choose schemas or tables"
            );
            let words = attended.words.last();
            return Err(failure::nothing(FailureType::ConfigError, &sentence, &words));
        }
        Ok(Told::Found(Found { catalog, learnt: false, partly: false }))
    }

    /// Learns the streams from a sync: with the config alone, and where the tap insists on a
    /// catalog, with one that selects nothing.
    pub(super) async fn learn(&self, listed: Listed, why: &str) -> Result<Found> {
        const DOING: &str = "the sync that its streams are learnt from";
        let tap = self.tap();
        tracing::info!(
            "{tap} {why}: its streams are learnt from a sync, as far as they are needed and at most \
             for --discovery-timeout; --tap-catalog FILE spares that"
        );
        let mut args: Vec<OsString> = Vec::new();
        loop {
            let limit = self.setup.options.max_line_bytes();
            let mut answer = Answer::of_sync(&self.overrides, &self.need, limit);
            let attended = self.attend(self.start(&args), &mut answer).await;
            let takes_catalog = listed.0.is_some_and(|flags| flags.catalog || flags.properties);
            if let Ok(Attended { ended: Some(ended), words }) = &attended
                && wants_other_arguments(*ended, &words.recent())
                && args.is_empty()
                && takes_catalog
            {
                let path = self
                    .place
                    .folder
                    .write("catalog.json", br#"{"streams": []}"#)
                    .map_err(|error| failure::unwritten("the tap's catalog", &error))?;
                args = listed.0.map_or_else(Vec::new, |flags| flags.args(&path));
                continue;
            }
            let (Heard::Messages(learnt), _) = answer.end() else {
                return Err(Error::system("what is learnt got lost"));
            };
            let words = attended.as_ref().map(|attended| attended.words.last()).unwrap_or_default();
            return self.learnt(learnt, attended, DOING)?.ok_or_else(|| {
                let sentence = format!(
                    "{tap} {why}, and a sync names no stream; give its catalog with --tap-catalog"
                );
                failure::nothing(FailureType::ConfigError, &sentence, &words)
            });
        }
    }

    /// What messages told, by how the tap ended; none when they named no stream.
    fn learnt(
        &self,
        learnt: Learnt,
        attended: Result<Attended, RunError>,
        doing: &str,
    ) -> Result<Option<Found>> {
        let tap = self.tap();
        let known = learnt.count();
        if let Some(too_much) = learnt.full() {
            return Err(Error::config(format!(
                "{tap} names {too_much} in {doing}, more than is learnt from messages; give its \
                 catalog with --tap-catalog"
            )));
        }
        let partly = match attended {
            Ok(Attended { ended: None, .. }) => true,
            Ok(Attended { ended: Some(ended), words }) if !ended.is_success() => {
                return Err(self.place.failed(tap, doing, ended, &words));
            }
            Ok(Attended { words, .. }) if words.has_critical() && known == 0 => {
                let what = format!("named no stream in {doing}");
                return Err(failure::critical(tap, &what, &words.last()));
            }
            Ok(Attended { words, .. }) => {
                if words.has_critical() {
                    tracing::warn!(
                        "{tap} said at level CRITICAL that something failed while its streams were \
                         learnt: {known} are known, others may be missing"
                    );
                }
                false
            }
            Err(RunError::Timeout(..)) if known > 0 => {
                tracing::warn!(
                    "{tap} was stopped after --discovery-timeout while its streams were learnt: \
                     {known} are known, any that come later are not; --tap-catalog FILE names all"
                );
                true
            }
            Err(error) => return Err(self.failed(doing, &error)),
        };
        let found = Found { catalog: learnt.catalog(), learnt: true, partly };
        Ok((known > 0).then_some(found))
    }

    /// Starts the tap with its config.
    fn start(&self, more: &[OsString]) -> Result<Started, RunError> {
        let mut args = self.place.config.args();
        args.extend_from_slice(more);
        Started::new(&self.setup.tap, &args, &self.place.work())
    }

    /// Listens to the tap for as long as is left of the time.
    async fn attend(
        &self,
        started: Result<Started, RunError>,
        answer: &mut Answer<'_>,
    ) -> Result<Attended, RunError> {
        let left = self.setup.options.discovery_timeout().saturating_sub(self.began.elapsed());
        let cancel = async {
            self.context.stop.wait().await;
        };
        let running = started?.heard_by(self.setup.voice(self.context));
        let attended = attend(running, left, cancel, answer).await;
        self.place.config.settle();
        attended
    }

    /// The error of a tap that gave no answer. Which option bounds it is ours to say.
    fn failed(&self, doing: &str, error: &RunError) -> Error {
        let tap = self.tap();
        let limit = self.setup.options.discovery_timeout();
        match error {
            RunError::Timeout(_, words) => {
                let option = Some("--discovery-timeout");
                failure::too_slow(tap, doing, limit.as_secs_f64(), option, words)
            }
            other => failure::run_error(tap, doing, other),
        }
    }
}

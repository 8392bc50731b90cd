//! Singer knows no `check`; this one goes as far as a stream's first record.
//!
//! Discovery may need no network at all (a static catalog), and SCHEMA or even STATE is often
//! written before the tap connects. What proved good credentials on every tap tried is a RECORD.

use super::discovery::for_check;
use super::setup::Setup;
use crate::failure;
use crate::options::CheckDepth;
use crate::source::spec::Flags;
use crate::source::workdir::{Ahead, Workplace};
use crate::tap::{Arrival, Ended, LINGER, LastWords, Lines, Running};
use crate::translate::catalog::{self, Translated};
use airbyte_protocol::{
    ConfiguredCatalog, ConfiguredStream, ConnectionStatus, FailureType, SyncMode,
};
use airbyte_singer_runtime::{Config, Context, Error, Result};
use singer_protocol as singer;
use singer_protocol::{Message, ReplicationMethod};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// So many streams are tried at most.
const TRIES: usize = 3;

pub(super) async fn check(
    setup: &Setup,
    ahead: Option<Ahead>,
    config: &Config,
    context: &Context,
) -> Result<ConnectionStatus> {
    let depth = setup.options.check();
    if depth == CheckDepth::Config {
        return Ok(ConnectionStatus::succeeded());
    }
    let mut place = Workplace::new(ahead, setup.site()?, config, context)?;
    let (flags, tap_catalog) = match for_check(setup, &mut place, context).await {
        Ok((flags, found)) => (flags, found.catalog),
        Err(error) => return context.verdict(Err(error)),
    };
    if depth == CheckDepth::Discover {
        return Ok(ConnectionStatus::succeeded());
    }
    let translated = catalog::to_airbyte(&tap_catalog, &setup.overrides());
    let deadline = Instant::now() + setup.options.check_timeout().min(Duration::from_secs(86_400));
    let trial = Trial { setup, context, place: &place, flags, deadline };
    context.verdict(trial.run(&tap_catalog, &translated).await)
}

/// Short syncs.
struct Trial<'a> {
    setup: &'a Setup,
    context: &'a Context,
    place: &'a Workplace,
    flags: Flags,
    deadline: Instant,
}

/// What a short sync showed.
enum Shown {
    /// A record came.
    Record,
    /// The time is up.
    Nothing,
    /// The tap ended by itself.
    End { ended: Ended, bytes: u64, named: bool },
}

impl Trial<'_> {
    async fn run(&self, tap_catalog: &singer::Catalog, translated: &Translated) -> Result<()> {
        let tap = self.setup.tap.short_name();
        let (mut wrote, mut words) = (false, LastWords::default());
        for configured in candidates(tap_catalog, translated) {
            let id = configured.1;
            let (running, shown) = self.sync(tap_catalog, translated, configured.0, &id).await?;
            match shown {
                Shown::Record => return Ok(()),
                Shown::Nothing => {
                    let last = running.words.last().last;
                    let said = last.map(|last| format!("; the last thing it said: {last}"));
                    tracing::warn!(
                        "{tap} sent no record of `{id}` in time, so the credentials are unproven \
                         (--check-timeout){}",
                        said.unwrap_or_default()
                    );
                    return Ok(());
                }
                Shown::End { ended, .. } if !ended.is_success() => {
                    return Err(self.place.failed(tap, "the check", ended, &running.words));
                }
                Shown::End { .. } if running.words.has_critical() => {
                    let what = format!("brought no record of {id}");
                    return Err(failure::critical(tap, &what, &running.words.last()));
                }
                // In a full table that the tap named and ended well there is nothing to read.
                Shown::End { bytes, named: true, .. } if bytes > 0 => return Ok(()),
                Shown::End { bytes, .. } => {
                    wrote |= bytes > 0;
                    words = running.words.last();
                }
            }
        }
        if wrote {
            tracing::warn!("{tap} sent no record, so the credentials are unproven");
            return Ok(());
        }
        let sentence = format!(
            "{tap} wrote nothing at all for the streams that were tried; perhaps it takes its \
             catalog by another flag (--catalog-flag)"
        );
        Err(failure::nothing(FailureType::ConfigError, &sentence, &words))
    }

    async fn sync(
        &self,
        tap_catalog: &singer::Catalog,
        translated: &Translated,
        configured: ConfiguredCatalog,
        id: &str,
    ) -> Result<(Running, Shown)> {
        let pass = [id.to_owned()].into_iter().collect();
        let selected = catalog::to_singer(tap_catalog, translated, &configured, &pass);
        let path = self
            .place
            .folder
            .write_json("catalog.json", &selected.catalog)
            .map_err(|error| failure::unwritten("the tap's catalog", &error))?;
        let mut args = self.place.config.args();
        args.extend(self.flags.args(&path));
        let tap = self.setup.tap.short_name();
        let mut running = Running::start(
            &self.setup.tap,
            &args,
            &self.place.work(),
            self.setup.voice(self.context),
        )
        .map_err(|error| failure::run_error(tap, "the check", &error))?;
        let shown = self.watch(&mut running).await;
        self.place.config.settle();
        Ok((running, shown?))
    }

    /// Watches until a record comes, the tap ends, the time is up or a signal comes.
    async fn watch(&self, running: &mut Running) -> Result<Shown> {
        let pipe = running.take_stdout().ok_or_else(|| Error::system("the tap has no stdout"))?;
        let lines = Lines::new(pipe, self.setup.options.max_line_bytes());
        let abandoned = Arc::new(AtomicBool::new(false));
        let flag = abandoned.clone();
        let mut watching = tokio::task::spawn_blocking(move || watch(lines, &flag));
        let grace = self.setup.options.stop_grace().min(Duration::from_secs(2));
        let left = self.deadline.saturating_duration_since(Instant::now());
        tokio::select! {
            seen = &mut watching => {
                let seen = seen.map_err(|_| Error::system("the reading thread panicked"))?;
                if seen.record {
                    running.stop(grace, self.context.stop.wait_again()).await;
                    return Ok(Shown::Record);
                }
                if seen.too_long {
                    running.stop(grace, self.context.stop.wait_again()).await;
                    return Err(Error::system(
                        "a line of the tap's output is longer than allowed (--max-line-bytes)",
                    ));
                }
                // It may have closed its output and go on.
                match tokio::time::timeout(left, running.wait()).await {
                    Ok(ended) => {
                        Ok(Shown::End { ended, bytes: seen.bytes, named: seen.schema })
                    }
                    Err(_) => {
                        running.stop(grace, self.context.stop.wait_again()).await;
                        Ok(Shown::Nothing)
                    }
                }
            }
            () = async { running.exited().await; tokio::time::sleep(LINGER).await } => {
                // A grandchild holds its output open.
                abandoned.store(true, Ordering::Relaxed);
                let ended = running.wait().await;
                let seen = watching.await.unwrap_or_default();
                Ok(Shown::End { ended, bytes: seen.bytes, named: seen.schema })
            }
            () = tokio::time::sleep(left) => {
                abandoned.store(true, Ordering::Relaxed);
                running.stop(grace, self.context.stop.wait_again()).await;
                Ok(Shown::Nothing)
            }
            signal = self.context.stop.wait() => {
                abandoned.store(true, Ordering::Relaxed);
                running.stop(grace, self.context.stop.wait_again()).await;
                Err(Error::transient(format!("stopped by {}", signal.name())))
            }
        }
    }
}

#[derive(Default)]
struct Seen {
    record: bool,
    schema: bool,
    too_long: bool,
    bytes: u64,
}

fn watch(mut lines: Lines, abandoned: &AtomicBool) -> Seen {
    let mut seen = Seen::default();
    loop {
        loop {
            match lines.next_line().map(|line| line.map(Message::parse)) {
                Ok(Some(Ok(Message::Record(_) | Message::Batch(_)))) => {
                    seen.record = true;
                    return seen;
                }
                Ok(Some(Ok(Message::Schema(_)))) => seen.schema = true,
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(_) => {
                    seen.too_long = true;
                    return seen;
                }
            }
        }
        seen.bytes = lines.total();
        match lines.wait(Some(Duration::from_millis(250))) {
            Ok(Arrival::Bytes) => {}
            Ok(Arrival::Quiet) if !abandoned.load(Ordering::Relaxed) => {}
            _ => {
                while let Ok(Some(line)) = lines.next_line() {
                    seen.record |= matches!(Message::parse(line), Ok(Message::Record(_)));
                }
                return seen;
            }
        }
    }
}

/// The streams to try, each as a full table: never one that is read from a database's log, whose
/// sync moves the server's position; tables that are known to hold rows first.
fn candidates(
    tap_catalog: &singer::Catalog,
    translated: &Translated,
) -> Vec<(ConfiguredCatalog, String)> {
    let mut found: Vec<_> = translated
        .links
        .iter()
        .zip(&translated.catalog.streams)
        .filter_map(|(link, stream)| {
            let entry = tap_catalog.stream(&link.tap_stream_id)?;
            let logged = entry.replication_method() == Some(ReplicationMethod::LogBased)
                && entry.forced_replication_method().is_some();
            (!logged).then(|| (entry.row_count(), link, stream))
        })
        .collect();
    found.sort_by_key(|(rows, ..)| match rows {
        Some(0) => u64::MAX,
        Some(rows) => *rows,
        None => 0,
    });
    found
        .into_iter()
        .take(TRIES)
        .map(|(_, link, stream)| {
            let configured = ConfiguredStream::new(stream.clone(), SyncMode::FullRefresh);
            (ConfiguredCatalog::new(vec![configured]), link.tap_stream_id.clone())
        })
        .collect()
}

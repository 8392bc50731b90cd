//! The tap's own catalog: given, remembered, discovered, or learnt from a sync.
//!
//! A tap *has no discovery* when it answers `--discover` with a refusal of that flag or a usage text
//! that doesn't list it ([`refusal`]), or with success and nothing at all (or only STATEs), or with
//! success and messages of streams. Anything else that fails has failed: refused credentials above
//! all.
//!
//! What stands for discovery then is a sync, the one that the tap began on `--discover` or else one
//! with `--config` alone, of which nothing is kept but what its messages tell of streams. Taps may
//! send all of one stream before they name the next, so only the tap's end shows that there are no
//! more. It is stopped as soon as all is known that is needed ([`Need`]), and at
//! `--discovery-timeout`; what is known by then counts, with a warning.

mod answer;
mod asking;
mod cache;
mod refusal;

use super::plan::told_ids;
use super::setup::Setup;
use super::spec::{Flags, Listed};
use super::workdir::Workplace;
use crate::options::CheckDepth;
use crate::translate::Overrides;
use crate::translate::catalog::{Learnt, outline, presume_ids};
use airbyte_singer_runtime::{Config, Context, ReadJob, Result, Task};
use asking::{Asking, Told};
use cache::Cache;
use singer_protocol as singer;
use std::collections::HashSet;

/// What has to be known of a tap's streams, where they are learnt from a sync.
pub(super) enum Need {
    /// All of them.
    All,
    /// One that isn't left out.
    Any,
    /// Those of these `tap_stream_id`s.
    These(HashSet<String>),
}

impl Need {
    fn is_met(&self, learnt: &Learnt, overrides: &Overrides) -> bool {
        let excluded = |id: &str| overrides.get(id).is_some_and(|over| over.exclude);
        match self {
            Self::All => false,
            Self::Any => learnt.ids().any(|id| !excluded(id)),
            Self::These(ids) => ids.iter().all(|id| learnt.knows(id)),
        }
    }
}

/// A tap's catalog and where it comes from.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) catalog: singer::Catalog,
    /// Whether it was learnt from messages.
    pub(super) learnt: bool,
    /// Whether the tap may have streams that aren't in it.
    pub(super) partly: bool,
}

impl Found {
    /// The flags that the tap takes its catalog by: those that are listed. Else, a tap that discovers
    /// takes a catalog; one whose streams had to be learnt is run as it was then.
    fn flags(&self, listed: Listed) -> Flags {
        listed.0.unwrap_or(Flags { catalog: !self.learnt, properties: false })
    }
}

/// Whether the tap will be asked for its catalog, whatever else it says.
pub(super) fn is_sure(setup: &Setup, task: Task, config: &Config) -> bool {
    let options = &setup.options;
    options.tap_catalog.is_none()
        && match task {
            Task::Check => options.check() != CheckDepth::Config,
            Task::Discover => true,
            Task::Read => Cache::of(setup, config).is_none_or(|cache| cache.is_empty()),
            // Another task asks for the catalog when it needs it.
            _ => false,
        }
}

/// Every stream, for the user to choose from; refreshes what is remembered.
pub(super) async fn discover(
    setup: &Setup,
    config: &Config,
    place: &mut Workplace,
    context: &Context,
) -> Result<singer::Catalog> {
    let begun = place.take_discovery();
    let asking = Asking::new(setup, place, context, Need::All);
    let found = match asking.given()? {
        Some(found) => return Ok(found.catalog),
        None => match asking.ask(begun).await? {
            Told::Found(found) => found,
            Told::Nothing(why) => asking.learn(asking.flags().await?, &why).await?,
        },
    };
    if let Some(cache) = Cache::of(setup, config) {
        cache.write(&found);
    }
    Ok(found.catalog)
}

/// How the tap takes its catalog, and as much of it as a check needs.
pub(super) async fn for_check(
    setup: &Setup,
    place: &mut Workplace,
    context: &Context,
) -> Result<(Flags, Found)> {
    let begun = place.take_discovery();
    Asking::new(setup, place, context, Need::Any).flags_and_catalog(begun).await
}

/// How the tap takes its catalog, and as much of it as a read needs: what is remembered, if every
/// configured stream is in it.
pub(super) async fn for_read(
    setup: &Setup,
    job: &ReadJob,
    place: &mut Workplace,
    context: &Context,
) -> Result<(Flags, Found)> {
    let overrides = setup.overrides();
    let ids = presume_ids(&job.catalog, &told_ids(&job.state), &overrides);
    let need = Need::These(ids.into_iter().collect());
    let begun = place.take_discovery();
    let asking = Asking::new(setup, place, context, need);
    let cache = match setup.options.tap_catalog {
        Some(_) => None,
        None => Cache::of(setup, &job.config),
    };
    let Some(cache) = cache else { return asking.flags_and_catalog(begun).await };
    if let Some(found) = cache.read() {
        let translated = outline(&found.catalog, &overrides);
        if job.catalog.streams.iter().all(|stream| translated.find(stream).is_some()) {
            tracing::info!("the tap's catalog is taken from the discovery cache");
            return Ok((found.flags(asking.flags().await?), found));
        }
        tracing::info!("a configured stream isn't in the discovery cache: discovering anew");
    }
    let (flags, found) = asking.flags_and_catalog(begun).await?;
    cache.write(&found);
    Ok((flags, found))
}

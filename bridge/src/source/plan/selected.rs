//! The configured streams as the tap has them, and those that it doesn't have.

use crate::translate::catalog::{self, Translated};
use crate::translate::names::shared_keys;
use crate::translate::schema::{columns, lean};
use crate::translate::state::StreamSpec;
use crate::translate::{ConfiguredIndex, EntryIndex, Overrides};
use airbyte_protocol::{ConfiguredCatalog, StreamDescriptor};
use airbyte_singer_runtime::{Emitting, Error, ReadJob, Result, StreamId, nearest_stream};
use singer_protocol as singer;
use std::collections::HashSet;

/// One configured stream that the tap has.
pub(crate) struct Selected {
    /// Its place in the configured catalog.
    pub(crate) configured: ConfiguredIndex,
    /// Its place in the tap's catalog.
    pub(in crate::source) entry: EntryIndex,
    pub(crate) tap_stream_id: String,
    /// Every name that the tap may call it by in its log.
    pub(in crate::source) names: Vec<String>,
    /// Whether all of it is read.
    pub(in crate::source) in_full: bool,
    /// Whether that is so because neither the tap nor the profile says how it is read.
    pub(crate) no_method: bool,
    pub(in crate::source) deselected: HashSet<String>,
    pub(crate) may_stand_alone: bool,
}

impl Selected {
    /// Its place in the configured catalog, and its schema by the tap's own.
    pub(in crate::source) fn schema<'a>(&self, catalog: &'a singer::Catalog) -> (usize, &'a str) {
        (self.configured.0, catalog.streams()[self.entry.0].schema().unwrap_or("null"))
    }

    /// Takes back what only a real catalog could have proven.
    fn without_evidence(&mut self, overrides: &Overrides) {
        let said = overrides.get(&self.tap_stream_id).and_then(|over| over.alone);
        self.may_stand_alone = said == Some(true);
        self.deselected.clear();
        self.no_method = false;
    }

    /// What is read in full gets no bookmark, whatever the user asked for: file taps honour one
    /// under FULL_TABLE all the same, and some taps know no other method than INCREMENTAL.
    pub(crate) fn spec(&self, job: &ReadJob) -> StreamSpec {
        StreamSpec {
            configured: self.configured,
            tap_stream_id: self.tap_stream_id.clone(),
            full_refresh: self.in_full,
            generation_id: job.catalog.streams[self.configured.0].generation_id,
            may_stand_alone: self.may_stand_alone,
        }
    }
}

/// The configured streams of a read, held against the tap's catalog.
pub(crate) struct Selection {
    pub(crate) translated: Translated,
    /// Those that the tap has.
    pub(crate) selected: Vec<Selected>,
    /// The places of those that it doesn't have, in the configured catalog.
    pub(crate) missing: Vec<ConfiguredIndex>,
    /// The `tap_stream_id`s of the whole catalog.
    pub(crate) ids: Vec<String>,
}

impl Selection {
    /// Finds the configured streams in the tap's catalog. One that `is_presumed` is evidence of nothing.
    pub(crate) fn new(
        catalog: &singer::Catalog,
        is_presumed: bool,
        overrides: &Overrides,
        job: &ReadJob,
    ) -> Self {
        let translated = catalog::outline(catalog, overrides);
        let everything = translated.links.iter().map(|link| link.tap_stream_id.clone()).collect();
        let chosen = catalog::to_singer(catalog, &translated, &job.catalog, &everything);
        for note in &chosen.notes {
            tracing::warn!("{note}");
        }
        let shared_keys = shared_keys(catalog);
        let mut taken = HashSet::new();
        let mut selected = Vec::new();
        for choice in chosen.streams {
            let id = &choice.tap_stream_id;
            let entry = choice.entry;
            if !taken.insert(entry) {
                tracing::warn!(
                    "two configured streams mean `{id}`; the first one gets its records"
                );
                continue;
            }
            let link = translated.place(id).map(|place| &translated.links[place]);
            let said = overrides.get(id).and_then(|stream| stream.alone);
            let evidence = link.is_some_and(|link| link.database) && !shared_keys.contains(&entry);
            selected.push(Selected {
                configured: choice.configured,
                entry,
                names: log_names(&catalog.streams()[entry.0]),
                tap_stream_id: choice.tap_stream_id,
                in_full: choice.in_full,
                no_method: link.is_some_and(|link| link.no_method),
                deselected: choice.deselected,
                may_stand_alone: said.unwrap_or(evidence),
            });
        }
        let found: HashSet<ConfiguredIndex> =
            selected.iter().map(|one: &Selected| one.configured).collect();
        let missing = (0..job.catalog.streams.len())
            .map(ConfiguredIndex)
            .filter(|at| !found.contains(at))
            .collect();
        if is_presumed {
            selected.iter_mut().for_each(|one| one.without_evidence(overrides));
        }
        Selection { translated, selected, missing, ids: ids(catalog) }
    }
}

/// Every name that a tap may call a stream by in its log.
pub(in crate::source) fn log_names(entry: &singer::Entry) -> Vec<String> {
    let names = [Some(entry.tap_stream_id()), entry.table_name(), Some(entry.stream())];
    names.into_iter().flatten().map(str::to_owned).collect()
}

/// The `tap_stream_id`s of a catalog.
pub(in crate::source) fn ids(catalog: &singer::Catalog) -> Vec<String> {
    catalog.streams().iter().map(|entry| entry.tap_stream_id().to_owned()).collect()
}

/// The columns that catalogs declare of a stream: the configured one by the stream's `place` in it, and the
/// tap's own by its `tap_stream_id`.
pub(in crate::source) fn declared(
    configured: &ConfiguredCatalog,
    tap_catalog: Option<&singer::Catalog>,
    place: usize,
    tap_stream_id: &str,
) -> HashSet<String> {
    let configured = configured.streams.get(place).into_iter();
    let configured = configured.flat_map(|one| one.stream.properties()).map(str::to_owned);
    let entry = tap_catalog.and_then(|catalog| catalog.stream(tap_stream_id));
    let schema = entry.and_then(|entry| lean(entry.schema()?).ok());
    let own = schema.map(|schema| columns(&schema)).unwrap_or_default();
    configured.chain(own.into_iter().map(String::from)).collect()
}

/// So many names are looked for among those that there are: each is compared with all of them.
const MOST_COMPARED: usize = 10;

/// Ends configured streams that `whose` tap or catalog, `translated`, doesn't have, and tells of them. To be
/// called before anything is read, while whoever looks on can still mend the name.
pub(in crate::source) fn end_missing(
    missing: &[ConfiguredIndex],
    whose: &str,
    translated: &Translated,
    floor: &mut Emitting,
) -> Result<Option<Error>> {
    let mut names = Vec::new();
    for index in missing {
        let id: StreamId = floor.nth(index.0);
        names.push(floor.descriptor(id).clone());
        floor.end(id, false)?;
    }
    let error = no_such_stream(whose, &names, translated);
    if let Some(error) = &error {
        tracing::warn!("{error}");
    }
    Ok(error)
}

/// The error of configured streams that `whose` tap or catalog, `translated`, doesn't have, if there are
/// any.
pub(crate) fn no_such_stream(
    whose: &str,
    names: &[StreamDescriptor],
    translated: &Translated,
) -> Option<Error> {
    let known: Vec<StreamDescriptor> =
        translated.catalog.streams.iter().map(|stream| stream.descriptor()).collect();
    let told: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(at, name)| match nearest_stream(name, known.iter().filter(|_| at < MOST_COMPARED)) {
            Some(near) => format!("{name} (did you mean {near}?)"),
            None => name.to_string(),
        })
        .collect();
    Some(Error::config(match told.as_slice() {
        [] => return None,
        [one] => format!(
            "{whose} has no stream {one}: it was renamed or removed, or the catalog belongs to another source"
        ),
        many => format!(
            "{whose} has no streams {}: they were renamed or removed, or the catalog belongs to another source",
            many.join(", ")
        ),
    }))
}

//! Which catalog entry a tap's message is about.
//!
//! One stream can have three names: catalog id `shop-public-users`, catalog `stream` `users`,
//! message `public_users`. And two streams can share one: a MySQL tap writes `shop.users` and
//! `sales.users` both as `users`.

mod columns;
#[cfg(test)]
mod tests;

use crate::translate::EntryIndex;
use crate::translate::overrides::Overrides;
use columns::each_column;
use singer_protocol as singer;
use std::collections::{HashMap, HashSet};

/// The names under which the messages of a tap may speak of its streams, selected or not: what a
/// tap sends of an unselected one is recognised too, so that it can be dropped for what it is.
#[derive(Debug, Clone, Default)]
pub struct Names {
    streams: Vec<Known>,
    ids: HashMap<String, EntryIndex>,
    aliases: HashMap<String, Vec<EntryIndex>>,
    guesses: HashMap<String, Vec<EntryIndex>>,
    /// What the profile excludes, whether or not the catalog has it.
    excluded: HashSet<String>,
}

#[derive(Debug, Clone)]
struct Known {
    tap_stream_id: String,
    selected: bool,
    properties: HashSet<String>,
}

/// Whose message it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// This entry's.
    One(EntryIndex),
    /// Nobody's: no entry has such a name.
    Unknown,
    /// One of these entries', and nothing tells which. An error, never a guess: it would mix two
    /// tables.
    Ambiguous(Vec<EntryIndex>),
}

impl Names {
    /// The names of a catalog's entries: `selected` holds the `tap_stream_id`s that the tap was
    /// asked for.
    pub fn new(
        catalog: &singer::Catalog,
        overrides: &Overrides,
        selected: &HashSet<String>,
    ) -> Self {
        let excluded = overrides.iter().filter(|(_, over)| over.exclude);
        let excluded = excluded.map(|(id, _)| id.clone()).collect();
        let mut names = Self { excluded, ..Self::default() };
        for entry in catalog.streams() {
            names.add(entry, overrides, selected.contains(entry.tap_stream_id()));
        }
        names
    }

    /// Adds an entry behind the others and gives back its place.
    pub fn add(
        &mut self,
        entry: &singer::Entry,
        overrides: &Overrides,
        selected: bool,
    ) -> EntryIndex {
        let index = EntryIndex(self.streams.len());
        let id = entry.tap_stream_id();
        self.ids.entry(id.to_owned()).or_insert(index);
        for alias in overrides.get(id).into_iter().flat_map(|over| &over.aliases) {
            push(&mut self.aliases, alias.clone(), index);
        }
        for guess in guesses(entry) {
            push(&mut self.guesses, guess, index);
        }
        self.streams.push(Known {
            tap_stream_id: id.to_owned(),
            selected,
            properties: entry.columns().into_iter().collect(),
        });
        index
    }

    /// The entry that a message name means: the one whose id it is, else whose alias it is, else
    /// whose name it may be.
    ///
    /// Entries that share the name are told apart by the properties of the message's `schema` (JSON),
    /// where the message has one (columns that an entry lacks rule it out), by the `currently_syncing`
    /// of the last STATE, and by which of them was asked for.
    pub fn resolve(
        &self,
        message_name: &str,
        schema: Option<&str>,
        currently_syncing: Option<&str>,
    ) -> Resolution {
        if let Some(index) = self.plain(message_name) {
            return Resolution::One(index);
        }
        let candidates = self.candidates(message_name);
        if candidates.is_empty() {
            return Resolution::Unknown;
        }
        let left = self.fitting(candidates, schema);
        let only = |test: &dyn Fn(&Known) -> bool| {
            let mut hits = left.iter().filter(|index| test(&self.streams[index.0]));
            hits.next().filter(|_| hits.next().is_none()).copied()
        };
        only(&|_| true)
            .or_else(|| only(&|known| Some(known.tap_stream_id.as_str()) == currently_syncing))
            .or_else(|| only(&|known| known.selected))
            .map_or_else(|| Resolution::Ambiguous(left.clone()), Resolution::One)
    }

    /// Those of `candidates` that have every column of a schema; all of them where none has, and
    /// where the schema can't be read.
    fn fitting(&self, candidates: &[EntryIndex], schema: Option<&str>) -> Vec<EntryIndex> {
        let mut left = candidates.to_vec();
        let rule_out = |name: &str| {
            if !name.starts_with("_sdc_") {
                left.retain(|index| self.streams[index.0].properties.contains(name));
            }
        };
        let read = schema.map(|schema| each_column(schema, rule_out));
        match read {
            Some(Ok(())) if left.is_empty() => candidates.to_vec(),
            Some(Err(_)) => candidates.to_vec(),
            _ => left,
        }
    }

    /// The entry that a message name means, where the name alone tells.
    pub fn plain(&self, message_name: &str) -> Option<EntryIndex> {
        let by_id = self.ids.get(message_name).copied();
        by_id.or_else(|| match self.candidates(message_name) {
            [one] => Some(*one),
            _ => None,
        })
    }

    /// Whether the profile excludes a stream of that name.
    pub fn excludes(&self, message_name: &str) -> bool {
        self.excluded.contains(message_name)
    }

    /// The entries that have the name as an alias, else those whose name it may be.
    fn candidates(&self, message_name: &str) -> &[EntryIndex] {
        let found = self.aliases.get(message_name).or_else(|| self.guesses.get(message_name));
        found.map_or(&[], Vec::as_slice)
    }

    /// The `tap_stream_id`s of entries, for messages to people: `shop-users, sales-users`.
    pub fn ids(&self, entries: &[EntryIndex]) -> String {
        let ids = entries.iter().filter_map(|entry| self.streams.get(entry.0));
        ids.map(|known| known.tap_stream_id.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// The places of the entries under whose id another entry may keep its bookmark as well, because its
/// own name is that id.
pub fn shared_keys(catalog: &singer::Catalog) -> HashSet<EntryIndex> {
    let entries = || (0..).map(EntryIndex).zip(catalog.streams());
    let mut by_id: HashMap<&str, Vec<EntryIndex>> = HashMap::new();
    for (place, entry) in entries() {
        by_id.entry(entry.tap_stream_id()).or_default().push(place);
    }
    let namesakes = entries().flat_map(|(place, entry)| {
        let names = [Some(entry.stream()), entry.table_name()];
        let owners = names.into_iter().flatten().filter_map(|name| by_id.get(name));
        owners.flatten().copied().filter(move |owner| *owner != place)
    });
    namesakes.collect()
}

/// The names that taps were seen to make of an entry: its `stream`, its table, and the table
/// behind its schema, its database or both.
fn guesses(entry: &singer::Entry) -> HashSet<String> {
    let mut names = HashSet::from([entry.stream().to_owned()]);
    if !entry.is_database() {
        return names;
    }
    let table = entry.table_name().unwrap_or_else(|| entry.stream());
    names.insert(table.to_owned());
    let (database, schema) = (entry.database_name(), entry.schema_name());
    for separator in ["-", "_", "."] {
        for parts in [[None, schema], [None, database], [database, schema]] {
            let parts: Vec<&str> = parts.into_iter().flatten().chain([table]).collect();
            names.insert(parts.join(separator));
        }
    }
    names
}

fn push(map: &mut HashMap<String, Vec<EntryIndex>>, name: String, index: EntryIndex) {
    let all = map.entry(name).or_default();
    if !all.contains(&index) {
        all.push(index);
    }
}

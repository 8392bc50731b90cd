use super::incremental::{Incremental, LSN};
use super::{Link, Note, Translated};
use crate::translate::{ConfiguredIndex, EntryIndex};
use airbyte_protocol as airbyte;
use airbyte_protocol::SyncMode;
use serde::{Serialize, Serializer};
use serde_json::Value;
use singer_protocol as singer;
use singer_protocol::{FieldSelection, ReplicationMethod, Selection};
use std::collections::{HashMap, HashSet};

/// A tap's catalog with the selection of one run written into it.
#[derive(Debug, Clone)]
pub struct Selected<'a> {
    /// What the tap is given.
    pub catalog: SingerCatalog<'a>,
    /// The selected streams, in the configured catalog's order.
    pub streams: Vec<Choice>,
    /// What the user should be told, as warnings.
    pub notes: Vec<Note>,
}

/// The tap's catalog as it was discovered, and what is selected in it. The selection is written into
/// each stream when the catalog is serialised, so that no copy of a large one is ever held.
#[derive(Debug, Clone)]
pub struct SingerCatalog<'a> {
    discovered: &'a singer::Catalog,
    /// By place in the catalog; all others are deselected.
    selections: HashMap<usize, Selection>,
}

impl SingerCatalog<'_> {
    /// The catalog, whole.
    pub fn to_catalog(&self) -> singer::Catalog {
        let mut catalog = self.discovered.clone();
        for (place, entry) in catalog.streams_mut().iter_mut().enumerate() {
            self.select(place, entry);
        }
        catalog
    }

    /// The catalog as JSON, whole.
    pub fn to_value(&self) -> Value {
        self.to_catalog().to_value()
    }

    fn select(&self, place: usize, entry: &mut singer::Entry) {
        match self.selections.get(&place) {
            Some(selection) => entry.select(selection),
            None => entry.select(&Selection::none()),
        }
    }
}

impl Serialize for SingerCatalog<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut places = 0..;
        self.discovered.serialize_with(serializer, |mut entry| {
            self.select(places.next().unwrap_or_default(), &mut entry);
            entry
        })
    }
}

/// How one selected stream is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The stream's place in the configured catalog.
    pub configured: ConfiguredIndex,
    /// Its place in the tap's catalog.
    pub entry: EntryIndex,
    /// The tap's name of the stream.
    pub tap_stream_id: String,
    /// Whether all of it is read, whatever the method: the tap must get no bookmark of this stream,
    /// also under [`ReplicationMethod::FullTable`], since file taps honour one all the same.
    pub in_full: bool,
    /// What the tap is asked for.
    pub method: ReplicationMethod,
    /// The replication key, when there is one to name.
    pub replication_key: Option<String>,
    /// The top-level fields that the user left out, to be removed if the tap sends them anyway.
    pub deselected: HashSet<String>,
}

/// Selects the configured streams in the tap's catalog, in every style that taps read, and
/// deselects all others. Only streams in `pass` (by `tap_stream_id`) are selected: the others are
/// read in another run of the tap.
///
/// `translated` must come from the same catalog. Configured streams that it doesn't have are
/// passed over; [`Translated::find`] tells them.
pub fn to_singer<'a>(
    catalog: &'a singer::Catalog,
    translated: &Translated,
    configured: &airbyte::ConfiguredCatalog,
    pass: &HashSet<String>,
) -> Selected<'a> {
    let mut notes = Vec::new();
    let mut streams = Vec::new();
    let mut selections = HashMap::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (place, entry) in catalog.streams().iter().enumerate() {
        places.entry(entry.tap_stream_id()).or_insert(place);
    }
    for (index, wanted) in configured.streams.iter().enumerate() {
        let Some(found) = translated.find(wanted) else { continue };
        let link = &translated.links[found];
        let Some(&place) = places.get(&*link.tap_stream_id) else { continue };
        let entry = &catalog.streams()[place];
        if !pass.contains(&link.tap_stream_id) {
            continue;
        }
        let incremental = method(link, &translated.catalog.streams[found], wanted, &mut notes);
        let in_full = incremental.is_none();
        let (method, key) = incremental.unwrap_or_else(|| link.in_full.clone());
        let deselected = deselected(entry, &translated.catalog.streams[found], wanted, &key);
        let selection = Selection {
            selected: true,
            fields: fields(entry, &deselected),
            replication_method: method.clone(),
            replication_key: key.clone(),
            view_key_properties: view_key(link, wanted),
        };
        selections.insert(place, selection);
        streams.push(Choice {
            configured: ConfiguredIndex(index),
            entry: EntryIndex(place),
            tap_stream_id: link.tap_stream_id.clone(),
            in_full,
            method,
            replication_key: key,
            deselected,
        });
    }
    let catalog = SingerCatalog { discovered: catalog, selections };
    Selected { catalog, streams, notes }
}

/// What the tap is asked for where only what is new is read: INCREMENTAL with its key, or LOG_BASED.
/// None: all of the stream is read.
fn method(
    link: &Link,
    discovered: &airbyte::Stream,
    wanted: &airbyte::ConfiguredStream,
    notes: &mut Vec<Note>,
) -> Option<(ReplicationMethod, Option<String>)> {
    if wanted.sync_mode != SyncMode::Incremental {
        return None;
    }
    let id = &link.tap_stream_id;
    let users = wanted.cursor_field.first().filter(|_| wanted.cursor_field.len() == 1);
    let mut warn = |text: String| notes.push(Note::new(id, text));
    match &link.incremental {
        Incremental::LogBased { key } => {
            // SDK taps resume at their bookmark only when the catalog names its key, and would
            // otherwise read from wherever the server's slot stands. The others don't look at it.
            let key = key.clone().unwrap_or_else(|| LSN.to_owned());
            Some((ReplicationMethod::LogBased, Some(key)))
        }
        Incremental::Keyless => Some((ReplicationMethod::Incremental, None)),
        Incremental::Keys(keys) => {
            let chosen = users.filter(|cursor| keys.contains(cursor));
            if chosen.is_none() && !wanted.cursor_field.is_empty() {
                let (cursor, own) = (wanted.cursor_field.join("."), keys.join("`, `"));
                warn(format!(
                    "`{cursor}` can't be its cursor, the tap offers `{own}`; `{}` is used; \
                     `streams.{id}.cursor` in the profile can overrule the tap",
                    keys[0]
                ));
            }
            Some((ReplicationMethod::Incremental, Some(chosen.unwrap_or(&keys[0]).clone())))
        }
        Incremental::AnyColumn => match users {
            Some(cursor) if discovered.properties().any(|name| name == cursor) => {
                Some((ReplicationMethod::Incremental, Some(cursor.clone())))
            }
            _ => {
                warn(format!(
                    "it is read in full, since incremental was asked for and no cursor of its \
                     columns was chosen; choose one, or set `streams.{id}.cursor` in the profile"
                ));
                None
            }
        },
        Incremental::No => {
            warn(format!(
                "it is read in full, since incremental was asked for and the tap offers no \
                 cursor; if it has one, set `streams.{id}.replication_method` or \
                 `streams.{id}.cursor` in the profile"
            ));
            None
        }
    }
}

/// The fields that the user left out: discovered, not configured, no key and no cursor. With no
/// configured properties nothing was left out.
fn deselected(
    entry: &singer::Entry,
    discovered: &airbyte::Stream,
    wanted: &airbyte::ConfiguredStream,
    key: &Option<String>,
) -> HashSet<String> {
    let kept: HashSet<&str> = wanted.stream.properties().collect();
    if kept.is_empty() {
        return HashSet::new();
    }
    let paths = [&discovered.source_defined_primary_key, &wanted.primary_key];
    let mut needed: HashSet<&str> =
        paths.into_iter().flatten().filter_map(|path| path.first()).map(String::as_str).collect();
    let cursors = [&discovered.default_cursor_field, &wanted.cursor_field];
    needed.extend(cursors.into_iter().filter_map(|path| path.first()).map(String::as_str));
    needed.extend(key.as_deref());
    let own_key = entry.key_properties();
    needed.extend(own_key.iter().map(String::as_str));
    let automatic = entry.automatic_fields();
    discovered
        .properties()
        .filter(|name| !kept.contains(name) && !needed.contains(name) && !automatic.contains(*name))
        .map(str::to_owned)
        .collect()
}

/// The tap's fields without the deselected ones.
fn fields(entry: &singer::Entry, deselected: &HashSet<String>) -> FieldSelection {
    if deselected.is_empty() {
        return FieldSelection::All;
    }
    let mut names = HashSet::new();
    entry.each_field_name(|name| {
        if !deselected.contains(name) {
            names.insert(name.to_owned());
        }
    });
    FieldSelection::Only(names)
}

/// The key to tell the tap of a view, which has none of its own: the profile's, else the user's.
fn view_key(link: &Link, wanted: &airbyte::ConfiguredStream) -> Vec<String> {
    if !link.keyless_view || !link.view_key.is_empty() {
        return link.view_key.clone();
    }
    wanted.primary_key.iter().filter_map(|path| path.first().cloned()).collect()
}

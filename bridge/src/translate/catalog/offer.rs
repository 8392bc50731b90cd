use super::incremental::{DELETED_AT, Incremental, LSN, in_full};
use super::{Link, Note, Translated, naming};
use crate::translate::overrides::{Overrides, StreamOverride};
use crate::translate::schema::{Column, Hints, lean, normalise};
use airbyte_protocol as airbyte;
use airbyte_protocol::{StreamDescriptor, SyncMode};
use serde_json::{Map, Value, json};
use singer_protocol as singer;
use singer_protocol::Inclusion;
use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};

/// Translates what a tap discovered. Streams that the profile excludes and those that the tap
/// calls unsupported are left out; of two entries with one `tap_stream_id` the first counts.
pub fn to_airbyte(catalog: &singer::Catalog, overrides: &Overrides) -> Translated {
    translate(catalog.streams(), overrides, |_| {})
}

/// As [`to_airbyte`], one stream after the other, where nothing else is made of the tap's catalog: a
/// large one is never translated as a whole. With the first stream come the notes about streams that
/// aren't offered, and with each its own.
pub fn offers(
    catalog: singer::Catalog,
    overrides: Overrides,
) -> impl Iterator<Item = (Option<airbyte::Stream>, Vec<Note>)> {
    let mut notes = Vec::new();
    let entries = sort_out(catalog.into_streams(), &overrides, &mut notes);
    let streams = entries.into_iter().map(move |(entry, descriptor)| {
        let mut notes = Vec::new();
        let (_, stream) = offer(&entry, &overrides, descriptor, &mut notes);
        (Some(stream), notes)
    });
    std::iter::once((None, notes)).chain(streams)
}

/// As [`to_airbyte`], with nothing left of the schemas but the names of their top-level properties:
/// as much as a read needs, and a tenth of the memory.
pub fn outline(catalog: &singer::Catalog, overrides: &Overrides) -> Translated {
    translate(catalog.streams(), overrides, |stream| {
        let properties = stream.json_schema.get_mut("properties").and_then(Value::as_object_mut);
        properties.into_iter().flat_map(Map::values_mut).for_each(|property| *property = json!({}));
    })
}

fn translate<E: Borrow<singer::Entry>>(
    streams: impl IntoIterator<Item = E>,
    overrides: &Overrides,
    finish: impl Fn(&mut airbyte::Stream),
) -> Translated {
    let mut translated = Translated::default();
    for (entry, descriptor) in sort_out(streams, overrides, &mut translated.notes) {
        let (link, mut stream) =
            offer(entry.borrow(), overrides, descriptor, &mut translated.notes);
        finish(&mut stream);
        translated.links.push(link);
        translated.catalog.streams.push(stream);
    }
    translated.index();
    translated
}

/// The entries that are offered, with their names.
fn sort_out<E: Borrow<singer::Entry>>(
    streams: impl IntoIterator<Item = E>,
    overrides: &Overrides,
    notes: &mut Vec<Note>,
) -> Vec<(E, StreamDescriptor)> {
    let mut seen = HashSet::new();
    let mut entries = Vec::new();
    for entry in streams {
        let id = entry.borrow().tap_stream_id();
        if seen.insert(id.to_owned()) {
            entries.push(entry);
        } else {
            let text = "the tap's catalog names it twice; the first entry counts";
            notes.push(Note::new(id, text));
        }
    }
    for id in overrides.keys().filter(|id| !seen.contains(*id)) {
        let text = "the profile has settings for it, but the tap has no such stream";
        notes.push(Note::new(id, text));
    }
    let all: Vec<&singer::Entry> = entries.iter().map(Borrow::borrow).collect();
    let descriptors = naming::descriptors(&all, overrides);
    let is_offered = |entry: &singer::Entry| {
        let excluded = overrides.get(entry.tap_stream_id()).is_some_and(|over| over.exclude);
        let inclusion = entry.stream_metadata("inclusion").and_then(Value::as_str);
        !excluded && inclusion != Some("unsupported")
    };
    let named = entries.into_iter().zip(descriptors);
    named.filter(|(entry, _)| is_offered(entry.borrow())).collect()
}

fn offer(
    entry: &singer::Entry,
    overrides: &Overrides,
    descriptor: StreamDescriptor,
    notes: &mut Vec<Note>,
) -> (Link, airbyte::Stream) {
    let id = entry.tap_stream_id();
    let nothing = StreamOverride::default();
    let over = overrides.get(id).unwrap_or(&nothing);
    let schema = entry.schema().map_or(Ok(Value::Null), lean).unwrap_or_else(|reason| {
        let text = format!("its columns are not offered, since its schema {reason}");
        notes.push(Note::new(id, text));
        Value::Null
    });
    let mut schema = normalise(&schema, &hints(entry, over));
    let mut open = Map::new();
    let properties =
        schema.get_mut("properties").and_then(Value::as_object_mut).unwrap_or(&mut open);
    let (known, new): (Vec<_>, Vec<_>) =
        over.columns.iter().partition(|(name, _)| properties.contains_key(*name));
    for (name, column) in known {
        let said = properties.get(name);
        let schema = column.schema(said);
        properties.insert(name.clone(), schema);
    }
    let incremental = Incremental::of(entry, over, !properties.is_empty());
    let own_key = entry.key_properties();
    let wanted = over.primary_key.clone();
    let wanted = wanted.unwrap_or_else(|| own_key.iter().map(|part| vec![part.clone()]).collect());
    let key = match primary_key(&wanted, properties) {
        Ok(()) => wanted,
        Err(reason) => {
            let text = format!(
                "its primary key is not offered, since {reason}; `streams.{id}.primary_key` in \
                 the profile can name another"
            );
            notes.push(Note::new(id, text));
            Vec::new()
        }
    };
    // Behind the key: an open schema takes any.
    for (name, column) in new {
        let text = format!("its schema has no column `{name}`; it is added as the profile says");
        notes.push(Note::new(id, text));
        properties.insert(name.clone(), column.schema(None));
    }
    if matches!(incremental, Incremental::LogBased { .. }) {
        add_log_columns(properties, entry.database_name().is_some());
    }
    if let Some(cursor) = incremental.default_cursor() {
        // A cursor that the tap uses and doesn't show: harmless where it stays null.
        properties.entry(cursor).or_insert_with(|| json!({"type": nullable_scalars()}));
    }

    let keyless_view = entry.is_view() && own_key.is_empty();
    let told = over.primary_key.iter().flatten().filter(|_| keyless_view);
    let link = Link {
        tap_stream_id: id.to_owned(),
        database: entry.is_database(),
        view_key: told.filter_map(|path| path.first().cloned()).collect(),
        keyless_view,
        incremental: incremental.clone(),
        no_method: incremental == Incremental::No
            && entry.replication_method().is_none()
            && over.replication_method.is_none()
            && over.sync_modes.is_none(),
        in_full: in_full(entry, over),
    };
    let mut stream = airbyte::Stream::new(descriptor.name, schema);
    stream.namespace = descriptor.namespace;
    stream.source_defined_primary_key = key;
    stream.source_defined_cursor = incremental.source_defined();
    stream.default_cursor_field =
        incremental.default_cursor().map(str::to_owned).into_iter().collect();
    if incremental != Incremental::No {
        stream.supported_sync_modes.push(SyncMode::Incremental);
    }
    stream.is_resumable = Some(incremental != Incremental::No);
    (link, stream)
}

/// What the catalog says about the columns outside of their schema.
fn hints(entry: &singer::Entry, over: &StreamOverride) -> Hints {
    let mut needed: HashSet<String> = entry.key_properties().into_iter().collect();
    needed.extend(entry.replication_key());
    needed.extend(over.cursor.clone());
    needed.extend(over.primary_key.iter().flatten().filter_map(|path| path.first().cloned()));
    let fields = entry.fields();
    let columns = fields.iter().map(|(name, field)| {
        let unsupported = field.inclusion() == Inclusion::Unsupported && !needed.contains(name);
        let sql_datatype = field.sql_datatype.clone();
        (name.to_owned(), Column { sql_datatype, nullable: field.nullable, unsupported })
    });
    let columns: HashMap<String, Column> =
        columns.filter(|(_, column)| *column != Column::default()).collect();
    Hints { database: entry.is_database(), columns }
}

/// Makes sure that every part of the key is a scalar of the schema, adding parts to a schema that
/// declares nothing at all. The reason why not otherwise: a part of the key would merge rows that
/// are not the same, and a key that never arrives would merge all of them.
fn primary_key(key: &[Vec<String>], properties: &mut Map<String, Value>) -> Result<(), String> {
    if properties.is_empty() {
        for path in key.iter().filter(|path| path.len() == 1) {
            properties.insert(path[0].clone(), json!({"type": scalars()}));
        }
    }
    // All of them are asked before one is changed: a key that is refused leaves the schema as it is.
    for path in key {
        let name = path.join(".");
        let Some(node) = at(properties, path) else {
            return Err(format!("`{name}` is not in the stream's schema"));
        };
        let single = match node.get("type") {
            Some(Value::Array(list)) => list.iter().any(|t| *t != "null" && !is_composed(t)),
            Some(one) => !is_composed(one),
            None => true,
        };
        if !single {
            return Err(format!("`{name}` holds no single value"));
        }
    }
    for path in key {
        let Some(Value::Object(node)) = at(properties, path) else { continue };
        let Some(Value::Array(list)) = node.get_mut("type") else { continue };
        list.retain(|t| !is_composed(t));
        if list.len() == 1 {
            let only = list.remove(0);
            node.insert("type".to_owned(), only);
        }
        node.retain(|key, _| key != "properties" && key != "items");
    }
    Ok(())
}

fn is_composed(kind: &Value) -> bool {
    kind == "object" || kind == "array"
}

/// The property at a path of names.
fn at<'a>(properties: &'a mut Map<String, Value>, path: &[String]) -> Option<&'a mut Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(properties.get_mut(first)?, |node, name| {
        node.get_mut("properties")?.get_mut(name)
    })
}

/// Adds what taps send of a stream that is read from the log and that discovery doesn't show.
///
/// SDK taps write the position as a number. The older ones, whose catalogs name the database, write
/// it as text, and only when their `debug_lsn` is set.
fn add_log_columns(properties: &mut Map<String, Value>, lsn_is_text: bool) {
    let deleted_at = json!({
        "type": ["null", "string"],
        "format": "date-time",
        "airbyte_type": "timestamp_with_timezone",
    });
    properties.entry(DELETED_AT).or_insert(deleted_at);
    let lsn = if lsn_is_text { "string" } else { "integer" };
    properties.entry(LSN).or_insert_with(|| json!({"type": ["null", lsn]}));
}

fn scalars() -> Value {
    json!(["string", "number", "boolean"])
}

fn nullable_scalars() -> Value {
    json!(["null", "string", "number", "boolean"])
}

//! Writing a selection into a catalog entry, in both of the styles that taps read.
//!
//! Newer taps read `metadata`, legacy ones the schema itself, SDK taps the entry's top level: each
//! ignores the others' places, so all are written and made to agree.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::entry::{Entry, ReplicationMethod};
use crate::metadata::{Inclusion, breadcrumb};

/// What is to be read of a stream, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Whether the stream is read at all. If not, nothing else here matters.
    pub selected: bool,
    /// Which of its fields.
    pub fields: FieldSelection,
    /// How it is read.
    pub replication_method: ReplicationMethod,
    /// The field its bookmarks are made of; never written for a full table.
    pub replication_key: Option<String>,
    /// The key of a stream that has none of its own (a view); empty leaves what is there.
    pub view_key_properties: Vec<String>,
}

/// Which top-level fields are read. Automatic fields, the primary key and the replication key
/// always are, unsupported fields never.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldSelection {
    /// All of them.
    All,
    /// These.
    Only(HashSet<String>),
}

impl Selection {
    /// Nothing of the stream.
    pub fn none() -> Selection {
        Selection { selected: false, ..Selection::full_table() }
    }

    /// The whole stream, every time.
    pub fn full_table() -> Selection {
        Selection {
            selected: true,
            fields: FieldSelection::All,
            replication_method: ReplicationMethod::FullTable,
            replication_key: None,
            view_key_properties: Vec::new(),
        }
    }

    /// What is new by this replication key.
    pub fn incremental(replication_key: impl Into<String>) -> Selection {
        Selection {
            replication_method: ReplicationMethod::Incremental,
            replication_key: Some(replication_key.into()),
            ..Selection::full_table()
        }
    }

    fn key(&self) -> Option<&str> {
        match self.replication_method {
            ReplicationMethod::FullTable => None,
            _ => self.replication_key.as_deref(),
        }
    }
}

impl Entry {
    /// Writes a selection: `selected` of the stream and of every field in the metadata and in the
    /// schema, the method and the key in the metadata and at the entry's top. Everything else stays
    /// as the tap wrote it.
    pub fn select(&mut self, selection: &Selection) {
        let chosen = self.chosen(selection);
        self.write_metadata(selection, &chosen);
        self.write_schema(selection, &chosen);
        if self.map.contains_key("selected") {
            self.map.insert("selected".into(), Value::Bool(selection.selected));
        }
        if selection.selected {
            let method = selection.replication_method.name();
            set_method(&mut self.map, ["replication_method", "replication_key"], method, selection);
        }
    }

    /// Every top-level field that the schema or the metadata know, and whether it is read.
    fn chosen(&self, selection: &Selection) -> Vec<(String, bool)> {
        let metadata = self.metadata();
        let keys = self.key_properties();
        let needed = |name: &str| {
            keys.iter().chain(&selection.view_key_properties).any(|key| key == name)
                || selection.key() == Some(name)
        };
        let wanted = |name: &str| match &selection.fields {
            FieldSelection::All => true,
            FieldSelection::Only(names) => names.contains(name),
        };
        let properties = self.properties();
        let known =
            |name: &&str| properties.is_none_or(|properties| !properties.contains_key(*name));
        properties
            .into_iter()
            .flat_map(|properties| properties.keys().map(String::as_str))
            .chain(metadata.fields().filter(known))
            .map(|name| {
                let read = match self.inclusion_with(&metadata, name) {
                    Inclusion::Automatic => true,
                    Inclusion::Unsupported => false,
                    Inclusion::Available => needed(name) || wanted(name),
                };
                (name.to_owned(), selection.selected && read)
            })
            .collect()
    }

    fn write_metadata(&mut self, selection: &Selection, chosen: &[(String, bool)]) {
        let slot = self.map.entry("metadata").or_insert(Value::Null);
        if !slot.is_array() {
            *slot = Value::Array(Vec::new());
        }
        let Some(list) = slot.as_array_mut() else { return };
        /// What becomes of a field that was chosen or not.
        struct Field {
            read: bool,
            seen: bool,
        }
        let fields =
            chosen.iter().map(|(name, read)| (&**name, Field { read: *read, seen: false }));
        let mut fields: HashMap<&str, Field> = fields.collect();
        let mut stream_seen = false;
        for element in list.iter_mut() {
            let read = match breadcrumb(element).as_slice() {
                [] => None,
                ["properties", name, below @ ..] => {
                    Some(fields.get_mut(*name).is_some_and(|field| {
                        field.seen |= below.is_empty();
                        field.read
                    }))
                }
                _ => continue,
            };
            let Some(values) = values_of(element) else { continue };
            let Some(read) = read else {
                stream_seen = true;
                write_stream(values, selection);
                continue;
            };
            let readable = Inclusion::of(values.get("inclusion")) != Some(Inclusion::Unsupported);
            values.insert("selected".into(), Value::Bool(read && readable));
        }
        if !stream_seen {
            let mut values = Map::new();
            write_stream(&mut values, selection);
            list.insert(0, json!({"breadcrumb": [], "metadata": values}));
        }
        for (name, read) in chosen.iter().filter(|(name, _)| !fields[&**name].seen) {
            list.push(json!({
                "breadcrumb": ["properties", name],
                "metadata": {"selected": read},
            }));
        }
    }

    fn write_schema(&mut self, selection: &Selection, chosen: &[(String, bool)]) {
        let Some(Value::Object(schema)) = self.map.get_mut("schema") else { return };
        schema.insert("selected".into(), Value::Bool(selection.selected));
        let Some(Value::Object(properties)) = schema.get_mut("properties") else { return };
        for (name, read) in chosen {
            if let Some(Value::Object(property)) = properties.get_mut(name) {
                property.insert("selected".into(), Value::Bool(*read));
                write_below(property, *read);
            }
        }
    }
}

/// Makes the `selected` that nested properties already carry agree with the field they are in.
fn write_below(property: &mut Map<String, Value>, read: bool) {
    if let Some(Value::Object(properties)) = property.get_mut("properties") {
        for nested in properties.values_mut().filter_map(Value::as_object_mut) {
            let readable = Inclusion::of(nested.get("inclusion")) != Some(Inclusion::Unsupported);
            if nested.contains_key("selected") || nested.contains_key("inclusion") {
                nested.insert("selected".into(), Value::Bool(read && readable));
            }
            write_below(nested, read && readable);
        }
    }
    if let Some(Value::Object(items)) = property.get_mut("items") {
        write_below(items, read);
    }
}

/// The values of a metadata element, made where they are missing.
fn values_of(element: &mut Value) -> Option<&mut Map<String, Value>> {
    let slot = element.as_object_mut()?.entry("metadata").or_insert(Value::Null);
    if !slot.is_object() {
        *slot = Value::Object(Map::new());
    }
    slot.as_object_mut()
}

fn write_stream(values: &mut Map<String, Value>, selection: &Selection) {
    values.insert("selected".into(), Value::Bool(selection.selected));
    if selection.selected {
        let method = selection.replication_method.name();
        set_method(values, ["replication-method", "replication-key"], method, selection);
        if !selection.view_key_properties.is_empty() {
            values.insert(
                "view-key-properties".into(),
                Value::from(selection.view_key_properties.clone()),
            );
        }
    }
}

/// The method, and the key or its absence: a key that is left over beside FULL_TABLE makes some taps
/// honour the bookmark all the same.
fn set_method(
    map: &mut Map<String, Value>,
    [method_key, key_key]: [&str; 2],
    method: &str,
    selection: &Selection,
) {
    map.insert(method_key.into(), Value::from(method));
    match selection.key() {
        Some(key) => drop(map.insert(key_key.into(), Value::from(key))),
        None => drop(map.shift_remove(key_key)),
    }
}

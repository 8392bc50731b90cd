//! Writing a selection into a catalog entry, in both of the styles that taps read.
//!
//! Newer taps read `metadata`, legacy ones the schema itself, SDK taps the entry's top level: each
//! ignores the others' places, so all are written and made to agree.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::entry::{Entry, ReplicationMethod};
use super::fields::{About, about, each_about, each_column, entries, find};
use crate::metadata::Inclusion;
use crate::text::{List, Object, Piece, each_element, quoted, with};

/// What is asked for here of what a field says is short, in bytes.
const SHORT: usize = 64;

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
        let schema = self.schema();
        let mentioned = Mentioned::read(schema.unwrap_or("{}"), self.metadata_text());
        let chosen = Chosen { mentioned, keys: self.key_properties(), selection };
        // The schema first: it is written twice on its way, and the metadata may be twice as long.
        let changed = schema.map(|schema| schema_with(schema, &chosen));
        let metadata = metadata_with(self.metadata_text(), schema.unwrap_or("{}"), &chosen);
        drop(chosen);
        self.put("metadata", metadata);
        if let Some(schema) = changed {
            self.put("schema", schema);
        }
        if self.map.contains_key("selected") {
            self.map.insert("selected".into(), Value::Bool(selection.selected));
        }
        if selection.selected {
            let method = selection.replication_method.name();
            self.map.insert("replication_method".into(), Value::from(method));
            match selection.key() {
                Some(key) => drop(self.map.insert("replication_key".into(), Value::from(key))),
                None => drop(self.map.shift_remove("replication_key")),
            }
        }
        self.look();
    }

    /// The fields that a tap sends whatever is selected, by the metadata or, in legacy catalogs, the schema.
    pub fn automatic_fields(&self) -> HashSet<String> {
        let schema = self.schema().unwrap_or("{}");
        let mentioned = Mentioned::read(schema, self.metadata_text());
        let is_automatic = |said| said == Some(Inclusion::Automatic);
        let by_metadata = mentioned.0.iter().filter(|(_, mention)| {
            let [metadata, schema] = mention.inclusion;
            mention.is_field && is_automatic(metadata.or(schema))
        });
        let mut names: HashSet<String> = by_metadata.map(|(name, _)| name.clone()).collect();
        each_column(schema, |name, property| {
            if !mentioned.0.contains_key(name) && is_automatic(inclusion(property)) {
                names.insert(name.to_owned());
            }
        });
        names
    }

    /// Calls `take` with the names of all top-level fields, those of the schema first; with some of them
    /// more than once.
    pub fn each_field_name(&self, mut take: impl FnMut(&str)) {
        each_column(self.schema().unwrap_or("{}"), |name, _| take(name));
        each_about(self.metadata_text(), |about, _| {
            if let About::Field(name) = about {
                take(&name);
            }
        });
    }

    fn put(&mut self, key: &str, text: String) {
        self.texts.retain(|(known, _)| known != key);
        self.texts.push((key.to_owned(), Piece::whole(text)));
        self.map.insert(key.to_owned(), Value::Null);
    }
}

/// What is known of the top-level fields that the metadata speaks of. Fields that only the schema has are
/// read where they stand: a catalog may have millions of them.
#[derive(Default)]
struct Mentioned(HashMap<String, Mention>);

#[derive(Default)]
struct Mention {
    /// Whether the metadata or the schema has the field itself, not only what lies below it.
    is_field: bool,
    /// What the metadata and the schema say of it; the last word of each counts.
    inclusion: [Option<Inclusion>; 2],
}

impl Mentioned {
    fn read(schema: &str, metadata: &str) -> Self {
        let mut mentioned = Self::default();
        let _ = each_element(metadata, |element| match about(element) {
            About::Field(name) => {
                let mention = mentioned.0.entry(name).or_default();
                if let Some(values) = find(element, "metadata").filter(|text| text.starts_with('{'))
                {
                    mention.is_field = true;
                    mention.inclusion[0] = inclusion(values);
                }
            }
            About::Below(name) => drop(mentioned.0.entry(name).or_default()),
            About::Stream | About::Nothing => {}
        });
        if !mentioned.0.is_empty() {
            each_column(schema, |name, property| {
                if let Some(mention) = mentioned.0.get_mut(name) {
                    mention.is_field = true;
                    mention.inclusion[1] = inclusion(property);
                }
            });
        }
        mentioned
    }
}

/// What is read of a stream.
struct Chosen<'a> {
    mentioned: Mentioned,
    keys: Vec<String>,
    selection: &'a Selection,
}

impl Chosen<'_> {
    /// Whether a field that the metadata speaks of is read. Not, where neither it nor the schema has it.
    fn reads_mentioned(&self, name: &str) -> bool {
        let mention = self.mentioned.0.get(name).filter(|mention| mention.is_field);
        mention.is_some_and(|mention| {
            let [metadata, schema] = mention.inclusion;
            self.reads_as(name, metadata.or(schema))
        })
    }

    /// Whether a property of the schema is read.
    fn reads_property(&self, name: &str, property: &str) -> bool {
        match self.mentioned.0.contains_key(name) {
            true => self.reads_mentioned(name),
            false => self.reads_as(name, inclusion(property)),
        }
    }

    fn reads_as(&self, name: &str, inclusion: Option<Inclusion>) -> bool {
        let selection = self.selection;
        let needed = || {
            self.keys.iter().chain(&selection.view_key_properties).any(|key| key == name)
                || selection.key() == Some(name)
        };
        let wanted = || match &selection.fields {
            FieldSelection::All => true,
            FieldSelection::Only(names) => names.contains(name),
        };
        let read = match inclusion.unwrap_or(Inclusion::Available) {
            Inclusion::Automatic => true,
            Inclusion::Unsupported => false,
            Inclusion::Available => needed() || wanted(),
        };
        selection.selected && read
    }
}

/// The metadata with a selection in it. What is no object among its elements, or speaks of nobody, stays
/// as it is. Fields that only the schema has get an element of their own.
fn metadata_with(metadata: &str, schema: &str, chosen: &Chosen<'_>) -> String {
    let mut out = List::default();
    let mut seen = HashSet::new();
    let of_stream = |element: &str| element.starts_with('{') && about(element) == About::Stream;
    let mut stream_seen = false;
    let _ = each_element(metadata, |element| stream_seen |= of_stream(element));
    if !stream_seen {
        let values = stream_with("{}", chosen.selection);
        out.push(&format!(r#"{{"breadcrumb":[],"metadata":{values}}}"#));
    }
    let _ = each_element(metadata, |element| {
        let changed = element.starts_with('{').then(|| about(element)).and_then(|about| {
            let values = find(element, "metadata").filter(|values| values.starts_with('{'));
            let values = values.unwrap_or("{}");
            let field =
                |name: &str| selected(values, chosen.reads_mentioned(name) && is_readable(values));
            let values = match about {
                About::Nothing => return None,
                About::Stream => stream_with(values, chosen.selection),
                About::Below(name) => field(&name),
                About::Field(name) => {
                    let values = field(&name);
                    seen.insert(name);
                    values
                }
            };
            with(element, &[("metadata", Some(values))]).ok()
        });
        out.push(changed.as_deref().unwrap_or(element));
    });
    each_column(schema, |name, property| {
        if !seen.contains(name) {
            let (name, read) = (quoted(name), chosen.reads_property(name, property));
            out.push(&format!(
                r#"{{"breadcrumb":["properties",{name}],"metadata":{{"selected":{read}}}}}"#
            ));
        }
    });
    out.end()
}

/// The schema with a selection in it.
fn schema_with(schema: &str, chosen: &Chosen<'_>) -> String {
    let mut changes = vec![("selected", Some(chosen.selection.selected.to_string()))];
    if let Some(properties) = find(schema, "properties").filter(|text| text.starts_with('{')) {
        let mut out = Object::new();
        entries(properties, &mut |name, property| {
            if !property.starts_with('{') {
                return out.entry(name, property);
            }
            let read = chosen.reads_property(name, property);
            out.entry(name, &below(property, read, Some(read)));
        });
        changes.push(("properties", Some(out.end())));
    }
    with(schema, &changes).unwrap_or_else(|_| schema.to_owned())
}

/// A property, with `own` as its own `selected` if there is one. Makes the `selected` that nested properties
/// already carry agree with the field they are in.
fn below(property: &str, read: bool, own: Option<bool>) -> String {
    let nested = |properties: &str| {
        let mut out = Object::new();
        entries(properties, &mut |name, property| {
            if !property.starts_with('{') {
                return out.entry(name, property);
            }
            let read = read && is_readable(property);
            let says = ["selected", "inclusion"].iter().any(|key| find(property, key).is_some());
            out.entry(name, &below(property, read, says.then_some(read)));
        });
        out.end()
    };
    let object = |key| find(property, key).filter(|text| text.starts_with('{'));
    let mut changes: Vec<(&str, Option<String>)> = Vec::new();
    changes.extend(object("properties").map(|inner| ("properties", Some(nested(inner)))));
    changes.extend(object("items").map(|items| ("items", Some(below(items, read, None)))));
    changes.extend(own.map(|own| ("selected", Some(own.to_string()))));
    match changes.is_empty() {
        true => property.to_owned(),
        false => with(property, &changes).unwrap_or_else(|_| property.to_owned()),
    }
}

fn is_readable(says: &str) -> bool {
    inclusion(says) != Some(Inclusion::Unsupported)
}

/// The `inclusion` that a field's metadata or schema says.
fn inclusion(says: &str) -> Option<Inclusion> {
    let said = find(says, "inclusion").filter(|said| said.len() <= SHORT)?;
    Inclusion::of(serde_json::from_str(said).ok().as_ref())
}

fn selected(values: &str, read: bool) -> String {
    with(values, &[("selected", Some(read.to_string()))]).unwrap_or_else(|_| values.to_owned())
}

/// The metadata of a stream as a whole with the selection. A key that is left over beside FULL_TABLE makes
/// some taps honour the bookmark all the same.
fn stream_with(values: &str, selection: &Selection) -> String {
    let mut changes = vec![("selected", Some(selection.selected.to_string()))];
    if selection.selected {
        let method = quoted(selection.replication_method.name());
        changes.push(("replication-method", Some(method)));
        changes.push(("replication-key", selection.key().map(quoted)));
        if !selection.view_key_properties.is_empty() {
            let key = Value::from(selection.view_key_properties.clone()).to_string();
            changes.push(("view-key-properties", Some(key)));
        }
    }
    with(values, &changes).unwrap_or_else(|_| values.to_owned())
}

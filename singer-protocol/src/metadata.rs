//! The `metadata` list of a catalog entry: what a tap says about a stream and its fields, each part
//! found by its breadcrumb.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// Whether a field may, must or can't be selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Inclusion {
    /// Always in the records of a selected stream.
    Automatic,
    /// Selectable.
    Available,
    /// The tap can't read it.
    Unsupported,
}

impl Inclusion {
    /// The inclusion a metadata or schema value names; anything unknown is `None`.
    pub(crate) fn of(value: Option<&Value>) -> Option<Inclusion> {
        match value?.as_str()? {
            "automatic" => Some(Inclusion::Automatic),
            "available" => Some(Inclusion::Available),
            "unsupported" => Some(Inclusion::Unsupported),
            _ => None,
        }
    }
}

/// A typed view of an entry's metadata, indexed once so that asking for each of thousands of columns
/// stays cheap.
#[derive(Debug, Clone)]
pub struct Metadata<'a> {
    stream: Option<&'a Map<String, Value>>,
    fields: HashMap<&'a str, &'a Map<String, Value>>,
    order: Vec<&'a str>,
}

impl<'a> Metadata<'a> {
    pub(crate) fn of(entries: &'a [Value]) -> Metadata<'a> {
        let mut metadata = Metadata { stream: None, fields: HashMap::new(), order: Vec::new() };
        for entry in entries {
            let Some(values) = entry.get("metadata").and_then(Value::as_object) else { continue };
            match breadcrumb(entry).as_slice() {
                [] => metadata.stream = metadata.stream.or(Some(values)),
                ["properties", name] => {
                    let before = metadata.fields.insert(name, values);
                    metadata.order.extend(before.is_none().then_some(*name));
                }
                _ => {}
            }
        }
        metadata
    }

    /// What is said about the stream as a whole (breadcrumb `[]`).
    pub fn stream(&self) -> Option<&'a Map<String, Value>> {
        self.stream
    }

    /// What is said about a top-level field (breadcrumb `["properties", name]`).
    pub fn field(&self, name: &str) -> Option<&'a Map<String, Value>> {
        self.fields.get(name).copied()
    }

    /// The top-level fields that have metadata, in the file's order.
    pub fn fields(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.order.iter().copied()
    }

    /// One value about the stream.
    pub fn get(&self, key: &str) -> Option<&'a Value> {
        self.stream?.get(key)
    }

    /// The inclusion that the metadata gives a top-level field.
    pub fn inclusion(&self, field: &str) -> Option<Inclusion> {
        Inclusion::of(self.field(field)?.get("inclusion"))
    }

    /// The `selected` of the stream, if said; some taps write the boolean as a string.
    pub fn selected(&self) -> Option<bool> {
        flag(self.get("selected"))
    }

    /// The `selected` of a top-level field, if said.
    pub fn field_selected(&self, field: &str) -> Option<bool> {
        flag(self.field(field)?.get("selected"))
    }

    /// The `selected-by-default` of a top-level field, if said.
    pub fn field_selected_by_default(&self, field: &str) -> Option<bool> {
        flag(self.field(field)?.get("selected-by-default"))
    }
}

/// What is said about the stream as a whole, without indexing what is said about its fields.
pub(crate) fn about_stream(entries: &[Value]) -> Option<&Map<String, Value>> {
    let whole = |entry: &&Value| match entry.get("breadcrumb") {
        None | Some(Value::Null) => true,
        Some(Value::Array(parts)) => parts.is_empty(),
        Some(_) => false,
    };
    entries.iter().filter(whole).find_map(|entry| entry.get("metadata")?.as_object())
}

/// The breadcrumb of a metadata entry; missing or odd parts make it one that nothing answers to.
pub(crate) fn breadcrumb(entry: &Value) -> Vec<&str> {
    match entry.get("breadcrumb") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(parts)) => parts.iter().map(|part| part.as_str().unwrap_or("")).collect(),
        Some(_) => vec![""],
    }
}

/// A boolean, or the string that names one.
pub(crate) fn flag(value: Option<&Value>) -> Option<bool> {
    match value? {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// A text that says something: the empty string stands for nothing in taps' catalogs.
pub(crate) fn text(value: Option<&Value>) -> Option<&str> {
    value?.as_str().filter(|text| !text.is_empty())
}

/// Names in a list, or one bare name.
pub(crate) fn names(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(list)) => {
            list.iter().filter_map(|name| text(Some(name))).map(str::to_owned).collect()
        }
        other => text(other).map(str::to_owned).into_iter().collect(),
    }
}

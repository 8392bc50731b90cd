//! Which values of a config are secret.

use super::names::{Says, is_told, says};
use super::{shapes, urls};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// References that lead to references are followed so far.
const DEPTH: usize = 64;
/// JSON in JSON in JSON is read so deeply.
const LAYERS: usize = 8;

/// The secret values in `config`, by the spec's schema, by plain names, and inside URLs.
pub(super) fn secrets(
    schema: &Map<String, Value>,
    config: &Map<String, Value>,
) -> BTreeSet<String> {
    let (root, config) = (Value::Object(schema.clone()), Value::Object(config.clone()));
    let mut found = BTreeSet::new();
    Marked { root: &root, found: &mut found }.collect(&root, &config, DEPTH);
    undeclared(root.get("properties"), &config, &mut found);
    within_texts(&config, LAYERS, &mut found);
    found
}

/// What a schema marks.
struct Marked<'a> {
    root: &'a Value,
    found: &'a mut BTreeSet<String>,
}

impl Marked<'_> {
    /// Values in `config` that `schema` marks as secret. A mark too many is better than one too
    /// few, so conditions are taken for fulfilled.
    fn collect(&mut self, schema: &Value, config: &Value, depth: usize) {
        let Some(schema) = schema.as_object().filter(|_| depth > 0) else { return };
        if schema.get("airbyte_secret").and_then(Value::as_bool) == Some(true) {
            leaves(config, self.found);
        }
        let root = self.root;
        let reference =
            schema.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix('#'));
        let target = reference.and_then(|pointer| root.pointer(pointer));
        let conditional = ["if", "then", "else"].into_iter().filter_map(|key| schema.get(key));
        let branches = ["oneOf", "anyOf", "allOf"].into_iter().filter_map(|key| schema.get(key));
        let branches = branches.filter_map(Value::as_array).flatten();
        for same in target.into_iter().chain(conditional).chain(branches) {
            self.collect(same, config, depth - 1);
        }
        match config {
            Value::Object(config) => self.members(schema, config, depth),
            Value::Array(list) => self.items(schema, list, depth),
            _ => {}
        }
    }

    fn members(&mut self, schema: &Map<String, Value>, config: &Map<String, Value>, depth: usize) {
        let properties = schema.get("properties").and_then(Value::as_object);
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        let others = schema.get("additionalProperties");
        for (name, value) in config {
            match properties.and_then(|properties| properties.get(name)) {
                Some(property) => self.collect(property, value, depth - 1),
                None => patterns
                    .into_iter()
                    .flat_map(Map::values)
                    .chain(others)
                    .for_each(|schema| self.collect(schema, value, depth - 1)),
            }
        }
    }

    fn items(&mut self, schema: &Map<String, Value>, list: &[Value], depth: usize) {
        for key in ["items", "prefixItems", "additionalItems"] {
            match schema.get(key) {
                Some(Value::Array(each)) => {
                    each.iter().zip(list).for_each(|(s, value)| self.collect(s, value, depth - 1));
                }
                Some(all) => list.iter().for_each(|value| self.collect(all, value, depth - 1)),
                None => {}
            }
        }
    }
}

/// Values whose names say that they are secret, at any depth, unless `declared` says what they are.
fn undeclared(declared: Option<&Value>, config: &Value, out: &mut BTreeSet<String>) {
    match config {
        Value::Object(map) => {
            let paired = pair(map);
            if let Some((_, name, value)) = paired {
                named(says(name), value, out);
            }
            for (name, value) in map {
                let known = declared.and_then(|properties| properties.get(name));
                let is_a_name = paired.is_some_and(|(own, ..)| own == name);
                if known.is_none() && !is_a_name {
                    named(says(name), value, out);
                }
                undeclared(known.and_then(|known| known.get("properties")), value, out);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| undeclared(None, value, out)),
        _ => {}
    }
}

/// Of `{"name": "X-Api-Key", "value": "…"}` where the name stands, the name and the value.
fn pair(map: &Map<String, Value>) -> Option<(&str, &str, &Value)> {
    const NAMES: [&str; 6] = ["name", "key", "header", "field", "param", "parameter"];
    let (own, name) = NAMES.into_iter().find_map(|own| Some((own, map.get(own)?.as_str()?)))?;
    Some((own, name, map.get("value").or_else(|| map.get("val"))?))
}

/// What stands behind a name that says so much.
fn named(said: Says, value: &Value, out: &mut BTreeSet<String>) {
    match (said, value) {
        (Says::Open, _) => {}
        (Says::Secret, _) => leaves(value, out),
        (Says::Group, Value::Object(map)) => {
            let secret = map.iter().filter(|(name, _)| !is_told(name));
            secret.for_each(|(_, value)| named(said, value, out));
        }
        (_, Value::Array(list)) => list.iter().for_each(|value| named(said, value, out)),
        (_, Value::String(text)) => behind_name(said, text, out),
        (Says::Group, _) => leaves(value, out),
        // What stands in an object has names of its own.
        _ => {}
    }
}

/// The secrets in a text behind a name that says so much.
fn behind_name(said: Says, text: &str, out: &mut BTreeSet<String>) {
    match said {
        Says::Open => {}
        Says::Secret | Says::Group => drop(out.insert(text.to_owned())),
        Says::Cookie => {
            out.insert(text.to_owned());
            out.extend(shapes::cookies(text).map(str::to_owned));
        }
        Says::Address if text.contains("://") => {
            out.insert(text.to_owned());
            out.extend(shapes::in_address(text).map(str::to_owned));
        }
        Says::Address => {}
        Says::Perhaps if shapes::is_word(text) => {}
        Says::Perhaps => {
            out.insert(text.to_owned());
            out.extend(shapes::behind_user(text).map(str::to_owned));
        }
    }
}

/// What texts hold inside them: a password in a URL, a private key in a key file's JSON, a token
/// behind `Bearer`, settings in YAML or INI.
fn within_texts(config: &Value, depth: usize, out: &mut BTreeSet<String>) {
    match config {
        Value::String(text) => within_text(text, depth, out),
        Value::Array(list) => list.iter().for_each(|value| within_texts(value, depth, out)),
        Value::Object(map) => map.values().for_each(|value| within_texts(value, depth, out)),
        _ => {}
    }
}

fn within_text(text: &str, depth: usize, out: &mut BTreeSet<String>) {
    out.extend(urls::passwords(text));
    out.extend(shapes::behind_schemes(text));
    if shapes::is_secret(text) {
        out.insert(text.to_owned());
    }
    let document = match text.trim_start().starts_with(['{', '[', '"']) && depth > 0 {
        true => serde_json::from_str::<Value>(text).ok(),
        false => None,
    };
    match document {
        Some(document) => {
            undeclared(None, &document, out);
            within_texts(&document, depth - 1, out);
        }
        None => shapes::lines(text).iter().for_each(|(said, value)| behind_name(*said, value, out)),
    }
}

/// Every scalar below `value`.
pub(super) fn leaves(value: &Value, out: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(out.insert(text.clone())),
        Value::Number(number) => drop(out.insert(number.to_string())),
        Value::Array(list) => list.iter().for_each(|v| leaves(v, out)),
        Value::Object(map) => map.values().for_each(|v| leaves(v, out)),
        Value::Null | Value::Bool(_) => {}
    }
}

//! Which values of a config are secret.

use super::{is_plainly_secret, urls};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// References that lead to references are followed so far.
const DEPTH: usize = 64;

/// The secret values in `config`, by the spec's schema, by plain names, and inside URLs.
pub(super) fn secrets(
    schema: &Map<String, Value>,
    config: &Map<String, Value>,
) -> BTreeSet<String> {
    let (root, config) = (Value::Object(schema.clone()), Value::Object(config.clone()));
    let mut found = BTreeSet::new();
    Marked { root: &root, found: &mut found }.collect(&root, &config, DEPTH);
    undeclared(root.get("properties"), &config, &mut found);
    within_texts(&config, &mut found);
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

/// Values of plainly secret names, at any depth, unless `declared` says what they are.
fn undeclared(declared: Option<&Value>, config: &Value, out: &mut BTreeSet<String>) {
    match config {
        Value::Object(map) => {
            for (name, value) in map {
                let known = declared.and_then(|properties| properties.get(name));
                match (known, is_plainly_secret(name)) {
                    (None, true) => leaves(value, out),
                    _ => undeclared(known.and_then(|k| k.get("properties")), value, out),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| undeclared(None, value, out)),
        _ => {}
    }
}

/// What texts hold inside them: a password in a URL, a private key in a key file's JSON.
fn within_texts(config: &Value, out: &mut BTreeSet<String>) {
    match config {
        Value::String(text) => {
            out.extend(urls::passwords(text));
            if let Ok(document @ Value::Object(_)) = serde_json::from_str(text) {
                undeclared(None, &document, out);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| within_texts(value, out)),
        Value::Object(map) => map.values().for_each(|value| within_texts(value, out)),
        _ => {}
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

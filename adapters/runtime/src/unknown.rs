//! Settings that a spec doesn't have.

use super::{Config, nearest};
use airbyte_protocol::Specification;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// References that lead to references are followed so far, and settings in settings looked at.
const DEPTH: usize = 16;

impl Config {
    /// The settings that the spec doesn't have, in words: their paths, and the [`nearest`] names that
    /// aren't set yet. Nothing is unknown to a spec that declares no setting, nor inside a setting that
    /// takes any names.
    pub fn unknown(&self, spec: &Specification) -> Vec<String> {
        let root = Value::Object(spec.connection_specification.clone());
        let mut found = Vec::new();
        collect(&root, &root, self.values(), "", DEPTH, &mut found);
        found
    }
}

fn collect(
    root: &Value,
    schema: &Value,
    settings: &Map<String, Value>,
    path: &str,
    depth: usize,
    found: &mut Vec<String>,
) {
    let mut known = Known::of(root);
    known.add(schema, depth);
    if known.takes_any || known.names.is_empty() || depth == 0 {
        return;
    }
    for (name, value) in settings {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        if known.names.contains(name.as_str()) {
            if let Value::Object(inner) = value {
                let schema = Value::Array(known.schemas_of(name));
                collect(root, &schema, inner, &path, depth - 1, found);
            }
            continue;
        }
        let unset = known.names.iter().copied().filter(|known| !settings.contains_key(*known));
        found.push(match nearest(name, unset) {
            Some(near) => format!("`{path}` (did you mean `{near}`?)"),
            None => format!("`{path}`"),
        });
    }
}

/// What a schema and all that it is put together from declare.
struct Known<'a> {
    root: &'a Value,
    names: BTreeSet<&'a str>,
    declared: Vec<(&'a str, &'a Value)>,
    takes_any: bool,
}

impl<'a> Known<'a> {
    const fn of(root: &'a Value) -> Self {
        Self { root, names: BTreeSet::new(), declared: Vec::new(), takes_any: false }
    }

    fn add(&mut self, schema: &'a Value, depth: usize) {
        if depth == 0 {
            return;
        }
        // The schemas that one setting has in several branches.
        if let Value::Array(several) = schema {
            several.iter().for_each(|one| self.add(one, depth - 1));
        }
        let Some(schema) = schema.as_object() else { return };
        let pattern = schema.get("patternProperties");
        let others = schema.get("additionalProperties");
        self.takes_any |= pattern.is_some_and(|one| one.as_object().is_none_or(|o| !o.is_empty()));
        self.takes_any |= others.is_some_and(Value::is_object);
        for (name, one) in schema.get("properties").and_then(Value::as_object).into_iter().flatten()
        {
            self.names.insert(name);
            self.declared.push((name, one));
        }
        let reference = schema.get("$ref").and_then(Value::as_str);
        let target = reference.and_then(|r| self.root.pointer(r.strip_prefix('#')?));
        let branches = ["oneOf", "anyOf", "allOf", "if", "then", "else"];
        let branches = branches.into_iter().filter_map(|key| schema.get(key));
        branches.chain(target).for_each(|one| self.add(one, depth - 1));
    }

    fn schemas_of(&self, name: &str) -> Vec<Value> {
        let of_name = self.declared.iter().filter(|(declared, _)| *declared == name);
        of_name.map(|(_, schema)| (*schema).clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn unknown(schema: Value, config: Value) -> Vec<String> {
        let (Value::Object(schema), Value::Object(config)) = (schema, config) else {
            panic!("objects")
        };
        Config::from_values(config).unknown(&Specification::new(schema))
    }

    #[test]
    fn an_unknown_setting_is_named_with_the_nearest_that_is_not_set() {
        let schema = json!({"properties": {"start_date": {}, "end_date": {},
            "auth": {"oneOf": [{"properties": {"token": {}}}, {"$ref": "#/definitions/basic"}]}},
            "definitions": {"basic": {"properties": {"user": {}, "password": {}}}}});
        let config = json!({"strat_date": "2020", "end_date": "2021", "enddate": 1,
            "auth": {"usr": "me", "token": "hunter2"}});
        let expected = [
            "`strat_date` (did you mean `start_date`?)",
            "`enddate`",
            "`auth.usr` (did you mean `user`?)",
        ];
        assert_eq!(unknown(schema, config), expected);
    }

    #[test]
    fn nothing_is_unknown_to_who_declares_nothing_or_takes_any_name() {
        let config = json!({"a": 1, "map": {"b": 2}, "open": {"c": 3}});
        assert_eq!(unknown(json!({}), config.clone()), [""; 0]);
        assert_eq!(unknown(json!({"properties": {}}), config.clone()), [""; 0]);
        let named = json!({"properties": {"a": {}, "open": {"type": "object"},
            "map": {"properties": {"x": {}}, "additionalProperties": {"type": "integer"}}}});
        assert_eq!(unknown(named, config.clone()), [""; 0]);
        let pattern = json!({"properties": {"x": {}}, "patternProperties": {"^.": {}}});
        assert_eq!(unknown(pattern, config), [""; 0]);
    }
}

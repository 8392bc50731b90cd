use super::setting;
use serde_json::{Map, Value, json};

/// The settings of a hub definition as a schema. A dot in a name is a level (`ssh.host`).
///
/// Required are the settings that every group of `settings_group_validation` holds: each group is
/// one sufficient set.
pub(super) fn settings(list: &[Value], groups: Option<&Value>) -> Map<String, Value> {
    let mut root = Map::new();
    for entry in list {
        let Some(name) = entry.get("name").and_then(Value::as_str) else { continue };
        let parts: Vec<&str> = name.split('.').filter(|part| !part.is_empty()).collect();
        insert(&mut root, &parts, one(entry));
    }
    let mut raw = Map::from_iter([("properties".to_owned(), Value::Object(root))]);
    raw.insert("required".to_owned(), Value::Array(required(groups)));
    setting::object(&Value::Object(raw))
}

/// One setting's schema. Kinds that aren't known are text.
fn one(entry: &Value) -> Value {
    let text = |key: &str| entry.get(key).and_then(Value::as_str);
    let kind = text("kind").unwrap_or("string");
    let mut schema = match kind {
        "integer" => json!({"type": "integer"}),
        "decimal" | "number" => json!({"type": "number"}),
        "boolean" => json!({"type": "boolean"}),
        "array" => json!({"type": "array"}),
        "object" => json!({"type": "object"}),
        // A day or a moment: the hub says "ISO 8601" to both, so no `format`.
        _ => json!({"type": "string"}),
    };
    let choices = entry.get("options").and_then(Value::as_array).into_iter().flatten();
    let choices: Vec<&Value> = choices.filter_map(|choice| choice.get("value")).collect();
    if kind == "options" && !choices.is_empty() {
        schema = json!({"enum": choices});
        if choices.iter().all(|choice| choice.is_string()) {
            schema["type"] = "string".into();
        }
    }
    for (ours, theirs) in [("title", "label"), ("description", "description")] {
        if let Some(text) = text(theirs) {
            schema[ours] = text.into();
        }
    }
    if let Some(default) = entry.get("value").filter(|value| !value.is_null()) {
        schema["default"] = default.clone();
    }
    if kind == "password" || entry.get("sensitive") == Some(&Value::Bool(true)) {
        schema["secret"] = true.into();
    }
    schema
}

/// Puts a setting at its path, making the objects above it.
fn insert(level: &mut Map<String, Value>, path: &[&str], schema: Value) {
    let Some((first, rest)) = path.split_first() else { return };
    if rest.is_empty() {
        level.entry(*first).or_insert(schema);
        return;
    }
    let object = level.entry(*first).or_insert_with(|| json!({"type": "object"}));
    let Value::Object(object) = object else { return };
    object.insert("type".to_owned(), "object".into());
    let properties = object.entry("properties").or_insert_with(|| json!({}));
    if let Value::Object(properties) = properties {
        insert(properties, rest, schema);
    }
}

fn required(groups: Option<&Value>) -> Vec<Value> {
    let groups = groups.and_then(Value::as_array).into_iter().flatten();
    let mut groups = groups.filter_map(Value::as_array);
    let Some(first) = groups.next() else { return Vec::new() };
    let others: Vec<&Vec<Value>> = groups.collect();
    first.iter().filter(|name| others.iter().all(|group| group.contains(name))).cloned().collect()
}

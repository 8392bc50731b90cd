use super::is_plainly_secret;
use crate::translate::schema::{Hints, normalise};
use serde_json::{Map, Value};

/// A JSON Schema of settings as clients accept it in a spec: an object of settings without
/// combinators and nulls, secrets marked.
pub(super) fn object(raw: &Value) -> Map<String, Value> {
    let mut clean = normalise(raw, &Hints::default());
    mend(None, raw, &mut clean, false);
    clean
}

/// Makes a normalised schema one of a setting: puts back what helps people to fill it in and was
/// left out as no matter of records, and marks what is secret.
fn mend(name: Option<&str>, raw: &Value, clean: &mut Map<String, Value>, inherited: bool) {
    clean.shift_remove("airbyte_type");
    clean.shift_remove("additionalProperties");
    without_null(clean);
    for key in ["default", "examples", "minimum", "maximum"] {
        put_back(key, raw, clean);
    }
    let choices = raw.get("enum").and_then(Value::as_array).into_iter().flatten();
    let mut choices: Vec<Value> = choices.filter(|choice| !choice.is_null()).cloned().collect();
    choices.dedup();
    if !choices.is_empty() && unique(&choices) {
        clean.insert("enum".to_owned(), Value::Array(choices));
    }
    let flag = |key: &str| raw.get(key) == Some(&Value::Bool(true));
    let told = inherited || flag("secret") || flag("writeOnly") || flag("airbyte_secret");
    if (told || name.is_some_and(is_plainly_secret)) && holds_text(clean) {
        clean.insert("airbyte_secret".to_owned(), true.into());
    }
    let required = required(raw, clean);
    if let Some(Value::Object(properties)) = clean.get_mut("properties") {
        for (name, property) in properties {
            let below = raw.get("properties").and_then(|all| all.get(name)).unwrap_or(&Value::Null);
            if let Value::Object(property) = property {
                mend(Some(name), below, property, told);
            }
        }
    }
    if let Some(Value::Object(items)) = clean.get_mut("items") {
        mend(name, raw.get("items").unwrap_or(&Value::Null), items, told);
    }
    if !required.is_empty() {
        clean.insert("required".to_owned(), Value::Array(required));
    }
}

/// A setting that may be null is one that may be left out: forms know single types only.
fn without_null(clean: &mut Map<String, Value>) {
    let Some(types) = clean.get_mut("type") else { return };
    if let Value::Array(list) = types {
        list.retain(|one| one != "null");
        match list.len() {
            1 => *types = list.remove(0),
            0 => drop(clean.shift_remove("type")),
            _ => {}
        }
    } else if types == "null" {
        clean.shift_remove("type");
    }
}

/// Keeps a keyword where it makes a valid schema and says something.
fn put_back(key: &str, raw: &Value, clean: &mut Map<String, Value>) {
    let Some(value) = raw.get(key).filter(|value| !value.is_null()) else { return };
    let valid = match key {
        "minimum" | "maximum" => value.is_number(),
        "examples" => value.is_array(),
        _ => true,
    };
    if valid {
        clean.insert(key.to_owned(), value.clone());
    }
}

/// Whether the values can be secret text: a secret object or list is marked in its leaves, since
/// nobody masks a whole one.
fn holds_text(clean: &Map<String, Value>) -> bool {
    let textual = |name: &Value| ["string", "integer", "number"].iter().any(|t| name == t);
    match clean.get("type") {
        None => true,
        Some(Value::Array(types)) => types.iter().any(textual),
        Some(one) => textual(one),
    }
}

/// The names under `required` that are settings.
fn required(raw: &Value, clean: &Map<String, Value>) -> Vec<Value> {
    let known = |name: &&Value| {
        let properties = clean.get("properties").and_then(Value::as_object);
        name.as_str().is_some_and(|name| properties.is_some_and(|all| all.contains_key(name)))
    };
    let names = raw.get("required").and_then(Value::as_array).into_iter().flatten();
    let mut names: Vec<Value> = names.filter(known).cloned().collect();
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.to_string()));
    names
}

fn unique(values: &[Value]) -> bool {
    let mut seen = std::collections::HashSet::new();
    values.iter().all(|value| seen.insert(value.to_string()))
}

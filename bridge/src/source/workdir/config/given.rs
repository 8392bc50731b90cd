//! The settings as the tap is given them, and as the user has them again.

use super::paths::absolute;
use serde_json::{Map, Number, Value};
use std::collections::BTreeSet;
use std::path::Path;

/// So many settings are named.
const NAMED: usize = 10;

/// The settings for the tap. Those that name files relative to the user's folder `here` are made
/// absolute, because the tap works elsewhere.
pub(super) fn given(user: &Map<String, Value>, here: &Path) -> Map<String, Value> {
    let one = |name: &String, value| with_absolute_files(name, value, user, here);
    user.iter().map(|(name, value)| (name.clone(), one(name, value))).collect()
}

fn with_absolute_files(
    name: &str,
    value: &Value,
    beside: &Map<String, Value>,
    here: &Path,
) -> Value {
    match value {
        Value::String(text) => {
            Value::String(absolute(name, text, here, beside.keys().map(String::as_str)))
        }
        Value::Array(list) => {
            list.iter().map(|one| with_absolute_files(name, one, beside, here)).collect()
        }
        Value::Object(map) => Value::Object(given(map, here)),
        other => other.clone(),
    }
}

/// Tells the user which settings were made absolute, by their names.
pub(super) fn tell_of_paths(user: &Map<String, Value>, given: &Map<String, Value>) {
    let mut moved = BTreeSet::new();
    changed(user, given, &mut moved);
    if moved.is_empty() {
        return;
    }
    let names: Vec<String> = moved.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
    let more = match moved.len() - names.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    tracing::info!(
        "the tap runs in a private folder, so what the config names in the current one is given to it by \
         its absolute path ({}{more}); --workdir current runs it here, with the config as it is",
        names.join(", ")
    );
}

fn changed<'a>(
    user: &'a Map<String, Value>,
    given: &Map<String, Value>,
    names: &mut BTreeSet<&'a str>,
) {
    for (name, value) in user {
        match (value, given.get(name)) {
            (Value::Object(user), Some(Value::Object(given))) => changed(user, given, names),
            (user, Some(given)) if user == given => {}
            _ => drop(names.insert(name)),
        }
    }
}

/// What the tap made (`now`) of what it was `given`, in the terms of what the `user` had: a setting
/// that the tap left alone is the user's own again, to the letter; one that was added for the tap is
/// gone; all others are the tap's.
pub(super) fn taken_back(
    user: &Map<String, Value>,
    given: &Map<String, Value>,
    now: &Map<String, Value>,
) -> Map<String, Value> {
    let mut settings = Map::new();
    for (name, value) in now {
        let value = match (user.get(name), given.get(name)) {
            (Some(user), Some(given)) => one_taken_back(user, given, value),
            (None, Some(_)) => continue,
            (_, None) => value.clone(),
        };
        settings.insert(name.clone(), value);
    }
    settings
}

fn one_taken_back(user: &Value, given: &Value, now: &Value) -> Value {
    match (user, given, now) {
        _ if is_same(given, now) => user.clone(),
        (Value::Object(user), Value::Object(given), Value::Object(now)) => {
            Value::Object(taken_back(user, given, now))
        }
        (Value::Array(user), Value::Array(given), Value::Array(now)) => {
            let beside = |at: usize, one: &Value| match given.iter().position(|g| is_same(g, one)) {
                Some(was) => user[was].clone(),
                None if given.len() == now.len() => one_taken_back(&user[at], &given[at], one),
                None => one.clone(),
            };
            now.iter().enumerate().map(|(at, one)| beside(at, one)).collect()
        }
        _ => now.clone(),
    }
}

/// Whether two values say the same. Whoever reads and writes JSON may write numbers in another way,
/// and lose digits of fractions; that is no change.
fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || is_same_fraction(a, b),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| is_same(a, b)))
        }
        _ => a == b,
    }
}

/// Two different integers are different, however large.
fn is_same_fraction(a: &Number, b: &Number) -> bool {
    let is_integer = |n: &Number| !n.to_string().contains(['.', 'e', 'E']);
    match (a.as_f64(), b.as_f64()) {
        (Some(x), Some(y)) => x == y && !(is_integer(a) && is_integer(b)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(value: Value) -> Map<String, Value> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn what_was_made_absolute_is_relative_again_wherever_it_stands() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key.json"), "").unwrap();
        let user =
            map(json!({"key": "key.json", "accounts": [{"file": "./key.json", "token": "a"}],
            "list": ["key.json", "b"]}));
        let given = given(&user, folder.path());
        assert_ne!(given["key"], user["key"]);
        assert_eq!(taken_back(&user, &given, &given), user);
        let mut now = given.clone();
        now["accounts"][0]["token"] = json!("b");
        now["list"] = json!([given["list"][1], "c", given["list"][0]]);
        let back = taken_back(&user, &given, &now);
        let expected = json!({"key": "key.json",
            "accounts": [{"file": "./key.json", "token": "b"}], "list": ["b", "c", "key.json"]});
        assert_eq!(Value::Object(back), expected);
    }

    #[test]
    fn what_was_added_for_the_tap_goes_and_what_the_tap_added_stays() {
        let user = map(json!({"a": {"b": 1}}));
        let given = map(json!({"a": {"b": 1, "ours": 2}, "ours": 3}));
        let now = map(json!({"a": {"b": 1, "ours": 9, "its": 4}, "ours": 3, "its": null}));
        let back = taken_back(&user, &given, &now);
        assert_eq!(Value::Object(back), json!({"a": {"b": 1, "its": 4}, "its": null}));
    }

    #[test]
    fn numbers_keep_the_users_digits_unless_they_changed() {
        let parse = |text: &str| map(serde_json::from_str(text).unwrap());
        let user = parse(r#"{"a": 1e5, "b": 0.10000000000000000000001, "c": 9007199254740993}"#);
        let now = parse(r#"{"c": 9007199254740992, "b": 0.1, "a": 100000.0}"#);
        let expected =
            parse(r#"{"a": 1e5, "b": 0.10000000000000000000001, "c": 9007199254740992}"#);
        assert_eq!(taken_back(&user, &user, &now), expected);
    }
}

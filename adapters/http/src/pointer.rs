//! JSON Pointers (RFC 6901), in documents and in records.

use airbyte_singer_runtime::{Error, Result};
use serde_json::{Map, Value};

/// # Errors
///
/// A pointer that is none: it would find nothing, ever, and nobody would know.
pub(crate) fn check(pointer: &str) -> Result<()> {
    if pointer.starts_with('/') {
        return Ok(());
    }
    Err(Error::config("a JSON Pointer must begin with `/`, as in `/paging/next`"))
}

/// The pointer to what is called so below another.
pub(crate) fn below(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// A step of a pointer as the key that it means.
pub(super) fn key(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

/// What a record has there. [`Value::pointer`] would want a record that is a value.
pub(super) fn get<'a>(record: &'a Map<String, Value>, pointer: &str) -> Option<&'a Value> {
    let (first, rest) = first_step(pointer)?;
    record.get(&key(first))?.pointer(rest)
}

/// Takes out what a record has there.
pub(super) fn take(record: &mut Map<String, Value>, pointer: &str) -> Option<Value> {
    let (above, last) = pointer.rsplit_once('/')?;
    let object = match first_step(above) {
        None => record,
        Some((first, rest)) => record.get_mut(&key(first))?.pointer_mut(rest)?.as_object_mut()?,
    };
    object.shift_remove(&key(last))
}

/// Puts a value there in the place of what was. Objects on the way are made where there is nothing;
/// the answer is whether something else is in the way.
pub(crate) fn put(document: &mut Value, pointer: &str, value: Value) -> bool {
    let mut at = document;
    for step in pointer.split('/').skip(1) {
        if at.is_null() {
            *at = Value::Object(Map::new());
        }
        at = match at {
            Value::Object(map) => map.entry(key(step)).or_insert(Value::Null),
            Value::Array(list) => {
                match step.parse::<usize>().ok().and_then(|at| list.get_mut(at)) {
                    Some(element) => element,
                    None => return false,
                }
            }
            _ => return false,
        };
    }
    *at = value;
    true
}

fn first_step(pointer: &str) -> Option<(&str, &str)> {
    let steps = pointer.strip_prefix('/')?;
    Some(steps.split_at(steps.find('/').unwrap_or(steps.len())))
}

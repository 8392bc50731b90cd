//! Changes to records that need no code.

use super::{Record, pointer};
use airbyte_singer_runtime::{Error, Result};
use serde_json::{Map, Value};

/// A change to each record of a stream. Fields are named by JSON Pointers, `/name` or `/owner/name`.
///
/// ```
/// use airbyte_singer_sdk::http::Transform;
/// use serde_json::{Value, json};
///
/// let Value::Object(mut record) = json!({"id": 1, "owner": {"name": "x", "secret": "y"}}) else { unreachable!() };
/// for transform in [
///     Transform::remove("/owner/secret")?,
///     Transform::rename("/id", "/order_id")?,
///     Transform::add("/region", json!("eu"))?,
///     Transform::flatten("_"),
/// ] {
///     transform.apply(&mut record)?;
/// }
/// assert_eq!(json!(record), json!({"owner_name": "x", "order_id": 1, "region": "eu"}));
/// # Ok::<(), airbyte_singer_sdk::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Transform(Change);

#[derive(Debug, Clone, PartialEq)]
enum Change {
    Add(String, Value),
    Remove(String),
    Rename(String, String),
    Flatten(String),
}

impl Transform {
    /// Sets a field, whatever it was.
    ///
    /// # Errors
    ///
    /// A config error: the field's name is no JSON Pointer.
    pub fn add(field: &str, value: Value) -> Result<Self> {
        pointer::check(field)?;
        Ok(Self(Change::Add(field.to_owned(), value)))
    }

    /// Removes a field, if it is there.
    ///
    /// # Errors
    ///
    /// As [`Transform::add`].
    pub fn remove(field: &str) -> Result<Self> {
        pointer::check(field)?;
        Ok(Self(Change::Remove(field.to_owned())))
    }

    /// Moves a field elsewhere, if it is there. What has a value there already, other than null or an object
    /// without members, is an error: that value would be lost.
    ///
    /// # Errors
    ///
    /// As [`Transform::add`].
    pub fn rename(field: &str, to: &str) -> Result<Self> {
        pointer::check(field)?;
        pointer::check(to)?;
        Ok(Self(Change::Rename(field.to_owned(), to.to_owned())))
    }

    /// Makes fields of the record of those of its objects, their names joined by a text. Arrays and empty
    /// objects stay as they are.
    pub fn flatten(between: &str) -> Self {
        Self(Change::Flatten(between.to_owned()))
    }

    /// Changes a record.
    ///
    /// # Errors
    ///
    /// A system error: a value that is no object is where one is needed, or a field would take the place of
    /// another.
    pub fn apply(&self, record: &mut Record) -> Result<()> {
        match &self.0 {
            Change::Add(field, value) => set(record, field, value.clone()),
            Change::Remove(field) => {
                pointer::take(record, field);
                Ok(())
            }
            Change::Rename(field, to) => match pointer::take(record, field) {
                Some(value) if is_free(pointer::get(record, to)) => set(record, to, value),
                Some(_) => Err(Error::system(format!(
                    "a record has {to} already, whose value would be lost if {field} was renamed to that; if \
                     it isn't wanted, it has to be removed before"
                ))),
                None => Ok(()),
            },
            Change::Flatten(between) => {
                let mut flat = Record::new();
                flatten(std::mem::take(record), "", between, &mut flat)?;
                *record = flat;
                Ok(())
            }
        }
    }
}

/// Whether nothing is lost where something else takes its place.
fn is_free(place: Option<&Value>) -> bool {
    match place {
        None | Some(Value::Null) => true,
        Some(Value::Object(members)) => members.is_empty(),
        Some(_) => false,
    }
}

fn set(record: &mut Record, field: &str, value: Value) -> Result<()> {
    let mut document = Value::Object(std::mem::take(record));
    let is_set = pointer::put(&mut document, field, value);
    if let Value::Object(changed) = document {
        *record = changed;
    }
    if is_set {
        return Ok(());
    }
    Err(Error::system(format!("a record has no place for {field}: what is above it is no object")))
}

fn flatten(
    object: Map<String, Value>,
    prefix: &str,
    between: &str,
    flat: &mut Record,
) -> Result<()> {
    for (name, value) in object {
        let name = format!("{prefix}{name}");
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                flatten(inner, &format!("{name}{between}"), between, flat)?;
            }
            value => {
                if flat.insert(name, value).is_some() {
                    return Err(Error::system(
                        "two fields of a flattened record have the same name",
                    ));
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn changed(transform: Result<Transform>, record: Value) -> Result<String> {
        let Value::Object(mut record) = record else { panic!("no record") };
        transform?.apply(&mut record)?;
        Ok(Value::Object(record).to_string())
    }

    #[test]
    fn fields_are_added_where_there_is_a_place() {
        let add = |field| Transform::add(field, json!(1.50));
        assert_eq!(changed(add("/a"), json!({"a": 1, "b": 2})).unwrap(), r#"{"a":1.5,"b":2}"#);
        assert_eq!(changed(add("/x/y~1"), json!({})).unwrap(), r#"{"x":{"y/":1.5}}"#);
        assert_eq!(changed(add("/x/0/y"), json!({"x": [null]})).unwrap(), r#"{"x":[{"y":1.5}]}"#);
        for record in [json!({"x": "hunter2"}), json!({"x": [1]})] {
            assert_eq!(
                changed(add("/x/y"), record).unwrap_err().message(),
                "a record has no place for /x/y: what is above it is no object"
            );
        }
        assert!(add("x").is_err() && Transform::remove("").is_err());
    }

    #[test]
    fn fields_are_removed_and_renamed_if_they_are_there() {
        let record = || json!({"a": {"b": 1, "c": 2}, "d": [3]});
        let removed = |field| changed(Transform::remove(field), record()).unwrap();
        assert_eq!(removed("/a/b"), r#"{"a":{"c":2},"d":[3]}"#);
        for nothing in ["/x", "/a/x", "/d/x", "/a/b/c", "/d/0"] {
            assert_eq!(removed(nothing), record().to_string());
        }
        let renamed = |from, to| changed(Transform::rename(from, to), record()).unwrap();
        assert_eq!(renamed("/a/b", "/b"), r#"{"a":{"c":2},"d":[3],"b":1}"#);
        assert_eq!(renamed("/x", "/y"), record().to_string());
    }

    #[test]
    fn a_renamed_field_takes_the_place_of_no_other() {
        let rename = |from, to, record| changed(Transform::rename(from, to), record);
        for (from, to, record) in [
            ("/a", "/b", json!({"a": 1, "b": 2})),
            ("/a", "/x/b", json!({"a": 1, "x": {"b": "hunter2"}})),
            ("/a/b", "/a", json!({"a": {"b": 1, "c": 2}})),
            ("/a", "/b/0", json!({"a": 1, "b": [false]})),
        ] {
            assert_eq!(
                rename(from, to, record).unwrap_err().message(),
                format!(
                    "a record has {to} already, whose value would be lost if {from} was renamed to that; if \
                     it isn't wanted, it has to be removed before"
                )
            );
        }
        for (from, to, record, expected) in [
            ("/a", "/b", json!({"a": 1, "b": null}), r#"{"b":1}"#),
            ("/a", "/a", json!({"a": 1}), r#"{"a":1}"#),
            ("/a/b", "/a", json!({"a": {"b": 1}}), r#"{"a":1}"#),
            ("/a", "/a/b", json!({"a": 1}), r#"{"a":{"b":1}}"#),
        ] {
            assert_eq!(rename(from, to, record).unwrap(), expected);
        }
    }

    #[test]
    fn a_record_is_flattened_unless_names_collide() {
        let flat = |record| changed(Ok(Transform::flatten("_")), record);
        let nested = json!({"a": {"b": {"c": 1}, "d": [{"e": 1}], "f": {}}, "g": null});
        assert_eq!(flat(nested).unwrap(), r#"{"a_b_c":1,"a_d":[{"e":1}],"a_f":{},"g":null}"#);
        assert_eq!(
            flat(json!({"a_b": 1, "a": {"b": 2}})).unwrap_err().message(),
            "two fields of a flattened record have the same name"
        );
    }
}

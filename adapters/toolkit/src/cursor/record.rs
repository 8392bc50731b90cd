//! A field in the bytes of a record.

use airbyte_singer_runtime::{Error, Result};
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

/// The value at `path` in a record. The record's other fields are passed over, not built.
pub(super) fn find(record: &[u8], path: &[String]) -> Result<Option<Value>> {
    let Some((first, rest)) = path.split_first() else { return Ok(None) };
    let mut reader = serde_json::Deserializer::from_slice(record);
    let value = reader
        .deserialize_map(Field(first))
        .map_err(|_| Error::system("a record is no JSON object"))?;
    match (value, rest) {
        (value, []) => Ok(value),
        (value, rest) => Ok(value.and_then(|value| within(&value, rest).cloned())),
    }
}

/// What a value has below itself, by names or by places in lists.
pub(super) fn within<'a>(value: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, name| match value {
        Value::Object(members) => members.get(name),
        Value::Array(list) => list.get(name.parse::<usize>().ok()?),
        _ => None,
    })
}

struct Field<'a>(&'a str);

impl<'de> Visitor<'de> for Field<'_> {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            if key == self.0 {
                found = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

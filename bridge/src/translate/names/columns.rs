//! The names of a schema's columns, one after the other: a schema may have millions of them.

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use std::fmt;

/// Calls `tell` with the name of each top-level property of a schema, which is JSON.
///
/// # Errors
///
/// It is no JSON, or no schema with `properties`, which may have been told in part then.
pub(super) fn each_column(schema: &str, tell: impl FnMut(&str)) -> serde_json::Result<()> {
    let mut deserializer = serde_json::Deserializer::from_str(schema);
    Schema(tell).deserialize(&mut deserializer)?;
    deserializer.end()
}

struct Schema<F>(F);

impl<'de, F: FnMut(&str)> DeserializeSeed<'de> for Schema<F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F: FnMut(&str)> Visitor<'de> for Schema<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a schema")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let mut found = false;
        while let Some(word) = map.next_key::<String>()? {
            if word == "properties" {
                if std::mem::replace(&mut found, true) {
                    return Err(A::Error::duplicate_field("properties"));
                }
                map.next_value_seed(Properties(&mut self.0))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

struct Properties<'f, F>(&'f mut F);

impl<'de, F: FnMut(&str)> DeserializeSeed<'de> for Properties<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F: FnMut(&str)> Visitor<'de> for Properties<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("schemas by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            map.next_value::<IgnoredAny>()?;
            (self.0)(&name);
        }
        Ok(())
    }
}

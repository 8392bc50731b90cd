//! A schema's text as a value that holds no more of it than is looked at.
//!
//! A JSON value takes 30 to 70 times the room of its text, and a tap may write a list of millions of
//! allowed values into one schema. So what nobody here asks for is passed over while the text is
//! read: of the allowed values one of each type stays, of words that aren't known what a `$ref` may
//! lead to.

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};
use std::cell::Cell;
use std::fmt;

/// So many parts a schema may have, however short it is: 100,000 columns.
const PARTS: usize = 400_000;
/// A longer schema may have one for each so many bytes. A part takes some 300 bytes here, so that
/// reading a long schema takes at most three times its length.
const BYTES_A_PART: usize = 128;
/// A plain value that is longer and no text is no word of a schema.
const PLAIN: usize = 4096;
/// By what key serde_json may hand over a number whose digits are kept.
const NUMBER: &str = "$serde_json::private::Number";

/// Why a schema can't be looked into, as what follows "its schema".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// It has too many parts.
    TooLarge,
    /// It is no JSON that can be read: nested too deeply, perhaps.
    Unreadable,
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "is too large to be looked into",
            Self::Unreadable => "can't be read (nested too deeply, perhaps)",
        })
    }
}

/// Reads a schema for [`normalise`](super::normalise) and [`Shape`](super::Shape), which make the
/// same of it as of the whole.
///
/// ```
/// use airbyte_singer::translate::schema::lean;
///
/// let text = r#"{"properties": {"id": {"enum": ["a", "b", 1, 2], "default": "a"}}}"#;
/// let lean = lean(text).unwrap();
/// assert_eq!(lean.to_string(), r#"{"properties":{"id":{"enum":["",1],"default":null}}}"#);
/// ```
///
/// # Errors
///
/// It has more than 400,000 parts (names, values, types), or is no JSON or nested deeper than 128
/// levels.
pub fn lean(schema: &str) -> Result<Value, Unread> {
    let left = Cell::new(PARTS.max(schema.len() / BYTES_A_PART));
    read(schema, &left).map_err(|_| match left.get() {
        0 => Unread::TooLarge,
        _ => Unread::Unreadable,
    })
}

fn read(text: &str, left: &Cell<usize>) -> serde_json::Result<Value> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Part { role: Role::Schema, left }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// What stands at a place of a schema.
#[derive(Clone, Copy, PartialEq)]
enum Role {
    /// A schema, or a list of schemas.
    Schema,
    /// Schemas by names, which are no words.
    Named,
    /// What stands under a word that isn't known.
    Other,
}

struct Part<'c> {
    role: Role,
    left: &'c Cell<usize>,
}

impl Part<'_> {
    fn count<E: de::Error>(&self) -> Result<(), E> {
        match self.left.get() {
            0 => Err(E::custom("too many parts")),
            left => {
                self.left.set(left - 1);
                Ok(())
            }
        }
    }

    fn too_large<E: de::Error>(&self) -> E {
        self.left.set(0);
        E::custom("too long a part")
    }

    /// What stands under a word.
    fn under<'de, A: MapAccess<'de>>(&self, word: &str, map: &mut A) -> Result<Value, A::Error> {
        let role = match (self.role, word) {
            (Role::Named, _) => Role::Schema,
            (_, "properties" | "patternProperties" | "definitions" | "$defs") => Role::Named,
            (_, "items" | "additionalProperties" | "allOf" | "anyOf" | "oneOf") => Role::Schema,
            (_, "enum") => return self.values(map.next_value()?),
            (_, "const") => return kind(map.next_value()?).map_err(de::Error::custom),
            (
                _,
                "type" | "format" | "airbyte_type" | "title" | "description" | "$ref" | "nullable"
                | "x-sql-datatype" | "multipleOf" | "minimum" | "maximum" | "inclusion"
                | "selected",
            ) => return self.plain(map.next_value()?),
            _ => Role::Other,
        };
        map.next_value_seed(Part { role, left: self.left })
    }

    /// One of each type of a list of values. What is no list is a schema of that name.
    fn values<E: de::Error>(&self, values: &RawValue) -> Result<Value, E> {
        if !values.get().starts_with('[') {
            return read(values.get(), self.left).map_err(E::custom);
        }
        let mut deserializer = serde_json::Deserializer::from_str(values.get());
        let kinds = deserializer.deserialize_seq(Kinds).map_err(E::custom)?;
        Ok(Value::Array(kinds))
    }

    fn plain<E: de::Error>(&self, value: &RawValue) -> Result<Value, E> {
        if value.get().len() > PLAIN && !value.get().starts_with('"') {
            return Err(self.too_large());
        }
        serde_json::from_str(value.get()).map_err(E::custom)
    }
}

impl<'de> DeserializeSeed<'de> for Part<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a schema")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    /// Which one is all the same: plain words are read elsewhere.
    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(match self.role {
            Role::Other => Value::Null,
            _ => Value::from(text),
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut parts = Vec::new();
        if self.role == Role::Other {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Value::Array(parts));
        }
        while let Some(part) =
            list.next_element_seed(Part { role: Role::Schema, left: self.left })?
        {
            self.count()?;
            parts.push(part);
        }
        Ok(Value::Array(parts))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut parts = Map::new();
        while let Some(word) = map.next_key::<String>()? {
            if word == NUMBER && parts.is_empty() {
                map.next_value::<IgnoredAny>()?;
                return Ok(Value::from(0));
            }
            self.count()?;
            let part = self.under(&word, &mut map)?;
            parts.insert(word, part);
        }
        Ok(Value::Object(parts))
    }
}

/// Reads a list of values and keeps one of each type.
struct Kinds;

impl<'de> Visitor<'de> for Kinds {
    type Value = Vec<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of values")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<Value>, A::Error> {
        let mut kinds: Vec<Value> = Vec::new();
        while let Some(value) = list.next_element::<&RawValue>()? {
            let kind = kind(value).map_err(de::Error::custom)?;
            let same = |known: &Value| match (known, &kind) {
                (Value::Number(a), Value::Number(b)) => is_whole(a) == is_whole(b),
                (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
            };
            if !kinds.iter().any(same) {
                kinds.push(kind);
            }
        }
        Ok(kinds)
    }
}

fn is_whole(number: &Number) -> bool {
    number.is_i64() || number.is_u64()
}

/// A small value of the same type.
fn kind(value: &RawValue) -> serde_json::Result<Value> {
    Ok(match value.get().as_bytes().first() {
        Some(b'"') => Value::String(String::new()),
        Some(b'{') => Value::Object(Map::new()),
        Some(b'[') => Value::Array(Vec::new()),
        Some(b't' | b'f') => Value::Bool(true),
        Some(b'n') => Value::Null,
        _ => Value::Number(serde_json::from_str(value.get())?),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::schema_like;
    use super::super::{Hints, Shape, normalise};
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn text_of(schema: &Value) -> String {
        serde_json::to_string_pretty(schema).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn the_same_is_made_of_it_as_of_the_whole(schema in schema_like()) {
            let lean = lean(&text_of(&schema)).unwrap();
            let hints = Hints::default();
            prop_assert_eq!(normalise(&lean, &hints), normalise(&schema, &hints));
            prop_assert_eq!(Shape::of(&lean, false), Shape::of(&schema, false));
        }
    }

    #[test]
    fn names_are_no_words_and_references_lead_where_they_led() {
        for schema in [
            json!({"properties": {"enum": {"type": "string"}, "const": {"enum": [1, 2.5, null]},
                "properties": {"properties": {"type": {"type": "integer"}}}}}),
            json!({"properties": {"a": {"$ref": "#/components/schemas/enum"}},
                "components": {"schemas": {"enum": {"type": "object",
                    "properties": {"x": {"const": "x"}}}}}}),
            json!({"properties": {"a": {"$ref": "#/properties/b"}, "b": {"type": ["null", "number"],
                "multipleOf": 1, "minimum": -5, "maximum": 5}}}),
            json!({"items": 5, "properties": {"a": {"items": 5}, "b": {"anyOf": ["null", 7]}}}),
            json!({"properties": 5}),
            json!(7),
            json!(null),
        ] {
            let lean = lean(&text_of(&schema)).unwrap();
            let hints = Hints::default();
            assert_eq!(normalise(&lean, &hints), normalise(&schema, &hints), "{schema}");
        }
    }

    #[test]
    fn long_lists_of_values_take_no_room_and_too_many_columns_are_refused() {
        let values = vec!["some value"; PARTS];
        let schema = json!({"properties": {"a": {"enum": values, "examples": values}}}).to_string();
        let lean_size = lean(&schema).unwrap().to_string().len();
        assert!(lean_size < 100, "{lean_size}");
        let columns: Vec<String> =
            (0..=PARTS / 2).map(|n| format!(r#""c{n}":{{"type":""}}"#)).collect();
        let schema = format!(r#"{{"properties":{{{}}}}}"#, columns.join(","));
        assert_eq!(lean(&schema), Err(Unread::TooLarge));
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        assert_eq!(lean(&deep), Err(Unread::Unreadable));
        assert_eq!(lean(r#"{"type": "#), Err(Unread::Unreadable));
    }
}

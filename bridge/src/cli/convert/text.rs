//! JSON that is text, as a document.

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error as _, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::Number;
use serde_json::value::RawValue;
use std::fmt;

/// A text of JSON, written as a value would be, of which no more is held than the text.
pub(super) struct Text<'a>(pub(super) &'a str);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let read = |error: serde_json::Error| S::Error::custom(error);
        let mut deserializer = serde_json::Deserializer::from_str(self.0);
        match self.0.as_bytes().first() {
            Some(b'{') => {
                let mut map = serializer.serialize_map(None)?;
                deserializer
                    .deserialize_map(Each(|key: &str, value: &str| {
                        map.serialize_entry(key, &Text(value)).map_err(|error| error.to_string())
                    }))
                    .map_err(read)?;
                map.end()
            }
            Some(b'[') => {
                let mut list = serializer.serialize_seq(None)?;
                deserializer
                    .deserialize_seq(Each(|_: &str, value: &str| {
                        list.serialize_element(&Text(value)).map_err(|error| error.to_string())
                    }))
                    .map_err(read)?;
                list.end()
            }
            Some(b'"') => {
                serializer.serialize_str(&serde_json::from_str::<String>(self.0).map_err(read)?)
            }
            Some(b't' | b'f') => serializer.serialize_bool(self.0 == "true"),
            Some(b'n') => serializer.serialize_unit(),
            _ => serde_json::from_str::<Number>(self.0).map_err(read)?.serialize(serializer),
        }
    }
}

/// Calls back with each key, empty in a list, and the text of its value.
struct Each<F>(F);

impl<'de, F: FnMut(&str, &str) -> Result<(), String>> Visitor<'de> for Each<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a list")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value::<&RawValue>()?;
            (self.0)(&key, value.get()).map_err(serde::de::Error::custom)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        while let Some(value) = list.next_element::<&RawValue>()? {
            (self.0)("", value.get()).map_err(serde::de::Error::custom)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn a_text_is_written_as_its_value() {
        let text =
            r#" {"a":[1.10,-0,{}, [],null,true,"\u00e9\n"], "b" : {"c":12345678901234567890}}"#;
        let value: Value = serde_json::from_str(text).unwrap();
        let pretty = serde_json::to_string_pretty(&Text(text.trim())).unwrap();
        assert_eq!(pretty, serde_json::to_string_pretty(&value).unwrap());
    }
}

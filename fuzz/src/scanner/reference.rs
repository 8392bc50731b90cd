//! What serde_json makes of a line.

use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// The keys that Singer knows.
const KEYS: [&str; 11] = [
    "type",
    "stream",
    "record",
    "schema",
    "value",
    "key_properties",
    "bookmark_properties",
    "time_extracted",
    "version",
    "encoding",
    "manifest",
];

/// The values of an object's keys, the last one of each.
#[derive(Default)]
pub struct Reference<'a> {
    values: [Option<&'a str>; KEYS.len()],
    /// How far it was read.
    pub end: usize,
}

impl<'a> Reference<'a> {
    /// Reads a text that is one object; as an error, what stood in front of the fault.
    pub fn read(text: &'a str) -> Result<Self, Self> {
        let mut reference = Self::default();
        let mut json = serde_json::Deserializer::from_str(text);
        let read = json.deserialize_map(Fields { text, reference: &mut reference });
        match read.and_then(|()| json.end()) {
            Ok(()) => Ok(reference),
            Err(_) => Err(reference),
        }
    }

    /// The text of a key's value.
    pub fn raw(&self, key: &str) -> Option<&'a str> {
        self.values[KEYS.iter().position(|known| *known == key).expect("a key of Singer's")]
    }

    /// The value as a string, if it is one.
    pub fn string(&self, key: &str) -> Option<String> {
        serde_json::from_str(self.raw(key)?).ok()
    }
}

struct Fields<'r, 'a> {
    text: &'a str,
    reference: &'r mut Reference<'a>,
}

impl<'a> Visitor<'a> for Fields<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        // A key may hold half a surrogate pair, as Python's may: it is JSON, yet no text.
        while let Some(key) = map.next_key::<&'a RawValue>()? {
            let value = map.next_value::<&'a RawValue>()?.get();
            self.reference.end = value.as_ptr() as usize + value.len() - self.text.as_ptr() as usize;
            let decoded = serde_json::from_str::<String>(key.get()).ok();
            if let Some(slot) = KEYS.iter().position(|known| Some(*known) == decoded.as_deref()) {
                self.reference.values[slot] = Some(value);
            }
        }
        Ok(())
    }
}

/// What is wrong with bytes that should be one value of JSON.
pub fn verdict(bytes: &[u8]) -> Option<serde_json::Error> {
    serde_json::from_slice::<IgnoredAny>(bytes).err()
}

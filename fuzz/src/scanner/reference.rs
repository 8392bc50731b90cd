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
pub(super) struct Reference<'a> {
    values: [Option<&'a str>; KEYS.len()],
    /// Whether all of it is one object.
    pub(super) whole: bool,
}

impl<'a> Reference<'a> {
    /// Reads a text that should be one object; of another, what stands in front of the fault.
    pub(super) fn read(text: &'a str) -> Self {
        let mut reference = Self::default();
        let mut json = serde_json::Deserializer::from_str(text);
        let read = json.deserialize_map(Fields(&mut reference));
        reference.whole = read.and_then(|()| json.end()).is_ok();
        reference
    }

    /// The text of a key's value.
    pub(super) fn raw(&self, key: &str) -> Option<&'a str> {
        self.values[KEYS.iter().position(|known| *known == key).expect("a key of Singer's")]
    }

    /// The value as a string, if it is one.
    pub(super) fn string(&self, key: &str) -> Option<String> {
        serde_json::from_str(self.raw(key)?).ok()
    }
}

struct Fields<'r, 'a>(&'r mut Reference<'a>);

impl<'a> Visitor<'a> for Fields<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        // A key may hold half a surrogate pair, as Python's may: it is JSON, yet no text.
        while let Some(key) = map.next_key::<&'a RawValue>()? {
            let value = map.next_value::<&'a RawValue>()?.get();
            if let Some(slot) = slot(key.get()) {
                self.0.values[slot] = Some(value);
            }
        }
        Ok(())
    }
}

/// The place of a key that Singer knows, from its text in JSON.
fn slot(key: &str) -> Option<usize> {
    let decoded: Option<String> =
        if key.contains('\\') { serde_json::from_str(key).ok() } else { None };
    let key = decoded.as_deref().unwrap_or_else(|| key.trim_matches('"'));
    KEYS.iter().position(|known| *known == key)
}

/// Whether bytes may be the beginning of a text of JSON.
pub(super) fn may_go_on(bytes: &[u8]) -> bool {
    let verdict = |bytes: &[u8]| serde_json::from_slice::<IgnoredAny>(bytes).err();
    let mut bytes = bytes.to_vec();
    // serde_json looks at an escape only when its four digits are there, and takes the end of a number
    // that has begun for a wrong number: both get digits to go on with.
    if let Some(end) = end_of_escape(&bytes)
        && end > bytes.len()
    {
        bytes.resize(end, b'0');
    }
    if bytes.last().is_some_and(|last| b"-+.eE".contains(last)) && may_be_a_number(&bytes) {
        bytes.push(b'0');
    }
    verdict(&bytes).is_none_or(|error| error.is_eof())
}

/// Where the last escape of four digits ends, be it behind the end.
fn end_of_escape(bytes: &[u8]) -> Option<usize> {
    let begin = bytes.windows(2).rposition(|pair| pair == br"\u")?;
    let backslashes = bytes[..=begin].iter().rev().take_while(|byte| **byte == b'\\').count();
    (backslashes % 2 == 1).then_some(begin + 6)
}

/// Whether the last word looks like a number's beginning.
fn may_be_a_number(bytes: &[u8]) -> bool {
    let inside = |byte: &u8| byte.is_ascii_digit() || b"-+.eE".contains(byte);
    let start = bytes.iter().rposition(|byte| !inside(byte)).map_or(0, |before| before + 1);
    bytes.get(start).is_some_and(|first| first.is_ascii_digit() || *first == b'-')
}

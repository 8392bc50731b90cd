//! How documents are read and written: one set of rules for all of them.
//!
//! `serde`'s own way to keep unknown keys (`flatten`) goes through a buffer of its own, which promises
//! nothing about numbers; what stands here hands every number on with all its digits.

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Number, Value};
use std::fmt;

/// The keys of a document that protocol 0.18 doesn't define, kept so that a document passes through
/// unharmed: newer connectors, and platforms that number their states, write such keys. Nulls say
/// nothing and are left out, since a client may trip over them.
///
/// ```
/// use airbyte_protocol::State;
///
/// let state: State = serde_json::from_str(r#"{"type":"LEGACY","data":{},"id":12,"x":null}"#)?;
/// assert_eq!(state.extra.get("id").map(ToString::to_string).as_deref(), Some("12"));
/// assert_eq!(serde_json::to_string(&state)?, r#"{"type":"LEGACY","data":{},"id":12}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct Extra(Option<Box<Map<String, Value>>>);

impl Extra {
    /// No keys: what a document has that was written by hand.
    pub const NONE: Self = Self(None);

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.as_ref()?.get(key)
    }

    /// Sets `key`, which must not be one that the protocol defines for this document, or it would
    /// be written twice. Null takes it away.
    pub fn insert(&mut self, key: impl Into<String>, value: Value) {
        let key = key.into();
        if !value.is_null() {
            self.0.get_or_insert_default().insert(key, value);
        } else if let Some(map) = &mut self.0 {
            map.shift_remove(&key);
            if map.is_empty() {
                self.0 = None;
            }
        }
    }

    /// The keys and their values, in the order of the document.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().flat_map(|map| map.iter()).map(|(key, value)| (key.as_str(), value))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(crate) fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        self.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// Defines a document: a struct, how it is read and how it is written.
///
/// Read: an object; null is like absent, of a key that comes twice the last counts, unknown keys go
/// to `extra`. Each field says what its absence means: `required` is an error; `written` is the
/// default, which is written too; `optional` is the default, which is left out; `unless_empty` is
/// `optional`, and an empty text means absent as well; `moment` is required, milliseconds.
macro_rules! document {
    ($(#[$meta:meta])* $vis:vis struct $name:ident {
        $($(#[$about:meta])* $open:vis $field:ident: $type:ty = $how:ident $key:literal,)*
    }) => {
        $(#[$meta])*
        $vis struct $name {
            $($(#[$about])* $open $field: $type,)*
            /// What else the document holds, as it came.
            $vis extra: $crate::Extra,
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                struct Reader;
                impl<'de> serde::de::Visitor<'de> for Reader {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A>(self, mut map: A) -> Result<$name, A::Error>
                    where
                        A: serde::de::MapAccess<'de>,
                    {
                        $(let mut $field: Option<$type> = None;)*
                        let mut extra = $crate::Extra::NONE;
                        while let Some(key) = map.next_key::<String>()? {
                            match key.as_str() {
                                $($key => $field = $crate::document::document!(@read $how map),)*
                                _ => extra.insert(key, map.next_value()?),
                            }
                        }
                        Ok($name {
                            $($field: $crate::document::document!(@absent $how $field $key),)*
                            extra,
                        })
                    }
                }
                d.deserialize_map(Reader)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap;
                let mut map = serializer.serialize_map(None)?;
                $($crate::document::document!(@write $how map $key self.$field: $type);)*
                self.extra.write(&mut map)?;
                map.end()
            }
        }
    };

    (@read moment $map:ident) => {
        $map.next_value::<Option<$crate::document::Millis>>()?.map(|millis| millis.0)
    };
    (@read $how:ident $map:ident) => { $map.next_value()? };

    (@absent required $field:ident $key:literal) => {
        $field.ok_or_else(|| <A::Error as serde::de::Error>::missing_field($key))?
    };
    (@absent moment $field:ident $key:literal) => {
        $crate::document::document!(@absent required $field $key)
    };
    (@absent unless_empty $field:ident $key:literal) => {
        $field.flatten().filter(|text| !text.is_empty())
    };
    (@absent $how:ident $field:ident $key:literal) => { $field.unwrap_or_default() };

    (@write optional $map:ident $key:literal $self:ident.$field:ident: $type:ty) => {
        if $self.$field != <$type>::default() {
            $map.serialize_entry($key, &$self.$field)?;
        }
    };
    (@write unless_empty $map:ident $key:literal $self:ident.$field:ident: $type:ty) => {
        $crate::document::document!(@write optional $map $key $self.$field: $type)
    };
    (@write $how:ident $map:ident $key:literal $self:ident.$field:ident: $type:ty) => {
        $map.serialize_entry($key, &$self.$field)?
    };
}
pub(crate) use document;

/// A number. `serde_json`'s own `Number` reads an object too, since that is how it hands digits on.
#[derive(Clone, PartialEq, Serialize)]
pub(crate) struct Figure(pub(crate) Number);

impl<'de> Deserialize<'de> for Figure {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        match Value::deserialize(d)? {
            Value::Number(number) => Ok(Self(number)),
            _ => Err(serde::de::Error::custom("expected a number")),
        }
    }
}

/// Milliseconds since the epoch, written as any number: Python's sources write fractions, which are
/// cut off.
pub(crate) struct Millis(pub(crate) i64);

impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let Figure(number) = Figure::deserialize(d)?;
        let whole = number.as_i64().or_else(|| {
            // The bounds are those of the years that anybody means; within them an f64 is exact.
            number.as_f64().filter(|millis| millis.abs() < 9e15).map(|millis| millis as i64)
        });
        whole.map(Self).ok_or_else(|| serde::de::Error::custom("expected milliseconds"))
    }
}

/// Reads a time that can't lie before the epoch.
pub(crate) fn since_epoch<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
    let Millis(millis) = Millis::deserialize(d)?;
    u64::try_from(millis).map_err(|_| serde::de::Error::custom("expected a time after 1970"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_numbers_of_any_dress() {
        let read = |text: &str| serde_json::from_str::<Millis>(text).map(|millis| millis.0).ok();
        assert_eq!(read("1732000000123"), Some(1_732_000_000_123));
        assert_eq!(read("1732000000123.987"), Some(1_732_000_000_123));
        assert_eq!(read("1.732e12"), Some(1_732_000_000_000));
        assert_eq!(read("-1.5"), Some(-1));
        for odd in ["1e300", "\"1\"", "null", "{}"] {
            assert_eq!(read(odd), None, "{odd}");
        }
    }

    #[test]
    fn null_takes_an_extra_key_away() {
        let mut extra = Extra::default();
        extra.insert("a", 1.into());
        assert_eq!(format!("{extra:?}"), r#"{"a": Number(1)}"#);
        extra.insert("a", Value::Null);
        assert_eq!(extra, Extra::NONE);
    }
}

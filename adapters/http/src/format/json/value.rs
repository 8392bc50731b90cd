use super::mended::SIGNS;
use crate::format::bound::Weight;
use airbyte_protocol::ChangeKind;
use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// serde_json hands a number that is no integer of 64 bits as a map with this key, with all its digits.
pub(super) const NUMBER: &str = "$serde_json::private::Number";

/// Any value, as serde_json itself makes it, whose memory is counted while it is made.
#[derive(Clone, Copy)]
pub(in crate::format) struct Weighed<'w>(pub(in crate::format) &'w Weight);

impl<'w> Weighed<'w> {
    /// serde's own error only carries the news; its words are never seen.
    fn check<E: de::Error>(self) -> Result<(), E> {
        if self.0.is_exceeded() { Err(E::custom("")) } else { Ok(()) }
    }

    fn number<E: de::Error>(self, digits: &str) -> Result<Value, E> {
        self.0.text(digits);
        self.0.add(16);
        self.check()?;
        digits.parse::<Number>().map(Value::Number).map_err(E::custom)
    }

    fn integer(self, number: Number) -> Value {
        // The digits of a small number, in a block of their own.
        self.0.add(40);
        Value::Number(number)
    }

    /// A text without the signs of what was mended in it.
    fn unsigned(self, text: String) -> String {
        if !text.contains('\u{f8ff}') || !text.contains(&SIGNS.half) {
            return text;
        }
        self.0.mark(ChangeKind::Truncated);
        text.replace(&SIGNS.half, "")
    }

    /// The members of an object, of which the first name was read.
    pub(super) fn object<'de, A: MapAccess<'de>>(
        self,
        first: Option<String>,
        mut members: A,
    ) -> Result<Map<String, Value>, A::Error> {
        let mut object = Map::new();
        let mut next = first;
        while let Some(name) = next {
            self.0.in_object(object.len(), &name);
            self.check()?;
            let before = self.0.marked();
            let (name, value) = (self.unsigned(name), members.next_value_seed(self)?);
            if self.0.marked() > before {
                self.0.below(before, || name.clone());
            }
            object.insert(name, value);
            next = members.next_key()?;
        }
        Ok(object)
    }
}

impl<'de> DeserializeSeed<'de> for Weighed<'_> {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, value: D) -> Result<Value, D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Weighed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(self.integer(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(self.integer(value.into()))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        self.0.text(value);
        self.check()?;
        // Whatever was mended has this character.
        if value.contains('\u{f8ff}') {
            if value == SIGNS.no_number {
                self.0.mark(ChangeKind::Nulled);
                return Ok(Value::Null);
            }
            return Ok(Value::String(self.unsigned(value.to_owned())));
        }
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        let mut before = self.0.marked();
        while let Some(value) = list.next_element_seed(self)? {
            if self.0.marked() > before {
                self.0.below(before, || format!("[{}]", values.len()));
                before = self.0.marked();
            }
            self.0.in_list(values.len());
            self.check()?;
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let first: Option<String> = members.next_key()?;
        if first.as_deref() == Some(NUMBER) {
            return self.number(&members.next_value::<String>()?);
        }
        self.object(first, members).map(Value::Object)
    }
}

//! The cursor of a record: finding it in the bytes, and which of two is greater.

use crate::{Error, Result};
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Number, Value};
use std::cmp::Ordering;

/// The value of `field` in a record, unless it is missing or null. The record's other fields are
/// passed over, not built.
pub(super) fn of_record(record: &[u8], field: &str) -> Result<Option<Value>> {
    let mut reader = serde_json::Deserializer::from_slice(record);
    let value = reader
        .deserialize_map(Field(field))
        .map_err(|_| Error::system("a record is no JSON object"))?;
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(value @ (Value::String(_) | Value::Number(_))) => Ok(Some(value)),
        Some(_) => {
            Err(Error::system(format!("the cursor `{field}` is neither a text nor a number")))
        }
    }
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

/// Compares two cursors: texts as texts, so that times must be written alike; numbers by their worth.
/// None where one is a text and the other a number.
pub(crate) fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (Value::Number(a), Value::Number(b)) => Some(compare_numbers(a, b)),
        _ => None,
    }
}

fn compare_numbers(a: &Number, b: &Number) -> Ordering {
    // With all their digits, as ids beyond 2^53 need them.
    match (a.as_i128(), b.as_i128()) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => a.as_f64().unwrap_or(f64::NAN).total_cmp(&b.as_f64().unwrap_or(f64::NAN)),
    }
}

/// Keeps the greater of the two in `greatest`.
///
/// # Errors
///
/// They can't be compared.
pub(super) fn keep_greatest(greatest: &mut Option<Value>, value: Value) -> Result<()> {
    let Some(known) = greatest else {
        *greatest = Some(value);
        return Ok(());
    };
    match compare(known, &value) {
        Some(Ordering::Less) => *known = value,
        Some(_) => {}
        None => return Err(Error::system("the cursor is a text at times and a number at others")),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_cursor_is_found_among_other_fields() {
        let record = br#"{"a":{"at":1},"\u0061t":"x","b":[1,2]}"#;
        assert_eq!(of_record(record, "at").unwrap(), Some(json!("x")));
        assert_eq!(of_record(record, "none").unwrap(), None);
        assert_eq!(of_record(br#"{"at":null}"#, "at").unwrap(), None);
        let digits = of_record(br#"{"at":12345678901234567890123}"#, "at").unwrap().unwrap();
        assert_eq!(digits.to_string(), "12345678901234567890123");
    }

    #[test]
    fn what_cannot_be_a_cursor_is_named_without_its_value() {
        let told = |record: &[u8]| of_record(record, "at").unwrap_err().to_string();
        assert_eq!(
            told(br#"{"at":{"x":"s3cret"}}"#),
            "the cursor `at` is neither a text nor a number"
        );
        assert_eq!(told(b"[1]"), "a record is no JSON object");
        assert!(keep_greatest(&mut Some(json!(1)), json!("s3cret")).is_err());
    }

    #[test]
    fn numbers_are_compared_by_their_worth_and_texts_as_texts() {
        let order = |a: Value, b: Value| compare(&a, &b);
        assert_eq!(order(json!(9), json!(10)), Some(Ordering::Less));
        assert_eq!(order(json!("9"), json!("10")), Some(Ordering::Greater));
        assert_eq!(
            order(json!(9_007_199_254_740_993_u64), json!(9_007_199_254_740_992_u64)),
            Some(Ordering::Greater)
        );
        assert_eq!(order(json!(1.5), json!(1)), Some(Ordering::Greater));
    }
}

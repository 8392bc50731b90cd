//! Settings that have alternatives.

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error};
use serde_json::{Map, Value};

/// The settings of one of several alternatives, and the `type` that says of which. Not serde's own way:
/// that goes through a buffer, in which numbers that keep their digits are no numbers any more.
pub(super) fn alternative<'de, D: Deserializer<'de>>(
    settings: D,
) -> Result<(String, Map<String, Value>), D::Error> {
    let mut settings = Map::<String, Value>::deserialize(settings)?;
    match settings.shift_remove("type") {
        Some(Value::String(kind)) => Ok((kind, settings)),
        Some(_) => Err(D::Error::custom("a type that is no text")),
        None => Err(D::Error::missing_field("type")),
    }
}

/// The settings of an alternative.
pub(super) fn typed<T: DeserializeOwned, E: Error>(settings: Map<String, Value>) -> Result<T, E> {
    serde_json::from_value(Value::Object(settings)).map_err(E::custom)
}

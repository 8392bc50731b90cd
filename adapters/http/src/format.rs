//! What answers are written in.

mod bound;
mod chosen;
mod csv;
pub(super) mod decoding;
mod json;
mod json_lines;
mod marks;
mod opening;
mod or_json;
mod packed;
mod recoded;
mod whole;
mod xml;

pub use self::csv::Csv;
use bound::Bound;
pub(super) use bound::USUAL;
pub(crate) use chosen::Kind;
pub(super) use chosen::Reading;
pub use chosen::format_of;
pub use decoding::Decoding;
pub use json::Json;
pub use json_lines::JsonLines;
pub use packed::{Gzip, Zip};
pub(super) use whole::Whole;
pub use xml::Xml;

use airbyte_singer_runtime::{Error, Result};
use opening::Opening;
use serde_json::{Map, Value};
use std::io::{self, BufRead};
use std::sync::{Arc, Mutex, PoisonError};

/// A record, as it was decoded.
pub type Record = Map<String, Value>;

/// Takes the records that a [`Format`] finds. An error of it must end the decoding and come out again.
pub type Each<'a> = dyn FnMut(Record) -> Result<()> + 'a;

/// What a body holds beside its records: the document with an empty array where they were, `null`
/// where a format has no such thing.
pub type Rest = Value;

/// Why a body has no records where they should be, for whoever sees later whether it tells an error
/// instead.
#[derive(Debug, Clone, Default)]
pub(super) struct Missing(Arc<Mutex<Option<Error>>>);

impl Missing {
    fn note(&self, error: Error) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    /// What was noted.
    pub(super) fn take(&self) -> Option<Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A way to find records in a body, as it comes: a body may be far larger than memory.
///
/// It blocks; a long body is decoded on a thread of its own.
pub trait Format: Send + Sync {
    /// Hands the records of `body` to `each`, one after the other.
    ///
    /// # Errors
    ///
    /// The body isn't what it should be (line and column, never the text); what reading it or `each`
    /// failed with.
    fn decode(&self, body: &mut dyn BufRead, each: &mut Each<'_>) -> Result<Rest>;
}

/// Why a body can't be read on: whoever reads it puts an [`Error`] into that of `io`.
fn unreadable(error: io::Error) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => error,
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => ended_early(),
        Err(_) => Error::system("the body can't be read"),
    }
}

/// The body is right as far as it goes. Mostly somebody on the way gave up, so it may work later.
fn ended_early() -> Error {
    Error::transient("the body ended too early")
}

/// A record; one that is no object is the field of the name `wrap`, if there is any. Null is no record.
fn record(value: Value, wrap: Option<&str>) -> Result<Option<Record>, &'static str> {
    match value {
        Value::Object(record) => Ok(Some(record)),
        Value::Null => Ok(None),
        value => match wrap {
            Some(name) => Ok(Some(Map::from_iter([(name.to_owned(), value)]))),
            None => Err(kind_of(&value)),
        },
    }
}

/// What a value is called in a sentence.
const fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// The field of a record that is no object, where nothing else is said.
const VALUE: &str = "value";

#[cfg(test)]
mod tests;

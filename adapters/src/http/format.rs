//! What answers are written in.

use crate::Result;
use serde_json::{Map, Value};
use std::io::BufRead;

/// A record, as it was decoded.
pub type Record = Map<String, Value>;

/// Takes the records that a [`Format`] finds. An error of it must end the decoding and come out again.
pub type Each<'a> = dyn FnMut(Record) -> Result<()> + 'a;

/// What a body holds beside its records: the document with an empty array where they were, `null`
/// where a format has no such thing.
pub type Rest = Value;

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

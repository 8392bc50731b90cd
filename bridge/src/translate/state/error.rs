//! What can be wrong with a STATE.

use std::fmt;

/// Why a STATE of the tap can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StateError {
    /// The value of a STATE is neither an object nor null.
    NotAnObject,
    /// The value of a STATE is nested too deeply to be stored and read again.
    TooDeep,
    /// The value of a STATE is no JSON.
    Malformed {
        /// Column in the value, from 1.
        column: usize,
    },
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StateError::NotAnObject => f.write_str("the value of a STATE is not an object"),
            StateError::TooDeep => f.write_str("the value of a STATE is nested too deeply"),
            StateError::Malformed { column } => {
                write!(f, "the value of a STATE is malformed at its column {column}")
            }
        }
    }
}

impl std::error::Error for StateError {}

//! Why a line of stdout is no message.

use std::fmt;

use crate::error::syntax_reason;
use crate::scan::{Fault, MAX_DEPTH};
use serde::de::IgnoredAny;

/// Why a line could not be read as a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineError {
    /// The line doesn't claim to be a message: a log line that went to stdout.
    NotAMessage,
    /// The line claims to be a message and is broken.
    Malformed(Malformed),
}

/// A line that claims to be a message and is broken: what it claims and where it breaks.
///
/// It never holds a value of the line; a stream's name and a message's type are not values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// The claimed type, in capitals.
    pub kind: Option<String>,
    /// The claimed stream, where it could be read.
    pub stream: Option<String>,
    /// The byte at which the line breaks, counted from 1.
    pub column: usize,
    /// What is wrong there.
    pub reason: Reason,
    /// Whether the line holds `NaN` or an infinity outside its strings, so that
    /// [`repair_non_finite`](crate::repair_non_finite) may mend it.
    pub non_finite: bool,
}

/// What is wrong with a malformed line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The line isn't UTF-8.
    InvalidUtf8,
    /// The line ends inside a value.
    Truncated,
    /// Something follows the message: two messages on one line, say.
    Trailing,
    /// The line is nested more than 999 levels deep.
    TooDeep,
    /// It isn't JSON; the words are a parser's and hold nothing of the line.
    Syntax(String),
    /// The message lacks a field.
    Missing(&'static str),
    /// A field of the message is of the wrong type.
    NotA {
        /// The field's name.
        field: &'static str,
        /// The type it should have.
        expected: &'static str,
    },
}

impl Reason {
    /// Why `text` isn't a line of JSON. The scanner has decided that; serde_json has the words.
    pub(super) fn of(fault: Fault, text: &str) -> Reason {
        if fault.is_too_deep() {
            return Reason::TooDeep;
        }
        if fault.at() == text.len() {
            return Reason::Truncated;
        }
        match serde_json::from_str::<IgnoredAny>(text) {
            // Behind `\u` it wants four bytes before it looks at them.
            Err(error) if error.is_eof() => Reason::Syntax("invalid escape".to_owned()),
            Err(error) => match syntax_reason(&error) {
                reason if reason == "trailing characters" => Reason::Trailing,
                reason => Reason::Syntax(reason),
            },
            Ok(_) => Reason::Syntax("not JSON".to_owned()),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::InvalidUtf8 => f.write_str("invalid UTF-8"),
            Reason::Truncated => f.write_str("the line ends inside a value"),
            Reason::Trailing => f.write_str("something follows the message"),
            Reason::TooDeep => write!(f, "nested more than {MAX_DEPTH} levels deep"),
            Reason::Syntax(words) => f.write_str(words),
            Reason::Missing(field) => write!(f, "`{field}` is missing"),
            Reason::NotA { field, expected } => {
                let article = if expected.starts_with(['a', 'o']) { "an" } else { "a" };
                write!(f, "`{field}` is not {article} {expected}")
            }
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed {} message", self.kind.as_deref().unwrap_or("Singer"))?;
        if let Some(stream) = &self.stream {
            write!(f, " of stream `{stream}`")?;
        }
        write!(f, " at column {}: {}", self.column, self.reason)
    }
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LineError::NotAMessage => f.write_str("not a Singer message"),
            LineError::Malformed(malformed) => malformed.fmt(f),
        }
    }
}

impl std::error::Error for LineError {}

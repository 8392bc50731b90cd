//! What cursors are ordered by.

use super::time::Time;
use serde_json::Number;
use std::cmp::Ordering;

/// A cursor's value as it is ordered. Values of several kinds have no order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Key {
    Number(Numeral),
    Time(Time),
    /// A text that is no time, ordered byte by byte.
    Text(String),
}

/// The kinds of [`Key`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Number,
    Time,
    Text,
}

/// A number, with all its digits where it is an integer: ids beyond 2^53 need them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Numeral {
    Integer(i128),
    Float(f64),
}

impl Key {
    pub(super) fn number(number: &Number) -> Self {
        Self::Number(match number.as_i128() {
            Some(integer) => Numeral::Integer(integer),
            None => Numeral::Float(number.as_f64().unwrap_or(f64::NAN)),
        })
    }

    /// The number that a text is.
    pub(super) fn number_in(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(integer) = text.parse() {
            return Some(Self::Number(Numeral::Integer(integer)));
        }
        let float: f64 = text.parse().ok()?;
        // Not `inf` and `nan`, which are numbers to Rust.
        let has_digits = text.bytes().any(|byte| byte.is_ascii_digit());
        (has_digits && float.is_finite()).then_some(Self::Number(Numeral::Float(float)))
    }

    /// The order of two; none if they are of several kinds.
    pub(crate) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => Some(a.compare(*b)),
            (Self::Time(a), Self::Time(b)) => Some(a.compare(*b)),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::Number(_) => Kind::Number,
            Self::Time(_) => Kind::Time,
            Self::Text(_) => Kind::Text,
        }
    }
}

impl Kind {
    pub(super) const fn noun(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::Time => "a time",
            Self::Text => "a text that is no time",
        }
    }
}

impl Numeral {
    fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Integer(a), Self::Integer(b)) => a.cmp(&b),
            (a, b) => a.float().total_cmp(&b.float()),
        }
    }

    const fn float(self) -> f64 {
        match self {
            Self::Integer(integer) => integer as f64,
            Self::Float(float) => float,
        }
    }
}

//! What tells which records are new, in a user's words.

use super::template::plain;
use crate::pointer;
use airbyte_singer_runtime::{Error, Result};
use airbyte_singer_toolkit::{Cursor, Since, Slice};
use jiff::civil::Date;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::borrow::Cow;

/// What tells which records are new.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CursorSettings {
    /// The field of records, as they are emitted, that grows with every change: a time or a number; its name
    /// or a JSON Pointer such as /meta/updated. A record without it is emitted by every read
    pub(super) field: String,
    /// How its times are written, where not as ISO 8601: one format or a list of them, tried in their order.
    /// A format has the placeholders of strftime, such as %m/%d/%Y %H:%M:%S%z, or is %s, %ms,
    /// %epoch_microseconds, rfc2822 or iso8601. Times without an offset are in UTC
    #[serde(default)]
    pub(super) format: Formats,
    /// Whether its texts are numbers, and ordered so. Other texts that are no times are ordered byte by byte
    #[serde(default)]
    pub(super) numeric: bool,
    /// The parameter of the query that asks for records from a value of this field on; of GraphQL, the
    /// variable. Without a place for it all records are asked for, and the old ones left out
    #[serde(default)]
    #[schemars(with = "String")]
    pub(super) query: Option<String>,
    /// The header that does so, in the place of a parameter
    #[serde(default)]
    #[schemars(with = "String")]
    pub(super) header: Option<String>,
    /// The place in the body that does so, in the place of a parameter: a JSON Pointer
    #[serde(default)]
    #[schemars(with = "String")]
    pub(super) body: Option<String>,
    /// How its value is written where it is sent, if not as records have it: a text with the signs of strftime,
    /// such as %Y-%m-%d or %Y-%m-%dT%H:%M:%SZ (in UTC), or seconds or milliseconds for those since 1970. {cursor}
    /// in other texts of the request stands for it as well
    #[serde(default)]
    #[schemars(with = "String")]
    pub(super) sent_format: Option<String>,
    /// Where to begin: a time or a number; by default with everything. Without `sent_format` the API is sent it
    /// as it is here, a number as a number
    #[serde(default)]
    #[schemars(with = "Start")]
    pub(super) start: Option<Start>,
    /// Whether records come in the order of this field. Then a read that is cut short goes on in the middle
    #[serde(default)]
    pub(super) sorted: bool,
}

impl CursorSettings {
    /// # Errors
    ///
    /// A config error: settings that don't go together.
    pub(super) fn check(&self) -> Result<()> {
        let places = [&self.query, &self.header, &self.body];
        if places.iter().filter(|place| place.is_some()).count() > 1 {
            let text = "of the settings `query`, `header` and `body` it can have one";
            return Err(Error::config(text));
        }
        match &self.body {
            Some(place) => pointer::check(place),
            None => Ok(()),
        }
    }

    /// Where the read of a slice begins; none means with everything.
    pub(super) fn begin(&self, slice: &Slice) -> Result<Option<Value>> {
        let start = || self.start.clone().map(|start| start.0);
        Ok(slice.cursor()?.or_else(start))
    }

    /// Whether the API knows what we have.
    fn is_sent(&self) -> bool {
        self.query.is_some() || self.header.is_some() || self.body.is_some()
    }

    /// The cursor, and how it is ordered.
    ///
    /// # Errors
    ///
    /// A config error: a format can't be read.
    pub(super) fn order(&self) -> Result<Cursor> {
        let cursor = self
            .format
            .0
            .iter()
            .fold(Cursor::new(&self.field), |cursor, format| cursor.format(format));
        let cursor = if self.numeric { cursor.numeric() } else { cursor };
        cursor.check()?;
        Ok(cursor)
    }

    /// # Errors
    ///
    /// A config error: `start` can't be compared with any value, though we have to.
    pub(super) fn check_start(&self) -> Result<()> {
        match &self.start {
            Some(start) if !self.is_sent() => self.order()?.starting_at(&start.text()).map(drop),
            _ => Ok(()),
        }
    }

    /// The day of `start`, where it is a time.
    pub(super) fn start_day(&self, order: &Cursor) -> Option<Date> {
        order.day_written(&self.start.as_ref()?.text())
    }

    /// What leaves out the records of a slice that are older, where the API can't.
    pub(super) fn since(&self, order: &Cursor, slice: &Slice) -> Result<Option<Since>> {
        if self.is_sent() {
            return Ok(None);
        }
        match (slice.cursor::<Value>()?, &self.start) {
            (Some(value), _) => order.since(&value).map(Some),
            (None, Some(start)) => order.starting_at(&start.text()).map(Some),
            (None, None) => Ok(None),
        }
    }
}

/// Where to begin, as a text or a number.
#[derive(Debug, Clone)]
pub(super) struct Start(Value);

impl Start {
    fn text(&self) -> String {
        plain(&self.0).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Start {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        match Value::deserialize(value)? {
            value @ (Value::String(_) | Value::Number(_)) => Ok(Self(value)),
            _ => Err(D::Error::custom("neither a text nor a number")),
        }
    }
}

impl JsonSchema for Start {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Start".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["string", "number"]})
    }
}

/// One format of times, or several.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(from = "OneOrMore")]
pub(super) struct Formats(Vec<String>);

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl From<OneOrMore> for Formats {
    fn from(given: OneOrMore) -> Self {
        match given {
            OneOrMore::One(format) => Self(vec![format]),
            OneOrMore::More(formats) => Self(formats),
        }
    }
}

impl JsonSchema for Formats {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Formats".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["string", "array"], "items": {"type": "string"}})
    }
}

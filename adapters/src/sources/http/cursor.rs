//! What tells which records are new, in a user's words.

use crate::http::{Call, pointer};
use crate::toolkit::{Slice, compare};
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::cmp::Ordering;

/// What tells which records are new.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CursorSettings {
    /// The field of records that grows with every change: a time or a number
    pub(super) field: String,
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
    /// Where to begin; by default with everything, also with records that don't have the field
    #[serde(default)]
    #[schemars(with = "String")]
    pub(super) start: Option<String>,
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
        let start = || self.start.clone().map(Value::String);
        Ok(slice.cursor()?.or_else(start))
    }

    /// Whether the API knows what we have.
    fn is_sent(&self) -> bool {
        self.query.is_some() || self.header.is_some() || self.body.is_some()
    }

    /// A call that leaves out what is older, where the API can't.
    pub(super) fn filter<'a>(&self, call: Call<'a>, begin: Option<&Value>) -> Call<'a> {
        let Some(begin) = begin.filter(|_| !self.is_sent()).cloned() else { return call };
        let field = self.field.clone();
        call.filter(move |record| {
            let value = record.get(&field).unwrap_or(&Value::Null);
            // One that can't be compared is for the toolkit to judge.
            !value.is_null() && compare(value, &begin) != Some(Ordering::Less)
        })
    }
}

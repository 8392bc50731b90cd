//! How pages follow each other, in a user's words.

use super::tagged::{alternative, typed};
use crate::http::{Pages, Place, Token};
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

/// How one page leads to the next.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(tag = "type", rename_all = "snake_case")]
pub(super) enum PagesSettings {
    /// One answer is all
    #[schemars(title = "None")]
    None,
    /// Pages have numbers
    #[schemars(title = "Page number")]
    Number(NumberSettings),
    /// Pages begin behind so many records
    #[schemars(title = "Offset")]
    Offset(OffsetSettings),
    /// Each page says where the next one begins
    #[schemars(title = "Cursor")]
    Cursor(Box<CursorPages>),
    /// Each page has the address of the next one
    #[schemars(title = "Next address")]
    NextUrl(NextUrlSettings),
    /// The header Link has the address of the next page
    #[schemars(title = "Link header")]
    Link,
    /// Pages of GraphQL, as Relay has them
    #[schemars(title = "Relay")]
    Relay(RelaySettings),
}

/// The settings of [`PagesSettings::Number`].
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NumberSettings {
    /// The parameter of the query that has the number
    query: String,
    /// The first page's number
    #[serde(default = "one")]
    first: u64,
    /// The parameter that asks for the size of pages
    #[serde(default)]
    #[schemars(with = "String")]
    size_query: Option<String>,
    /// How many records a page has; one with fewer is the last. Without it the first empty one is
    #[serde(default)]
    #[schemars(with = "u64", range(min = 1))]
    size: Option<u64>,
}

/// The settings of [`PagesSettings::Offset`].
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OffsetSettings {
    /// The parameter of the query that has the offset
    query: String,
    /// The parameter that asks for the size of pages
    #[serde(default)]
    #[schemars(with = "String")]
    size_query: Option<String>,
    /// How many records a page has; one with fewer is the last. Without it the first empty one is
    #[serde(default)]
    #[schemars(with = "u64", range(min = 1))]
    size: Option<u64>,
}

/// The settings of [`PagesSettings::Cursor`].
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CursorPages {
    /// The parameter of the query that says where a page begins
    #[serde(default)]
    #[schemars(with = "String")]
    query: Option<String>,
    /// The place in the body that says so, in the place of a parameter: a JSON Pointer
    #[serde(default)]
    #[schemars(with = "String")]
    body: Option<String>,
    /// Where in an answer that is: a JSON Pointer
    #[serde(default)]
    #[schemars(with = "String")]
    pointer: Option<String>,
    /// The field of the last record that is it, in the place of a pointer
    #[serde(default)]
    #[schemars(with = "String")]
    last_record: Option<String>,
    /// The header of the answer that is it, in the place of a pointer
    #[serde(default)]
    #[schemars(with = "String")]
    header: Option<String>,
    /// Where the answer says whether there are more pages: a JSON Pointer to true or false
    #[serde(default)]
    #[schemars(with = "String")]
    more: Option<String>,
}

/// The settings of [`PagesSettings::NextUrl`].
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NextUrlSettings {
    /// Where in an answer the address is: a JSON Pointer
    pointer: String,
}

/// The settings of [`PagesSettings::Relay`].
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RelaySettings {
    /// Where in an answer pageInfo is: a JSON Pointer
    page_info: String,
    /// The variable that takes the cursor of the next page
    #[serde(default = "after")]
    after: String,
}

impl PagesSettings {
    /// The pages that are meant.
    ///
    /// # Errors
    ///
    /// A config error: settings that don't go together.
    pub(super) fn pages(&self) -> Result<Pages> {
        Ok(match self {
            Self::None => Pages::none(),
            Self::Number(given) => {
                let pages = Pages::number(given.query.as_str(), given.first);
                sized(pages, given.size_query.as_ref(), given.size)?
            }
            Self::Offset(given) => {
                let pages = Pages::offset(given.query.as_str());
                sized(pages, given.size_query.as_ref(), given.size)?
            }
            Self::Cursor(given) => given.pages()?,
            Self::NextUrl(given) => Pages::next_url(given.pointer.as_str()),
            Self::Link => Pages::link(),
            Self::Relay(given) => Pages::relay(&given.page_info, &given.after),
        })
    }
}

fn sized(pages: Pages, parameter: Option<&String>, size: Option<u64>) -> Result<Pages> {
    match (parameter, size) {
        (Some(parameter), Some(size)) => Ok(pages.size(parameter.as_str(), size)),
        (None, Some(size)) => Ok(pages.until(move |page| page.records < size)),
        (None, None) => Ok(pages),
        (Some(_), None) => Err(Error::config("setting `size` is missing beside `size_query`")),
    }
}

impl CursorPages {
    fn pages(&self) -> Result<Pages> {
        let place = match (&self.query, &self.body) {
            (Some(name), None) => Place::query(name),
            (None, Some(pointer)) => Place::body(pointer),
            _ => return Err(Error::config("it needs one of the settings `query` and `body`")),
        };
        let token = match (&self.pointer, &self.last_record, &self.header) {
            (Some(pointer), None, None) => Token::rest(pointer),
            (None, Some(field), None) => Token::last(super::template::pointer_to(field)),
            (None, None, Some(name)) => Token::header(name),
            _ => {
                let text = "it needs one of the settings `pointer`, `last_record` and `header`";
                return Err(Error::config(text));
            }
        };
        let pages = Pages::cursor(place, token);
        Ok(match &self.more {
            Some(pointer) => pages.while_true(pointer),
            None => pages,
        })
    }
}

impl<'de> Deserialize<'de> for PagesSettings {
    fn deserialize<D: Deserializer<'de>>(settings: D) -> Result<Self, D::Error> {
        let (kind, settings) = alternative(settings)?;
        match kind.as_str() {
            "none" => Ok(Self::None),
            "number" => typed(settings).map(Self::Number),
            "offset" => typed(settings).map(Self::Offset),
            "cursor" => typed(settings).map(|pages| Self::Cursor(Box::new(pages))),
            "next_url" => typed(settings).map(Self::NextUrl),
            "link" => Ok(Self::Link),
            "relay" => typed(settings).map(Self::Relay),
            _ => Err(serde::de::Error::custom("no known type")),
        }
    }
}

fn one() -> u64 {
    1
}

fn after() -> String {
    "after".to_owned()
}

//! How pages follow each other, in a user's words.

use super::tagged::{alternative, typed};
use super::template::Text;
use crate::Pages;
use airbyte_singer_runtime::Result;
use ends::Names;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

mod ends;

/// How one page leads to the next.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(tag = "type", rename_all = "snake_case")]
pub(super) enum PagesSettings {
    /// One answer is all
    #[schemars(title = "None")]
    None(NoSettings),
    /// Pages have numbers
    #[schemars(title = "Page number")]
    Number(Box<NumberSettings>),
    /// Pages begin behind so many records
    #[schemars(title = "Offset")]
    Offset(Box<OffsetSettings>),
    /// Each page says where the next one begins
    #[schemars(title = "Cursor")]
    Cursor(Box<CursorPages>),
    /// Each page has the address of the next one
    #[schemars(title = "Next address")]
    NextUrl(Box<NextUrlSettings>),
    /// The header Link has the address of the next page
    #[schemars(title = "Link header")]
    Link(NoSettings),
    /// Pages of GraphQL, as Relay has them
    #[schemars(title = "Relay")]
    Relay(RelaySettings),
}

/// No settings beside the type.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NoSettings {}

/// The settings of [`PagesSettings::Number`].
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NumberSettings {
    /// The parameter of the query that has the number; of GraphQL, the variable
    #[serde(default)]
    #[schemars(with = "String")]
    query: Option<String>,
    /// The place in the body that has the number, in the place of a parameter: a JSON Pointer
    #[serde(default)]
    #[schemars(with = "String")]
    body: Option<String>,
    /// The first page's number
    #[serde(default = "one")]
    first: u64,
    /// The parameter that asks for the size of pages; of GraphQL, the variable
    #[serde(default)]
    #[schemars(with = "String")]
    size_query: Option<String>,
    /// The place in the body that asks for the size of pages, in the place of a parameter: a JSON Pointer
    #[serde(default)]
    #[schemars(with = "String")]
    size_body: Option<String>,
    /// How many records a page has; one with fewer is the last, unless the answer says how much there is.
    /// Without it the first empty one is
    #[serde(default)]
    #[schemars(with = "u64", range(min = 1))]
    size: Option<u64>,
    /// Where the answer says how many pages there are: a JSON Pointer
    #[serde(default)]
    #[schemars(with = "String")]
    total_pages: Option<String>,
    /// The header of the answer that says so, in the place of a pointer, such as X-Total-Pages
    #[serde(default)]
    #[schemars(with = "String")]
    total_pages_header: Option<String>,
    /// Where the answer says how many records there are in all: a JSON Pointer; size is needed beside it
    #[serde(default)]
    #[schemars(with = "String")]
    total_records: Option<String>,
    /// The header of the answer that says so, in the place of a pointer, such as X-Total-Count
    #[serde(default)]
    #[schemars(with = "String")]
    total_records_header: Option<String>,
    /// Where the answer says whether there are more pages: a JSON Pointer to true or false, which may be
    /// written as 1 or 0, or as a text
    #[serde(default)]
    #[schemars(with = "String")]
    more: Option<String>,
    /// Whether answers without it are those of last pages. By default that it is in no answer is an error
    /// where something else leads to a next page
    #[serde(default)]
    more_may_be_missing: bool,
    /// Where the answer says whether it is the last page: a JSON Pointer to true or false, as in more
    #[serde(default)]
    #[schemars(with = "String")]
    last: Option<String>,
    /// Statuses that mean that there are no more pages, such as 404. Records of one that is 2xx are read
    /// before. For the first page they mean what they do elsewhere
    #[serde(default)]
    end_status: Vec<u16>,
    /// What counts as going in a circle
    #[serde(default)]
    loop_guard: GuardSettings,
}

/// The settings of [`PagesSettings::Offset`].
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OffsetSettings {
    /// The parameter of the query that has the offset; of GraphQL, the variable
    #[serde(default)]
    #[schemars(with = "String")]
    query: Option<String>,
    /// The place in the body that has the offset, in the place of a parameter: a JSON Pointer
    #[serde(default)]
    #[schemars(with = "String")]
    body: Option<String>,
    /// The parameter that asks for the size of pages; of GraphQL, the variable
    #[serde(default)]
    #[schemars(with = "String")]
    size_query: Option<String>,
    /// The place in the body that asks for the size of pages, in the place of a parameter: a JSON Pointer
    #[serde(default)]
    #[schemars(with = "String")]
    size_body: Option<String>,
    /// How many records a page has; one with fewer is the last, unless the answer says how much there is.
    /// Without it the first empty one is
    #[serde(default)]
    #[schemars(with = "u64", range(min = 1))]
    size: Option<u64>,
    /// Where the answer says how many records there are in all: a JSON Pointer
    #[serde(default)]
    #[schemars(with = "String")]
    total_records: Option<String>,
    /// The header of the answer that says so, in the place of a pointer, such as X-Total-Count
    #[serde(default)]
    #[schemars(with = "String")]
    total_records_header: Option<String>,
    /// Where the answer says whether there are more pages: a JSON Pointer to true or false, which may be
    /// written as 1 or 0, or as a text
    #[serde(default)]
    #[schemars(with = "String")]
    more: Option<String>,
    /// Whether answers without it are those of last pages. By default that it is in no answer is an error
    /// where something else leads to a next page
    #[serde(default)]
    more_may_be_missing: bool,
    /// Where the answer says whether it is the last page: a JSON Pointer to true or false, as in more
    #[serde(default)]
    #[schemars(with = "String")]
    last: Option<String>,
    /// Statuses that mean that there are no more pages, such as 404. Records of one that is 2xx are read
    /// before. For the first page they mean what they do elsewhere
    #[serde(default)]
    end_status: Vec<u16>,
    /// What counts as going in a circle
    #[serde(default)]
    loop_guard: GuardSettings,
}

/// The settings of [`PagesSettings::Cursor`].
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CursorPages {
    /// The parameter of the query that says where a page begins; of GraphQL, the variable
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
    /// Where the answer says whether there are more pages: a JSON Pointer to true or false, which may be
    /// written as 1 or 0, or as a text
    #[serde(default)]
    #[schemars(with = "String")]
    more: Option<String>,
    /// Whether answers without it are those of last pages. By default that it is in no answer is an error
    /// where something else leads to a next page
    #[serde(default)]
    more_may_be_missing: bool,
    /// Where the answer says whether it is the last page: a JSON Pointer to true or false, as in more
    #[serde(default)]
    #[schemars(with = "String")]
    last: Option<String>,
    /// Values in its place that mean that there are no more pages, such as 0 or -1. Null, false and an
    /// empty text always do
    #[serde(default)]
    end_values: Vec<Text>,
    /// Statuses that mean that there are no more pages, such as 404. Records of one that is 2xx are read
    /// before. For the first page they mean what they do elsewhere
    #[serde(default)]
    end_status: Vec<u16>,
    /// What counts as going in a circle
    #[serde(default)]
    loop_guard: GuardSettings,
}

/// The settings of [`PagesSettings::NextUrl`].
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NextUrlSettings {
    /// Where in an answer the address is: a JSON Pointer
    pointer: String,
    /// Where the answer says whether there are more pages: a JSON Pointer to true or false, which may be
    /// written as 1 or 0, or as a text
    #[serde(default)]
    #[schemars(with = "String")]
    more: Option<String>,
    /// Whether answers without it are those of last pages. By default that it is in no answer is an error
    /// where something else leads to a next page
    #[serde(default)]
    more_may_be_missing: bool,
    /// Where the answer says whether it is the last page: a JSON Pointer to true or false, as in more
    #[serde(default)]
    #[schemars(with = "String")]
    last: Option<String>,
    /// Values in its place that mean that there are no more pages, such as 0 or -1. Null, false and an
    /// empty text always do
    #[serde(default)]
    end_values: Vec<Text>,
    /// Statuses that mean that there are no more pages, such as 404. Records of one that is 2xx are read
    /// before. For the first page they mean what they do elsewhere
    #[serde(default)]
    end_status: Vec<u16>,
    /// What counts as going in a circle
    #[serde(default)]
    loop_guard: GuardSettings,
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

/// What counts as going in a circle.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum GuardSettings {
    /// A request that was made before
    #[default]
    Requests,
    /// Three pages in a row that look alike, for an API whose cursor stays the same while its pages
    /// differ. An empty page is the last one
    Pages,
    /// Nothing. An empty page is the last one
    Off,
}

impl PagesSettings {
    /// The pages that are meant. Of a query of GraphQL parameters are variables.
    ///
    /// # Errors
    ///
    /// A config error: settings that don't go together.
    pub(super) fn pages(&self, is_graphql: bool) -> Result<Pages> {
        let names = Names { is_graphql };
        Ok(match self {
            Self::None(_) => Pages::none(),
            Self::Number(given) => {
                let pages = Pages::number(names.place(&given.query, &given.body)?, given.first);
                let pages = names.sized(pages, &given.size_query, &given.size_body, given.size)?;
                given.ends().end(given.totals().end(pages)?)?
            }
            Self::Offset(given) => {
                let pages = Pages::offset(names.place(&given.query, &given.body)?);
                let pages = names.sized(pages, &given.size_query, &given.size_body, given.size)?;
                given.ends().end(given.totals().end(pages)?)?
            }
            Self::Cursor(given) => {
                let place = names.place(&given.query, &given.body)?;
                given.ends().end(Pages::cursor(place, given.token()?))?
            }
            Self::NextUrl(given) => given.ends().end(Pages::next_url(given.pointer.as_str()))?,
            Self::Link(_) => Pages::link(),
            Self::Relay(given) => Pages::relay(&given.page_info, &given.after),
        })
    }
}

impl<'de> Deserialize<'de> for PagesSettings {
    fn deserialize<D: Deserializer<'de>>(settings: D) -> Result<Self, D::Error> {
        let (kind, settings) = alternative(settings)?;
        match kind.as_str() {
            "none" => typed(settings).map(Self::None),
            "number" => boxed(settings, Self::Number),
            "offset" => boxed(settings, Self::Offset),
            "cursor" => boxed(settings, Self::Cursor),
            "next_url" => boxed(settings, Self::NextUrl),
            "link" => typed(settings).map(Self::Link),
            "relay" => typed(settings).map(Self::Relay),
            _ => Err(serde::de::Error::custom("no known type")),
        }
    }
}

fn boxed<T: DeserializeOwned, E: serde::de::Error>(
    settings: Map<String, Value>,
    pages: impl FnOnce(Box<T>) -> PagesSettings,
) -> Result<PagesSettings, E> {
    typed(settings).map(|given| pages(Box::new(given)))
}

fn one() -> u64 {
    1
}

fn after() -> String {
    "after".to_owned()
}

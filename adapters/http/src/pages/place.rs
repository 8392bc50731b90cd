use super::Page;
use crate::{Body, Request, pointer};
use airbyte_singer_runtime::{Error, Result};
use serde_json::{Map, Value};
use std::fmt;

/// Where in a request a page's number or cursor stands. A text is the name of a parameter of its query.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// A parameter of the query.
    Query(String),
    /// A JSON Pointer into the body; of a form, the field of that name.
    Body(String),
}

impl Place {
    /// A parameter of the query.
    pub fn query(name: impl Into<String>) -> Self {
        Self::Query(name.into())
    }

    /// A JSON Pointer into the body, such as `/variables/after`; of a form, `/` and a field's name.
    pub fn body(pointer: impl Into<String>) -> Self {
        Self::Body(pointer.into())
    }

    pub(super) fn check(&self) -> Result<()> {
        match self {
            Self::Query(_) => Ok(()),
            Self::Body(at) => pointer::check(at),
        }
    }

    /// What a request has there.
    pub(super) fn get(&self, request: &Request) -> Option<Value> {
        match (self, &request.body) {
            (Self::Query(name), _) => {
                let mut pairs = request.url.query_pairs();
                let (_, value) = pairs.find(|(key, _)| key == name)?;
                Some(Value::String(value.into_owned()))
            }
            (Self::Body(at), Body::Json(body)) => body.pointer(at).cloned(),
            (Self::Body(at), Body::Form(fields)) => {
                let name = pointer::key(&at[1..]);
                let (_, value) = fields.iter().find(|(key, _)| *key == name)?;
                Some(Value::String(value.clone()))
            }
            (Self::Body(_), Body::Empty) => None,
        }
    }

    /// Puts something there in the place of what was.
    pub(super) fn set(&self, request: &mut Request, value: Value) -> Result<()> {
        match (self, &mut request.body) {
            (Self::Query(name), _) => {
                let text = text(value)?;
                request.set_query(name, &text);
            }
            (Self::Body(at), Body::Json(body)) => put(body, at, value)?,
            (Self::Body(at), Body::Form(fields)) => {
                let name = pointer::key(&at[1..]);
                fields.retain(|(key, _)| *key != name);
                fields.push((name, text(value)?));
            }
            (Self::Body(at), body @ Body::Empty) => {
                let mut document = Value::Object(Map::new());
                put(&mut document, at, value)?;
                *body = Body::Json(document);
            }
        }
        Ok(())
    }
}

impl From<&str> for Place {
    fn from(name: &str) -> Self {
        Self::Query(name.to_owned())
    }
}

impl From<String> for Place {
    fn from(name: String) -> Self {
        Self::Query(name)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Query(name) => write!(f, "the parameter `{name}`"),
            Self::Body(pointer) => write!(f, "the body's {pointer}"),
        }
    }
}

/// Where a page says how the next one is asked for. A text is a JSON Pointer into the rest of its body.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Token {
    /// A JSON Pointer into what the body holds beside its records.
    Rest(String),
    /// A JSON Pointer into its last record.
    Last(String),
    /// A header of the answer.
    Header(String),
}

impl Token {
    /// A JSON Pointer into what the body holds beside its records.
    pub fn rest(pointer: impl Into<String>) -> Self {
        Self::Rest(pointer.into())
    }

    /// A JSON Pointer into the last record, such as `/id`.
    pub fn last(pointer: impl Into<String>) -> Self {
        Self::Last(pointer.into())
    }

    /// A header of the answer.
    pub fn header(name: impl Into<String>) -> Self {
        Self::Header(name.into())
    }

    pub(super) fn check(&self) -> Result<()> {
        match self {
            Self::Rest(at) | Self::Last(at) => pointer::check(at),
            Self::Header(_) => Ok(()),
        }
    }

    /// What a page has there.
    pub(super) fn find(&self, page: &Page<'_>) -> Found {
        let found = match self {
            Self::Rest(at) => page.rest.pointer(at).cloned(),
            Self::Last(at) => page.last.and_then(|last| pointer::get(last, at)).cloned(),
            Self::Header(name) => {
                let value = page.headers.get(name).and_then(|value| value.to_str().ok());
                value.map(|value| Value::String(value.trim().to_owned()))
            }
        };
        match found {
            None => Found::Missing,
            Some(Value::Null | Value::Bool(false)) => Found::Nothing,
            Some(Value::String(text)) if text.is_empty() => Found::Nothing,
            Some(value) => Found::Value(value),
        }
    }
}

/// What a [`Token`] leads to.
#[derive(Debug, PartialEq)]
pub(super) enum Found {
    /// The page has no such thing.
    Missing,
    /// Null, false or an empty text.
    Nothing,
    Value(Value),
}

impl From<&str> for Token {
    fn from(pointer: &str) -> Self {
        Self::Rest(pointer.to_owned())
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rest(pointer) => f.write_str(pointer),
            Self::Last(pointer) => write!(f, "the last record's {pointer}"),
            Self::Header(name) => write!(f, "the header {name}"),
        }
    }
}

fn put(body: &mut Value, at: &str, value: Value) -> Result<()> {
    if pointer::put(body, at, value) {
        return Ok(());
    }
    Err(Error::system("the request's body has no place for the next page's cursor"))
}

/// A value as a query or a form has it.
fn text(value: Value) -> Result<String> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(truth) => Ok(truth.to_string()),
        _ => Err(Error::system("the next page's cursor is neither a text nor a number")),
    }
}

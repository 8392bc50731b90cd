//! From what is described to streams.

use super::config::{
    ErrorsSettings, GraphQlSettings, MethodSettings, ParentSettings, StreamSettings,
};
use super::family::Given;
use super::names::known_names;
use super::pages::PagesSettings;
use super::rules::Rules;
use super::sent::SentFormat;
use super::stream::{HttpStream, Parent, Parts, Sent, Texts};
use super::template::{CURSOR, Document, Template, Text, pointer_to};
use super::windows::{WINDOW_START, Windows};
use crate::{Api, Method, Pages, RecordPath, Request, ToldErrors, Url, pointer};
use airbyte_singer_runtime::{Error, Result};
use airbyte_singer_toolkit::{About, AnyStream, Schema, Streams, path};
use serde_json::Value;
use std::cell::Cell;
use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

/// A stream that promises an order is asked for a state after so many records.
const CHECKPOINT_EVERY: u64 = 1000;

/// The streams that are described.
///
/// # Errors
///
/// A config error that names the stream and the setting.
pub(super) fn streams(
    described: Vec<StreamSettings>,
    api: &Api,
    max_record_bytes: Option<u64>,
) -> Result<Streams> {
    if described.is_empty() {
        return Err(Error::config("the config is not valid: setting `streams` is empty"));
    }
    let mut names = HashSet::new();
    if let Some(twice) = described.iter().find(|one| !names.insert((&one.namespace, &one.name))) {
        return Err(fault(&twice.name, "name", &Error::config("another stream has it too")));
    }
    let made = described.iter().map(|_| None).collect();
    let mut plan = Plan { made, described, api, max_record_bytes };
    let streams = (0..plan.described.len()).map(|at| plan.make(at, &mut Vec::new()));
    streams.map(|stream| Ok(Box::new(stream?) as Box<dyn AnyStream>)).collect()
}

/// What is wrong with a setting of a stream.
fn fault(stream: &str, setting: &str, error: &Error) -> Error {
    Error::config(format!(
        "the config is not valid: stream {stream}: setting `{setting}`: {}",
        error.message()
    ))
}

struct Plan<'a> {
    described: Vec<StreamSettings>,
    made: Vec<Option<HttpStream>>,
    api: &'a Api,
    max_record_bytes: Option<u64>,
}

impl Plan<'_> {
    /// The stream at a place of the list; `children` are waiting for it.
    fn make(&mut self, at: usize, children: &mut Vec<usize>) -> Result<HttpStream> {
        if let Some(made) = &self.made[at] {
            return Ok(made.clone());
        }
        let described = self.described[at].clone();
        let parent = match &described.parent {
            None => None,
            Some(parent) => {
                children.push(at);
                let made = self.parent(parent, children);
                children.pop();
                Some(made.map_err(|error| match error {
                    Wrong::Here(error) => fault(&described.name, "parent", &error),
                    Wrong::Above(error) => error,
                })?)
            }
        };
        let mut parts = parts(described, parent, self.api)?;
        parts.max_record_bytes = self.max_record_bytes;
        let stream = HttpStream(Rc::new(parts));
        self.made[at] = Some(stream.clone());
        Ok(stream)
    }

    fn parent(
        &mut self,
        parent: &ParentSettings,
        children: &mut Vec<usize>,
    ) -> Result<Parent, Wrong> {
        let wrong = |text: String| Wrong::Here(Error::config(text));
        let name = &parent.stream;
        let at = self.described.iter().position(|one| one.name == *name);
        let at = at.ok_or_else(|| wrong(format!("there is no stream `{name}`")))?;
        if children.contains(&at) {
            return Err(wrong(format!("`{name}` is below this stream itself")));
        }
        let pointer = pointer_to(&parent.field);
        pointer::check(&pointer).map_err(Wrong::Here)?;
        let stream = self.make(at, children).map_err(Wrong::Above)?;
        if stream.names().contains(&parent.name) {
            let text =
                format!("`{}` is the name of something that its own parent gives", parent.name);
            return Err(wrong(text));
        }
        let (name, missing) = (parent.name.clone(), parent.missing);
        let given =
            Given { parent: stream.name().to_owned(), pointer, name, missing, seen: Rc::default() };
        Ok(Parent { stream, given })
    }
}

/// Where a fault is.
enum Wrong {
    Here(Error),
    /// In the description of a parent.
    Above(Error),
}

fn parts(given: StreamSettings, parent: Option<Parent>, api: &Api) -> Result<Parts> {
    let of_parents = parent.as_ref().map(Parent::names).unwrap_or_default();
    let known = known_names(&given, &of_parents);
    let name = given.name.clone();
    let at = |setting: &'static str| {
        let name = name.clone();
        move |error: Error| fault(&name, setting, &error)
    };
    let method = given.method;
    let sent = sent(&given, &known, &at("body"))?;
    let method = match (method, &sent) {
        (Some(MethodSettings::Get), _) | (None, Sent::Nothing) => Method::GET,
        (Some(MethodSettings::Post) | None, _) => Method::POST,
        (Some(MethodSettings::Put), _) => Method::PUT,
        (Some(MethodSettings::Patch), _) => Method::PATCH,
    };
    if let Some(cursor) = &given.cursor {
        cursor.check().map_err(at("cursor"))?;
    }
    let changes = given.transformations.iter().map(|change| change.change(&of_parents));
    let requests = Texts {
        path: Template::parse(&given.path, &known).map_err(at("path"))?,
        query: templates(&given.query, &known).map_err(at("query"))?,
        headers: headers(&given, &known),
        sent,
    };
    let sent_format = given.cursor.as_ref().and_then(|cursor| cursor.sent_format.as_deref());
    let sent_format = sent_format.map(SentFormat::parse).transpose().map_err(at("cursor"))?;
    let is_cursor_named = !of_parents.iter().any(|name| name == CURSOR) && requests.names(CURSOR);
    if let Some(cursor) = given.cursor.as_ref().filter(|_| !is_cursor_named) {
        cursor.check_start().map_err(at("cursor"))?;
    }
    check_texts(&given, &requests, is_cursor_named)
        .map_err(|(setting, error)| at(setting)(error))?;
    Ok(Parts {
        about: about(&given).map_err(at("cursor"))?,
        api: api.clone(),
        method,
        requests,
        is_cursor_named,
        sent_format,
        records: records(&given).map_err(|(setting, error)| at(setting)(error))?,
        format: given.format,
        max_record_bytes: None,
        rules: Rc::new(Rules::new(&given.rules).map_err(at("rules"))?),
        delimiter: given
            .delimiter
            .as_deref()
            .map(super::format::delimiter)
            .transpose()
            .map_err(at("delimiter"))?,
        encoding: given
            .encoding
            .clone()
            .map(super::format::encoding)
            .transpose()
            .map_err(at("encoding"))?,
        declared: declared(&given),
        errors: match given.errors {
            ErrorsSettings::Fail => ToldErrors::Fail,
            ErrorsSettings::Ignore => ToldErrors::Ignore,
        },
        pages: pages(given.pages.as_ref(), given.graphql.as_ref()).map_err(at("pages"))?,
        windows: given.windows.map(Windows::new).transpose().map_err(at("windows"))?,
        cursor: given.cursor,
        parent,
        changes: changes.collect::<Result<_>>().map_err(at("transformations"))?,
        ignore: given.ignore.into(),
        is_resumable: given.resumable,
        has_warned: Cell::new(false),
        name,
    })
}

/// The names of fields that the user knows of records.
fn declared(given: &StreamSettings) -> Vec<String> {
    let columns = given.schema.as_ref().and_then(|schema| schema.get("properties")?.as_object());
    let columns = columns.into_iter().flat_map(|columns| columns.keys().cloned());
    let cursor = given.cursor.iter().map(|cursor| cursor.field.clone());
    let keys = given.primary_key.iter().cloned().chain(cursor);
    // Of a nested one the name that the record has itself.
    keys.filter_map(|field| path(&field).into_iter().next()).chain(columns).collect()
}

fn about(given: &StreamSettings) -> Result<About> {
    let schema = Schema::given(given.schema.clone().map(Value::Object).unwrap_or_default());
    let mut about = About::new(&given.name, schema).key(given.primary_key.iter().cloned());
    about = about.resumable(given.resumable);
    if let Some(namespace) = &given.namespace {
        about = about.namespace(namespace);
    }
    if let Some(cursor) = &given.cursor {
        about = about.cursor(cursor.order()?);
        if cursor.sorted {
            about = about.checkpoint_every(CHECKPOINT_EVERY);
        }
    }
    Ok(about)
}

fn sent(given: &StreamSettings, known: &[String], fault: &dyn Fn(Error) -> Error) -> Result<Sent> {
    let sent = match (&given.body, &given.graphql, given.form.is_empty()) {
        (None, None, true) => Ok(Sent::Nothing),
        (None, None, false) => templates(&given.form, known).map(Sent::Form),
        (Some(body), None, true) => {
            Document::parse(&Value::Object(body.clone()), known).map(Sent::Json)
        }
        (None, Some(graphql), true) => {
            let variables = Value::Object(graphql.variables.clone());
            let query = graphql.query.clone();
            Document::parse(&variables, known).map(|variables| Sent::GraphQl { query, variables })
        }
        _ => Err(Error::config("of the settings `body`, `form` and `graphql` it can have one")),
    };
    sent.map_err(fault)
}

fn templates(
    texts: &BTreeMap<String, Text>,
    known: &[String],
) -> Result<Vec<(Template, Template)>> {
    texts
        .iter()
        .map(|(name, text)| {
            Ok((Template::parse(name, known)?, Template::parse(text.as_str(), known)?))
        })
        .collect()
}

/// Where the records are, and what they get from around them.
fn records(given: &StreamSettings) -> Result<RecordPath, (&'static str, Error)> {
    let mut path: RecordPath = given.records.parse().map_err(|error| ("records", error))?;
    if let Some(name) = &given.key_field {
        path = path.key_field(name).map_err(|error| ("key_field", error))?;
    }
    for (name, at) in &given.around {
        path = path.field_around(name, at).map_err(|error| ("around", error))?;
    }
    if let Some(name) = &given.value_field {
        path = path.value_field(name);
    }
    let is_plain = path == given.records.parse().unwrap_or_default();
    if !is_plain && !given.format.may_be_json() {
        let text = "keys and fields around records can be had of JSON only";
        return Err(("format", Error::config(text)));
    }
    Ok(path)
}

/// Headers are secrets, so what stands in braces there is never told, and one that nobody knows may be a
/// part of a secret.
fn headers(given: &StreamSettings, known: &[String]) -> Vec<(String, Template)> {
    let headers = given.headers.iter().map(|(name, value)| {
        let template = Template::parse(value.expose(), known).unwrap_or_else(|_| {
            tracing::warn!(
                "stream {}: the header {name} has a name in braces that nobody gives; it is sent as it \
                 stands",
                given.name
            );
            Template::literal(value.expose())
        });
        (name.clone(), template)
    });
    headers.collect()
}

/// # Errors
///
/// What is wrong with texts that have the cursor or a span, and the setting that has it.
fn check_texts(
    given: &StreamSettings,
    texts: &Texts,
    is_cursor_named: bool,
) -> Result<(), (&'static str, Error)> {
    let has_start = given.cursor.as_ref().is_some_and(|cursor| cursor.start.is_some());
    if is_cursor_named && !has_start && texts.path.names().any(|name| name == CURSOR) {
        let text = "a path with {cursor} needs the setting `start` of `cursor`";
        return Err(("path", Error::config(text)));
    }
    let Some(windows) = &given.windows else { return Ok(()) };
    let is_sent = windows.start_query.is_some() || windows.start_body.is_some();
    if is_sent || texts.names(WINDOW_START) {
        return Ok(());
    }
    let text = "nothing sends a span's beginning: it needs `start_query` or `start_body`, or \
                {window_start} in a text of the request";
    Err(("windows", Error::config(text)))
}

/// How a stream is paged; a query of GraphQL knows it by itself.
fn pages(given: Option<&PagesSettings>, graphql: Option<&GraphQlSettings>) -> Result<Pages> {
    let relay = graphql.and_then(|graphql| Some((graphql.page_info.as_deref()?, &graphql.after)));
    let pages = match (given, relay) {
        (None, None) => Pages::none(),
        (Some(given), None) => given.pages(graphql.is_some())?,
        (None, Some((page_info, after))) => {
            pointer::check(page_info)?;
            Pages::relay(page_info, after)
        }
        (Some(_), Some(_)) => {
            return Err(Error::config("`graphql.page_info` says already how pages go on"));
        }
    };
    // What is wrong with a pointer is said now rather than with the first page.
    if let Ok(url) = Url::parse("http://localhost/") {
        pages.open(&mut Request::get(url))?;
    }
    Ok(pages)
}

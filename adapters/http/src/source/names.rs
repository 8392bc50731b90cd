//! The names in texts of a config that stand for values, and texts in which they stand for nothing.

use super::config::{Settings, StreamSettings};
use super::template::{CURSOR, Template};
use super::windows::{WINDOW_END, WINDOW_START};
use airbyte_singer_runtime::{Error, Result};
use serde_json::Value;

/// The settings of a stream in which values are filled in, or whose braces are their own.
const FILLED: [&str; 8] =
    ["path", "query", "headers", "body", "form", "graphql", "transformations", "schema"];

/// The names that texts of a request may have: what parents give, the cursor, a span's two ends.
pub(super) fn known_names(given: &StreamSettings, of_parents: &[String]) -> Vec<String> {
    let own = [
        (CURSOR, given.cursor.is_some()),
        (WINDOW_START, given.windows.is_some()),
        (WINDOW_END, given.windows.is_some()),
    ];
    let own = own.into_iter().filter(|(_, is_there)| *is_there).map(|(name, _)| name.to_owned());
    let mut known = of_parents.to_vec();
    for name in own {
        if !known.contains(&name) {
            known.push(name);
        }
    }
    known
}

/// Looks at the texts that all streams share, in which nothing is filled in.
///
/// # Errors
///
/// A config error: one of them has what a stream's texts may have, such as what a parent gives.
pub(super) fn check_shared(settings: &Settings) -> Result<()> {
    let mut known: Vec<String> = vec![CURSOR.into(), WINDOW_START.into(), WINDOW_END.into()];
    let parents = settings.streams.iter().filter_map(|stream| stream.parent.as_ref());
    known.extend(parents.map(|parent| parent.name.clone()));
    let query = settings.query.iter();
    let query = query.map(|(name, text)| (format!("query.{name}"), text.as_str(), false));
    let headers = settings.headers.iter();
    let headers = headers.map(|(name, text)| (format!("headers.{name}"), text.expose(), true));
    let url = [("url".to_owned(), settings.url.as_str(), false)];
    for (setting, text, is_secret) in url.into_iter().chain(query).chain(headers) {
        let template = Template::of(text, &known);
        let names: Vec<&str> = template.names().collect();
        if let Some(name) = names.iter().find(|name| known.iter().any(|one| one == *name)) {
            return Err(Error::config(format!(
                "the config is not valid: setting `{setting}`: {{{name}}} can't be filled in here, \
                 since this is the same for all streams; a stream has settings of its own for it"
            )));
        }
        if let (Some(name), false) = (names.first(), is_secret) {
            tracing::warn!(
                "setting `{setting}` has {{{name}}}, which is sent as it stands; to say that this is meant, write \\{{{name}}}"
            );
        }
    }
    Ok(())
}

/// Looks at the texts of streams in which nothing is filled in, such as pointers and what pages are asked
/// for by; `given` is all that is said of the streams.
///
/// # Errors
///
/// A config error: one of them has a name that other texts of the stream may have.
pub(super) fn check_unfilled(streams: &[StreamSettings], given: Option<&Value>) -> Result<()> {
    let given = given.and_then(Value::as_array).into_iter().flatten();
    for (stream, given) in streams.iter().zip(given) {
        let known = known_names(stream, &names_of_parents(stream, streams));
        let settings = given.as_object().into_iter().flatten();
        for (setting, value) in settings.filter(|(name, _)| !FILLED.contains(&name.as_str())) {
            if let Some(name) = name_within(value, &known) {
                return Err(Error::config(format!(
                    "the config is not valid: stream {}: setting `{setting}`: {{{name}}} can't be filled \
                     in here",
                    stream.name
                )));
            }
        }
    }
    Ok(())
}

/// What the parents of a stream give, as far as they are there.
fn names_of_parents(stream: &StreamSettings, all: &[StreamSettings]) -> Vec<String> {
    let mut names = Vec::new();
    let mut above = stream.parent.as_ref();
    while let Some(parent) = above.filter(|_| names.len() < all.len()) {
        names.push(parent.name.clone());
        let stream = all.iter().find(|stream| stream.name == parent.stream);
        above = stream.and_then(|stream| stream.parent.as_ref());
    }
    names
}

/// The first known name in any text of a value.
fn name_within(value: &Value, known: &[String]) -> Option<String> {
    match value {
        Value::String(text) => {
            let template = Template::of(text, known);
            let mut names = template.names();
            names.find(|name| known.iter().any(|one| one == name)).map(str::to_owned)
        }
        Value::Array(list) => list.iter().find_map(|one| name_within(one, known)),
        Value::Object(members) => members.values().find_map(|one| name_within(one, known)),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

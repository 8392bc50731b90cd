//! Where a full refresh goes on: the next page, kept in the state.

use super::api::address;
use super::redirect::Added;
use super::{Body, Request};
use airbyte_singer_runtime::{Error, Result};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use url::Url;

/// How a page's request differs from the first one's. What is the same comes from the call when it goes
/// on, so that no credential of it gets into a state.
///
/// `url` is the whole address where it is another one; otherwise `query` has the values of each
/// parameter that differs. `json` is a merge patch ([RFC 7396]) of the body, `form` is like `query`.
///
/// [RFC 7396]: https://www.rfc-editor.org/rfc/rfc7396
#[derive(Debug, Default, PartialEq)]
pub(super) struct Position {
    url: Option<Url>,
    query: Fields,
    json: Option<Value>,
    form: Fields,
}

/// Names and all their values, in their order.
type Fields = BTreeMap<String, Vec<String>>;

impl Position {
    /// Where `next` is, as seen from `first`.
    pub(super) fn between(first: &Request, next: &Request, added: &Added) -> Self {
        let mut url = next.url.clone();
        added.strip(&mut url);
        let mut position = Self::default();
        if without_query(&first.url) == without_query(&url) {
            let mut before = first.url.clone();
            added.strip(&mut before);
            position.query = changed(&query_of(&before), &query_of(&url));
        } else {
            position.url = Some(url);
        }
        match (&first.body, &next.body) {
            (before, Body::Form(after)) => {
                let before = if let Body::Form(fields) = before { fields.as_slice() } else { &[] };
                position.form = changed(before, after);
            }
            (Body::Json(before), Body::Json(after)) => position.json = patch(before, after),
            (_, Body::Json(after)) => position.json = Some(after.clone()),
            (_, Body::Empty) => {}
        }
        position
    }

    /// The request that this stands for, if the call's first one is this.
    pub(super) fn applied_to(self, first: &Request) -> Request {
        let mut request = first.clone();
        match self.url {
            Some(url) => request.url = url,
            None if self.query.is_empty() => {}
            None => {
                let mut pairs = query_of(&request.url);
                apply(self.query, &mut pairs);
                request.url.query_pairs_mut().clear().extend_pairs(pairs);
            }
        }
        if !self.form.is_empty() {
            let mut fields = match request.body {
                Body::Form(fields) => fields,
                _ => Vec::new(),
            };
            apply(self.form, &mut fields);
            request.body = Body::Form(fields);
        } else if let Some(patch) = self.json {
            let mut body = match request.body {
                Body::Json(body) => body,
                _ => Value::Null,
            };
            merge(&mut body, patch);
            request.body = Body::Json(body);
        }
        request
    }

    pub(super) fn parse(value: Value) -> Result<Self> {
        Self::parsed(value)
            .ok_or_else(|| Error::config("the state holds no page of this stream; reset it"))
    }

    fn parsed(value: Value) -> Option<Self> {
        let Value::Object(members) = value else { return None };
        let mut position = Self::default();
        for (name, value) in members {
            match name.as_str() {
                "url" => position.url = Some(address(value.as_str()?).ok()?),
                "query" => position.query = serde_json::from_value(value).ok()?,
                "form" => position.form = serde_json::from_value(value).ok()?,
                "json" => position.json = Some(value),
                _ => return None,
            }
        }
        Some(position)
    }

    pub(super) fn into_value(self) -> Value {
        let mut members = Map::new();
        if let Some(url) = self.url {
            members.insert("url".to_owned(), String::from(url).into());
        }
        for (name, fields) in [("query", self.query), ("form", self.form)] {
            if !fields.is_empty() {
                members.insert(name.to_owned(), json!(fields));
            }
        }
        if let Some(body) = self.json {
            members.insert("json".to_owned(), body);
        }
        members.into()
    }
}

fn without_query(url: &Url) -> &str {
    &url[..url::Position::AfterPath]
}

fn query_of(url: &Url) -> Vec<(String, String)> {
    url.query_pairs().into_owned().collect()
}

fn grouped(pairs: &[(String, String)]) -> Fields {
    let mut fields = Fields::new();
    for (name, value) in pairs {
        fields.entry(name.clone()).or_default().push(value.clone());
    }
    fields
}

/// The fields that differ; one that is gone has no values.
fn changed(before: &[(String, String)], after: &[(String, String)]) -> Fields {
    let (before, mut after) = (grouped(before), grouped(after));
    for (name, values) in before {
        match after.get(&name) {
            Some(now) if *now == values => {
                after.remove(&name);
            }
            Some(_) => {}
            None => {
                after.insert(name, Vec::new());
            }
        }
    }
    after
}

fn apply(changed: Fields, pairs: &mut Vec<(String, String)>) {
    pairs.retain(|(name, _)| !changed.contains_key(name));
    for (name, values) in changed {
        pairs.extend(values.into_iter().map(|value| (name.clone(), value)));
    }
}

/// The merge patch that makes one document of another; none if they are the same.
fn patch(before: &Value, after: &Value) -> Option<Value> {
    if before == after {
        return None;
    }
    let (Value::Object(before), Value::Object(after)) = (before, after) else {
        return Some(after.clone());
    };
    let mut members = Map::new();
    for (name, value) in after {
        let change = match before.get(name) {
            Some(old) => patch(old, value),
            None => Some(value.clone()),
        };
        members.extend(change.map(|change| (name.clone(), change)));
    }
    let gone = before.keys().filter(|name| !after.contains_key(*name));
    members.extend(gone.map(|name| (name.clone(), Value::Null)));
    Some(members.into())
}

fn merge(document: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *document = patch;
        return;
    };
    if !document.is_object() {
        *document = Value::Object(Map::new());
    }
    let Value::Object(members) = document else { return };
    for (name, change) in patch {
        if change.is_null() {
            members.remove(&name);
        } else {
            merge(members.entry(name).or_insert(Value::Null), change);
        }
    }
}

#[cfg(test)]
mod tests;

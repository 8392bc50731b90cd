//! A stream that was described.

use super::cursor::CursorSettings;
use super::family::Parent;
use super::format::FormatSettings;
use super::template::{Document, Template, Values};
use super::windows::{Span, Windows};
use crate::http::{Api, Call, Method, Pages, RecordPath, ToldErrors, Transform, Verdict, pointer};
use crate::toolkit::{About, Out, Secret, Slice, Slices, Stream};
use crate::{Error, Result};
use serde_json::Value;
use std::rc::Rc;

/// A stream; cloning gives another handle.
#[derive(Clone)]
pub(super) struct HttpStream(pub(super) Rc<Parts>);

/// What a stream is made of.
pub(super) struct Parts {
    pub(super) name: String,
    pub(super) about: About,
    pub(super) api: Api,
    pub(super) method: Method,
    pub(super) path: Template,
    pub(super) query: Vec<(String, Template)>,
    pub(super) headers: Vec<(String, Secret)>,
    pub(super) sent: Sent,
    pub(super) records: RecordPath,
    pub(super) format: FormatSettings,
    pub(super) pages: Pages,
    pub(super) cursor: Option<CursorSettings>,
    pub(super) windows: Option<Windows>,
    pub(super) parent: Option<Parent>,
    pub(super) changes: Rc<[Transform]>,
    pub(super) ignore: Rc<[u16]>,
    /// Fields of which a record has one.
    pub(super) declared: Vec<String>,
    pub(super) errors: ToldErrors,
    pub(super) is_resumable: bool,
}

/// What a request has for a body.
pub(super) enum Sent {
    Nothing,
    Json(Document),
    Form(Vec<(String, Template)>),
    GraphQl { query: String, variables: Document },
}

impl Stream for HttpStream {
    fn about(&self) -> About {
        self.0.about.clone()
    }

    async fn slices(&self, slices: &mut Slices<'_>) -> Result<()> {
        if let Some(parent) = &self.0.parent {
            let names = parent.names();
            let make = |given: &Value| {
                let parts = names.iter().map(|name| (name.as_str(), given[name].clone()));
                Some(Slice::partition(parts))
            };
            return slices.of_parent(parent, make).await;
        }
        match &self.0.windows {
            Some(windows) => {
                let cursor = slices.cursor()?;
                slices.emit_all(windows.spans(cursor.as_ref()).iter().map(Span::slice)).await
            }
            None => slices.emit(Slice::whole()).await,
        }
    }

    async fn read(&self, slice: &Slice, out: &mut Out<'_>) -> Result<()> {
        for call in self.calls(slice)? {
            let call = match self.0.is_resumable && !self.is_cut_within() {
                true => call?.resumable(slice),
                false => call?,
            };
            call.emit(out).await?;
        }
        Ok(())
    }
}

impl HttpStream {
    pub(super) fn name(&self) -> &str {
        &self.0.name
    }

    /// What its slices know of parents, by name.
    pub(super) fn names(&self) -> Vec<String> {
        self.0.parent.as_ref().map(Parent::names).unwrap_or_default()
    }

    /// What a slice knows of parents.
    pub(super) fn values(&self, slice: &Slice) -> Result<Values> {
        self.names().into_iter().map(|name| Ok((name.clone(), slice.get(&name)?))).collect()
    }

    /// Whether each slice has windows of its own, since it is a parent's.
    fn is_cut_within(&self) -> bool {
        self.0.parent.is_some() && self.0.windows.is_some()
    }

    /// The calls that bring a slice, one after the other.
    pub(super) fn calls<'a>(
        &self,
        slice: &Slice,
    ) -> Result<impl Iterator<Item = Result<Call<'a>>> + use<'a>> {
        let values = self.values(slice)?;
        let cursor = self.0.cursor.as_ref();
        let begin = cursor.map(|cursor| cursor.begin(slice)).transpose()?.flatten();
        let spans = match &self.0.windows {
            None => vec![None],
            Some(windows) if self.is_cut_within() => {
                let spans = windows.spans(slice.cursor()?.as_ref());
                spans.into_iter().map(Some).collect()
            }
            Some(_) => vec![Some(Span::of(slice)?)],
        };
        let stream = self.clone();
        Ok(spans.into_iter().map(move |span| stream.call(&values, begin.as_ref(), span)))
    }

    fn call<'a>(
        &self,
        values: &Values,
        begin: Option<&Value>,
        span: Option<Span>,
    ) -> Result<Call<'a>> {
        let Parts { api, method, path, records, pages, .. } = &*self.0;
        let mut call = api.call(method.clone(), path.fill_path(values)?);
        for (name, value) in &self.0.query {
            call = call.query(name, value.fill(values)?);
        }
        for (name, value) in &self.0.headers {
            call = call.header(name, value.expose());
        }
        call = self.send(call, values, begin)?;
        if let (Some(cursor), Some(begin)) = (&self.0.cursor, begin) {
            call = match (&cursor.query, &cursor.header) {
                (Some(name), _) => self.ask(call, name, begin),
                (_, Some(name)) => {
                    call.header(name, super::template::plain(begin).unwrap_or_default())
                }
                (None, None) => call,
            };
        }
        if let (Some(windows), Some(span)) = (&self.0.windows, span) {
            call = self.ask(call, &windows.settings.start_query, &span.start.into());
            if let Some(name) = &windows.settings.end_query {
                call = self.ask(call, name, &span.end.into());
            }
        }
        if let Some(cursor) = &self.0.cursor {
            call = cursor.filter(call, begin);
        }
        Ok(self.judge(self.0.format.of(call, records).pages(pages.clone())))
    }

    /// Asks by a parameter, or by a variable of GraphQL.
    fn ask<'a>(&self, call: Call<'a>, name: &str, value: &Value) -> Call<'a> {
        match &self.0.sent {
            Sent::GraphQl { .. } => call.variable(name, value),
            _ => call.query_opt(name, super::template::plain(value)),
        }
    }

    /// Adds the body.
    fn send<'a>(&self, call: Call<'a>, values: &Values, begin: Option<&Value>) -> Result<Call<'a>> {
        let place = self.0.cursor.as_ref().and_then(|cursor| cursor.body.as_deref());
        let begin = place.zip(begin);
        match &self.0.sent {
            Sent::Nothing if begin.is_none() => Ok(call),
            Sent::Nothing => Ok(call.json(with(Value::Null, begin)?)),
            Sent::Json(document) => Ok(call.json(with(document.fill(values)?, begin)?)),
            Sent::Form(fields) => {
                let filled = fields.iter().map(|(name, value)| Ok((name, value.fill(values)?)));
                let mut filled = filled.collect::<Result<Vec<_>>>()?;
                let begin = begin.and_then(|(place, value)| {
                    Some((place[1..].to_owned(), super::template::plain(value)?))
                });
                if let Some((name, value)) = &begin {
                    filled.push((name, value.clone()));
                }
                Ok(call.form(filled.into_iter().map(|(name, value)| (name.as_str(), value))))
            }
            Sent::GraphQl { query, variables } => {
                let Value::Object(variables) = variables.fill(values)? else { return Ok(call) };
                let call = call.graphql(query);
                Ok(variables
                    .into_iter()
                    .fold(call, |call, (name, value)| call.variable(name, value)))
            }
        }
    }

    /// Adds what becomes of answers and records.
    fn judge<'a>(&self, call: Call<'a>) -> Call<'a> {
        let (changes, ignore) = (Rc::clone(&self.0.changes), Rc::clone(&self.0.ignore));
        let call = match changes.is_empty() {
            true => call,
            false => call.step(move |mut record| {
                changes.iter().try_for_each(|change| change.apply(&mut record))?;
                Ok(Some(record))
            }),
        };
        let call = call
            .errors(self.0.errors)
            .declares(self.0.declared.iter().cloned())
            .way_out("if it is none, the stream's setting `errors: ignore` says so");
        call.classify(move |answer| {
            ignore.contains(&answer.status.as_u16()).then_some(Verdict::Ignore)
        })
    }
}

/// A body that asks for records from a value on.
fn with(mut body: Value, begin: Option<(&str, &Value)>) -> Result<Value> {
    if let Some((place, value)) = begin
        && !pointer::put(&mut body, place, value.clone())
    {
        return Err(Error::config(format!("its body has no place for the cursor at {place}")));
    }
    Ok(body)
}

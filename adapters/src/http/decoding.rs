//! Stand-in.
use super::format::*;
use super::*;
use crate::{Error, Result};
use serde_json::Value;
use std::collections::VecDeque;
use std::io::BufRead;
use std::sync::Arc;

pub(super) struct Decoding {
    response: Option<reqwest::Response>,
    format: Arc<dyn Format>,
    records: VecDeque<Record>,
    rest: Rest,
}

impl Decoding {
    pub(super) fn start(response: reqwest::Response, format: Arc<dyn Format>) -> Self {
        Self { response: Some(response), format, records: VecDeque::new(), rest: Rest::Null }
    }
    pub(super) async fn next(&mut self) -> Result<Option<Record>> {
        if let Some(response) = self.response.take() {
            let body =
                response.bytes().await.map_err(|_| Error::transient("its answer broke off"))?;
            let records = &mut self.records;
            self.rest = self.format.decode(&mut &body[..], &mut |record| {
                records.push_back(record);
                Ok(())
            })?;
        }
        Ok(self.records.pop_front())
    }
    pub(super) fn rest(self) -> Rest {
        self.rest
    }
}

pub(super) struct Json(String);
impl Json {
    pub(super) fn at(path: &str) -> Self {
        Self(path.to_owned())
    }
}
impl Format for Json {
    fn decode(&self, body: &mut dyn BufRead, each: &mut Each<'_>) -> Result<Rest> {
        let mut value: Value = serde_json::from_reader(body).map_err(|e| {
            Error::system(format!(
                "its answer is no JSON (line {}, column {})",
                e.line(),
                e.column()
            ))
        })?;
        let found = value.pointer_mut(&self.0).ok_or_else(|| Error::system("no records"))?;
        match found.take() {
            Value::Array(items) => {
                for item in items {
                    let Value::Object(item) = item else { return Err(Error::system("no record")) };
                    each(item)?;
                }
                *found = Value::Array(Vec::new());
            }
            Value::Object(item) => each(item)?,
            _ => return Err(Error::system("no record")),
        }
        Ok(value)
    }
}

/// Pages.
#[derive(Debug, Clone)]
pub struct Pages(Option<String>);
impl Pages {
    /// One.
    pub fn one() -> Self {
        Self(None)
    }
    /// Next.
    pub fn next_url(path: &str) -> Self {
        Self(Some(path.to_owned()))
    }
    pub(super) fn turner(&self) -> Turner {
        Turner(self.0.clone())
    }
}
pub(super) struct Turner(Option<String>);
impl Turner {
    pub(super) fn next(&mut self, page: &Page<'_>, request: &mut Request) -> Result<bool> {
        let next = self.0.as_ref().and_then(|path| page.rest.pointer(path)?.as_str());
        let Some(next) = next else { return Ok(false) };
        request.url = request.url.join(next).map_err(|_| Error::system("no url"))?;
        Ok(true)
    }
}

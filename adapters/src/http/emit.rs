//! From pages to records.

use super::ask::{Body, Interrupted, Question, Read};
use super::call::Step;
use super::format::Record;
use super::resume::Position;
use super::verdict::Opinion;
use super::written::Written;
use super::{Api, Decoding, Page, Pages, Request};
use crate::toolkit::Out;
use crate::{Error, Result};
use reqwest::Response;
use serde_json::Value;

/// Takes records, and hears where the next page is.
pub(super) trait Taker {
    async fn record(&mut self, record: Record) -> Result<()>;
    fn next_page(&mut self, position: Value) -> Result<()>;
}

pub(super) struct ToOut<'a, 'o>(pub(super) &'a mut Out<'o>);

impl Taker for ToOut<'_, '_> {
    async fn record(&mut self, record: Record) -> Result<()> {
        self.0.emit(&record).await
    }

    fn next_page(&mut self, position: Value) -> Result<()> {
        self.0.checkpoint(position)
    }
}

/// Takes records by a function, which is asked for no position.
pub(super) struct Pagewise<F>(pub(super) F);

impl<F: AsyncFnMut(Record) -> Result<()>> Taker for Pagewise<F> {
    async fn record(&mut self, record: Record) -> Result<()> {
        self.0(record).await
    }

    fn next_page(&mut self, _: Value) -> Result<()> {
        Ok(())
    }
}

/// What is done with each page.
pub(super) struct Plan<'a> {
    pub(super) api: Api,
    pub(super) written: Written,
    pub(super) opinions: Vec<Box<Opinion<'a>>>,
    pub(super) steps: Vec<Box<Step<'a>>>,
    pub(super) is_resumable: bool,
}

impl Plan<'_> {
    /// Reads all pages from `first` on, or from where `position` says.
    pub(super) async fn run(
        mut self,
        first: Request,
        position: Option<Value>,
        pages: Pages,
        taker: &mut impl Taker,
    ) -> Result<()> {
        let mut request = match position {
            Some(position) => Position::parse(position)?.applied_to(&first),
            None => first.clone(),
        };
        let mut turner = pages.open(&mut request)?;
        loop {
            let Some(Read { body, headers, added }) = self.page(&request, taker).await? else {
                return Ok(());
            };
            let Body { records, last, rest } = body;
            let page = Page { records, last: last.as_ref(), rest: &rest, headers: &headers };
            let place = request.place();
            let more = turner.next(&page, &mut request);
            if !more.map_err(|error| error.prefaced(&format!("{place}: ")))? {
                return Ok(());
            }
            if !self.api.settings.is_home(&request.url) {
                added.strip(&mut request.url);
            }
            if self.is_resumable {
                taker.next_page(Position::between(&first, &request, &added).into_value())?;
            }
        }
    }

    async fn page(&mut self, request: &Request, taker: &mut impl Taker) -> Result<Option<Read>> {
        let Self { api, written, opinions, steps, .. } = self;
        let is_graphql = written.is_graphql;
        let question = Question { api, request, opinions, is_graphql };
        question
            .ask(async |response| {
                let mut body = Body::default();
                let format = written.format(&response);
                let mut decoding = Decoding::start(response, format);
                while let Some(record) = decoding.next().await.map_err(Interrupted::ByAnswer)? {
                    body.records += 1;
                    // The last record stays with the page; the ones before it go their way.
                    if let Some(record) = body.last.replace(record) {
                        step(record, steps, taker).await.map_err(Interrupted::ByTaker)?;
                    }
                }
                body.rest = decoding.rest();
                if let Some(record) = body.last.clone() {
                    step(record, steps, taker).await.map_err(Interrupted::ByTaker)?;
                }
                Ok(body)
            })
            .await
    }
}

async fn step(
    mut record: Record,
    steps: &mut [Box<Step<'_>>],
    taker: &mut impl Taker,
) -> Result<()> {
    for step in steps {
        match step(record)? {
            Some(changed) => record = changed,
            None => return Ok(()),
        }
    }
    taker.record(record).await
}

/// The whole of one answer.
pub(super) async fn fetch(
    api: &Api,
    request: &Request,
    opinions: &[Box<Opinion<'_>>],
    is_graphql: bool,
) -> Result<Value> {
    let question = Question { api, request, opinions, is_graphql };
    let read = question.ask(async |response| {
        let rest = whole(response).await.map_err(Interrupted::ByAnswer)?;
        Ok(Body { rest, ..Body::default() })
    });
    Ok(read.await?.map(|read| read.body.rest).unwrap_or_default())
}

async fn whole(mut response: Response) -> Result<Value> {
    let broken = |_| Error::transient("the connection broke off in the middle of the answer");
    let mut text = Vec::new();
    while let Some(part) = response.chunk().await.map_err(broken)? {
        text.extend_from_slice(&part);
    }
    if text.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Error::system(format!("the answer is no JSON (line {line}, column {column})"))
    })
}

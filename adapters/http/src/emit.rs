//! From pages to records.

use super::ask::{Body, Interrupted, Question, Read};
use super::format::{Record, Whole, decoding};
use super::resume::Position;
use super::told::ToldErrors;
use super::verdict::Opinion;
use super::written::Written;
use super::{Api, Decoding, Page, Pages, Request};
use airbyte_protocol::Change;
use airbyte_singer_runtime::Result;
use airbyte_singer_toolkit::Out;
use serde_json::Value;
use std::rc::Rc;
use std::sync::Arc;

/// What becomes of a record before it is taken.
pub(super) type Step<'a> = dyn FnMut(Record) -> Result<Option<Record>> + 'a;

/// Takes records, and hears where the next page is.
pub(super) trait Taker {
    /// Takes a record, in which this was changed while it was read.
    async fn record(&mut self, record: Record, changes: Vec<Change>) -> Result<()>;
    /// The page is read again, from its beginning.
    fn again(&mut self);
    fn next_page(&mut self, position: Value) -> Result<()>;
}

pub(super) struct ToOut<'a, 'o>(pub(super) &'a mut Out<'o>);

impl Taker for ToOut<'_, '_> {
    async fn record(&mut self, record: Record, changes: Vec<Change>) -> Result<()> {
        self.0.emit_record(record, &changes).await
    }

    fn again(&mut self) {
        self.0.again();
    }

    fn next_page(&mut self, position: Value) -> Result<()> {
        self.0.checkpoint(position)
    }
}

/// Takes records by a function, which is asked for no position.
pub(super) struct Pagewise<F>(pub(super) F);

impl<F: AsyncFnMut(Record) -> Result<()>> Taker for Pagewise<F> {
    async fn record(&mut self, record: Record, _: Vec<Change>) -> Result<()> {
        self.0(record).await
    }

    fn again(&mut self) {}

    fn next_page(&mut self, _: Value) -> Result<()> {
        Ok(())
    }
}

/// Follows the refusal of a page to which a state led.
const EXPIRED: &str = "; this is the page at which an earlier read stopped, and what leads to it may have \
                       expired: reset the stream to read it from its beginning";

/// What is done with each page.
pub(super) struct Plan<'a> {
    pub(super) api: Api,
    pub(super) written: Written,
    pub(super) opinions: Vec<Box<Opinion<'a>>>,
    pub(super) steps: Vec<Box<Step<'a>>>,
    pub(super) is_resumable: bool,
    /// Whose read it is, for warnings.
    pub(super) reader: String,
    /// Whether it was said that records are changed.
    pub(super) has_told: bool,
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
        // Only behind the first page may a status end the pages. What led to a page before this read may
        // have expired, of which that status may tell as well.
        let mut is_stored = position.is_some() && pages.are_led();
        let is_behind = position.is_some() && !is_stored;
        let mut end_statuses: &[u16] = if is_behind { pages.end_statuses() } else { &[] };
        let mut request = match position {
            Some(position) => Position::parse(position)?.applied_to(&first),
            None => first.clone(),
        };
        let lookups = Rc::clone(&self.api.settings.lookups);
        let mut turner = pages.open_for(&mut request, lookups, self.reader.clone())?;
        let mut is_led = false;
        loop {
            let read = self.page(&request, is_led, end_statuses, taker).await;
            let ends = |status| pages.end_statuses().contains(&status);
            let read = match std::mem::take(&mut is_stored) {
                true => read.map_err(|error| match error.status().is_some_and(ends) {
                    true => error.followed_by(EXPIRED),
                    false => error,
                })?,
                false => read?,
            };
            let Some(Read { body, headers, added, is_end }) = read else { return Ok(()) };
            if is_end {
                return Ok(());
            }
            is_led |= !self.api.settings.is_home(&request.url);
            let Body { records, nulls, last, rest, .. } = body;
            let records = records.saturating_add(nulls);
            let page = Page { records, last: last.as_ref(), rest: &rest, headers: &headers };
            let place = request.place();
            let more = turner.next(&page, &mut request);
            if !more.map_err(|error| error.prefaced(&format!("{place}: ")))? {
                return Ok(());
            }
            end_statuses = pages.end_statuses();
            match self.api.settings.is_home(&request.url) {
                true => added.take_back(&mut request.url),
                false => added.strip(&mut request.url),
            }
            if self.is_resumable {
                taker.next_page(Position::between(&first, &request, &added).into_value())?;
            }
        }
    }

    async fn page(
        &mut self,
        request: &Request,
        is_led: bool,
        end_statuses: &[u16],
        taker: &mut impl Taker,
    ) -> Result<Option<Read>> {
        let Self { api, written, opinions, steps, reader, has_told, .. } = self;
        let lookup = api.settings.lookups.of_path(reader, &written.records);
        let is_whole = false;
        let question = Question { api, request, is_led, is_whole, end_statuses, opinions, written };
        let mut is_again = false;
        let read = question
            .ask(async |response| {
                if std::mem::replace(&mut is_again, true) {
                    taker.again();
                }
                let mut body = Body::default();
                let (format, missing) = written.format(&response, lookup.clone());
                let mut decoding = Decoding::start(response, format);
                loop {
                    let next = decoding.next().await;
                    let had_records = body.records > 0;
                    let next = next.map_err(|error| Interrupted::ByAnswer(error, had_records))?;
                    let Some(record) = next else { break };
                    body.records += 1;
                    // The last record stays with the page; the ones before it go their way, and a large
                    // one at once.
                    let own = decoding.take_changes();
                    if !own.is_empty() && !std::mem::replace(has_told, true) {
                        tracing::warn!(
                            "NaN and Infinity become null, and halves of characters become U+FFFD; both \
                             are marked in meta.changes"
                        );
                    }
                    let before = body.last.take().filter(|_| !body.is_taken);
                    let changes = std::mem::replace(&mut body.changes, own);
                    if let Some(before) = before {
                        step(before, changes, steps, taker).await.map_err(Interrupted::ByTaker)?;
                    }
                    body.is_taken = decoding.is_large();
                    if body.is_taken {
                        body.last = Some(decoding::outline(&record));
                        let changes = std::mem::take(&mut body.changes);
                        step(record, changes, steps, taker).await.map_err(Interrupted::ByTaker)?;
                    } else {
                        body.last = Some(record);
                    }
                }
                body.missing = missing.take().map(|error| (error, decoding.came_as().to_owned()));
                body.nulls = decoding.nulls();
                body.rest = decoding.rest();
                Ok(body)
            })
            .await?;
        // Only now it is known that it is no error.
        let body = read.as_ref().map(|read| &read.body).filter(|body| !body.is_taken);
        let last = body.and_then(|body| Some((body.last.clone()?, body.changes.clone())));
        if let Some((record, changes)) = last {
            step(record, changes, steps, taker).await?;
        }
        Ok(read)
    }
}

async fn step(
    mut record: Record,
    changes: Vec<Change>,
    steps: &mut [Box<Step<'_>>],
    taker: &mut impl Taker,
) -> Result<()> {
    for step in steps {
        match step(record)? {
            Some(changed) => record = changed,
            None => return Ok(()),
        }
    }
    taker.record(record, changes).await
}

/// The whole of one answer.
pub(super) async fn fetch(
    api: &Api,
    request: &Request,
    opinions: &[Box<Opinion<'_>>],
    given: &Written,
) -> Result<Value> {
    // What it is, is for whoever asked to see.
    let Written { is_graphql, max_record_bytes, .. } = *given;
    let errors = ToldErrors::Ignore;
    let written = Written { is_graphql, errors, max_record_bytes, ..Written::default() };
    let question = Question {
        api,
        request,
        is_led: false,
        is_whole: true,
        end_statuses: &[],
        opinions,
        written: &written,
    };
    let read = question.ask(async |response| {
        let format = Whole { max_bytes: max_record_bytes };
        let mut decoding = Decoding::start(response, Arc::new(format));
        let failed = |error| Interrupted::ByAnswer(error, false);
        while decoding.next().await.map_err(failed)?.is_some() {}
        Ok(Body { rest: decoding.rest(), ..Body::default() })
    });
    Ok(read.await?.map(|read| read.body.rest).unwrap_or_default())
}

//! One request and all of its tries, until an answer was read to its end.

use super::failed::Failed;
use super::format::{Record, Rest};
use super::redirect::Added;
use super::request::host;
use super::retry::Tries;
use super::send::Answered;
use super::verdict::{self, Opinion};
use super::written::Written;
use super::{Answer, Api, Request, ToldErrors, Verdict, graphql, told};
use airbyte_protocol::{Change, FailureType};
use airbyte_singer_runtime::{Error, Result};
use reqwest::Response;
use reqwest::header::HeaderMap;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// What was read of an answer.
#[derive(Debug, Default)]
pub(super) struct Body {
    /// How many records there were.
    pub(super) records: u64,
    /// How many elements among them were null and the like, which are no records.
    pub(super) nulls: u64,
    /// The last of them; of a large one its short members.
    pub(super) last: Option<Record>,
    /// What was changed in it while it was read.
    pub(super) changes: Vec<Change>,
    /// Whether the last one was taken already.
    pub(super) is_taken: bool,
    /// What there was beside them.
    pub(super) rest: Rest,
    /// Why there are none where they should be, and how such a sentence ends.
    pub(super) missing: Option<(Error, String)>,
}

impl Body {
    /// The only record, and whether it is the answer as a whole.
    fn only(&self) -> Option<(&Record, bool)> {
        let is_whole = self.rest.as_object().is_some_and(Map::is_empty);
        Some((self.last.as_ref().filter(|_| self.records == 1)?, is_whole))
    }

    /// Whether it is a page, with or without records, rather than something in the place of one.
    fn has_page(&self) -> bool {
        self.missing.is_none() && !matches!(self.only(), Some((_, true)))
    }

    /// What it is judged by.
    fn document(&self) -> Cow<'_, Value> {
        match self.only() {
            Some((record, true)) => Cow::Owned(Value::Object(record.clone())),
            _ => Cow::Borrowed(&self.rest),
        }
    }
}

/// Why an answer wasn't read to its end.
#[derive(Debug)]
pub(super) enum Interrupted {
    /// The answer itself, which broke off or isn't what it should be, and whether it had records before.
    ByAnswer(Error, bool),
    /// Whoever takes the records.
    ByTaker(Error),
}

/// An answer that was read, for whoever turns pages.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) body: Body,
    pub(super) headers: HeaderMap,
    pub(super) added: Added,
    /// Whether its status says that there are no more pages.
    pub(super) is_end: bool,
}

/// How one try ended.
enum Ended {
    Read(Box<Read>),
    Ignored,
    /// Other credentials are there.
    Renewed,
    /// It may go better.
    Failed(Failed),
}

/// A request, and what is needed to come by its answer.
pub(super) struct Question<'a> {
    pub(super) api: &'a Api,
    pub(super) request: &'a Request,
    /// Whether a stranger's page led to the request.
    pub(super) is_led: bool,
    /// Whether the answer is wanted as a whole, rather than its records.
    pub(super) is_whole: bool,
    /// Statuses that mean that there are no more pages.
    pub(super) end_statuses: &'a [u16],
    /// The call's own opinions of answers, which come before the API's.
    pub(super) opinions: &'a [Box<Opinion<'a>>],
    /// What its answers are written in, and whether it asks in GraphQL, whose answers say more than their
    /// status.
    pub(super) written: &'a Written,
}

impl Question<'_> {
    /// Asks until `read` has read an answer to its end; an answer that breaks off is asked for again and
    /// read from its beginning. Nothing comes of an answer that is to be ignored.
    pub(super) async fn ask(
        &self,
        mut read: impl AsyncFnMut(Response) -> Result<Body, Interrupted>,
    ) -> Result<Option<Read>> {
        let mut tries = self.api.settings.retry.begin();
        loop {
            match self.once(&mut tries, &mut read).await? {
                Ended::Read(answer) => return Ok(Some(*answer)),
                Ended::Ignored => return Ok(None),
                Ended::Renewed => {
                    let place = self.request.place();
                    tracing::info!(
                        "{place} refused the credentials; it is tried again with others"
                    );
                }
                Ended::Failed(failed) => failed.wait(&self.request.place(), &mut tries).await?,
            }
        }
    }

    async fn once(
        &self,
        tries: &mut Tries,
        read: &mut impl AsyncFnMut(Response) -> Result<Body, Interrupted>,
    ) -> Result<Ended> {
        let answered = match self.api.send(self.request, self.is_led).await {
            Ok(answered) => answered,
            Err(error) => return self.failed_or(error),
        };
        let Answered { response, sent, added, is_home } = answered;
        let (status, headers) = (response.status(), response.headers().clone());
        let head = Answer { status, headers: &headers, document: None };
        let early = self.opinion(&head);
        // What is no failure may have records all the same.
        let is_ignored = matches!(early, Some(Verdict::Ignore));
        let is_read = match early {
            Some(Verdict::Ignore) => status.is_success() && !self.is_whole,
            Some(ref verdict) => matches!(verdict, Verdict::Success),
            None => status.is_success(),
        };
        if !is_read {
            let document = document_of(response).await;
            let answer = Answer { document: document.as_ref(), ..head };
            let verdict = self.opinion(&answer).or(early).or_else(|| self.refused(&answer));
            let verdict = verdict.or_else(|| verdict::usual(&answer));
            return self.judge(verdict, &answer, tries, &sent, is_home).await;
        }
        let body = match read(response).await {
            Ok(body) => body,
            Err(Interrupted::ByAnswer(error, false))
                if is_ignored && error.failure_type() != FailureType::TransientError =>
            {
                return Ok(Ended::Ignored);
            }
            Err(Interrupted::ByAnswer(error, _)) => return self.failed_or(error),
            Err(Interrupted::ByTaker(error)) => return Err(error),
        };
        let document = body.document();
        let answer = Answer { document: Some(&document), ..head };
        let is_end = self.is_end(&answer) && self.own_opinion(&answer).is_none();
        let verdict = self.opinion(&answer).or_else(|| self.told(&body, &answer));
        if let Some(Verdict::Ignore) = verdict
            && body.has_page()
            && !self.is_whole
        {
            // What is no failure ends no pages, and loses no records that were read.
            drop(document);
            return Ok(Ended::Read(Box::new(Read { body, headers, added, is_end })));
        }
        if !matches!(verdict, None | Some(Verdict::Success)) {
            return self.judge(verdict, &answer, tries, &sent, is_home).await;
        }
        if let Some((missing, end)) = &body.missing {
            let text = verdict::with_reason(missing.message().to_owned(), Some(&document));
            return self.failed_or(Error::of(missing.failure_type(), text + end));
        }
        drop(document);
        Ok(Ended::Read(Box::new(Read { body, headers, added, is_end })))
    }

    /// That the credentials are refused, as they themselves understand an answer.
    fn refused(&self, answer: &Answer<'_>) -> Option<Verdict> {
        let auth = self.api.settings.auth.as_ref()?;
        auth.is_refusal(answer.status).then_some(Verdict::Refused)
    }

    /// An error that a success tells in the place of records.
    fn told(&self, body: &Body, answer: &Answer<'_>) -> Option<Verdict> {
        let Written { errors, declared, records, way_out, .. } = self.written;
        if *errors == ToldErrors::Ignore {
            return None;
        }
        let told = match (body.records, body.only()) {
            (0, _) => told::beside_no_record(answer.document?, records),
            (_, Some((record, is_whole))) => told::as_record(record, is_whole, declared),
            (_, None) => None,
        }?;
        let status = answer.status.to_string();
        Some(Verdict::Fail(told.into_error(&self.request.place(), &status, way_out)))
    }

    /// What comes of an answer without records.
    async fn judge(
        &self,
        verdict: Option<Verdict>,
        answer: &Answer<'_>,
        tries: &mut Tries,
        sent: &Request,
        is_home: bool,
    ) -> Result<Ended> {
        let place = self.request.place();
        match verdict {
            Some(Verdict::Ignore) => Ok(Ended::Ignored),
            Some(Verdict::Retry(wait)) => Ok(Ended::Failed(Failed::by_answer(answer, wait))),
            Some(Verdict::RateLimited(wait)) => {
                let pointer = self.api.settings.wait_at.as_deref();
                let failed = Failed::by_quota(answer, wait, pointer);
                if let Some(wait) = failed.asked_wait.filter(|_| is_home) {
                    self.api.settings.shut(wait);
                }
                Ok(Ended::Failed(failed))
            }
            Some(Verdict::Refused) if !is_home => {
                let status = answer.status.as_u16();
                let text =
                    format!("{place} was led to {}, which gets no credentials", origin(sent));
                let text = format!("{text} and refused it ({status})");
                let error = Error::config(verdict::with_reason(text, answer.document));
                Err(error.with_status(status))
            }
            Some(Verdict::Refused) => {
                let auth = self.api.settings.auth.as_ref().filter(|_| tries.first_refusal());
                let Some(auth) = auth else { return Err(verdict::refusal(&place, answer)) };
                match auth.refused(sent).await {
                    Ok(true) => Ok(Ended::Renewed),
                    Ok(false) => Err(verdict::refusal(&place, answer)),
                    Err(error) => self.failed_or(error),
                }
            }
            Some(Verdict::Fail(error)) => {
                let error = match error.message().contains(&place) {
                    true => error,
                    false => error.prefaced(&format!("{place}: ")),
                };
                Err(error.with_status(answer.status.as_u16()))
            }
            Some(Verdict::Success) | None => Err(verdict::sentence(&place, answer)),
        }
    }

    /// What the call or its API says of an answer.
    fn own_opinion(&self, answer: &Answer<'_>) -> Option<Verdict> {
        let own = self.opinions.iter().rev().find_map(|opinion| opinion(answer));
        let of_api = &self.api.settings.opinions;
        own.or_else(|| of_api.iter().rev().find_map(|opinion| opinion(answer)))
    }

    fn is_end(&self, answer: &Answer<'_>) -> bool {
        self.end_statuses.contains(&answer.status.as_u16())
    }

    fn opinion(&self, answer: &Answer<'_>) -> Option<Verdict> {
        let is_end = self.is_end(answer);
        self.own_opinion(answer).or_else(|| is_end.then_some(Verdict::Ignore)).or_else(|| {
            let place = self.written.is_graphql.then(|| self.request.place())?;
            graphql::verdict(&place, answer)
        })
    }

    /// What comes of an error of sending or reading: a transient one may go better the next time.
    fn failed_or(&self, error: Error) -> Result<Ended> {
        if error.failure_type() != FailureType::TransientError {
            return Err(error.prefaced(&format!("{}: ", self.request.place())));
        }
        Ok(Ended::Failed(Failed::by_error(&error)))
    }
}

/// The JSON of an answer that is no success, or its text.
async fn document_of(mut response: Response) -> Option<Value> {
    const LONGEST: usize = 64 * 1024;
    let mut text = Vec::new();
    while let Some(part) = response.chunk().await.ok()? {
        text.extend_from_slice(&part);
        if text.len() > LONGEST {
            return None;
        }
    }
    match serde_json::from_slice(&text) {
        Ok(document) => Some(document),
        Err(_) => String::from_utf8(text).ok().map(Value::String),
    }
}

fn origin(request: &Request) -> String {
    format!("{}://{}", request.url.scheme(), host(&request.url))
}

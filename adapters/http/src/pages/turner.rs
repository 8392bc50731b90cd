use super::flag::{flag, total};
use super::guard::{Guard, LoopGuard};
use super::place::Found;
use super::{End, Page, Pages, Place, Rule, Token, link};
use crate::lookups::{Lookup, Lookups};
use crate::{Request, pointer};
use airbyte_singer_runtime::{Error, Result};
use reqwest::header::LINK;
use serde_json::Value;
use std::rc::Rc;
use std::sync::Arc;

/// Turns the pages of one read.
#[derive(Debug)]
pub struct Turner {
    pages: Pages,
    guard: Guard,
    lookups: Rc<Lookups>,
    /// How many pages with records were read, and how many records.
    read: (u64, u64),
    /// Whose read it is, as warnings name it.
    reader: String,
}

impl Pages {
    /// Makes `request` that of the first page. One that has a page already, since a read goes on with
    /// it, stays as it is.
    ///
    /// # Errors
    ///
    /// A config error: a JSON Pointer of these pages is none, or settings of theirs don't go together.
    pub fn open(&self, request: &mut Request) -> Result<Turner> {
        let reader = request.place();
        self.open_for(request, Rc::default(), reader)
    }

    /// As [`Pages::open`]; what answers don't have is told together with that of other calls.
    pub(crate) fn open_for(
        &self,
        request: &mut Request,
        lookups: Rc<Lookups>,
        reader: String,
    ) -> Result<Turner> {
        self.check()?;
        if let Rule::Counted(counted) = &self.rule {
            counted.begin(request)?;
        }
        if let Some((Some(place), size)) = &self.size
            && place.get(request).is_none_or(|size| size.is_null())
        {
            place.set(request, (*size).into())?;
        }
        let mut guard = Guard::default();
        guard.is_new(request);
        Ok(Turner { pages: self.clone(), guard, lookups, read: (0, 0), reader })
    }

    fn check(&self) -> Result<()> {
        if let Some((Some(place), _)) = &self.size {
            place.check()?;
        }
        for end in &self.ends {
            if let End::Unless(pointer, _) | End::Once(pointer) = end {
                pointer::check(pointer)?;
            }
        }
        self.check_total()?;
        match &self.rule {
            Rule::Counted(counted) => counted.check(),
            Rule::Cursor(place, token) => place.check().and_then(|()| token.check()),
            Rule::Url(token) => token.check(),
            Rule::Relay { page_info, .. } => pointer::check(page_info),
            Rule::None | Rule::Link | Rule::By(_) => Ok(()),
        }
    }

    fn check_total(&self) -> Result<()> {
        let Some((total, at)) = &self.total else { return Ok(()) };
        at.check()?;
        match &self.rule {
            Rule::Counted(counted) if counted.needs_size(*total) && self.size.is_none() => {
                Err(Error::config("a total of this kind needs a page's size beside it"))
            }
            Rule::Counted(_) => Ok(()),
            _ => Err(Error::config("only pages that are numbered or counted off end by a total")),
        }
    }

    fn is_end_token(&self, token: &Value) -> bool {
        self.end_tokens.iter().any(|end| same(end, token))
    }
}

/// What an answer says of pages behind it.
#[derive(Clone)]
enum Said {
    Nothing,
    More,
    Last,
    /// It should have said it at this pointer, which no answer had.
    Missing(String),
}

impl Turner {
    /// Makes `request` that of the page after `page`; the answer is false if there is none.
    ///
    /// # Errors
    ///
    /// A system error: the API gave a page again, what leads to the next one isn't what it should be, or
    /// pages would be left out.
    pub fn next(&mut self, page: &Page<'_>, request: &mut Request) -> Result<bool> {
        self.read.0 += u64::from(page.records > 0);
        self.read.1 = self.read.1.saturating_add(page.records);
        let said = self.said(page, request)?;
        if let Said::Last = said {
            return Ok(false);
        }
        if page.records == 0 && self.pages.guard != LoopGuard::Requests {
            return Ok(false);
        }
        if let Said::Missing(pointer) = said {
            return match self.turn(false, page, &mut request.clone())? {
                true => Err(Error::system(format!(
                    "the answer has no {pointer} to say whether there are more pages, but {} leads \
                     on to one",
                    self.pages.rule
                ))),
                false => Ok(false),
            };
        }
        let is_sure = matches!(said, Said::More);
        if !self.turn(is_sure, page, request)? {
            return match (is_sure, &self.pages.rule) {
                (true, Rule::Cursor(_, token) | Rule::Url(token))
                    if !self.says_end(token, page) =>
                {
                    Err(Error::system(format!(
                        "the answer says that there are more pages, but {token} doesn't say where"
                    )))
                }
                _ => Ok(false),
            };
        }
        self.guard(page, request)?;
        Ok(true)
    }

    /// What the answer itself says, in the order of importance.
    fn said(&self, page: &Page<'_>, request: &Request) -> Result<Said> {
        let mut said = Said::Nothing;
        for end in &self.pages.ends {
            match end {
                End::When(is_last) if is_last(page) => return Ok(Said::Last),
                End::When(_) => {}
                End::Once(pointer) => {
                    let lookup = self.lookup(pointer, "which says that a page is the last one");
                    match note(&lookup, page, flag(page, pointer)?) {
                        Some(true) => return Ok(Said::Last),
                        Some(false) => said = Said::More,
                        None => {}
                    }
                }
                End::Unless(pointer, may_be_missing) => {
                    let lookup = self.lookup(pointer, "which says whether there are more pages");
                    match note(&lookup, page, flag(page, pointer)?) {
                        Some(true) => said = Said::More,
                        Some(false) => return Ok(Said::Last),
                        None if *may_be_missing || lookup.is_found() => return Ok(Said::Last),
                        None => return Ok(Said::Missing(pointer.clone())),
                    }
                }
            }
        }
        match (said, self.said_by_total(page, request)?) {
            // What an answer says of its own page counts more than how much there was in all when it was
            // counted.
            (Said::More, Said::Last) if page.records > 0 => Ok(Said::More),
            (said, Said::Nothing) => Ok(said),
            (_, by_total) => Ok(by_total),
        }
    }

    fn said_by_total(&self, page: &Page<'_>, request: &Request) -> Result<Said> {
        let (Some((kind, token)), Rule::Counted(counted)) = (&self.pages.total, &self.pages.rule)
        else {
            return Ok(Said::Nothing);
        };
        let found = token.find(page);
        let lookup = self.lookup(&token.to_string(), "which says how much there is");
        note(&lookup, page, (found != Found::Missing).then_some(()));
        let Some(many) = total(&found, token)? else { return Ok(Said::Nothing) };
        if page.records > 0 && counted.is_passed((*kind, many), self.read, request)? {
            self.lookups.tell_once(&format!(
                "{}: {token} says that there is less than what was already read; it counts as unknown there",
                self.reader
            ));
            return Ok(Said::Nothing);
        }
        let size = self.pages.size.as_ref().map(|(_, size)| *size);
        match counted.goes_on((*kind, many), size, page, request)? {
            true => Ok(Said::More),
            false => Ok(Said::Last),
        }
    }

    /// Makes a request that of the next page, by the pages' own rule.
    fn turn(&self, is_sure: bool, page: &Page<'_>, request: &mut Request) -> Result<bool> {
        match &self.pages.rule {
            Rule::None => Ok(false),
            Rule::Counted(counted) => {
                let size = self.pages.size.as_ref().map(|(_, size)| *size);
                counted.turn(size, is_sure, page, request)
            }
            Rule::Cursor(place, token) => self.follow_cursor(place, token, page, request),
            Rule::Url(token) => match self.find(token, page) {
                Some(Value::String(address)) => link::follow(request, &address).map(|()| true),
                Some(_) => Err(Error::system(format!("{token} is no text, but should be a URL"))),
                None => Ok(false),
            },
            Rule::Link => {
                let lookup =
                    self.lookup("the header Link", "which leads to the next page, if there is one");
                note(&lookup, page, page.headers.get(LINK));
                match link::next(page.headers) {
                    Some(address) => link::follow(request, address).map(|()| true),
                    None => Ok(false),
                }
            }
            Rule::Relay { page_info, cursor } => self.relay(page_info, cursor, page, request),
            Rule::By(rule) => rule(page, request),
        }
    }

    fn follow_cursor(
        &self,
        place: &Place,
        token: &Token,
        page: &Page<'_>,
        request: &mut Request,
    ) -> Result<bool> {
        match self.find(token, page) {
            Some(cursor) => place.set(request, cursor).map(|()| true),
            // A record that is no different from others is no end.
            None if matches!(token, Token::Last(_)) && !self.is_end(token, page) => {
                Err(Error::system(format!("{token} holds nothing to go on with")))
            }
            None => Ok(false),
        }
    }

    /// GraphQL answers with what its query asks for, so nothing may be missing.
    fn relay(
        &self,
        page_info: &str,
        cursor: &Place,
        page: &Page<'_>,
        request: &mut Request,
    ) -> Result<bool> {
        let missing = |what: &str| Err(Error::system(format!("the answer has no {what}")));
        if page.records > 0 && page.rest.pointer(page_info).is_none() {
            return missing(page_info);
        }
        let more = format!("{page_info}/hasNextPage");
        match flag(page, &more)? {
            Some(true) => {}
            None if page.records > 0 => return missing(&more),
            Some(false) | None => return Ok(false),
        }
        let token = Token::rest(format!("{page_info}/endCursor"));
        match token.find(page) {
            Found::Value(value) => cursor.set(request, value).map(|()| true),
            Found::Missing | Found::Nothing => {
                Err(Error::system(format!("{page_info} says that there is a next page, not where")))
            }
        }
    }

    /// The value that leads on, if there is one.
    fn find(&self, token: &Token, page: &Page<'_>) -> Option<Value> {
        let found = token.find(page);
        if !matches!(token, Token::Last(_)) {
            let lookup =
                self.lookup(&token.to_string(), "which leads to the next page, if there is one");
            note(&lookup, page, (found != Found::Missing).then_some(()));
        }
        match found {
            Found::Value(value) if !self.pages.is_end_token(&value) => Some(value),
            _ => None,
        }
    }

    /// Whether a value says in words that there are no more pages, or there is no record to have one.
    fn is_end(&self, token: &Token, page: &Page<'_>) -> bool {
        self.says_end(token, page) || matches!(token, Token::Last(_)) && page.records == 0
    }

    /// Whether a value says in words that there are no more pages.
    fn says_end(&self, token: &Token, page: &Page<'_>) -> bool {
        matches!(token.find(page), Found::Value(value) if self.pages.is_end_token(&value))
    }

    fn lookup(&self, what: &str, which: &str) -> Arc<Lookup> {
        self.lookups
            .of(&format!("{}: no answer had {what}, {which}; it may be misspelt", self.reader))
    }

    /// # Errors
    ///
    /// The pages go in a circle, or on without an end.
    fn guard(&mut self, page: &Page<'_>, request: &Request) -> Result<()> {
        let counted = matches!(self.pages.rule, Rule::Counted(_));
        if counted && self.guard.is_endless(page) {
            return Err(Error::system(
                "very many pages in a row have no records although the API says that there are more",
            ));
        }
        let is_circle = match self.pages.guard {
            LoopGuard::Requests => {
                !self.guard.is_new(request) || counted && self.guard.is_stuck(page)
            }
            LoopGuard::Pages => self.guard.is_stuck(page),
            LoopGuard::Off => false,
        };
        if !is_circle {
            return Ok(());
        }
        Err(Error::system(format!(
            "the API gave the same page again: {} leads in a circle",
            self.pages.rule
        )))
    }
}

/// Remembers whether an answer has something. One without records may lack what others have.
fn note<T>(lookup: &Lookup, page: &Page<'_>, found: Option<T>) -> Option<T> {
    match &found {
        Some(_) => lookup.found(),
        None if page.records > 0 => lookup.missed(),
        None => {}
    }
    found
}

/// Whether two values are written alike.
fn same(one: &Value, other: &Value) -> bool {
    let written = |value: &Value| match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    written(one) == written(other)
}

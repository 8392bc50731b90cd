use super::guard::Guard;
use super::{End, Page, Pages, Place, Rule, Token, link};
use crate::http::{Request, pointer};
use crate::{Error, Result};
use serde_json::Value;

/// Turns the pages of one read.
#[derive(Debug)]
pub struct Turner {
    pages: Pages,
    guard: Guard,
}

impl Pages {
    /// Makes `request` that of the first page. One that has a page already, since a read goes on with
    /// it, stays as it is.
    ///
    /// # Errors
    ///
    /// A config error: a JSON Pointer of these pages is none.
    pub fn open(&self, request: &mut Request) -> Result<Turner> {
        self.check()?;
        if let Rule::Counted(counted) = &self.rule {
            counted.begin(request)?;
        }
        if let Some((place, size)) = &self.size
            && place.get(request).is_none()
        {
            place.set(request, (*size).into())?;
        }
        let mut guard = Guard::default();
        guard.is_new(request);
        Ok(Turner { pages: self.clone(), guard })
    }

    fn check(&self) -> Result<()> {
        if let Some((place, _)) = &self.size {
            place.check()?;
        }
        for end in &self.ends {
            if let End::Unless(pointer) | End::Once(pointer) = end {
                pointer::check(pointer)?;
            }
        }
        match &self.rule {
            Rule::Counted(counted) => counted.check(),
            Rule::Cursor(place, token) => place.check().and_then(|()| token.check()),
            Rule::Url(token) => token.check(),
            Rule::Relay { page_info, .. } => pointer::check(page_info),
            Rule::None | Rule::Link | Rule::By(_) => Ok(()),
        }
    }

    fn is_last(&self, page: &Page<'_>) -> bool {
        self.ends.iter().any(|end| match end {
            End::Unless(pointer) => !is_true(page, pointer),
            End::Once(pointer) => is_true(page, pointer),
            End::When(is_last) => is_last(page),
        })
    }

    fn turn(&self, page: &Page<'_>, request: &mut Request) -> Result<bool> {
        match &self.rule {
            Rule::None => Ok(false),
            Rule::Counted(counted) => {
                let size = self.size.as_ref().map(|(_, size)| *size);
                counted.turn(size, page, request)
            }
            Rule::Cursor(place, token) => follow_cursor(place, token, page, request),
            Rule::Url(token) => match token.find(page) {
                Some(Value::String(address)) => link::follow(request, &address).map(|()| true),
                Some(_) => Err(Error::system(format!("{token} is no text, but should be a URL"))),
                None => Ok(false),
            },
            Rule::Link => match link::next(page.headers) {
                Some(address) => link::follow(request, address).map(|()| true),
                None => Ok(false),
            },
            Rule::Relay { page_info, cursor } => {
                if page.records > 0 && page.rest.pointer(page_info).is_none() {
                    return Err(Error::system(format!("the answer has no {page_info}")));
                }
                if !is_true(page, &format!("{page_info}/hasNextPage")) {
                    return Ok(false);
                }
                let token = Token::rest(format!("{page_info}/endCursor"));
                if follow_cursor(cursor, &token, page, request)? {
                    return Ok(true);
                }
                Err(Error::system(format!("{page_info} says that there is a next page, not where")))
            }
            Rule::By(rule) => rule(page, request),
        }
    }
}

impl Turner {
    /// Makes `request` that of the page after `page`; the answer is false if there is none.
    ///
    /// # Errors
    ///
    /// A system error: the API gave a page again, or what leads to the next one isn't what it should be.
    pub fn next(&mut self, page: &Page<'_>, request: &mut Request) -> Result<bool> {
        if self.pages.is_last(page) || !self.pages.turn(page, request)? {
            return Ok(false);
        }
        let counted = matches!(self.pages.rule, Rule::Counted(_));
        if !self.guard.is_new(request) || counted && self.guard.is_stuck(page) {
            return Err(Error::system(format!(
                "the API gave the same page again: {} leads in a circle",
                self.pages.rule
            )));
        }
        Ok(true)
    }
}

fn follow_cursor(
    place: &Place,
    token: &Token,
    page: &Page<'_>,
    request: &mut Request,
) -> Result<bool> {
    match token.find(page) {
        Some(cursor) => place.set(request, cursor).map(|()| true),
        // A record that is no different from others is no end.
        None if matches!(token, Token::Last(_)) && page.last.is_some() => {
            Err(Error::system(format!("{token} holds nothing to go on with")))
        }
        None => Ok(false),
    }
}

/// Some APIs write truth as text; one that leaves it out means no.
fn is_true(page: &Page<'_>, pointer: &str) -> bool {
    match page.rest.pointer(pointer) {
        Some(Value::Bool(truth)) => *truth,
        Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
        _ => false,
    }
}

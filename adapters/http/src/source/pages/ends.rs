//! Where pages are asked for, and what ends them.

use super::{CursorPages, GuardSettings, NextUrlSettings, NumberSettings, OffsetSettings};
use crate::source::template::{Text, pointer_to};
use crate::{LoopGuard, Pages, Place, Token, pointer};
use airbyte_singer_runtime::{Error, Result};

/// How parameters are named.
pub(super) struct Names {
    pub(super) is_graphql: bool,
}

impl Names {
    fn parameter(&self, name: &str) -> Place {
        match self.is_graphql {
            true => Place::body(pointer::below("/variables", name)),
            false => Place::query(name),
        }
    }

    pub(super) fn place(&self, query: &Option<String>, body: &Option<String>) -> Result<Place> {
        match (query, body) {
            (Some(name), None) => Ok(self.parameter(name)),
            (None, Some(pointer)) => Ok(Place::body(pointer)),
            _ => Err(Error::config("it needs one of the settings `query` and `body`")),
        }
    }

    pub(super) fn sized(
        &self,
        pages: Pages,
        query: &Option<String>,
        body: &Option<String>,
        size: Option<u64>,
    ) -> Result<Pages> {
        match (query, body, size) {
            (Some(name), None, Some(size)) => Ok(pages.size(self.parameter(name), size)),
            (None, Some(pointer), Some(size)) => Ok(pages.size(Place::body(pointer), size)),
            (None, None, Some(size)) => Ok(pages.size_of(size)),
            (None, None, None) => Ok(pages),
            (Some(_), Some(_), _) => {
                let text = "of the settings `size_query` and `size_body` it can have one";
                Err(Error::config(text))
            }
            (Some(_), None, None) => {
                Err(Error::config("setting `size` is missing beside `size_query`"))
            }
            (None, Some(_), None) => {
                Err(Error::config("setting `size` is missing beside `size_body`"))
            }
        }
    }
}

fn ended_by(
    pages: Pages,
    pointer: &Option<String>,
    end: impl FnOnce(Pages, String) -> Pages,
) -> Pages {
    match pointer {
        Some(pointer) => end(pages, pointer.clone()),
        None => pages,
    }
}

/// Where answers say how much there is: of pages and of records, by a pointer or in a header.
pub(super) struct Totals<'a> {
    pages: [Option<&'a String>; 2],
    records: [Option<&'a String>; 2],
}

impl Totals<'_> {
    pub(super) fn end(&self, pages: Pages) -> Result<Pages> {
        let token = |[pointer, header]: [Option<&String>; 2]| {
            pointer.map(Token::rest).or_else(|| header.map(Token::header))
        };
        let given = self.pages.iter().chain(&self.records).flatten().count();
        match (token(self.pages), token(self.records)) {
            _ if given > 1 => {
                Err(Error::config("of the settings that tell a total it can have one"))
            }
            (Some(token), _) => Ok(pages.total_pages(token)),
            (_, Some(token)) => Ok(pages.total_records(token)),
            (None, None) => Ok(pages),
        }
    }
}

/// What ends pages beside their own rule.
pub(super) struct Ends<'a> {
    more: &'a Option<String>,
    more_may_be_missing: bool,
    last: &'a Option<String>,
    values: &'a [Text],
    statuses: &'a [u16],
    guard: GuardSettings,
}

impl Ends<'_> {
    pub(super) fn end(&self, mut pages: Pages) -> Result<Pages> {
        pages = match (self.more, self.more_may_be_missing) {
            (Some(pointer), false) => pages.while_true(pointer),
            (Some(pointer), true) => pages.while_true_or_missing_at_end(pointer),
            (None, false) => pages,
            (None, true) => {
                let text = "setting `more` is missing beside `more_may_be_missing`";
                return Err(Error::config(text));
            }
        };
        pages = ended_by(pages, self.last, Pages::until_true);
        for value in self.values {
            pages = pages.until_token(value.as_str());
        }
        for status in self.statuses {
            pages = pages.until_status(*status);
        }
        Ok(pages.guard(match self.guard {
            GuardSettings::Requests => LoopGuard::Requests,
            GuardSettings::Pages => LoopGuard::Pages,
            GuardSettings::Off => LoopGuard::Off,
        }))
    }
}

impl NumberSettings {
    pub(super) const fn totals(&self) -> Totals<'_> {
        Totals {
            pages: [self.total_pages.as_ref(), self.total_pages_header.as_ref()],
            records: [self.total_records.as_ref(), self.total_records_header.as_ref()],
        }
    }

    pub(super) fn ends(&self) -> Ends<'_> {
        Ends {
            more: &self.more,
            more_may_be_missing: self.more_may_be_missing,
            last: &self.last,
            values: &[],
            statuses: &self.end_status,
            guard: self.loop_guard,
        }
    }
}

impl OffsetSettings {
    pub(super) const fn totals(&self) -> Totals<'_> {
        Totals {
            pages: [None, None],
            records: [self.total_records.as_ref(), self.total_records_header.as_ref()],
        }
    }

    pub(super) fn ends(&self) -> Ends<'_> {
        Ends {
            more: &self.more,
            more_may_be_missing: self.more_may_be_missing,
            last: &self.last,
            values: &[],
            statuses: &self.end_status,
            guard: self.loop_guard,
        }
    }
}

impl CursorPages {
    pub(super) fn ends(&self) -> Ends<'_> {
        Ends {
            more: &self.more,
            more_may_be_missing: self.more_may_be_missing,
            last: &self.last,
            values: &self.end_values,
            statuses: &self.end_status,
            guard: self.loop_guard,
        }
    }

    pub(super) fn token(&self) -> Result<Token> {
        match (&self.pointer, &self.last_record, &self.header) {
            (Some(pointer), None, None) => Ok(Token::rest(pointer)),
            (None, Some(field), None) => Ok(Token::last(pointer_to(field))),
            (None, None, Some(name)) => Ok(Token::header(name)),
            _ => {
                let text = "it needs one of the settings `pointer`, `last_record` and `header`";
                Err(Error::config(text))
            }
        }
    }
}

impl NextUrlSettings {
    pub(super) fn ends(&self) -> Ends<'_> {
        Ends {
            more: &self.more,
            more_may_be_missing: self.more_may_be_missing,
            last: &self.last,
            values: &self.end_values,
            statuses: &self.end_status,
            guard: self.loop_guard,
        }
    }
}

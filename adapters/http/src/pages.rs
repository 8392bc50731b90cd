//! From one page to the next.

mod counted;
mod flag;
mod guard;
mod link;
mod place;
mod turner;

pub use guard::LoopGuard;
pub use place::{Place, Token};
pub use turner::Turner;

use super::format::{Record, Rest};
use super::pointer;
use super::request::Request;
use airbyte_singer_runtime::Result;
use counted::Counted;
use reqwest::header::HeaderMap;
use serde_json::Value;
use std::fmt;
use std::rc::Rc;

/// What is known of a page once it was read.
#[derive(Debug)]
#[non_exhaustive]
pub struct Page<'a> {
    /// How many records it had, before any filter. Elements among them that are null count, as they do for
    /// the API.
    pub records: u64,
    /// The last of them that isn't null; of one of several megabytes only its short members, the others are
    /// null.
    pub last: Option<&'a Record>,
    /// What its body held beside its records.
    pub rest: &'a Rest,
    /// The headers of the answer.
    pub headers: &'a HeaderMap,
}

/// How an API's pages follow each other. Every one is under a guard: a request that was made before in
/// the same read is an error, not an endless loop ([`Pages::guard`]).
///
/// A pointer or header of these pages that no answer with records had in the whole read is told once, in
/// a warning: it may be misspelt.
///
/// ```
/// use airbyte_singer_sdk::http::{Pages, Place, Token};
///
/// // ?page=1&per_page=100, until a page has fewer than that.
/// Pages::number("page", 1).size("per_page", 100);
/// // ?starting_after=<the last record's id>, as long as the answer says `"has_more": true`.
/// Pages::cursor("starting_after", Token::last("/id")).while_true("/has_more");
/// // {"cursor": ..} in the body of the next request.
/// Pages::cursor(Place::body("/cursor"), Token::rest("/paging/next"));
/// ```
#[derive(Clone)]
pub struct Pages {
    rule: Rule,
    size: Option<(Option<Place>, u64)>,
    total: Option<(Total, Token)>,
    ends: Vec<End>,
    end_tokens: Vec<Value>,
    end_statuses: Vec<u16>,
    guard: LoopGuard,
}

type Closure = Rc<dyn Fn(&Page<'_>, &mut Request) -> Result<bool>>;

#[derive(Clone)]
enum Rule {
    None,
    Counted(Counted),
    Cursor(Place, Token),
    Url(Token),
    Link,
    Relay { page_info: String, cursor: Place },
    By(Closure),
}

/// What an answer tells of the whole.
#[derive(Debug, Clone, Copy)]
enum Total {
    Pages,
    Records,
}

/// What ends the pages beside their own rule.
#[derive(Clone)]
enum End {
    /// At a pointer, which may be missing on the last page.
    Unless(String, bool),
    Once(String),
    When(Rc<dyn Fn(&Page<'_>) -> bool>),
}

impl Pages {
    fn new(rule: Rule) -> Self {
        Self {
            rule,
            size: None,
            total: None,
            ends: Vec::new(),
            end_tokens: Vec::new(),
            end_statuses: Vec::new(),
            guard: LoopGuard::default(),
        }
    }

    /// One answer is all.
    pub fn none() -> Self {
        Self::new(Rule::None)
    }

    /// Pages with numbers, from `first` on, until one is empty or shorter than their [`Pages::size`].
    pub fn number(number: impl Into<Place>, first: u64) -> Self {
        Self::new(Rule::Counted(Counted::pages(number.into(), first)))
    }

    /// Pages that begin behind so many records, until one is empty or shorter than their [`Pages::size`].
    pub fn offset(offset: impl Into<Place>) -> Self {
        Self::new(Rule::Counted(Counted::records(offset.into())))
    }

    /// Pages that begin where a token of the page before says, until there is none (or null, or an
    /// empty text). A token of the last record is there as long as there are records; that it isn't is
    /// an error.
    pub fn cursor(cursor: impl Into<Place>, token: Token) -> Self {
        Self::new(Rule::Cursor(cursor.into(), token))
    }

    /// The page before has the whole address of the next one, relative to its own; it is gone, null or
    /// empty at the end. A text is a JSON Pointer into the rest of the body.
    pub fn next_url(address: impl Into<Token>) -> Self {
        Self::new(Rule::Url(address.into()))
    }

    /// The header `Link` (RFC 8288) has the address of the next page, the one with `rel="next"`.
    pub fn link() -> Self {
        Self::new(Rule::Link)
    }

    /// GraphQL's Relay pages: at `page_info` (a JSON Pointer) the answer has `hasNextPage` and
    /// `endCursor`, which goes into the query's variable `variable`.
    pub fn relay(page_info: &str, variable: &str) -> Self {
        let cursor = Place::body(pointer::below("/variables", variable));
        Self::new(Rule::Relay { page_info: page_info.to_owned(), cursor })
    }

    /// A rule of one's own: it makes the request that of the next page, or says that there is none.
    pub fn by(rule: impl Fn(&Page<'_>, &mut Request) -> Result<bool> + 'static) -> Self {
        Self::new(Rule::By(Rc::new(rule)))
    }

    /// Asks for pages of so many records. A page with fewer of them is the last one, where pages are
    /// numbered or counted off and no total is given, so this must not be more than the API gives.
    #[must_use]
    pub fn size(mut self, size: impl Into<Place>, records: u64) -> Self {
        self.size = Some((Some(size.into()), records));
        self
    }

    /// Pages have so many records, without being asked for it; else as [`Pages::size`].
    #[must_use]
    pub fn size_of(mut self, records: u64) -> Self {
        self.size = Some((None, records));
        self
    }

    /// Answers say how many pages there are, at a JSON Pointer or in a header; the last of them is read as the last one,
    /// however many records it has. For pages that are numbered or counted off; counted off by records
    /// they need a [`Pages::size`]. An answer that doesn't say it (it is missing, null or below zero) is
    /// judged as if nothing was said here.
    #[must_use]
    pub fn total_pages(mut self, at: impl Into<Token>) -> Self {
        self.total = Some((Total::Pages, at.into()));
        self
    }

    /// As [`Pages::total_pages`], by how many records there are. Pages with numbers need a
    /// [`Pages::size`]; a page that is shorter although there are more records is an error then.
    #[must_use]
    pub fn total_records(mut self, at: impl Into<Token>) -> Self {
        self.total = Some((Total::Records, at.into()));
        self
    }

    /// There are more pages only while the answer says so: `true` at a JSON Pointer, which may also be
    /// written as 1, `"1"` or `"true"`. Anything but such a yes or no is an error, and so is an answer
    /// that doesn't have it (or null, or an empty text), while none had it in this read and something else
    /// leads to a next page.
    #[must_use]
    pub fn while_true(mut self, pointer: impl Into<String>) -> Self {
        self.ends.push(End::Unless(pointer.into(), false));
        self
    }

    /// As [`Pages::while_true`], for an API whose last page doesn't have it at all.
    #[must_use]
    pub fn while_true_or_missing_at_end(mut self, pointer: impl Into<String>) -> Self {
        self.ends.push(End::Unless(pointer.into(), true));
        self
    }

    /// A page is the last one if it says so: `true` at a JSON Pointer, or what else
    /// [`Pages::while_true`] takes for a yes. As long as it says no there are more, also behind a page that
    /// is short or empty.
    #[must_use]
    pub fn until_true(mut self, pointer: impl Into<String>) -> Self {
        self.ends.push(End::Once(pointer.into()));
        self
    }

    /// A cursor or address that is this value means that there are no more pages, such as 0 or -1;
    /// numbers and texts that look the same are the same.
    #[must_use]
    pub fn until_token(mut self, value: impl Into<Value>) -> Self {
        self.end_tokens.push(value.into());
        self
    }

    /// This status means that there are no more pages, behind the first page of a call; records of such an
    /// answer are read if the status is 2xx. As the answer to the first page it means what it does
    /// elsewhere. So it does for the first page of a read that goes on where an earlier one stopped, unless
    /// pages are numbered or counted off: the API may have forgotten where that was.
    #[must_use]
    pub fn until_status(mut self, status: u16) -> Self {
        self.end_statuses.push(status);
        self
    }

    /// Says what counts as going in a circle.
    #[must_use]
    pub fn guard(mut self, guard: LoopGuard) -> Self {
        self.guard = guard;
        self
    }

    /// The statuses that end the pages behind the first one.
    pub(super) fn end_statuses(&self) -> &[u16] {
        &self.end_statuses
    }

    /// Whether what leads to a page comes from an answer before it, and may expire.
    pub(super) const fn are_led(&self) -> bool {
        matches!(self.rule, Rule::Cursor(..) | Rule::Url(_) | Rule::Link | Rule::Relay { .. })
    }

    /// A page of which this holds is the last one.
    #[must_use]
    pub fn until(mut self, is_last: impl Fn(&Page<'_>) -> bool + 'static) -> Self {
        self.ends.push(End::When(Rc::new(is_last)));
        self
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pages").field(&self.rule.to_string()).finish()
    }
}

/// As sentences name it.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("a single page"),
            Self::Counted(counted) => counted.fmt(f),
            Self::Cursor(place, token) => write!(f, "{place} from {token}"),
            Self::Url(token) => write!(f, "the next URL from {token}"),
            Self::Link => f.write_str("the header Link"),
            Self::Relay { page_info, .. } => write!(f, "the Relay cursor from {page_info}"),
            Self::By(_) => f.write_str("the source's own rule"),
        }
    }
}

#[cfg(test)]
mod tests;

use super::Page;
use crate::{Body, Request};
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// So many requests are remembered (2 MB). Then it begins anew, which finds any circle that is not
/// longer than this a lap later.
const MOST: usize = 100_000;
/// So often in a row may pages be the same, all of them: rows of a table without a key may.
const ALIKE: u32 = 3;
/// So many pages in a row may have no records although the API says that there are more.
const EMPTY: u32 = 500;

/// What counts as going in a circle: see [`Pages::guard`](super::Pages::guard).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoopGuard {
    /// A request that was made before in the same read; of pages that are numbered or counted off also
    /// three pages in a row that look alike.
    #[default]
    Requests,
    /// Three pages in a row that look alike: the same number of records, the same last one, the same
    /// beside them. For an API whose cursor stays the same while its pages differ. A page without
    /// records is the last one.
    Pages,
    /// Nothing. A page without records is the last one.
    Off,
}

/// Notices pages that come again.
#[derive(Debug, Default)]
pub(super) struct Guard {
    requests: HashSet<u64>,
    page: u64,
    alike: u32,
    empty: u32,
}

impl Guard {
    /// Remembers a request; the answer says whether it is a new one.
    pub(super) fn is_new(&mut self, request: &Request) -> bool {
        if self.requests.len() >= MOST {
            self.requests.clear();
        }
        let mut hasher = DefaultHasher::new();
        request.method.hash(&mut hasher);
        request.url.hash(&mut hasher);
        match &request.body {
            Body::Empty => {}
            Body::Json(value) => value.hash(&mut hasher),
            Body::Form(fields) => fields.hash(&mut hasher),
        }
        self.requests.insert(hasher.finish())
    }

    /// Whether too many pages in a row had no records.
    pub(super) fn is_endless(&mut self, page: &Page<'_>) -> bool {
        self.empty = if page.records == 0 { self.empty + 1 } else { 0 };
        self.empty > EMPTY
    }

    /// Whether a page with records looks like the one before it, and like the one before that: a server
    /// that doesn't know the parameter that is counted up gives its first page forever.
    pub(super) fn is_stuck(&mut self, page: &Page<'_>) -> bool {
        let mut hasher = DefaultHasher::new();
        (page.records, page.last, page.rest).hash(&mut hasher);
        let looks = hasher.finish();
        self.alike = if page.records > 0 && looks == self.page { self.alike + 1 } else { 1 };
        self.page = looks;
        self.alike >= ALIKE
    }
}

//! From one page to the next.

use super::format::{Record, Rest};
use reqwest::header::HeaderMap;

/// What is known of a page once it was read.
#[derive(Debug)]
pub struct Page<'a> {
    /// How many records it had, before any filter.
    pub records: u64,
    /// The last of them.
    pub last: Option<&'a Record>,
    /// What its body held beside its records.
    pub rest: &'a Rest,
    /// The headers of the answer.
    pub headers: &'a HeaderMap,
}

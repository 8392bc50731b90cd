//! What the answers of a call are written in.

use super::{Format, Json, RecordPath, format_of};
use reqwest::Response;
use std::sync::Arc;

/// What a call knows of its answers before they come.
#[derive(Default)]
pub(super) struct Written {
    /// Where the records are.
    pub(super) records: RecordPath,
    /// An author's own choice.
    pub(super) format: Option<Arc<dyn Format>>,
    /// Whether an answer says itself what it is.
    pub(super) is_by_type: bool,
    pub(super) is_graphql: bool,
}

impl Written {
    pub(super) fn format(&self, answer: &Response) -> Arc<dyn Format> {
        let json = || Json::at(self.records.clone());
        match &self.format {
            Some(format) => Arc::clone(format),
            None if self.is_graphql => Arc::new(json().or_errors()),
            None if self.is_by_type => format_of(answer.headers(), answer.url(), &self.records),
            None => Arc::new(json()),
        }
    }
}

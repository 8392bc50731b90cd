//! What the answers of a call are written in.

use super::format::{Kind, Missing, Reading, USUAL};
use super::lookups::PathLookup;
use super::told::ToldErrors;
use super::{Format, RecordPath};
use encoding_rs::Encoding;
use reqwest::Response;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What a call knows of its answers before they come.
pub(super) struct Written {
    /// Where the records are.
    pub(super) records: RecordPath,
    /// An author's own choice.
    pub(super) format: Option<Arc<dyn Format>>,
    /// What they are written in otherwise.
    pub(super) kind: Kind,
    pub(super) is_graphql: bool,
    /// What becomes of errors that a success tells.
    pub(super) errors: ToldErrors,
    /// Fields of which a record has one.
    pub(super) declared: Vec<String>,
    /// How an answer that is taken for an error is taken as it is, for sentences.
    pub(super) way_out: String,
    /// How much a record may take, where our own formats read it.
    pub(super) max_record_bytes: u64,
    /// What stands between the values of CSV.
    pub(super) delimiter: Option<u8>,
    /// What texts are written in, whatever the answers say.
    pub(super) encoding: Option<&'static Encoding>,
    /// Whether the user was told of the delimiter.
    pub(super) was_hinted: Arc<AtomicBool>,
}

impl Default for Written {
    fn default() -> Self {
        Self {
            records: RecordPath::default(),
            format: None,
            kind: Kind::default(),
            is_graphql: false,
            errors: ToldErrors::default(),
            declared: Vec::new(),
            way_out: String::new(),
            max_record_bytes: USUAL,
            delimiter: None,
            encoding: None,
            was_hinted: Arc::default(),
        }
    }
}

impl Written {
    /// The format of an answer, and where it is noted that it has no records where they should be.
    /// Of a path that answers may lack, `lookup` says whether any has it.
    pub(super) fn format(
        &self,
        answer: &Response,
        lookup: Option<PathLookup>,
    ) -> (Arc<dyn Format>, Missing) {
        let missing = Missing::default();
        if let Some(format) = &self.format {
            return (Arc::clone(format), missing);
        }
        let kind = if self.is_graphql { Kind::Json } else { self.kind };
        let reading = Reading::at(self.records.clone()).bounded(self.max_record_bytes);
        let mut reading = reading.watching(lookup);
        reading = reading.delimited(self.delimiter, &self.was_hinted).encoded(self.encoding);
        if self.errors == ToldErrors::Fail || self.is_graphql {
            reading = reading.noting(missing.clone());
        }
        (reading.format(kind, answer.headers(), answer.url()), missing)
    }
}

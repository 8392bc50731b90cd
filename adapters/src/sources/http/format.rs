//! What answers are written in, in a user's words.

use crate::http::{Call, Csv, JsonLines, RecordPath, Xml, Zip};
use schemars::JsonSchema;
use serde::Deserialize;

/// What answers are written in. Gzip is seen where it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum FormatSettings {
    /// What the header Content-Type says, in doubt JSON
    #[default]
    Auto,
    /// JSON
    Json,
    /// A JSON text a line
    JsonLines,
    /// Comma-separated values, with a line of names
    Csv,
    /// Tab-separated values, with a line of names
    Tsv,
    /// XML
    Xml,
    /// An archive of such files, by their names
    Zip,
}

impl FormatSettings {
    /// A call that reads its answers so, with the records at a path.
    pub(super) fn of<'a>(self, call: Call<'a>, records: &RecordPath) -> Call<'a> {
        let call = call.records(records.to_string());
        match self {
            Self::Auto => call,
            Self::Json => call,
            Self::JsonLines => call.format(JsonLines::new()),
            Self::Csv => call.format(Csv::new()),
            Self::Tsv => call.format(Csv::new().delimiter(b'\t')),
            Self::Xml => call.format(Xml::at(records.clone())),
            Self::Zip => call.format(Zip::by_name(records.clone())),
        }
    }
}

//! What answers are written in, in a user's words.

use crate::http::{Call, Kind, RecordPath};
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
    /// Whether answers, or files in them, may be JSON.
    pub(super) const fn may_be_json(self) -> bool {
        matches!(self, Self::Auto | Self::Json | Self::Zip)
    }

    /// A call that reads its answers so, with the records at a path.
    pub(super) fn of<'a>(self, call: Call<'a>, records: &RecordPath) -> Call<'a> {
        call.records_at(records.clone()).written_in(match self {
            Self::Auto => Kind::Auto,
            Self::Json => Kind::Json,
            Self::JsonLines => Kind::JsonLines,
            Self::Csv => Kind::Csv,
            Self::Tsv => Kind::Tsv,
            Self::Xml => Kind::Xml,
            Self::Zip => Kind::Zip,
        })
    }
}

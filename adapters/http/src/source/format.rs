//! What answers are written in, in a user's words.

use crate::{Call, Kind, RecordPath};
use airbyte_singer_runtime::{Error, Result};
use encoding_rs::Encoding;
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

/// What stands between the values of CSV.
///
/// # Errors
///
/// A config error: it is no single character of ASCII, or one that CSV needs itself.
pub(super) fn delimiter(text: &str) -> Result<u8> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        [b'"' | b'\n' | b'\r'] => {
            Err(Error::config("a quote or a line break can't be a delimiter"))
        }
        [byte] if byte.is_ascii() => Ok(*byte),
        _ => Err(Error::config("a delimiter is one character such as `;`, or `tab`")),
    }
}

/// The name of an encoding.
///
/// # Errors
///
/// A config error: there is none of that name.
pub(super) fn encoding(label: String) -> Result<String> {
    match Encoding::for_label(label.as_bytes()) {
        Some(_) => Ok(label),
        None => {
            let text = "there is no such encoding; there are windows-1252, ISO-8859-1, UTF-16LE and the others \
                        that browsers know";
            Err(Error::config(text))
        }
    }
}

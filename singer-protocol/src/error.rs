//! The one error of the files a tap reads and writes; lines have [`LineError`](crate::LineError).

use std::fmt;

/// Why a catalog, a state or an `--about` answer could not be understood, and where.
///
/// The text names the file's kind, the line and column (1-based, in bytes) or the path inside the
/// file; it never holds a value of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    what: &'static str,
    place: Place,
    reason: String,
}

/// Where inside a file something is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Nowhere,
    At { line: usize, column: usize },
    Path(String),
}

impl Error {
    /// An error about the whole file.
    pub(crate) fn whole(what: &'static str, reason: impl Into<String>) -> Error {
        Error { what, place: Place::Nowhere, reason: reason.into() }
    }

    /// An error about the element at `path`, written like `streams[3].schema`.
    pub(crate) fn at_path(what: &'static str, path: String, reason: impl Into<String>) -> Error {
        Error { what, place: Place::Path(path), reason: reason.into() }
    }

    /// A syntax error; `lines_before` counts the lines that were skipped before the JSON began.
    pub(crate) fn json(
        what: &'static str,
        lines_before: usize,
        error: &serde_json::Error,
    ) -> Error {
        let place = Place::At { line: lines_before + error.line(), column: error.column() };
        Error { what, place, reason: syntax_reason(error) }
    }

    /// Line and column of a syntax error, both 1-based.
    pub fn position(&self) -> Option<(usize, usize)> {
        match self.place {
            Place::At { line, column } => Some((line, column)),
            _ => None,
        }
    }

    /// Path of the element that is wrong, like `streams[3].schema`.
    pub fn path(&self) -> Option<&str> {
        match &self.place {
            Place::Path(path) => Some(path),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.what)?;
        match &self.place {
            Place::Nowhere => {}
            Place::At { line, column } => write!(f, "line {line}, column {column}: ")?,
            Place::Path(path) => write!(f, "{path}: ")?,
        }
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Error {}

/// The words of a JSON syntax error without its position, which we give in our own way.
///
/// Only syntax errors come here: their words are fixed and hold nothing of the text. Any other kind
/// may quote a value, so it is not quoted.
pub(crate) fn syntax_reason(error: &serde_json::Error) -> String {
    use serde_json::error::Category;
    match error.classify() {
        Category::Eof => "the text ends too early".to_owned(),
        Category::Syntax => {
            let text = error.to_string();
            text.rsplit_once(" at line ").map_or(text.clone(), |(reason, _)| reason.to_owned())
        }
        Category::Data | Category::Io => "not the shape that was expected".to_owned(),
    }
}

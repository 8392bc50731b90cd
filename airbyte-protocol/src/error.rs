use std::fmt;

/// A file from the platform that can't be understood: what was expected and where.
///
/// Never holds a value of the file, only the path of keys to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    path: String,
    reason: String,
}

impl Error {
    /// An error at `path` (dots and brackets, as in `streams[3].stream.name`; empty for the whole).
    pub fn new(path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { path: path.into(), reason: reason.into() }
    }

    /// Where in the document, e.g. `streams[3].sync_mode`; empty for the document itself.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// A syntax error, told by line and column; serde's own text could quote the data.
    pub(crate) fn syntax(error: &serde_json::Error) -> Self {
        let what =
            if error.is_eof() { "the JSON ends too early" } else { "this is not valid JSON" };
        Self::new("", format!("{what} (line {}, column {})", error.line(), error.column()))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.reason)
        } else {
            write!(f, "at {}: {}", self.path, self.reason)
        }
    }
}

impl std::error::Error for Error {}

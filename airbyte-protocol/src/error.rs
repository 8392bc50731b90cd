use std::fmt;

/// A document or a message that can't be understood: what was expected and where.
///
/// Never holds a value of the document, only the path of keys to it.
///
/// ```
/// use airbyte_protocol::Message;
///
/// let line = br#"{"type":"LOG","log":{"level":"LOUD","message":"s3cret"}}"#;
/// let error = Message::parse(line).unwrap_err();
/// assert_eq!(error.path(), "log.level");
/// assert!(error.to_string().starts_with("at log.level: expected one of `TRACE`, `DEBUG`"));
/// ```
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

    /// An error of a shape, below `prefix`. Of serde's words only the kinds that name keys and types
    /// are kept; a text that quotes a value is cut down to what was expected.
    pub(crate) fn at(prefix: &str, error: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        let path = match error.path().to_string() {
            path if path == "." => prefix.to_owned(),
            path if prefix.is_empty() => path,
            path => format!("{prefix}.{path}"),
        };
        let text = error.inner().to_string();
        let reason = if text.starts_with("missing field") || text.starts_with("invalid length") {
            text
        } else if let Some((_, expected)) = text.rsplit_once("expected ") {
            // The last one: a quoted value may hold the word, what is expected never does.
            format!("expected {expected}")
        } else {
            "this has the wrong type".to_owned()
        };
        Self::new(path, reason)
    }

    /// Reads the value at `prefix` of a document.
    pub(crate) fn reading<T: serde::de::DeserializeOwned>(
        prefix: &str,
        value: serde_json::Value,
    ) -> Result<T, Self> {
        serde_path_to_error::deserialize(value).map_err(|error| Self::at(prefix, &error))
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

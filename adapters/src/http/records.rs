//! Where the records are in a document.

use super::pointer;
use crate::{Error, Result};
use std::fmt;
use std::str::FromStr;

/// Where in a document its records are: a JSON Pointer (RFC 6901), in which `*` stands for every member
/// of an array or object.
///
/// What is found there is an array of records or a single one. The default is the document itself.
///
/// ```
/// use airbyte_adapters::http::RecordPath;
///
/// let path: RecordPath = "/data/repository/issues/edges/*/node".parse()?;
/// assert_eq!(path.to_string(), "/data/repository/issues/edges/*/node");
/// assert!("data/items".parse::<RecordPath>().is_err());
/// # Ok::<(), airbyte_adapters::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordPath(Vec<Step>);

/// From a value to what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// The member of an object, or of an array by its number.
    Member(String),
    /// Every member.
    Each,
}

impl RecordPath {
    pub(super) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self(steps.into_iter().collect())
    }

    /// The steps from the document to its records.
    pub(super) fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The first `steps` of it, as a sentence names them.
    pub(super) fn named(&self, steps: usize) -> String {
        let path = Self(self.0.iter().take(steps).cloned().collect());
        if path.0.is_empty() { "the top".to_owned() } else { path.to_string() }
    }
}

impl FromStr for RecordPath {
    type Err = Error;

    /// # Errors
    ///
    /// A config error: a path that isn't empty begins with `/`, and `~` is written `~0`.
    fn from_str(text: &str) -> Result<Self> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let Some(steps) = text.strip_prefix('/') else {
            return Err(Error::config("a record path must begin with `/`, as in `/data/items`"));
        };
        steps.split('/').map(step).collect::<Result<_>>().map(Self)
    }
}

fn step(text: &str) -> Result<Step> {
    if text == "*" {
        return Ok(Step::Each);
    }
    let plain = text.replace("~1", "").replace("~0", "");
    if plain.contains('~') {
        return Err(Error::config("a record path has a `~` that isn't followed by 0 or 1"));
    }
    Ok(Step::Member(pointer::key(text)))
}

impl fmt::Display for RecordPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.0 {
            match step {
                Step::Member(name) => f.write_str(&pointer::below("", name))?,
                Step::Each => f.write_str("/*")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_written_as_it_was_read() {
        for text in ["", "/", "/a", "/a/*/b", "/*", "/a~1b/~0", "/data/0/x", "/a//b"] {
            assert_eq!(text.parse::<RecordPath>().unwrap().to_string(), text);
        }
        let escaped: RecordPath = "/a~1b/~01".parse().unwrap();
        let names = [Step::Member("a/b".to_owned()), Step::Member("~1".to_owned())];
        assert_eq!(escaped.steps(), names);
    }

    #[test]
    fn a_path_that_is_none_is_a_fault_of_the_config() {
        for text in ["data", "/a~2", "/a~", "*"] {
            let error = text.parse::<RecordPath>().unwrap_err();
            assert!(error.message().starts_with("a record path "), "{error}");
        }
    }
}

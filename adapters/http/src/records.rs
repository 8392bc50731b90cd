//! Where the records are in a document.

use super::pointer;
use airbyte_singer_runtime::{Error, Result};
use std::fmt;
use std::str::FromStr;

/// Where in a document its records are: a JSON Pointer (RFC 6901), in which `*` stands for every member
/// of an array or object.
///
/// What is found there is an array of records or a single one. The default is the document itself.
///
/// ```
/// use airbyte_singer_sdk::http::RecordPath;
///
/// let path: RecordPath = "/data/repository/issues/edges/*/node".parse()?;
/// assert_eq!(path.to_string(), "/data/repository/issues/edges/*/node");
/// assert!("data/items".parse::<RecordPath>().is_err());
/// # Ok::<(), airbyte_singer_sdk::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordPath {
    steps: Vec<Step>,
    around: Around,
}

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
        Self { steps: steps.into_iter().collect(), around: Around::default() }
    }

    /// The key of a record's member at the last `*`, which is an object there, becomes this field of the
    /// record. With it, or with [`RecordPath::field_around`], one member of the first `*` at a time is in
    /// memory, and what bounds a record bounds all of it.
    ///
    /// ```
    /// use airbyte_singer_sdk::http::{Format, Json, RecordPath};
    /// use serde_json::json;
    ///
    /// let path: RecordPath = "/rates/*".parse()?;
    /// let path = path.key_field("day")?.value_field("rate");
    /// let mut body: &[u8] = br#"{"rates": {"2024-01-01": 1.1, "2024-01-02": {"usd": 1.2}}}"#;
    /// let mut records = Vec::new();
    /// Json::at(path).decode(&mut body, &mut |record| {
    ///     records.push(record);
    ///     Ok(())
    /// })?;
    /// let days = json!([{"rate": 1.1, "day": "2024-01-01"}, {"usd": 1.2, "day": "2024-01-02"}]);
    /// assert_eq!(json!(records), days);
    /// # Ok::<(), airbyte_singer_sdk::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A config error: the path has no `*`.
    pub fn key_field(mut self, name: &str) -> Result<Self> {
        if !self.steps.contains(&Step::Each) {
            return Err(Error::config("a record path without `*` has no keys"));
        }
        self.around.key = Some(name.to_owned());
        Ok(self)
    }

    /// What stands around a record becomes this field of it: `/*/id` for records at `/*/items` is the `id`
    /// of the object whose `items` they are in. It is null where that object doesn't have it.
    ///
    /// # Errors
    ///
    /// A config error: `at` doesn't go along with this path up to a `*`, or has another one behind it.
    pub fn field_around(mut self, name: &str, at: &str) -> Result<Self> {
        let wanted: Self = at.parse()?;
        let alike = self.steps.iter().zip(&wanted.steps).take_while(|(a, b)| a == b).count();
        let stars = |steps: &[Step]| steps.iter().filter(|step| **step == Step::Each).count();
        let last = wanted.steps.iter().rposition(|step| *step == Step::Each);
        let Some(last) = last.filter(|last| *last < alike && last + 1 < wanted.steps.len()) else {
            return Err(Error::config(
                "a field around records is at a path that goes along with theirs up to a `*`, such as \
                 /*/id for records at /*/items",
            ));
        };
        let pointer = Self::new(wanted.steps[last + 1..].iter().cloned()).to_string();
        let level = stars(&wanted.steps[..last]);
        self.around.fields.push(Field { name: name.to_owned(), level, pointer });
        Ok(self)
    }

    /// A record that is no object becomes an object with this field.
    #[must_use]
    pub fn value_field(mut self, name: &str) -> Self {
        self.around.value = Some(name.to_owned());
        self
    }

    /// The steps from the document to its records.
    pub(super) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// What records get beside what they have.
    pub(super) fn around(&self) -> &Around {
        &self.around
    }

    /// The first `steps` of it, as a sentence names them.
    pub(super) fn named(&self, steps: usize) -> String {
        let path = Self::new(self.steps.iter().take(steps).cloned());
        if path.steps.is_empty() { "the top".to_owned() } else { path.to_string() }
    }
}

/// What records get beside what they have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Around {
    key: Option<String>,
    fields: Vec<Field>,
    value: Option<String>,
}

/// A field that is taken from around a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    name: String,
    /// How many `*` come before the one whose member has it.
    level: usize,
    /// Where in that member.
    pointer: String,
}

impl Around {
    /// Whether members of a `*` are looked at as a whole.
    pub(super) fn is_asked(&self) -> bool {
        self.key.is_some() || !self.fields.is_empty()
    }

    /// Whether it means something in JSON alone.
    pub(super) fn is_any(&self) -> bool {
        self.is_asked() || self.value.is_some()
    }

    pub(super) fn key_field(&self) -> Option<&str> {
        self.key.as_deref()
    }

    pub(super) fn value_field(&self) -> Option<&str> {
        self.value.as_deref()
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter()
    }
}

impl Field {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) const fn level(&self) -> usize {
        self.level
    }

    pub(super) fn pointer(&self) -> &str {
        &self.pointer
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
        let steps: Vec<Step> = steps.split('/').map(step).collect::<Result<_>>()?;
        Ok(Self::new(steps))
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
        for step in &self.steps {
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
    fn what_is_around_goes_along_with_the_path() {
        let path = |text: &str| text.parse::<RecordPath>().unwrap();
        assert!(path("/*/items").field_around("id", "/*/id").is_ok());
        assert!(path("/a/*/b/*/c").field_around("id", "/a/*/b/*/d/e").is_ok());
        for (records, at) in
            [("/items", "/id"), ("/*/items", "/id"), ("/*/items", "/*"), ("/*/a/*", "/*/b/*/c")]
        {
            let error = path(records).field_around("id", at).unwrap_err();
            assert!(error.message().starts_with("a field around records"), "{error}");
        }
        assert!(path("/items").key_field("key").is_err());
    }

    #[test]
    fn a_path_that_is_none_is_a_fault_of_the_config() {
        for text in ["data", "/a~2", "/a~", "*"] {
            let error = text.parse::<RecordPath>().unwrap_err();
            assert!(error.message().starts_with("a record path "), "{error}");
        }
    }
}

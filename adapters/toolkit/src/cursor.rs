//! The cursor of a stream: where it is in a record, and which of two values is greater.

mod key;
mod notation;
mod record;
mod since;
mod time;

pub(super) use key::{Key, Kind};
pub use since::Since;

use airbyte_singer_runtime::{Error, Result};
use jiff::civil::Date;
use serde_json::{Map, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use time::Format;

/// The field that grows with every change of a record, and how its values are ordered.
///
/// Numbers are ordered by their value. Texts that are times of ISO 8601 (`2026-01-31`,
/// `2026-01-31T10:00:00.5+01:00`) are ordered as times; without an offset they are in UTC. Times in other
/// notations (`12/31/23`, `Dec 31 2023`) are an error that names the format they need. Other texts are
/// ordered byte by byte, which a warning says. [`Cursor::format`] and [`Cursor::numeric`] order texts
/// otherwise. A record whose cursor is of another kind than that of the records before it is an error.
///
/// A record has no cursor where the field is missing, null, an empty text or a date of zeros
/// (`0000-00-00`). Such a record is emitted like any other, and doesn't move the state.
///
/// ```
/// use airbyte_singer_sdk::toolkit::Cursor;
///
/// let plain = Cursor::new("updated_at");
/// let nested = Cursor::new("/meta/updated");
/// let american = Cursor::new("updated").format("%m/%d/%Y").format("%m/%d/%Y %I:%M %p");
/// let version = Cursor::new("version").numeric();
/// ```
#[derive(Debug, Clone, Default)]
pub struct Cursor {
    path: Vec<String>,
    formats: Vec<Format>,
    is_numeric: bool,
    fault: Option<Error>,
    /// Whether a text was found to be ordered byte by byte; all clones know.
    by_bytes: Arc<AtomicBool>,
}

impl Cursor {
    /// The cursor that is this field: a name, or a JSON Pointer such as `/meta/updated`.
    pub fn new(field: impl AsRef<str>) -> Self {
        Self { path: path(field.as_ref()), ..Self::default() }
    }

    /// The cursor at a path of names.
    pub fn at(path: &[String]) -> Self {
        Self { path: path.to_vec(), ..Self::default() }
    }

    /// A format that its times have; several are tried in their order. A text or number that fits none of
    /// them is an error of the stream.
    ///
    /// A format is a text with the placeholders of `strftime` as [`jiff::fmt::strtime`] reads them
    /// (`%Y-%m-%dT%H:%M:%S%.f%z`, `%d.%m.%Y`), where `%z` also reads `+01:00` and `Z`, and `%Z` reads
    /// `UTC`, `GMT` and `Z`; or one of the names `%s` (seconds since 1970, with or without a fraction),
    /// `%s_as_float` (the same), `%ms` (milliseconds), `%epoch_microseconds`, `rfc2822` and `iso8601`.
    /// What has no offset is in UTC, and what has no day or month begins with the first. A format that
    /// can't be read is a config error of the stream's read.
    #[must_use]
    pub fn format(mut self, format: &str) -> Self {
        match Format::parse(format) {
            Ok(format) => self.formats.push(format),
            Err(error) => self.fault = Some(error),
        }
        self
    }

    /// Says that its texts are numbers, and orders them so.
    #[must_use]
    pub const fn numeric(mut self) -> Self {
        self.is_numeric = true;
        self
    }

    /// What leaves out the records before `value`, of the state mostly ([`Slice::cursor`]), where the API
    /// can't. Records without a cursor are kept.
    ///
    /// [`Slice::cursor`]: super::Slice::cursor
    ///
    /// # Errors
    ///
    /// A config error: the value is none of this cursor's.
    pub fn since(&self, value: &Value) -> Result<Since> {
        Since::value(self, value)
    }

    /// What leaves out the records before a value that a user has written. It may be a number beside
    /// numbers, and a year, a month, a day without hyphens (`20240131`) or another time of ISO 8601 beside
    /// times in any format, where 0 leaves nothing out.
    ///
    /// # Errors
    ///
    /// A config error: no value of this cursor can be compared with it.
    pub fn starting_at(&self, text: &str) -> Result<Since> {
        Since::text(self, text)
    }

    /// # Errors
    ///
    /// A config error: a format can't be read, or there are formats of what is a number.
    pub fn check(&self) -> Result<()> {
        if self.is_numeric && !self.formats.is_empty() {
            return Err(Error::config("of the settings `format` and `numeric` it can have one"));
        }
        self.fault.clone().map_or(Ok(()), Err)
    }

    /// The names from the record to the field.
    pub fn path(&self) -> &[String] {
        &self.path
    }

    /// The field as sentences name it.
    pub fn name(&self) -> String {
        match self.path.as_slice() {
            [name] => name.clone(),
            path => path.iter().map(|name| format!("/{name}")).collect(),
        }
    }

    /// What a record has in the field.
    pub fn value<'a>(&self, record: &'a Map<String, Value>) -> Option<&'a Value> {
        let (first, rest) = self.path.split_first()?;
        record::within(record.get(first)?, rest)
    }

    /// Whether a record has a cursor, though it may be none that can be ordered.
    pub fn is_in(&self, record: &Map<String, Value>) -> bool {
        self.value(record).is_some_and(|value| !matches!(self.key(value), Ok(None)))
    }

    /// What to add to a sentence that says that no record has the field.
    pub fn hint(&self) -> String {
        match self.path.as_slice() {
            [field] if field.contains('.') => {
                let pointer = field.replace('.', "/");
                format!("; a nested field is named by a JSON Pointer, such as /{pointer}")
            }
            _ => String::new(),
        }
    }

    /// The value in a record's JSON text, with what it is ordered by; none if there is no cursor.
    pub(super) fn of_record(&self, record: &[u8]) -> Result<Option<(Key, Value)>> {
        let Some(value) = record::find(record, &self.path)? else { return Ok(None) };
        Ok(self.key(&value)?.map(|key| (key, value)))
    }

    /// What a value is ordered by; none if it is no cursor.
    pub(super) fn key(&self, value: &Value) -> Result<Option<Key>> {
        match value {
            Value::Null => Ok(None),
            Value::String(text) if is_blank(text) => Ok(None),
            Value::String(text) => self.key_of_text(text).map(Some),
            Value::Number(number) if self.formats.is_empty() => Ok(Some(Key::number(number))),
            Value::Number(number) => self.key_of_text(&number.to_string()).map(Some),
            _ => {
                let name = self.name();
                Err(Error::system(format!("the cursor `{name}` is neither a text nor a number")))
            }
        }
    }

    /// What a value of the state is ordered by.
    pub(super) fn saved_key(&self, value: &Value) -> Result<Option<Key>> {
        self.key(value).map_err(|_| {
            let name = self.name();
            Error::config(format!(
                "the state's value of the cursor `{name}` doesn't fit the cursor's settings `format` \
                 and `numeric`; change them, or reset the stream"
            ))
        })
    }

    fn key_of_text(&self, text: &str) -> Result<Key> {
        if self.is_numeric {
            return Key::number_in(text).ok_or_else(|| {
                let name = self.name();
                Error::config(format!(
                    "the cursor `{name}` isn't always a number, as its setting `numeric` says"
                ))
            });
        }
        if !self.formats.is_empty() {
            let time = self.formats.iter().find_map(|format| format.read(text));
            return time.map(Key::Time).ok_or_else(|| {
                let name = self.name();
                Error::config(format!(
                    "a value of the cursor `{name}` fits none of the formats in its setting `format`"
                ))
            });
        }
        if let Some(time) = time::iso(text) {
            return Ok(Key::Time(time));
        }
        if let Some(formats) = notation::of(text) {
            let (name, formats) = (self.name(), notation::listed(&formats));
            return Err(Error::config(format!(
                "the cursor `{name}` has times that aren't written as in ISO 8601, and whose order isn't that \
                 of texts: its setting `format` has to name how they are written{formats}"
            )));
        }
        self.by_bytes.store(true, Ordering::Relaxed);
        Ok(Key::Text(text.to_owned()))
    }

    /// Whether a text was found to be ordered byte by byte.
    pub fn is_by_bytes(&self) -> bool {
        self.by_bytes.load(Ordering::Relaxed)
    }

    /// The time in ISO 8601 that a value in one of the formats is.
    pub fn moment(&self, value: &Value) -> Option<String> {
        match self.key(value).ok()?? {
            Key::Time(time) if !self.formats.is_empty() => time.iso(),
            _ => None,
        }
    }

    /// The day of a value that is a time: the earlier one where that of its offset is another than that
    /// in UTC.
    pub fn day(&self, value: &Value) -> Option<Date> {
        match self.key(value).ok()?? {
            Key::Time(time) => Some(time.day()),
            Key::Number(_) | Key::Text(_) => None,
        }
    }

    /// The day of a time that a user has written as [`Cursor::starting_at`] takes it, if it is one.
    pub fn day_written(&self, text: &str) -> Option<Date> {
        // Digits alone may be a number.
        if self.formats.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let in_formats = self.formats.iter().find_map(|format| format.read(text));
        in_formats.or_else(|| time::beginning(text)).map(time::Time::day)
    }

    /// Keeps the greater of the two in `greatest`.
    ///
    /// # Errors
    ///
    /// They can't be compared.
    pub fn keep_greatest(&self, greatest: &mut Option<Value>, value: Value) -> Result<()> {
        let Some(key) = self.key(&value)? else { return Ok(()) };
        let known = greatest.as_ref().map(|known| self.key(known)).transpose()?.flatten();
        let is_greater = match known {
            None => true,
            Some(known) => {
                let order = known.compare(&key);
                order.ok_or_else(|| self.mixed(known.kind(), key.kind()))?.is_lt()
            }
        };
        if is_greater {
            *greatest = Some(value);
        }
        Ok(())
    }

    /// The error of values that can't be compared.
    pub(super) fn mixed(&self, one: Kind, other: Kind) -> Error {
        let (name, one, other) = (self.name(), one.noun(), other.noun());
        Error::config(format!(
            "the cursor `{name}` is {one} at times and {other} at others; its setting `format` names \
             the formats of times, and `numeric` orders texts as numbers"
        ))
    }
}

impl From<&str> for Cursor {
    fn from(field: &str) -> Self {
        Self::new(field)
    }
}

impl From<String> for Cursor {
    fn from(field: String) -> Self {
        Self::new(field)
    }
}

impl From<&String> for Cursor {
    fn from(field: &String) -> Self {
        Self::new(field)
    }
}

/// A field that is named by its name or by a JSON Pointer, as the names that lead to it.
pub fn path(field: &str) -> Vec<String> {
    match field.strip_prefix('/') {
        Some(names) => {
            names.split('/').map(|name| name.replace("~1", "/").replace("~0", "~")).collect()
        }
        None => vec![field.to_owned()],
    }
}

/// Whether a text says that there is no time or number.
fn is_blank(text: &str) -> bool {
    text.trim().is_empty() || text.starts_with("0000-00-00")
}

#[cfg(test)]
mod tests;

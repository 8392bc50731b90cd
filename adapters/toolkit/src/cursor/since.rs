//! Where a read begins, held against records.

use super::{Cursor, Key, time};
use airbyte_singer_runtime::{Error, Result};
use serde_json::{Map, Value};

/// Where a read begins: it tells which records are left out by a source that has to do so itself, since
/// its API can't. A [`Cursor`] makes it.
///
/// ```
/// use airbyte_singer_sdk::toolkit::Cursor;
/// use serde_json::{Value, json};
///
/// let since = Cursor::new("at").since(&json!("2026-01-31T02:50:00+02:00"))?;
/// let keeps = |record: Value| since.keeps(record.as_object().unwrap());
/// assert!(!keeps(json!({"at": "2026-01-31T00:49:59Z"}))?);
/// assert!(keeps(json!({"at": "2026-01-31T02:20:00+01:00"}))?);
/// assert!(keeps(json!({"at": null}))? && keeps(json!({}))?);
/// # Ok::<(), airbyte_singer_sdk::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Since {
    cursor: Cursor,
    /// What the beginning may be, one of a kind; without any everything is kept.
    keys: Vec<Key>,
    /// Whether a user wrote it, rather than an earlier read.
    is_written: bool,
}

impl Since {
    pub(super) fn value(cursor: &Cursor, value: &Value) -> Result<Self> {
        cursor.check()?;
        let key = cursor.saved_key(value)?;
        Ok(Self { cursor: cursor.clone(), keys: key.into_iter().collect(), is_written: false })
    }

    pub(super) fn text(cursor: &Cursor, text: &str) -> Result<Self> {
        cursor.check()?;
        let time = cursor.formats.iter().find_map(|format| format.read(text));
        let time = time.or_else(|| time::beginning(text)).map(Key::Time);
        let number = || Key::number_in(text);
        let keys: Vec<Key> = match (cursor.formats.is_empty(), cursor.is_numeric) {
            (false, _) => time.into_iter().collect(),
            (true, true) => number().into_iter().collect(),
            (true, false) => {
                number().into_iter().chain(time).chain([Key::Text(text.to_owned())]).collect()
            }
        };
        if keys.is_empty() {
            let expected = if cursor.is_numeric {
                "a number, as its setting `numeric` says"
            } else {
                "a time of ISO 8601 or in one of the formats in its setting `format`"
            };
            return Err(Error::config(format!("its setting `start` must be {expected}")));
        }
        Ok(Self { cursor: cursor.clone(), keys, is_written: true })
    }

    /// Whether a record stands at the beginning or behind it, or has no cursor.
    ///
    /// # Errors
    ///
    /// A config error that names the field: the record's cursor can't be compared with the beginning.
    pub fn keeps(&self, record: &Map<String, Value>) -> Result<bool> {
        let Some(value) = self.cursor.value(record) else { return Ok(true) };
        let Some(key) = self.cursor.key(value)? else { return Ok(true) };
        let Some(first) = self.keys.first() else { return Ok(true) };
        if let Some(order) = self.keys.iter().find_map(|begin| key.compare(begin)) {
            return Ok(order.is_ge());
        }
        if !self.is_written {
            return Err(self.cursor.mixed(first.kind(), key.kind()));
        }
        let (name, noun) = (self.cursor.name(), key.kind().noun());
        Err(Error::config(format!("the cursor `{name}` is {noun}, and its setting `start` is not")))
    }
}

//! What stands inside a message, as values rather than texts.

use serde_json::Value;

use super::{ActivateVersion, Batch, Message, Record, Schema, State};
use crate::{Error, epoch_millis};

impl Message<'_> {
    /// The message's type in capitals, as Singer writes it; an unknown one as the tap wrote it.
    pub fn kind(&self) -> &str {
        match self {
            Message::Schema(_) => "SCHEMA",
            Message::Record(_) => "RECORD",
            Message::State(_) => "STATE",
            Message::ActivateVersion(_) => "ACTIVATE_VERSION",
            Message::Batch(_) => "BATCH",
            Message::Other(other) => &other.kind,
        }
    }

    /// The stream that the message speaks of; `None` for a STATE and an unknown type.
    pub fn stream(&self) -> Option<&str> {
        match self {
            Message::Schema(schema) => Some(&schema.stream),
            Message::Record(record) => Some(&record.stream),
            Message::ActivateVersion(activate) => Some(&activate.stream),
            Message::Batch(batch) => Some(&batch.stream),
            Message::State(_) | Message::Other(_) => None,
        }
    }
}

impl Schema<'_> {
    /// The JSON Schema as a value.
    ///
    /// # Errors
    ///
    /// For a schema that was made by hand and isn't JSON, or is nested deeper than 128 levels.
    pub fn to_value(&self) -> Result<Value, Error> {
        value("schema", self.schema)
    }
}

impl Record<'_> {
    /// The row as a value; numbers keep their digits, of a key that comes twice the last counts.
    ///
    /// # Errors
    ///
    /// For a record that was made by hand and isn't JSON, or is nested deeper than 128 levels.
    pub fn to_value(&self) -> Result<Value, Error> {
        value("record", self.record)
    }

    /// When the row was read: milliseconds since the epoch. `None` when the tap doesn't say, or not
    /// in a way that [`epoch_millis`] understands.
    pub fn extracted_at(&self) -> Option<i64> {
        epoch_millis(self.time_extracted.as_deref()?)
    }

    /// The table version as a number. `None` when there is none, or it isn't a whole number.
    pub fn version_number(&self) -> Option<i64> {
        self.version?.parse().ok()
    }
}

impl State<'_> {
    /// The state, to look into.
    ///
    /// # Errors
    ///
    /// When it is neither an object nor null.
    pub fn to_state(&self) -> Result<crate::State, Error> {
        crate::State::parse(self.value.as_bytes())
    }
}

impl ActivateVersion<'_> {
    /// The table version as a number. `None` when there is none, or it isn't a whole number.
    pub fn version_number(&self) -> Option<i64> {
        self.version?.parse().ok()
    }
}

/// How the files of a [`Batch`] are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchEncoding {
    /// `jsonl` (one record a line) or `parquet`.
    pub format: String,
    /// `gzip`, `zstd`, `snappy`, …; `None` when there is none, which some write as `none`.
    pub compression: Option<String>,
}

impl Batch<'_> {
    /// How the files are written.
    ///
    /// ```
    /// use singer_protocol::message::{Batch, BatchEncoding};
    ///
    /// let batch = Batch::new("users", r#"{"format":"jsonl","compression":"none"}"#, r#"["file:///b"]"#);
    /// let expected = BatchEncoding { format: "jsonl".to_owned(), compression: None };
    /// assert_eq!(batch.read_encoding()?, expected);
    /// assert_eq!(batch.uris()?, ["file:///b"]);
    /// # Ok::<(), singer_protocol::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the encoding names no format.
    pub fn read_encoding(&self) -> Result<BatchEncoding, Error> {
        let encoding = value(ENCODING, self.encoding)?;
        let said = |key: &str| encoding.get(key).and_then(Value::as_str).map(str::to_owned);
        let format = said("format")
            .ok_or_else(|| Error::at_path(ENCODING, "format".to_owned(), "not a string"))?;
        let compression = said("compression").filter(|name| name != "none");
        Ok(BatchEncoding { format, compression })
    }

    /// Where the files lie, in order: URIs, mostly `file://`.
    ///
    /// # Errors
    ///
    /// When the manifest isn't a list of strings.
    pub fn uris(&self) -> Result<Vec<String>, Error> {
        let manifest = value(MANIFEST, self.manifest)?;
        let Value::Array(files) = manifest else {
            return Err(Error::whole(MANIFEST, "not a list"));
        };
        let uris = files.into_iter().enumerate().map(|(index, file)| match file {
            Value::String(uri) => Ok(uri),
            _ => Err(Error::at_path(MANIFEST, format!("[{index}]"), "not a string")),
        });
        uris.collect()
    }
}

const ENCODING: &str = "encoding of a batch";
const MANIFEST: &str = "manifest of a batch";

fn value(what: &'static str, text: &str) -> Result<Value, Error> {
    serde_json::from_str(text).map_err(|error| Error::json(what, 0, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_batch_must_say_is_missed_by_its_place() {
        let says = |encoding: &str, manifest: &str| {
            let batch = Batch::new("s", encoding, manifest);
            let encoding = batch.read_encoding().map(drop).unwrap_err().to_string();
            (encoding, batch.uris().unwrap_err().to_string())
        };
        assert_eq!(
            says("{}", "7"),
            (
                "encoding of a batch: format: not a string".to_owned(),
                "manifest of a batch: not a list".to_owned()
            )
        );
        let (encoding, manifest) = says("{\"format\":", "[\"a\",1]");
        assert!(encoding.starts_with("encoding of a batch: line 1, column 10:"), "{encoding}");
        assert_eq!(manifest, "manifest of a batch: [1]: not a string");
    }

    #[test]
    fn versions_and_times_that_say_nothing_are_none() {
        let mut record = Record::new("s", "{}");
        assert_eq!((record.version_number(), record.extracted_at()), (None, None));
        record.version = Some("1732000000000");
        record.time_extracted = Some("1970-01-01T00:00:01Z".into());
        assert_eq!(record.version_number(), Some(1_732_000_000_000));
        assert_eq!(record.extracted_at(), Some(1000));
        record.version = Some("\"v\"");
        record.time_extracted = Some("yesterday".into());
        assert_eq!((record.version_number(), record.extracted_at()), (None, None));
    }
}

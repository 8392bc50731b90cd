use super::bound::{Bounded, Room, Weight};
use super::opening::{Opening, refuse_page};
use super::{Bound, Each, Format, Record, Rest, USUAL, unreadable};
use airbyte_singer_runtime::{Error, Result};
use csv::{ErrorKind, ReaderBuilder, StringRecord};
use serde_json::Value;
use std::cell::Cell;
use std::collections::HashMap;
use std::io::{self, BufRead, Read};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Comma-separated values (RFC 4180) in UTF-8. Every value is a text.
///
/// ```
/// use airbyte_singer_sdk::http::{Csv, Format};
/// use serde_json::json;
///
/// let mut body = "id;name\n1;\"Smith; John\"\n2;\n".as_bytes();
/// let mut records = Vec::new();
/// Csv::new().delimiter(b';').empty_as_null().decode(&mut body, &mut |record| {
///     records.push(record);
///     Ok(())
/// })?;
/// assert_eq!(json!(records[0]), json!({"id": "1", "name": "Smith; John"}));
/// assert_eq!(json!(records[1]), json!({"id": "2", "name": null}));
/// # Ok::<(), airbyte_singer_sdk::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Csv {
    delimiter: u8,
    names: Option<Vec<String>>,
    empty_as_null: bool,
    max_record_bytes: u64,
    hint: Option<Arc<AtomicBool>>,
}

impl Csv {
    /// Values between commas, their names in the first row. A column without a name goes by its number:
    /// `column_3`.
    pub fn new() -> Self {
        Self {
            delimiter: b',',
            names: None,
            empty_as_null: false,
            max_record_bytes: USUAL,
            hint: None,
        }
    }

    /// What stands between two values: `b';'`, `b'\t'`. A first line that tells it, as in Excel (`sep=;`),
    /// counts more, and is no row.
    #[must_use]
    pub const fn delimiter(mut self, delimiter: u8) -> Self {
        self.delimiter = delimiter;
        self
    }

    /// The names of the columns, where the first row is a record already.
    #[must_use]
    pub fn names<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.names = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Makes null of a value without characters.
    #[must_use]
    pub const fn empty_as_null(mut self) -> Self {
        self.empty_as_null = true;
        self
    }

    /// As [`Json::max_record_bytes`](super::Json::max_record_bytes).
    #[must_use]
    pub const fn max_record_bytes(mut self, bytes: u64) -> Self {
        self.max_record_bytes = bytes;
        self
    }

    /// Says once where a header looks as if another delimiter was meant.
    pub(super) fn hinting(mut self, was_said: Arc<AtomicBool>) -> Self {
        self.hint = Some(was_said);
        self
    }

    fn look_at(&self, names: &[String]) {
        let (Some(was_said), [name]) = (&self.hint, names) else { return };
        let Some(other) = [';', '\t', '|', ','].into_iter().find(|other| name.contains(*other))
        else {
            return;
        };
        if !was_said.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "the CSV has a single column, whose name has `{}` in it: if that stands between columns, the \
                 stream's setting `delimiter` says so",
                other.escape_default()
            );
        }
    }

    fn value(&self, text: &str) -> Value {
        if text.is_empty() && self.empty_as_null {
            return Value::Null;
        }
        Value::String(text.to_owned())
    }
}

impl Default for Csv {
    fn default() -> Self {
        Self::new()
    }
}

/// What a column's name takes while it is read, a third of the memory, and what a value does.
const OF_NAME: u64 = 64;
const OF_VALUE: u64 = 8;
/// A buffer for rows keeps so much.
const LONG: usize = 1024 * 1024;

impl Format for Csv {
    fn decode(&self, body: &mut dyn BufRead, each: &mut Each<'_>) -> Result<Rest> {
        refuse_page(body.fill_buf().map_err(unreadable)?, "CSV")?;
        // The reader only knows a byte order mark that comes in one piece.
        let opening = Opening::of(body, OPENING)?;
        let (text, delimiter, skipped) = match told_delimiter(opening.text()) {
            Some((delimiter, length)) => (&opening.text()[length..], delimiter, 1),
            None => (opening.text(), self.delimiter, 0),
        };
        let malformed = |error| malformed(error, skipped);
        let refuse_open =
            |row: &StringRecord, is_over: &Cell<bool>| refuse_open(row, is_over, skipped);
        let bound = Bound { bytes: self.max_record_bytes, format: "CSV" };
        let (room, weight) = (Room::new(bound), Weight::new(bound));
        room.renew_for_values(OF_NAME);
        let bounded = Bounded::new(text.chain(body), room.clone()).delimited_by(delimiter);
        let is_over = Rc::new(Cell::new(false));
        let ended = Ended { inner: bounded, has_ended: false, is_over: Rc::clone(&is_over) };
        let mut rows =
            ReaderBuilder::new().delimiter(delimiter).has_headers(false).from_reader(ended);
        let mut row = StringRecord::new();
        let names = match &self.names {
            Some(names) => names.clone(),
            None if rows.read_record(&mut row).map_err(malformed)? => {
                refuse_open(&row, &is_over)?;
                header(&row)?
            }
            None => return Ok(Rest::Null),
        };
        self.look_at(&names);
        // They are kept, and each record has them.
        names.iter().enumerate().for_each(|(at, name)| weight.in_object(at, name));
        weight.keep();
        weight.check()?;
        loop {
            room.renew_for_values(OF_VALUE);
            weight.begin();
            if !rows.read_record(&mut row).map_err(malformed)? {
                return Ok(Rest::Null);
            }
            refuse_open(&row, &is_over)?;
            weight.text(row.as_slice());
            weight.check()?;
            if row.len() != names.len() {
                let line = row.position().map_or(1, csv::Position::line) + skipped;
                return Err(uneven(line, row.len() as u64, names.len() as u64));
            }
            let values = row.iter().map(|text| self.value(text));
            let record = names.iter().cloned().zip(values).collect::<Record>();
            if row.as_slice().len() > LONG {
                // What a long row took is gone before its record is taken.
                row = StringRecord::new();
            }
            each(record)?;
        }
    }
}

/// So many bytes hold a byte order mark and the line that tells a delimiter.
const OPENING: usize = 16;

/// The delimiter that the first line of a file tells, as Excel writes and reads it (`sep=;`), and how long that
/// line is.
fn told_delimiter(text: &[u8]) -> Option<(u8, usize)> {
    let (is_quoted, line) = match text.strip_prefix(b"\"") {
        Some(line) => (true, line),
        None => (false, text),
    };
    let (name, rest) = line.split_at_checked(4)?;
    let (delimiter, rest) = rest.split_first().filter(|_| name.eq_ignore_ascii_case(b"sep="))?;
    let rest = if is_quoted { rest.strip_prefix(b"\"")? } else { rest };
    let rest = match rest {
        [b'\r', b'\n', rest @ ..] | [b'\n' | b'\r', rest @ ..] => rest,
        _ => return None,
    };
    let is_delimiter =
        delimiter.is_ascii_punctuation() && *delimiter != b'"' || b"\t ".contains(delimiter);
    is_delimiter.then_some((*delimiter, text.len() - rest.len()))
}

/// A body that always ends with the end of a line. A row that is only over when the body is must be
/// inside quotes then: the reader of rows takes such a row as it takes any other.
struct Ended<R> {
    inner: R,
    has_ended: bool,
    is_over: Rc<Cell<bool>>,
}

impl<R: Read> Read for Ended<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        match buffer.first_mut() {
            Some(first) if length == 0 => {
                if std::mem::replace(&mut self.has_ended, true) {
                    self.is_over.set(true);
                    return Ok(0);
                }
                *first = b'\n';
                Ok(1)
            }
            _ => Ok(length),
        }
    }
}

/// # Errors
///
/// The body was over before the row was: its quotes hold all the rows behind it.
fn refuse_open(row: &StringRecord, is_over: &Cell<bool>, skipped: u64) -> Result<()> {
    if !is_over.get() {
        return Ok(());
    }
    let line = row.position().map_or(1, csv::Position::line) + skipped;
    Err(Error::system(format!(
        "the body is not CSV: it ends inside quotes, which were opened in the row that begins at line {line}"
    )))
}

/// The names of the columns, all of them different: of two values by one name one would be lost.
fn header(row: &StringRecord) -> Result<Vec<String>> {
    let mut seen = HashMap::new();
    let mut names = Vec::new();
    for (number, name) in (1..).zip(row) {
        let name = if name.is_empty() { format!("column_{number}") } else { name.to_owned() };
        if let Some(other) = seen.insert(name.clone(), number) {
            return Err(Error::system(format!(
                "the columns {other} and {number} of the CSV have the same name"
            )));
        }
        names.push(name);
    }
    Ok(names)
}

fn uneven(line: u64, found: u64, expected: u64) -> Error {
    Error::system(format!(
        "the body is not CSV: line {line} has {found} values where {expected} were expected"
    ))
}

/// An error of the reader of rows, which doesn't know of `skipped` lines before them.
fn malformed(error: csv::Error, skipped: u64) -> Error {
    let line = |position: Option<csv::Position>| {
        position.map_or(1, |position| position.line()).saturating_add(skipped)
    };
    match error.into_kind() {
        ErrorKind::Io(error) => unreadable(error),
        ErrorKind::Utf8 { pos, .. } => {
            Error::system(format!("the body is not CSV in UTF-8: line {}", line(pos)))
        }
        ErrorKind::UnequalLengths { pos, expected_len, len } => {
            uneven(line(pos), len, expected_len)
        }
        _ => Error::system("the body is not CSV"),
    }
}

//! Reading a tap's lines one after the other.

use super::{LineError, Message, RecordRef, read};
use crate::scan::{Ahead, Templates};

/// Reads a tap's lines one after the other, as [`Message::parse`] reads each of them, and quicker:
/// it remembers how the records of a stream were written and expects the next one to look the same.
/// Every byte is validated all the same.
///
/// ```
/// use singer_protocol::{Chunk, Message, Parser};
///
/// let mut chunk = Chunk::new(b"\
/// {\"type\": \"RECORD\", \"stream\": \"users\", \"record\": {\"id\": 1, \"name\": \"Ada\"}}
/// {\"type\": \"RECORD\", \"stream\": \"users\", \"record\": {\"id\": 2, \"name\": null}}
/// ");
/// let mut parser = Parser::default();
/// while let Some((line, message)) = parser.next(&mut chunk) {
///     assert_eq!(message, Message::parse(line));
/// }
/// ```
#[derive(Debug, Default)]
pub struct Parser {
    templates: Templates,
    fields: Vec<usize>,
    notes_fields: bool,
}

/// Whole lines of a tap, as they came. A line may be longer than memory likes: who reads them sees
/// to that.
#[derive(Debug)]
pub struct Chunk<'a> {
    rest: &'a [u8],
    /// The same, where all of it is UTF-8.
    text: Option<&'a str>,
    /// The next line, where it was read with the last one.
    ahead: Ahead<'a>,
}

impl<'a> Chunk<'a> {
    /// The lines that `bytes` are; the last one may lack its newline.
    pub fn new(bytes: &'a [u8]) -> Self {
        // Asked once for all lines; only where the answer is no, each is asked alone.
        let ahead = Ahead::default();
        Self { rest: bytes, ahead, text: simdutf8::basic::from_utf8(bytes).ok() }
    }

    fn step(&mut self, length: usize) -> &'a [u8] {
        let (line, rest) = self.rest.split_at(length);
        self.rest = rest;
        self.text = self.text.and_then(|text| text.get(length..));
        line.strip_suffix(b"\n").unwrap_or(line)
    }
}

impl Parser {
    /// From now on where the fields of records begin is noted.
    pub fn note_fields(&mut self) {
        self.notes_fields = true;
    }

    /// Where in the last record each of its fields begins, with a brace or a comma, and where its
    /// last brace stands: `[0, 7, 15]` for `{"a": 1, "b": 2}`. Empty when that wasn't noted: only
    /// of records that look as expected it is.
    pub fn fields(&self) -> &[usize] {
        &self.fields
    }

    /// Reads the next line of `chunk`, and gives it back too, without its newline.
    ///
    /// # Errors
    ///
    /// As [`Message::parse`].
    #[inline]
    pub fn next<'a>(
        &mut self,
        chunk: &mut Chunk<'a>,
    ) -> Option<(&'a [u8], Result<Message<'a>, LineError>)> {
        let mut record = RecordRef::default();
        match self.next_expected(chunk, &mut record) {
            Some(line) => Some((line, Ok(Message::Record(record.into())))),
            None => self.next_other(chunk),
        }
    }

    /// Reads the next line of `chunk`, if it is a record's and looks as such lines looked before, into
    /// `record`, and gives it back without its newline. Otherwise nothing is read, and the line is
    /// [`Parser::next_other`]'s: for callers who have a short way for records.
    #[inline]
    pub fn next_expected<'a>(
        &mut self,
        chunk: &mut Chunk<'a>,
        record: &mut RecordRef<'a>,
    ) -> Option<&'a [u8]> {
        let mut fields = if self.notes_fields { Some(&mut self.fields) } else { None };
        let length = match chunk.ahead.take(fields.as_deref_mut(), record) {
            Some(length) => length,
            None => self.templates.expected(chunk.text?, fields, record, &mut chunk.ahead)?,
        };
        Some(chunk.step(length))
    }

    /// Reads the next line of `chunk`, which [`Parser::next_expected`] did not expect; otherwise as
    /// [`Parser::next`].
    ///
    /// # Errors
    ///
    /// As [`Message::parse`].
    #[inline(never)]
    pub fn next_other<'a>(
        &mut self,
        chunk: &mut Chunk<'a>,
    ) -> Option<(&'a [u8], Result<Message<'a>, LineError>)> {
        self.fields.clear();
        chunk.ahead.forget();
        if chunk.rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', chunk.rest);
        let whole = &chunk.rest[..end.map_or(chunk.rest.len(), |end| end + 1)];
        let text = chunk.text.and_then(|text| text.get(..whole.len()));
        let message = read(whole, text, |text| self.templates.envelope(text));
        let line = chunk.step(whole.len());
        // What is wrong is said of the line alone.
        Some((line, message.or_else(|_| Message::parse(line))))
    }
}

#[cfg(test)]
mod tests;

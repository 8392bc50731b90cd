//! How much of a body may be in memory at once.
//!
//! A record, a value and what is kept beside the records have one bound. What is read of them is counted in
//! bytes ([`Bounded`]), what is made of them by the memory that it takes ([`Weight`]): a list of small
//! numbers takes fifty times its text.

use super::marks;
use airbyte_protocol::{Change, ChangeKind};
use airbyte_singer_runtime::{Error, Result};
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::io::{self, BufRead, Read};
use std::rc::Rc;

/// The bound where nobody says another: that of a tap's line, 256 MiB.
pub(crate) const USUAL: u64 = 256 * 1024 * 1024;

/// All that is had of one record together takes so many times the bound: its text, what is made of it, and
/// the line that is written.
const TIMES: u64 = 3;

/// A bound, and the format that it is for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bound {
    pub(super) bytes: u64,
    pub(super) format: &'static str,
}

impl Bound {
    pub(super) fn exceeded(self) -> Error {
        let Self { bytes, format } = self;
        Error::config(format!(
            "the body's {format} has a record, a value or a part beside the records that takes more than \
             {bytes} bytes, the most that `max_record_bytes` allows"
        ))
    }
}

/// A body of which so many bytes may be read until somebody makes room again.
pub(super) struct Bounded<R> {
    inner: R,
    room: Room,
    delimiter: Option<u8>,
}

/// How many bytes may still be read.
#[derive(Clone)]
pub(super) struct Room {
    left: Rc<Cell<u64>>,
    bound: Bound,
    /// What a delimiter takes beside its byte.
    of_delimiter: Rc<Cell<u64>>,
}

impl Room {
    pub(super) fn new(bound: Bound) -> Self {
        Self { left: Rc::new(Cell::new(bound.bytes)), bound, of_delimiter: Rc::default() }
    }

    /// What was read so far doesn't count any more.
    pub(super) fn renew(&self) {
        self.left.set(self.bound.bytes);
    }

    /// As [`Room::renew`]; a delimiter, which begins another value, takes so many bytes from now on.
    pub(super) fn renew_for_values(&self, of_delimiter: u64) {
        self.of_delimiter.set(of_delimiter);
        self.renew();
    }
}

impl<R> Bounded<R> {
    pub(super) const fn new(inner: R, room: Room) -> Self {
        Self { inner, room, delimiter: None }
    }

    /// Whose values are between delimiters.
    pub(super) const fn delimited_by(mut self, delimiter: u8) -> Self {
        self.delimiter = Some(delimiter);
        self
    }
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.room.left.get() == 0 {
            return Err(io::Error::other(self.room.bound.exceeded()));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        let mut taken = amount as u64;
        // What is consumed was there, so this reads nothing.
        if let (Some(delimiter), Ok(buffer)) = (self.delimiter, self.inner.fill_buf()) {
            let values = buffer[..amount].iter().filter(|byte| **byte == delimiter).count() as u64;
            taken = taken.saturating_add(values * self.room.of_delimiter.get());
        }
        self.room.left.set(self.room.left.get().saturating_sub(taken));
        self.inner.consume(amount);
    }
}

impl<R: BufRead> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let taken = self.fill_buf()?.read(buffer)?;
        self.consume(taken);
        Ok(taken)
    }
}

/// The memory that a record takes, and what is kept beside it.
#[derive(Debug)]
pub(super) struct Weight {
    most: u64,
    bound: Bound,
    kept: Cell<u64>,
    now: Cell<u64>,
    /// What was changed in the record, by the paths to it, the last step first.
    marks: RefCell<Vec<(ChangeKind, Vec<String>)>>,
}

/// A value in a list.
const VALUE: u64 = size_of::<Value>() as u64;
/// A value in an object, with the head of its name, its hash and its place in the index.
const MEMBER: u64 = VALUE + size_of::<String>() as u64 + 32;
/// What an allocator takes for itself.
const BLOCK: u64 = 16;

impl Weight {
    pub(super) const fn new(bound: Bound) -> Self {
        let most = bound.bytes.saturating_mul(TIMES);
        let (kept, now) = (Cell::new(0), Cell::new(0));
        Self { most, bound, kept, now, marks: RefCell::new(Vec::new()) }
    }

    /// A new record begins; what came before it is gone.
    pub(super) fn begin(&self) {
        self.now.set(0);
    }

    /// What was counted last stays.
    pub(super) fn keep(&self) {
        // What isn't in a record needs no mark.
        self.marks.take();
        self.kept.set(self.kept.get() + self.now.take());
    }

    pub(super) fn is_exceeded(&self) -> bool {
        self.kept.get().saturating_add(self.now.get()) > self.most
    }

    /// # Errors
    ///
    /// It is too much.
    pub(super) fn check(&self) -> Result<()> {
        if self.is_exceeded() { Err(self.bound.exceeded()) } else { Ok(()) }
    }

    /// Something was changed here.
    pub(super) fn mark(&self, change: ChangeKind) {
        self.marks.borrow_mut().push((change, Vec::new()));
    }

    /// How often something was changed in the record so far.
    pub(super) fn marked(&self) -> usize {
        self.marks.borrow().len()
    }

    /// What was changed since then stands below this step.
    pub(super) fn below(&self, since: usize, step: impl Fn() -> String) {
        self.marks.borrow_mut().iter_mut().skip(since).for_each(|(_, path)| path.push(step()));
    }

    /// What was changed in the record.
    pub(super) fn take_marks(&self) -> Vec<Change> {
        let marks = self.marks.take().into_iter();
        marks.map(|(change, path)| marks::change(change, path)).collect()
    }

    pub(super) fn add(&self, bytes: u64) {
        self.now.set(self.now.get().saturating_add(bytes));
    }

    /// A text: where it is read, where it is kept, and where it is written.
    pub(super) fn text(&self, text: &str) {
        const LONG: usize = 1024 * 1024;
        self.add(text.len() as u64 * TIMES + if text.is_empty() { 0 } else { BLOCK });
        // What is written with escapes is longer.
        if text.len() > LONG {
            let escaped = |byte: &u8| match byte {
                b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 1,
                0..0x20 => 5,
                _ => 0,
            };
            self.add(text.as_bytes().iter().map(escaped).sum());
        }
    }

    /// One more value in a list of so many.
    pub(super) fn in_list(&self, length: usize) {
        self.add(VALUE * grown(length));
    }

    /// One more value in an object of so many.
    pub(super) fn in_object(&self, length: usize, name: &str) {
        self.add(MEMBER * grown(length));
        self.text(name);
    }
}

/// For how many more there is room, once there is one more than so many: rooms grow by doubling.
const fn grown(length: usize) -> u64 {
    match length {
        0 => 4,
        length if length >= 4 && length.is_power_of_two() => length as u64,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_much_is_read_until_there_is_room_again() {
        let bound = Bound { bytes: 4, format: "CSV" };
        let room = Room::new(bound);
        let mut body =
            Bounded::new(io::BufReader::with_capacity(2, &b"abcdefgh"[..]), room.clone());
        let mut read = [0; 2];
        body.read_exact(&mut read).unwrap();
        room.renew();
        body.read_exact(&mut read).unwrap();
        body.read_exact(&mut read).unwrap();
        let error = body.read_exact(&mut read).unwrap_err().downcast::<Error>().unwrap();
        let text = "the body's CSV has a record, a value or a part beside the records that takes more than 4 \
                    bytes, the most that `max_record_bytes` allows";
        assert_eq!(error.message(), text);
    }

    #[test]
    fn lists_grow_by_doubling() {
        let rooms: Vec<u64> = (0..10).map(grown).collect();
        assert_eq!(rooms, [4, 0, 0, 0, 4, 0, 0, 0, 8, 0]);
    }
}

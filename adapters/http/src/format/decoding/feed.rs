//! Both ends of a thread that decodes: what comes in, and what goes out.

use super::Marked;
use crate::Record;
use crate::format::marks;
use airbyte_singer_runtime::{Error, Result};
use bytes::{Buf, Bytes};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, BufRead, Read};
use std::rc::Rc;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TryRecvError;

/// So many records are handed over at once, or records of about so many bytes.
const MOST_RECORDS: usize = 256;
const MOST_BYTES: usize = 64 * 1024;
/// A record of about so many bytes is read alone: the next one is begun when it is gone.
const LARGE: usize = 4 * 1024 * 1024;

/// A piece of a body, an empty one at its end, or why there can be no more.
pub(super) type Part = Result<Bytes>;

/// Records on their way out of the thread.
pub(super) struct Batch {
    records: Vec<Marked>,
    bytes: usize,
    out: mpsc::Sender<(Vec<Marked>, bool)>,
    gone: mpsc::Receiver<()>,
}

impl Batch {
    /// Records go `out`; `gone` says that a large one was taken.
    pub(super) fn new(out: mpsc::Sender<(Vec<Marked>, bool)>, gone: mpsc::Receiver<()>) -> Self {
        Self { records: Vec::new(), bytes: 0, out, gone }
    }

    pub(super) fn push(&mut self, record: Record) -> Result<()> {
        let bytes = record.iter().map(|(key, value)| key.len() + weight(value)).sum::<usize>();
        self.bytes += bytes;
        self.records.push((record, marks::taken()));
        if bytes >= LARGE {
            self.hand_over(true)?;
            // None comes where nobody takes records any more.
            self.gone.blocking_recv();
            return Ok(());
        }
        if self.records.len() >= MOST_RECORDS || self.bytes >= MOST_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    /// Hands over what is there. It waits while nobody takes it.
    pub(super) fn flush(&mut self) -> Result<()> {
        if self.records.is_empty() {
            return Ok(());
        }
        self.hand_over(false)
    }

    fn hand_over(&mut self, ends_large: bool) -> Result<()> {
        self.bytes = 0;
        let records = std::mem::take(&mut self.records);
        let batch = (records, ends_large);
        self.out.blocking_send(batch).map_err(|_| Error::system("nobody takes the records"))
    }
}

/// About how many bytes a value takes.
pub(in crate::format) fn weight(value: &Value) -> usize {
    const EACH: usize = 16;
    EACH + match value {
        Value::String(text) => text.len(),
        Value::Array(list) => list.iter().map(weight).sum(),
        Value::Object(map) => map.iter().map(|(key, value)| key.len() + weight(value)).sum(),
        _ => 0,
    }
}

/// A body that comes in parts from elsewhere, to be read where waiting is allowed.
pub(super) struct Feed {
    now: Bytes,
    first: VecDeque<Bytes>,
    parts: mpsc::Receiver<Part>,
    ended: bool,
    /// Goes on its way before anything is waited for.
    batch: Rc<RefCell<Batch>>,
}

impl Feed {
    /// A body whose `first` parts are there.
    pub(super) fn new(
        first: Vec<Bytes>,
        parts: mpsc::Receiver<Part>,
        batch: Rc<RefCell<Batch>>,
    ) -> Self {
        Self { now: Bytes::new(), first: first.into(), parts, ended: false, batch }
    }

    fn next_part(&mut self) -> Result<Bytes> {
        if let Some(part) = self.first.pop_front() {
            return Ok(part);
        }
        let part = match self.parts.try_recv() {
            Ok(part) => Some(part),
            Err(TryRecvError::Disconnected) => None,
            Err(TryRecvError::Empty) => {
                self.batch.borrow_mut().flush()?;
                self.parts.blocking_recv()
            }
        };
        // Whoever sent them is gone without having said that this was all.
        part.unwrap_or_else(|| Err(Error::system("nobody wants the body any more")))
    }
}

impl BufRead for Feed {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.now.is_empty() && !self.ended {
            self.now = self.next_part().map_err(io::Error::other)?;
            self.ended = self.now.is_empty();
        }
        Ok(&self.now)
    }

    fn consume(&mut self, amount: usize) {
        self.now.advance(amount);
    }
}

impl Read for Feed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let taken = self.fill_buf()?.read(buffer)?;
        self.consume(taken);
        Ok(taken)
    }
}

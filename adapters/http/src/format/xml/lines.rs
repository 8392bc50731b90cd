use crate::format::unreadable;
use airbyte_singer_runtime::Result;
use std::io::{self, BufRead, Read};

/// A body whose lines are counted as they are read.
pub(super) struct Lines<R> {
    inner: R,
    line: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, line: 1 }
    }

    /// The line that was got to, from one on.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Whether there is no more of it.
    pub(super) fn is_over(&mut self) -> Result<bool> {
        Ok(self.fill_buf().map_err(unreadable)?.is_empty())
    }
}

impl<R: BufRead> BufRead for Lines<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        // What is consumed was there, so this reads nothing.
        if let Ok(buffer) = self.inner.fill_buf() {
            let breaks = buffer[..amount].iter().filter(|byte| **byte == b'\n').count();
            self.line += breaks as u64;
        }
        self.inner.consume(amount);
    }
}

impl<R: BufRead> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let taken = self.fill_buf()?.read(buffer)?;
        self.consume(taken);
        Ok(taken)
    }
}

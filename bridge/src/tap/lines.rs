//! The tap's stdout, line by line, with a deadline.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

/// The first size of the buffer; it grows up to the longest line allowed.
const CHUNK: usize = 256 * 1024;

/// A read that brings less is a short one.
const SHORT: usize = 32 * 1024;

/// A tap's stdout, line by line: the blocking side of the pipe, with a deadline.
///
/// Bytes are read in large chunks and lines are slices of the buffer. A line is without its
/// newline; the last one may lack it.
#[derive(Debug)]
pub struct Lines {
    pipe: OwnedFd,
    buffer: Vec<u8>,
    /// Where the next line begins.
    start: usize,
    /// How far the search for its end has come.
    searched: usize,
    /// Where the bytes that were read end.
    end: usize,
    limit: usize,
    eof: bool,
    total: u64,
    /// How many bytes the last read brought, and from how many on it isn't short.
    last: usize,
    short: usize,
}

/// What waiting for more bytes brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// Bytes came.
    Bytes,
    /// None came in time.
    Quiet,
    /// The pipe has been closed.
    End,
}

/// A line is longer than allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

impl Lines {
    /// Reads from `pipe`; no line may be longer than `limit` bytes.
    pub fn new(pipe: OwnedFd, limit: usize) -> Self {
        // A larger pipe means fewer wake-ups; where it isn't allowed, nothing is lost.
        let _ = rustix::pipe::fcntl_setpipe_size(&pipe, CHUNK);
        // A small pipe never holds much, however quick the tap is.
        let size = rustix::pipe::fcntl_getpipe_size(&pipe).unwrap_or(0);
        let short = SHORT.min(size / 4);
        let buffer = vec![0; CHUNK];
        Self {
            pipe,
            buffer,
            start: 0,
            searched: 0,
            end: 0,
            limit,
            eof: false,
            total: 0,
            last: 0,
            short,
        }
    }

    /// How long a line may be.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// How many bytes have come so far.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// How many bytes lie in the pipe.
    pub fn waiting(&self) -> u64 {
        rustix::io::ioctl_fionread(&self.pipe).unwrap_or(0)
    }

    /// The next whole line that has already been read; none means [`Lines::wait`] for more.
    ///
    /// # Errors
    ///
    /// The line that is being read is longer than allowed.
    pub fn next_line(&mut self) -> Result<Option<&[u8]>, TooLong> {
        let found = memchr::memchr(b'\n', &self.buffer[self.searched..self.end]);
        let (line, next) = match found {
            Some(at) => (self.start..self.searched + at, self.searched + at + 1),
            None if self.eof && self.start < self.end => (self.start..self.end, self.end),
            None => {
                self.searched = self.end;
                return if self.end - self.start > self.limit { Err(TooLong) } else { Ok(None) };
            }
        };
        if line.len() > self.limit {
            return Err(TooLong);
        }
        self.start = next;
        self.searched = next;
        Ok(Some(&self.buffer[line]))
    }

    /// All whole lines that have been read and not been taken, with their newlines; at the end of
    /// the pipe also the one that lacks it. None means [`Lines::wait`] for more. A line among them
    /// may still be longer than allowed.
    ///
    /// # Errors
    ///
    /// The line that is being read is longer than allowed.
    pub fn whole_lines(&mut self) -> Result<&[u8], TooLong> {
        let last = memchr::memrchr(b'\n', &self.buffer[self.searched..self.end]);
        let next = match last {
            Some(at) => self.searched + at + 1,
            None if self.eof => self.end,
            None => self.start,
        };
        self.searched = self.end;
        if next == self.start && self.end - self.start > self.limit {
            return Err(TooLong);
        }
        let taken = std::mem::replace(&mut self.start, next);
        Ok(&self.buffer[taken..next])
    }

    /// Waits for bytes, for ever without a deadline.
    ///
    /// # Errors
    ///
    /// The pipe can't be read.
    pub fn wait(&mut self, deadline: Option<Duration>) -> io::Result<Arrival> {
        if self.eof {
            return Ok(Arrival::End);
        }
        if self.has_come(PollFlags::IN, deadline)? { self.read() } else { Ok(Arrival::Quiet) }
    }

    /// As [`Lines::wait`], for who writes line by line and shall cost no wake-up for each: after a
    /// short read, what comes is left lying for so long, so that more is read at once. The end of the
    /// pipe is not waited for.
    ///
    /// # Errors
    ///
    /// The pipe can't be read.
    pub fn gather(&mut self, deadline: Duration, rest: Duration) -> io::Result<Arrival> {
        if self.eof {
            return Ok(Arrival::End);
        }
        if !self.has_come(PollFlags::IN, Some(deadline))? {
            return Ok(Arrival::Quiet);
        }
        if self.was_short() {
            // Asked for nothing, poll tells of the end alone.
            self.has_come(PollFlags::empty(), Some(rest))?;
        }
        self.read()
    }

    /// Whether the last read shows that the tap is slower than we are.
    pub fn was_short(&self) -> bool {
        self.last < self.short
    }

    fn has_come(&self, what: PollFlags, deadline: Option<Duration>) -> io::Result<bool> {
        let timeout = deadline.map(|d| Timespec {
            tv_sec: i64::try_from(d.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(d.subsec_nanos()),
        });
        match poll(&mut [PollFd::new(&self.pipe, what)], timeout.as_ref()) {
            Ok(0) | Err(rustix::io::Errno::INTR) => Ok(false),
            Ok(_) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    fn read(&mut self) -> io::Result<Arrival> {
        self.make_room();
        match rustix::io::read(&self.pipe, &mut self.buffer[self.end..]) {
            Ok(0) => {
                self.eof = true;
                Ok(Arrival::End)
            }
            Ok(count) => {
                self.end += count;
                self.last = count;
                self.total += count as u64;
                Ok(Arrival::Bytes)
            }
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => Ok(Arrival::Quiet),
            Err(error) => Err(error.into()),
        }
    }

    /// Moves the beginning of an unfinished line to the front; grows the buffer when it is all
    /// one line, and lets it shrink again once such a line has passed.
    fn make_room(&mut self) {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.searched -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            let larger = (self.buffer.len() * 2).min(self.limit.saturating_add(CHUNK));
            self.buffer.resize(larger.max(self.end + CHUNK), 0);
        } else if self.buffer.len() > 16 * CHUNK && self.end < CHUNK {
            self.buffer.truncate(CHUNK);
            self.buffer.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn lines(limit: usize) -> (std::io::PipeWriter, Lines) {
        let (reader, writer) = std::io::pipe().unwrap();
        (writer, Lines::new(reader.into(), limit))
    }

    #[test]
    fn lines_come_whole_however_they_are_cut() {
        let (mut writer, mut lines) = lines(1 << 20);
        writer.write_all(b"one\ntw").unwrap();
        assert_eq!(lines.wait(None).unwrap(), Arrival::Bytes);
        assert_eq!(lines.next_line().unwrap(), Some(&b"one"[..]));
        assert_eq!(lines.next_line().unwrap(), None);
        assert_eq!(lines.wait(Some(Duration::from_millis(1))).unwrap(), Arrival::Quiet);
        writer.write_all(b"o\n\nlast").unwrap();
        drop(writer);
        assert_eq!(lines.wait(None).unwrap(), Arrival::Bytes);
        assert_eq!(lines.next_line().unwrap(), Some(&b"two"[..]));
        assert_eq!(lines.next_line().unwrap(), Some(&b""[..]));
        assert_eq!(lines.next_line().unwrap(), None);
        assert_eq!(lines.wait(None).unwrap(), Arrival::End);
        assert_eq!(lines.next_line().unwrap(), Some(&b"last"[..]));
        assert_eq!(lines.next_line().unwrap(), None);
        assert_eq!(lines.total(), 13);
    }

    #[test]
    fn what_comes_soon_after_is_gathered_and_the_end_not_waited_for() {
        const LONG: Duration = Duration::from_secs(60);
        let (mut writer, mut lines) = lines(1 << 20);
        assert_eq!(lines.gather(Duration::ZERO, LONG).unwrap(), Arrival::Quiet);
        writer.write_all(b"one\n").unwrap();
        let writing = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            writer.write_all(b"two\n").unwrap();
        });
        let begun = std::time::Instant::now();
        assert_eq!(lines.gather(LONG, LONG).unwrap(), Arrival::Bytes);
        assert_eq!(lines.whole_lines(), Ok(&b"one\ntwo\n"[..]));
        assert_eq!(lines.gather(LONG, LONG).unwrap(), Arrival::End);
        assert!(begun.elapsed() < LONG / 2);
        writing.join().unwrap();
    }

    #[test]
    fn whole_lines_come_together() {
        let (mut writer, mut lines) = lines(6);
        assert_eq!(lines.whole_lines(), Ok(&b""[..]));
        for (written, whole) in [("one\n\ntwo\nth", "one\n\ntwo\n"), ("re", ""), ("e\n", "three\n")]
        {
            writer.write_all(written.as_bytes()).unwrap();
            assert_eq!(lines.wait(None).unwrap(), Arrival::Bytes);
            assert_eq!(lines.whole_lines(), Ok(whole.as_bytes()));
            assert_eq!(lines.whole_lines(), Ok(&b""[..]));
        }
        writer.write_all(b"a\nlonger\nb").unwrap();
        drop(writer);
        while lines.wait(None).unwrap() != Arrival::End {}
        assert_eq!(lines.whole_lines(), Ok(&b"a\nlonger\n"[..]));
        assert_eq!(lines.whole_lines(), Ok(&b"b"[..]));
        assert_eq!(lines.whole_lines(), Ok(&b""[..]));
    }

    #[test]
    fn lines_before_one_that_is_too_long_are_not_lost() {
        let (mut writer, mut lines) = lines(4);
        writer.write_all(b"one\nendless").unwrap();
        assert_eq!(lines.wait(None).unwrap(), Arrival::Bytes);
        assert_eq!(lines.whole_lines(), Ok(&b"one\n"[..]));
        assert_eq!(lines.whole_lines(), Err(TooLong));
    }

    #[test]
    fn a_line_longer_than_the_buffer_passes_and_one_longer_than_allowed_does_not() {
        for (limit, length, passes) in [(2 << 20, 1 << 20, true), (1 << 10, 1 << 20, false)] {
            let (mut writer, mut lines) = lines(limit);
            let feeder = std::thread::spawn(move || {
                let _ = writer.write_all(&vec![b'x'; length]);
                let _ = writer.write_all(b"\nnext\n");
            });
            let result = loop {
                match lines.next_line() {
                    Ok(Some(line)) => break Ok(line.len()),
                    Ok(None) => drop(lines.wait(None).unwrap()),
                    Err(error) => break Err(error),
                }
            };
            assert_eq!(result, if passes { Ok(length) } else { Err(TooLong) });
            drop(lines);
            feeder.join().unwrap();
        }
    }
}

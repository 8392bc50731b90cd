use crate::{Error, Result};
use airbyte_protocol::Message;
use rustix::event::{PollFd, PollFlags, poll};
use std::io::{ErrorKind, Write};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The one door to stdout. What goes through it are whole lines, one lock a batch, so that a LOG
/// of one thread never lands inside a record of another.
///
/// Cloning gives another handle to the same door.
#[derive(Clone)]
pub struct Output {
    inner: Arc<Inner>,
}

struct Inner {
    writer: Mutex<Box<dyn Write + Send>>,
    /// How the first write failed that did; nothing is written after it.
    broken: OnceLock<ErrorKind>,
}

impl Output {
    /// A door to `writer`, which should not buffer: every call is one write.
    pub fn new(writer: impl Write + Send + 'static) -> Self {
        let writer: Box<dyn Write + Send> = Box::new(writer);
        Self { inner: Arc::new(Inner { writer: Mutex::new(writer), broken: OnceLock::new() }) }
    }

    /// The door to the process's stdout.
    pub fn stdout() -> Self {
        // A File on the same descriptor: std's Stdout would look for newlines in every batch.
        // Not inherited: a tap that outlives us would keep the reader waiting for the end.
        match rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3) {
            Ok(fd) => Self::new(Patient(std::fs::File::from(fd))),
            Err(_) => Self::new(std::io::stdout()),
        }
    }

    /// Writes `lines`: whole lines, each with its newline.
    ///
    /// # Errors
    ///
    /// [`Error::closed`] when the reader has gone; a system error when the write fails otherwise.
    pub fn lines(&self, lines: &[u8]) -> Result<()> {
        if let Some(kind) = self.inner.broken.get() {
            return Err(broken(*kind));
        }
        if lines.is_empty() {
            return Ok(());
        }
        let mut writer = self.inner.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer
            .write_all(lines)
            .and_then(|()| writer.flush())
            .map_err(|error| broken(*self.inner.broken.get_or_init(|| error.kind())))
    }

    /// Writes one message.
    ///
    /// # Errors
    ///
    /// As [`Output::lines`].
    pub fn message(&self, message: &Message) -> Result<()> {
        self.lines(message.to_line().as_bytes())
    }

    /// Whether an earlier write found that nobody reads any more.
    pub fn is_closed(&self) -> bool {
        self.inner.broken.get() == Some(&ErrorKind::BrokenPipe)
    }
}

/// Waits where the pipe is full, also when whoever gave it to us made it non-blocking.
struct Patient(std::fs::File);

impl Write for Patient {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        loop {
            match self.0.write(bytes) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    match poll(&mut [PollFd::new(&self.0, PollFlags::OUT)], None) {
                        Ok(_) | Err(rustix::io::Errno::INTR) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                other => return other,
            }
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A reader that has gone is a quiet end; a full disk must stay a failure however often it is met.
fn broken(kind: ErrorKind) -> Error {
    match kind {
        ErrorKind::BrokenPipe => Error::closed(),
        kind => Error::system(format!("writing to stdout failed: {kind}")),
    }
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Output").field("closed", &self.is_closed()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails as told, whatever is written.
    struct Failing(ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_pipe_that_does_not_block_is_waited_for() {
        let (mut reader, writer) = std::io::pipe().unwrap();
        rustix::io::ioctl_fionbio(&writer, true).unwrap();
        let output = Output::new(Patient(std::os::fd::OwnedFd::from(writer).into()));
        let writing = std::thread::spawn(move || output.lines(&vec![b'x'; 1 << 20]));
        let mut all = Vec::new();
        std::io::Read::read_to_end(&mut reader, &mut all).unwrap();
        assert!(writing.join().unwrap().is_ok());
        assert_eq!(all.len(), 1 << 20);
    }

    #[test]
    fn a_full_disk_stays_a_failure_and_a_gone_reader_a_quiet_end() {
        for (kind, quiet) in [(ErrorKind::StorageFull, false), (ErrorKind::BrokenPipe, true)] {
            let output = Output::new(Failing(kind));
            assert!(output.lines(b"").is_ok());
            // The second write, and one of nothing, meet what the first one met.
            for lines in [&b"a\n"[..], b"b\n", b""] {
                assert_eq!(output.lines(lines).unwrap_err().is_closed(), quiet, "{kind}");
            }
            assert_eq!(output.is_closed(), quiet);
        }
    }
}

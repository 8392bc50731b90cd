use crate::{Error, Result};
use airbyte_protocol::Message;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

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
    closed: AtomicBool,
}

impl Output {
    /// A door to `writer`, which should not buffer: every call is one write.
    pub fn new(writer: impl Write + Send + 'static) -> Self {
        let writer: Box<dyn Write + Send> = Box::new(writer);
        Self {
            inner: Arc::new(Inner { writer: Mutex::new(writer), closed: AtomicBool::new(false) }),
        }
    }

    /// The door to the process's stdout.
    pub fn stdout() -> Self {
        // A File on the same descriptor: std's Stdout would look for newlines in every batch.
        // Not inherited: a tap that outlives us would keep the reader waiting for the end.
        match rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3) {
            Ok(fd) => Self::new(std::fs::File::from(fd)),
            Err(_) => Self::new(std::io::stdout()),
        }
    }

    /// Writes `lines`: whole lines, each with its newline.
    ///
    /// # Errors
    ///
    /// [`Error::closed`] when the reader has gone; a system error when the write fails otherwise.
    pub fn lines(&self, lines: &[u8]) -> Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        if self.is_closed() {
            return Err(Error::closed());
        }
        let mut writer = self.inner.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.write_all(lines).and_then(|()| writer.flush()).map_err(|error| {
            self.inner.closed.store(true, Ordering::Relaxed);
            match error.kind() {
                std::io::ErrorKind::BrokenPipe => Error::closed(),
                kind => Error::system(format!("writing to stdout failed: {kind}")),
            }
        })
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
        self.inner.closed.load(Ordering::Relaxed)
    }
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Output").field("closed", &self.is_closed()).finish_non_exhaustive()
    }
}

use crate::{Error, Result};
use airbyte_protocol::Message;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Once somebody wants us to stop, a reader that takes nothing for this long has gone.
const PATIENCE: Duration = Duration::from_secs(3);

/// The one door to stdout. What goes through it are whole lines, one lock a batch, so that a LOG
/// of one thread never lands inside a record of another.
///
/// A reader may be slow for as long as it likes; but once [`Output::hurry`] was called, one that
/// stands still for three seconds counts as gone, so that a stop is never held up by a full pipe.
///
/// Cloning gives another handle to the same door.
#[derive(Clone)]
pub struct Output {
    inner: Arc<Inner>,
}

struct Inner {
    writer: Mutex<Writer>,
    closed: AtomicBool,
    hurried: AtomicBool,
}

enum Writer {
    /// A pipe that was opened anew as non-blocking, which leaves the others' end as it is.
    Pipe(OwnedFd),
    Other(Box<dyn Write + Send>),
}

impl Output {
    /// A door to `writer`, which should not buffer: every call is one write.
    pub fn new(writer: impl Write + Send + 'static) -> Self {
        Self::with(Writer::Other(Box::new(writer)))
    }

    fn with(writer: Writer) -> Self {
        let (closed, hurried) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { inner: Arc::new(Inner { writer: Mutex::new(writer), closed, hurried }) }
    }

    /// The door to the process's stdout.
    pub fn stdout() -> Self {
        let stdout = rustix::stdio::stdout();
        let is_pipe = rustix::fs::fstat(stdout)
            .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Fifo);
        let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        if is_pipe && let Ok(pipe) = rustix::fs::open("/proc/self/fd/1", flags, Mode::empty()) {
            return Self::with(Writer::Pipe(pipe));
        }
        // A File on the same descriptor: std's Stdout would look for newlines in every batch.
        match rustix::io::fcntl_dupfd_cloexec(stdout, 3) {
            Ok(fd) => Self::new(std::fs::File::from(fd)),
            Err(_) => Self::new(std::io::stdout()),
        }
    }

    /// A door to the process's stderr, for the log of a command whose stdout is one document.
    pub fn stderr() -> Self {
        Self::new(std::io::stderr())
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
        let mut writer = self.inner.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_closed() {
            return Err(Error::closed());
        }
        let written = match &mut *writer {
            Writer::Pipe(pipe) => write_to_pipe(pipe, lines, &self.inner.hurried),
            Writer::Other(writer) => writer.write_all(lines).and_then(|()| writer.flush()),
        };
        written.map_err(|error| {
            self.inner.closed.store(true, Ordering::Relaxed);
            match error.kind() {
                std::io::ErrorKind::BrokenPipe | std::io::ErrorKind::TimedOut => Error::closed(),
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

    /// From now on a reader that stands still counts as gone.
    pub fn hurry(&self) {
        self.inner.hurried.store(true, Ordering::Relaxed);
    }
}

/// Writes everything, waiting for room in steps so that a call to hurry is heard.
fn write_to_pipe(pipe: &OwnedFd, mut bytes: &[u8], hurried: &AtomicBool) -> std::io::Result<()> {
    const STEP: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
    let mut stands_since: Option<Instant> = None;
    while !bytes.is_empty() {
        match rustix::io::write(pipe.as_fd(), bytes) {
            Ok(count) => {
                bytes = &bytes[count..];
                stands_since = None;
            }
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                if hurried.load(Ordering::Relaxed)
                    && stands_since.get_or_insert_with(Instant::now).elapsed() > PATIENCE
                {
                    return Err(std::io::ErrorKind::TimedOut.into());
                }
                let _ = poll(&mut [PollFd::new(pipe, PollFlags::OUT)], Some(&STEP));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Output").field("closed", &self.is_closed()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full_pipe() -> (std::io::PipeReader, Output) {
        let (reader, writer) = std::io::pipe().unwrap();
        let writer = OwnedFd::from(writer);
        rustix::fs::fcntl_setfl(&writer, OFlags::WRONLY | OFlags::NONBLOCK).unwrap();
        while rustix::io::write(&writer, &[0; 4096]).is_ok() {}
        (reader, Output::with(Writer::Pipe(writer)))
    }

    #[test]
    fn a_slow_reader_is_waited_for() {
        let (mut reader, output) = full_pipe();
        let writing = std::thread::spawn(move || output.lines(b"{}\n"));
        std::thread::sleep(Duration::from_millis(300));
        assert!(!writing.is_finished());
        std::io::Read::read(&mut reader, &mut [0; 65536]).unwrap();
        assert!(writing.join().unwrap().is_ok());
    }

    #[test]
    fn a_reader_that_stands_still_holds_up_no_stop() {
        let (_reader, output) = full_pipe();
        output.hurry();
        assert!(output.lines(b"{}\n").is_err_and(|error| error.is_closed()));
        assert!(output.is_closed());
    }
}

use crate::{Error, Result};
use airbyte_protocol::Message;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::net::SendFlags;
use std::io::{ErrorKind, Write};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// How much a pipe shall take at once.
const PIPE: usize = 256 * 1024;
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
    /// How the first write failed that did; nothing is written after it.
    broken: OnceLock<ErrorKind>,
    hurried: AtomicBool,
}

enum Writer {
    /// Writing to it says when there is no room, rather than to wait for it: a pipe that was opened
    /// anew as non-blocking, which leaves the others' end as it is, or whatever we were given so.
    Descriptor(OwnedFd),
    /// Sending to it can be told not to wait.
    Socket(OwnedFd),
    Other(Box<dyn Write + Send>),
}

impl Output {
    /// A door to `writer`, which should not buffer: every call is one write.
    pub fn new(writer: impl Write + Send + 'static) -> Self {
        Self::with(Writer::Other(Box::new(writer)))
    }

    fn with(writer: Writer) -> Self {
        let (broken, hurried) = (OnceLock::new(), AtomicBool::new(false));
        Self { inner: Arc::new(Inner { writer: Mutex::new(writer), broken, hurried }) }
    }

    /// The door to the process's stdout. Taps don't inherit it: one that outlives us would keep
    /// the reader waiting for the end.
    pub fn stdout() -> Self {
        let stdout = rustix::stdio::stdout();
        let kind = rustix::fs::fstat(stdout).map(|stat| FileType::from_raw_mode(stat.st_mode));
        let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        if kind == Ok(FileType::Fifo)
            && let Ok(pipe) = rustix::fs::open("/proc/self/fd/1", flags, Mode::empty())
        {
            // A larger pipe means fewer wake-ups; where it isn't allowed, nothing is lost.
            let _ = rustix::pipe::fcntl_setpipe_size(&pipe, PIPE);
            return Self::with(Writer::Descriptor(pipe));
        }
        match (kind, rustix::io::fcntl_dupfd_cloexec(stdout, 3)) {
            (Ok(FileType::Socket), Ok(fd)) => Self::with(Writer::Socket(fd)),
            (_, Ok(fd)) => Self::with(Writer::Descriptor(fd)),
            (_, Err(_)) => Self::new(std::io::stdout()),
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
        self.pieces([lines])
    }

    /// As [`Output::lines`], of lines that lie in several pieces.
    pub(crate) fn pieces<'a>(&self, pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<()> {
        if let Some(kind) = self.inner.broken.get() {
            return Err(broken(*kind));
        }
        let mut pieces = pieces.into_iter().filter(|piece| !piece.is_empty()).peekable();
        if pieces.peek().is_none() {
            return Ok(());
        }
        let mut writer = self.inner.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kind) = self.inner.broken.get() {
            return Err(broken(*kind));
        }
        let hurried = &self.inner.hurried;
        let written = pieces.try_for_each(|piece| match &mut *writer {
            Writer::Descriptor(fd) => {
                write_patiently(fd, piece, hurried, |bytes| rustix::io::write(&*fd, bytes))
            }
            Writer::Socket(fd) => write_patiently(fd, piece, hurried, |bytes| {
                rustix::net::send(&*fd, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL)
            }),
            Writer::Other(writer) => writer.write_all(piece).and_then(|()| writer.flush()),
        });
        written.map_err(|error| broken(*self.inner.broken.get_or_init(|| error.kind())))
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
        self.inner.broken.get().is_some_and(|kind| is_gone(*kind))
    }

    /// From now on a reader that stands still counts as gone.
    pub fn hurry(&self) {
        self.inner.hurried.store(true, Ordering::Relaxed);
    }
}

/// A reader that has gone is a quiet end; a full disk must stay a failure however often it is met.
fn broken(kind: ErrorKind) -> Error {
    if is_gone(kind) {
        Error::closed()
    } else {
        Error::system(format!("writing to stdout failed: {kind}"))
    }
}

fn is_gone(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::TimedOut)
}

/// Writes everything, waiting for room in steps so that a call to hurry is heard.
fn write_patiently(
    fd: &OwnedFd,
    mut bytes: &[u8],
    hurried: &AtomicBool,
    write: impl Fn(&[u8]) -> rustix::io::Result<usize>,
) -> std::io::Result<()> {
    const STEP: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
    let mut stands_since: Option<Instant> = None;
    while !bytes.is_empty() {
        match write(bytes) {
            Ok(count) => {
                bytes = &bytes[count..];
                stands_since = None;
            }
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                if hurried.load(Ordering::Relaxed)
                    && stands_since.get_or_insert_with(Instant::now).elapsed() > PATIENCE
                {
                    return Err(ErrorKind::TimedOut.into());
                }
                let _ = poll(&mut [PollFd::new(fd, PollFlags::OUT)], Some(&STEP));
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
        (reader, Output::with(Writer::Descriptor(writer)))
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

    #[test]
    fn a_full_disk_stays_a_failure_and_a_gone_reader_a_quiet_end() {
        struct Failing(ErrorKind);
        impl Write for Failing {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(self.0.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
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

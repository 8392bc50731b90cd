//! Files that the user names: configs, catalogs, states, profiles.
//!
//! They may be links, belong to anybody, and be pipes: `--config <(vault read …)`. A pipe may never be
//! written to, so each is opened and read on a thread of its own, while the caller heeds the stop
//! signal and a deadline.

use super::Stop;
use crate::{Error, Result};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

/// How long a file may take to be opened: a pipe is, as soon as somebody opens it for writing.
const OPENING: Duration = Duration::from_secs(30);
/// How long a pipe that is open may bring nothing: the program behind it may be at work.
const SILENCE: Duration = Duration::from_secs(5 * 60);
/// The most bytes that are taken from what is no regular file: a device may have no end.
const LIMIT: usize = 512 << 20;
/// How often the stop signal is looked for.
const SLICE: Duration = Duration::from_millis(50);
const CHUNK: usize = 64 * 1024;

/// What one file may take.
#[derive(Debug, Clone, Copy)]
struct Patience {
    opening: Duration,
    silence: Duration,
    /// Bytes of what is no regular file.
    limit: usize,
}

const PATIENCE: Patience = Patience { opening: OPENING, silence: SILENCE, limit: LIMIT };

/// What the thread that reads has to tell.
enum Step {
    Opened(File),
    /// Some bytes came.
    More,
    End(Vec<u8>),
    TooLong,
    Failed(io::Error),
}

/// Reads a file that the user named. `what` says what it is, as in `config file`.
///
/// A file must be open within 30 seconds, and may be silent for 5 minutes from then on.
///
/// # Errors
///
/// One sentence that names the file: it is missing, unreadable, or nothing comes from it; a pipe or a
/// device brings more than 512 MiB. A transient error where `stop` came first.
pub fn read_named(what: &str, path: &Path, stop: &Stop) -> Result<Vec<u8>> {
    read_within(what, path, stop, PATIENCE)
}

fn read_within(what: &str, path: &Path, stop: &Stop, patience: Patience) -> Result<Vec<u8>> {
    let file = open_within(what, path, stop, patience.opening)?;
    let steps = apart(move |tell| read(file, patience.limit, tell))?;
    loop {
        match next(&steps, stop, patience.silence)? {
            Some(Step::End(bytes)) => return Ok(bytes),
            Some(Step::More | Step::Opened(_)) => {}
            Some(Step::Failed(error)) => return Err(wrong(what, path, &unreadable(&error))),
            Some(Step::TooLong) => {
                let most = patience.limit >> 20;
                let reason = format!(
                    "it is longer than {most} MiB, the most that is read of a pipe or a device"
                );
                return Err(wrong(what, path, &reason));
            }
            None => {
                let silence = patience.silence.as_secs_f64();
                return Err(wrong(what, path, &format!("nothing came from it for {silence} s")));
            }
        }
    }
}

/// Opens a file that the user named, for who reads it bit by bit.
///
/// # Errors
///
/// As [`read_named`].
pub fn open_named(what: &str, path: &Path, stop: &Stop) -> Result<File> {
    open_within(what, path, stop, PATIENCE.opening)
}

fn open_within(what: &str, path: &Path, stop: &Stop, opening: Duration) -> Result<File> {
    let named = path.to_owned();
    let steps = apart(move |tell| {
        // Nobody may be listening any more.
        let _ = tell.send(File::open(named).map_or_else(Step::Failed, Step::Opened));
    })?;
    match next(&steps, stop, opening)? {
        Some(Step::Opened(file)) => Ok(file),
        Some(Step::Failed(error)) => Err(wrong(what, path, &unreadable(&error))),
        _ => {
            let opening = opening.as_secs_f64();
            let reason = format!(
                "it could not be opened within {opening} s; if it is a pipe, nobody writes to it"
            );
            Err(wrong(what, path, &reason))
        }
    }
}

/// Does `work` on a thread that is left behind if it never ends.
fn apart(work: impl FnOnce(&Sender<Step>) + Send + 'static) -> Result<Receiver<Step>> {
    let (tell, steps) = mpsc::channel();
    std::thread::Builder::new()
        .spawn(move || work(&tell))
        .map_err(|error| Error::system(format!("a thread can't be started: {}", error.kind())))?;
    Ok(steps)
}

/// The next step; none when it doesn't come within `deadline`.
fn next(steps: &Receiver<Step>, stop: &Stop, deadline: Duration) -> Result<Option<Step>> {
    let began = Instant::now();
    loop {
        let left = deadline.saturating_sub(began.elapsed());
        match steps.recv_timeout(left.min(SLICE)) {
            Ok(step) => return Ok(Some(step)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
        }
        if let Some(signal) = stop.signal() {
            return Err(Error::transient(format!("stopped by {}", signal.name())));
        }
        if left.is_zero() {
            return Ok(None);
        }
    }
}

fn read(mut file: File, limit: usize, tell: &Sender<Step>) {
    let is_regular = file.metadata().is_ok_and(|meta| meta.is_file());
    let mut bytes = Vec::new();
    let outcome = match is_regular {
        true => file.read_to_end(&mut bytes).map(|_| Step::End(bytes)),
        false => read_on(file, bytes, limit, tell),
    };
    let _ = tell.send(outcome.unwrap_or_else(Step::Failed));
}

/// Reads what has no known length.
fn read_on(
    mut file: File,
    mut bytes: Vec<u8>,
    limit: usize,
    tell: &Sender<Step>,
) -> io::Result<Step> {
    let mut chunk = vec![0; CHUNK];
    loop {
        match file.read(&mut chunk) {
            Ok(0) => return Ok(Step::End(bytes)),
            Ok(count) if bytes.len() + count > limit => return Ok(Step::TooLong),
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
        // Nobody waits for it any more.
        if tell.send(Step::More).is_err() {
            return Ok(Step::TooLong);
        }
    }
}

fn wrong(what: &str, path: &Path, reason: &str) -> Error {
    Error::config(format!("{what} {}: {reason}", path.display()))
}

fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "reading it is not permitted".to_owned(),
        kind => kind.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::path::PathBuf;

    const BRIEF: Patience = Patience {
        opening: Duration::from_millis(200),
        silence: Duration::from_millis(200),
        limit: 1 << 20,
    };

    fn pipe(folder: &tempfile::TempDir) -> PathBuf {
        let path = folder.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, 0o600.into()).unwrap();
        path
    }

    fn fails(path: &Path) -> String {
        read_within("config file", path, &Stop::never(), BRIEF).unwrap_err().to_string()
    }

    #[test]
    fn files_links_and_pipes_are_read_whole() {
        let folder = tempfile::tempdir().unwrap();
        let text = "x".repeat(200_000);
        let file = folder.path().join("file");
        std::fs::write(&file, &text).unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let pipe = pipe(&folder);
        let (path, written) = (pipe.clone(), text.clone());
        let writer = std::thread::spawn(move || {
            let mut pipe = File::create(path).unwrap();
            for part in written.as_bytes().chunks(150_000) {
                std::thread::sleep(BRIEF.silence / 2);
                pipe.write_all(part).unwrap();
            }
        });
        for path in [&file, &link, &pipe] {
            let read = read_within("config file", path, &Stop::never(), BRIEF).unwrap();
            assert!(read == text.as_bytes(), "{}", path.display());
        }
        writer.join().unwrap();
    }

    #[test]
    fn what_never_comes_is_told_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = pipe(&folder);
        let told = fails(&path);
        assert!(told.contains("pipe: it could not be opened within 0.2 s"), "{told}");
        // Both ends, so that it is open at once and silent for ever.
        let _held = File::options().read(true).write(true).open(&path).unwrap();
        let told = fails(&path);
        assert!(told.ends_with("pipe: nothing came from it for 0.2 s"), "{told}");
        assert!(fails(&folder.path().join("gone")).ends_with("gone: there is no such file"));
        assert!(fails(folder.path()).contains("directory"));
    }

    #[test]
    fn what_has_no_end_is_not_kept() {
        let told = fails(Path::new("/dev/zero"));
        assert!(told.contains("/dev/zero: it is longer than 1 MiB"), "{told}");
    }
}

//! A file that a tap is given and may rewrite.

use serde_json::{Map, Value};
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The clock of a file system ticks every few milliseconds, and what is written twice within a tick
/// looks the same. So the age of a file is only believed once it is this old.
const TICK: Duration = Duration::from_millis(100);
/// What is larger is no file of settings.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// A file of settings (a JSON object) that a tap may rewrite at any moment, in place or by putting
/// another in its place.
#[derive(Debug)]
pub struct Rewritable {
    path: PathBuf,
    /// What the file looked like when it was last read, if that will tell the next change.
    known: Option<Stamp>,
}

/// What stands in the file.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Settings.
    Settings(Map<String, Value>),
    /// JSON, and no object.
    NotSettings,
    /// No JSON: half-written, perhaps.
    Broken,
    /// There is no such file.
    Gone,
}

/// Changes whenever the file's content does, but for the clock's tick. The time is that of any change,
/// which nobody can set back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    changed: (i64, i64),
}

impl Rewritable {
    /// The file at `path`, of which nothing is known yet.
    pub fn new(path: PathBuf) -> Self {
        Self { path, known: None }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What stands in it, unless it plainly hasn't been touched since the last look. Costs a `stat`
    /// then.
    pub fn look(&mut self) -> Option<Content> {
        let now = SystemTime::now();
        let stamp = Stamp::of(&self.path);
        if stamp.is_some() && stamp == self.known {
            return None;
        }
        let content = self.read();
        // A change that comes while it is read has another stamp.
        self.known = stamp.filter(|stamp| stamp.is_older_than(TICK, now));
        Some(content)
    }

    /// What stands in it.
    pub fn read(&self) -> Content {
        match self.bytes() {
            Ok(bytes) => match serde_json::from_slice(&bytes) {
                Ok(Value::Object(settings)) => Content::Settings(settings),
                Ok(_) => Content::NotSettings,
                Err(_) => Content::Broken,
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Content::Gone,
            Err(_) => Content::Broken,
        }
    }

    fn bytes(&self) -> io::Result<Vec<u8>> {
        // Not to wait for a writer, should a pipe stand there.
        let flags = rustix::fs::OFlags::NONBLOCK.bits();
        let flags = i32::try_from(flags).unwrap_or(0);
        let file = fs::OpenOptions::new().read(true).custom_flags(flags).open(&self.path)?;
        if !file.metadata()?.is_file() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut bytes = Vec::new();
        file.take(MAX_BYTES).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Puts `settings` there, for their owner's eyes (0600). Another file takes the place of the one
    /// that is there, whatever it is.
    ///
    /// # Errors
    ///
    /// Whatever the file system says.
    pub fn write(&mut self, settings: &Map<String, Value>) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        // Made with mode 0600.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        serde_json::to_writer(&mut file, settings)?;
        file.flush()?;
        file.persist(&self.path)?;
        self.known = None;
        Ok(())
    }
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let meta = fs::metadata(path).ok()?;
        Some(Self {
            device: meta.dev(),
            inode: meta.ino(),
            size: meta.size(),
            changed: (meta.ctime(), meta.ctime_nsec()),
        })
    }

    fn is_older_than(&self, age: Duration, now: SystemTime) -> bool {
        let (Ok(seconds), Ok(nanos)) =
            (u64::try_from(self.changed.0), u32::try_from(self.changed.1))
        else {
            return false;
        };
        now.duration_since(UNIX_EPOCH + Duration::new(seconds, nanos)).is_ok_and(|old| old > age)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn settings(value: Value) -> Content {
        Content::Settings(serde_json::from_value(value).unwrap())
    }

    fn in_folder() -> (tempfile::TempDir, Rewritable) {
        let folder = tempfile::tempdir().unwrap();
        let mut file = Rewritable::new(folder.path().join("config.json"));
        file.write(&Map::new()).unwrap();
        (folder, file)
    }

    #[test]
    fn every_change_is_seen_however_fast_they_come() {
        let (_folder, mut file) = in_folder();
        for number in 100..400 {
            // In place, of one length, many within one tick of the clock.
            fs::write(file.path(), json!({"n": number}).to_string()).unwrap();
            assert_eq!(file.look(), Some(settings(json!({"n": number}))));
        }
    }

    #[test]
    fn a_file_that_has_come_to_rest_is_not_read_again() {
        let (_folder, mut file) = in_folder();
        std::thread::sleep(2 * TICK);
        assert_eq!(file.look(), Some(settings(json!({}))));
        assert_eq!(file.look(), None);
        let other = file.path().with_extension("new");
        fs::write(&other, "{}").unwrap();
        fs::rename(&other, file.path()).unwrap();
        assert_eq!(file.look(), Some(settings(json!({}))));
    }

    #[test]
    fn what_is_no_settings_is_told_apart() {
        let (folder, mut file) = in_folder();
        for (text, expected) in [
            ("", Content::Broken),
            (r#"{"a": "b"#, Content::Broken),
            ("[1]", Content::NotSettings),
            (r#"{"a": "b"}"#, settings(json!({"a": "b"}))),
        ] {
            fs::write(file.path(), text).unwrap();
            assert_eq!(file.read(), expected, "{text}");
        }
        fs::remove_file(file.path()).unwrap();
        assert_eq!((file.look(), file.look()), (Some(Content::Gone), Some(Content::Gone)));
        fs::create_dir(file.path()).unwrap();
        assert_eq!(file.read(), Content::Broken);
        fs::remove_dir(file.path()).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, file.path(), 0o600.into()).unwrap();
        assert_eq!(file.read(), Content::Broken);
        drop(folder);
    }
}

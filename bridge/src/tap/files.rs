//! The private folder that a tap works in.

use rustix::fs::FlockOperation;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

const PREFIX: &str = "airbyte-singer-";
const LOCK: &str = "lock";
/// A folder without a lock is left alone until it is older than this.
const SETTLED: Duration = Duration::from_millis(500);

/// A private folder (0700) for the files that a tap is given, and for it to work in. It is gone
/// when this is dropped; what a SIGKILL left of an earlier run is swept when the next one starts.
///
/// Whether a folder's run still lives is told by a lock that it holds: a process id says nothing
/// where containers share a folder for temporary files.
#[derive(Debug)]
pub struct Folder {
    folder: tempfile::TempDir,
    _lock: fs::File,
}

impl Folder {
    /// Makes a folder and locks it.
    ///
    /// # Errors
    ///
    /// Whatever the file system says.
    pub fn new() -> io::Result<Self> {
        let base = std::env::temp_dir();
        sweep(&base);
        // Another run's sweep may come between the making of a folder and its lock.
        let (folder, lock) = loop {
            let folder = tempfile::Builder::new()
                .prefix(PREFIX)
                .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700))
                .tempdir_in(&base)?;
            let path = folder.path().join(LOCK);
            let lock = fs::File::create_new(&path)?;
            rustix::fs::flock(&lock, FlockOperation::LockExclusive)?;
            if path.exists() {
                break (folder, lock);
            }
        };
        fs::DirBuilder::new().mode(0o700).create(folder.path().join("work"))?;
        Ok(Self { folder, _lock: lock })
    }

    /// The folder that the tap runs in, so that what it writes into its working directory (keys,
    /// rendered catalogs) goes away with it.
    pub fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// Writes a file that only its owner can read (0600), replacing an earlier one.
    ///
    /// # Errors
    ///
    /// Whatever the file system says.
    pub fn write(&self, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
        let path = self.folder.path().join(name);
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)?;
        file.write_all(bytes)?;
        Ok(path)
    }
}

/// Removes the folders of runs that no longer live. Others' folders can't be removed and are left.
fn sweep(base: &Path) {
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        let ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        if ours && !is_held(&entry.path()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Whether a run holds this folder; one that has just been made may have no lock yet.
fn is_held(folder: &Path) -> bool {
    match fs::File::open(folder.join(LOCK)) {
        Ok(lock) => rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let made = fs::metadata(folder).and_then(|data| data.modified());
            !made.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > SETTLED))
        }
        Err(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn files_are_private_and_go_away() {
        let folder = Folder::new().unwrap();
        let file = folder.write("config.json", b"{}").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&file), 0o600);
        assert_eq!(mode(file.parent().unwrap()), 0o700);
        assert_eq!(mode(&folder.work()), 0o700);
        let path = file.clone();
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn what_a_dead_run_left_is_swept_and_a_living_one_keeps_its_own() {
        let base = tempfile::tempdir().unwrap();
        let [dead, unlocked, alive, foreign] =
            ["airbyte-singer-1", "airbyte-singer-2", "airbyte-singer-3", "something-else"]
                .map(|name| base.path().join(name));
        for folder in [&dead, &unlocked, &alive, &foreign] {
            fs::create_dir(folder).unwrap();
        }
        drop(fs::File::create_new(dead.join(LOCK)).unwrap());
        let held = fs::File::create_new(alive.join(LOCK)).unwrap();
        rustix::fs::flock(&held, FlockOperation::NonBlockingLockExclusive).unwrap();
        sweep(base.path());
        assert!(!dead.exists() && unlocked.exists(), "it has only just been made");
        std::thread::sleep(SETTLED * 2);
        sweep(base.path());
        assert!(!unlocked.exists() && alive.exists() && foreign.exists());
    }
}

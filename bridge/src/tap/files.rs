//! The private folder that a tap works in.

use super::own;
use crate::process::supervisor;
use rustix::fs::FlockOperation;
use serde::Serialize;
use std::fs;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const LOCK: &str = "lock";

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
                .prefix(supervisor::FOLDERS)
                .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700))
                .tempdir_in(&base)?;
            supervisor::made(folder.path());
            let path = folder.path().join(LOCK);
            let lock = match fs::File::create_new(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                lock => lock?,
            };
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

    /// The folder itself, in which the files that the tap is given lie.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file that only its owner can read (0600), replacing an earlier one.
    ///
    /// # Errors
    ///
    /// Whatever the file system says.
    pub fn write(&self, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
        let (path, mut file) = self.create(name)?;
        file.write_all(bytes)?;
        Ok(path)
    }

    /// As [`Folder::write`], of what is written as JSON: a large catalog never stands in memory as
    /// text.
    ///
    /// # Errors
    ///
    /// Whatever the file system says.
    pub fn write_json(&self, name: &str, value: &impl Serialize) -> io::Result<PathBuf> {
        let (path, file) = self.create(name)?;
        let mut file = io::BufWriter::new(file);
        serde_json::to_writer(&mut file, value)?;
        file.flush()?;
        Ok(path)
    }

    fn create(&self, name: &str) -> io::Result<(PathBuf, fs::File)> {
        let path = self.folder.path().join(name);
        let mut options = fs::OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        Ok((path, file))
    }
}

/// The lock goes last: were we killed in between, what is left would have none and stay for ever.
impl Drop for Folder {
    fn drop(&mut self) {
        for entry in fs::read_dir(self.folder.path()).into_iter().flatten().flatten() {
            let path = entry.path();
            let _ = match path.is_dir() {
                true => fs::remove_dir_all(path),
                false if entry.file_name() == LOCK => Ok(()),
                false => fs::remove_file(path),
            };
        }
        supervisor::removed(self.folder.path());
    }
}

/// Removes the folders of runs that no longer live. What others made under such a name is left: a
/// folder for temporary files is often shared.
fn sweep(base: &Path) {
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        let is_named_so = supervisor::is_private_folder(&entry.path());
        let Some(folder) = is_named_so.then(|| own::folder(&entry.path()).ok()).flatten() else {
            continue;
        };
        // A kill may come just before the lock is made, or after it is gone: what is empty goes.
        let _ = match is_held(&folder) {
            true => fs::remove_dir(entry.path()),
            false => fs::remove_dir_all(entry.path()),
        };
    }
}

/// Whether a run holds this folder. One without a lock is not ours to judge, and holds no secret
/// yet: the lock is the first thing that is made in it. Neither is one whose lock is no file of ours.
fn is_held(folder: &OwnedFd) -> bool {
    match own::file(folder, LOCK) {
        Ok(lock) => rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err(),
        Err(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

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
    fn a_panic_leaves_nothing() {
        let (tell, told) = std::sync::mpsc::channel();
        let panicking = std::thread::spawn(move || {
            let folder = Folder::new().unwrap();
            tell.send(folder.write("config.json", b"{}").unwrap()).unwrap();
            panic!("as a fault of ours would");
        });
        let file = told.recv().unwrap();
        assert!(panicking.join().is_err());
        assert!(!file.parent().unwrap().exists());
    }

    #[test]
    fn what_a_dead_run_left_is_swept_and_nothing_else() {
        let base = tempfile::tempdir().unwrap();
        let [dead, alive, unlocked, foreign, empty] = ["run-1", "run-2", "run-3", "else", "run-4"]
            .map(|name| base.path().join(format!("airbyte-singer-{name}")));
        for folder in [&dead, &alive, &unlocked, &foreign, &empty] {
            fs::create_dir(folder).unwrap();
        }
        fs::write(unlocked.join("file"), "").unwrap();
        for folder in [&dead, &foreign] {
            drop(fs::File::create_new(folder.join(LOCK)).unwrap());
        }
        let held = fs::File::create_new(alive.join(LOCK)).unwrap();
        rustix::fs::flock(&held, FlockOperation::NonBlockingLockExclusive).unwrap();
        sweep(base.path());
        assert!(alive.exists() && unlocked.exists() && foreign.exists());
        assert!(!dead.exists() && !empty.exists());
    }

    #[test]
    fn what_is_planted_under_our_name_neither_blocks_nor_is_followed() {
        let base = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        drop(fs::File::create_new(elsewhere.path().join(LOCK)).unwrap());
        let planted = ["pipe", "link", "folder", "file"]
            .map(|name| base.path().join(format!("{}{name}", supervisor::FOLDERS)));
        let [pipe, link, folder, file] = &planted;
        for folder in [pipe, link] {
            fs::create_dir(folder).unwrap();
        }
        rustix::fs::mkfifoat(rustix::fs::CWD, pipe.join(LOCK), 0o600.into()).unwrap();
        symlink(elsewhere.path().join(LOCK), link.join(LOCK)).unwrap();
        symlink(elsewhere.path(), folder).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, file, 0o600.into()).unwrap();
        let (tell, told) = std::sync::mpsc::channel();
        let path = base.path().to_owned();
        std::thread::spawn(move || {
            sweep(&path);
            let _ = tell.send(());
        });
        told.recv_timeout(std::time::Duration::from_secs(20)).expect("it doesn't block");
        for path in planted.iter().chain([&elsewhere.path().join(LOCK)]) {
            assert!(fs::symlink_metadata(path).is_ok(), "{}", path.display());
        }
    }
}

//! The private folder that a tap works in.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const PREFIX: &str = "airbyte-singer-";

/// A private folder (0700) for the files that a tap is given, and for it to work in. It is gone
/// when this is dropped; what a SIGKILL left of an earlier run is swept when the next one starts.
#[derive(Debug)]
pub struct Folder {
    folder: tempfile::TempDir,
}

impl Folder {
    /// Makes a folder, named by our process so that a later run can tell whether we still live.
    ///
    /// # Errors
    ///
    /// Whatever the file system says.
    pub fn new() -> io::Result<Self> {
        let base = std::env::temp_dir();
        sweep(&base);
        let folder = tempfile::Builder::new()
            .prefix(&format!("{PREFIX}{}-", std::process::id()))
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700))
            .tempdir_in(base)?;
        fs::DirBuilder::new().mode(0o700).create(folder.path().join("work"))?;
        Ok(Self { folder })
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
    remove(base, |pid| !is_alive(pid));
}

/// Removes the folders of this very process.
pub(super) fn remove_own() {
    remove(&std::env::temp_dir(), |pid| u32::try_from(pid) == Ok(std::process::id()));
}

fn remove(base: &Path, whose: impl Fn(i32) -> bool) {
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(rest) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else { continue };
        let Some(pid) = rest.split('-').next().and_then(|pid| pid.parse::<i32>().ok()) else {
            continue;
        };
        if whose(pid) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn is_alive(pid: i32) -> bool {
    let answer = rustix::process::Pid::from_raw(pid).map(rustix::process::test_kill_process);
    matches!(answer, Some(Ok(()) | Err(rustix::io::Errno::PERM)))
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
    fn what_a_dead_process_left_is_swept_and_a_living_one_keeps_its_own() {
        let base = tempfile::tempdir().unwrap();
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let dead = base.path().join(format!("{PREFIX}{}-x", child.id()));
        child.wait().unwrap();
        let alive = base.path().join(format!("{PREFIX}{}-x", std::process::id()));
        let foreign = base.path().join("something-else");
        for folder in [&dead, &alive, &foreign] {
            fs::create_dir(folder).unwrap();
        }
        sweep(base.path());
        assert!(!dead.exists() && alive.exists() && foreign.exists());
    }
}

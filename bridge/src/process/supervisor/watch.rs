//! What the supervisor does.

use super::is_private_folder;
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How often it is looked whether a group is gone.
const EVERY: Duration = Duration::from_millis(50);
/// Paths are shorter.
const LONGEST: u64 = 8192;

/// What there is.
#[derive(Debug, Default, PartialEq)]
struct Left {
    groups: Vec<(Pid, Duration)>,
    folders: BTreeSet<PathBuf>,
}

/// Listens on stdin until it closes, and ends what is there then.
pub(super) fn watch() {
    // No file system is kept from being unmounted.
    let _ = std::env::set_current_dir("/");
    let left = Left::heard_from(std::io::stdin());
    left.end();
}

impl Left {
    fn heard_from(pipe: impl Read) -> Self {
        let mut pipe = BufReader::with_capacity(1024, pipe);
        let (mut left, mut word) = (Self::default(), Vec::new());
        loop {
            word.clear();
            let read = pipe.by_ref().take(LONGEST).read_until(0, &mut word);
            // Half a word was cut by the kill.
            match read {
                Ok(1..) if word.pop() == Some(0) => left.hear(&word),
                _ => return left,
            }
        }
    }

    fn hear(&mut self, word: &[u8]) {
        let Some((what, of)) = word.split_at_checked(2) else { return };
        let path = || PathBuf::from(OsStr::from_bytes(of));
        let text = std::str::from_utf8(of).unwrap_or_default();
        let pid = |text: &str| text.parse().ok().and_then(Pid::from_raw);
        match what {
            b"+f" => drop(self.folders.insert(path())),
            b"-f" => drop(self.folders.remove(&path())),
            b"+g" => {
                let told = text.split_once(' ').and_then(|(group, grace)| {
                    Some((pid(group)?, Duration::from_millis(grace.parse().ok()?)))
                });
                self.groups.extend(told);
            }
            b"-g" => self.groups.retain(|(group, _)| Some(*group) != pid(text)),
            _ => {}
        }
    }

    fn end(self) {
        let began = Instant::now();
        for (group, _) in &self.groups {
            let _ = kill_process_group(*group, Signal::TERM);
        }
        for (group, grace) in &self.groups {
            while test_kill_process_group(*group).is_ok() && began.elapsed() < *grace {
                std::thread::sleep(EVERY);
            }
            let _ = kill_process_group(*group, Signal::KILL);
        }
        self.folders.iter().for_each(|folder| remove(folder));
    }
}

/// What was killed a moment ago may still write.
fn remove(folder: &Path) {
    if !is_private_folder(folder) {
        return;
    }
    for _ in 0..20 {
        match std::fs::remove_dir_all(folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => std::thread::sleep(EVERY),
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ended_by_itself_is_not_left() {
        let heard = |words: &str| Left::heard_from(words.as_bytes());
        let left = heard("+f/tmp/a\0+g12 500\0+g13 10000\0-g12\0+f/tmp/b\0-f/tmp/a\0+g14 10");
        assert_eq!(left.folders, BTreeSet::from([PathBuf::from("/tmp/b")]));
        assert_eq!(left.groups, [(Pid::from_raw(13).unwrap(), Duration::from_secs(10))]);
        for nothing in ["", "\0", "+g\0", "+gx 1\0", "+g0 1\0", "-f\0", "??\0+g7 1\0-g7\0"] {
            assert_eq!(heard(nothing), Left::default(), "{nothing:?}");
        }
    }

    #[test]
    fn only_private_folders_are_removed() {
        let base = tempfile::tempdir().unwrap();
        let [ours, other] = ["airbyte-singer-run-x", "x"].map(|name| base.path().join(name));
        for folder in [&ours, &other] {
            std::fs::create_dir_all(folder.join("work")).unwrap();
        }
        let folders = BTreeSet::from([ours.clone(), other.clone()]);
        Left { groups: Vec::new(), folders }.end();
        assert!(!ours.exists() && other.exists());
    }
}

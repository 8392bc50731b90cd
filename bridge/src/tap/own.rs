//! Opening what should be ours in folders that others may write to, as a shared `/tmp` is.
//!
//! Nothing is waited for and no link is followed, and what was opened is looked at: a pipe that somebody
//! put there would block us, a link or a file of another user would have us believe a stranger.

use rustix::fs::{CWD, FileType, Mode, OFlags, fstat, openat};
use rustix::io::Errno;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

/// Opens a folder of ours.
///
/// # Errors
///
/// There is none, or it is something else or another user's ([`is_foreign`]).
pub(crate) fn folder(path: &Path) -> io::Result<OwnedFd> {
    open(CWD, path, FileType::Directory)
}

/// Opens a regular file of ours for reading, in `folder`.
///
/// # Errors
///
/// As of [`folder`].
pub(crate) fn file(folder: impl AsFd, name: impl AsRef<Path>) -> io::Result<File> {
    Ok(open(folder, name.as_ref(), FileType::RegularFile)?.into())
}

/// Whether something is there that isn't what it should be, or another user's.
pub(crate) fn is_foreign(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::LOOP.raw_os_error())
        || error.kind() == io::ErrorKind::InvalidInput
}

fn open(folder: impl AsFd, name: &Path, kind: FileType) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    // A socket can't be opened at all.
    let opened = openat(folder, name, flags, Mode::empty()).map_err(|error| match error {
        Errno::NXIO => Errno::INVAL,
        other => other,
    })?;
    let stat = fstat(&opened)?;
    let is_ours = stat.st_uid == rustix::process::geteuid().as_raw();
    match FileType::from_raw_mode(stat.st_mode) == kind && is_ours {
        true => Ok(opened),
        false => Err(io::ErrorKind::InvalidInput.into()),
    }
}

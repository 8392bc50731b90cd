//! What is said of a program that is started, or can't be.

use super::program::Program;
use rustix::io::Errno;
use std::ffi::OsString;
use std::io::Read;
use std::path::Path;

/// Arguments for a log: files of ours by name only.
pub(crate) fn shown(args: &[OsString]) -> Vec<String> {
    args.iter()
        .map(|arg| {
            let path = Path::new(arg);
            let name = if path.is_absolute() { path.file_name() } else { None };
            name.unwrap_or(arg).to_string_lossy().into_owned()
        })
        .collect()
}

/// Why a program that was found can't be started.
pub(super) fn cannot_start(program: Program<'_>, error: &std::io::Error) -> String {
    let reason = match error.kind() {
        // The file was found a moment ago, so what is missing stands in its first line.
        std::io::ErrorKind::NotFound => match interpreter(program.path) {
            Some(name) => format!(
                "the interpreter of its first line, `{name}`, is missing; an environment that was \
                 moved or made with another Python must be made anew"
            ),
            None => "the interpreter or a library that it needs is missing".to_owned(),
        },
        std::io::ErrorKind::PermissionDenied => "running it is not permitted".to_owned(),
        _ if error.raw_os_error() == Some(Errno::NOEXEC.raw_os_error()) => {
            "it is no program for this machine; a script needs a first line such as \
             `#!/usr/bin/env python3`"
                .to_owned()
        }
        _ if error.raw_os_error() == Some(Errno::MFILE.raw_os_error()) => {
            "too many files are open at once (ulimit -n); raise the limit".to_owned()
        }
        kind => kind.to_string(),
    };
    format!("{} `{}` can't be started: {reason}", program.kind, program.name)
}

/// The program that a script's first line names.
fn interpreter(script: &Path) -> Option<String> {
    let mut start = [0; 512];
    let length = std::fs::File::open(script).and_then(|mut file| file.read(&mut start)).ok()?;
    let text = String::from_utf8_lossy(&start[..length]);
    let words = text.strip_prefix("#!")?.lines().next()?;
    words.split_whitespace().next().map(str::to_owned)
}

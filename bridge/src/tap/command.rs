//! Finding the tap and the arguments that always come first.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

/// A tap's executable and the arguments that always come first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TapCommand {
    /// The name as the user gave it, for messages.
    pub name: String,
    /// Absolute path of the executable: the tap runs in a folder of its own.
    pub program: PathBuf,
    /// Arguments that stand before ours.
    pub args: Vec<OsString>,
}

/// Why a tap can't be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandError {
    /// Nothing of that name on PATH or beside our own executable.
    NotOnPath(String),
    /// The path leads nowhere.
    NoSuchFile(String),
    /// There is a file, but it isn't a program.
    NotExecutable(String),
    /// There is none of that name, which looks like a name and arguments: the name.
    WithArguments(String),
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOnPath(name) => write!(
                f,
                "tap `{name}` was not found on PATH; install it or give its path with --tap"
            ),
            Self::NoSuchFile(name) => write!(f, "tap `{name}`: there is no such file"),
            Self::NotExecutable(name) => {
                write!(f, "tap `{name}` is not executable (chmod +x makes it so)")
            }
            // What stands behind the name may be a secret.
            Self::WithArguments(name) => write!(
                f,
                "tap `{name} …`: there is no such program; a tap is one name or path and is never \
                 split: give `{name}` alone, and each of its arguments with --tap-arg"
            ),
        }
    }
}

impl TapCommand {
    /// Finds `name`: a path when it holds a slash, else a name on PATH, else a program beside our
    /// own executable (where the bundled `tap-sample` lies). It is one name or path and never
    /// split, and no shell ever sees it.
    ///
    /// Arguments that name an existing file relative to the working directory are made absolute,
    /// because the tap runs elsewhere.
    ///
    /// # Errors
    ///
    /// [`CommandError`], which names what was looked for.
    pub fn find(name: &str, args: &[String]) -> Result<Self, CommandError> {
        let found = if name.contains('/') { by_path(name) } else { by_name(name) };
        let program = found.map_err(|error| match (error, name.trim().split_once(' ')) {
            (error @ CommandError::NotExecutable(_), _) | (error, None) => error,
            (_, Some((name, _))) => CommandError::WithArguments(name.to_owned()),
        })?;
        let here = std::env::current_dir().unwrap_or_default();
        let args = args.iter().map(|arg| absolute_if_file(arg, &here).into()).collect();
        Ok(Self { name: name.to_owned(), program, args })
    }

    /// The executable's file name, for messages.
    pub fn short_name(&self) -> &str {
        self.program.file_name().and_then(|name| name.to_str()).unwrap_or(&self.name)
    }
}

fn by_path(name: &str) -> Result<PathBuf, CommandError> {
    let path = Path::new(name);
    if !path.exists() {
        return Err(CommandError::NoSuchFile(name.to_owned()));
    }
    // Not canonical: what a link or a venv's python is called decides what it does.
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if is_executable(&path) { Ok(path) } else { Err(CommandError::NotExecutable(name.to_owned())) }
}

fn by_name(name: &str) -> Result<PathBuf, CommandError> {
    if let Ok(path) = which::which(name) {
        return Ok(std::path::absolute(&path).unwrap_or(path));
    }
    let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join(name)));
    match beside {
        Some(path) if is_executable(&path) => Ok(path),
        _ => Err(CommandError::NotOnPath(name.to_owned())),
    }
}

fn is_executable(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}

/// `text` as an absolute path when it plainly names a file that exists below `here`.
///
/// "Plainly" means that it holds a slash or a dot: a database called like a file nearby stays
/// what it is.
pub fn absolute_if_file(text: &str, here: &Path) -> String {
    let looks_like_path = text.contains('/') || text.contains('.');
    if text.is_empty() || text.len() > 4096 || !looks_like_path || text.starts_with('/') {
        return text.to_owned();
    }
    let path = here.join(text);
    if path.is_file() || (text.contains('/') && path.is_dir()) {
        path.to_string_lossy().into_owned()
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn each_way_of_not_being_there_has_its_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tap");
        std::fs::write(&file, "").unwrap();
        let name = file.to_str().unwrap();
        let find = |name: &str| TapCommand::find(name, &[]);
        assert_eq!(find("tap-of-nowhere"), Err(CommandError::NotOnPath("tap-of-nowhere".into())));
        assert_eq!(find("./no/tap"), Err(CommandError::NoSuchFile("./no/tap".into())));
        assert_eq!(find(name), Err(CommandError::NotExecutable(name.into())));
        for (name, own) in [("tap-x --debug", "tap-x"), ("./no/tap --key hunter2", "./no/tap")] {
            let error = find(name).unwrap_err();
            assert_eq!(error, CommandError::WithArguments(own.into()));
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(find(name).unwrap().program, file);
        // A blank in a path is none between arguments.
        let blank = folder.path().join("my tap");
        std::fs::rename(&file, &blank).unwrap();
        assert_eq!(find(blank.to_str().unwrap()).unwrap().program, blank);
    }

    #[test]
    fn only_what_plainly_names_a_file_becomes_absolute() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key.json"), "").unwrap();
        std::fs::write(folder.path().join("shop"), "").unwrap();
        let at = |text: &str| absolute_if_file(text, folder.path());
        assert_eq!(at("key.json"), folder.path().join("key.json").to_str().unwrap());
        assert_eq!(at("./key.json"), folder.path().join("./key.json").to_str().unwrap());
        assert_eq!(at("shop"), "shop");
        assert_eq!(at("no.json"), "no.json");
    }
}

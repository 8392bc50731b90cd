//! What the converters read.

use airbyte_protocol::ConfiguredCatalog;
use airbyte_singer_runtime::{Error, Result, Stop, configured_catalog, open_named, read_named};
use singer_protocol as singer;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

/// A file that the user named, or stdin for none and for `-`.
#[derive(Debug, clap::Args)]
pub(super) struct Input {
    /// What to convert [default: stdin]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Input {
    fn path(&self) -> Option<&Path> {
        self.file.as_deref().filter(|path| *path != Path::new("-"))
    }

    /// How to call it in a sentence.
    fn name(&self) -> String {
        self.path().map_or_else(|| "stdin".to_owned(), |path| format!("file {}", path.display()))
    }

    /// An error of its content.
    pub(super) fn wrong(&self, reason: impl std::fmt::Display) -> Error {
        Error::config(format!("{}: {reason}", self.name()))
    }

    /// Opens it.
    pub(super) fn open(&self) -> Result<OwnedFd> {
        match self.path() {
            Some(path) => Ok(open_named("file", path, &Stop::early())?.into()),
            None => {
                let opened = std::io::stdin().as_fd().try_clone_to_owned();
                opened.map_err(|error| self.wrong(error.kind()))
            }
        }
    }

    /// Reads all of it.
    pub(super) fn read(&self) -> Result<Vec<u8>> {
        if let Some(path) = self.path() {
            return read_named("file", path, &Stop::early());
        }
        // Whoever pipes may take its time.
        let mut bytes = Vec::new();
        let read = std::io::stdin().read_to_end(&mut bytes);
        read.map_err(|error| self.wrong(error.kind()))?;
        Ok(bytes)
    }
}

/// Reads a file that is named by `what`'s flag.
pub(super) fn file(what: &str, path: &Path) -> Result<Vec<u8>> {
    read_named(&format!("{what} file"), path, &Stop::early())
}

/// Reads the Singer catalog behind a flag.
pub(super) fn singer_catalog(path: &Path) -> Result<singer::Catalog> {
    let what = "Singer catalog";
    singer::Catalog::read(file(what, path)?).map_err(|error| wrong(what, path, error))
}

/// Reads the configured catalog behind a flag.
pub(super) fn configured(path: &Path) -> Result<ConfiguredCatalog> {
    let what = "catalog";
    configured_catalog(&file(what, path)?).map_err(|error| wrong(what, path, error))
}

/// An error of a file's content.
pub(super) fn wrong(what: &str, path: &Path, reason: impl std::fmt::Display) -> Error {
    Error::config(format!("{what} file {}: {reason}", path.display()))
}

//! What is run.

use std::ffi::OsString;
use std::path::Path;

/// A program as it is run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Program<'a> {
    /// What kind of program it is, for our words: `tap`.
    pub(crate) kind: &'static str,
    /// What our words call it.
    pub(crate) name: &'a str,
    /// The file.
    pub(crate) path: &'a Path,
    /// The arguments that always come first.
    pub(crate) args: &'a [OsString],
}

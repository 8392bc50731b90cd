//! What stands for the reader of parquet in a build without the feature `parquet`: a sentence.

use super::columns::{Row, is_parquet};
use std::convert::Infallible;
use std::fs::File;

/// The rows of a file that this build can't read; there are none.
pub(super) struct Rows(Infallible);

impl Rows {
    /// Refuses the file.
    ///
    /// # Errors
    ///
    /// Always: that it is no parquet, or which build reads it.
    pub(super) fn open(file: File, _limit: usize) -> Result<Self, String> {
        is_parquet(&file)?;
        Err("this build of airbyte-singer reads no parquet; released binaries and a build with \
             `--features full` do, or let the tap write the encoding `jsonl`"
            .to_owned())
    }

    /// The names of the columns.
    pub(super) fn columns(&self) -> std::iter::Empty<&str> {
        match self.0 {}
    }

    /// The next row.
    pub(super) fn next(&mut self) -> Result<Option<Row<'_>>, String> {
        match self.0 {}
    }
}

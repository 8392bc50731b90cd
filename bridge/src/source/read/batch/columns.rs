//! What every build knows of files in columns, with a reader of parquet or without.

use std::fs::File;
use std::os::unix::fs::FileExt;

/// How a parquet file begins and ends.
const MAGIC: &[u8] = b"PAR1";

/// One row.
pub(super) struct Row<'a> {
    /// A JSON object.
    pub(super) text: &'a str,
    /// The places of what JSON has no word for and that became null.
    pub(super) nulled: &'a [String],
}

/// Looks at the file's first bytes.
///
/// # Errors
///
/// They are not those of parquet. Gzip around a parquet file, which `compression` might mean, is
/// written by no tap: the SDK hands `compression` to what writes the columns.
pub(super) fn is_parquet(file: &File) -> Result<(), String> {
    let mut head = [0; MAGIC.len()];
    match file.read_exact_at(&mut head, 0).is_ok() && head == MAGIC {
        true => Ok(()),
        false => Err("it is no parquet".to_owned()),
    }
}

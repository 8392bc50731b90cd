//! BATCH messages: files of records, which become RECORDs one by one.
//!
//! A file is read as a stream, so that memory is bounded by its longest record, however large it
//! is. Its records come before anything that the tap said after the BATCH: a STATE speaks for them,
//! and a fault in the middle of a file ends the run there.

mod batches;
mod columns;
mod expand;
mod jsonl;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(not(feature = "parquet"))]
#[path = "no_parquet.rs"]
mod parquet;
mod place;
mod wrapped;

pub(super) use batches::Batches;
pub(super) use expand::Expand;
pub(super) use place::Places;

//! BATCH files in the format `parquet`.

mod guard;
mod quiet;
mod value;

use self::guard::Guarded;
use self::quiet::quietly;
use self::value::Writer;
use super::columns::{Row, is_parquet};
use ::parquet::arrow::arrow_reader::{
    ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use ::parquet::basic::{Compression, Type};
use ::parquet::file::metadata::ParquetMetaData;
use arrow_array::RecordBatch;
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How much of a file's rows is to stand in memory at a time, in bytes, and how many of them at most:
/// a column may hold one long text once and mean it in every row.
const ROOM: i64 = 4 * 1024 * 1024;
const MOST_ROWS: i64 = 256;

/// However little a line may have, pages of so many bytes are unpacked: they hold many rows.
const LEAST_PAGE: usize = 16 * 1024 * 1024;

/// The rows of one file, as JSON objects. Memory is bounded by the file's pages, of which one of each
/// column is unpacked at a time and none may be larger than a line, and by [`ROOM`].
pub(super) struct Rows {
    batches: ParquetRecordBatchReader,
    names: Vec<String>,
    /// Whether a page was too large.
    refused: Arc<AtomicBool>,
    /// What is being read, and its next row.
    current: Option<(RecordBatch, usize)>,
    number: u64,
    writer: Writer,
}

impl Rows {
    /// Begins to read; no row may take more than `limit` bytes as JSON.
    ///
    /// # Errors
    ///
    /// It is no parquet, broken, or in a compression that isn't understood.
    pub(super) fn open(file: File, limit: usize) -> Result<Self, String> {
        is_parquet(&file)?;
        // What another reader's types were is of no use here, and makes for more of them.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let (file, refused) = Guarded::new(file, limit.max(LEAST_PAGE) as u64);
        let builder =
            quietly(|| ParquetRecordBatchReaderBuilder::try_new_with_options(file, options).ok())
                .ok_or("its parquet is broken, cut off, or of an unknown kind")?;
        let names = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
        let rows = rows_at_once(builder.metadata(), limit)?;
        let batches = quietly(|| builder.with_batch_size(rows).build().ok());
        let batches = batches.ok_or_else(|| broken(0))?;
        let writer = Writer::within(limit);
        Ok(Self { batches, names, refused, current: None, number: 0, writer })
    }

    /// The names of the columns.
    pub(super) fn columns(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The next row; none at the end.
    ///
    /// # Errors
    ///
    /// The file is broken there, or a column is of a type that has no JSON.
    pub(super) fn next(&mut self) -> Result<Option<Row<'_>>, String> {
        let (batch, at) = loop {
            match self.current.take() {
                Some((batch, at)) if at < batch.num_rows() => break (batch, at),
                _ => {
                    let next = quietly(|| self.batches.next().transpose().ok());
                    match next.ok_or_else(|| self.fault())? {
                        None => return Ok(None),
                        Some(batch) => self.current = Some((batch, 0)),
                    }
                }
            }
        };
        self.number += 1;
        let written = self.writer.row(&batch, at);
        self.current = Some((batch, at + 1));
        let (text, nulled) = written.map_err(|reason| format!("row {}, {reason}", self.number))?;
        Ok(Some(Row { text, nulled }))
    }
}

impl Rows {
    /// Why there is no next row.
    fn fault(&self) -> String {
        if !self.refused.load(Ordering::Relaxed) {
            return broken(self.number);
        }
        format!(
            "what stands after row {} in one of its columns is longer than allowed once it is \
             unpacked (--max-line-bytes)",
            self.number
        )
    }
}

/// Our words only: the reader's might quote what it read.
fn broken(rows_before: u64) -> String {
    format!("its parquet is broken after row {rows_before}")
}

/// How many rows to unpack at once.
///
/// # Errors
///
/// The columns are in a compression that isn't understood.
fn rows_at_once(metadata: &ParquetMetaData, limit: usize) -> Result<usize, String> {
    let mut longest = 1;
    // What one row may hold: of a dictionary that stands once in the file, the longest value.
    let mut widest = 1_i64;
    for group in metadata.row_groups() {
        let (mut bytes, mut dictionaries) = (0_i64, 0_i64);
        for column in group.columns() {
            let compression = column.compression();
            if !matches!(
                compression,
                Compression::UNCOMPRESSED | Compression::SNAPPY | Compression::GZIP(_)
            ) {
                let name = compression.to_string();
                let name = name.split('(').next().unwrap_or_default();
                return Err(format!(
                    "its columns are packed by {name}; there are snappy, gzip and none"
                ));
            }
            let plain = column.unencoded_byte_array_data_bytes().unwrap_or(0);
            // A broken file may claim any size.
            bytes = bytes.saturating_add(plain.max(column.uncompressed_size()));
            let is_text = matches!(column.column_type(), Type::BYTE_ARRAY);
            if is_text && column.dictionary_page_offset().is_some() {
                dictionaries = dictionaries.saturating_add(column.uncompressed_size().max(0));
            }
        }
        widest = widest.max(dictionaries);
        longest = longest.max(bytes / group.num_rows().max(1));
    }
    let room = i64::try_from(limit.max(LEAST_PAGE)).unwrap_or(i64::MAX);
    let rows = (ROOM / longest).min(room / widest);
    Ok(usize::try_from(rows.clamp(1, MOST_ROWS)).unwrap_or(1))
}

#[cfg(test)]
mod tests;

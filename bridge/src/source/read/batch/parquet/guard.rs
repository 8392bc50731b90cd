//! A parquet file of which no page is unpacked that is larger than allowed.
//!
//! The reader of parquet unpacks a page whole, and a page of a megabyte may become a gigabyte. How
//! large it becomes stands at the beginning of its header, and the reader asks for each header by itself.

use ::parquet::errors::{ParquetError, Result};
use ::parquet::file::reader::{ChunkReader, Length};
use bytes::Bytes;
use std::fs::File;
use std::io::BufReader;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A field of the next number and of type i32, as thrift's compact protocol writes it.
const NEXT_I32: u8 = 0x15;

/// A file whose pages have a bound.
#[derive(Debug)]
pub(super) struct Guarded {
    file: File,
    largest: u64,
    refused: Arc<AtomicBool>,
}

impl Guarded {
    /// No page of `file` may have more than `largest` bytes. The flag says later on whether one had.
    pub(super) fn new(file: File, largest: u64) -> (Self, Arc<AtomicBool>) {
        let refused = Arc::new(AtomicBool::new(false));
        (Self { file, largest, refused: refused.clone() }, refused)
    }
}

impl Length for Guarded {
    fn len(&self) -> u64 {
        Length::len(&self.file)
    }
}

impl ChunkReader for Guarded {
    type T = BufReader<File>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        let mut head = [0; 16];
        // A shorter file holds no header there.
        let length = self.file.read_at(&mut head, start).unwrap_or(0);
        if unpacked(&head[..length]).is_some_and(|size| size > self.largest) {
            self.refused.store(true, Ordering::Relaxed);
            return Err(ParquetError::General("a page is too large".to_owned()));
        }
        self.file.get_read(start)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        self.file.get_bytes(start, length)
    }
}

/// The unpacked size of a page by the beginning of its header: its kind and then its size.
fn unpacked(head: &[u8]) -> Option<u64> {
    let head = head.strip_prefix(&[NEXT_I32])?;
    let (_, head) = varint(head)?;
    let (size, _) = varint(head.strip_prefix(&[NEXT_I32])?)?;
    // Zigzag; the reader refuses what is negative.
    (size & 1 == 0).then_some(size >> 1)
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let length = bytes.iter().take(10).position(|byte| byte & 0x80 == 0)? + 1;
    let (number, rest) = bytes.split_at(length);
    let number = number.iter().rev().fold(0, |sum: u64, byte| sum << 7 | u64::from(byte & 0x7f));
    Some((number, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_is_the_second_number_of_a_header() {
        // A data page of 1 000 000 000 bytes, packed into 7.
        assert_eq!(
            unpacked(&[0x15, 0x00, 0x15, 0x80, 0xa8, 0xd6, 0xb9, 0x07, 0x15, 0x0e]),
            Some(1_000_000_000)
        );
        assert_eq!(unpacked(&[0x15, 0x04, 0x15, 0x0e]), Some(7));
        for none in [&[] as &[u8], &[0x15], &[0x15, 0x02, 0x19], b"PAR1", &[0x15, 0x00, 0x15, 0x80]]
        {
            assert_eq!(unpacked(none), None, "{none:?}");
        }
    }
}

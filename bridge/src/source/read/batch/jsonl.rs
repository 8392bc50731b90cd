//! BATCH files in the format `jsonl`: a record a line, mostly in gzip.

use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

/// How much is read at a time.
const CHUNK: usize = 64 * 1024;
/// How gzip begins. No JSON does.
const GZIP: &[u8] = b"\x1f\x8b";

/// The lines of one file. Memory is bounded by the longest of them.
pub(super) struct JsonLines {
    input: Box<dyn BufRead>,
    limit: usize,
    line: Vec<u8>,
    number: u64,
}

impl JsonLines {
    /// Begins to read; no line may be longer than `limit` bytes.
    ///
    /// Whether it is gzip is asked of the file: the SDK (0.54) writes gzip whatever `compression`
    /// its config, and hence its message, names.
    ///
    /// # Errors
    ///
    /// It isn't what the message says, or in a compression that isn't understood.
    pub(super) fn open(
        file: File,
        compression: Option<&str>,
        limit: usize,
    ) -> Result<Self, String> {
        let mut file = BufReader::with_capacity(CHUNK, file);
        let is_gzip = file.fill_buf().map_err(|e| unreadable(&e))?.starts_with(GZIP);
        let input: Box<dyn BufRead> = match (is_gzip, compression) {
            (true, _) => Box::new(BufReader::with_capacity(CHUNK, MultiGzDecoder::new(file))),
            (false, None) => Box::new(file),
            // An empty file too: it was cut off.
            (false, Some("gzip")) => return Err("it is no gzip, as which it comes".to_owned()),
            (false, Some(_)) => {
                return Err("its compression is unknown; there are gzip and none".to_owned());
            }
        };
        Ok(Self { input, limit, line: Vec::new(), number: 0 })
    }

    /// The next line, without its end; none at the end of the file.
    ///
    /// # Errors
    ///
    /// The file can't be read, its gzip is broken or ends too early, or the line is too long.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, String> {
        self.line.clear();
        // One more for the line's end, and one that tells what is too long.
        let most = (self.limit as u64).saturating_add(2);
        let read = (&mut self.input).take(most).read_until(b'\n', &mut self.line);
        let place = |number: u64, reason: &str| format!("line {}: {reason}", number + 1);
        if read.map_err(|error| place(self.number, &unreadable(&error)))? == 0 {
            return Ok(None);
        }
        let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        if line.len() > self.limit {
            return Err(place(self.number, "longer than allowed (--max-line-bytes)"));
        }
        self.number += 1;
        Ok(Some(line))
    }

    /// The number of the last line, from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }
}

fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "the gzip ends too early".to_owned(),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => "the gzip is broken".to_owned(),
        kind => kind.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::{Seek, Write};

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn lines(content: &[u8], compression: Option<&str>) -> Result<Vec<String>, String> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        file.rewind().unwrap();
        let (mut lines, mut all) = (JsonLines::open(file, compression, 8)?, Vec::new());
        while let Some(line) = lines.next()? {
            all.push(String::from_utf8(line.to_vec()).unwrap());
        }
        assert_eq!(lines.number(), all.len() as u64);
        Ok(all)
    }

    #[test]
    fn lines_come_whole_with_and_without_an_end() {
        assert_eq!(lines(b"{}\n\n[]\r\n1", None).unwrap(), ["{}", "", "[]\r", "1"]);
        assert_eq!(lines(b"", None).unwrap(), [""; 0]);
        assert_eq!(lines(b"12345678\n12345678", None).unwrap(), ["12345678"; 2]);
        for long in [b"\n123456789\n".as_slice(), b"\n123456789"] {
            assert!(lines(long, None).unwrap_err().starts_with("line 2: longer"));
        }
    }

    #[test]
    fn gzip_is_seen_whatever_the_message_says() {
        for said in [None, Some("gzip"), Some("zstd")] {
            assert_eq!(lines(&gzip(b"1\n2\n"), said).unwrap(), ["1", "2"]);
        }
        assert!(lines(b"1\n", Some("gzip")).unwrap_err().contains("no gzip"));
        assert!(lines(b"", Some("gzip")).unwrap_err().contains("no gzip"));
        assert!(lines(b"(\xb5/\xfd", Some("zstd")).unwrap_err().contains("gzip and none"));
    }

    #[test]
    fn members_of_one_gzip_follow_each_other() {
        let both = [gzip(b"1\n2"), gzip(b"3\n4\n")].concat();
        assert_eq!(lines(&both, Some("gzip")).unwrap(), ["1", "23", "4"]);
    }

    #[test]
    fn a_gzip_that_was_cut_off_anywhere_is_an_error() {
        let whole = gzip(b"1\n2\n3\n");
        for length in 2..whole.len() {
            assert!(lines(&whole[..length], Some("gzip")).is_err(), "{length}");
        }
        let two = [whole.clone(), whole.clone()].concat();
        for length in whole.len() + 1..two.len() {
            assert!(lines(&two[..length], Some("gzip")).is_err(), "{length}");
        }
        let mut flipped = whole;
        let last = flipped.len() - 6;
        flipped[last] ^= 1;
        assert!(lines(&flipped, Some("gzip")).unwrap_err().contains("broken"));
    }
}

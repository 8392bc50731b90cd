//! A tap's stderr, cut into lines as it comes.

use super::Hearing;
use super::hearing::QUIET;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::ChildStderr;

/// Hears `pipe` to its end.
pub(super) async fn listen(mut pipe: ChildStderr, mut hearing: Hearing) {
    let mut splitter = Splitter::default();
    loop {
        match tokio::time::timeout(QUIET, splitter.fill(&mut pipe)).await {
            Err(_) => hearing.pause(),
            Ok(false) => break,
            Ok(true) => {
                let longest = hearing.longest();
                while let Some(line) = splitter.line(longest) {
                    hearing.line(line);
                }
                hearing.settle();
            }
        }
    }
    if let Some(line) = splitter.rest() {
        hearing.line(line);
    }
    hearing.finish();
}

/// Bytes of stderr cut into lines.
#[derive(Default)]
struct Splitter {
    bytes: Vec<u8>,
    from: usize,
    /// Whether the line that is being read was given already, as far as it is of interest.
    cut: bool,
}

impl Splitter {
    /// How much is read at once: as much as a pipe holds.
    const CHUNK: usize = 64 * 1024;

    async fn fill(&mut self, pipe: &mut (impl AsyncRead + Unpin)) -> bool {
        self.bytes.drain(..self.from);
        self.from = 0;
        self.bytes.reserve(Self::CHUNK);
        matches!(pipe.read_buf(&mut self.bytes).await, Ok(count) if count > 0)
    }

    /// The next line; of one that is longer than `longest` bytes at least as many.
    fn line(&mut self, longest: usize) -> Option<&[u8]> {
        loop {
            let from = self.from;
            let Some(length) = memchr::memchr(b'\n', &self.bytes[from..]) else { break };
            self.from += length + 1;
            // The rest of a line that was given is passed over.
            if !std::mem::take(&mut self.cut) {
                return Some(&self.bytes[from..from + length]);
            }
        }
        let from = self.from;
        if !self.cut && self.bytes.len() - from < longest {
            return None;
        }
        self.from = self.bytes.len();
        (!std::mem::replace(&mut self.cut, true)).then_some(&self.bytes[from..])
    }

    /// What stands behind the last newline.
    fn rest(&self) -> Option<&[u8]> {
        let line = &self.bytes[self.from..];
        (!line.is_empty() && !self.cut).then_some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_stderr_is_given_once_however_long_it_is() {
        let long = vec![b'x'; 300_000];
        let input = [b"a\n\n".as_slice(), &long, b"\nlast"].concat();
        let (mut splitter, mut lines) = (Splitter::default(), Vec::new());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut reader = input.as_slice();
            while splitter.fill(&mut reader).await {
                while let Some(line) = splitter.line(100_000) {
                    lines.push(line.len());
                }
                assert!(splitter.bytes.len() < 300_000, "a long line must not fill memory");
            }
        });
        lines.extend(splitter.rest().map(<[u8]>::len));
        assert_eq!((lines.len(), lines[0], lines[1], lines[3]), (4, 1, 0, 4));
        assert!(lines[2] >= 100_000);
    }
}

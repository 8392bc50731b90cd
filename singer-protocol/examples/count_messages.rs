//! Reads what a tap writes and says how much there was of what.
//!
//! ```sh
//! some-tap --config config.json | cargo run -p airbyte-singer-singer-protocol --example count_messages
//! ```

use singer_protocol::{LineError, Message, repair_non_finite};
use std::collections::BTreeMap;
use std::io::{BufRead, Write};

/// What was read.
#[derive(Debug, Default, PartialEq)]
struct Counts {
    /// Rows by stream, those in files left out.
    rows: BTreeMap<String, u64>,
    /// Files of BATCH messages.
    files: usize,
    states: u64,
    /// Lines that claim to be messages and are broken.
    broken: u64,
    /// Lines that were never meant as messages.
    words: u64,
}

impl Counts {
    fn line(&mut self, line: &[u8]) {
        match Message::parse(line) {
            Ok(Message::Record(record)) => *self.rows.entry(record.stream.into()).or_default() += 1,
            Ok(Message::Batch(batch)) => self.files += batch.uris().map_or(0, |uris| uris.len()),
            Ok(Message::State(_)) => self.states += 1,
            Ok(Message::Schema(_) | Message::ActivateVersion(_) | Message::Other(_)) => {}
            Err(LineError::NotAMessage) => self.words += 1,
            // Python writes NaN, which JSON doesn't know: such a line can be mended.
            Err(LineError::Malformed(flaw)) => match repair_non_finite(line) {
                Some(repaired) if flaw.non_finite => self.line(&repaired.line),
                _ => self.broken += 1,
            },
        }
    }
}

fn main() -> std::io::Result<()> {
    let mut counts = Counts::default();
    for line in std::io::stdin().lock().split(b'\n') {
        counts.line(&line?);
    }
    writeln!(std::io::stdout(), "{counts:#?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_by_what_they_are() {
        let lines = r#"INFO starting
{"type": "SCHEMA", "stream": "a", "schema": {}, "key_properties": []}
{"type": "RECORD", "stream": "a", "record": {"x": 1}}
{"type": "RECORD", "stream": "a", "record": {"x": NaN}}
{"type": "RECORD", "stream": "a", "record": {"x": }
{"type": "BATCH", "stream": "b", "encoding": {"format": "jsonl"}, "manifest": ["file:///1", "file:///2"]}
{"type": "STATE", "value": {}}"#;
        let mut counts = Counts::default();
        lines.lines().for_each(|line| counts.line(line.as_bytes()));
        let expected = Counts {
            rows: BTreeMap::from([("a".to_owned(), 2)]),
            files: 2,
            states: 1,
            broken: 1,
            words: 1,
        };
        assert_eq!(counts, expected);
    }
}

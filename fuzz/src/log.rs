//! A tap's log: whatever comes, each line ends up in one entry, and none is made up.

use singer_protocol::{Kind, Level, LogEntry, Stderr, parse_line};

/// Reads all that a tap wrote on stderr.
pub fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut stderr = Stderr::default();
    let (mut levels, mut words) = (Vec::new(), 0);
    let mut entries: Vec<LogEntry> = Vec::new();
    for line in text.split('\n') {
        let parsed = parse_line(line);
        // A traceback is as grave as the words that announce it.
        if parsed.level >= Level::Error && parsed.kind != Kind::TracebackStart {
            levels.push(parsed.level);
        }
        words += usize::from(!parsed.message.trim().is_empty());
        entries.extend(stderr.push(line));
    }
    entries.extend(stderr.finish());
    assert!(stderr.finish().is_none(), "what is finished is gone");
    assert!(entries.is_empty() || words > 0 || !text.trim().is_empty(), "words are made up");
    assert!(entries.len() <= text.split('\n').count(), "an entry has a line of its own");
    // The gravest word that was said is among those that are told.
    let gravest = entries.iter().map(|entry| entry.level).max();
    assert!(levels.iter().max().is_none_or(|level| gravest >= Some(*level)), "an error is hidden");
    for entry in &entries {
        if let Some(trace) = &entry.stack_trace {
            assert!(!trace.is_empty(), "a traceback has lines");
        }
    }
}

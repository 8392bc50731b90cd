//! What the tap said that may explain a failure.

use singer_protocol::{Level, LevelSource, LogEntry};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Warnings beyond this many are forgotten, the oldest first.
const WARNINGS: usize = 500;
/// Of all that it said, so many entries are remembered: a usage text has fewer lines.
const RECENT: usize = 60;
/// So many errors are remembered.
const ERRORS: usize = 10;
/// And no more bytes of a kind than this, however long what it says is.
const BYTES: usize = 1024 * 1024;

/// What a tap said on stderr, as far as it may explain a failure. Cloning gives another ear.
#[derive(Debug, Clone, Default)]
pub struct Words {
    inner: Arc<Mutex<Said>>,
    /// How many CRITICAL lines have come, also those that still wait to be masked.
    criticals: Arc<AtomicU64>,
}

#[derive(Debug, Default)]
struct Said {
    critical: Option<String>,
    /// When the last CRITICAL line came.
    critical_at: Option<Instant>,
    /// The last lines of level ERROR, the oldest first.
    errors: VecDeque<String>,
    traceback: Option<Traceback>,
    /// The traceback behind which nothing was said: it ended the run, whatever announced it.
    closing: Option<Traceback>,
    /// The last line without a level: how a program that only prints says why it ends.
    bare: Option<String>,
    last: Option<String>,
    warnings: VecDeque<String>,
    recent: VecDeque<String>,
}

#[derive(Debug, Clone)]
struct Traceback {
    text: String,
    exception: Option<String>,
    causes: Vec<String>,
    /// It was only warned of.
    mild: bool,
}

/// The words that explain a failure best.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LastWords {
    /// One line: the tap's last critical line, else the exception that ended it, else its last error or
    /// exception, else the last line that it only printed.
    pub line: Option<String>,
    /// The same, without what was only printed: something that the tap itself calls an error.
    pub error: Option<String>,
    /// Other lines that may say more: the last exception, what that followed from, earlier errors.
    pub others: Vec<String>,
    /// The last traceback, whole.
    pub stack_trace: Option<String>,
    /// The last line of all, which may explain nothing.
    pub last: Option<String>,
}

impl Words {
    /// Remembers an entry.
    pub fn hear(&self, entry: &LogEntry) {
        let mut said = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let line = one_line(&entry.message);
        said.keep_traceback(entry);
        let Some(line) = line else { return };
        push(&mut said.recent, RECENT, entry.message.clone());
        match entry.level {
            Level::Critical => said.critical = Some(line),
            Level::Error => push(&mut said.errors, ERRORS, line),
            Level::Info if entry.level_source == LevelSource::Unknown => {
                said.bare = Some(line);
            }
            _ => {}
        }
        if entry.level >= Level::Warning {
            push(&mut said.warnings, WARNINGS, entry.message.clone());
        }
        if entry.metric.is_none() {
            said.last =
                entry.message.lines().rfind(|line| !line.trim().is_empty()).map(str::to_owned);
        }
    }

    /// Takes notice of a CRITICAL line as it comes; it is heard later, once it is masked.
    pub fn note_critical(&self) {
        let mut said = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        said.critical_at = Some(Instant::now());
        drop(said);
        self.criticals.fetch_add(1, Ordering::Release);
    }

    /// How many CRITICAL lines have come.
    pub fn criticals(&self) -> u64 {
        self.criticals.load(Ordering::Acquire)
    }

    /// When the last CRITICAL line came.
    pub fn critical_at(&self) -> Option<Instant> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).critical_at
    }

    /// Whether the tap said at level CRITICAL, or FATAL, that something ended it.
    pub fn has_critical(&self) -> bool {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).critical.is_some()
    }

    /// Whether something of level WARNING or above names `name` as a word of its own.
    pub fn warned_of(&self, name: &str) -> bool {
        let said = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        said.warnings.iter().any(|warning| names(warning, name))
    }

    /// The last lines that it said, the oldest first.
    pub fn recent(&self) -> Vec<String> {
        let said = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        said.recent.iter().flat_map(|message| message.lines()).map(str::to_owned).collect()
    }

    /// What explains a failure best.
    pub fn last(&self) -> LastWords {
        let said = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let traceback = said.closing.as_ref().or(said.traceback.as_ref());
        let exception = traceback.and_then(|traceback| traceback.exception.as_ref());
        // One that is no warning's is the last error too.
        let ended_by = exception.filter(|_| said.closing.as_ref().is_some_and(|one| one.mild));
        let error = [said.critical.as_ref(), ended_by, said.errors.back(), exception];
        let error = error.into_iter().flatten().next().cloned();
        let line = error.clone().or_else(|| said.bare.clone());
        let causes = traceback.into_iter().flat_map(|traceback| traceback.causes.iter().rev());
        let others = exception.into_iter().chain(causes).chain(said.errors.iter().rev());
        let others = others.filter(|other| Some(*other) != line.as_ref()).cloned().collect();
        let stack_trace = traceback.map(|traceback| traceback.text.clone());
        LastWords { line, error, others, stack_trace, last: said.last.clone() }
    }
}

impl Said {
    /// The last traceback counts, but one that was only warned of never hides an error's, unless it is the
    /// last thing that was said. What Python ignored comes at the very end, and ended nothing.
    fn keep_traceback(&mut self, entry: &LogEntry) {
        let is_ignored = singer_protocol::tells_of_an_ignored_exception(&entry.message);
        let Some(text) = &entry.stack_trace else {
            self.closing = self.closing.take().filter(|_| is_ignored);
            return;
        };
        let mild = entry.level < Level::Error;
        let exception = entry.exception.clone().or_else(|| one_line(&entry.message));
        let (text, causes) = (text.clone(), entry.causes.clone());
        let traceback = Traceback { text, exception, causes, mild };
        if !is_ignored {
            self.closing = Some(traceback.clone());
        }
        if !mild || self.traceback.as_ref().is_none_or(|kept| kept.mild) {
            self.traceback = Some(traceback);
        }
    }
}

fn push(kept: &mut VecDeque<String>, most: usize, line: String) {
    kept.push_back(line);
    while kept.len() > most || kept.iter().map(String::len).sum::<usize>() > BYTES {
        kept.pop_front();
    }
}

/// The telling line of a message: its first that isn't blank. Whole: half a secret at a cut could
/// not be recognised and masked.
fn one_line(message: &str) -> Option<String> {
    let line = message.lines().map(str::trim).find(|line| !line.is_empty())?;
    Some(line.to_owned())
}

fn names(text: &str, name: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    !name.is_empty()
        && text.match_indices(name).any(|(at, _)| {
            !text[..at].chars().next_back().is_some_and(part)
                && !text[at + name.len()..].chars().next().is_some_and(part)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use singer_protocol::Stderr;

    fn words(lines: &[&str]) -> Words {
        let (mut stderr, words) = (Stderr::default(), Words::default());
        for line in lines {
            stderr.push(line).iter().for_each(|entry| words.hear(entry));
        }
        stderr.finish().iter().for_each(|entry| words.hear(entry));
        words
    }

    #[test]
    fn the_critical_line_explains_best_and_the_traceback_is_kept() {
        let said = words(&[
            "INFO starting",
            "CRITICAL 401 Unauthorized",
            "Traceback (most recent call last):",
            "  File \"tap.py\", line 3, in <module>",
            "RuntimeError: no",
        ])
        .last();
        assert_eq!(said.line.as_deref(), Some("401 Unauthorized"));
        assert!(said.stack_trace.unwrap().contains("RuntimeError: no"));
    }

    #[test]
    fn a_bare_traceback_is_told_by_its_exception() {
        let said = words(&[
            "Traceback (most recent call last):",
            "  File \"tap.py\", line 3, in <module>",
            "ValueError: the date is missing",
            "",
        ])
        .last();
        assert_eq!(said.line.as_deref(), Some("ValueError: the date is missing"));
    }

    #[test]
    fn what_is_remembered_has_bounds_in_bytes() {
        let long = "x".repeat(60_000);
        let warning = format!("WARNING no access to orders {long}");
        let lines: Vec<&str> = (0..100).flat_map(|_| [&*warning, &*long, &*long]).collect();
        let words = words(&lines);
        let said = words.inner.lock().unwrap();
        for kept in [&said.warnings, &said.recent] {
            let bytes: usize = kept.iter().map(String::len).sum();
            assert!(bytes > BYTES / 2 && bytes <= BYTES, "{bytes}");
        }
        drop(said);
        assert!(words.warned_of("orders"));
    }

    #[test]
    fn warnings_name_streams_as_whole_words() {
        let words = words(&["WARNING no access to table orders, skipping", "INFO users done"]);
        assert!(words.warned_of("orders"));
        assert!(!words.warned_of("order"));
        assert!(!words.warned_of("users"));
    }
}

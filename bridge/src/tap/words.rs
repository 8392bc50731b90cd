//! What the tap said that may explain a failure.

use singer_protocol::{Level, LogEntry};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Warnings beyond this many are forgotten, the oldest first.
const WARNINGS: usize = 500;
/// Of all that it said, so many entries are remembered: a usage text has fewer lines.
const RECENT: usize = 60;

/// What a tap said on stderr, as far as it may explain a failure. Cloning gives another ear.
#[derive(Debug, Clone, Default)]
pub struct Words {
    inner: Arc<Mutex<Said>>,
}

#[derive(Debug, Default)]
struct Said {
    critical: Option<String>,
    exception: Option<String>,
    stack_trace: Option<String>,
    error: Option<String>,
    last: Option<String>,
    warnings: VecDeque<String>,
    recent: VecDeque<String>,
}

/// The words that explain a failure best.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LastWords {
    /// One line: the tap's last critical line, else its last exception, else its last error, else
    /// the last thing it said.
    pub line: Option<String>,
    /// The last traceback, whole.
    pub stack_trace: Option<String>,
    /// The exception's own line, when the line above is another.
    pub exception: Option<String>,
}

impl Words {
    /// Remembers an entry.
    pub fn hear(&self, entry: &LogEntry) {
        let mut said = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let line = one_line(&entry.message);
        if let Some(trace) = &entry.stack_trace {
            said.stack_trace = Some(trace.clone());
            said.exception = entry.exception.clone().or_else(|| line.clone());
        }
        let Some(line) = line else { return };
        if said.recent.len() == RECENT {
            said.recent.pop_front();
        }
        said.recent.push_back(entry.message.clone());
        match entry.level {
            Level::Critical => said.critical = Some(line.clone()),
            Level::Error => said.error = Some(line.clone()),
            _ => {}
        }
        if entry.level >= Level::Warning {
            if said.warnings.len() == WARNINGS {
                said.warnings.pop_front();
            }
            said.warnings.push_back(entry.message.clone());
        }
        if entry.metric.is_none() {
            said.last = Some(line);
        }
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
        let line = [&said.critical, &said.exception, &said.error, &said.last]
            .into_iter()
            .find_map(Option::clone);
        let exception = said.exception.clone().filter(|exception| Some(exception) != line.as_ref());
        LastWords { line, stack_trace: said.stack_trace.clone(), exception }
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
    fn warnings_name_streams_as_whole_words() {
        let words = words(&["WARNING no access to table orders, skipping", "INFO users done"]);
        assert!(words.warned_of("orders"));
        assert!(!words.warned_of("order"));
        assert!(!words.warned_of("users"));
    }
}

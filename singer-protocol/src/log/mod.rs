//! What taps write to stderr: levels, metrics, tracebacks, in the dresses that were seen on real
//! taps.

mod dress;
mod entry;
mod json;
mod metric;
#[cfg(test)]
mod tests;
mod traceback;

use std::borrow::Cow;
use std::fmt;

pub use dress::tells_of_an_ignored_exception;
pub use entry::{LogEntry, Stderr};
pub use metric::Metric;

/// How grave a log line is, from the least to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Below debug.
    Trace,
    /// For those who look for a fault.
    Debug,
    /// What happens; also everything that says nothing else.
    Info,
    /// What may be wrong.
    Warning,
    /// What went wrong.
    Error,
    /// What ended the tap; `FATAL` too.
    Critical,
}

impl Level {
    /// The level that a word names, in whatever case.
    pub fn of(word: &str) -> Option<Level> {
        Some(match word.to_ascii_uppercase().as_str() {
            "TRACE" => Level::Trace,
            "DEBUG" => Level::Debug,
            "INFO" | "NOTICE" => Level::Info,
            "WARN" | "WARNING" => Level::Warning,
            "ERROR" | "ERR" | "EXCEPTION" => Level::Error,
            "CRITICAL" | "FATAL" => Level::Critical,
            _ => return None,
        })
    }

    /// The name as Python's logging writes it.
    pub fn name(self) -> &'static str {
        match self {
            Level::Trace => "TRACE",
            Level::Debug => "DEBUG",
            Level::Info => "INFO",
            Level::Warning => "WARNING",
            Level::Error => "ERROR",
            Level::Critical => "CRITICAL",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a line's level is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LevelSource {
    /// The line says it.
    Said,
    /// The line's shape tells it: a warning of the interpreter, a usage error, a traceback.
    Guessed,
    /// Nothing tells it; it is [`Level::Info`].
    Unknown,
}

/// What kind of line it is.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Kind {
    /// Words.
    Plain,
    /// A measurement.
    Metric(Metric),
    /// The first line of a Python traceback.
    TracebackStart,
    /// The last update of a progress bar that rewrote its line.
    Progress,
}

/// One line of stderr.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LogLine<'a> {
    /// How grave it is.
    pub level: Level,
    /// How that is known.
    pub level_source: LevelSource,
    /// The words, without time, level and logger.
    pub message: Cow<'a, str>,
    /// Who speaks.
    pub logger: Option<Cow<'a, str>>,
    /// What kind of line it is.
    pub kind: Kind,
    /// The exception's own line, where a JSON log line carries one.
    pub exception: Option<String>,
    /// The traceback, where a JSON log line carries one.
    pub stack_trace: Option<String>,
}

impl<'a> LogLine<'a> {
    fn new(level: Level, level_source: LevelSource, message: impl Into<Cow<'a, str>>) -> Self {
        LogLine {
            level,
            level_source,
            message: message.into(),
            logger: None,
            kind: Kind::Plain,
            exception: None,
            stack_trace: None,
        }
    }

    fn into_owned(self) -> LogLine<'static> {
        LogLine {
            message: Cow::Owned(self.message.into_owned()),
            logger: self.logger.map(|logger| Cow::Owned(logger.into_owned())),
            ..LogLine::new(self.level, self.level_source, "")
        }
        .with(self.kind, self.exception, self.stack_trace)
    }

    fn with(
        self,
        kind: Kind,
        exception: Option<String>,
        stack_trace: Option<String>,
    ) -> LogLine<'a> {
        LogLine { kind, exception, stack_trace, ..self }
    }
}

/// Reads one line of stderr, with or without its line end. Every line can be read: what says nothing
/// of itself is [`Level::Info`].
///
/// Colours are taken off. Of a line that was rewritten (`\r`) the last update counts.
///
/// ```
/// use singer_protocol::{Level, parse_line};
///
/// let line = parse_line("time=2026-11-22 09:14:18 name=tap_mysql level=WARNING message=skipped");
/// assert_eq!((line.level, &*line.message), (Level::Warning, "skipped"));
/// assert_eq!(line.logger.as_deref(), Some("tap_mysql"));
/// ```
pub fn parse_line(line: &str) -> LogLine<'_> {
    let line = line.trim_end_matches(['\r', '\n']);
    let (line, rewritten) = last_update(line);
    let mut parsed = match without_colours(line) {
        Cow::Borrowed(line) => parse_plain(line),
        Cow::Owned(line) => parse_plain(&line).into_owned(),
    };
    if rewritten && parsed.kind == Kind::Plain && parsed.level_source == LevelSource::Unknown {
        parsed.kind = Kind::Progress;
    }
    parsed
}

fn parse_plain(line: &str) -> LogLine<'_> {
    if let Some(parsed) = json::line(line) {
        return parsed;
    }
    if traceback::is_header(line) {
        let start = LogLine::new(Level::Error, LevelSource::Guessed, line);
        return LogLine { kind: Kind::TracebackStart, ..start };
    }
    if let Some((level, logger, message)) = dress::dressed(line) {
        let kind = metric::of_message(message).map_or(Kind::Plain, Kind::Metric);
        let logger = logger.map(Cow::Borrowed);
        return LogLine { logger, kind, ..LogLine::new(level, LevelSource::Said, message) };
    }
    match dress::telling_shape(line) {
        Some(level) => LogLine::new(level, LevelSource::Guessed, line),
        None => LogLine::new(Level::Info, LevelSource::Unknown, line),
    }
}

/// What the terminal would show in the end, and whether there were updates before it.
fn last_update(line: &str) -> (&str, bool) {
    if !line.contains('\r') {
        return (line, false);
    }
    let last = line.split('\r').rev().find(|update| !update.trim().is_empty());
    (last.unwrap_or_default(), true)
}

/// The text without ANSI escape sequences (`ESC [ … letter`).
fn without_colours(line: &str) -> Cow<'_, str> {
    if !line.contains('\u{1b}') {
        return Cow::Borrowed(line);
    }
    let mut parts = line.split("\u{1b}[");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end =
            part.find(|byte: char| byte.is_ascii_alphabetic()).map_or(part.len(), |at| at + 1);
        text.push_str(&part[end..]);
    }
    Cow::Owned(text)
}

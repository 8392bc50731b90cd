//! Lines of stderr put together into what was said.

use super::traceback::{Traceback, exceptions_in};
use super::{Kind, Level, LevelSource, LogLine, Metric, dress, parse_line};

/// One thing a tap said on stderr, of one line or more.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LogEntry {
    /// How grave it is. A traceback that nobody announced is an error.
    pub level: Level,
    /// How that is known.
    pub level_source: LevelSource,
    /// Who speaks.
    pub logger: Option<String>,
    /// The words; of a bare traceback the exception's own line.
    pub message: String,
    /// The exception's own line, where there is one: `ValueError: the date is missing`.
    pub exception: Option<String>,
    /// The other exceptions of the traceback, each by its own line as they were told: what it
    /// followed from, or the members of a group.
    pub causes: Vec<String>,
    /// The traceback, all of its lines.
    pub stack_trace: Option<String>,
    /// The measurement, if it is one.
    pub metric: Option<Metric>,
}

/// Puts the lines of a tap's stderr together.
///
/// A line that says its level begins an entry. Lines that say none and follow it belong to it; with
/// nothing to follow they stand alone. A traceback is one entry with whatever announced it.
///
/// ```
/// use singer_protocol::{Level, Stderr};
///
/// let mut stderr = Stderr::default();
/// let told = ["INFO go", "Traceback (most recent call last):", "  File \"x\", line 1", "KeyError: 'a'"];
/// let mut entries: Vec<_> = told.iter().filter_map(|line| stderr.push(line)).collect();
/// entries.extend(stderr.finish());
/// assert_eq!((entries[0].level, &*entries[0].message), (Level::Info, "go"));
/// assert_eq!((entries[1].level, &*entries[1].message), (Level::Error, "KeyError: 'a'"));
/// ```
#[derive(Debug, Default)]
pub struct Stderr {
    pending: Option<Pending>,
}

#[derive(Debug)]
struct Pending {
    entry: LogEntry,
    traceback: Option<Traceback>,
    lines: usize,
}

impl Stderr {
    /// The most lines that one entry without a traceback takes.
    pub const MAX_LINES: usize = 200;
    /// The most bytes, too: lines can be long.
    pub const MAX_BYTES: usize = 256 * 1024;

    /// Takes one line and gives the entry that it ends, if it ends one.
    pub fn push(&mut self, line: &str) -> Option<LogEntry> {
        if let Some(pending) = &mut self.pending
            && pending.take_traceback_line(line)
        {
            return None;
        }
        let parsed = parse_line(line);
        if let Some(pending) = &mut self.pending
            && pending.take(&parsed)
        {
            return None;
        }
        if parsed.message.trim().is_empty() && parsed.level_source == LevelSource::Unknown {
            return self.finish();
        }
        let done = self.finish();
        self.pending = Some(Pending::new(parsed));
        done
    }

    /// What is known when the tap has been silent for a while: the entry that waits for more lines,
    /// unless it is a traceback whose exception is still to come.
    pub fn flush(&mut self) -> Option<LogEntry> {
        let telling =
            |pending: &Pending| pending.traceback.as_ref().is_some_and(Traceback::in_frames);
        if self.pending.as_ref().is_some_and(telling) { None } else { self.finish() }
    }

    /// The last entry, when stderr has ended.
    pub fn finish(&mut self) -> Option<LogEntry> {
        self.pending.take().map(Pending::into_entry)
    }

    /// Whether an entry waits for more lines.
    pub fn is_pending(&self) -> bool {
        self.pending.is_some()
    }
}

impl Pending {
    fn new(line: LogLine<'_>) -> Pending {
        let mut traceback = None;
        let mut message = line.message.into_owned();
        let metric = match line.kind {
            Kind::Metric(metric) => Some(metric),
            Kind::TracebackStart => {
                traceback.insert(Traceback::default()).push(&std::mem::take(&mut message));
                None
            }
            Kind::Plain | Kind::Progress => None,
        };
        let entry = LogEntry {
            level: line.level,
            level_source: line.level_source,
            logger: line.logger.map(std::borrow::Cow::into_owned),
            message,
            exception: line.exception,
            causes: Vec::new(),
            stack_trace: line.stack_trace,
            metric,
        };
        Pending { entry, traceback, lines: 1 }
    }

    /// Takes a line that can only be part of the traceback that is being told.
    fn take_traceback_line(&mut self, line: &str) -> bool {
        let Some(traceback) = &mut self.traceback else { return false };
        let line = line.trim_end_matches(['\r', '\n']);
        // What was rewritten shows its last update, which may be anything.
        let frame = traceback.in_frames() && line.starts_with([' ', '\t']) && !line.contains('\r');
        if frame {
            traceback.push(line);
        }
        frame
    }

    /// Takes a line that belongs here; `false` if it begins something else.
    fn take(&mut self, line: &LogLine<'_>) -> bool {
        if let Some(traceback) = &mut self.traceback {
            let belongs = line.level_source != LevelSource::Said
                && line.kind != Kind::Progress
                && !dress::tells_of_an_ignored_exception(&line.message);
            if belongs {
                traceback.push(&line.message);
            }
            return belongs;
        }
        if line.kind == Kind::TracebackStart {
            // An INFO line only happens to stand before it; a warning or worse announces it.
            let told = match self.entry.level_source {
                LevelSource::Said => true,
                LevelSource::Guessed => dress::tells_of_an_ignored_exception(&self.entry.message),
                LevelSource::Unknown => false,
            };
            let announces = told && self.entry.level >= Level::Warning;
            if announces {
                self.traceback.insert(Traceback::default()).push(&line.message);
            }
            return announces;
        }
        let continues = self.entry.level_source != LevelSource::Unknown
            && line.level_source == LevelSource::Unknown
            && line.kind == Kind::Plain
            && self.lines < Stderr::MAX_LINES
            && self.entry.message.len() + line.message.len() < Stderr::MAX_BYTES;
        if continues {
            self.lines += 1;
            self.entry.message.push('\n');
            self.entry.message.push_str(&line.message);
        }
        continues
    }

    fn into_entry(self) -> LogEntry {
        let mut entry = self.entry;
        if let Some(traceback) = self.traceback {
            let (exceptions, text) = traceback.finish();
            (entry.exception, entry.causes) = exceptions.split();
            entry.stack_trace = Some(text);
        } else if let Some(text) = &entry.stack_trace {
            let told = exceptions_in(text).split();
            entry.causes = told.1.into_iter().chain(told.0).collect();
            entry.causes.retain(|cause| Some(cause) != entry.exception.as_ref());
        }
        entry.message.truncate(entry.message.trim_end().len());
        if entry.message.is_empty() {
            let header = entry.stack_trace.as_deref().and_then(|text| text.lines().next());
            let words = entry.exception.as_deref().or(header);
            entry.message = words.unwrap_or_default().to_owned();
        }
        entry
    }
}

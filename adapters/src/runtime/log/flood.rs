//! Keeping a log readable while somebody floods it.

use airbyte_protocol::{Level, Log};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long a repetition waits for more of its kind, and a window lasts.
const SECOND: Duration = Duration::from_secs(1);
/// So many lines of a level and a source pass in a second.
const LINES: u32 = 100;

/// Thins out what is logged: a line that repeats the one before is counted, not shown; and of each
/// level so many lines pass in a second, the others are counted too. What was counted is told.
///
/// Errors are only ever counted as repetitions of one that was shown. Each source (a module) has a
/// bound of its own, so that a tap that floods can't drown what we say ourselves.
#[derive(Debug, Default)]
pub(super) struct Flood {
    /// The last line, if it was shown.
    last: Option<Last>,
    /// There are only a few levels and modules.
    windows: Vec<Window>,
    /// What passes.
    passed: VecDeque<Log>,
}

#[derive(Debug)]
struct Last {
    line: Log,
    source: &'static str,
    repeated: u64,
    /// When the first of these repetitions came.
    since: Instant,
}

/// A second of a level and a source.
#[derive(Debug)]
struct Window {
    level: Level,
    source: &'static str,
    began: Instant,
    shown: u32,
    omitted: u64,
}

impl Flood {
    /// Takes a line; what passes comes out of [`Flood::next`].
    pub(super) fn take(&mut self, line: Log, source: &'static str, now: Instant) {
        self.settle(now);
        if let Some(last) = &mut self.last
            && (last.source, &last.line) == (source, &line)
        {
            if last.repeated == 0 {
                last.since = now;
            }
            last.repeated += 1;
            return;
        }
        self.tell_repeated(now);
        self.last = None;
        if self.admits(line.level, source, 1, now) {
            self.passed.push_back(line.clone());
            self.last = Some(Last { line, source, repeated: 0, since: now });
        }
    }

    /// Tells what was counted, as far as its second is over.
    pub(super) fn settle(&mut self, now: Instant) {
        let is_over = |since: Instant| now.saturating_duration_since(since) >= SECOND;
        if self.last.as_ref().is_some_and(|last| last.repeated > 0 && is_over(last.since)) {
            self.tell_repeated(now);
        }
        for window in self.windows.iter_mut().filter(|window| is_over(window.began)) {
            self.passed.extend(window.close());
        }
    }

    /// Tells everything that was counted.
    pub(super) fn finish(&mut self, now: Instant) {
        self.tell_repeated(now);
        self.passed.extend(self.windows.iter_mut().filter_map(Window::close));
    }

    /// The next line to show.
    pub(super) fn next(&mut self) -> Option<Log> {
        self.passed.pop_front()
    }

    fn tell_repeated(&mut self, now: Instant) {
        let Some(mut last) = self.last.take() else { return };
        let count = std::mem::take(&mut last.repeated);
        if count > 0 && self.admits(last.line.level, last.source, count, now) {
            let times = if count == 1 { "once".to_owned() } else { format!("{count} times") };
            let message = format!("{} (repeated {times})", last.line.message);
            self.passed.push_back(Log::new(last.line.level, message));
        }
        self.last = Some(last);
    }

    /// Whether one more line may be shown; else the `lines` that it stands for are omitted.
    fn admits(&mut self, level: Level, source: &'static str, lines: u64, now: Instant) -> bool {
        if matches!(level, Level::Error | Level::Fatal) {
            return true;
        }
        let known = self.windows.iter().position(|w| (w.level, w.source) == (level, source));
        let at = known.unwrap_or_else(|| {
            self.windows.push(Window { level, source, began: now, shown: 0, omitted: 0 });
            self.windows.len() - 1
        });
        let window = &mut self.windows[at];
        if now.saturating_duration_since(window.began) >= SECOND {
            self.passed.extend(window.close());
            window.began = now;
        }
        let admitted = window.shown < LINES;
        if admitted {
            window.shown += 1;
        } else {
            window.omitted += lines;
        }
        admitted
    }
}

impl Window {
    /// Begins it anew and tells what was omitted.
    fn close(&mut self) -> Option<Log> {
        self.shown = 0;
        let count = std::mem::take(&mut self.omitted);
        let lines = if count == 1 { "line was" } else { "lines were" };
        let level = format!("{:?}", self.level).to_uppercase();
        let told = format!("{count} more {level} {lines} left out in this second");
        (count > 0).then(|| Log::new(self.level, told))
    }
}

#[cfg(test)]
mod tests;

//! Keeping a log readable while somebody floods it.

use airbyte_protocol::{Level, Log};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long a repetition waits for more of its kind, and a window lasts.
const SECOND: Duration = Duration::from_secs(1);
/// So many lines of a level that were heard pass in a second.
const LINES: u32 = 100;

/// Thins out what is logged: a line that repeats the one before is counted, not shown; and of what was
/// heard from strangers so many lines of each level pass in a second, the others are counted too. What
/// was counted is told.
///
/// Errors are only ever counted as repetitions of one that was shown. What we say ourselves has bounds of
/// its own, so it isn't drowned by a tap that floods.
#[derive(Debug, Default)]
pub(super) struct Flood {
    /// The last line, if it was shown.
    last: Option<Last>,
    /// The seconds that are not over yet.
    windows: Vec<Window>,
    /// What passes.
    passed: VecDeque<Log>,
}

#[derive(Debug)]
struct Last {
    line: Log,
    heard: bool,
    repeated: u64,
    /// When the first of these repetitions came.
    since: Instant,
}

/// A second of a level.
#[derive(Debug)]
struct Window {
    level: Level,
    began: Instant,
    shown: u32,
    omitted: u64,
}

impl Flood {
    /// Takes a line, heard from a stranger or our own; what passes comes out of [`Flood::next`].
    pub(super) fn take(&mut self, line: Log, heard: bool, now: Instant) {
        self.settle(now);
        if let Some(last) = &mut self.last
            && (last.heard, &last.line) == (heard, &line)
        {
            if last.repeated == 0 {
                last.since = now;
            }
            last.repeated += 1;
            return;
        }
        self.tell_repeated(now);
        self.last = None;
        if !heard || self.admits(line.level, 1, now) {
            self.passed.push_back(line.clone());
            self.last = Some(Last { line, heard, repeated: 0, since: now });
        }
    }

    /// Tells what was counted, as far as its second is over.
    pub(super) fn settle(&mut self, now: Instant) {
        let is_over = |since: Instant| now.saturating_duration_since(since) >= SECOND;
        if self.last.as_ref().is_some_and(|last| last.repeated > 0 && is_over(last.since)) {
            self.tell_repeated(now);
        }
        let over = self.windows.extract_if(.., |window| is_over(window.began));
        self.passed.extend(over.filter_map(Window::close));
    }

    /// Tells everything that was counted.
    pub(super) fn finish(&mut self, now: Instant) {
        self.tell_repeated(now);
        self.passed.extend(self.windows.drain(..).filter_map(Window::close));
    }

    /// The next line to show.
    pub(super) fn next(&mut self) -> Option<Log> {
        self.passed.pop_front()
    }

    fn tell_repeated(&mut self, now: Instant) {
        let Some(mut last) = self.last.take() else { return };
        let count = std::mem::take(&mut last.repeated);
        if count > 0 && (!last.heard || self.admits(last.line.level, count, now)) {
            let times = if count == 1 { "once".to_owned() } else { format!("{count} times") };
            let message = format!("{} (repeated {times})", last.line.message);
            self.passed.push_back(Log::new(last.line.level, message));
        }
        self.last = Some(last);
    }

    /// Whether one more line may be shown; else the `lines` that it stands for are omitted.
    fn admits(&mut self, level: Level, lines: u64, now: Instant) -> bool {
        if matches!(level, Level::Error | Level::Fatal) {
            return true;
        }
        let known = self.windows.iter().position(|window| window.level == level);
        let at = known.unwrap_or_else(|| {
            self.windows.push(Window { level, began: now, shown: 0, omitted: 0 });
            self.windows.len() - 1
        });
        let window = &mut self.windows[at];
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
    /// Tells what was omitted.
    fn close(self) -> Option<Log> {
        let lines = if self.omitted == 1 { "line was" } else { "lines were" };
        let level = format!("{:?}", self.level).to_uppercase();
        let told = format!("{} more {level} {lines} left out in this second", self.omitted);
        (self.omitted > 0).then(|| Log::new(self.level, told))
    }
}

#[cfg(test)]
mod tests;

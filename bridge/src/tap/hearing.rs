//! What a tap says outside its messages: masked, understood, told, remembered.

use super::{Harmless, Words};
use memchr::memmem;
use singer_protocol::{Level, LogEntry, Stderr, parse_line};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a line may be before the rest of it is cut.
pub const MAX_LINE: usize = 64 * 1024;
/// How long a line waits for what may belong to it.
pub const QUIET: Duration = Duration::from_millis(200);
/// How long a line waits whose end may be the beginning of a secret. From then on its end is masked.
pub const HOLD: Duration = Duration::from_secs(10);
/// What stands in the place of such an end.
const MASK: &str = "****";
/// Lines of so many bytes are looked at together.
const BLOCK: usize = 64 * 1024;

/// Takes out of a tap's words what nobody may see.
pub trait Mask: Send + Sync {
    /// `text` without it, with as many lines as before.
    fn mask<'a>(&self, text: &'a str) -> Cow<'a, str>;

    /// Where at the end of `text` something begins that may have to be taken out with what comes next.
    fn unfinished(&self, text: &str) -> Option<usize>;

    /// The bytes of the longest thing that is taken out.
    fn reach(&self) -> usize;
}

/// How what a tap says reaches the user.
#[derive(Clone)]
pub struct Voice {
    mask: Arc<dyn Mask>,
    hushed: bool,
    harmless: Harmless,
}

impl Voice {
    /// At the tap's own levels.
    pub fn plain(mask: &(impl Mask + Clone + 'static)) -> Self {
        Self { mask: Arc::new(mask.clone()), hushed: false, harmless: Harmless::default() }
    }

    /// At debug: a probe that the tap doesn't understand is nobody's business.
    pub fn hushed(mask: &(impl Mask + Clone + 'static)) -> Self {
        Self { hushed: true, ..Self::plain(mask) }
    }

    /// What these lines say is told at their level and means nothing.
    #[must_use]
    pub fn overlooking(self, harmless: &Harmless) -> Self {
        Self { harmless: harmless.clone(), ..self }
    }
}

impl fmt::Debug for Voice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Voice").field("hushed", &self.hushed).finish_non_exhaustive()
    }
}

/// Hears a tap's log, line by line.
///
/// A line is held until as much has followed it as a secret may have, or for 200 ms, and masked
/// together with what stands around it: a secret may be wrapped over several lines. A line whose end is
/// the beginning of a secret waits longer for the next one ([`HOLD`]). Only then it is read, so that nobody
/// behind this door knows more than may be told.
#[derive(Debug)]
pub struct Hearing {
    /// What was said, for who explains a failure.
    pub words: Words,
    voice: Voice,
    stderr: Stderr,
    held: VecDeque<Held>,
    /// Of what is held, the bytes that have not been looked at yet.
    fresh_bytes: usize,
    /// The end of what was told last, masked there, where it may be the beginning of a secret.
    begun: String,
}

#[derive(Debug)]
struct Held {
    text: String,
    since: Instant,
}

impl Hearing {
    /// An ear whose words are `words`.
    pub fn new(words: Words, voice: Voice) -> Self {
        let (stderr, held) = (Stderr::default(), VecDeque::new());
        Self { words, voice, stderr, held, fresh_bytes: 0, begun: String::new() }
    }

    /// How many bytes of a line are worth to be kept for [`Hearing::line`].
    pub fn longest(&self) -> usize {
        MAX_LINE + self.voice.mask.reach() + char::MAX.len_utf8()
    }

    /// Takes a line without its newline; what isn't UTF-8 is replaced, what is too long is cut.
    pub fn line(&mut self, line: &[u8]) {
        let longest = self.longest();
        let text = if line.len() < longest {
            String::from_utf8_lossy(line).into_owned()
        } else {
            self.cut(&line[..longest])
        };
        if may_be_critical(&text) && self.voice.is_critical(&text) {
            self.words.note_critical();
        }
        self.fresh_bytes += text.len();
        self.held.push_back(Held { text, since: Instant::now() });
        if self.fresh_bytes >= BLOCK {
            self.settle();
        }
    }

    /// Whether something waits.
    pub fn is_waiting(&self) -> bool {
        !self.held.is_empty() || self.stderr.is_pending()
    }

    /// Tells what has waited long enough, or for enough.
    pub fn settle(&mut self) {
        self.mask();
        let (followed, rested) = (self.done(false), self.done(true));
        let done =
            if rested > followed { rested.min(self.finished()).max(followed) } else { followed };
        self.read(done);
    }

    /// How many lines have been followed by enough, or have waited long enough where that `rests`.
    fn done(&self, rests: bool) -> usize {
        let (reach, mut behind) = (self.voice.mask.reach(), 0);
        let waits = self.held.iter().rev().position(|line| {
            let enough = behind >= reach || (rests && line.since.elapsed() >= QUIET);
            behind += line.text.trim().len();
            enough
        });
        waits.map_or(0, |waiting| self.held.len() - waiting)
    }

    /// Tells what needs not wait when nothing has come for 200 ms: everything, except a traceback whose
    /// exception is still to come and lines at whose end a secret may have begun.
    pub fn pause(&mut self) {
        self.mask();
        let finished = self.finished();
        let has_waited = self.held.get(finished).is_some_and(|line| line.since.elapsed() >= HOLD);
        let begun = if has_waited { self.mask_unfinished() } else { String::new() };
        self.read(if has_waited { self.held.len() } else { finished });
        if has_waited {
            self.begun = begun;
        }
        let last = self.stderr.flush();
        self.tell(last);
    }

    /// How many lines stand before the one in which a secret may have begun.
    fn finished(&self) -> usize {
        let Some((begun, text)) = self.unfinished() else { return self.held.len() };
        text[..begun].matches('\n').count()
    }

    /// What is held as one text, and where in it a secret may have begun.
    fn unfinished(&self) -> Option<(usize, String)> {
        let lines = self.joined();
        // Of what was told before nothing can be held any more.
        let told = if self.begun.is_empty() { 0 } else { self.begun.len() + 1 };
        let begun = self.voice.mask.unfinished(&lines)?.max(told);
        Some((begun - told, lines[told..].to_owned()))
    }

    /// Masks the beginning of a secret at the end of what is held, and gives it.
    fn mask_unfinished(&mut self) -> String {
        let Some((begun, text)) = self.unfinished() else { return String::new() };
        let before = text[..begun].rsplit('\n').next().map_or(0, str::len);
        let first = self.finished();
        for (at, line) in self.held.iter_mut().enumerate().skip(first) {
            line.text.truncate(if at == first { before } else { 0 });
            line.text.push_str(MASK);
        }
        format!("{}{}", self.begun, &text[begun..])
    }

    /// As if all that is held had waited for [`HOLD`].
    #[cfg(test)]
    pub(crate) fn wait_is_over(&mut self) {
        for line in &mut self.held {
            line.since = line.since.checked_sub(HOLD).unwrap_or(line.since);
        }
    }

    /// What is held, behind what was told of a secret that may have begun.
    fn joined(&self) -> String {
        let told = Some(self.begun.as_str()).filter(|begun| !begun.is_empty());
        let held = self.held.iter().map(|line| line.text.as_str());
        told.into_iter().chain(held).collect::<Vec<_>>().join("\n")
    }

    /// Tells everything, except a traceback whose exception is still to come.
    pub fn flush(&mut self) {
        self.mask();
        self.read(self.held.len());
        let last = self.stderr.flush();
        self.tell(last);
    }

    /// Tells everything.
    pub fn finish(&mut self) {
        self.flush();
        let last = self.stderr.finish();
        self.tell(last);
    }

    /// The beginning of a line. At its end may stand the beginning of a secret, which would not be
    /// recognised: as much as that can be is left out.
    fn cut(&self, line: &[u8]) -> String {
        let text = String::from_utf8_lossy(line);
        let mut text = self.voice.mask.mask(&text).into_owned();
        let mut end = text.len().saturating_sub(line.len() - MAX_LINE);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text
    }

    /// Masks what is held as one text, also what was masked before: while a line waited, the tap may
    /// have written the token that it told of into its config.
    fn mask(&mut self) {
        if self.held.is_empty() {
            return;
        }
        self.fresh_bytes = 0;
        let lines = self.joined();
        let Cow::Owned(masked) = self.voice.mask.mask(&lines) else { return };
        let told = if self.begun.is_empty() { 0 } else { self.begun.matches('\n').count() + 1 };
        for (held, text) in self.held.iter_mut().zip(masked.split('\n').skip(told)) {
            text.clone_into(&mut held.text);
        }
    }

    fn read(&mut self, lines: usize) {
        if lines > 0 {
            self.begun.clear();
        }
        for line in self.held.drain(..lines) {
            let entry = self.stderr.push(line.text.trim_end_matches('\r'));
            entry.iter().for_each(|entry| tell(entry, &self.words, &self.voice));
        }
    }

    fn tell(&self, entry: Option<LogEntry>) {
        entry.iter().for_each(|entry| tell(entry, &self.words, &self.voice));
    }
}

impl Voice {
    fn is_critical(&self, line: &str) -> bool {
        let parsed = parse_line(line);
        parsed.level == Level::Critical && !self.harmless.knows(&parsed.message)
    }
}

/// Whether it is worth a closer look whether a line is CRITICAL: it holds a word that says so.
fn may_be_critical(line: &str) -> bool {
    let words = ["CRITICAL", "FATAL", "critical", "fatal", "Critical", "Fatal"];
    words.iter().any(|word| memmem::find(line.as_bytes(), word.as_bytes()).is_some())
}

/// Logs and remembers what a tap said.
fn tell(entry: &LogEntry, words: &Words, voice: &Voice) {
    if entry.level >= Level::Warning && voice.harmless.knows(&entry.message) {
        let mut harmless = entry.clone();
        harmless.level = Level::Info;
        words.hear(&harmless);
    } else {
        words.hear(entry);
    }
    let (message, trace) = (entry.message.as_str(), entry.stack_trace.as_deref().unwrap_or(""));
    if let Some(metric) = &entry.metric {
        tracing::debug!(heard = true, metric = %metric.name, value = %metric.value, tags = %serde_json::Value::from(metric.tags.clone()), "tap metric");
        return;
    }
    match entry.level {
        _ if voice.hushed => tracing::debug!(heard = true, "{message}"),
        Level::Trace => tracing::trace!(heard = true, stack_trace = trace, "{message}"),
        Level::Debug => tracing::debug!(heard = true, stack_trace = trace, "{message}"),
        Level::Info => tracing::info!(heard = true, stack_trace = trace, "{message}"),
        Level::Warning => tracing::warn!(heard = true, stack_trace = trace, "{message}"),
        Level::Error => tracing::error!(heard = true, stack_trace = trace, "{message}"),
        Level::Critical => {
            tracing::error!(heard = true, stack_trace = trace, fatal = true, "{message}")
        }
    }
}

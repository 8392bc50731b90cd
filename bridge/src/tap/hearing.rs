//! What a tap says outside its messages: masked, understood, told, remembered.

use super::Words;
use singer_protocol::{Level, LogEntry, Stderr};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a line may be before the rest of it is cut.
pub const MAX_LINE: usize = 64 * 1024;
/// How long a line waits for what may belong to it.
pub const QUIET: Duration = Duration::from_millis(200);
/// Lines of so many bytes are looked at together.
const BLOCK: usize = 64 * 1024;

/// Takes out of a tap's words what nobody may see.
pub trait Mask: Send + Sync {
    /// `text` without it, with as many lines as before.
    fn mask<'a>(&self, text: &'a str) -> Cow<'a, str>;

    /// The bytes of the longest thing that is taken out.
    fn reach(&self) -> usize;
}

/// How what a tap says reaches the user.
#[derive(Clone)]
pub struct Voice {
    mask: Arc<dyn Mask>,
    hushed: bool,
}

impl Voice {
    /// At the tap's own levels.
    pub fn plain(mask: &(impl Mask + Clone + 'static)) -> Self {
        Self { mask: Arc::new(mask.clone()), hushed: false }
    }

    /// At debug: a probe that the tap doesn't understand is nobody's business.
    pub fn hushed(mask: &(impl Mask + Clone + 'static)) -> Self {
        Self { hushed: true, ..Self::plain(mask) }
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
/// together with what stands around it: a secret may be wrapped over several lines. Only then it is
/// read, so that nobody behind this door knows more than may be told.
#[derive(Debug)]
pub struct Hearing {
    /// What was said, for who explains a failure.
    pub words: Words,
    voice: Voice,
    stderr: Stderr,
    held: VecDeque<Held>,
    /// Of what is held, the bytes that have not been looked at yet.
    fresh_bytes: usize,
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
        Self { words, voice, stderr, held, fresh_bytes: 0 }
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
        let (reach, mut behind) = (self.voice.mask.reach(), 0);
        let waits = self.held.iter().rev().position(|line| {
            let enough = behind >= reach || line.since.elapsed() >= QUIET;
            behind += line.text.trim().len();
            enough
        });
        let done = waits.map_or(0, |waiting| self.held.len() - waiting);
        self.read(done);
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
        let texts: Vec<&str> = self.held.iter().map(|line| line.text.as_str()).collect();
        let Cow::Owned(masked) = self.voice.mask.mask(&texts.join("\n")) else { return };
        for (held, text) in self.held.iter_mut().zip(masked.split('\n')) {
            text.clone_into(&mut held.text);
        }
    }

    fn read(&mut self, lines: usize) {
        for line in self.held.drain(..lines) {
            let entry = self.stderr.push(line.text.trim_end_matches('\r'));
            entry.iter().for_each(|entry| tell(entry, &self.words, &self.voice));
        }
    }

    fn tell(&self, entry: Option<LogEntry>) {
        entry.iter().for_each(|entry| tell(entry, &self.words, &self.voice));
    }
}

/// Logs and remembers what a tap said.
fn tell(entry: &LogEntry, words: &Words, voice: &Voice) {
    words.hear(entry);
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

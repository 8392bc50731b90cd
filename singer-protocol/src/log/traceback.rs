//! Python tracebacks, line by line.

/// Whether the line begins a traceback, also one inside an exception group.
pub(super) fn is_header(line: &str) -> bool {
    matches!(
        line.trim_start_matches([' ', '|', '+']).trim_end(),
        "Traceback (most recent call last):" | "Exception Group Traceback (most recent call last):"
    )
}

/// The exception's own line in a whole traceback.
pub(super) fn exception_of(text: &str) -> Option<String> {
    let mut traceback = Traceback::default();
    text.lines().for_each(|line| traceback.push(line));
    traceback.finish().0
}

/// A traceback that is being read.
///
/// Python ends a traceback with the exception's name and words, but the words may go on for many
/// lines (the failed SQL, a blank one, "Background on this error at …"), and one exception may
/// follow from another. What counts is the first line after the frames, of the last exception that
/// says anything.
#[derive(Debug, Default)]
pub(super) struct Traceback {
    text: String,
    in_frames: bool,
    exception: Option<String>,
    /// The exception's words began on its own line and have not come yet.
    wordless: bool,
}

impl Traceback {
    /// More than any real traceback; what a runaway recursion prints beyond it is left out.
    const LIMIT: usize = 256 * 1024;

    pub(super) fn push(&mut self, line: &str) {
        if self.text.len() + line.len() <= Self::LIMIT {
            self.text.push_str(line);
            self.text.push('\n');
        }
        if is_header(line) {
            (self.in_frames, self.wordless) = (true, false);
            return;
        }
        let line = line.trim_start().strip_prefix("| ").unwrap_or(line);
        if line.trim().is_empty() {
            return;
        }
        let indented = line.starts_with([' ', '\t']);
        if self.in_frames && !indented {
            (self.in_frames, self.wordless) = (false, false);
            self.named(line.trim_end());
        } else if std::mem::replace(&mut self.wordless, false)
            && let Some(exception) = &mut self.exception
        {
            exception.push(' ');
            exception.push_str(line.trim());
        }
    }

    fn named(&mut self, line: &str) {
        if self.exception.is_none() || says_something(line) {
            self.exception = Some(line.to_owned());
            self.wordless = line.ends_with(':');
        }
    }

    /// Whether the frames are being told, so that an indented line can't be anything else.
    pub(super) fn in_frames(&self) -> bool {
        self.in_frames
    }

    /// The exception's own line and the whole text.
    pub(super) fn finish(mut self) -> (Option<String>, String) {
        self.text.truncate(self.text.trim_end().len());
        (self.exception, self.text)
    }
}

/// Whether an exception's line has words behind its name. `SystemExit: 1` only tells the exit code.
fn says_something(line: &str) -> bool {
    match line.split_once(':') {
        None => false,
        Some(("SystemExit", _)) => false,
        // The words may stand on the next line.
        Some(_) => true,
    }
}

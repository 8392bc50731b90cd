//! Python tracebacks, line by line.

/// Whether the line begins a traceback, also one inside an exception group.
pub(super) fn is_header(line: &str) -> bool {
    matches!(
        line.trim_start_matches([' ', '|', '+']).trim_end(),
        "Traceback (most recent call last):" | "Exception Group Traceback (most recent call last):"
    )
}

/// The exceptions that a whole traceback tells of.
pub(super) fn exceptions_in(text: &str) -> Exceptions {
    let mut traceback = Traceback::default();
    text.lines().for_each(|line| traceback.push(line));
    traceback.finish().0
}

/// Exceptions by their own lines: `ValueError: the date is missing`.
#[derive(Debug, Default)]
pub(super) struct Exceptions {
    told: Vec<String>,
    own: Option<usize>,
}

impl Exceptions {
    /// More than any real chain has.
    const MOST: usize = 50;

    /// The one that was raised in the end, or the last that says anything; and all others, as they
    /// were told.
    pub(super) fn split(mut self) -> (Option<String>, Vec<String>) {
        let own = self.own.map(|index| self.told.remove(index));
        (own, self.told)
    }

    fn add(&mut self, line: &str, in_a_group: bool) {
        if self.told.len() == Self::MOST {
            self.told.remove(usize::from(self.own == Some(0)));
            self.own = self.own.map(|index| index.saturating_sub(1));
        }
        self.told.push(line.to_owned());
        if self.own.is_none() || (says_something(line) && !in_a_group) {
            self.own = Some(self.told.len() - 1);
        }
    }
}

/// A traceback that is being read.
///
/// Python ends a traceback with the exception's name and words, but the words may go on for many
/// lines (the failed SQL, a blank one, "Background on this error at …"), and one exception may
/// follow from another, or hold others as a group. What counts is the first line after the frames,
/// of the last exception that says anything, and of a group the group's own.
#[derive(Debug, Default)]
pub(super) struct Traceback {
    text: String,
    in_frames: bool,
    exceptions: Exceptions,
    /// The exception's words began on its own line and have not come yet.
    wordless: bool,
    in_a_group: bool,
}

impl Traceback {
    /// More than any real traceback; what a runaway recursion prints beyond it is left out.
    const LIMIT: usize = 256 * 1024;

    pub(super) fn push(&mut self, line: &str) {
        if self.text.len() + line.len() <= Self::LIMIT {
            self.text.push_str(line);
            self.text.push('\n');
        }
        let bar = line.trim_start().strip_prefix("| ");
        if bar.is_none() && !line.starts_with([' ', '\t']) {
            self.in_a_group = false;
        }
        if is_header(line) || is_member(line) {
            (self.in_frames, self.wordless) = (true, false);
            return;
        }
        let line = bar.unwrap_or(line);
        if line.trim().is_empty() {
            return;
        }
        let indented = line.starts_with([' ', '\t']);
        if self.in_frames && !indented {
            self.in_frames = false;
            self.named(line.trim_end());
        } else if std::mem::replace(&mut self.wordless, false)
            && let Some(exception) = self.exceptions.told.last_mut()
        {
            exception.push(' ');
            exception.push_str(line.trim());
        }
    }

    fn named(&mut self, line: &str) {
        self.exceptions.add(line, self.in_a_group);
        self.in_a_group |= line.ends_with(" sub-exception)") || line.ends_with(" sub-exceptions)");
        self.wordless = line.ends_with(':');
    }

    /// Whether the frames are being told, so that an indented line can't be anything else.
    pub(super) fn in_frames(&self) -> bool {
        self.in_frames
    }

    /// The exceptions and the whole text.
    pub(super) fn finish(mut self) -> (Exceptions, String) {
        self.text.truncate(self.text.trim_end().len());
        (self.exceptions, self.text)
    }
}

/// Whether the line begins a member of an exception group: `+---------------- 1 ----------------`.
fn is_member(line: &str) -> bool {
    let line = line.trim_start().trim_end();
    line.starts_with('+') && line.contains("---- ") && line.ends_with("----")
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

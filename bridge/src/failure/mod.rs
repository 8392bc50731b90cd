//! What went wrong with a tap, in one sentence that says what and whose fault it is.

mod paths;
mod rules;
mod status;
#[cfg(test)]
mod tests;

pub use paths::Surroundings;

use crate::tap::{Ended, LastWords, RunError};
use airbyte_protocol::FailureType;
use airbyte_singer_runtime::Words::{Others, Own};
use airbyte_singer_runtime::{Error, Words};
use paths::Lost;
use rules::{classify, mend, over_its_catalog};
use std::io::ErrorKind;

/// What stands before a tap's last line.
const LAST: &str = "; the last thing it said: ";

/// The error of a tap that ended and should not have, or not so. `doing` names what it was asked
/// for: `discovery`, `the sync`. By its surroundings, where they are known, it is told which file it didn't
/// find because it runs in another folder than its user.
pub fn ended(
    tap: &str,
    doing: &str,
    ended: Ended,
    words: &LastWords,
    around: Option<&Surroundings<'_>>,
) -> Error {
    let told = Told::of(words, around);
    let ending = format!("{tap} {ended} during {doing}");
    let name = format!("{tap}: ");
    let last = words.last.as_deref().map(clean);
    let mut parts = Vec::new();
    let failure = match (ended.killed_by(), &told.sentence, &last) {
        // What it said last has little to do with who killed it.
        (Some(signal), sentence, last) => {
            parts.push(Own(&ending));
            if let Some(said) = sentence.as_ref().or(last.as_ref()) {
                parts.extend([Own(LAST), Others(said)]);
            }
            of_signal(signal)
        }
        (None, Some(sentence), _) => {
            // Usage errors begin with the program's name.
            let said = sentence.strip_prefix(&name).unwrap_or(sentence);
            parts.extend([Own(&name), Others(said)]);
            told.failure
        }
        (None, None, Some(last)) => {
            parts.extend([Own(&ending), Own(LAST), Others(last)]);
            FailureType::SystemError
        }
        (None, None, None) => {
            parts.extend([Own(&ending), Own(" and said nothing")]);
            FailureType::SystemError
        }
    };
    if let Some(mend) = &told.mend {
        parts.extend([Own(" ("), mend.words(), Own(")")]);
    }
    let internal = format!("the tap {ended} during {doing}");
    let error = Error::of_parts(failure, &parts).with_own_internal(internal);
    match &words.stack_trace {
        Some(trace) => error.with_stack_trace(trace.clone()),
        None => error,
    }
}

/// The error of a tap that said at level CRITICAL that it can't go on and exited with 0. `what` is what
/// it did then: `brought no record of users`.
pub fn critical(tap: &str, what: &str, words: &LastWords) -> Error {
    let told = Told::of(words, None);
    let name = format!("{tap}: ");
    let said = told.sentence.unwrap_or_default();
    let mut parts = vec![Own(&name), Others(&said)];
    if let Some(mend) = &told.mend {
        parts.extend([Own(" ("), mend.words(), Own(")")]);
    }
    let what = format!(
        "; it said so at level CRITICAL, ended as if all were well, and {what}. A line that is harmless \
         can be named in the profile (harmless_lines)"
    );
    parts.push(Own(&what));
    let error = Error::of_parts(told.failure, &parts);
    match &words.stack_trace {
        Some(trace) => error.with_stack_trace(trace.clone()),
        None => error,
    }
}

/// The error of a tap that gave no answer.
pub fn run_error(tap: &str, doing: &str, error: &RunError) -> Error {
    match error {
        RunError::Start(sentence) => Error::system(sentence.clone()),
        RunError::Timeout(limit, words) => too_slow(tap, doing, limit.as_secs_f64(), None, words),
        RunError::TooMuch(limit) => {
            let own = format!("{tap} wrote more than {limit} bytes during {doing} and was stopped");
            Error::of_parts(FailureType::SystemError, &[Own(&own)])
        }
        RunError::Stopped => Error::transient(format!("{doing} was stopped by a signal")),
        RunError::Read(kind) => Error::system(format!("reading what {tap} writes failed: {kind}")),
    }
}

/// The error of a tap that was stopped because it took longer than `limit` seconds, which `option` sets.
/// What it said last often says what it waited for.
pub fn too_slow(
    tap: &str,
    doing: &str,
    limit: f64,
    option: Option<&str>,
    words: &LastWords,
) -> Error {
    let option = option.map(|option| format!(" ({option})")).unwrap_or_default();
    let own = format!("{tap} didn't finish {doing} within {limit} s and was stopped{option}");
    stopped(&own, words)
}

/// The error of a tap that was stopped for the reason `own`: with what it said last, and of the type that
/// this tells.
pub fn stopped(own: &str, words: &LastWords) -> Error {
    let lines = || words.last.iter().chain(&words.line).chain(&words.others);
    let telling = lines().find_map(|line| Some((line, classify(line)?)));
    let failure = telling.map_or(FailureType::TransientError, |(_, failure)| failure);
    let last = words.last.as_deref().map(clean);
    let earlier = telling.map(|(line, _)| line).filter(|line| Some(*line) != words.last.as_ref());
    let earlier = earlier.map(|line| clean(line));
    let mut parts = vec![Own(own)];
    if let Some(last) = &last {
        parts.extend([Own(LAST), Others(last)]);
    }
    if let Some(earlier) = &earlier {
        parts.extend([Own("; before that: "), Others(earlier)]);
    }
    Error::of_parts(failure, &parts)
}

/// The error of a tap that ended well and yet brought nothing of what it was asked for, `sentence`, which
/// is of this `failure` unless an error of the tap's own tells another.
pub fn nothing(failure: FailureType, sentence: &str, words: &LastWords) -> Error {
    let Some(error) = &words.error else { return Error::of_parts(failure, &[Own(sentence)]) };
    let failure = classify(error).unwrap_or(failure);
    let parts = [Own(sentence), Own("; it said: "), Others(&clean(error))];
    Error::of_parts(failure, &parts)
}

/// The error of a file of ours for the tap that can't be written: `the tap's config`.
pub fn unwritten(what: &str, error: &std::io::Error) -> Error {
    let folder = std::env::temp_dir();
    let reason = match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => "there is no such folder".to_owned(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "the disk is full".to_owned(),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "writing there is not permitted".to_owned()
        }
        _ if error.raw_os_error() == Some(rustix::io::Errno::MFILE.raw_os_error()) => {
            "too many files are open at once (ulimit -n)".to_owned()
        }
        kind => kind.to_string(),
    };
    let folder = folder.display();
    Error::system(format!(
        "{what} can't be written below {folder}: {reason} (set TMPDIR to another folder)"
    ))
}

/// Whether a tap failed because a Python module is missing in its environment.
pub fn lacks_a_module(ended: Ended, words: &LastWords) -> bool {
    let mut said = words.line.iter().chain(&words.others);
    !ended.is_success() && said.any(|line| line.contains("No module named"))
}

/// What a tap's words say of its failure.
struct Told {
    /// In one line; none if the tap said nothing that may be a reason.
    sentence: Option<String>,
    failure: FailureType,
    mend: Option<Mend>,
}

/// What mends it.
enum Mend {
    Known(String),
    /// Where a file is that the tap names.
    Path(String),
}

impl Mend {
    fn words(&self) -> Words<'_> {
        match self {
            Self::Known(text) => Own(text),
            Self::Path(text) => Others(text),
        }
    }
}

impl Told {
    /// The first line that tells whose fault it is decides, and is always shown: an error is often
    /// raised from another that says more.
    fn of(words: &LastWords, around: Option<&Surroundings<'_>>) -> Self {
        let candidates = || words.line.iter().chain(&words.others);
        let telling = candidates().find_map(|line| Some((line, classify(line)?)));
        let lost = around.and_then(|around| Lost::of(words, around));
        let trace = words.stack_trace.as_deref().unwrap_or_default();
        let mend = candidates()
            .find_map(|line| mend(line).map(Mend::Known))
            .or_else(|| lost.as_ref().and_then(|lost| lost.sentence.clone()).map(Mend::Path))
            .or_else(|| {
                let hint = over_its_catalog(trace).filter(|_| telling.is_none())?;
                Some(Mend::Known(hint.to_owned()))
            });
        let is_the_users = lost.is_some_and(|lost| lost.is_a_setting || lost.is_here);
        let (failure, more) = match telling {
            Some((line, failure)) => (failure, Some(line)),
            // Nothing tells: an exception may still say more than what announced it.
            None => {
                let worded = words.others.iter().find(|other| other.contains(": "));
                (FailureType::SystemError, worded)
            }
        };
        let failure = if is_the_users { FailureType::ConfigError } else { failure };
        let sentence = words.line.as_deref().map(|line| match more {
            Some(more) if more.contains(line) => clean(more),
            Some(more) if !line.contains(words_of(more)) => {
                format!("{} ({})", clean(line), clean(more))
            }
            _ => clean(line),
        });
        Self { sentence, failure, mend }
    }
}

/// Somebody else's wish to stop may not be there the next time; a crash and a lack of memory are.
fn of_signal(signal: i32) -> FailureType {
    use rustix::process::Signal;
    let wishes = [Signal::HUP, Signal::INT, Signal::TERM].map(Signal::as_raw);
    if wishes.contains(&signal) { FailureType::TransientError } else { FailureType::SystemError }
}

/// An exception's words, without its name.
fn words_of(line: &str) -> &str {
    line.split_once(": ").map_or(line, |(_, words)| words)
}

/// A line without what a terminal would act on. Its length is bounded where it is written, behind
/// the masking of secrets.
fn clean(line: &str) -> String {
    let text: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.trim().to_owned()
}

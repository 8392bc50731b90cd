//! What went wrong with a tap, in one sentence that says what and whose fault it is.

use crate::tap::{Ended, LastWords, RunError};
use airbyte_adapters::Error;
use airbyte_protocol::FailureType;

/// The error of a tap that ended and should not have, or not so. `doing` names what it was asked
/// for: `discovery`, `the sync`.
pub fn ended(tap: &str, doing: &str, ended: Ended, words: &LastWords) -> Error {
    let said = words.line.as_deref();
    let explanation = [&words.exception, &words.line].into_iter().flatten();
    let failure =
        explanation.clone().find_map(|line| classify(line)).unwrap_or(FailureType::SystemError);
    let mut message = match said {
        Some(line) => format!("{tap}: {line}"),
        None => format!("{tap} {ended} during {doing} and said nothing"),
    };
    for line in explanation {
        if let Some(mend) = mend(line) {
            message = format!("{message} ({mend})");
            break;
        }
    }
    let error =
        Error::of(failure, message).with_internal(format!("the tap {ended} during {doing}"));
    match &words.stack_trace {
        Some(trace) => error.with_stack_trace(trace.clone()),
        None => error,
    }
}

/// The error of a tap that gave no answer.
pub fn run_error(tap: &str, doing: &str, error: &RunError) -> Error {
    match error {
        RunError::Start(sentence) => Error::system(sentence.clone()),
        RunError::Timeout(limit) => Error::transient(format!(
            "{tap} didn't finish {doing} within {} s and was stopped",
            limit.as_secs()
        )),
        RunError::TooMuch(limit) => Error::system(format!(
            "{tap} wrote more than {limit} bytes during {doing} and was stopped"
        )),
        RunError::Stopped => Error::transient(format!("{doing} was stopped by a signal")),
        RunError::Read(kind) => Error::system(format!("reading what {tap} writes failed: {kind}")),
    }
}

/// Whether a tap failed because a Python module is missing in its environment.
pub fn lacks_a_module(ended: Ended, words: &LastWords) -> bool {
    let mut said = [&words.exception, &words.line].into_iter().flatten();
    !ended.is_success() && said.any(|line| line.contains("No module named"))
}

/// Whose fault a tap's line tells; none when it tells nothing.
fn classify(line: &str) -> Option<FailureType> {
    const CONFIG: &[&str] = &[
        "401",
        "403",
        "unauthorized",
        "unauthenticated",
        "forbidden",
        "access denied",
        "permission denied",
        "authentication failed",
        "password authentication",
        "invalid credentials",
        "invalid_grant",
        "invalid api key",
        "invalid token",
        "config is missing",
        "missing required",
        "required property",
        "required keys",
        "is a required",
        "config validation",
        "does not exist",
        "unknown database",
        "not supplied in config",
        "missing from config",
        "the api key",
    ];
    const TRANSIENT: &[&str] = &[
        "timed out",
        "timeout",
        "connection reset",
        "connection refused",
        "connection aborted",
        "broken pipe",
        "temporarily",
        "temporary failure",
        "too many requests",
        "rate limit",
        "429",
        "500",
        "502",
        "503",
        "504",
        "server closed the connection",
        "name resolution",
        "could not connect",
        "can't connect",
        "lost connection",
        "service unavailable",
    ];
    let line = line.to_lowercase();
    let tells = |marks: &[&str]| marks.iter().any(|mark| has_mark(&line, mark));
    // A refused password often stands in a line that also says "could not connect".
    if tells(CONFIG) {
        Some(FailureType::ConfigError)
    } else if tells(TRANSIENT) {
        Some(FailureType::TransientError)
    } else {
        None
    }
}

/// A status code counts only as a number of its own.
fn has_mark(line: &str, mark: &str) -> bool {
    let digit = |c: char| c.is_alphanumeric() || c == '.' || c == '_' || c == '-';
    let number = mark.bytes().all(|b| b.is_ascii_digit());
    line.match_indices(mark).any(|(at, _)| {
        !number
            || !(line[..at].chars().next_back().is_some_and(digit)
                || line[at + mark.len()..].chars().next().is_some_and(|c| c != '.' && digit(c)))
    })
}

/// What mends a known trouble of taps' surroundings.
fn mend(line: &str) -> Option<&'static str> {
    if line.contains("No module named 'pkg_resources'") {
        return Some("its environment lacks pkg_resources: install `setuptools<80` into it");
    }
    if line.contains("No module named") {
        return Some("a Python module is missing in the tap's environment: install it there");
    }
    if line.contains("No space left on device") {
        return Some("the disk is full");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use FailureType::{ConfigError, SystemError, TransientError};

    #[test]
    fn faults_are_told_apart() {
        let cases = [
            ("401 Client Error: Unauthorized for url: https://x", ConfigError),
            ("FATAL: password authentication failed for user \"x\"", ConfigError),
            ("Config is missing required keys: ['host']", ConfigError),
            ("could not connect to server: password authentication failed", ConfigError),
            ("HTTP-error-code: 429, Too Many Requests", TransientError),
            ("503 Server Error", TransientError),
            ("Can't connect to MySQL server on '127.0.0.1'", TransientError),
            ("KeyError: 'x'", SystemError),
            ("row 5003 of table a401b is odd", SystemError),
        ];
        for (line, expected) in cases {
            let words = LastWords { line: Some(line.to_owned()), ..LastWords::default() };
            let error = ended("tap-x", "the sync", Ended::Code(1), &words);
            assert_eq!(error.failure_type(), expected, "{line}");
            assert!(error.message().contains(line));
        }
    }

    #[test]
    fn a_known_trouble_names_its_mend() {
        let line = "ModuleNotFoundError: No module named 'pkg_resources'";
        let words = LastWords { line: Some(line.into()), ..LastWords::default() };
        let error = ended("tap-x", "discovery", Ended::Code(1), &words);
        assert!(error.message().contains("setuptools<80"), "{error}");
    }

    #[test]
    fn a_silent_death_is_told_as_one() {
        let error = ended("tap-x", "the sync", Ended::Signal(9), &LastWords::default());
        assert_eq!(
            error.message(),
            "tap-x was killed (SIGKILL; often: out of memory) during the sync and said nothing"
        );
    }
}

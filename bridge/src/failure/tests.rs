use super::*;
use crate::tap::Words;
use singer_protocol::Stderr;
use std::fmt::Write;
use std::path::PathBuf;

/// What a tap that said all this is told to have failed of.
fn failed(ending: Ended, stderr: &str) -> Error {
    let (mut parser, words) = (Stderr::default(), Words::default());
    for line in stderr.lines() {
        parser.push(line).iter().for_each(|entry| words.hear(entry));
    }
    parser.finish().iter().for_each(|entry| words.hear(entry));
    ended("tap-x", "the sync", ending, &words.last(), None)
}

/// A recording: where it comes from, how the tap ended, what is expected, what it said.
struct Recorded {
    path: PathBuf,
    head: Vec<(String, String)>,
    stderr: String,
}

impl Recorded {
    fn all() -> Vec<Self> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/failures");
        let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut paths: Vec<_> =
            paths.filter(|path| path.extension().is_some_and(|e| e == "txt")).collect();
        paths.sort();
        paths.into_iter().map(Self::read).collect()
    }

    fn read(path: PathBuf) -> Self {
        let text = std::fs::read_to_string(&path).unwrap();
        let (head, stderr) = text.split_once("---\n").unwrap();
        let pair = |line: &str| {
            let (key, value) = line.strip_prefix("# ")?.split_once(": ")?;
            Some((key.to_owned(), value.to_owned()))
        };
        let head = head.lines().map(|line| pair(line).expect(line)).collect();
        Self { path, head, stderr: stderr.to_owned() }
    }

    fn get(&self, key: &str) -> &str {
        let found = self.head.iter().find(|(name, _)| name == key);
        found.map_or("", |(_, value)| value)
    }

    fn ended(&self) -> Ended {
        let (kind, number) = self.get("ended").split_once(' ').unwrap();
        let number = number.parse().unwrap();
        if kind == "signal" { Ended::Signal(number) } else { Ended::Code(number) }
    }

    fn bless(&self, told: &[(&str, String)]) {
        let mut text = String::new();
        for key in ["origin", "ended"] {
            writeln!(text, "# {key}: {}", self.get(key)).unwrap();
        }
        for (key, value) in told {
            writeln!(text, "# {key}: {value}").unwrap();
        }
        std::fs::write(&self.path, format!("{text}---\n{}", self.stderr)).unwrap();
    }
}

fn name_of(failure: FailureType) -> &'static str {
    match failure {
        FailureType::ConfigError => "config_error",
        FailureType::TransientError => "transient_error",
        FailureType::SystemError => "system_error",
        _ => panic!("no recording has {failure:?}"),
    }
}

#[test]
fn every_recorded_failure_is_told_as_it_should_be() {
    let recorded = Recorded::all();
    assert!(recorded.len() > 90, "{} recordings", recorded.len());
    let bless = std::env::var_os("AIRBYTE_SINGER_BLESS").is_some();
    let mut wrong = Vec::new();
    for one in &recorded {
        let error = failed(one.ended(), &one.stderr);
        let told = [
            ("failure_type", name_of(error.failure_type()).to_owned()),
            ("message", error.message().to_owned()),
        ];
        if bless {
            one.bless(&told);
        }
        for (key, value) in told.iter().filter(|(key, value)| one.get(key) != *value) {
            wrong.push(format!("{}: {key}: {value}", one.path.display()));
        }
        assert!(!error.message().contains(['\n', '\r', '\u{1b}']), "{}", one.path.display());
        let traced = one.stderr.contains("Traceback (most recent call last):\n");
        let trace = error.to_trace(str::to_owned).stack_trace;
        assert!(!traced || trace.is_some(), "{}: no stack trace", one.path.display());
    }
    assert!(bless || wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn faults_are_told_apart() {
    use FailureType::{ConfigError, SystemError, TransientError};
    let cases = [
        ("401 Client Error: Unauthorized for url: https://x", ConfigError),
        ("FATAL: password authentication failed for user \"x\"", ConfigError),
        ("Config is missing required keys: ['host']", ConfigError),
        ("could not connect to server: password authentication failed", ConfigError),
        (
            "HTTP-error-code: 404, Error: The resource you have specified cannot be found",
            ConfigError,
        ),
        ("Request failed with status 403", ConfigError),
        ("HTTP-error-code: 403, Error: API rate limit exceeded", TransientError),
        ("HTTP-error-code: 429, Too Many Requests", TransientError),
        ("503 Server Error", TransientError),
        ("got <Response [502]>", TransientError),
        ("HTTP/1.1 500", TransientError),
        ("Can't connect to MySQL server on '127.0.0.1'", TransientError),
        ("[Errno -3] Temporary failure in name resolution", TransientError),
        ("[Errno 11001] getaddrinfo failed", TransientError),
        ("[Errno 8] nodename nor servname provided, or not known", TransientError),
        ("dial tcp: lookup db.example: no such host", TransientError),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed", ConfigError),
        ("[Errno 32] Broken pipe", TransientError),
        ("PermissionError: [Errno 13] Permission denied: '/home/me/.aws'", SystemError),
        ("422 Client Error: Unprocessable Entity", SystemError),
        ("KeyError: 'x'", SystemError),
        ("row 5003 of table a401b is odd", SystemError),
        ("version 4.0.401 error", SystemError),
        ("wrote 500 rows", SystemError),
    ];
    for (line, expected) in cases {
        let error = failed(Ended::Code(1), &format!("CRITICAL {line}"));
        assert_eq!(error.failure_type(), expected, "{line}");
        assert!(error.message().starts_with(&format!("tap-x: {line}")), "{error}");
    }
}

#[test]
fn a_known_trouble_names_its_mend() {
    let mends = [
        ("ModuleNotFoundError: No module named 'pkg_resources'", "setuptools<80"),
        ("ModuleNotFoundError: No module named 'distutils'", "`setuptools`"),
        ("ModuleNotFoundError: No module named 'tap_x.streams'", "`tap_x.streams` is missing"),
        ("/usr/bin/python3: No module named tap_x", "`tap_x` is missing"),
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("socket.gaierror: [Errno -2] Name or service not known", "the host's name"),
    ];
    for (line, mend) in mends {
        let error = failed(Ended::Code(1), line);
        assert!(error.message().contains(mend), "{error}");
    }
}

#[test]
fn a_line_that_says_little_is_shown_with_the_one_that_says_more() {
    let trace = |words: &str| {
        format!(
            "ERROR sync failed\nTraceback (most recent call last):\n  File \"a.py\", line 1\n{words}\n"
        )
    };
    let error = failed(Ended::Code(1), &trace("KeyError: 'id'"));
    assert_eq!(error.message(), "tap-x: sync failed (KeyError: 'id')");
    let error = failed(Ended::Code(1), &trace("Exception: sync failed"));
    assert_eq!(error.message(), "tap-x: Exception: sync failed");
    let chain = "urllib.error.HTTPError: HTTP Error 401: Unauthorized\n\nThe above exception was the direct cause of the following exception:\n\nTraceback (most recent call last):\n  File \"b.py\", line 1\nRuntimeError: no rows";
    let error = failed(Ended::Code(1), &trace(chain));
    assert_eq!(error.failure_type(), FailureType::ConfigError);
    let words = "tap-x: sync failed (urllib.error.HTTPError: HTTP Error 401: Unauthorized)";
    assert_eq!(error.message(), words);
}

#[test]
fn a_warnings_traceback_hides_no_errors() {
    let ignored = "Traceback (most recent call last):\n  File \"a.py\", line 1\nValueError: 401 Unauthorized\nException ignored in: <function Pool.__del__>\nTraceback (most recent call last):\n  File \"b.py\", line 1\nTypeError: 'NoneType' object is not callable\n";
    let error = failed(Ended::Code(1), ignored);
    assert_eq!(error.message(), "tap-x: ValueError: 401 Unauthorized");
    let trace = error.to_trace(str::to_owned).stack_trace.unwrap();
    assert!(trace.ends_with("ValueError: 401 Unauthorized"), "{trace}");
}

#[test]
fn a_death_by_a_signal_is_told_as_one_whatever_was_said_before() {
    let cases = [
        (
            Ended::Signal(9),
            "",
            "tap-x was killed (SIGKILL; often: out of memory) during the sync",
            FailureType::SystemError,
        ),
        (
            Ended::Code(137),
            "INFO reading orders\n",
            "tap-x exited with code 137 (a program in it was killed, SIGKILL; often: out of \
             memory) during the sync; the last thing it said: reading orders",
            FailureType::SystemError,
        ),
        (
            Ended::Signal(15),
            "",
            "tap-x was stopped (SIGTERM) during the sync",
            FailureType::TransientError,
        ),
        (
            Ended::Signal(11),
            "",
            "tap-x crashed (SIGSEGV) during the sync",
            FailureType::SystemError,
        ),
    ];
    for (ended, stderr, message, failure) in cases {
        let error = failed(ended, stderr);
        assert_eq!((error.message(), error.failure_type()), (message, failure));
    }
}

#[test]
fn a_tap_that_says_nothing_of_its_failure_is_told_so() {
    let silent = failed(Ended::Code(1), "");
    assert_eq!(silent.message(), "tap-x exited with code 1 during the sync and said nothing");
    let calm = failed(Ended::Code(1), "INFO reading orders\n");
    assert_eq!(
        calm.message(),
        "tap-x exited with code 1 during the sync; the last thing it said: reading orders"
    );
    let printed = failed(Ended::Code(1), "INFO reading orders\nno such account\n");
    assert!(printed.message().contains("no such account"), "{printed}");
}

#[test]
fn colours_and_controls_are_taken_off() {
    let error = failed(Ended::Code(1), "\u{1b}[31mCRITICAL bad\tcredentials\u{7}\u{1b}[0m\n");
    assert_eq!(error.message(), "tap-x: bad credentials");
}

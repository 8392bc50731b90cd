//! `Message::parse` against serde_json: the same lines are messages, and the same bytes their values.

mod expected;
mod reference;

use reference::Reference;
use singer_protocol::{LineError, Malformed, Message, Reason, repair_non_finite};

/// How deep a line may be nested, itself included.
const MAX_DEPTH: usize = 999;

/// Reads one line of stdout.
pub fn run(line: &[u8]) {
    let found = Message::parse(line);
    match body(line) {
        Some(body) => {
            let reference = Reference::read(body);
            if !reference.whole {
                broken(&found, &reference, line, body);
            } else if depth(body.as_bytes()) > MAX_DEPTH {
                too_deep(&found, &reference, line);
            } else {
                let expected = expected::message(&reference, line);
                assert_eq!(found, expected, "serde_json reads it as a message");
                expected::same_places(&found, &reference);
            }
        }
        None => not_text(&found, line),
    }
    repaired(&found, line);
}

/// The line as text, without a byte order mark and blanks in front.
fn body(line: &[u8]) -> Option<&str> {
    let blanks: &[char] = &[' ', '\t', '\r', '\n'];
    let text = std::str::from_utf8(line).ok()?.trim_start_matches(blanks);
    Some(text.strip_prefix('\u{feff}').unwrap_or(text).trim_start_matches(blanks))
}

/// How deep the brackets outside strings are nested.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// JSON that is nested too deeply is malformed if it claims to be a message.
fn too_deep(found: &Result<Message<'_>, LineError>, reference: &Reference<'_>, line: &[u8]) {
    match found {
        Ok(_) => panic!("nested too deeply, and read"),
        Err(LineError::NotAMessage) => assert_eq!(expected::kind(reference), None, "it claims"),
        Err(LineError::Malformed(malformed)) => {
            assert_eq!(malformed.reason, Reason::TooDeep);
            too_deep_there(malformed, line);
        }
    }
}

/// The first bracket too many stands at the column.
fn too_deep_there(malformed: &Malformed, line: &[u8]) {
    let (before, at) = (&line[..malformed.column - 1], line[malformed.column - 1]);
    assert!(matches!(at, b'{' | b'['), "a bracket");
    assert_eq!(depth(before), MAX_DEPTH, "one too many");
}

/// What isn't an object of JSON is no message; it is malformed if what could be read of it claims so.
fn broken(
    found: &Result<Message<'_>, LineError>,
    readable: &Reference<'_>,
    line: &[u8],
    body: &str,
) {
    let malformed = match found {
        Ok(_) => panic!("serde_json refuses it"),
        Err(LineError::NotAMessage) => {
            return assert_eq!(expected::kind(readable), None, "it claims to be a message");
        }
        Err(LineError::Malformed(malformed)) => malformed,
    };
    assert!(body.starts_with('{'), "a log line");
    assert!(malformed.kind.is_some(), "the claim is told");
    match malformed.reason {
        Reason::TooDeep => return too_deep_there(malformed, line),
        Reason::Truncated => assert_eq!(malformed.column, line.len() + 1, "it ends there"),
        Reason::Trailing | Reason::Syntax(_) => assert!(malformed.column <= line.len()),
        ref other => panic!("serde_json refuses it, and not for this: {other}"),
    }
    // Up to the column it may still become a message, with the byte there it can't any more.
    let at = malformed.column - 1 - (line.len() - body.len());
    assert!(reference::may_go_on(&body.as_bytes()[..at]), "it breaks before the column");
    if malformed.reason != Reason::Truncated {
        assert!(!reference::may_go_on(&body.as_bytes()[..=at]), "it breaks behind the column");
    }
}

/// What isn't UTF-8 is no message, and breaks where the first byte isn't.
fn not_text(found: &Result<Message<'_>, LineError>, line: &[u8]) {
    match found {
        Ok(_) => panic!("it isn't UTF-8"),
        Err(LineError::NotAMessage) => {}
        Err(LineError::Malformed(malformed)) => {
            assert_eq!(malformed.reason, Reason::InvalidUtf8);
            let valid = std::str::from_utf8(line).expect_err("not UTF-8").valid_up_to();
            assert_eq!(malformed.column, valid + 1);
        }
    }
}

/// What is mended is whole, was broken before, and was announced.
fn repaired(found: &Result<Message<'_>, LineError>, line: &[u8]) {
    let holds = |word: &[u8]| line.windows(word.len()).any(|window| window == word);
    if !holds(b"NaN") && !holds(b"Infinity") {
        return;
    }
    let Some(repaired) = repair_non_finite(line) else { return };
    assert!(found.is_err(), "there was nothing to mend");
    match Message::parse(&repaired.line).expect("what is mended is whole") {
        Message::Other(_) => {}
        _ => match found {
            Err(LineError::Malformed(malformed)) => assert!(malformed.non_finite, "not announced"),
            _ => panic!("what can be mended claims to be a message"),
        },
    }
}

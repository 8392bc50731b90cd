//! Records without an envelope: the lines of a [`Batch`](super::Batch)'s files.

use super::broken::{has_non_finite, mend};
use super::{Malformed, Reason, Repaired, body};
use crate::scan;

/// Reads one line of a BATCH file in the format `jsonl`: a record on its own, which comes back byte
/// for byte, without what blanks and byte order mark stand around it.
///
/// ```
/// use singer_protocol::message::parse_bare_record;
///
/// assert_eq!(parse_bare_record(b"{\"id\": 1.10}\r\n")?, r#"{"id": 1.10}"#);
/// assert_eq!(parse_bare_record(b"{\"id\": 1.10").map_err(|broken| broken.column), Err(12));
/// # Ok::<(), singer_protocol::Malformed>(())
/// ```
///
/// # Errors
///
/// The line isn't one JSON object, or is nested deeper than 998 levels, the deepest that a record
/// inside a message may be. It names neither type nor stream: the line doesn't.
pub fn parse_bare_record(line: &[u8]) -> Result<&str, Malformed> {
    let body = body(line);
    let broken = |at: usize, reason| {
        let column = line.len() - body.len() + at + 1;
        let non_finite = has_non_finite(body);
        Malformed { kind: None, stream: None, column, reason, non_finite }
    };
    let text = simdutf8::compat::from_utf8(body)
        .map_err(|error| broken(error.valid_up_to(), Reason::InvalidUtf8))?;
    scan::object(text).map_err(|fault| {
        let reason = match Reason::of(fault, text) {
            Reason::Trailing => Reason::Syntax("something follows the record".to_owned()),
            reason => reason,
        };
        broken(fault.at(), reason)
    })
}

/// As [`repair_non_finite`](crate::repair_non_finite), of a line that is a record on its own.
///
/// ```
/// use singer_protocol::message::repair_bare_record;
///
/// let repaired = repair_bare_record(br#"{"a": [1, NaN], "record": -Infinity}"#).expect("mended");
/// assert_eq!(repaired.nulled, ["a[1]", "record"]);
/// assert_eq!(repaired.line, br#"{"a": [1, null], "record": null}"#);
/// ```
pub fn repair_bare_record(line: &[u8]) -> Option<Repaired> {
    let repaired = mend(line, false)?;
    parse_bare_record(&repaired.line).is_ok().then_some(repaired)
}

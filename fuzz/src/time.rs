//! Times: what is read is a moment that is written and read again as itself.

use singer_protocol::{epoch_millis, rfc3339};

/// Reads one time.
pub fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Some(millis) = epoch_millis(&text) else { return };
    assert_eq!(epoch_millis(&rfc3339(millis)), Some(millis), "it is written as itself");
}

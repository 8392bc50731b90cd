//! Times: what is read is a moment that is written and read again as itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use singer_protocol::{epoch_millis, rfc3339};

fuzz_target!(|text: &str| {
    if let Some(millis) = epoch_millis(text) {
        assert_eq!(epoch_millis(&rfc3339(millis)), Some(millis));
    }
});

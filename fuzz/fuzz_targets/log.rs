//! A tap's log: whatever comes, every line ends up in an entry and nothing panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use singer_protocol::{Stderr, parse_line};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let mut stderr = Stderr::default();
    for line in text.split('\n') {
        let _ = parse_line(line);
        let _ = stderr.push(line);
    }
    let _ = stderr.finish();
});

#![no_main]
use std::sync::{Arc, atomic::AtomicBool};

libfuzzer_sys::fuzz_target!(
    init: {
        // A Rust program ignores SIGPIPE from its start; libFuzzer's main is none.
        let heard = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(signal_hook::consts::SIGPIPE, heard).expect("a handler");
    },
    |bytes: &[u8]| airbyte_singer_fuzz::messages::run(bytes)
);

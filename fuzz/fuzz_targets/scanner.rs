#![no_main]
libfuzzer_sys::fuzz_target!(|line: &[u8]| airbyte_singer_fuzz::scanner::run(line));

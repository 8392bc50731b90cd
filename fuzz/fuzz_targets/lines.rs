#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| airbyte_singer_fuzz::lines::run(bytes));

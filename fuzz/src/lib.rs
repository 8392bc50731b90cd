//! What each target does with one hostile input. The fuzzer calls these (`fuzz_targets/`), and so does
//! a test of the workspace, over seeds and mutations of them (`tests/hostile.rs`).

pub mod catalog;
pub mod fields;
pub mod lines;
pub mod log;
pub mod messages;
pub mod scanner;
pub mod state;
pub mod time;

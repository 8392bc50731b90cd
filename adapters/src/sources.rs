//! The sources that are built in: what `--source NAME` finds.

mod sample;

pub use sample::Sample;

/// The names of the built-in sources, for `--help` and for errors.
pub const NAMES: &[&str] = &["sample"];

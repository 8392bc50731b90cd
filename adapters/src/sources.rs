//! The sources that are built in: what `--source NAME` finds.

#[cfg(feature = "http")]
mod http;
mod sample;

#[cfg(feature = "http")]
pub use http::Http;
pub use sample::Sample;

/// The names of the built-in sources, for `--help` and for errors.
pub const NAMES: &[&str] = if cfg!(feature = "http") { &["http", "sample"] } else { &["sample"] };

//! The sources that are built in: what `--source NAME` of `airbyte-singer` finds.

#[cfg(feature = "http")]
pub use airbyte_singer_http::Http;
pub use airbyte_singer_toolkit::Sample;

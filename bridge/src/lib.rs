//! Runs unmodified Singer taps as Airbyte sources.

#[cfg(test)]
mod recordings;
pub mod translate;

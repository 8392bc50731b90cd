//! Runs unmodified Singer taps as Airbyte sources.

pub mod translate;

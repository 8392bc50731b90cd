//! Runs unmodified Singer taps as Airbyte sources.

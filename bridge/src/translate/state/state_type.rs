//! In which of Airbyte's three forms states are published.

use clap::ValueEnum;
use serde::Deserialize;

/// The form of the states of a read; it never changes within one. What is handed in is understood
/// in every form, whichever is published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateType {
    /// One state for each stream, which every platform commits and resets by itself
    #[default]
    Stream,
    /// One state for all streams, committed as a whole; each can still be reset
    Global,
    /// The Singer state as it is; resets of single streams and new streams can't be seen
    Legacy,
}

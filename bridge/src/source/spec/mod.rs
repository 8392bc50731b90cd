//! What a tap says of itself before it touches its source: its settings, and the flags of its catalog.

mod flags;
mod probe;

pub(in crate::source) use flags::Flags;
pub use probe::definition;
pub(in crate::source) use probe::{Listed, flags, spec};

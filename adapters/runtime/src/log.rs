//! From `tracing` to LOG messages.

mod flood;
mod journal;
mod layer;

pub use journal::Journal;
pub use layer::LogLayer;

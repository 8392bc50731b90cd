//! Runs unmodified Singer taps as Airbyte sources.
//!
//! This is the library behind the binary `airbyte-singer`. Its rooms, from the outside in:
//!
//! * `cli`, [`options`], [`profile`]: what the user said, and where they said it.
//! * [`source`]: a tap as an [`airbyte_singer_runtime::Source`], where the two worlds meet.
//! * [`tap`]: a tap as a program. It speaks Singer only.
//! * `process`: programs that are started, and ended with us.
//! * [`translate`]: what one world's words mean in the other. No I/O. The rules of
//!   [`translate::state`] are the heart.
//!
//! The library's interface is for the binary and its tests and may change at any time; authors of
//! sources want `airbyte-singer-adapters`, readers of the protocols the two protocol crates.

pub mod cli;
pub mod failure;
pub mod options;
mod process;
pub mod profile;
#[cfg(test)]
mod recordings;
pub mod source;
pub mod tap;
pub mod translate;
mod yaml;

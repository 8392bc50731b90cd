//! The protocol's machinery: from a [`Source`] to lines on stdout and an exit code.

mod config;
mod configured;
mod emitter;
mod limits;
mod log;
mod named;
mod nearest;
mod output;
mod panics;
mod pending;
mod runner;
mod secrets;
mod signals;
mod source;
mod unknown;
mod written;

pub use config::{Complaint, Config};
pub use configured::configured_catalog;
pub use emitter::{Emitter, Emitting, StreamHandle, StreamId};
pub use log::{Journal, LogLayer};
pub use named::{open_named, read_named};
pub use nearest::{nearest, nearest_stream};
pub use output::Output;
pub(crate) use panics::caught;
#[cfg(feature = "cli")]
pub(crate) use panics::location;
#[cfg(feature = "http")]
pub(crate) use pending::UnderWay;
pub use runner::{Command, Outcome, Session, perform, run};
pub use secrets::{Secrets, is_plainly_secret, may_hold_secret};
pub use signals::{Stop, StopSignal};
pub use source::{Context, Offer, ReadJob, Source, Task};
pub use written::Written;

/// Milliseconds since the epoch, now.
pub fn now_millis() -> i64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
}

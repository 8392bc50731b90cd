//! The Airbyte protocol as a source plays it: from a [`Source`] to lines on stdout and an exit code.
//!
//! The [`Source`] trait, the [`run`] function that plays one command, the [`Emitter`] that holds a
//! read to its grammar, the [`Output`] that is the only door to stdout, [`Secrets`] that masks, and behind the
//! feature `cli` the command line of any source.
//!
//! Nothing here knows a toolkit, an HTTP client or what Singer is: a tap is one kind of source among others.
//! Authors of sources depend on `airbyte-singer-sdk`, which re-exports what they need of this.

#[cfg(feature = "cli")]
pub mod cli;
mod clock;
mod config;
mod configured;
mod emitter;
mod error;
mod foreign;
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

pub use clock::now_millis;
pub use config::{Complaint, Config};
pub use configured::configured_catalog;
pub use emitter::{Emitter, Emitting, StreamHandle, StreamId};
pub use error::{Error, Result, Words};
pub use foreign::OrError;
pub use log::{Journal, LogLayer};
pub use named::{open_named, read_named};
pub use nearest::{nearest, nearest_stream};
pub use output::Output;
pub use panics::caught;
pub use pending::UnderWay;
pub use runner::{Command, Outcome, Session, perform, run};
pub use secrets::{Secrets, is_plainly_secret, may_hold_secret};
pub use signals::{Stop, StopSignal};
pub use source::{Context, Offer, ReadJob, Source, Task};
pub use written::Written;

//! What makes any data source an Airbyte source.
//!
//! Two wings with a wall between them. The *runtime* knows the protocol and nothing else: the
//! [`Source`] trait, the [`run`] function that plays one command, the [`Emitter`] that holds a
//! read to its grammar, the [`Output`] that is the only door to stdout, [`Secrets`] that masks.
//! The other wing stands on it: the [`toolkit`], with which a source is its config and its streams;
//! [`testing`], which runs a source in process; and the [`sources`] that are built in. The runtime
//! never looks back.
//!
//! Taps are one kind of source among others: nothing here knows what Singer is.
//!
//! A source of one's own is a type, and its `main` is one line:
//!
//! ```no_run
//! use airbyte_adapters::sources::Sample;
//!
//! fn main() -> std::process::ExitCode {
//!     airbyte_adapters::cli::main(Sample::default())
//! }
//! ```

#[cfg(feature = "cli")]
pub mod cli;
mod error;
#[cfg(all(doctest, feature = "http"))]
mod guide;
#[cfg(feature = "http")]
pub mod http;
mod runtime;
pub mod sources;
pub mod testing;
pub mod toolkit;

pub use error::{Error, Result, Words};
pub use runtime::{
    Command, Complaint, Config, Context, Emitter, Emitting, Journal, LogLayer, Offer, Outcome,
    Output, ReadJob, Secrets, Session, Source, Stop, StopSignal, StreamHandle, StreamId, Task,
    Written, configured_catalog, is_plainly_secret, may_hold_secret, nearest, nearest_stream,
    now_millis, open_named, perform, read_named, run,
};

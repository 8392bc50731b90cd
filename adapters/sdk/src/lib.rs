//! What an author of an Airbyte source needs, in one dependency.
//!
//! A source is a type, and its `main` is one line:
//!
//! ```no_run
//! use airbyte_singer_sdk::sources::Sample;
//!
//! fn main() -> std::process::ExitCode {
//!     airbyte_singer_sdk::cli::main(Sample::default())
//! }
//! ```
//!
//! * [`toolkit`]: a source from a typed config and its streams;
//! * [`http`]: calls of APIs, behind the feature `http`;
//! * [`testing`]: a source run in process, and the rules that every source keeps;
//! * [`cli`]: the command line of any source, behind the feature `cli`;
//! * [`sources`]: the sources that are built in;
//! * [`runtime`]: what plays the protocol, for a [`Source`] without the toolkit and for programs
//!   that embed sources;
//! * [`protocol`]: its messages, catalogs and states.
//!
//! [`serde`], [`serde_json`] and [`schemars`] are those that the toolkit was built with.

#[cfg(all(doctest, feature = "http"))]
mod guide;
pub mod sources;

pub use airbyte_protocol as protocol;
#[cfg(feature = "http")]
pub use airbyte_singer_http as http;
pub use airbyte_singer_runtime as runtime;
#[cfg(feature = "cli")]
pub use airbyte_singer_runtime::cli;
pub use airbyte_singer_runtime::{
    Config, Context, Emitter, Emitting, Error, Offer, OrError, Outcome, ReadJob, Result, Secrets,
    Source, Stop, StopSignal, StreamHandle, StreamId, Task, Words,
};
pub use airbyte_singer_toolkit::{self as toolkit, testing};
pub use {schemars, serde, serde_json};

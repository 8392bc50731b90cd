//! What an Airbyte platform hears from a source and hands to it: the vocabulary of the
//! Airbyte protocol 0.18, as plain types.
//!
//! This crate does no I/O and knows no source. Two rules shape it:
//!
//! * **Writing is exact.** What is absent is left out: a client crashes on `"trace":null`.
//!   Record counts carry a decimal point, as the protocol file asks.
//! * **Reading is lenient.** Unknown keys, nulls and repeated keys in a configured catalog or a
//!   list of states are fine, because real clients send them (PyAirbyte 0.71 repeats `global_`
//!   and writes nulls). What is needed and missing is an [`Error`] that names the place.
//!
//! Records are the exception to "plain types": they are many, and their data must reach the
//! platform byte for byte, so [`record::Envelope`] wraps a record's raw JSON between two cached
//! strings instead of parsing it.
//!
//! ```
//! use airbyte_protocol as airbyte;
//!
//! let descriptor = airbyte::StreamDescriptor::new("users").in_namespace("public");
//! let message = airbyte::Message::Trace(airbyte::Trace::status(
//!     descriptor,
//!     airbyte::StreamStatus::Started,
//!     1_732_000_000_000,
//! ));
//! assert_eq!(
//!     message.to_line(),
//!     concat!(
//!         r#"{"type":"TRACE","trace":{"type":"STREAM_STATUS","emitted_at":1732000000000,"#,
//!         r#""stream_status":{"stream_descriptor":{"name":"users","namespace":"public"},"#,
//!         r#""status":"STARTED"}}}"#,
//!         "\n"
//!     )
//! );
//! ```

mod auth;
mod catalog;
mod configured;
mod control;
mod destination;
mod document;
mod error;
mod log;
mod message;
pub mod record;
mod spec;
mod state;
mod stream;
mod trace;

pub use auth::{
    AdvancedAuth, AuthFlow, AuthSpecification, OAuth2Specification, OAuthConfig,
    OAuthConnectorInput, OAuthState,
};
pub use catalog::{Catalog, Stream, SyncMode};
pub use configured::{ConfiguredCatalog, ConfiguredStream};
pub use control::Control;
pub use destination::{DestinationCatalog, DestinationOperation, DestinationSyncMode};
pub use document::Extra;
pub use error::Error;
pub use log::{Level, Log};
pub use message::{ConnectionStatus, Message, Status};
pub use record::{Change, ChangeKind, ChangeReason, FileReference, Record, RecordMeta};
pub use spec::Specification;
pub use state::{GlobalState, Position, State, StateInput, StateStats, StreamState};
pub use stream::StreamDescriptor;
pub use trace::{
    Analytics, ErrorTrace, Estimate, EstimateKind, Event, FailureType, StatusReason, StreamStatus,
    StreamStatusTrace, Trace,
};

/// The version of the protocol that these types speak, as it stands in a SPEC.
pub const PROTOCOL_VERSION: &str = "0.18.0";

//! What Airbyte connectors and platforms say to each other: the vocabulary of the Airbyte protocol
//! 0.18, as plain types.
//!
//! [`Message`] is one line of a connector's stdout, whoever wrote it: parse it as a platform, a
//! destination or a test does, or write it as a source does. [`ConfiguredCatalog`] and
//! [`StateInput`] are the files that a platform hands to a source.
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
//! let line = message.to_line();
//! assert_eq!(
//!     line,
//!     concat!(
//!         r#"{"type":"TRACE","trace":{"type":"STREAM_STATUS","emitted_at":1732000000000,"#,
//!         r#""stream_status":{"stream_descriptor":{"name":"users","namespace":"public"},"#,
//!         r#""status":"STARTED"}}}"#,
//!         "\n"
//!     )
//! );
//! assert_eq!(airbyte::Message::parse(line.as_bytes()), Ok(message));
//! ```
//!
//! # Three rules
//!
//! * **Writing is exact.** What is absent is left out, and so is an empty list that may be: a client
//!   crashes on `"trace":null`. Record counts carry a decimal point, as the protocol file asks.
//! * **Reading is lenient.** Unknown keys, nulls and repeated keys are fine, because real clients
//!   send them (PyAirbyte 0.71 repeats `global_` and writes nulls). What is needed and missing, or of
//!   another type, or a word that protocol 0.18 doesn't know, is an [`Error`] that names the place
//!   and never quotes a value.
//! * **Documents pass through unharmed.** Catalogs, specifications, states and records keep the keys
//!   that the protocol doesn't define in their [`Extra`]: platforms number the states that they want
//!   back. Numbers keep their digits, however many; only the integer `-0` becomes the 0 that it is.
//!   What ends with its reader (logs, traces, statuses, names) keeps nothing.
//!
//! # What it isn't
//!
//! No I/O: bytes come in, types and strings go out. No source and no destination: it knows nothing of
//! the order of messages or of commands and exit codes, which is the business of
//! `airbyte-singer-adapters`. No validation of records or configs against their JSON Schemas.
//!
//! Records are many, and their data must reach the platform byte for byte, so a source wraps a
//! record's raw JSON with [`record::Envelope`] between two cached strings instead of going through
//! [`Record`], which is for readers.
//!
//! # Where a definition went
//!
//! Each definition of the protocol file (`airbyte_protocol.yaml` of protocol 0.18.0) and its type. A
//! test holds every property and every word of that file against these.
//!
//! | Definition | Type |
//! |---|---|
//! | `AirbyteMessage` | [`Message`] |
//! | `AirbyteRecordMessage` | [`Record`]; for writers [`record::Envelope`] |
//! | `AirbyteRecordMessageMeta` | [`RecordMeta`] |
//! | `AirbyteRecordMessageMetaChange` | [`Change`], [`ChangeKind`], [`ChangeReason`] |
//! | `AirbyteRecordMessageFileReference` | [`FileReference`] |
//! | `AirbyteStateMessage` | [`State`], [`StateLine`]; a file of them [`StateInput`] |
//! | `AirbyteStateType` | [`Position`] |
//! | `AirbyteStreamState` | [`StreamState`] |
//! | `AirbyteGlobalState` | [`GlobalState`] |
//! | `AirbyteStateBlob` | `serde_json::Value` |
//! | `AirbyteStateStats` | [`StateStats`] |
//! | `StreamDescriptor` | [`StreamDescriptor`] |
//! | `AirbyteLogMessage` | [`Log`], [`Level`] |
//! | `AirbyteTraceMessage` | [`Trace`], [`Event`] |
//! | `AirbyteErrorTraceMessage` | [`ErrorTrace`], [`FailureType`] |
//! | `AirbyteEstimateTraceMessage` | [`Estimate`], [`EstimateKind`] |
//! | `AirbyteStreamStatusTraceMessage` | [`StreamStatusTrace`] |
//! | `AirbyteStreamStatus` | [`StreamStatus`] |
//! | `AirbyteStreamStatusReason`, `…ReasonType`, `…RateLimitedReason` | [`StatusReason`] |
//! | `AirbyteAnalyticsTraceMessage` | [`Analytics`] |
//! | `AirbyteControlMessage`, `AirbyteControlConnectorConfigMessage` | [`Control`] |
//! | `AirbyteConnectionStatus` | [`ConnectionStatus`], [`Status`] |
//! | `AirbyteCatalog` | [`Catalog`] |
//! | `AirbyteStream` | [`Stream`] |
//! | `ConfiguredAirbyteCatalog` | [`ConfiguredCatalog`] |
//! | `ConfiguredAirbyteStream` | [`ConfiguredStream`] |
//! | `SyncMode`, `DestinationSyncMode` | [`SyncMode`], [`DestinationSyncMode`] |
//! | `DestinationCatalog`, `DestinationOperation` | [`DestinationCatalog`], [`DestinationOperation`] |
//! | `ConnectorSpecification` | [`Specification`] |
//! | its `advanced_auth`, its `authSpecification` | [`AdvancedAuth`], [`AuthSpecification`], [`AuthFlow`] |
//! | `OAuthConfigSpecification` | [`OAuthConfig`], [`OAuthConnectorInput`], [`OAuthState`] |
//! | `OAuth2Specification` | [`OAuth2Specification`] |

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
pub use state::{GlobalState, Position, State, StateInput, StateLine, StateStats, StreamState};
pub use stream::StreamDescriptor;
pub use trace::{
    Analytics, ErrorTrace, Estimate, EstimateKind, Event, FailureType, StatusReason, StreamStatus,
    StreamStatusTrace, Trace,
};

/// The version of the protocol that these types speak, as it stands in a SPEC.
pub const PROTOCOL_VERSION: &str = "0.18.0";

/// The examples of the README, which run as those of the documentation do.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

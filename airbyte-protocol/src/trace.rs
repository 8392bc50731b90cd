use crate::StreamDescriptor;
use serde::{Serialize, Serializer, ser::SerializeMap};

/// News about the sync itself: the payload of TRACE. Times are milliseconds since the epoch.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// When it happened.
    pub emitted_at: u64,
    /// What happened.
    pub event: Event,
}

/// The kinds of TRACE that a source writes.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Something failed; the process will exit with a code other than 0.
    Error(ErrorTrace),
    /// How much is about to come.
    Estimate(Estimate),
    /// A stream started, runs or ended.
    StreamStatus(StreamStatusTrace),
}

impl Trace {
    /// An ERROR.
    pub fn error(error: ErrorTrace, emitted_at: u64) -> Self {
        Self { emitted_at, event: Event::Error(error) }
    }

    /// A STREAM_STATUS without reasons.
    pub fn status(descriptor: StreamDescriptor, status: StreamStatus, emitted_at: u64) -> Self {
        let status =
            StreamStatusTrace { stream_descriptor: descriptor, status, reasons: Vec::new() };
        Self { emitted_at, event: Event::StreamStatus(status) }
    }

    /// An ESTIMATE.
    pub fn estimate(estimate: Estimate, emitted_at: u64) -> Self {
        Self { emitted_at, event: Event::Estimate(estimate) }
    }
}

impl Serialize for Trace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        let kind = match &self.event {
            Event::Error(_) => "ERROR",
            Event::Estimate(_) => "ESTIMATE",
            Event::StreamStatus(_) => "STREAM_STATUS",
        };
        map.serialize_entry("type", kind)?;
        map.serialize_entry("emitted_at", &self.emitted_at)?;
        match &self.event {
            Event::Error(error) => map.serialize_entry("error", error)?,
            Event::Estimate(estimate) => map.serialize_entry("estimate", estimate)?,
            Event::StreamStatus(status) => map.serialize_entry("stream_status", status)?,
        }
        map.end()
    }
}

/// Whose fault an error is, as far as the platform cares (retry, or call the user).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureType {
    /// A fault of the connector or its surroundings.
    SystemError,
    /// The user must change the configuration.
    ConfigError,
    /// It may work later.
    TransientError,
}

/// An error for the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorTrace {
    /// One sentence for the user.
    pub message: String,
    /// What developers need to know beyond that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internal_message: Option<String>,
    /// The whole trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_trace: Option<String>,
    /// Whose fault.
    pub failure_type: FailureType,
    /// The stream it belongs to, if it is one stream's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_descriptor: Option<StreamDescriptor>,
}

/// Where a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum StreamStatus {
    /// Began; nothing read yet.
    Started,
    /// The first record was read.
    Running,
    /// Ended well.
    Complete,
    /// Ended before its end.
    Incomplete,
}

/// A stream's status and its reasons.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StreamStatusTrace {
    /// Which stream.
    pub stream_descriptor: StreamDescriptor,
    /// Where it is.
    pub status: StreamStatus,
    /// Why, when that is worth saying.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<StatusReason>,
}

/// Why a stream that runs doesn't move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusReason {
    /// The API's quota is used up until this time (milliseconds since the epoch), if known.
    RateLimited(Option<u64>),
}

impl Serialize for StatusReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self::RateLimited(quota_reset) = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", "RATE_LIMITED")?;
        if let Some(at) = quota_reset {
            map.serialize_entry("rate_limited", &serde_json::json!({ "quota_reset": at }))?;
        }
        map.end()
    }
}

/// What an [`Estimate`] speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum EstimateKind {
    /// One stream.
    Stream,
    /// All that comes.
    Sync,
}

/// A guess at how much will come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Estimate {
    /// The stream's name.
    pub name: String,
    /// Its namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// What the guess speaks of.
    #[serde(rename = "type")]
    pub kind: EstimateKind,
    /// Rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row_estimate: Option<u64>,
    /// Bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub byte_estimate: Option<u64>,
}

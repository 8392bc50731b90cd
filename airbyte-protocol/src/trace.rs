use crate::StreamDescriptor;
use crate::document::since_epoch;
use crate::stream::null_is_default;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeMap};

/// News about the sync itself: the payload of TRACE (`AirbyteTraceMessage`). Times are milliseconds
/// since the epoch; the protocol allows fractions of them, which are cut off on the way in.
///
/// ```
/// use airbyte_protocol::{Event, Message};
///
/// let line = br#"{"type":"TRACE","trace":{"type":"ANALYTICS","emitted_at":1732000000000.25,
///     "analytics":{"type":"db-version","value":"16"}}}"#;
/// let Message::Trace(trace) = Message::parse(line)? else { panic!("no trace") };
/// assert_eq!(trace.emitted_at, 1_732_000_000_000);
/// assert!(matches!(trace.event, Event::Analytics(usage) if usage.value.as_deref() == Some("16")));
/// # Ok::<(), airbyte_protocol::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// When it happened.
    pub emitted_at: u64,
    /// What happened.
    pub event: Event,
}

/// The kinds of TRACE.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// Something failed; the process will exit with a code other than 0.
    Error(ErrorTrace),
    /// How much is about to come.
    Estimate(Estimate),
    /// A stream started, runs or ended.
    StreamStatus(StreamStatusTrace),
    /// How the connector is used.
    Analytics(Analytics),
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

    /// An ANALYTICS.
    pub fn analytics(analytics: Analytics, emitted_at: u64) -> Self {
        Self { emitted_at, event: Event::Analytics(analytics) }
    }
}

impl Serialize for Trace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        let kind = match &self.event {
            Event::Error(_) => "ERROR",
            Event::Estimate(_) => "ESTIMATE",
            Event::StreamStatus(_) => "STREAM_STATUS",
            Event::Analytics(_) => "ANALYTICS",
        };
        map.serialize_entry("type", kind)?;
        map.serialize_entry("emitted_at", &self.emitted_at)?;
        match &self.event {
            Event::Error(error) => map.serialize_entry("error", error)?,
            Event::Estimate(estimate) => map.serialize_entry("estimate", estimate)?,
            Event::StreamStatus(status) => map.serialize_entry("stream_status", status)?,
            Event::Analytics(analytics) => map.serialize_entry("analytics", analytics)?,
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Trace {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        enum Kind {
            Error,
            Estimate,
            StreamStatus,
            Analytics,
        }
        #[derive(Deserialize)]
        struct Wire {
            #[serde(rename = "type")]
            kind: Kind,
            #[serde(deserialize_with = "since_epoch")]
            emitted_at: u64,
            error: Option<ErrorTrace>,
            estimate: Option<Estimate>,
            stream_status: Option<StreamStatusTrace>,
            analytics: Option<Analytics>,
        }
        let wire = Wire::deserialize(d)?;
        let event = match wire.kind {
            Kind::Error => wire.error.map(Event::Error).ok_or("error"),
            Kind::Estimate => wire.estimate.map(Event::Estimate).ok_or("estimate"),
            Kind::StreamStatus => {
                wire.stream_status.map(Event::StreamStatus).ok_or("stream_status")
            }
            Kind::Analytics => wire.analytics.map(Event::Analytics).ok_or("analytics"),
        };
        let event = event.map_err(D::Error::missing_field)?;
        Ok(Self { emitted_at: wire.emitted_at, event })
    }
}

/// Whose fault an error is, as far as the platform cares (retry, or call the user).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FailureType {
    /// A fault of the connector or its surroundings.
    SystemError,
    /// The user must change the configuration.
    ConfigError,
    /// It may work later.
    TransientError,
}

/// An error for the user (`AirbyteErrorTraceMessage`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorTrace {
    /// One sentence for the user.
    pub message: String,
    /// What developers need to know beyond that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internal_message: Option<String>,
    /// The whole trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_trace: Option<String>,
    /// Whose fault; unsaid is the connector's. Sources should always say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_type: Option<FailureType>,
    /// The stream it belongs to, if it is one stream's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_descriptor: Option<StreamDescriptor>,
}

/// Where a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
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

/// A stream's status and its reasons (`AirbyteStreamStatusTraceMessage`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StreamStatusTrace {
    /// Which stream.
    pub stream_descriptor: StreamDescriptor,
    /// Where it is.
    pub status: StreamStatus,
    /// Why, when that is worth saying.
    #[serde(default, deserialize_with = "null_is_default", skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<StatusReason>,
}

/// Why a stream that runs doesn't move (`AirbyteStreamStatusReason`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
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

impl<'de> Deserialize<'de> for StatusReason {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        enum Kind {
            #[serde(rename = "RATE_LIMITED")]
            RateLimited,
        }
        #[derive(Deserialize)]
        struct Wire {
            #[serde(rename = "type")]
            kind: Kind,
            rate_limited: Option<RateLimited>,
        }
        #[derive(Deserialize)]
        struct RateLimited {
            quota_reset: Option<u64>,
        }
        let Wire { kind: Kind::RateLimited, rate_limited } = Wire::deserialize(d)?;
        Ok(Self::RateLimited(rate_limited.and_then(|limit| limit.quota_reset)))
    }
}

/// What an [`Estimate`] speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum EstimateKind {
    /// One stream.
    Stream,
    /// All that comes.
    Sync,
}

/// A guess at how much will come (`AirbyteEstimateTraceMessage`). A source that guesses by stream
/// doesn't guess for the sync as well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// The stream's name; required by the protocol even for a guess at the whole sync.
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

/// How the connector is used, for its makers (`AirbyteAnalyticsTraceMessage`): an event and a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Analytics {
    /// The event: a fixed text, never one made at run time, and shared by all connectors.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its value; numbers are written as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

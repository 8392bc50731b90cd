use crate::{
    Catalog, Control, DestinationCatalog, Error, Log, Record, Specification, State, Trace,
};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value};

/// One line of a connector's stdout (`AirbyteMessage`).
///
/// A source doesn't write its records one by one through here (see [`record`](crate::record)).
///
/// ```
/// use airbyte_protocol::{Level, Log, Message};
///
/// let line = r#"{"type":"LOG","log":{"level":"INFO","message":"hello"}}"#;
/// let message = Message::parse(line.as_bytes())?;
/// assert_eq!(message, Message::Log(Log::new(Level::Info, "hello")));
/// assert_eq!(message.to_line().trim_end(), line);
/// # Ok::<(), airbyte_protocol::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Message {
    /// The answer to `spec`.
    Spec(Specification),
    /// The answer to `check`.
    ConnectionStatus(ConnectionStatus),
    /// The answer to `discover`.
    Catalog(Catalog),
    /// A row of `read`.
    Record(Record),
    /// A checkpoint of `read`, or of a destination that gives it back.
    State(State),
    /// Something for the user's log.
    Log(Log),
    /// An error, a stream's status, an estimate.
    Trace(Trace),
    /// A message to the orchestrator.
    Control(Control),
    /// A destination's answer to `discover`.
    DestinationCatalog(DestinationCatalog),
}

impl Message {
    /// The `type` of the message as the protocol writes it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Spec(_) => "SPEC",
            Self::ConnectionStatus(_) => "CONNECTION_STATUS",
            Self::Catalog(_) => "CATALOG",
            Self::Record(_) => "RECORD",
            Self::State(_) => "STATE",
            Self::Log(_) => "LOG",
            Self::Trace(_) => "TRACE",
            Self::Control(_) => "CONTROL",
            Self::DestinationCatalog(_) => "DESTINATION_CATALOG",
        }
    }

    /// Reads one line of a connector, with or without its line end: unknown keys, nulls and repeated
    /// keys are fine.
    ///
    /// Only the payload that `type` names is looked at; what else the message holds is dropped.
    ///
    /// # Errors
    ///
    /// Names the place: not JSON (line, column; a platform takes such a line for a log line), a
    /// `type` that protocol 0.18 doesn't know, a payload that is missing or not of its shape
    /// (`record.emitted_at`).
    pub fn parse(line: &[u8]) -> Result<Self, Error> {
        let value: Value = serde_json::from_slice(line).map_err(|e| Error::syntax(&e))?;
        let Value::Object(mut map) = value else {
            return Err(Error::new("", "expected a message, which is an object"));
        };
        let Some(Value::String(kind)) = map.shift_remove("type") else {
            return Err(Error::new("", "this is no Airbyte message: it has no `type`"));
        };
        Ok(match kind.as_str() {
            "SPEC" => Self::Spec(payload(map, "spec")?),
            "CONNECTION_STATUS" => Self::ConnectionStatus(payload(map, "connectionStatus")?),
            "CATALOG" => Self::Catalog(payload(map, "catalog")?),
            "RECORD" => Self::Record(payload(map, "record")?),
            "STATE" => Self::State(payload(map, "state")?),
            "LOG" => Self::Log(payload(map, "log")?),
            "TRACE" => Self::Trace(payload(map, "trace")?),
            "CONTROL" => Self::Control(payload(map, "control")?),
            "DESTINATION_CATALOG" => Self::DestinationCatalog(payload(map, "destination_catalog")?),
            _ => return Err(Error::new("type", "expected a message type of protocol 0.18")),
        })
    }

    /// The message as one line of JSON with its newline.
    pub fn to_line(&self) -> String {
        let mut line = serde_json::to_string(self).expect("protocol types have string keys only");
        line.push('\n');
        line
    }
}

/// Reads what a message carries.
fn payload<T>(mut map: Map<String, Value>, key: &str) -> Result<T, Error>
where
    T: serde::de::DeserializeOwned,
{
    match map.shift_remove(key) {
        None | Some(Value::Null) => Err(Error::new("", format!("missing field `{key}`"))),
        Some(value) => Error::reading(key, value),
    }
}

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("type", self.kind())?;
        match self {
            Self::Spec(payload) => map.serialize_entry("spec", payload)?,
            Self::ConnectionStatus(payload) => map.serialize_entry("connectionStatus", payload)?,
            Self::Catalog(payload) => map.serialize_entry("catalog", payload)?,
            Self::Record(payload) => map.serialize_entry("record", payload)?,
            Self::State(payload) => map.serialize_entry("state", payload)?,
            Self::Log(payload) => map.serialize_entry("log", payload)?,
            Self::Trace(payload) => map.serialize_entry("trace", payload)?,
            Self::Control(payload) => map.serialize_entry("control", payload)?,
            Self::DestinationCatalog(payload) => {
                map.serialize_entry("destination_catalog", payload)?;
            }
        }
        map.end()
    }
}

/// The verdict of a `check` (`AirbyteConnectionStatus`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct ConnectionStatus {
    /// Whether the configuration works.
    pub status: Status,
    /// A sentence for the user; always there when it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Whether a `check` found the configuration good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// It works.
    Succeeded,
    /// It doesn't; exit code 0 all the same, since this is an answer.
    Failed,
}

impl ConnectionStatus {
    /// The configuration works.
    pub fn succeeded() -> Self {
        Self { status: Status::Succeeded, message: None }
    }

    /// It doesn't, and this sentence says why.
    pub fn failed(message: impl Into<String>) -> Self {
        Self { status: Status::Failed, message: Some(message.into()) }
    }
}

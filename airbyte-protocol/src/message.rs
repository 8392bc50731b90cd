use crate::{Catalog, Control, Log, Specification, State, Trace};
use serde::{Serialize, Serializer, ser::SerializeMap};

/// One line of a source's stdout, all kinds but RECORD (see [`crate::record`]).
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// The answer to `spec`.
    Spec(Specification),
    /// The answer to `check`.
    ConnectionStatus(ConnectionStatus),
    /// The answer to `discover`.
    Catalog(Catalog),
    /// A checkpoint of `read`.
    State(State),
    /// Something for the user's log.
    Log(Log),
    /// An error, a stream's status, an estimate.
    Trace(Trace),
    /// A message to the orchestrator.
    Control(Control),
}

impl Message {
    /// The `type` of the message as the protocol writes it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Spec(_) => "SPEC",
            Self::ConnectionStatus(_) => "CONNECTION_STATUS",
            Self::Catalog(_) => "CATALOG",
            Self::State(_) => "STATE",
            Self::Log(_) => "LOG",
            Self::Trace(_) => "TRACE",
            Self::Control(_) => "CONTROL",
        }
    }

    /// The message as one line of JSON with its newline.
    pub fn to_line(&self) -> String {
        let mut line = serde_json::to_string(self).expect("protocol types have string keys only");
        line.push('\n');
        line
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
            Self::State(payload) => map.serialize_entry("state", payload)?,
            Self::Log(payload) => map.serialize_entry("log", payload)?,
            Self::Trace(payload) => map.serialize_entry("trace", payload)?,
            Self::Control(payload) => map.serialize_entry("control", payload)?,
        }
        map.end()
    }
}

/// The verdict of a `check`.
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

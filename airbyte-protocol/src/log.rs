use serde::{Deserialize, Serialize};

/// How grave a [`Log`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// Finest detail.
    Trace,
    /// Detail for developers.
    Debug,
    /// What goes on.
    Info,
    /// Something the user should look at.
    Warn,
    /// Something failed.
    Error,
    /// The connector can't go on.
    Fatal,
}

/// A line for the user's log: the payload of LOG (`AirbyteLogMessage`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// How grave.
    pub level: Level,
    /// What to read; fields stand in it as `key=value`, since LOG has no others.
    pub message: String,
    /// The trace that belongs to an exception.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack_trace: Option<String>,
}

impl Log {
    /// A line without a trace.
    pub fn new(level: Level, message: impl Into<String>) -> Self {
        Self { level, message: message.into(), stack_trace: None }
    }
}

use crate::document::since_epoch;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A new configuration that the platform should store: CONTROL CONNECTOR_CONFIG, the only kind of
/// control message there is (`AirbyteControlMessage`, `AirbyteControlConnectorConfigMessage`).
///
/// It carries secrets by its nature and must never be logged. Sources send it whose tokens change
/// while they run.
///
/// ```
/// use airbyte_protocol::{Control, Message};
///
/// let config = serde_json::from_str(r#"{"refresh_token":"r2"}"#)?;
/// assert_eq!(
///     Message::Control(Control::connector_config(config, 5)).to_line(),
///     concat!(
///         r#"{"type":"CONTROL","control":{"type":"CONNECTOR_CONFIG","emitted_at":5,"#,
///         r#""connectorConfig":{"config":{"refresh_token":"r2"}}}}"#,
///         "\n"
///     )
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Control {
    #[serde(rename = "type")]
    kind: Kind,
    /// Milliseconds since the epoch; a fraction is cut off on the way in.
    #[serde(deserialize_with = "since_epoch")]
    pub emitted_at: u64,
    #[serde(rename = "connectorConfig")]
    connector_config: ConnectorConfig,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Kind {
    #[serde(rename = "CONNECTOR_CONFIG")]
    ConnectorConfig,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct ConnectorConfig {
    config: Map<String, Value>,
}

impl Control {
    /// Asks the platform to store `config` from now on.
    pub fn connector_config(config: Map<String, Value>, emitted_at: u64) -> Self {
        Self {
            kind: Kind::ConnectorConfig,
            emitted_at,
            connector_config: ConnectorConfig { config },
        }
    }

    /// The configuration to store.
    pub fn config(&self) -> &Map<String, Value> {
        &self.connector_config.config
    }
}

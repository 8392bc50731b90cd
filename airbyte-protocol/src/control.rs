use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A new configuration that the platform should store: CONTROL CONNECTOR_CONFIG.
///
/// It carries secrets by its nature and is never logged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Control {
    #[serde(rename = "type")]
    kind: Kind,
    /// Milliseconds since the epoch.
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

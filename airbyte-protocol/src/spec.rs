use crate::Error;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a source wants to be told: the payload of SPEC (`ConnectorSpecification`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Specification {
    /// Where the user can read more.
    #[serde(rename = "documentationUrl", default, skip_serializing_if = "Option::is_none")]
    pub documentation_url: Option<String>,
    /// Where the history of the connector stands.
    #[serde(rename = "changelogUrl", default, skip_serializing_if = "Option::is_none")]
    pub changelog_url: Option<String>,
    /// JSON Schema (draft 7) of the config: an object with `properties`; secrets carry
    /// `airbyte_secret: true`.
    #[serde(rename = "connectionSpecification")]
    pub connection_specification: Map<String, Value>,
    /// How a user can sign in elsewhere; kept as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advanced_auth: Option<Value>,
    /// The protocol's version that the source speaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol_version: Option<String>,
}

impl Specification {
    /// A specification in this crate's protocol version with the given config schema.
    pub fn new(connection_specification: Map<String, Value>) -> Self {
        Self {
            documentation_url: None,
            changelog_url: None,
            connection_specification,
            advanced_auth: None,
            protocol_version: Some(crate::PROTOCOL_VERSION.to_owned()),
        }
    }

    /// Reads a specification, bare or inside a SPEC message, as files of connectors hold both.
    ///
    /// # Errors
    ///
    /// Not JSON (line, column), or no object under `connectionSpecification`.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let mut value: Value = serde_json::from_slice(bytes).map_err(|e| Error::syntax(&e))?;
        if let Some(inner) = value.get_mut("spec").filter(|inner| inner.is_object()) {
            value = inner.take();
        }
        serde_path_to_error::deserialize(value).map_err(|e| crate::configured::path_error("", &e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_and_wrapped_specs_read_alike() {
        let bare = br#"{"connectionSpecification":{"type":"object"},"supportsDBT":false}"#;
        let wrapped = br#"{"type":"SPEC","spec":{"connectionSpecification":{"type":"object"}}}"#;
        assert_eq!(Specification::parse(bare), Specification::parse(wrapped));
        assert!(Specification::parse(b"{}").is_err());
    }
}

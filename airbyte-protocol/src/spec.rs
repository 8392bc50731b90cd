use crate::document::{Extra, document};
use crate::{AdvancedAuth, AuthSpecification, DestinationSyncMode, Error};
use serde_json::{Map, Value};

document! {
    /// What a connector wants to be told: the payload of SPEC (`ConnectorSpecification`).
    ///
    /// ```
    /// use airbyte_protocol::Specification;
    ///
    /// let schema = r#"{"type":"object","properties":{"token":{"type":"string","airbyte_secret":true}}}"#;
    /// let spec = Specification::new(serde_json::from_str(schema)?);
    /// assert_eq!(
    ///     serde_json::to_string(&spec)?,
    ///     format!(r#"{{"connectionSpecification":{schema},"protocol_version":"0.18.0"}}"#)
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[derive(Debug, Clone, PartialEq)]
    pub struct Specification {
        /// Where the user can read more: a URL.
        pub documentation_url: Option<String> = optional "documentationUrl",
        /// Where the history of the connector stands: a URL.
        pub changelog_url: Option<String> = optional "changelogUrl",
        /// JSON Schema (draft 7) of the config: an object with `properties`; secrets carry
        /// `airbyte_secret: true`.
        pub connection_specification: Map<String, Value> = required "connectionSpecification",
        /// Whether a source can read incrementally; deprecated, the catalog says it by stream.
        pub supports_incremental: Option<bool> = optional "supportsIncremental",
        /// Whether a destination normalises; no, if unsaid.
        pub supports_normalization: Option<bool> = optional "supportsNormalization",
        /// Whether a destination runs dbt; no, if unsaid.
        pub supports_dbt: Option<bool> = optional "supportsDBT",
        /// What a destination can do with what arrives.
        pub supported_destination_sync_modes: Vec<DestinationSyncMode> = optional "supported_destination_sync_modes",
        /// How a user can sign in elsewhere, in the old way.
        pub auth_specification: Option<Box<AuthSpecification>> = optional "authSpecification",
        /// How a user can sign in elsewhere.
        pub advanced_auth: Option<Box<AdvancedAuth>> = optional "advanced_auth",
        /// The protocol's version that the connector speaks.
        pub protocol_version: Option<String> = optional "protocol_version",
    }
}

impl Specification {
    /// A specification in this crate's protocol version with the given config schema.
    pub fn new(connection_specification: Map<String, Value>) -> Self {
        Self {
            documentation_url: None,
            changelog_url: None,
            connection_specification,
            supports_incremental: None,
            supports_normalization: None,
            supports_dbt: None,
            supported_destination_sync_modes: Vec::new(),
            auth_specification: None,
            advanced_auth: None,
            protocol_version: Some(crate::PROTOCOL_VERSION.to_owned()),
            extra: Extra::NONE,
        }
    }

    /// Reads a specification, bare or inside a SPEC message, as files of connectors hold both.
    ///
    /// # Errors
    ///
    /// Not JSON (line, column), no object under `connectionSpecification`, or a key of another type
    /// than the protocol's (its path).
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let mut value: Value = serde_json::from_slice(bytes).map_err(|e| Error::syntax(&e))?;
        if let Some(inner) = value.get_mut("spec").filter(|inner| inner.is_object()) {
            value = inner.take();
        }
        Error::reading("", value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_and_wrapped_specs_read_alike() {
        let bare = br#"{"connectionSpecification":{"type":"object"},"supportsDBT":null}"#;
        let wrapped = br#"{"type":"SPEC","spec":{"connectionSpecification":{"type":"object"}}}"#;
        assert_eq!(Specification::parse(bare), Specification::parse(wrapped));
        assert!(Specification::parse(b"{}").is_err());
    }

    #[test]
    fn what_is_wrong_deep_inside_is_named_by_its_path() {
        let text = br#"{"connectionSpecification":{},"advanced_auth":{"oauth_config_specification":
            {"oauth_connector_input_specification":{"consent_url":"u"}}}}"#;
        assert_eq!(
            Specification::parse(text).unwrap_err().to_string(),
            "at advanced_auth.oauth_config_specification.oauth_connector_input_specification: \
             missing field `access_token_url`"
        );
    }
}

use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt;

/// A setting that nobody may see: the spec marks it as `airbyte_secret`, and its `Debug` shows nothing
/// of it.
///
/// ```
/// use airbyte_singer_sdk::toolkit::{Secret, specification};
///
/// #[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
/// struct Config {
///     /// The key that the API gave you
///     api_key: Secret,
/// }
///
/// let spec = specification::<Config>().connection_specification;
/// assert_eq!(spec["properties"]["api_key"]["airbyte_secret"], true);
/// let config: Config = serde_json::from_str(r#"{"api_key": "hunter2"}"#)?;
/// assert_eq!(format!("{config:?}"), "Config { api_key: **** }");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline, description = "A secret", extend("airbyte_secret" = true))]
pub struct Secret(String);

impl Secret {
    /// What must not be seen.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("****")
    }
}

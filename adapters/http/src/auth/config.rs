//! Credentials that the user chooses in the config.

mod build;

use super::JwtAlgorithm;
use airbyte_singer_runtime::Result;
use airbyte_singer_toolkit::Secret;
use schemars::JsonSchema;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// How to sign in, as a user says it in the config: a field for any connector's own type.
///
/// ```
/// use airbyte_singer_sdk::http::AuthConfig;
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct Config {
///     /// How to sign in
///     auth: AuthConfig,
/// }
///
/// let config = r#"{"auth": {"type": "api_key", "name": "X-Key", "key": "hunter2"}}"#;
/// let config: Config = serde_json::from_str(config)?;
/// assert!(matches!(config.auth, AuthConfig::ApiKey(_)));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, JsonSchema)]
#[schemars(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum AuthConfig {
    /// The API is open to everybody
    #[default]
    #[schemars(title = "None")]
    None,
    /// A token in the header Authorization
    #[schemars(title = "Bearer token")]
    Bearer(BearerConfig),
    /// A key in a header or in the query
    #[schemars(title = "API key")]
    ApiKey(ApiKeyConfig),
    /// A user's name and password
    #[schemars(title = "User and password")]
    Basic(BasicConfig),
    /// A token that a login gives
    #[schemars(title = "Session token")]
    SessionToken(SessionTokenConfig),
    /// A token that is signed here
    #[schemars(title = "JSON Web Token")]
    Jwt(JwtConfig),
    /// Access tokens that are renewed
    #[schemars(title = "OAuth 2.0", rename = "oauth2")]
    OAuth2(Box<OAuthConfig>),
}

/// The settings of [`AuthConfig::Bearer`].
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct BearerConfig {
    /// The token
    pub token: Secret,
}

/// The settings of [`AuthConfig::ApiKey`].
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ApiKeyConfig {
    /// The header or parameter that holds the key
    pub name: String,
    /// The key
    pub key: Secret,
    /// Where the key goes
    #[serde(default)]
    pub sent_in: SentIn,
}

/// Where a credential is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SentIn {
    /// In a header
    #[default]
    Header,
    /// In the query
    Query,
}

/// The settings of [`AuthConfig::Basic`].
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct BasicConfig {
    /// The user's name
    pub username: String,
    /// The password; some APIs take a key for the name and none
    #[serde(default = "empty")]
    pub password: Secret,
}

/// The settings of [`AuthConfig::SessionToken`].
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct SessionTokenConfig {
    /// The address that logs in, by POST
    pub login_url: String,
    /// The fields of the login, such as user and password
    pub login: BTreeMap<String, Secret>,
    /// Whether the login is sent as a form rather than as JSON
    #[serde(default)]
    pub as_form: bool,
    /// Where in the answer the token stands: a JSON Pointer such as /token
    pub token_pointer: String,
    /// The header that holds the token; by default it is sent as a bearer token
    pub header: Option<String>,
    /// How many seconds a token is good for; by default until it is refused
    pub lifetime_seconds: Option<u64>,
    /// Statuses beside 401 by which the API says that the session has ended, such as 403
    #[serde(default)]
    pub expired_statuses: Vec<u16>,
}

/// The settings of [`AuthConfig::Jwt`].
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct JwtConfig {
    /// How the token is signed
    pub algorithm: JwtAlgorithm,
    /// The key that signs it: a text for HMAC, else a private key in PEM
    pub private_key: Secret,
    /// Which of several keys it is (kid)
    pub key_id: Option<String>,
    /// Who we are (iss)
    pub issuer: Option<String>,
    /// On whose behalf (sub)
    pub subject: Option<String>,
    /// For whom the token is (aud)
    pub audience: Option<String>,
    /// Other claims
    #[serde(default)]
    pub claims: Map<String, Value>,
    /// How many seconds a token is good for; by default 300
    pub lifetime_seconds: Option<u64>,
}

/// The settings of [`AuthConfig::OAuth2`].
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct OAuthConfig {
    /// The address of the token endpoint
    pub token_url: String,
    /// What is exchanged for an access token
    #[serde(default)]
    pub grant: OAuthGrant,
    /// The client's id
    pub client_id: Option<String>,
    /// The client's secret
    pub client_secret: Option<Secret>,
    /// The refresh token, for that grant
    pub refresh_token: Option<Secret>,
    /// The token that is signed, for the grant jwt_bearer
    pub jwt: Option<JwtConfig>,
    /// What the access token is to be good for
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Other fields of the request for a token
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// Whether id and secret are sent as HTTP Basic rather than with the other fields
    #[serde(default)]
    pub client_by_basic: bool,
    /// An access token that is still good; if there is one, each new one is kept here
    pub access_token: Option<Secret>,
    /// Where in the answer of the token endpoint the access token stands: a JSON Pointer such as
    /// /data/access_token. The refresh token and its life are beside it or at the top
    pub token_pointer: Option<String>,
    /// Statuses beside 401 by which the API says that the access token has ended, such as 403
    #[serde(default)]
    pub expired_statuses: Vec<u16>,
    /// When the access token ends
    #[schemars(extend("format" = "date-time"))]
    pub token_expiry_date: Option<String>,
}

/// What an [`OAuthConfig`] exchanges for an access token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OAuthGrant {
    /// A refresh token
    #[default]
    RefreshToken,
    /// The client's id and secret
    ClientCredentials,
    /// A token that is signed here
    JwtBearer,
}

// Not derived: serde's own way to a tagged enum goes through a buffer, in which numbers that keep their
// digits are no numbers any more.
impl<'de> Deserialize<'de> for AuthConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut settings = Map::<String, Value>::deserialize(deserializer)?;
        let kind = settings.shift_remove("type").ok_or_else(|| D::Error::missing_field("type"))?;
        match kind.as_str() {
            Some("none") => Ok(Self::None),
            Some("bearer") => typed(settings).map(Self::Bearer),
            Some("api_key") => typed(settings).map(Self::ApiKey),
            Some("basic") => typed(settings).map(Self::Basic),
            Some("session_token") => typed(settings).map(Self::SessionToken),
            Some("jwt") => typed(settings).map(Self::Jwt),
            Some("oauth2") => typed(settings).map(Self::OAuth2),
            _ => Err(D::Error::custom("no known type")),
        }
    }
}

fn typed<T: DeserializeOwned, E: serde::de::Error>(settings: Map<String, Value>) -> Result<T, E> {
    serde_json::from_value(Value::Object(settings)).map_err(E::custom)
}

fn empty() -> Secret {
    Secret::from("")
}

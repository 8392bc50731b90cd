//! Credentials that the user chooses in the config.

use super::super::Body;
use super::place::learn;
use super::{
    ApiKey, Auth, Basic, Bearer, Jwt, JwtAlgorithm, OAuth, OAuthSettings, Place, SessionToken,
};
use crate::toolkit::{Connection, Secret};
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::time::Duration;

/// How to sign in, as a user says it in the config: a field for any connector's own type.
///
/// ```
/// use airbyte_adapters::http::AuthConfig;
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
pub struct BearerConfig {
    /// The token
    pub token: Secret,
}

/// The settings of [`AuthConfig::ApiKey`].
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct ApiKeyConfig {
    /// The header or parameter that holds the key
    pub name: String,
    /// The key
    pub key: Secret,
    /// Where the key goes
    #[serde(default)]
    pub sent: Sent,
}

/// Where a credential is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sent {
    /// In a header
    #[default]
    Header,
    /// In the query
    Query,
}

/// The settings of [`AuthConfig::Basic`].
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct BasicConfig {
    /// The user's name
    pub username: String,
    /// The password; some APIs take a key for the name and none
    #[serde(default = "empty")]
    pub password: Secret,
}

/// The settings of [`AuthConfig::SessionToken`].
#[derive(Debug, Clone, Deserialize, JsonSchema)]
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
}

/// The settings of [`AuthConfig::Jwt`].
#[derive(Debug, Clone, Deserialize, JsonSchema)]
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
    /// When the access token ends
    #[schemars(extend("format" = "date-time"))]
    pub token_expiry_date: Option<String>,
}

/// What an [`OAuthConfig`] exchanges for an access token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
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

impl AuthConfig {
    /// What signs requests as the user says.
    ///
    /// # Errors
    ///
    /// A config error that names the setting that doesn't do.
    pub fn auth(self, connection: &Connection) -> Result<Box<dyn Auth>> {
        Ok(match self {
            Self::None => Box::new(()),
            Self::Bearer(given) => Box::new(Bearer::new(connection, given.token)?),
            Self::ApiKey(given) => {
                let place = match given.sent {
                    Sent::Header => Place::header(&given.name)?,
                    Sent::Query => Place::query(&given.name),
                };
                Box::new(ApiKey::at(connection, &place, given.key)?)
            }
            Self::Basic(given) => {
                Box::new(Basic::new(connection, &given.username, given.password)?)
            }
            Self::SessionToken(given) => Box::new(given.session(connection)?),
            Self::Jwt(given) => Box::new(given.jwt(connection)?),
            Self::OAuth2(given) => Box::new(given.oauth(connection)?),
        })
    }
}

impl SessionTokenConfig {
    fn session(self, connection: &Connection) -> Result<SessionToken> {
        for value in self.login.values() {
            learn(connection, value.expose());
        }
        let fields =
            self.login.iter().map(|(name, value)| (name.clone(), value.expose().to_owned()));
        let body = match self.as_form {
            true => Body::Form(fields.collect()),
            false => Body::Json(fields.map(|(k, v)| (k, Value::String(v))).collect()),
        };
        let (url, token) = (&self.login_url, &self.token_pointer);
        let mut session = SessionToken::new(connection, url, body, token)?;
        if let Some(header) = &self.header {
            session = session.at(Place::header(header)?);
        }
        if let Some(seconds) = self.lifetime_seconds {
            session = session.lasts(Duration::from_secs(seconds));
        }
        Ok(session)
    }
}

impl JwtConfig {
    fn jwt(self, connection: &Connection) -> Result<Jwt> {
        let mut jwt = Jwt::new(connection, self.algorithm, self.private_key)?;
        if let Some(id) = &self.key_id {
            jwt = jwt.key_id(id);
        }
        let standard = [("iss", self.issuer), ("sub", self.subject), ("aud", self.audience)];
        let standard = standard.into_iter().filter_map(|(name, value)| Some((name, value?)));
        jwt = standard.fold(jwt, |jwt, (name, value)| jwt.claim(name, value));
        jwt = self.claims.into_iter().fold(jwt, |jwt, (name, value)| jwt.claim(&name, value));
        if let Some(seconds) = self.lifetime_seconds {
            jwt = jwt.lasts(Duration::from_secs(seconds));
        }
        Ok(jwt)
    }
}

impl OAuthConfig {
    fn oauth(self, connection: &Connection) -> Result<OAuth> {
        let stands = connection.setting_with(&self.token_url);
        let missing = |name: &str| {
            let setting = stands.as_ref().map_or_else(|| name.into(), |url| url.sibling(name));
            Error::config(format!("the config is not valid: setting `{setting}` is missing"))
        };
        let url = &self.token_url;
        let mut oauth = match self.grant {
            OAuthGrant::RefreshToken => {
                let token = self.refresh_token.ok_or_else(|| missing("refresh_token"))?;
                let stands = connection.setting_with(token.expose());
                let oauth = OAuth::refresh_token(connection, url, token)?;
                match stands.filter(|_| self.access_token.is_some()) {
                    None => oauth,
                    Some(stands) => {
                        let beside = |name| stands.sibling(name);
                        let (token, ends) = (beside("access_token"), beside("token_expiry_date"));
                        let settings = OAuthSettings::under("").refresh_token(stands);
                        oauth.settings(settings.access_token(token, ends))
                    }
                }
            }
            OAuthGrant::ClientCredentials => OAuth::client_credentials(connection, url)?,
            OAuthGrant::JwtBearer => {
                let jwt = self.jwt.ok_or_else(|| missing("jwt"))?.jwt(connection)?;
                OAuth::jwt_bearer(connection, url, jwt)?
            }
        };
        match (&self.client_id, self.client_secret) {
            (Some(id), Some(secret)) => oauth = oauth.client(id, secret),
            (Some(id), None) => oauth = oauth.parameter("client_id", id),
            (None, _) => {}
        }
        if self.client_by_basic {
            oauth = oauth.client_by_basic();
        }
        if !self.scopes.is_empty() {
            oauth = oauth.scopes(self.scopes);
        }
        Ok(self.parameters.iter().fold(oauth, |oauth, (name, value)| oauth.parameter(name, value)))
    }
}

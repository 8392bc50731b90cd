mod answer;
mod exchange;
mod settings;

pub use settings::OAuthSettings;

use super::super::Request;
use super::asking::address;
use super::renewed::Renewed;
use super::{Auth, Jwt, SentAs, Signing};
use airbyte_singer_runtime::Result;
use airbyte_singer_toolkit::{Connection, Secret};
use exchange::{Exchange, Grant};
use reqwest::StatusCode;
use std::time::Duration;

/// Access tokens of OAuth 2.0 (RFC 6749), had anew when they end or are refused.
///
/// A refresh token that serves once is taken care of: when a new one comes it goes to the platform
/// ([`Connection::store`]) before the access token that came with it is used. It goes to the setting
/// that held the old one, wherever that is, unless [`OAuth::settings`] says another.
///
/// ```
/// use airbyte_singer_sdk::Result;
/// use airbyte_singer_sdk::http::{Auth, OAuth};
/// use airbyte_singer_sdk::toolkit::{Connection, Secret};
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct Credentials {
///     /// The id of your app
///     client_id: String,
///     /// Its secret
///     client_secret: Secret,
///     /// What your consent gave
///     refresh_token: Secret,
/// }
///
/// fn auth(connection: &Connection, given: Credentials) -> Result<impl Auth> {
///     let tokens = "https://auth.example.com/token";
///     let auth = OAuth::refresh_token(connection, tokens, given.refresh_token)?;
///     Ok(auth.client(&given.client_id, given.client_secret).scopes(["orders:read"]))
/// }
/// ```
#[derive(Debug)]
pub struct OAuth(Renewed<Exchange>, Vec<u16>);

impl OAuth {
    /// Access tokens for a refresh token, from the token endpoint `url`.
    ///
    /// # Errors
    ///
    /// A config error: `url` is no address of a server.
    pub fn refresh_token(
        connection: &Connection,
        url: &str,
        token: impl Into<Secret>,
    ) -> Result<Self> {
        Self::of(connection, url, Grant::refresh_token(connection, token.into()))
    }

    /// Access tokens for what the client itself may do; [`OAuth::client`] says who it is.
    ///
    /// # Errors
    ///
    /// As [`OAuth::refresh_token`].
    pub fn client_credentials(connection: &Connection, url: &str) -> Result<Self> {
        Self::of(connection, url, Grant::ClientCredentials)
    }

    /// Access tokens for a token that we sign ourselves (RFC 7523), as service accounts have it.
    ///
    /// # Errors
    ///
    /// As [`OAuth::refresh_token`].
    pub fn jwt_bearer(connection: &Connection, url: &str, jwt: Jwt) -> Result<Self> {
        Self::of(connection, url, Grant::Assertion(Box::new(jwt.into_signer())))
    }

    fn of(connection: &Connection, url: &str, grant: Grant) -> Result<Self> {
        let url = address(connection, url, "the token endpoint")?;
        Ok(Self(Renewed::new(Exchange::new(connection, url, grant)), Vec::new()))
    }

    /// Who the client is. Both go with the request's other fields, unless [`OAuth::client_by_basic`].
    #[must_use]
    pub fn client(self, id: &str, secret: impl Into<Secret>) -> Self {
        self.with(|exchange| exchange.set_client(id, secret.into()))
    }

    /// Says who the client is in a header, as HTTP Basic.
    #[must_use]
    pub fn client_by_basic(self) -> Self {
        self.with(|exchange| exchange.by_basic = true)
    }

    /// What the access token is to be good for.
    #[must_use]
    pub fn scopes<S: Into<String>>(self, scopes: impl IntoIterator<Item = S>) -> Self {
        let scopes: Vec<String> = scopes.into_iter().map(Into::into).collect();
        self.parameter("scope", &scopes.join(" "))
    }

    /// One more field of the request for a token, such as `audience`.
    #[must_use]
    pub fn parameter(self, name: &str, value: &str) -> Self {
        self.with(|exchange| exchange.parameters.push((name.to_owned(), value.to_owned())))
    }

    /// Asks for a token in JSON, as some servers want it, rather than in a form.
    #[must_use]
    pub fn in_json(self) -> Self {
        self.with(|exchange| exchange.in_json = true)
    }

    /// How long an access token is good for whose answer doesn't tell; else until it is refused.
    #[must_use]
    pub fn lasts(self, life: Duration) -> Self {
        self.with(|exchange| exchange.life = Some(life))
    }

    /// How much earlier than it ends an access token is no longer used: by default a minute, and never
    /// more than half of its life.
    #[must_use]
    pub fn leeway(self, leeway: Duration) -> Self {
        self.with(|exchange| exchange.leeway = leeway)
    }

    /// Sends the access token at another place than as a bearer.
    #[must_use]
    pub fn sent_as(self, sent_as: SentAs) -> Self {
        self.with(|exchange| exchange.sent_as = sent_as)
    }

    /// Where in the answer the access token stands, a JSON Pointer such as `/data/access_token`; the refresh
    /// token and how long it is good for are beside it or at the top. By default all of them are at the top.
    #[must_use]
    pub fn token_at(self, pointer: &str) -> Self {
        self.with(|exchange| exchange.token_at = Some(pointer.to_owned()))
    }

    /// Statuses beside 401 by which the API says that an access token has ended.
    #[must_use]
    pub fn ended_with(mut self, statuses: impl IntoIterator<Item = u16>) -> Self {
        self.1.extend(statuses);
        self
    }

    /// Where in the config the tokens stand. If the access token does, the first one is taken from there
    /// as long as it is good, and each new one goes there.
    #[must_use]
    pub fn settings(self, settings: OAuthSettings) -> Self {
        self.with(|exchange| exchange.settings = Some(settings))
    }

    fn with(mut self, change: impl FnOnce(&mut Exchange)) -> Self {
        change(self.0.mint_mut());
        self
    }
}

impl Auth for OAuth {
    fn sign<'a>(&'a self, request: &'a mut Request) -> Signing<'a, ()> {
        Box::pin(self.0.sign(request))
    }

    fn is_refusal(&self, status: StatusCode) -> bool {
        status == StatusCode::UNAUTHORIZED || self.1.contains(&status.as_u16())
    }

    fn refused<'a>(&'a self, request: &'a Request) -> Signing<'a, bool> {
        Box::pin(async { Ok(self.0.refused(request)) })
    }
}

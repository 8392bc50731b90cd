//! From settings to what signs.

use super::super::stamp::learn;
use super::super::{ApiKey, Auth, Basic, Bearer, Jwt, OAuth, OAuthSettings, SentAs, SessionToken};
use super::{AuthConfig, JwtConfig, OAuthConfig, OAuthGrant, SentIn, SessionTokenConfig};
use crate::{Body, pointer};
use airbyte_singer_runtime::{Error, Result};
use airbyte_singer_toolkit::Connection;
use serde_json::Value;
use std::time::Duration;

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
                let sent_as = match given.sent_in {
                    SentIn::Header => SentAs::header(&given.name)?,
                    SentIn::Query => SentAs::query(&given.name),
                };
                Box::new(ApiKey::sent_as(connection, &sent_as, given.key)?)
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
            session = session.sent_as(SentAs::header(header)?);
        }
        if let Some(seconds) = self.lifetime_seconds {
            session = session.lasts(Duration::from_secs(seconds));
        }
        Ok(session.ended_with(self.expired_statuses))
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

/// # Errors
///
/// A config error that names the setting: its pointer is none, and would find nothing, ever.
fn check_pointer(at: &str, connection: &Connection, url: &str, name: &str) -> Result<()> {
    let stands = connection.setting_with(url);
    let setting = stands.map_or_else(|| name.into(), |url| url.sibling(name));
    pointer::check(at)
        .map_err(|error| error.prefaced(&format!("the config is not valid: setting `{setting}`: ")))
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
                let kept = connection.setting_with(token.expose());
                let oauth = OAuth::refresh_token(connection, url, token)?;
                match kept.filter(|_| self.access_token.is_some()) {
                    Some(kept) => oauth.settings(OAuthSettings::around(&kept)),
                    None => oauth,
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
        if let Some(at) = &self.token_pointer {
            check_pointer(at, connection, &self.token_url, "token_pointer")?;
            oauth = oauth.token_at(at);
        }
        oauth = oauth.ended_with(self.expired_statuses.iter().copied());
        if self.client_by_basic {
            oauth = oauth.client_by_basic();
        }
        if !self.scopes.is_empty() {
            oauth = oauth.scopes(self.scopes);
        }
        Ok(self.parameters.iter().fold(oauth, |oauth, (name, value)| oauth.parameter(name, value)))
    }
}

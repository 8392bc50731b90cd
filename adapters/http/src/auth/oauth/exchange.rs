//! What is exchanged for access tokens, and what is kept of the answer.

use super::super::super::{Body, Request};
use super::super::SentAs;
use super::super::asking::Desk;
use super::super::jwt::Signer;
use super::super::renewed::{Mint, Token, until};
use super::super::stamp::{Stamp, learn};
use super::OAuthSettings;
use super::answer::{Answer, read};
use airbyte_singer_runtime::{Error, OrError, Result, now_millis};
use airbyte_singer_toolkit::{Connection, Secret, Setting};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use serde_json::Value;
use std::cell::RefCell;
use std::fmt;
use std::time::Duration;
use url::Url;

#[derive(Clone)]
pub(super) enum Grant {
    RefreshToken(RefCell<Held>),
    ClientCredentials,
    Assertion(Box<Signer>),
}

/// A refresh token and where it stands, if it came from the config.
#[derive(Clone)]
pub(super) struct Held {
    token: Secret,
    setting: Option<Setting>,
}

impl Grant {
    pub(super) fn refresh_token(connection: &Connection, token: Secret) -> Self {
        learn(connection, token.expose());
        let setting = connection.setting_with(token.expose());
        Self::RefreshToken(RefCell::new(Held { token, setting }))
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::RefreshToken(_) => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::Assertion(_) => "urn:ietf:params:oauth:grant-type:jwt-bearer",
        }
    }
}

#[derive(Clone)]
pub(super) struct Exchange {
    connection: Connection,
    desk: Desk,
    url: Url,
    grant: Grant,
    client: Option<(String, Secret)>,
    pub(super) by_basic: bool,
    pub(super) in_json: bool,
    pub(super) parameters: Vec<(String, String)>,
    pub(super) life: Option<Duration>,
    pub(super) leeway: Duration,
    pub(super) sent_as: SentAs,
    pub(super) settings: Option<OAuthSettings>,
    /// Where in the answer the access token stands.
    pub(super) token_at: Option<String>,
}

impl Exchange {
    pub(super) fn new(connection: &Connection, url: Url, grant: Grant) -> Self {
        Self {
            connection: connection.clone(),
            desk: Desk::default(),
            url,
            grant,
            client: None,
            by_basic: false,
            in_json: false,
            parameters: Vec::new(),
            life: None,
            leeway: Duration::from_secs(60),
            sent_as: SentAs::bearer(),
            settings: None,
            token_at: None,
        }
    }

    pub(super) fn set_client(&mut self, id: &str, secret: Secret) {
        learn(&self.connection, secret.expose());
        self.client = Some((id.to_owned(), secret));
    }

    fn request(&self) -> Result<Request> {
        let mut headers = HeaderMap::new();
        // Without it some servers answer with a form.
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let mut fields = vec![("grant_type".to_owned(), self.grant.name().to_owned())];
        match &self.grant {
            Grant::RefreshToken(held) => {
                fields.push(("refresh_token".to_owned(), held.borrow().token.expose().to_owned()));
            }
            Grant::ClientCredentials => {}
            Grant::Assertion(signer) => fields.push(("assertion".to_owned(), signer.sign()?)),
        }
        match &self.client {
            Some((id, secret)) if self.by_basic => {
                headers.insert(AUTHORIZATION, basic(&self.connection, id, secret)?);
            }
            Some((id, secret)) => {
                fields.push(("client_id".to_owned(), id.clone()));
                fields.push(("client_secret".to_owned(), secret.expose().to_owned()));
            }
            None => {}
        }
        fields.extend(self.parameters.iter().cloned());
        let body = match self.in_json {
            true => Body::Json(fields.into_iter().map(|(k, v)| (k, Value::String(v))).collect()),
            false => Body::Form(fields),
        };
        Ok(Request { method: Method::POST, url: self.url.clone(), headers, body })
    }

    /// Has what came masked, and the platform store what must outlive us, in this order.
    fn keep(&self, answer: &Answer) -> Result<()> {
        learn(&self.connection, &answer.access_token);
        let mut changes = Vec::new();
        if let (Grant::RefreshToken(held), Some(new)) = (&self.grant, &answer.refresh_token) {
            learn(&self.connection, new);
            if held.borrow().token.expose() != new {
                let named = self.settings.as_ref().map(|settings| settings.refresh_token.clone());
                match named.or_else(|| held.borrow().setting.clone()) {
                    Some(setting) => changes.push((setting, Value::String(new.clone()))),
                    None => tracing::warn!(
                        "the refresh token was replaced by a new one, but no setting is known that \
                         could hold it: the next sync may need a new authorization"
                    ),
                }
            }
        }
        let kept = self.settings.as_ref().and_then(|settings| settings.kept.as_ref());
        // A token of which nobody knows when it ends is none for the next sync.
        if let (Some(kept), Some(life)) = (kept, answer.life.or(self.life)) {
            changes.push((kept.access_token.clone(), Value::String(answer.access_token.clone())));
            changes.push((kept.expiry.clone(), Value::String(moment(life))));
        }
        if !changes.is_empty() {
            self.connection.store(|settings| {
                changes.into_iter().for_each(|(setting, value)| setting.put(settings, value));
            })?;
        }
        if let (Grant::RefreshToken(held), Some(new)) = (&self.grant, &answer.refresh_token) {
            held.borrow_mut().token = Secret::from(new.as_str());
        }
        Ok(())
    }
}

impl Mint for Exchange {
    fn kept(&self) -> Option<Token> {
        let kept = self.settings.as_ref()?.kept.as_ref()?;
        let Value::String(token) = self.connection.setting(&kept.access_token)? else {
            return None;
        };
        let Value::String(ends) = self.connection.setting(&kept.expiry)? else { return None };
        learn(&self.connection, &token);
        // A time that can't be read is over.
        let ends: Timestamp = ends.parse().ok()?;
        let leeway = i64::try_from(self.leeway.as_millis()).unwrap_or(i64::MAX);
        let until = ends.as_millisecond().saturating_sub(leeway);
        Stamp::new(&self.sent_as, &token).map(|stamp| Token::new(stamp, Some(until)))
    }

    async fn renew(&self) -> Result<Token> {
        let request = self.request()?;
        // Until what came is stored.
        let (reply, _under_way) = self.desk.ask(&request, &self.connection).await?;
        let refreshes = matches!(self.grant, Grant::RefreshToken(_));
        let answer = read(&request, &reply, refreshes, self.token_at.as_deref())?;
        self.keep(&answer)?;
        let stamp = Stamp::new(&self.sent_as, &answer.access_token).ok_or_else(|| {
            Error::system("the token endpoint gave an access token that no header can hold")
        })?;
        let life = answer.life.or(self.life);
        Ok(Token::new(stamp, life.map(|life| until(life, self.leeway))))
    }
}

/// RFC 6749, 2.3.1: id and secret are encoded as fields of a form are.
fn basic(connection: &Connection, id: &str, secret: &Secret) -> Result<HeaderValue> {
    let encoded =
        |text: &str| -> String { url::form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let pair = format!("{}:{}", encoded(id), encoded(secret.expose()));
    let pair = BASE64_STANDARD.encode(pair);
    learn(connection, &pair);
    let mut value =
        HeaderValue::try_from(format!("Basic {pair}")).or_system("base64 is no legal header")?;
    value.set_sensitive(true);
    Ok(value)
}

/// When something ends that begins now, in RFC 3339.
fn moment(life: Duration) -> String {
    let life = i64::try_from(life.as_millis()).unwrap_or(i64::MAX);
    let ends = Timestamp::from_millisecond(now_millis().saturating_add(life));
    format!("{:.0}", ends.unwrap_or(Timestamp::MAX))
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("host", &self.url.host_str())
            .field("grant", &self.grant.name())
            .finish_non_exhaustive()
    }
}

use super::super::{Body, Reply, Request};
use super::asking::{Desk, address};
use super::renewed::{Mint, Renewed, Token, until};
use super::stamp::{Stamp, learn};
use super::{Auth, SentAs, Signing};
use airbyte_singer_runtime::{Error, Result, is_plainly_secret};
use airbyte_singer_toolkit::Connection;
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

/// So much earlier than a session ends its token is no longer used.
const LEEWAY: Duration = Duration::from_secs(30);

/// A token that a login gives: a POST whose answer, a JSON document, holds it. Who isn't logged in any
/// more (a 401) logs in again.
///
/// ```
/// use airbyte_singer_sdk::Result;
/// use airbyte_singer_sdk::http::{Auth, Body, SentAs, SessionToken};
/// use airbyte_singer_sdk::toolkit::{Connection, Secret};
/// use std::time::Duration;
///
/// fn auth(connection: &Connection, user: &str, password: &Secret) -> Result<impl Auth> {
///     let login = Body::Json(serde_json::json!({"user": user, "password": password.expose()}));
///     let token = SessionToken::new(connection, "https://example.com/login", login, "/token")?;
///     Ok(token.sent_as(SentAs::header("X-Session")?).lasts(Duration::from_secs(3600)))
/// }
/// ```
#[derive(Debug)]
pub struct SessionToken(Renewed<Login>, Vec<u16>);

#[derive(Clone)]
struct Login {
    connection: Connection,
    desk: Desk,
    request: Request,
    signed_by: Rc<dyn Auth>,
    /// Where in the answer the token stands.
    token: String,
    /// Where in the answer it stands how long the token is good for, in seconds.
    life_at: Option<String>,
    life: Option<Duration>,
    sent_as: SentAs,
}

impl SessionToken {
    /// Logs in by sending `login` to `url`; the token stands at `token` (a JSON Pointer) of the answer and
    /// is sent as a bearer. What the login holds under plainly secret names becomes a secret.
    ///
    /// # Errors
    ///
    /// A config error: `url` is no address of a server.
    pub fn new(connection: &Connection, url: &str, login: Body, token: &str) -> Result<Self> {
        learn_body(connection, &login);
        let url = address(connection, url, "the login")?;
        let login = Login {
            connection: connection.clone(),
            desk: Desk::default(),
            request: Request { method: Method::POST, url, headers: HeaderMap::new(), body: login },
            signed_by: Rc::new(()),
            token: token.to_owned(),
            life_at: None,
            life: None,
            sent_as: SentAs::bearer(),
        };
        Ok(Self(Renewed::new(login), Vec::new()))
    }

    /// Statuses beside 401 by which the API says that the session has ended.
    #[must_use]
    pub fn ended_with(mut self, statuses: impl IntoIterator<Item = u16>) -> Self {
        self.1.extend(statuses);
        self
    }

    /// The login needs credentials of its own, such as [`Basic`](super::Basic).
    #[must_use]
    pub fn login_signed_by(mut self, auth: impl Auth + 'static) -> Self {
        self.0.mint_mut().signed_by = Rc::new(auth);
        self
    }

    /// Sends the token at another place.
    #[must_use]
    pub fn sent_as(mut self, sent_as: SentAs) -> Self {
        self.0.mint_mut().sent_as = sent_as;
        self
    }

    /// How long a token is good for, where the answer doesn't tell; else until it is refused.
    #[must_use]
    pub fn lasts(mut self, life: Duration) -> Self {
        self.0.mint_mut().life = Some(life);
        self
    }

    /// Where in the answer (a JSON Pointer) it stands how many seconds the token is good for.
    #[must_use]
    pub fn lasts_as_told(mut self, pointer: &str) -> Self {
        self.0.mint_mut().life_at = Some(pointer.to_owned());
        self
    }
}

impl Auth for SessionToken {
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

impl Mint for Login {
    async fn renew(&self) -> Result<Token> {
        let mut request = self.request.clone();
        self.signed_by.sign(&mut request).await?;
        let (reply, _) = self.desk.ask(&request, &self.connection).await?;
        let name = request.place();
        let answer = answer(&name, &reply)?;
        let Some(token) = answer.pointer(&self.token).and_then(text) else {
            let text = format!("the answer of {name} has no token where it should be");
            return Err(Error::system(text));
        };
        learn(&self.connection, &token);
        let stamp = Stamp::new(&self.sent_as, &token)
            .ok_or_else(|| Error::system(format!("{name} gave a token that no header can hold")))?;
        let told = self.life_at.as_ref().and_then(|pointer| seconds(answer.pointer(pointer)?));
        Ok(Token::new(stamp, told.or(self.life).map(|life| until(life, LEEWAY))))
    }
}

fn answer(name: &str, reply: &Reply) -> Result<Value> {
    let status = reply.status.as_u16();
    if reply.status.is_client_error() {
        return Err(Error::config(format!(
            "{name} refuses the login with status {status}: see whether user and password are right"
        )));
    }
    if !reply.status.is_success() {
        return Err(Error::system(format!("{name} answers a login with status {status}")));
    }
    serde_json::from_slice(&reply.body)
        .map_err(|_| Error::system(format!("{name} answers a login with what is no JSON")))
}

/// A token as a text; some servers number theirs.
fn text(token: &Value) -> Option<String> {
    match token {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A number of seconds, which some servers write as a text. None or less says nothing.
pub(super) fn seconds(told: &Value) -> Option<Duration> {
    let told = match told {
        Value::String(text) => text.trim().parse().ok()?,
        told => told.as_f64()?,
    };
    Duration::try_from_secs_f64(told).ok().filter(|life| !life.is_zero())
}

fn learn_body(connection: &Connection, body: &Body) {
    match body {
        Body::Empty => {}
        Body::Json(document) => learn_within(connection, document),
        Body::Form(fields) => fields
            .iter()
            .filter(|(name, _)| is_plainly_secret(name))
            .for_each(|(_, value)| learn(connection, value)),
    }
}

fn learn_within(connection: &Connection, document: &Value) {
    match document {
        Value::Object(map) => map.iter().for_each(|(name, value)| match is_plainly_secret(name) {
            true => connection.secrets().add(value),
            false => learn_within(connection, value),
        }),
        Value::Array(list) => list.iter().for_each(|value| learn_within(connection, value)),
        _ => {}
    }
}

// The request holds a password.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("request", &self.request.place()).finish_non_exhaustive()
    }
}

mod key;

use super::super::Request;
use super::renewed::{Mint, Renewed, Token, until};
use super::stamp::{Stamp, called, learn};
use super::{Auth, SentAs, Signing};
use airbyte_singer_runtime::{Error, Result, now_millis};
use airbyte_singer_toolkit::{Connection, Secret};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use key::Key;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::fmt;
use std::time::Duration;

/// How long a token is good for unless somebody says: no API is known that takes this for too long.
const LIFE: Duration = Duration::from_secs(300);
/// So much earlier than a token ends it is no longer used.
const LEEWAY: Duration = Duration::from_secs(30);

/// A JSON Web Token (RFC 7519) that we sign: as a bearer, or, in [`OAuth::jwt_bearer`](super::OAuth),
/// what is exchanged for an access token.
///
/// `iat` and `exp` are set in each; a new one is signed before the old one ends.
///
/// ```
/// use airbyte_singer_sdk::Result;
/// use airbyte_singer_sdk::http::{Auth, Jwt, JwtAlgorithm};
/// use airbyte_singer_sdk::toolkit::{Connection, Secret};
///
/// fn auth(connection: &Connection, key: Secret) -> Result<impl Auth> {
///     let jwt = Jwt::new(connection, JwtAlgorithm::ES256, key)?;
///     Ok(jwt.issuer("my-team").audience("https://example.com").key_id("K1").claim("scope", "read"))
/// }
/// ```
#[derive(Debug)]
pub struct Jwt(Renewed<Signer>);

/// How a [`Jwt`] is signed (RFC 7518).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(inline)]
#[non_exhaustive]
pub enum JwtAlgorithm {
    /// HMAC, whose key is a text, with SHA-256.
    HS256,
    /// HMAC with SHA-384.
    HS384,
    /// HMAC with SHA-512.
    HS512,
    /// RSA (PKCS #1), whose key is a PEM text, with SHA-256.
    RS256,
    /// RSA with SHA-384.
    RS384,
    /// RSA with SHA-512.
    RS512,
    /// RSA (PSS), whose key is a PEM text, with SHA-256.
    PS256,
    /// RSA (PSS) with SHA-384.
    PS384,
    /// RSA (PSS) with SHA-512.
    PS512,
    /// The curve P-256, whose key is a PEM text (PKCS #8), with SHA-256.
    ES256,
    /// The curve P-384 with SHA-384.
    ES384,
    /// The curve Ed25519, whose key is a PEM text (PKCS #8).
    EdDSA,
}

/// What signs tokens.
#[derive(Clone)]
pub(super) struct Signer {
    connection: Connection,
    key: Key,
    header: Map<String, Value>,
    claims: Map<String, Value>,
    life: Duration,
    sent_as: SentAs,
}

impl Jwt {
    /// Signs with `key`, which becomes a secret: a text, or a private key in PEM whose line breaks may be
    /// written as `\n`.
    ///
    /// # Errors
    ///
    /// A config error: it is no key for this algorithm, or an RSA key of less than 2048 bits.
    pub fn new(
        connection: &Connection,
        algorithm: JwtAlgorithm,
        key: impl Into<Secret>,
    ) -> Result<Self> {
        let key = key.into();
        learn(connection, key.expose());
        let of_algorithm = Key::new(algorithm, key.expose()).ok_or_else(|| {
            let what = called(connection, key.expose());
            Error::config(format!("{what} is no private key that {algorithm:?} takes"))
        })?;
        let header = [("typ", json!("JWT")), ("alg", json!(format!("{algorithm:?}")))];
        Ok(Self(Renewed::new(Signer {
            connection: connection.clone(),
            key: of_algorithm,
            header: header.map(|(name, value)| (name.to_owned(), value)).into_iter().collect(),
            claims: Map::new(),
            life: LIFE,
            sent_as: SentAs::bearer(),
        })))
    }

    /// The claim `iss`: who we are.
    #[must_use]
    pub fn issuer(self, issuer: impl Into<Value>) -> Self {
        self.claim("iss", issuer)
    }

    /// The claim `sub`: on whose behalf.
    #[must_use]
    pub fn subject(self, subject: impl Into<Value>) -> Self {
        self.claim("sub", subject)
    }

    /// The claim `aud`: for whom the token is.
    #[must_use]
    pub fn audience(self, audience: impl Into<Value>) -> Self {
        self.claim("aud", audience)
    }

    /// Any claim.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.mint_mut().claims.insert(name.to_owned(), value.into());
        self
    }

    /// The header's `kid`: which of several keys it is.
    #[must_use]
    pub fn key_id(mut self, id: &str) -> Self {
        self.0.mint_mut().header.insert("kid".to_owned(), id.into());
        self
    }

    /// How long a token is good for: by default five minutes.
    #[must_use]
    pub fn lasts(mut self, life: Duration) -> Self {
        self.0.mint_mut().life = life;
        self
    }

    /// Sends the token at another place.
    #[must_use]
    pub fn sent_as(mut self, sent_as: SentAs) -> Self {
        self.0.mint_mut().sent_as = sent_as;
        self
    }

    pub(super) fn into_signer(self) -> Signer {
        self.0.into_mint()
    }
}

impl Signer {
    /// A new token, masked from now on.
    pub(super) fn sign(&self) -> Result<String> {
        let now = now_millis() / 1000;
        let life = i64::try_from(self.life.as_secs()).unwrap_or(i64::MAX);
        let mut claims = self.claims.clone();
        claims.insert("iat".to_owned(), now.into());
        claims.insert("exp".to_owned(), now.saturating_add(life).into());
        let part =
            |part: &Map<String, Value>| BASE64_URL_SAFE_NO_PAD.encode(json!(part).to_string());
        let signed = format!("{}.{}", part(&self.header), part(&claims));
        let signature = BASE64_URL_SAFE_NO_PAD.encode(self.key.sign(signed.as_bytes())?);
        let token = format!("{signed}.{signature}");
        learn(&self.connection, &token);
        Ok(token)
    }
}

impl Auth for Jwt {
    fn sign<'a>(&'a self, request: &'a mut Request) -> Signing<'a, ()> {
        Box::pin(self.0.sign(request))
    }

    fn refused<'a>(&'a self, request: &'a Request) -> Signing<'a, bool> {
        Box::pin(async { Ok(self.0.refused(request)) })
    }
}

impl Mint for Signer {
    async fn renew(&self) -> Result<Token> {
        let stamp = Stamp::new(&self.sent_as, &self.sign()?);
        let stamp = stamp.ok_or_else(|| {
            Error::config("the words before a JSON Web Token hold what no header can hold")
        })?;
        Ok(Token::new(stamp, Some(until(self.life, LEEWAY))))
    }
}

// The key is one, and claims are settings.
impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("header", &self.header).finish_non_exhaustive()
    }
}

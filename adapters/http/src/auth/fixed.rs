//! Credentials that stand in the config and are sent as they are.

use super::super::Request;
use super::stamp::{Stamp, called, learn};
use super::{Auth, SentAs, Signing};
use airbyte_singer_runtime::{Error, Result};
use airbyte_singer_toolkit::{Connection, Secret};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// A token that is sent as `Authorization: Bearer TOKEN`.
#[derive(Debug, Clone)]
pub struct Bearer(Stamp);

impl Bearer {
    /// Sends `token`, which becomes a secret.
    ///
    /// # Errors
    ///
    /// A config error: no header can hold it.
    pub fn new(connection: &Connection, token: impl Into<Secret>) -> Result<Self> {
        Stamp::of_config(connection, &SentAs::bearer(), token.into().expose()).map(Self)
    }
}

/// A key that is sent under a name of its own.
#[derive(Debug, Clone)]
pub struct ApiKey(Stamp);

impl ApiKey {
    /// Sends `key`, which becomes a secret, as the header `name`.
    ///
    /// # Errors
    ///
    /// A config error: no header can hold it, or have that name.
    pub fn header(connection: &Connection, name: &str, key: impl Into<Secret>) -> Result<Self> {
        Self::sent_as(connection, &SentAs::header(name)?, key)
    }

    /// Sends `key`, which becomes a secret, as the parameter `name` of the query.
    pub fn query(connection: &Connection, name: &str, key: impl Into<Secret>) -> Result<Self> {
        Self::sent_as(connection, &SentAs::query(name), key)
    }

    /// Sends `key`, which becomes a secret, at any place.
    ///
    /// # Errors
    ///
    /// A config error: no header can hold it.
    pub fn sent_as(
        connection: &Connection,
        sent_as: &SentAs,
        key: impl Into<Secret>,
    ) -> Result<Self> {
        Stamp::of_config(connection, sent_as, key.into().expose()).map(Self)
    }
}

/// A user's name and password (RFC 7617).
#[derive(Debug, Clone)]
pub struct Basic(Stamp);

impl Basic {
    /// Sends a user's name and password, which becomes a secret. Some APIs take a key for the name and
    /// no password; then the name does.
    ///
    /// # Errors
    ///
    /// A config error: the name has a colon, which a server would take for its end.
    pub fn new(connection: &Connection, user: &str, password: impl Into<Secret>) -> Result<Self> {
        let password = password.into();
        if user.contains(':') {
            let what = called(connection, user);
            return Err(Error::config(format!("{what} holds a colon, which no user's name can")));
        }
        learn(connection, if password.expose().is_empty() { user } else { password.expose() });
        let pair = BASE64_STANDARD.encode(format!("{user}:{}", password.expose()));
        learn(connection, &pair);
        Stamp::of_config(connection, &SentAs::bearer().after("Basic "), &pair).map(Self)
    }
}

macro_rules! signs {
    ($($auth:ty),*) => {$(
        impl Auth for $auth {
            fn sign<'a>(&'a self, request: &'a mut Request) -> Signing<'a, ()> {
                Box::pin(async {
                    self.0.put(request);
                    Ok(())
                })
            }
        }
    )*};
}

signs!(ApiKey, Basic, Bearer);

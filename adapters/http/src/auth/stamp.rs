use super::super::Request;
use airbyte_singer_runtime::{Error, Result};
use airbyte_singer_toolkit::Connection;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use serde_json::Value;
use std::fmt;

/// Where in a request a credential goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentAs(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// A header, and what stands in it before the credential.
    Header(HeaderName, String),
    Query(String),
}

impl SentAs {
    /// `Authorization: Bearer CREDENTIAL`.
    pub fn bearer() -> Self {
        Self(Kind::Header(AUTHORIZATION, "Bearer ".to_owned()))
    }

    /// `NAME: CREDENTIAL`.
    ///
    /// # Errors
    ///
    /// A config error: no header can have this name.
    pub fn header(name: &str) -> Result<Self> {
        let name = HeaderName::try_from(name).map_err(|_| {
            Error::config("the header for a credential has a name that no header can have")
        })?;
        Ok(Self(Kind::Header(name, String::new())))
    }

    /// The parameter `name` of the query.
    pub fn query(name: &str) -> Self {
        Self(Kind::Query(name.to_owned()))
    }

    /// With other words before the credential in its header, such as `Token `; in a query there are none.
    #[must_use]
    pub fn after(mut self, words: &str) -> Self {
        if let Kind::Header(_, before) = &mut self.0 {
            words.clone_into(before);
        }
        self
    }
}

/// A credential in its place, ready for any request.
#[derive(Clone)]
pub(super) enum Stamp {
    Header(HeaderName, HeaderValue),
    Query(String, String),
}

impl Stamp {
    /// None where no header can hold the credential, or the words before it.
    pub(super) fn new(sent_as: &SentAs, credential: &str) -> Option<Self> {
        match &sent_as.0 {
            Kind::Header(name, before) => {
                let mut value = HeaderValue::try_from(format!("{before}{credential}")).ok()?;
                value.set_sensitive(true);
                Some(Self::Header(name.clone(), value))
            }
            Kind::Query(name) => Some(Self::Query(name.clone(), credential.to_owned())),
        }
    }

    /// A credential of the config; from now on it is a secret.
    pub(super) fn of_config(
        connection: &Connection,
        sent_as: &SentAs,
        credential: &str,
    ) -> Result<Self> {
        learn(connection, credential);
        Self::new(sent_as, credential).ok_or_else(|| {
            let what = called(connection, credential);
            Error::config(format!("{what} holds a character that no header can hold"))
        })
    }

    pub(super) fn put(&self, request: &mut Request) {
        match self {
            Self::Header(name, value) => request.set_header(name.clone(), value.clone()),
            Self::Query(name, value) => request.set_query(name, value),
        }
    }

    pub(super) fn is_on(&self, request: &Request) -> bool {
        match self {
            Self::Header(name, value) => request.headers.get(name) == Some(value),
            Self::Query(name, value) => {
                request.url.query_pairs().any(|(key, found)| key == *name && found == *value)
            }
        }
    }
}

impl fmt::Debug for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Header(name, _) => name.as_str(),
            Self::Query(name, _) => name,
        };
        f.debug_tuple("Stamp").field(&name).finish_non_exhaustive()
    }
}

/// Has a credential masked from now on.
pub(super) fn learn(connection: &Connection, credential: &str) {
    connection.secrets().add(&Value::String(credential.to_owned()));
}

/// How a credential is called in a sentence: by its setting.
pub(super) fn called(connection: &Connection, credential: &str) -> String {
    match connection.setting_with(credential) {
        Some(setting) => format!("setting `{setting}`"),
        None => "a credential".to_owned(),
    }
}

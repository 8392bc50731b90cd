//! Who we are to an API.

use super::Request;
use airbyte_singer_runtime::Result;
use reqwest::StatusCode;
use std::pin::Pin;

mod asking;
mod config;
mod fixed;
mod jwt;
mod oauth;
mod renewed;
mod session;
mod stamp;

pub use config::{
    ApiKeyConfig, AuthConfig, BasicConfig, BearerConfig, JwtConfig, OAuthConfig, OAuthGrant,
    SentIn, SessionTokenConfig,
};
pub use fixed::{ApiKey, Basic, Bearer};
pub use jwt::{Jwt, JwtAlgorithm};
pub use oauth::{OAuth, OAuthSettings};
pub use session::SessionToken;
pub use stamp::SentAs;

/// What an [`Auth`]'s functions give.
pub type Signing<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + 'a>>;

/// Adds credentials to requests. One is shared by everything that is read from an API.
///
/// | | |
/// |---|---|
/// | [`Bearer`], [`ApiKey`], [`Basic`] | what stands in the config, as it is |
/// | [`SessionToken`] | a login gives a token |
/// | [`Jwt`] | a token that we sign ourselves |
/// | [`OAuth`] | a server gives tokens that it renews |
/// | [`AuthConfig`] | whichever of them the user chose in the config |
/// | `()` | none |
///
/// None of them shows a credential in its `Debug`, in an error or in a log.
pub trait Auth {
    /// Adds the credentials to a request that is about to be sent; each try is signed anew.
    ///
    /// # Errors
    ///
    /// What keeps the credentials from being known: a token that can't be had.
    fn sign<'a>(&'a self, request: &'a mut Request) -> Signing<'a, ()>;

    /// Whether an answer of this status means that the credentials are refused. Usually 401 does.
    fn is_refusal(&self, status: StatusCode) -> bool {
        status == StatusCode::UNAUTHORIZED
    }

    /// Told that `request`, as it was signed, was refused ([`Auth::is_refusal`]). The answer says whether other
    /// credentials are there, or can be had, so that it is worth another try. Whoever sends asks this
    /// once for a request: a second 401 stands.
    ///
    /// # Errors
    ///
    /// As [`Auth::sign`].
    fn refused<'a>(&'a self, request: &'a Request) -> Signing<'a, bool> {
        let _ = request;
        Box::pin(async { Ok(false) })
    }
}

/// No credentials.
impl Auth for () {
    fn sign<'a>(&'a self, _: &'a mut Request) -> Signing<'a, ()> {
        Box::pin(async { Ok(()) })
    }
}

impl<A: Auth + ?Sized> Auth for Box<A> {
    fn sign<'a>(&'a self, request: &'a mut Request) -> Signing<'a, ()> {
        (**self).sign(request)
    }

    fn is_refusal(&self, status: StatusCode) -> bool {
        (**self).is_refusal(status)
    }

    fn refused<'a>(&'a self, request: &'a Request) -> Signing<'a, bool> {
        (**self).refused(request)
    }
}

/// Two APIs that share their credentials share the tokens, too.
impl<A: Auth + ?Sized> Auth for std::rc::Rc<A> {
    fn sign<'a>(&'a self, request: &'a mut Request) -> Signing<'a, ()> {
        (**self).sign(request)
    }

    fn is_refusal(&self, status: StatusCode) -> bool {
        (**self).is_refusal(status)
    }

    fn refused<'a>(&'a self, request: &'a Request) -> Signing<'a, bool> {
        (**self).refused(request)
    }
}

#[cfg(test)]
mod tests;

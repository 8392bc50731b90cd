//! Who we are to an API.

use super::Request;
use crate::Result;
use std::pin::Pin;

/// What an [`Auth`]'s functions give.
pub type Signing<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + 'a>>;

/// Adds credentials to requests. One is shared by everything that is read from an API.
pub trait Auth {
    /// Adds the credentials to a request that is about to be sent; each try is signed anew.
    ///
    /// # Errors
    ///
    /// What keeps the credentials from being known: a token that can't be had.
    fn sign<'a>(&'a self, request: &'a mut Request) -> Signing<'a, ()>;

    /// Told that `request`, as it was signed, was refused with 401. The answer says whether other
    /// credentials are there now (a token was renewed) and it is worth another try.
    ///
    /// # Errors
    ///
    /// As [`Auth::sign`].
    fn refused<'a>(&'a self, request: &'a Request) -> Signing<'a, bool> {
        let _ = request;
        Box::pin(async { Ok(false) })
    }
}

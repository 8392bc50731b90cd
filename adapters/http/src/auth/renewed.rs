//! Credentials that end and are had anew.

use super::super::Request;
use super::stamp::Stamp;
use airbyte_protocol::FailureType;
use airbyte_singer_runtime::{Error, Result, now_millis};
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, Shared};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::time::Duration;

/// A token that was refused so soon after it took the place of another refused one was no better: a
/// third would be refused too.
const TRIAL: Duration = Duration::from_secs(10);

/// A credential for a while.
#[derive(Debug, Clone)]
pub(super) struct Token {
    stamp: Stamp,
    /// From when on it isn't used any more, in milliseconds since the epoch.
    until: Option<i64>,
}

impl Token {
    pub(super) const fn new(stamp: Stamp, until: Option<i64>) -> Self {
        Self { stamp, until }
    }

    fn is_fresh(&self) -> bool {
        self.until.is_none_or(|until| now_millis() < until)
    }
}

/// Where tokens come from.
pub(super) trait Mint: 'static {
    /// The token of an earlier time, if it was kept.
    fn kept(&self) -> Option<Token> {
        None
    }

    /// A new token. When this gives one, it may be used.
    fn renew(&self) -> impl Future<Output = Result<Token>>;
}

/// The token of a [`Mint`], which is asked for a new one when the old one ends: once, however many
/// requests wait for it.
///
/// All who wait drive one and the same renewal. So it goes on when the one who began it is dropped, as
/// the slices of a stream that failed are: an answer with a refresh token that nobody hears would be the
/// end of the authorization.
pub(super) struct Renewed<M> {
    mint: Rc<M>,
    state: RefCell<State>,
    /// When a token was renewed because the one before was refused.
    replaced: Cell<Option<i64>>,
}

enum State {
    /// Nobody has asked yet.
    Unasked,
    /// The last token doesn't serve any more, because it was refused.
    Spent,
    Held(Token),
    Coming(Renewal),
    /// There will be no token, however often it is tried.
    Denied(Error),
}

type Renewal = Shared<LocalBoxFuture<'static, Result<Token>>>;

impl<M: Mint> Renewed<M> {
    pub(super) fn new(mint: M) -> Self {
        let state = RefCell::new(State::Unasked);
        Self { mint: Rc::new(mint), state, replaced: Cell::new(None) }
    }

    /// Changes where the tokens come from, before any was asked for.
    pub(super) fn mint_mut(&mut self) -> &mut M
    where
        M: Clone,
    {
        Rc::make_mut(&mut self.mint)
    }

    /// Where the tokens come from, for somebody else's use.
    pub(super) fn into_mint(self) -> M
    where
        M: Clone,
    {
        Rc::unwrap_or_clone(self.mint)
    }

    pub(super) async fn sign(&self, request: &mut Request) -> Result<()> {
        self.token().await?.stamp.put(request);
        Ok(())
    }

    async fn token(&self) -> Result<Token> {
        let renewal = match self.at_hand() {
            ControlFlow::Break(known) => return known,
            ControlFlow::Continue(renewal) => renewal,
        };
        let outcome = renewal.clone().await;
        let mut state = self.state.borrow_mut();
        // Whoever comes out of it last finds that others have gone on.
        if matches!(&*state, State::Coming(now) if now.ptr_eq(&renewal)) {
            *state = match &outcome {
                Ok(token) => State::Held(token.clone()),
                Err(error) if error.failure_type() == FailureType::ConfigError => {
                    State::Denied(error.clone())
                }
                Err(_) => State::Spent,
            };
        }
        outcome
    }

    /// What is known without waiting, or what to wait for.
    fn at_hand(&self) -> ControlFlow<Result<Token>, Renewal> {
        let mut state = self.state.borrow_mut();
        if matches!(&*state, State::Unasked)
            && let Some(token) = self.mint.kept()
        {
            *state = State::Held(token);
        }
        match &*state {
            State::Held(token) if token.is_fresh() => return ControlFlow::Break(Ok(token.clone())),
            State::Denied(error) => return ControlFlow::Break(Err(error.clone())),
            State::Coming(renewal) => return ControlFlow::Continue(renewal.clone()),
            State::Held(_) | State::Spent | State::Unasked => {}
        }
        let mint = Rc::clone(&self.mint);
        let renewal = async move { mint.renew().await }.boxed_local().shared();
        *state = State::Coming(renewal.clone());
        ControlFlow::Continue(renewal)
    }

    /// `request` was refused with 401; whether it is worth another try.
    pub(super) fn refused(&self, request: &Request) -> bool {
        let mut state = self.state.borrow_mut();
        match &*state {
            State::Held(token) if token.stamp.is_on(request) => {}
            State::Denied(_) => return false,
            // Another token is there, or coming.
            _ => return true,
        }
        let (now, trial) = (now_millis(), i64::try_from(TRIAL.as_millis()).unwrap_or(i64::MAX));
        if self.replaced.get().is_some_and(|then| now - then < trial) {
            return false;
        }
        self.replaced.set(Some(now));
        *state = State::Spent;
        true
    }
}

impl<M: fmt::Debug> fmt::Debug for Renewed<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &*self.state.borrow() {
            State::Unasked => "unasked",
            State::Spent => "spent",
            State::Held(_) => "held",
            State::Coming(_) => "coming",
            State::Denied(_) => "denied",
        };
        f.debug_struct("Renewed").field("mint", &self.mint).field("token", &state).finish()
    }
}

/// When a token that is good for `life` from now on is no longer used: `leeway` earlier than it ends, so
/// that none ends on its way, but a short life isn't eaten up by it.
pub(super) fn until(life: Duration, leeway: Duration) -> i64 {
    let used = life.saturating_sub(leeway.min(life / 2));
    now_millis().saturating_add(i64::try_from(used.as_millis()).unwrap_or(i64::MAX))
}

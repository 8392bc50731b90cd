//! How often and how long an answer is waited for.

use backon::{BackoffBuilder, ExponentialBuilder};
use std::time::Duration;

/// How often a request is tried, and how long is waited between.
///
/// What may go better the next time is tried again: connections that fail or break off, answers that
/// don't come in time, and the statuses 408, 425, 429 and 5xx, unless an author says otherwise
/// ([`Api::classify`](super::Api::classify)). The delays double and vary, so that those who failed
/// together don't come back together. Where an answer says how long to wait, that is how long.
#[derive(Debug, Clone, Copy)]
pub struct Retry {
    tries: u32,
    first: Duration,
    longest: Duration,
    patience: Duration,
}

impl Default for Retry {
    /// Six tries, with delays from half a second to a minute, and ten minutes of patience.
    fn default() -> Self {
        Self {
            tries: 6,
            first: Duration::from_millis(500),
            longest: Duration::from_secs(60),
            patience: Duration::from_secs(600),
        }
    }
}

impl Retry {
    /// The default.
    pub fn new() -> Self {
        Self::default()
    }

    /// How often a request is sent at most; at least once.
    #[must_use]
    pub const fn tries(mut self, tries: u32) -> Self {
        self.tries = tries;
        self
    }

    /// The first delay, and the longest; what varies comes on top, up to as much again.
    #[must_use]
    pub const fn delays(mut self, first: Duration, longest: Duration) -> Self {
        self.first = first;
        self.longest = longest;
        self
    }

    /// The longest wait that an API may ask for: a longer one is a transient error. Waits for a quota
    /// of a second or more use up no try until they come to this together.
    #[must_use]
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    pub(super) const fn longest_wait(&self) -> Duration {
        self.patience
    }

    pub(super) fn begin(&self) -> Tries {
        let delays = ExponentialBuilder::new()
            .with_min_delay(self.first)
            .with_max_delay(self.longest)
            .with_factor(2.0)
            .with_jitter()
            .without_max_times();
        Tries {
            retry: *self,
            delays: delays.build(),
            made: 1,
            waited: Duration::ZERO,
            was_refused: false,
        }
    }
}

/// The tries of one request, which begin with the first.
#[derive(Debug)]
pub(super) struct Tries {
    retry: Retry,
    delays: backon::ExponentialBackoff,
    made: u32,
    waited: Duration,
    was_refused: bool,
}

/// What comes after a try that failed.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    /// Another, after this time.
    Wait(Duration),
    /// None: there were enough.
    Enough,
    /// None: the wait that was asked for is too long.
    TooLong { asked: Duration, longest: Duration },
}

/// A wait for a quota that is at least this long uses up no try.
const LONG: Duration = Duration::from_secs(1);

impl Tries {
    /// After a failure that asks for a wait, or not.
    pub(super) fn after_failure(&mut self, asked: Option<Duration>) -> Next {
        let longest = self.retry.patience;
        if let Some(asked) = asked.filter(|asked| *asked > longest) {
            return Next::TooLong { asked, longest };
        }
        if self.made >= self.retry.tries {
            return Next::Enough;
        }
        self.made += 1;
        // The delay is taken either way: a server that asks for no wait at all gets one.
        let own = self.delays.next().unwrap_or(self.retry.longest);
        Next::Wait(asked.map_or(own, |asked| asked.max(self.retry.first)))
    }

    /// After an answer that a quota is used up.
    pub(super) fn after_quota(&mut self, asked: Option<Duration>) -> Next {
        let patience = self.retry.patience;
        match asked {
            Some(wait) if wait >= LONG && wait <= patience && self.waited < patience => {
                self.waited += wait;
                Next::Wait(wait)
            }
            _ => self.after_failure(asked),
        }
    }

    /// Notes that credentials were refused; the answer is whether that is new, so that others may help.
    pub(super) const fn first_refusal(&mut self) -> bool {
        !std::mem::replace(&mut self.was_refused, true)
    }

    /// How the tries so far are called in a sentence.
    pub(super) fn counted(&self) -> String {
        match self.made {
            1 => String::new(),
            made => format!(" after {made} tries"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn delays_grow_and_end() {
        let mut tries = Retry::new().tries(4).delays(seconds(1), seconds(3)).begin();
        for (least, most) in [(1, 2), (2, 4), (3, 6)] {
            let Next::Wait(wait) = tries.after_failure(None) else { panic!("another try") };
            assert!(wait >= seconds(least) && wait <= seconds(most), "{wait:?}");
        }
        assert_eq!(tries.after_failure(None), Next::Enough);
        assert_eq!(tries.counted(), " after 4 tries");
    }

    #[test]
    fn a_wait_that_is_asked_for_is_kept_unless_it_is_too_long() {
        let mut tries = Retry::new().patience(seconds(100)).begin();
        assert_eq!(tries.after_failure(Some(seconds(100))), Next::Wait(seconds(100)));
        let (asked, longest) = (seconds(101), seconds(100));
        assert_eq!(tries.after_failure(Some(asked)), Next::TooLong { asked, longest });
        assert_ne!(tries.after_failure(Some(seconds(0))), Next::Wait(seconds(0)));
    }

    #[test]
    fn waits_for_a_quota_use_up_patience_before_tries() {
        let mut tries = Retry::new().tries(2).patience(seconds(10)).begin();
        for _ in 0..3 {
            assert_eq!(tries.after_quota(Some(seconds(4))), Next::Wait(seconds(4)));
            assert_eq!(tries.counted(), "");
        }
        assert_eq!(tries.after_quota(Some(seconds(4))), Next::Wait(seconds(4)));
        assert_eq!(tries.counted(), " after 2 tries");
        assert_eq!(tries.after_quota(Some(seconds(4))), Next::Enough);
        // Without a time there is only trying.
        let mut tries = Retry::new().tries(1).begin();
        assert_eq!(tries.after_quota(None), Next::Enough);
    }
}

//! How many calls we allow ourselves.
//!
//! No crate does what is needed here: whoever calls gets its place in the future at once, so that
//! calls go out in the order in which they were wanted, and a wait is known, and can be told, before
//! it begins. The usual limiters (`governor`) only say that it is too early now.

use airbyte_singer_runtime::{Result, now_millis};
use airbyte_singer_toolkit as toolkit;
use std::cell::{Cell, RefCell};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

/// A wait that is at least this long is told to the platform. Servers count in seconds; of one, a bit is
/// gone when it is looked at.
const NOTABLE: Duration = Duration::from_millis(900);

/// How many calls an API may get from us, over all streams: several rates at once, and so many at a
/// time.
///
/// ```
/// # use airbyte_singer_sdk::http::Budget;
/// # use std::time::Duration;
/// let budget = Budget::new().per_second(10).per_minute(300).at_once(4);
/// let of_a_day = Budget::new().per(Duration::from_secs(86_400), 10_000).burst(100);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Budget {
    rates: Vec<Rate>,
    at_once: Option<usize>,
}

impl Budget {
    /// No bounds.
    pub fn new() -> Self {
        Self::default()
    }

    /// At most so many calls in any second.
    #[must_use]
    pub fn per_second(self, calls: u32) -> Self {
        self.per(Duration::from_secs(1), calls)
    }

    /// At most so many calls in any minute.
    #[must_use]
    pub fn per_minute(self, calls: u32) -> Self {
        self.per(Duration::from_secs(60), calls)
    }

    /// At most so many calls, at least one, in any `period`. They are spread evenly over it, unless
    /// there is a [`burst`](Self::burst).
    #[must_use]
    pub fn per(mut self, period: Duration, calls: u32) -> Self {
        self.rates.push(Rate::new(period / calls.max(1)));
        self
    }

    /// Lets so many calls of the last rate go without a pause, after a time without calls; a period that
    /// has them may see as many more.
    #[must_use]
    pub fn burst(mut self, calls: u32) -> Self {
        if let Some(rate) = self.rates.last_mut() {
            rate.slack = rate.interval * calls.saturating_sub(1);
        }
        self
    }

    /// At most so many calls at a time, at least one. A call is over when its answer begins: what is
    /// read of it may wait for others' calls.
    #[must_use]
    pub const fn at_once(mut self, calls: usize) -> Self {
        self.at_once = Some(calls);
        self
    }
}

/// One call an interval, by the [generic cell rate algorithm]; with slack some may come early.
///
/// [generic cell rate algorithm]: https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm
#[derive(Debug, Clone)]
struct Rate {
    interval: Duration,
    slack: Duration,
    /// When the next call would come if all came evenly.
    due: Option<Instant>,
}

impl Rate {
    const fn new(interval: Duration) -> Self {
        Self { interval, slack: Duration::ZERO, due: None }
    }

    /// When the next call may come.
    fn earliest(&self) -> Option<Instant> {
        self.due?.checked_sub(self.slack)
    }

    /// Counts a call that comes at this time.
    fn count(&mut self, at: Instant) {
        self.due = Some(self.due.map_or(at, |due| due.max(at)) + self.interval);
    }
}

/// The door through which all calls of an API go.
#[derive(Debug)]
pub(super) struct Door {
    rates: RefCell<Vec<Rate>>,
    at_once: Option<Semaphore>,
    /// Before this the API has no quota for us.
    shut_until: Cell<Option<Instant>>,
}

impl Door {
    pub(super) fn new(budget: Budget) -> Self {
        let at_once = budget.at_once.map(|calls| Semaphore::new(calls.max(1)));
        Self { rates: RefCell::new(budget.rates), at_once, shut_until: Cell::new(None) }
    }

    /// Lets nobody through for a time: the API said so.
    pub(super) fn shut(&self, time: Duration) {
        let until = Instant::now() + time;
        self.shut_until.set(self.shut_until.get().max(Some(until)));
    }

    /// Waits until the quotas, ours and the API's, allow a call.
    pub(super) async fn turn(&self) -> Result<()> {
        loop {
            wait_for_quota(self.place()).await?;
            // If it was shut meanwhile, whoever waited takes a new place: not all may go when it opens.
            if self.shut_until.get().is_none_or(|until| until <= Instant::now()) {
                return Ok(());
            }
        }
    }

    /// Waits until there are few enough calls at a time; what is returned counts as one. Whoever has it
    /// must not wait for another call.
    pub(super) async fn enter(&self) -> Option<SemaphorePermit<'_>> {
        // Nobody closes it.
        self.at_once.as_ref()?.acquire().await.ok()
    }

    /// Takes the next place that all rates have.
    fn place(&self) -> Instant {
        let mut rates = self.rates.borrow_mut();
        let bounds = rates.iter().map(Rate::earliest).chain([self.shut_until.get()]);
        let place = bounds.flatten().fold(Instant::now(), Instant::max);
        rates.iter_mut().for_each(|rate| rate.count(place));
        place
    }
}

/// Waits; if that takes long, the platform is told.
pub(super) async fn wait_for_quota(until: Instant) -> Result<()> {
    let wait = until.saturating_duration_since(Instant::now());
    if wait >= NOTABLE {
        let until = u128::try_from(now_millis()).unwrap_or(0) + wait.as_millis();
        toolkit::rate_limited(u64::try_from(until).ok())?;
    }
    sleep_until(until).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::timeout;

    /// When calls of so many that wait at once go, in milliseconds.
    async fn calls(budget: Budget, number: usize) -> Vec<u128> {
        let (door, began) = (Door::new(budget), Instant::now());
        let calls = (0..number).map(|_| async {
            door.turn().await.unwrap();
            began.elapsed().as_millis()
        });
        futures_util::future::join_all(calls).await
    }

    #[tokio::test(start_paused = true)]
    async fn calls_are_spread_in_their_order() {
        assert_eq!(calls(Budget::new(), 3).await, [0, 0, 0]);
        assert_eq!(calls(Budget::new().per_second(4), 4).await, [0, 250, 500, 750]);
        let burst = Budget::new().per_second(4).burst(3);
        assert_eq!(calls(burst, 5).await, [0, 0, 0, 250, 500]);
        let both = Budget::new().per_second(10).per_minute(120).burst(3);
        assert_eq!(calls(both, 6).await, [0, 100, 200, 500, 1000, 1500]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_used_up_quota_holds_all() {
        let door = Door::new(Budget::new().per_second(2));
        let began = Instant::now();
        door.shut(Duration::from_secs(5));
        door.shut(Duration::from_secs(3));
        door.turn().await.unwrap();
        assert_eq!(began.elapsed().as_millis(), 5000);
        door.turn().await.unwrap();
        assert_eq!(began.elapsed().as_millis(), 5500);
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_waited_when_it_was_shut_do_not_come_all_at_once() {
        let (door, began) = (Door::new(Budget::new().per_second(1)), Instant::now());
        let calls = (0..4).map(|_| async {
            door.turn().await.unwrap();
            began.elapsed().as_millis()
        });
        let shut = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            door.shut(Duration::from_secs(10));
        };
        let (calls, ()) = tokio::join!(futures_util::future::join_all(calls), shut);
        assert_eq!(calls, [0, 10_500, 11_500, 12_500]);
    }

    #[tokio::test(start_paused = true)]
    async fn so_many_at_a_time() {
        let door = Door::new(Budget::new().at_once(1));
        let first = door.enter().await;
        let second = timeout(Duration::from_secs(1), door.enter());
        assert!(second.await.is_err());
        drop(first);
        assert!(door.enter().await.is_some());
    }
}

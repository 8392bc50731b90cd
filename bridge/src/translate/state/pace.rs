//! When a publish is due.

use std::time::Duration;

/// Alone streams are published at most this often each.
const ALONE: Duration = Duration::from_secs(1);

/// However much the states weigh, they aren't held back longer than this.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// States may take one part in this many of the output: 5 %.
const SHARE: u64 = 20;

/// Publishing that weighs no more than this is never held back for its weight: a slow tap's few
/// rows shouldn't cost it its checkpoints.
const LIGHT: u64 = 64 * 1024;

/// Measures time and bytes between publishes.
#[derive(Debug)]
pub(super) struct Pace {
    interval: Duration,
    last: Duration,
    output: u64,
    states: u64,
    weight: u64,
}

impl Pace {
    /// Starts now, so the first publish comes one interval after the start.
    pub(super) fn new(interval: Duration, now: Duration) -> Pace {
        Pace { interval, last: now, output: 0, states: 0, weight: 0 }
    }

    /// Bytes of output that are not states.
    pub(super) fn output(&mut self, bytes: u64) {
        self.output = self.output.saturating_add(bytes);
    }

    /// Whether a publish is due. An interval of zero means: always.
    pub(super) fn is_due(&self, now: Duration, alone: bool) -> bool {
        let interval = if alone { self.interval.min(ALONE) } else { self.interval };
        let since = now.saturating_sub(self.last);
        if interval.is_zero() || since >= interval.max(LONGEST) {
            return true;
        }
        since >= interval && self.is_light_enough()
    }

    /// Whether one more publish as heavy as the last keeps the states within their share.
    fn is_light_enough(&self) -> bool {
        let states = self.states.saturating_add(self.weight);
        self.weight <= LIGHT || states.saturating_mul(SHARE) <= self.output.saturating_add(states)
    }

    /// A publish was made or found needless; `bytes` of states were written.
    pub(super) fn published(&mut self, now: Duration, bytes: u64) {
        self.last = now;
        self.states = self.states.saturating_add(bytes);
        if bytes > 0 {
            self.weight = bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    #[test]
    fn linked_waits_its_interval_and_alone_a_second() {
        let mut pace = Pace::new(S(30), S(100));
        assert!(!pace.is_due(S(129), false) && pace.is_due(S(130), false));
        assert!(!pace.is_due(S(100), true) && pace.is_due(S(101), true));
        pace.published(S(130), 10);
        assert!(!pace.is_due(S(159), false) && pace.is_due(S(160), false));
    }

    #[test]
    fn zero_publishes_always_whatever_it_weighs() {
        let mut pace = Pace::new(S(0), S(0));
        pace.published(S(0), 1 << 40);
        assert!(pace.is_due(S(0), false) && pace.is_due(S(0), true));
    }

    #[test]
    fn heavy_states_wait_for_output_but_a_quarter_of_an_hour_at_most() {
        let mut pace = Pace::new(S(30), S(0));
        pace.published(S(0), 1_000_000);
        assert!(!pace.is_due(S(31), false));
        assert!(!pace.is_due(S(899), false) && pace.is_due(S(900), false));
        pace.output(37_999_999);
        assert!(!pace.is_due(S(31), false));
        pace.output(1);
        assert!(pace.is_due(S(31), false), "2 MB of 40 MB is 5 %");
    }

    #[test]
    fn light_states_never_wait() {
        let mut pace = Pace::new(S(30), S(0));
        pace.published(S(0), 64 * 1024);
        assert!(pace.is_due(S(30), false));
    }

    #[test]
    fn an_interval_beyond_the_longest_is_kept() {
        let pace = Pace::new(S(3600), S(0));
        assert!(!pace.is_due(S(3599), false) && pace.is_due(S(3600), false));
    }
}

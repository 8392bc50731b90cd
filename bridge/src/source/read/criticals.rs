//! Which streams a CRITICAL line may have cut short, where the tap exits with 0 all the same.
//!
//! The line comes on stderr, the records on stdout, and nothing tells their order. So the line is
//! taken to stand behind what lay in the pipe when it came: a tap writes its records out before it
//! goes on. The stream that was being read there is cut short unless more of it follows. Taps that
//! write their last records only as they exit are known by the end that comes at once.

use super::route::{Router, WantedIndex};
use crate::failure;
use crate::tap::{LastWords, Words};
use airbyte_singer_runtime::{Emitting, Error};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long after a CRITICAL line the end of the tap's output belongs to it.
const AT_ONCE: Duration = Duration::from_millis(200);
/// How many streams are named.
const NAMED: usize = 20;

/// What follows from the CRITICAL lines of a run.
#[derive(Debug, Default)]
pub(super) struct Criticals {
    /// How many lines have been looked at.
    seen: u64,
    mark: Option<Mark>,
    /// The streams that were being read, and how many records of each had come by then.
    suspects: BTreeMap<WantedIndex, u64>,
}

/// A CRITICAL line whose meaning shows in what follows.
#[derive(Debug)]
enum Mark {
    /// It stands behind bytes of the tap's output that are still to be taken. Where it was noticed
    /// late, because our reader was slow, with the records of each stream by then.
    Behind { noticed: Instant, bytes: u64, before: Option<Vec<u64>> },
    /// These streams may have been being read, each with its records by then.
    Read { noticed: Instant, streams: Vec<(WantedIndex, u64)> },
}

/// The streams that a CRITICAL line leaves incomplete.
#[derive(Debug, Default)]
pub(super) struct CutShort {
    /// Not a record of them came.
    pub(super) empty: Vec<WantedIndex>,
    /// They were being read, and nothing of them followed.
    pub(super) broken_off: Vec<WantedIndex>,
}

impl CutShort {
    /// Whether the stream is one of them.
    pub(super) fn has(&self, number: WantedIndex) -> bool {
        self.empty.contains(&number) || self.broken_off.contains(&number)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.empty.is_empty() && self.broken_off.is_empty()
    }

    /// The error of streams that are cut short, in the tap's own words.
    pub(super) fn error(
        &self,
        tap: &str,
        words: &LastWords,
        router: &Router,
        floor: &Emitting,
    ) -> Error {
        let name = |number: &WantedIndex| floor.descriptor(router.wanted[number.0].stream);
        let list = |numbers: &[WantedIndex]| {
            let named: Vec<String> =
                numbers.iter().take(NAMED).map(|n| name(n).to_string()).collect();
            match numbers.len().saturating_sub(NAMED) {
                0 => named.join(", "),
                more => format!("{} and {more} more", named.join(", ")),
            }
        };
        let mut what = Vec::new();
        if !self.empty.is_empty() {
            what.push(format!("brought no record of {}", list(&self.empty)));
        }
        if !self.broken_off.is_empty() {
            what.push(format!("may have broken off in {}", list(&self.broken_off)));
        }
        let error = failure::critical(tap, &what.join(" and "), words);
        match self.broken_off.iter().chain(&self.empty).next() {
            Some(number) => error.in_stream(name(number).clone()),
            None => error,
        }
    }
}

impl Criticals {
    /// Whether there is something to be minded: as a rule not.
    pub(super) fn is_due(&self, words: &Words) -> bool {
        self.mark.is_some() || words.criticals() != self.seen
    }

    /// Minds what follows a CRITICAL line. `total` bytes of the tap's output have been taken, and
    /// `waiting` more lie in its pipe.
    pub(super) fn mind(
        &mut self,
        (total, waiting): (u64, u64),
        words: &Words,
        router: &Router,
        floor: &Emitting,
    ) {
        let mark = self.mark.take().unwrap_or_else(|| {
            self.seen = words.criticals();
            let came = words.critical_at();
            let is_late = came.is_none_or(|at| at.elapsed() >= AT_ONCE);
            let before = is_late.then(|| counts(router, floor));
            Mark::Behind { noticed: Instant::now(), bytes: total + waiting, before }
        });
        let mark = match mark {
            Mark::Behind { noticed, bytes, before } if total >= bytes => {
                Mark::Read { noticed, streams: being_read(before.as_deref(), router, floor) }
            }
            mark => mark,
        };
        match mark {
            Mark::Read { noticed, streams } if noticed.elapsed() >= AT_ONCE => {
                self.suspects.extend(streams);
            }
            mark => self.mark = Some(mark),
        }
    }

    /// A CRITICAL line came between the messages, where its place is known.
    pub(super) fn note_here(&mut self, router: &Router, floor: &Emitting) {
        self.seen += 1;
        let here = being_read(None, router, floor);
        self.suspects.extend(here);
    }

    /// The streams that the tap's CRITICAL lines leave incomplete; none where there was no such
    /// line.
    pub(super) fn cut_short(&self, words: &Words, router: &Router, floor: &Emitting) -> CutShort {
        if !words.has_critical() {
            return CutShort::default();
        }
        let counts = counts(router, floor);
        let mut suspects = self.suspects.clone();
        let last = being_read(None, router, floor);
        match &self.mark {
            None => {}
            Some(Mark::Behind { before, .. }) => {
                suspects.extend(being_read(before.as_deref(), router, floor));
            }
            Some(Mark::Read { streams, .. }) => {
                let left = |(number, count): &&(WantedIndex, u64)| counts[number.0] == *count;
                let left: Vec<(WantedIndex, u64)> = streams.iter().filter(left).copied().collect();
                // More of it came, and then the end: written as the tap exited.
                suspects.extend(if left.is_empty() { last.clone() } else { left });
            }
        }
        let seen = self.seen;
        if seen == 0 || words.criticals() != seen {
            suspects.extend(last);
        }
        let broken_off = suspects.into_iter().filter(|(number, count)| counts[number.0] == *count);
        let broken_off = broken_off.map(|(number, _)| number).filter(|number| counts[number.0] > 0);
        CutShort {
            empty: numbers(&counts).filter(|number| counts[number.0] == 0).collect(),
            broken_off: broken_off.collect(),
        }
    }
}

/// The stream that is being read, and where there is a count of `before` also those of which
/// records have come since; with their records.
fn being_read(
    before: Option<&[u64]>,
    router: &Router,
    floor: &Emitting,
) -> Vec<(WantedIndex, u64)> {
    let counts = counts(router, floor);
    let current = router.current();
    let has_grown = |number: &WantedIndex| {
        before.is_some_and(|before| before.get(number.0).unwrap_or(&0) < &counts[number.0])
    };
    let numbers = numbers(&counts).filter(|n| Some(*n) == current || has_grown(n));
    numbers.map(|number| (number, counts[number.0])).collect()
}

fn numbers(counts: &[u64]) -> impl Iterator<Item = WantedIndex> + use<> {
    (0..counts.len()).map(WantedIndex)
}

/// The records of each stream of the run so far.
fn counts(router: &Router, floor: &Emitting) -> Vec<u64> {
    router.wanted.iter().map(|wanted| floor.total(wanted.stream)).collect()
}

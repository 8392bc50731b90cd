//! How far the read of a stream got: bookkeeping, without records.
//!
//! Slices end in any order; what is saved covers the first ones that are done without a gap, and as
//! much of the next one as it vouched for. Nothing of a slice counts before all slices ahead of it do.

use super::cursor::Cursor;
use super::saved::Saved;
use super::slice::{Key, Slice};
use airbyte_protocol::SyncMode;
use airbyte_singer_runtime::Result;
use serde_json::Value;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// So many slices may be done and wait for a slower one ahead of them.
const AHEAD: usize = 1024;
/// A state grows with the slices that it tells of. One of n is published after each `n / THIN + 1`th
/// step, so that all states together don't cost the square; or when the last one is `LONG` ago.
const THIN: usize = 16;
const LONG: Duration = Duration::from_secs(10);

pub(super) struct Progress {
    saved: Saved,
    cursor: Cursor,
    /// Where windows go on, as the read began.
    start: Option<Value>,
    /// Whether anything is saved before the end.
    is_resumable: bool,
    /// The slices that were admitted and aren't saved yet; the first has the number `first`.
    waiting: VecDeque<Waiting>,
    first: usize,
    /// Steps that were saved since the last publishing.
    unpublished: usize,
    was_published: bool,
    /// Whether what is saved differs from what was published. Platforms tell states apart by their
    /// content, so none may come twice with records in between.
    has_changed: bool,
    published_at: Instant,
}

struct Waiting {
    key: Key,
    is_partition: bool,
    at: Option<Value>,
    done: bool,
}

impl Progress {
    /// Goes on from what was saved; `is_resumable` says whether a state may stand before the end, and
    /// `cursor` orders what is saved in an incremental read.
    pub(super) fn new(saved: Saved, is_resumable: bool, cursor: Cursor) -> Self {
        let start = saved.cursor.clone();
        let waiting = VecDeque::new();
        let (unpublished, was_published, published_at) = (0, false, Instant::now());
        let (first, has_changed) = (0, false);
        Self {
            saved,
            cursor,
            start,
            is_resumable,
            waiting,
            first,
            unpublished,
            was_published,
            has_changed,
            published_at,
        }
    }

    /// Where windows go on.
    pub(super) fn start(&self) -> Option<&Value> {
        self.start.as_ref()
    }

    /// Takes a slice in: its number, and how it is to be read; none, if it was done before. In a full
    /// refresh that goes for one that comes twice as well: its first coming would vouch for both.
    pub(super) fn admit(&mut self, slice: Slice) -> Option<(usize, Slice)> {
        let mode = self.saved.mode;
        let kept = self.saved.get(slice.key());
        let comes_again = || self.waiting.iter().any(|waiting| waiting.key == *slice.key());
        let keeps_done = mode == SyncMode::FullRefresh && self.is_resumable;
        if keeps_done && (kept.is_some_and(|kept| kept.done) || comes_again()) {
            return None;
        }
        let at = match mode {
            SyncMode::Incremental if !slice.is_partition() => self.start.clone(),
            _ => kept.and_then(|kept| kept.at.clone()),
        };
        let (key, is_partition) = (slice.key().clone(), slice.is_partition());
        self.waiting.push_back(Waiting { key, is_partition, at: None, done: false });
        Some((self.first + self.waiting.len() - 1, slice.going_on(mode, at)))
    }

    /// Whether one more slice may be admitted.
    pub(super) fn has_room(&self) -> bool {
        self.waiting.len() < AHEAD
    }

    /// A slice has come as far as `at`. The answer says whether to publish.
    pub(super) fn advance(&mut self, number: usize, at: Value) -> Result<bool> {
        self.waiting[number - self.first].at = Some(at);
        if number != self.first {
            return Ok(false);
        }
        self.save_first()?;
        self.unpublished += 1;
        Ok(self.is_due())
    }

    /// A slice is done, as far as `at`. The answer says whether to publish.
    pub(super) fn finish(&mut self, number: usize, at: Option<Value>) -> Result<bool> {
        let slice = &mut self.waiting[number - self.first];
        slice.done = true;
        slice.at = at.or(slice.at.take());
        let unsaved = self.waiting.len();
        while self.waiting.front().is_some_and(|first| first.done) {
            self.save_first()?;
            self.waiting.pop_front();
            self.first += 1;
        }
        self.unpublished += unsaved - self.waiting.len();
        if unsaved == self.waiting.len() {
            return Ok(false);
        }
        // The next one may have vouched for a part of it already.
        if !self.waiting.is_empty() {
            self.save_first()?;
        }
        Ok(self.is_due())
    }

    fn is_due(&self) -> bool {
        let enough = self.unpublished > self.saved.len() / THIN;
        self.is_resumable && self.has_changed && (enough || self.published_at.elapsed() >= LONG)
    }

    fn save_first(&mut self) -> Result<()> {
        let Some(slice) = self.waiting.front() else { return Ok(()) };
        if !self.is_resumable {
            return Ok(());
        }
        match (self.saved.mode, &slice.at) {
            (SyncMode::Incremental, None) => {}
            (SyncMode::Incremental, Some(at)) => {
                let known = if slice.is_partition {
                    &mut self.saved.entry(&slice.key).at
                } else {
                    &mut self.saved.cursor
                };
                let before = known.clone();
                self.cursor.keep_greatest(known, at.clone())?;
                self.has_changed |= *known != before;
            }
            (SyncMode::FullRefresh, None) if !slice.done => {}
            (SyncMode::FullRefresh, at) => {
                self.has_changed = true;
                let kept = self.saved.entry(&slice.key);
                kept.done = slice.done;
                kept.at = at.clone().filter(|_| !slice.done);
            }
        }
        Ok(())
    }

    /// The state to publish now.
    pub(super) fn publish(&mut self) -> Value {
        self.unpublished = 0;
        self.was_published = true;
        self.has_changed = false;
        self.published_at = Instant::now();
        self.saved.is_underway = self.saved.mode == SyncMode::Incremental && self.saved.len() > 0;
        self.saved.to_blob()
    }

    /// All slices are done: the last state, unless it was published.
    pub(super) fn conclude(&mut self) -> Option<Value> {
        if self.saved.mode == SyncMode::FullRefresh {
            self.saved.complete();
        } else if self.was_published && self.unpublished == 0 && !self.saved.is_underway {
            return None;
        }
        let _ = self.publish();
        self.saved.is_underway = false;
        Some(self.saved.to_blob())
    }
}

#[cfg(test)]
mod tests;

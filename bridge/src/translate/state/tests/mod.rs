//! The state rules held against a world of taps and platforms.
//!
//! [`models`] are taps of fifteen kinds, [`bridge`] runs the real code between a tap and a
//! [`platform`] that commits each stream at its own pace, cuts reads short, resets streams and
//! switches modes. [`laws`] says what must hold whatever they do; [`mutants`] breaks one rule each
//! and must be caught; [`directed`], [`publishing`] and [`whole`] are single cases.

mod bridge;
mod directed;
mod laws;
mod models;
mod mutants;
mod pick;
mod platform;
mod publishing;
mod scenario;
mod tap;
mod whole;

use super::StreamSpec;
use crate::translate::ConfiguredIndex;

/// The streams as a configured catalog has them that lists them in this order.
fn in_order(streams: &[StreamSpec]) -> Vec<StreamSpec> {
    let place = |(at, spec): (usize, &StreamSpec)| StreamSpec {
        configured: ConfiguredIndex(at),
        ..spec.clone()
    };
    streams.iter().enumerate().map(place).collect()
}

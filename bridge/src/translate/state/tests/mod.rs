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

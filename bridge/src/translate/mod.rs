//! Between Singer's words and Airbyte's: pure translation, no I/O.
//!
//! Only this module speaks both languages. A tap's catalog becomes an Airbyte one
//! ([`catalog`], [`schema`]) and the user's choice a selection in the tap's own, corrected by
//! what a profile says ([`overrides`]). The rules of [`state`] are the heart.

pub mod catalog;
pub mod overrides;
pub mod schema;
pub mod state;

pub use overrides::Overrides;

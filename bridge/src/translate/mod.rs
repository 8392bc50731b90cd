//! Between Singer's words and Airbyte's: pure translation, no I/O.
//!
//! Only this module speaks both languages. A tap's catalog becomes an Airbyte one
//! ([`catalog`], [`schema`]) and the user's choice a selection in the tap's own, corrected by
//! what a profile says ([`overrides`]). A tap's settings become a spec ([`spec`]). While it runs,
//! the names in its messages are traced back to its catalog ([`names`]), and deselected fields
//! are taken out of its records ([`record`]). The rules of [`state`] are the heart.

pub mod catalog;
mod index;
pub mod names;
pub mod overrides;
pub mod record;
pub mod schema;
pub mod spec;
pub mod state;

pub use index::{ConfiguredIndex, EntryIndex};
pub use overrides::Overrides;

//! What a Singer tap says: messages, catalogs, states, log lines.
//!
//! Vocabulary only. Nothing here reads a file, starts a process or writes to a stream: bytes come
//! in, borrowed views or small owned values come out. Nothing here knows who is listening.
//!
//! - **stdout**: [`Message`] reads one line in place; [`repair_non_finite`] mends the one flaw that
//!   Python's `json` makes.
//! - **stderr**: [`parse_line`] tells a line's level and words, [`Stderr`] keeps the lines of one
//!   traceback together.
//! - **files**: [`Catalog`] with its [`Entry`]s, their [`Metadata`] and how to [select](Selection)
//!   from them; [`State`]; [`About`].
//! - [`epoch_millis`] and [`rfc3339`] for the times in all of these.
//!
//! The crate follows taps, not the letter of the [Singer
//! specification](https://github.com/singer-io/getting-started/blob/master/docs/SPEC.md): it accepts
//! what taps really write, keeps every byte and every key it doesn't understand, and refuses only
//! what can't be understood at all. Errors name places, never values.

mod about;
mod bookmark;
mod catalog;
mod error;
mod lenient;
mod log;
pub mod message;
mod metadata;
mod scan;
mod state;
mod time;

pub use about::About;
pub use bookmark::Bookmark;
pub use catalog::{Catalog, Entry, FieldSelection, ReplicationMethod, Selection};
pub use error::Error;
pub use log::{Kind, Level, LevelSource, LogEntry, LogLine, Metric, Stderr, parse_line};
pub use message::{LineError, Malformed, Message, Reason, Repaired, repair_non_finite};
pub use metadata::{Inclusion, Metadata};
pub use state::State;
pub use time::{epoch_millis, rfc3339};

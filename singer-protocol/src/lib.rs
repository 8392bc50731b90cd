//! What Singer taps say, those of the Meltano SDK too: messages, catalogs, states, log lines,
//! `--about`.
//!
//! [`Message`] reads one line of a tap in place and writes one for a tap:
//!
//! ```
//! use singer_protocol::{Message, message::Record};
//!
//! let line = br#"{"type": "RECORD", "stream": "users", "record": {"id": 1.10}}"#;
//! let Message::Record(record) = Message::parse(line)? else { panic!("no record") };
//! assert_eq!(record.record, r#"{"id": 1.10}"#);
//!
//! let mut out = Vec::new();
//! Message::from(Record::new("users", r#"{"id":2}"#)).write(&mut out);
//! assert_eq!(out, b"{\"type\":\"RECORD\",\"stream\":\"users\",\"record\":{\"id\":2}}\n");
//! # Ok::<(), singer_protocol::LineError>(())
//! ```
//!
//! * **stdout**: [`Message`]; [`repair_non_finite`] mends the one flaw that Python's `json` makes.
//! * **stderr**: [`parse_line`] tells a line's level and words, [`Stderr`] keeps the lines of one
//!   traceback together.
//! * **files**: [`Catalog`] with its [`Entry`]s, their [`Fields`] and how to [select](Selection)
//!   from them; [`State`] and, as the SDK writes them, its [`Bookmark`]s; [`About`].
//! * **times** in all of these: [`epoch_millis`] and [`rfc3339`].
//!
//! The examples `tiny_tap` and `count_messages` are whole programs: a tap, and a reader of taps.
//!
//! # Two rules
//!
//! * **Reading follows taps, not the letter** of the [Singer
//!   specification](https://github.com/singer-io/getting-started/blob/master/docs/SPEC.md): what taps
//!   really write is accepted, every byte and every key that isn't understood is kept (of a message's
//!   envelope alone only what Singer knows), and only what can't be understood at all is refused.
//!   Errors name places, never values.
//! * **Writing is exact and compact**: one line a message, what is absent left out.
//!
//! # What it isn't
//!
//! Vocabulary only. Nothing here reads a file, starts a process or writes to a stream: bytes come in,
//! borrowed views or small owned values come out. Nothing here knows who is listening, validates
//! records against their schema, or opens the files of a BATCH.
//!
//! # Where a word went
//!
//! | Word | Type |
//! |---|---|
//! | SCHEMA (`stream`, `schema`, `key_properties`, `bookmark_properties`) | [`message::Schema`] |
//! | RECORD (`stream`, `record`, `version`, `time_extracted`) | [`message::Record`] |
//! | STATE (`value`) | [`message::State`]; the value: [`State`] |
//! | ACTIVATE_VERSION (`stream`, `version`) | [`message::ActivateVersion`] |
//! | BATCH of the SDK (`stream`, `encoding`, `manifest`) | [`message::Batch`], [`message::BatchEncoding`] |
//! | catalog: `streams` | [`Catalog`], [`Entry`] |
//! | `metadata`: `breadcrumb`, `inclusion`, `selected`, … | [`Fields`], [`Inclusion`] |
//! | what is to be read | [`Selection`], [`FieldSelection`], [`ReplicationMethod`] |
//! | `bookmarks`, `currently_syncing` | [`State`] |
//! | the SDK's `replication_key_value`, `partitions`, `progress_markers`, `replication_key_signpost`, `starting_replication_value` | [`Bookmark`] |
//! | the SDK's `--about --format=json` | [`About`] |
//! | stderr: levels, `METRIC:` lines, tracebacks | [`LogLine`], [`Metric`], [`LogEntry`] |

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
mod text;
mod time;

pub use about::About;
pub use bookmark::Bookmark;
pub use catalog::{Catalog, Entry, Field, FieldSelection, Fields, ReplicationMethod, Selection};
pub use error::Error;
pub use log::{
    Kind, Level, LevelSource, LogEntry, LogLine, Metric, Stderr, parse_line,
    tells_of_an_ignored_exception,
};
pub use message::{
    Chunk, LineError, Malformed, Message, Parser, Reason, Repaired, repair_non_finite,
};
pub use metadata::Inclusion;
pub use state::State;
pub use time::{Moments, epoch_millis, rfc3339};

/// The examples of the README, which run as those of the documentation do.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

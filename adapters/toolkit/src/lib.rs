//! What an author of a source writes: a [`Connector`] with a typed config, and its [`Stream`]s.
//!
//! Everything else follows. The spec comes from the config's type, the catalog from the streams,
//! `check` reads a first record, and a read has as many slices in work at a time as
//! [`Connector::workers`] says, while its states come in the order of the slices. [`Native`] makes a
//! connector a [`Source`](airbyte_singer_runtime::Source) for `airbyte_singer_runtime::cli::main`.
//!
//! ```
//! use airbyte_singer_sdk::Result;
//! use airbyte_singer_sdk::toolkit::{About, Connection, Connector, Out, Slice, Stream, Streams};
//!
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! struct Config {
//!     /// How far to count
//!     last: u64,
//! }
//!
//! struct Counter;
//!
//! impl Connector for Counter {
//!     type Config = Config;
//!
//!     async fn streams(&self, config: Config, _: &Connection) -> Result<Streams> {
//!         Ok(vec![Box::new(Numbers(config.last))])
//!     }
//! }
//!
//! #[derive(serde::Serialize, schemars::JsonSchema)]
//! struct Number {
//!     n: u64,
//! }
//!
//! struct Numbers(u64);
//!
//! impl Stream for Numbers {
//!     fn about(&self) -> About {
//!         About::of::<Number>("numbers").key(["n"])
//!     }
//!
//!     async fn read(&self, _: &Slice, out: &mut Out<'_>) -> Result<()> {
//!         for n in 1..=self.0 {
//!             out.emit(&Number { n }).await?;
//!         }
//!         Ok(())
//!     }
//! }
//!
//! use airbyte_singer_sdk::{testing, toolkit::Native};
//! testing::hold(Native::new(Counter), serde_json::json!({"last": 3}));
//! ```
//!
//! # Everything is async, on one thread
//!
//! Many slices are read at once because they wait at once, for servers mostly. Nothing of an author's
//! has to be `Send`, and nothing of the toolkit's is spawned: a read that is dropped is gone, with all
//! of its slices. What blocks has a place to run in [`tokio::task::spawn_blocking`].
//!
//! # Nothing piles up
//!
//! [`Out::emit`] hands a record to stdout's buffer, and a reader that is slow holds the source up.
//! Slices wait in a queue of one: whoever makes them ([`Slices::emit`]) goes on when somebody took the
//! last one.

mod about;
mod closures;
mod connection;
mod connector;
mod cursor;
mod engine;
mod infer;
mod out;
mod parent;
mod progress;
mod sample;
mod saved;
mod schema;
mod secret;
mod setting;
mod slice;
mod stream;
pub mod testing;
mod waiting;

pub use about::About;
pub use closures::Sliced;
pub use connection::Connection;
pub use connector::{Connector, Native};
#[doc(hidden)]
pub use cursor::path;
pub use cursor::{Cursor, Since};
pub use engine::{catalog, discover, first_record, read, sample};
pub use infer::Inference;
#[doc(hidden)]
pub use infer::is_timestamp;
pub use out::Out;
pub use sample::Sample;
pub use schema::{Schema, parse_config, specification};
pub use secret::Secret;
pub use setting::Setting;
pub use slice::{Slice, Slices};
pub use stream::{AnyStream, Stream, Streams};
pub use waiting::rate_limited;

//! Sources behind HTTP APIs, REST and GraphQL: what an author needs beyond the [`toolkit`](crate::toolkit).
//!
//! The runner knows nothing of this; it stands behind the feature `http`.

mod api;
mod ask;
mod auth;
mod budget;
mod call;
mod emit;
mod format;
mod pages;
mod quota;
mod records;
mod redirect;
mod request;
mod resume;
mod retry;
mod send;
mod verdict;
mod wire;

pub use api::Api;
pub use auth::{Auth, Signing};
pub use budget::Budget;
pub use call::Call;
pub use format::{Decoding, Each, Format, Json, JsonLines, Record, Rest};
pub use pages::{Page, Pages, Place, Token, Turner};
pub use records::RecordPath;
pub use request::{Body, Request};
pub use retry::Retry;
pub use verdict::{Answer, Verdict};
pub use wire::{Reply, Wire};

/// Methods, statuses, headers and addresses, of the crates that they come from.
pub use reqwest::{Method, StatusCode, header};
pub use url::{self, Url};

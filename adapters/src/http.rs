//! Sources behind HTTP APIs, REST and GraphQL: what an author needs beyond the [`toolkit`](crate::toolkit).
//!
//! The runner knows nothing of this; it stands behind the feature `http`.

mod auth;
mod format;
mod pages;
mod pointer;
mod records;
mod request;
mod transform;
mod wire;

pub use auth::{Auth, Signing};
pub use format::{
    Csv, Decoding, Each, Format, Gzip, Json, JsonLines, Record, Rest, Xml, Zip, format_of,
};
pub use pages::{Page, Pages, Place, Token, Turner};
pub use records::RecordPath;
pub use request::{Body, Request};
pub use transform::Transform;
pub use wire::{Reply, Wire};

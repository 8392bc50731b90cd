//! Sources behind HTTP APIs, REST and GraphQL: what an author needs beyond the [`toolkit`](crate::toolkit).
//!
//! The runner knows nothing of this; it stands behind the feature `http`.

mod auth;
mod format;
mod pages;
mod request;
mod wire;

pub use auth::{Auth, Signing};
pub use format::{Each, Format, Record, Rest};
pub use pages::Page;
pub use request::{Body, Request};
pub use wire::{Reply, Wire};

//! Sources behind HTTP APIs, REST and GraphQL: what an author needs beyond the [`toolkit`](crate::toolkit).
//!
//! The runner knows nothing of this; it stands behind the feature `http`.

mod auth;
mod format;
mod pages;
mod request;
mod wire;

pub use auth::{
    ApiKey, ApiKeyConfig, Auth, AuthConfig, Basic, BasicConfig, Bearer, BearerConfig, Jwt,
    JwtAlgorithm, JwtConfig, OAuth, OAuthConfig, OAuthGrant, OAuthSettings, SentAs, SentIn,
    SessionToken, SessionTokenConfig, Signing,
};
pub use format::{Each, Format, Record, Rest};
pub use pages::Page;
pub use request::{Body, Request};
pub use wire::{Reply, Wire};

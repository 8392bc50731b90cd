//! Sources behind HTTP APIs, REST and GraphQL: what an author needs beyond the [`toolkit`](airbyte_singer_toolkit).
//!
//! An [`Api`] is made once and shared by all streams; each stream reads by [`Call`]s:
//!
//! ```
//! use airbyte_singer_sdk::Result;
//! use airbyte_singer_sdk::http::{Api, Budget, Pages};
//! use airbyte_singer_sdk::toolkit::{About, Connection, Connector, Streams};
//!
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! struct Config {
//!     /// Where the shop is
//!     address: String,
//! }
//!
//! #[derive(serde::Serialize, schemars::JsonSchema)]
//! struct Customer {
//!     id: u64,
//!     changed_at: String,
//! }
//!
//! struct Shop;
//!
//! impl Connector for Shop {
//!     type Config = Config;
//!
//!     async fn streams(&self, config: Config, _: &Connection) -> Result<Streams> {
//!         let api = Api::new(&config.address)?.budget(Budget::new().per_second(5));
//!         let customers = About::of::<Customer>("customers").key(["id"]).cursor("changed_at");
//!         let customers = customers.reading(async move |slice, out| {
//!             let call = api.get("customers").query_opt("since", slice.cursor::<String>()?);
//!             call.records("/data").pages(Pages::next_url("/next")).emit(out).await
//!         });
//!         Ok(vec![Box::new(customers)])
//!     }
//! }
//! ```
//!
//! Tries, waits, quotas, redirects and pages follow from that; what they do is said at [`Retry`],
//! [`Budget`], [`Api`] and [`Pages`]. What an answer means can be said otherwise ([`Api::classify`]).
//! Errors are sentences that name the method, the host and the path, never a query or a value.
//!
//! The runner knows nothing of this; it stands behind the feature `http`.

mod api;
mod ask;
mod auth;
mod budget;
mod call;
mod emit;
mod failed;
mod format;
mod graphql;
mod lookups;
mod pages;
mod pointer;
mod quota;
mod records;
mod redirect;
mod request;
mod resume;
mod retry;
mod send;
mod source;
mod told;
mod transform;
mod verdict;
mod wire;
mod written;

pub use api::Api;
pub use auth::{
    ApiKey, ApiKeyConfig, Auth, AuthConfig, Basic, BasicConfig, Bearer, BearerConfig, Jwt,
    JwtAlgorithm, JwtConfig, OAuth, OAuthConfig, OAuthGrant, OAuthSettings, SentAs, SentIn,
    SessionToken, SessionTokenConfig, Signing,
};
pub use budget::Budget;
pub use call::Call;
pub(crate) use format::Kind;
pub use format::{
    Csv, Decoding, Each, Format, Gzip, Json, JsonLines, Record, Rest, Xml, Zip, format_of,
};
pub use pages::{LoopGuard, Page, Pages, Place, Token, Turner};
pub use records::RecordPath;
pub use request::{Body, Request};
pub use retry::Retry;
pub use source::Http;
pub use told::ToldErrors;
pub use transform::Transform;
pub(crate) use verdict::reason;
pub use verdict::{Answer, Verdict};
pub use wire::{Reply, Wire};

/// Methods, statuses, headers and addresses, of the crates that they come from.
pub use reqwest::{Method, StatusCode, header};
pub use url::{self, Url};

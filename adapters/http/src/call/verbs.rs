//! How calls begin: what an API is asked to do.

use super::Call;
use crate::Api;
use reqwest::Method;

impl Api {
    /// A GET of a path below the API's address, or of a whole address.
    pub fn get<'a>(&self, path: impl AsRef<str>) -> Call<'a> {
        self.call(Method::GET, path)
    }

    /// A POST, as [`Api::get`].
    pub fn post<'a>(&self, path: impl AsRef<str>) -> Call<'a> {
        self.call(Method::POST, path)
    }

    /// A PUT, as [`Api::get`].
    pub fn put<'a>(&self, path: impl AsRef<str>) -> Call<'a> {
        self.call(Method::PUT, path)
    }

    /// A PATCH, as [`Api::get`].
    pub fn patch<'a>(&self, path: impl AsRef<str>) -> Call<'a> {
        self.call(Method::PATCH, path)
    }

    /// A DELETE, as [`Api::get`].
    pub fn delete<'a>(&self, path: impl AsRef<str>) -> Call<'a> {
        self.call(Method::DELETE, path)
    }

    /// A query of GraphQL, by POST to the API's address, which answers with pages as [`Pages::relay`] has
    /// them:
    ///
    /// ```no_run
    /// # use airbyte_singer_sdk::http::{Api, Pages};
    /// # use airbyte_singer_sdk::toolkit::{Out, Slice};
    /// # use airbyte_singer_sdk::Result;
    /// # async fn read(slice: &Slice, out: &mut Out<'_>) -> Result<()> {
    /// const ISSUES: &str = "query ($after: String, $since: DateTime) {
    ///     issues(first: 100, after: $after, filter: {updatedAt: {gte: $since}}) {
    ///         nodes { id title updatedAt }
    ///         pageInfo { hasNextPage endCursor }
    ///     }
    /// }";
    /// let api = Api::new("https://api.example.com/graphql")?;
    /// api.graphql(ISSUES)
    ///     .variable_opt("since", slice.cursor::<String>()?)
    ///     .records("/data/issues/nodes")
    ///     .pages(Pages::relay("/data/issues/pageInfo", "after"))
    ///     .emit(out)
    ///     .await
    /// # }
    /// ```
    ///
    /// An answer with errors is a fault, whatever its status and whatever data there is: where
    /// `extensions.code` or `type` says so, a quota that is used up, refused credentials, or what may go
    /// better the next time; else the source's. [`Api::classify`] comes before that.
    ///
    /// [`Pages::relay`]: crate::Pages::relay
    pub fn graphql<'a>(&self, query: impl AsRef<str>) -> Call<'a> {
        self.post("").graphql(query)
    }

    /// A call of any method, as [`Api::get`].
    pub fn call<'a>(&self, method: Method, path: impl AsRef<str>) -> Call<'a> {
        Call::new(self.clone(), method, path.as_ref())
    }
}

//! The pages of `docs/native`, whose code runs as the tests of documentation that it is. Their files are
//! not the crate's, so this is nothing for anybody who builds it.

macro_rules! pages {
    ($($name:ident: $file:literal),* $(,)?) => {$(
        #[doc = include_str!(concat!("../../../docs/native/", $file))]
        mod $name {}
    )*};
}

pages! {
    concepts: "README.md",
    full_refresh: "full-refresh.md",
    incremental: "incremental.md",
    slices: "slices.md",
    http: "http.md",
    graphql: "graphql.md",
    oauth: "oauth.md",
    testing: "testing.md",
    async_rust: "async-rust.md",
}

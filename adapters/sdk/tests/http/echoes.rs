//! Servers that hand credentials back in the addresses that they lead to.

use crate::server::{Settings, answer, api, asked, ids, read, server, stream, the_things, things};
use airbyte_protocol::{ConfiguredCatalog, ConfiguredStream, SyncMode};
use airbyte_singer_sdk::http::{Api, Auth, Pages, Request, Signing};
use airbyte_singer_sdk::toolkit::{About, Connection, Connector, Native, Schema, Streams};
use airbyte_singer_sdk::{Result, testing};
use serde_json::json;
use wiremock::ResponseTemplate;

const TOKEN: &str = "token-of-the-query";

/// A token in the query.
struct InQuery;

impl Auth for InQuery {
    fn sign<'a>(&'a self, request: &'a mut Request) -> Signing<'a, ()> {
        request.set_query("access_token", TOKEN);
        Box::pin(async { Ok(()) })
    }
}

fn signed(address: &str) -> Api {
    api(address).auth(InQuery).query("api_key", "key-of-the-query")
}

/// What is added to requests, as a server repeats it.
const ECHO: &str = "api_key=key-of-the-query&access_token=token-of-the-query";

fn page(id: u64, next: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({"data": [{"id": id}], "next": next}))
}

#[test]
fn a_later_page_elsewhere_gets_no_credentials_that_earlier_ones_repeated() {
    let (home, other) = (server(), server());
    answer(&home, "/things", [page(1, &format!("/2?{ECHO}&page=2"))]);
    answer(&home, "/2", [page(2, &format!("{}/3?{ECHO}&page=3", other.uri()))]);
    answer(&other, "/3", [things([3])]);
    let transcript = read(|| {
        let api = signed(&home.uri());
        vec![stream("things", async move |_, out| {
            let call = api.get("things").records("/data").pages(Pages::next_url("/next"));
            call.emit(out).await
        })]
    });
    assert_eq!(ids(&transcript, "things"), [1, 2, 3]);
    let second = &asked(&home)[1];
    assert_eq!(second.url.query(), Some(&*format!("page=2&{ECHO}")));
    assert_eq!(asked(&other)[0].url.query(), Some("page=3"));
}

#[test]
fn a_redirect_elsewhere_gets_no_credentials_that_earlier_ones_repeated() {
    let (home, other) = (server(), server());
    let to = |address: &str| {
        ResponseTemplate::new(302).insert_header("Location", format!("{address}?{ECHO}&part=1"))
    };
    answer(&home, "/things", [to("/moved")]);
    answer(&home, "/moved", [to(&format!("{}/file", other.uri()))]);
    answer(&other, "/file", [things([1])]);
    let transcript = read(|| vec![the_things(signed(&home.uri()))]);
    assert_eq!(ids(&transcript, "things"), [1]);
    assert_eq!(asked(&other)[0].url.query(), Some("part=1"));
}

/// Things that can be gone on with at each page.
struct Resumable(String);

impl Connector for Resumable {
    type Config = Settings;

    async fn streams(&self, _: Settings, _: &Connection) -> Result<Streams> {
        let schema = Schema::given(json!({"type": "object", "properties": {"id": {}}}));
        let api = signed(&self.0);
        let things = About::new("things", schema).key(["id"]).resumable(true);
        let things = things.reading(async move |slice, out| {
            let call = api.get("things").records("/data").pages(Pages::next_url("/next"));
            call.resumable(slice).emit(out).await
        });
        Ok(vec![Box::new(things)])
    }
}

#[test]
fn no_state_holds_credentials_that_pages_repeated() {
    let home = server();
    answer(&home, "/things", [page(1, &format!("/2?{ECHO}&page=2"))]);
    answer(&home, "/2", [page(2, &format!("/3?{ECHO}&page=3"))]);
    let user = home.uri().replace("http://", "http://user:password@");
    answer(&home, "/3", [page(3, &format!("{user}/4?{ECHO}&page=4"))]);
    answer(&home, "/4", [ResponseTemplate::new(500)]);
    let mut source = Native::new(Resumable(home.uri()));
    let offers = testing::discover(&mut source, &json!({})).catalog().streams;
    let configured = offers.into_iter().map(|s| ConfiguredStream::new(s, SyncMode::FullRefresh));
    let catalog = ConfiguredCatalog::new(configured.collect());
    let transcript = testing::read(&mut source, &json!({}), &catalog, &[]);
    assert_eq!(ids(&transcript, "things"), [1, 2, 3]);
    let written = serde_json::to_string(&transcript.messages).unwrap();
    assert!(written.contains("page=4"), "{written}");
    for secret in [TOKEN, "key-of-the-query", "password"] {
        assert!(!written.contains(secret), "{written}");
    }
}

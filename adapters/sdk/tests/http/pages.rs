//! Records of many pages, and going on in the midst of them.

use crate::server::{
    Settings, answer, api, asked, ids, now, read, sentence, server, stream, things,
};
use airbyte_singer_sdk::http::{JsonLines, Pages, StatusCode, Transform};
use airbyte_singer_sdk::toolkit::{About, Connection, Connector, Native, Schema, Streams};
use airbyte_singer_sdk::{Error, Result, testing};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::Write;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

/// Three pages of things.
fn paged() -> MockServer {
    let server = server();
    let page = |ids: [u64; 2], next: Value| {
        let things = ids.map(|id| json!({"id": id, "is_odd": id % 2 == 1}));
        [ResponseTemplate::new(200).set_body_json(json!({"data": things, "next": next}))]
    };
    answer(&server, "/things", page([1, 2], json!("/things/2?token=abc")));
    answer(&server, "/things/2", page([3, 4], json!("/things/3")));
    answer(&server, "/things/3", page([5, 6], json!(null)));
    server
}

#[test]
fn records_are_left_out_and_changed_on_the_way() {
    let server = paged();
    let transcript = read(|| {
        let api = api(&server.uri());
        vec![stream("things", async move |_, out| {
            let call = api.get("things").records("/data").pages(Pages::next_url("/next"));
            call.filter(|thing| thing["is_odd"] == true)
                .map(|mut thing| {
                    thing.remove("is_odd");
                    thing
                })
                .emit(out)
                .await
        })]
    });
    assert_eq!(ids(&transcript, "things"), [1, 3, 5]);
    assert!(transcript.records().all(|record| record.data.len() == 1));
}

#[test]
fn a_page_that_leads_to_itself_is_noticed() {
    let server = server();
    let page = json!({"data": [{"id": 1}], "next": "/things"});
    answer(&server, "/things", [ResponseTemplate::new(200).set_body_json(page)]);
    let transcript = read(|| {
        let api = api(&server.uri());
        vec![stream("things", async move |_, out| {
            let call = api.get("things").records("/data").pages(Pages::next_url("/next"));
            call.emit(out).await
        })]
    });
    assert_eq!(
        sentence(&transcript, &server.uri()),
        "system_error: stream things: GET HOST/things: the API gave the same page again: the next \
         URL from /next leads in a circle"
    );
    assert_eq!(asked(&server).len(), 1);
}

#[test]
fn an_answer_says_itself_what_it_is_written_in() {
    let server = server();
    let lines = ResponseTemplate::new(200)
        .set_body_raw("{\"id\": 1}\n{\"id\": 2}\n", "application/x-ndjson");
    answer(&server, "/lines", [lines]);
    answer(
        &server,
        "/nameless",
        [ResponseTemplate::new(200).set_body_raw("{\"id\": 3}\n{\"id\": 4}\n", "text/plain")],
    );
    let transcript = read(|| {
        let api = api(&server.uri());
        vec![stream("things", async move |_, out| {
            api.get("lines").emit(out).await?;
            let nameless = api.get("nameless").format(JsonLines::new());
            nameless.transform(Transform::add("/is_new", json!(true))?).emit(out).await
        })]
    });
    assert_eq!(ids(&transcript, "things"), [1, 2, 3, 4]);
    let are_new = transcript.records().map(|record| record.data.contains_key("is_new"));
    assert_eq!(are_new.collect::<Vec<_>>(), [false, false, true, true]);
}

#[test]
fn a_record_may_be_found_wrong() {
    let server = paged();
    let wrong = |_| Err(Error::system("a thing is odd"));
    let call = api(&server.uri()).get("things").records("/data").step(wrong);
    let error = now(call.each(async |_| Ok(()))).unwrap_err();
    assert_eq!(error.message(), "a thing is odd");
}

#[test]
fn an_error_of_who_takes_records_is_no_reason_to_ask_again() {
    let server = paged();
    let call = api(&server.uri()).get("things").records("/data");
    let full = now(call.each(async |_| Err(Error::transient("the disk is full")))).unwrap_err();
    assert_eq!(full.message(), "the disk is full");
    assert_eq!(asked(&server).len(), 1);
}

#[test]
fn one_answer_as_it_is() {
    let server = server();
    answer(&server, "/me", [ResponseTemplate::new(200).set_body_json(json!({"n": 1.50}))]);
    let api = api(&server.uri()).header("X-Of-The-Api", "1").query("v", 2);
    let call = api.get("/me").header("x-of-the-api", "2").query_opt("a", Some("b c"));
    let call = call.query_opt("none", None::<u64>);
    assert_eq!(now(call.fetch()).unwrap(), json!({"n": 1.5}));
    let request = &asked(&server)[0];
    assert_eq!(request.url.query(), Some("a=b+c&v=2"));
    assert_eq!(request.headers["x-of-the-api"], "2");
}

#[test]
fn an_answer_that_is_wanted_whole_is_json_or_empty() {
    let server = server();
    answer(&server, "/done", [ResponseTemplate::new(204)]);
    answer(&server, "/text", [ResponseTemplate::new(200).set_body_string("{\n  text")]);
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all("\u{feff}[1.5]".as_bytes()).unwrap();
    let packed = ResponseTemplate::new(200).set_body_bytes(packed.finish().unwrap());
    answer(&server, "/packed", [packed.insert_header("Content-Encoding", "gzip")]);
    let api = api(&server.uri());
    assert_eq!(now(api.delete("done").fetch()).unwrap(), json!(null));
    // Nobody asked for that.
    assert_eq!(now(api.get("packed").fetch()).unwrap(), json!([1.5]));
    let error = now(api.get("text").fetch()).unwrap_err();
    let text = error.message().replace(&server.uri()["http://".len()..], "HOST");
    assert_eq!(
        text,
        "GET HOST/text: the body is not JSON: key must be a string, line 2, column 3; it came as \
         text/plain"
    );
}

#[test]
fn bodies_are_json_or_forms() {
    let server = server();
    answer(&server, "/call", [ResponseTemplate::new(StatusCode::OK).set_body_json(json!([]))]);
    let api = api(&server.uri());
    now(api.post("call").json(json!({"a": [1]})).fetch()).unwrap();
    now(api.put("call").form([("a", "b&c"), ("d", "e")]).fetch()).unwrap();
    let own = api.post("call").header("Content-Type", "application/vnd.api+json").json([1]);
    now(own.fetch()).unwrap();
    let asked = asked(&server);
    let sent: Vec<_> = asked
        .iter()
        .map(|r| {
            (r.method.as_str(), r.headers["content-type"].to_str().unwrap(), r.body.as_slice())
        })
        .collect();
    assert_eq!(
        sent,
        [
            ("POST", "application/json", &b"{\"a\":[1]}"[..]),
            ("PUT", "application/x-www-form-urlencoded", b"a=b%26c&d=e"),
            ("POST", "application/vnd.api+json", b"[1]"),
        ]
    );
}

#[test]
fn addresses_are_below_the_apis() {
    let server = server();
    let paths = ["/v2/things", "/v2/a%20b", "/v2/", "/elsewhere"];
    for path in paths {
        answer(&server, path, [things([])]);
    }
    let api = api(&format!("{}/v2/", server.uri()));
    let whole = format!("{}/elsewhere", server.uri());
    for path in ["things", "/things", "things?x=1", "a b", "", whole.as_str()] {
        now(api.get(path).fetch()).unwrap();
    }
    let asked = asked(&server);
    let asked: Vec<_> = asked.iter().map(|r| &r.url[url_path()]).collect();
    let expected =
        ["/v2/things", "/v2/things", "/v2/things?x=1", "/v2/a%20b", "/v2/", "/elsewhere"];
    assert_eq!(asked, expected);
}

fn url_path() -> std::ops::RangeFrom<airbyte_singer_sdk::http::url::Position> {
    airbyte_singer_sdk::http::url::Position::BeforePath..
}

/// Things that can be gone on with at each page.
struct Resumable {
    address: String,
    pages: Pages,
}

impl Connector for Resumable {
    type Config = Settings;

    async fn streams(&self, _: Settings, _: &Connection) -> Result<Streams> {
        let fields = json!({"id": {"type": "integer"}, "is_odd": {"type": "boolean"}});
        let schema = Schema::given(json!({"type": "object", "properties": fields}));
        let (api, pages) = (api(&self.address).query("api_key", "k"), self.pages.clone());
        let things = About::new("things", schema).key(["id"]).resumable(true);
        let things = things.reading(async move |slice, out| {
            let call = api.get("things").query("mine", 1).records("/data");
            call.pages(pages.clone()).resumable(slice).emit(out).await
        });
        Ok(vec![Box::new(things)])
    }
}

#[test]
fn a_full_refresh_goes_on_at_the_next_address() {
    let server = paged();
    let pages = Pages::next_url("/next");
    testing::hold(Native::new(Resumable { address: server.uri(), pages }), json!({}));
    let firsts = asked(&server).iter().filter(|r| r.url.path() == "/things").count();
    let thirds = asked(&server).iter().filter(|r| r.url.path() == "/things/3").count();
    assert!(firsts < thirds, "{firsts} reads from the start, {thirds} from anywhere");
}

#[test]
fn a_full_refresh_goes_on_at_the_next_number() {
    let server = server();
    let first = |request: &wiremock::Request| {
        let page = request.url.query_pairs().find(|(name, _)| name == "page");
        page.map_or(0, |(_, page)| page.parse().expect("a number")) * 2
    };
    let page = move |request: &wiremock::Request| match first(request) {
        first @ 0..6 => things([first, first + 1]),
        _ => things([]),
    };
    now(Mock::given(matchers::path("/things")).respond_with(page).mount(&server));
    let pages = Pages::number("page", 0).size("per_page", 2);
    testing::hold(Native::new(Resumable { address: server.uri(), pages }), json!({}));
    let all = asked(&server);
    assert!(all.iter().all(|r| r.url.query().is_some_and(|q| q.contains("mine=1"))));
}

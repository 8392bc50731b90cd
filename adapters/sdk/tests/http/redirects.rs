//! Redirects, and what doesn't go along.

use crate::server::{
    answer, api, asked, ids, now, read, read_things, sentence, server, stream, the_things, things,
};
use airbyte_singer_sdk::http::header::{AUTHORIZATION, HeaderValue};
use airbyte_singer_sdk::http::{Api, Auth, Pages, Request, Signing};
use serde_json::json;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

/// Credentials wherever there can be some.
struct Everywhere;

impl Auth for Everywhere {
    fn sign<'a>(&'a self, request: &'a mut Request) -> Signing<'a, ()> {
        request.set_header(AUTHORIZATION, HeaderValue::from_static("Bearer the-token"));
        request.set_query("auth_key", "auth-key-1");
        Box::pin(async { Ok(()) })
    }
}

fn with_credentials(address: &str) -> Api {
    api(address)
        .auth(Everywhere)
        .header("X-Api-Key", "header-key-1")
        .query("api_key", "query-key-1")
}

fn redirect(status: u16, to: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).insert_header("Location", to)
}

fn headers_of(request: &wiremock::Request) -> Vec<String> {
    let mut names: Vec<_> = request.headers.keys().map(ToString::to_string).collect();
    names.sort();
    names
}

#[test]
fn the_same_host_gets_everything_again() {
    let server = server();
    answer(&server, "/things", [redirect(302, "/moved?page=7")]);
    answer(&server, "/moved", [things([1, 2])]);
    let transcript = read(|| vec![the_things(with_credentials(&server.uri()))]);
    assert_eq!(ids(&transcript, "things"), [1, 2]);
    let moved = &asked(&server)[1];
    assert_eq!(moved.headers["authorization"], "Bearer the-token");
    assert_eq!(moved.headers["x-api-key"], "header-key-1");
    assert_eq!(moved.url.query(), Some("page=7&api_key=query-key-1&auth_key=auth-key-1"));
}

/// What another host hears when it is where the things are.
fn heard_elsewhere(home: &MockServer, location: &str) -> wiremock::Request {
    let other = server();
    answer(&other, "/elsewhere", [things([1, 2])]);
    answer(home, "/things", [redirect(302, &format!("{}{location}", other.uri()))]);
    let things = || {
        let api = with_credentials(&home.uri());
        stream("things", async move |_, out| {
            let call = api.get("things").header("X-Of-The-Call", "1").query("mine", "2");
            call.records("/data").emit(out).await
        })
    };
    let transcript = read(|| vec![things()]);
    assert_eq!(ids(&transcript, "things"), [1, 2]);
    assert_eq!(asked(home).len(), 1);
    let mut heard = asked(&other);
    assert_eq!(heard.len(), 1);
    heard.remove(0)
}

#[test]
fn another_host_gets_the_address_and_nothing_else() {
    let heard = heard_elsewhere(&server(), "/elsewhere?page=7");
    assert_eq!(headers_of(&heard), ["accept", "host", "user-agent"]);
    assert_eq!(heard.url.query(), Some("page=7"));
}

#[test]
fn credentials_that_the_address_repeats_are_taken_out_of_it() {
    let location =
        "/elsewhere?api_key=query-key-1&auth_key=auth-key-1&k=header-key-1&t=the-token&page=7";
    let heard = heard_elsewhere(&server(), location);
    assert_eq!(heard.url.query(), Some("page=7"));
}

#[test]
fn pages_whose_content_lies_elsewhere_are_asked_for_with_credentials() {
    let (home, other) = (server(), server());
    for (n, ids) in [(0, 0..2), (1, 2..4), (2, 4..5)] {
        let page = redirect(302, &format!("{}/{n}", other.uri()));
        let of_number = Mock::given(matchers::query_param("page", n.to_string()));
        now(of_number.respond_with(page).mount(&home));
        answer(&other, &format!("/{n}"), [things(ids)]);
    }
    let transcript = read(|| {
        let api = with_credentials(&home.uri());
        vec![stream("things", async move |_, out| {
            let call = api.get("things").records("/data");
            call.pages(Pages::number("page", 0).size("size", 2)).emit(out).await
        })]
    });
    assert_eq!(ids(&transcript, "things"), [0, 1, 2, 3, 4]);
    assert!(asked(&home).iter().all(|r| r.headers.contains_key("authorization")));
    assert!(asked(&other).iter().all(|r| headers_of(r) == ["accept", "host", "user-agent"]));
}

#[test]
fn a_page_elsewhere_gets_the_address_and_nothing_else() {
    let (home, other) = (server(), server());
    let page = |id: u64, next: String| {
        ResponseTemplate::new(200).set_body_json(json!({"data": [{"id": id}], "next": next}))
    };
    let elsewhere = format!("{}/2?api_key=query-key-1&page=2", other.uri());
    answer(&home, "/things", [page(1, elsewhere)]);
    // A stranger can't make us ask at home with our credentials either.
    answer(&other, "/2", [page(2, format!("{}/3", home.uri()))]);
    answer(&home, "/3", [things([3])]);
    let transcript = read(|| {
        let api = with_credentials(&home.uri());
        vec![stream("things", async move |_, out| {
            let call = api.get("things").header("X-Of-The-Call", "1").records("/data");
            call.pages(Pages::next_url("/next")).emit(out).await
        })]
    });
    assert_eq!(ids(&transcript, "things"), [1, 2, 3]);
    let (asked_home, asked_other) = (asked(&home), asked(&other));
    assert!(asked_home[0].headers.contains_key("authorization"));
    for request in [&asked_other[0], &asked_home[1]] {
        assert_eq!(headers_of(request), ["accept", "host", "user-agent"]);
    }
    assert_eq!(asked_other[0].url.query(), Some("page=2"));
    assert_eq!(asked_home[1].url.query(), None);
}

#[test]
fn whoever_was_led_away_comes_back_without_credentials() {
    let (home, other) = (server(), server());
    answer(&home, "/things", [redirect(302, &format!("{}/", other.uri()))]);
    answer(&other, "/", [redirect(302, &format!("{}/back", home.uri()))]);
    answer(&home, "/back", [ResponseTemplate::new(401)]);
    let transcript = read(|| vec![the_things(with_credentials(&home.uri()))]);
    assert_eq!(
        sentence(&transcript, &home.uri()),
        "config_error: stream things: GET HOST/things was led to http://HOST, which gets no \
         credentials and refused it (401)"
    );
    assert_eq!(headers_of(&asked(&home)[1]), ["accept", "host", "user-agent"]);
}

#[test]
fn a_circle_is_noticed() {
    let server = server();
    answer(&server, "/things", [redirect(302, "/there")]);
    answer(&server, "/there", [redirect(302, "/things")]);
    assert_eq!(
        sentence(&read_things(&server.uri()), &server.uri()),
        "system_error: stream things: GET HOST/things: its redirects lead in a circle"
    );
    assert_eq!(asked(&server).len(), 2);
}

#[test]
fn ten_redirects_are_enough() {
    let server = server();
    for n in 0..20 {
        let path = if n == 0 { "/things".to_owned() } else { format!("/{n}") };
        answer(&server, &path, [redirect(307, &format!("/{}", n + 1))]);
    }
    assert_eq!(
        sentence(&read_things(&server.uri()), &server.uri()),
        "system_error: stream things: GET HOST/things: it was redirected more than 10 times"
    );
    assert_eq!(asked(&server).len(), 11);
}

#[test]
fn https_never_becomes_http() {
    let server = server();
    let address = server.uri();
    let transcript = read(|| {
        let (api, address) = (api("https://localhost"), address.clone());
        vec![stream("things", async move |_, out| {
            api.get(format!("{address}/things")).records("/data").emit(out).await
        })]
    });
    assert_eq!(
        sentence(&transcript, &address),
        "system_error: stream things: GET HOST/things: it was led from https to http on HOST"
    );
    assert_eq!(asked(&server).len(), 0);
}

#[test]
fn a_body_goes_to_no_other_host() {
    let (home, other) = (server(), server());
    answer(&home, "/things", [redirect(307, &format!("{}/things", other.uri()))]);
    let transcript = read(|| {
        let api = with_credentials(&home.uri());
        vec![stream("things", async move |_, out| {
            api.post("things").json([1]).records("/data").emit(out).await
        })]
    });
    let other_host = other.uri().replace("http://", "");
    assert_eq!(
        sentence(&transcript, &home.uri()).replace(&other_host, "OTHER"),
        "system_error: stream things: POST HOST/things: its body would go to another host, OTHER"
    );
    assert_eq!(asked(&other).len(), 0);
}

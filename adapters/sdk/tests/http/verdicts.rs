//! What answers mean, usually and by an author's word.

use crate::server::{
    answer, api, asked, descriptor, ids, read, read_things, sentence, server, stream, the_things,
    things,
};
use airbyte_protocol::{Status, StreamStatus};
use airbyte_singer_sdk::http::header::{AUTHORIZATION, HeaderValue};
use airbyte_singer_sdk::http::{Auth, Pages, Request, Signing, Verdict};
use airbyte_singer_sdk::{Error, Outcome, testing};
use serde_json::json;
use std::cell::Cell;
use std::time::Duration;
use wiremock::ResponseTemplate;

/// Tokens by their number; a new one comes when the last was refused, so many times.
struct Tokens {
    current: Cell<u32>,
    last: u32,
}

impl Tokens {
    fn up_to(last: u32) -> Self {
        Self { current: Cell::new(1), last }
    }
}

impl Auth for Tokens {
    fn sign<'a>(&'a self, request: &'a mut Request) -> Signing<'a, ()> {
        let token = HeaderValue::try_from(format!("Bearer {}", self.current.get()));
        request.set_header(AUTHORIZATION, token.expect("a header"));
        Box::pin(async { Ok(()) })
    }

    fn refused<'a>(&'a self, _: &'a Request) -> Signing<'a, bool> {
        let renewed = self.current.get() < self.last;
        self.current.set(self.current.get() + u32::from(renewed));
        Box::pin(async move { Ok(renewed) })
    }
}

#[test]
fn refused_credentials_are_the_users_fault() {
    let server = server();
    let refusal = ResponseTemplate::new(401).set_body_json(json!({"message": "key is revoked"}));
    answer(&server, "/things", [refusal]);
    let text = "config_error: stream things: GET HOST/things refused the credentials (401): key is \
                revoked";
    assert_eq!(sentence(&read_things(&server.uri()), &server.uri()), text);
    assert_eq!(asked(&server).len(), 1);
    // Other credentials help once, or not at all.
    let transcript = read(|| vec![the_things(api(&server.uri()).auth(Tokens::up_to(9)))]);
    assert_eq!(sentence(&transcript, &server.uri()), text);
    assert_eq!(asked(&server).len(), 3);
}

#[test]
fn a_check_with_refused_credentials_fails_with_the_sentence() {
    let server = server();
    answer(&server, "/things", [ResponseTemplate::new(401)]);
    let mut source = crate::server::source(|| vec![the_things(api(&server.uri()))]);
    let check = testing::check(&mut source, &json!({}));
    assert_eq!(check.status().status, Status::Failed);
    let message = check.status().message.unwrap_or_default();
    assert!(message.ends_with("/things refused the credentials (401)"), "{message}");
}

/// A platform shows the sentence of an answer, and none of a check that fails.
#[test]
fn a_check_of_a_server_that_is_down_has_an_answer() {
    let server = server();
    answer(&server, "/things", [ResponseTemplate::new(503)]);
    let mut source = crate::server::source(|| vec![the_things(api(&server.uri()))]);
    let check = testing::check(&mut source, &json!({}));
    assert_eq!((check.status().status, check.outcome), (Status::Failed, Outcome::Done));
    let message = check.status().message.unwrap_or_default();
    assert!(
        message.ends_with("/things answered 503 Service Unavailable after 3 tries"),
        "{message}"
    );
}

#[test]
fn credentials_that_expire_between_pages_are_renewed() {
    let server = server();
    let first = json!({"data": [{"id": 1}], "next": "/more"});
    answer(&server, "/things", [ResponseTemplate::new(200).set_body_json(first)]);
    answer(&server, "/more", [ResponseTemplate::new(401), things([2])]);
    let transcript = read(|| {
        let api = api(&server.uri()).auth(Tokens::up_to(2));
        vec![stream("things", async move |_, out| {
            let call = api.get("things").records("/data");
            call.pages(Pages::next_url("/next")).emit(out).await
        })]
    });
    assert_eq!(ids(&transcript, "things"), [1, 2]);
    let asked = asked(&server);
    let tokens: Vec<_> = asked.iter().map(|r| r.headers["authorization"].as_bytes()).collect();
    assert_eq!(tokens, [b"Bearer 1", b"Bearer 1", b"Bearer 2"]);
}

#[test]
fn an_author_says_that_404_is_empty() {
    let server = server();
    answer(&server, "/things", [ResponseTemplate::new(404)]);
    let empty = |api: airbyte_singer_sdk::http::Api| {
        api.classify(|answer| (answer.status == 404).then_some(Verdict::Ignore))
    };
    let transcript = read(|| vec![the_things(empty(api(&server.uri())))]);
    assert_eq!(transcript.outcome, Outcome::Done);
    let statuses = transcript.statuses(&descriptor("things"));
    assert_eq!(statuses.last(), Some(&StreamStatus::Complete));
}

#[test]
fn an_author_finds_faults_in_a_success() {
    let server = server();
    let limited = json!({"ok": false, "error": "ratelimited", "data": []});
    let broken = json!({"ok": false, "error": "no_such_channel", "data": []});
    let json = |body| ResponseTemplate::new(200).set_body_json(body);
    answer(&server, "/things", [json(limited), things([1, 2])]);
    answer(&server, "/broken", [json(broken)]);
    let strict = || {
        api(&server.uri()).classify(|answer| match answer.at("/error")?.as_str()? {
            "ratelimited" => Some(Verdict::RateLimited(Some(Duration::from_millis(1)))),
            _ => Some(Verdict::Fail(Error::config("the channel is not there"))),
        })
    };
    let broken = || {
        let api = strict();
        stream("broken", async move |_, out| api.get("broken").records("/data").emit(out).await)
    };
    let transcript = read(|| vec![the_things(strict()), broken()]);
    assert_eq!(ids(&transcript, "things"), [1, 2]);
    assert_eq!(
        sentence(&transcript, &server.uri()),
        "config_error: stream broken: GET HOST/broken: the channel is not there"
    );
}

#[test]
fn a_call_knows_better_than_its_api() {
    let server = server();
    let body = json!({"data": [{"id": 1}]});
    answer(&server, "/things", [ResponseTemplate::new(418).set_body_json(body)]);
    let transcript = read(|| {
        let api = api(&server.uri()).classify(|_| Some(Verdict::Ignore)).classify(|_| None);
        vec![stream("things", async move |_, out| {
            let call = api.get("things").records("/data");
            call.classify(|answer| (answer.status == 418).then_some(Verdict::Success))
                .emit(out)
                .await
        })]
    });
    assert_eq!(ids(&transcript, "things"), [1]);
}

#[test]
fn what_nobody_knows_is_the_sources_fault() {
    let server = server();
    answer(&server, "/things", [ResponseTemplate::new(422)]);
    assert_eq!(
        sentence(&read_things(&server.uri()), &server.uri()),
        "system_error: stream things: GET HOST/things answered 422 Unprocessable Entity"
    );
    assert_eq!(asked(&server).len(), 1);
}

#[test]
fn what_can_not_be_sent_is_told_when_it_would_be() {
    let transcript = read(|| vec![the_things(api("http://localhost").header("X-Key", "a\nb"))]);
    assert_eq!(
        sentence(&transcript, "http://localhost"),
        "config_error: stream things: GET HOST/things: the header `x-key` holds characters that none \
         may have"
    );
}

//! Quotas that are used up.

use crate::server::{
    answer, api, asked, descriptor, ids, read, read_things, sentence, server, stream, the_things,
    things,
};
use airbyte_protocol::StreamStatus::{Complete, Running, Started};
use airbyte_protocol::{Event, Message, StatusReason};
use airbyte_singer_sdk::http::{Api, Auth, Budget, Pages, Record, Request, Signing};
use airbyte_singer_sdk::runtime::now_millis;
use airbyte_singer_sdk::testing::Transcript;
use airbyte_singer_sdk::toolkit::{About, Schema, Slice};
use serde_json::json;
use std::time::{Duration, Instant};
use wiremock::ResponseTemplate;

/// Until when the platform was told to wait, one a status.
fn told(transcript: &Transcript) -> Vec<Option<u64>> {
    let statuses = transcript.messages.iter().filter_map(|message| match message {
        Message::Trace(trace) => match &trace.event {
            Event::StreamStatus(status) => Some(status),
            _ => None,
        },
        _ => None,
    });
    let reasons = statuses.flat_map(|status| &status.reasons);
    let until = |reason: &StatusReason| match reason {
        StatusReason::RateLimited(until) => *until,
        other => panic!("a status for another reason: {other:?}"),
    };
    reasons.map(until).collect()
}

fn limited() -> ResponseTemplate {
    ResponseTemplate::new(429).set_body_json(json!({"message": "slow down"}))
}

#[test]
fn retry_after_is_kept_and_the_platform_told() {
    let server = server();
    let later = || limited().insert_header("Retry-After", "1");
    answer(&server, "/things", [later(), things([1, 2])]);
    let (began, began_millis) = (Instant::now(), now_millis());
    let transcript = read_things(&server.uri());
    assert_eq!(ids(&transcript, "things"), [1, 2]);
    assert!(began.elapsed() >= Duration::from_secs(1));
    let statuses = transcript.statuses(&descriptor("things"));
    assert_eq!(statuses, [Started, Running, Running, Complete]);
    let [Some(until)] = told(&transcript)[..] else { panic!("it is told once") };
    let until = i64::try_from(until).unwrap();
    assert!(until >= began_millis + 1000 && until <= now_millis(), "{until}");
}

#[test]
fn without_retry_after_it_is_tried_again_soon() {
    let server = server();
    answer(&server, "/things", [limited(), limited(), things([1, 2])]);
    let transcript = read_things(&server.uri());
    assert_eq!(ids(&transcript, "things"), [1, 2]);
    assert_eq!(told(&transcript), []);
}

#[test]
fn a_quota_that_stays_used_up_is_told_after_the_last_try() {
    let server = server();
    answer(&server, "/things", [limited()]);
    assert_eq!(
        sentence(&read_things(&server.uri()), &server.uri()),
        "transient_error: stream things: GET HOST/things answered 429 Too Many Requests after 3 \
         tries: slow down"
    );
    assert_eq!(asked(&server).len(), 3);
}

#[test]
fn a_wait_that_is_too_long_is_not_begun() {
    let server = server();
    answer(&server, "/things", [limited().insert_header("Retry-After", "3600")]);
    assert_eq!(
        sentence(&read_things(&server.uri()), &server.uri()),
        "transient_error: stream things: GET HOST/things answered 429 Too Many Requests and asks to \
         wait for 3600 s, which is more than the 3 s that are waited at most: slow down"
    );
    assert_eq!(asked(&server).len(), 1);
}

#[test]
fn after_the_last_call_of_a_quota_nobody_asks() {
    let server = server();
    let next = format!("{}/more", server.uri());
    let first = ResponseTemplate::new(200)
        .set_body_json(json!({"data": [{"id": 1}], "next": next}))
        .insert_header("X-RateLimit-Remaining", "0")
        .insert_header("X-RateLimit-Reset", "1");
    answer(&server, "/things", [first]);
    answer(&server, "/more", [things([2])]);
    let api = api(&server.uri());
    let began = Instant::now();
    let transcript = read(|| {
        let api = api.clone();
        vec![stream("things", async move |_, out| {
            let call = api.get("things").records("/data");
            call.pages(Pages::next_url("/next")).emit(out).await
        })]
    });
    assert_eq!(ids(&transcript, "things"), [1, 2]);
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert_eq!(told(&transcript).len(), 1);
    assert_eq!(asked(&server).len(), 2);
}

#[test]
fn all_streams_share_one_budget() {
    let server = server();
    let names = ["a", "b", "c", "d"];
    for name in names {
        answer(&server, &format!("/{name}"), [things([1])]);
    }
    let budget = Budget::new().per(Duration::from_millis(400), 4).burst(2).at_once(1);
    let api = api(&server.uri()).budget(budget);
    let began = Instant::now();
    let transcript = read(|| {
        let streams = names.map(|name| {
            let api = api.clone();
            stream(name, async move |_, out| api.get(name).records("/data").emit(out).await)
        });
        streams.into()
    });
    assert_eq!(transcript.records().count(), 4);
    // Two go at once, two wait their turns.
    assert!(began.elapsed() >= Duration::from_millis(200));
}

#[test]
fn a_parent_and_its_children_share_a_single_call() {
    let server = server();
    answer(&server, "/parents", [things(0..20)]);
    answer(&server, "/things", [things([1])]);
    let api = api(&server.uri()).budget(Budget::new().at_once(1));
    let transcript = read(|| {
        let (parents, children) = (api.clone(), the_things(api.clone()));
        let schema = Schema::given(json!({"type": "object"}));
        let sliced = About::new("children", schema).slicing(async move |slices| {
            let parents = parents.get("parents").records("/data");
            let child = |parent: &Record| Slice::partition([("of", parent["id"].clone())]);
            parents.each(async |parent| slices.emit(child(&parent)).await).await
        });
        vec![Box::new(sliced.reading(async move |slice, out| children.read(slice, out).await))]
    });
    assert_eq!(ids(&transcript, "children").len(), 20);
}

/// Logs in with a call of its own.
struct LogsIn(Api);

impl Auth for LogsIn {
    fn sign<'a>(&'a self, request: &'a mut Request) -> Signing<'a, ()> {
        Box::pin(async {
            let session = self.0.post("login").fetch().await?;
            request.set_query("session", session["id"].as_str().unwrap_or_default());
            Ok(())
        })
    }
}

#[test]
fn a_login_shares_a_single_call_with_what_it_is_for() {
    let server = server();
    answer(&server, "/login", [ResponseTemplate::new(200).set_body_json(json!({"id": "s"}))]);
    answer(&server, "/things", [things([1])]);
    let api = api(&server.uri()).budget(Budget::new().at_once(1));
    let transcript = read(|| vec![the_things(api.clone().auth(LogsIn(api.clone())))]);
    assert_eq!(ids(&transcript, "things"), [1]);
}

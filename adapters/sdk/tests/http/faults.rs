//! Answers that don't come, break off, or aren't what they should be.

use crate::server::{
    Then, answer, api, asked, descriptor, ids, log_of, raw, read, read_things, self_signed,
    sentence, server, source, stream, the_things, things,
};
use airbyte_protocol::StreamStatus::{Complete, Incomplete, Running, Started};
use airbyte_protocol::{ConfiguredCatalog, ConfiguredStream, SyncMode};
use airbyte_singer_sdk::http::{Api, Retry, Wire};
use airbyte_singer_sdk::testing;
use airbyte_singer_sdk::toolkit::{About, Schema};
use serde_json::json;
use std::net::TcpListener;
use std::time::Duration;
use wiremock::ResponseTemplate;

#[test]
fn a_burst_of_503_is_waited_out() {
    let server = server();
    let down = || ResponseTemplate::new(503);
    answer(&server, "/things", [down(), down(), things([1, 2])]);
    let transcript = read_things(&server.uri());
    assert_eq!(ids(&transcript, "things"), [1, 2]);
    assert_eq!(asked(&server).len(), 3);
}

#[test]
fn a_server_that_stays_down_is_told_after_the_last_try() {
    let server = server();
    let body = json!({"error": {"message": "maintenance until noon"}});
    answer(&server, "/things", [ResponseTemplate::new(503).set_body_json(body)]);
    assert_eq!(
        sentence(&read_things(&server.uri()), &server.uri()),
        "transient_error: stream things: GET HOST/things answered 503 Service Unavailable after 3 \
         tries: maintenance until noon"
    );
    assert_eq!(asked(&server).len(), 3);
}

#[test]
fn each_try_is_logged_without_the_query() {
    let server = server();
    answer(&server, "/things", [ResponseTemplate::new(503), things([1])]);
    let written = log_of(|| {
        let api = api(&server.uri()).query("api_key", "key-of-the-query");
        assert_eq!(ids(&read(|| vec![the_things(api.clone())]), "things"), [1]);
    });
    let host = server.uri().replace("http://", "");
    let tried =
        format!("GET {host}/things answered 503 Service Unavailable; it is tried again in 0.0 s");
    assert!(written.contains(&tried), "{written}");
    assert!(!written.contains("key-of-the-query"), "{written}");
}

#[test]
fn nobody_at_the_address_is_told_after_the_last_try() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    assert_eq!(
        sentence(&read_things(&address), &address),
        "transient_error: stream things: GET HOST/things failed after 3 tries: HOST can't be reached"
    );
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_the_users_matter() {
    let address = self_signed();
    assert_eq!(
        sentence(&read_things(&address.replace("http", "https")), &address),
        "config_error: stream things: GET HOST/things: HOST has a certificate that isn't trusted on \
         this machine"
    );
}

/// More is promised than comes.
const CUT: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n\
                   {\"data\": [{\"id\": 1}, {\"id\": 2}, {\"id";
const CUT_IN_CHUNKS: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                             1f\r\n{\"data\": [{\"id\": 1}, {\"id\": 2}, \r\n";
const WHOLE: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 32\r\n\
                     Connection: close\r\n\r\n{\"data\": [{\"id\": 1}, {\"id\": 2}]}\n";

#[test]
fn a_body_that_breaks_off_is_read_again_and_no_row_is_lost() {
    for cut in [CUT, CUT_IN_CHUNKS] {
        let address = raw(vec![(cut, Then::Close), (WHOLE, Then::Close)]);
        let transcript = read_things(&address);
        let mut ids = ids(&transcript, "things");
        // Those before the break may come twice.
        assert_eq!(ids.split_off(ids.len() - 2), [1, 2]);
        assert!(ids.iter().all(|id| [1, 2].contains(id)), "{ids:?}");
        assert_eq!(transcript.statuses(&descriptor("things")).last(), Some(&Complete));
    }
}

#[test]
fn bodies_that_all_break_off_are_told() {
    let address = raw(vec![(CUT, Then::Close)]);
    assert_eq!(
        sentence(&read_things(&address), &address),
        "transient_error: stream things: GET HOST/things failed after 3 tries: the \
         connection broke off in the middle of the answer"
    );
}

#[test]
fn a_server_that_falls_silent_is_asked_again() {
    let wire = Wire::with_silence(Duration::from_millis(300)).unwrap();
    let pause = Duration::from_millis(1);
    let retry = Retry::new().tries(2).delays(pause, pause);
    let patient = |address: &str| Api::over(wire.clone(), address).unwrap().retry(retry);
    let again = raw(vec![(CUT, Then::Silence), ("", Then::Close), (WHOLE, Then::Close)]);
    let never = raw(vec![("", Then::Silence)]);

    let transcript = read(|| vec![the_things(patient(&again).retry(retry.tries(3)))]);
    assert!(ids(&transcript, "things").ends_with(&[1, 2]));
    assert_eq!(
        sentence(&read(|| vec![the_things(patient(&never))]), &never),
        "transient_error: stream things: GET HOST/things failed after 2 tries: HOST didn't answer in \
         time"
    );
}

#[test]
fn an_address_that_is_gone_ends_one_stream_and_no_other() {
    let server = server();
    answer(&server, "/things", [things([1, 2])]);
    let lost = |api: Api| stream("lost", async move |_, out| api.get("lost").emit(out).await);
    let transcript = read(|| vec![lost(api(&server.uri())), the_things(api(&server.uri()))]);
    assert_eq!(
        sentence(&transcript, &server.uri()),
        "config_error: stream lost: GET HOST/lost has no such address (404)"
    );
    assert_eq!(transcript.error().unwrap().stream_descriptor, Some(descriptor("lost")));
    assert_eq!(transcript.statuses(&descriptor("lost")), [Started, Incomplete]);
    assert_eq!(transcript.statuses(&descriptor("things")), [Started, Running, Complete]);
    assert_eq!(ids(&transcript, "things"), [1, 2]);
}

#[test]
fn a_body_that_is_not_what_its_header_says_is_not_asked_for_again() {
    let server = server();
    let page = ResponseTemplate::new(200).set_body_raw("<html>Sign in</html>", "application/json");
    answer(&server, "/things", [page]);
    assert_eq!(
        sentence(&read_things(&server.uri()), &server.uri()),
        "system_error: stream things: GET HOST/things: the body is a web page where JSON was expected: \
         is the address that of the API?; it came as application/json"
    );
    assert_eq!(asked(&server).len(), 1);
}

#[test]
fn a_page_that_is_read_again_is_no_breach_of_the_order() {
    let server = server();
    let cut = r#"{"data": [{"id": 1}, {"id": 2}, {"id": 3}, {"id": 4"#;
    let cut = ResponseTemplate::new(200).set_body_raw(cut, "application/json");
    answer(&server, "/things", [cut, things(1..=5)]);
    let mut source = source(|| {
        let api = api(&server.uri());
        let schema =
            Schema::given(json!({"type": "object", "properties": {"id": {"type": "integer"}}}));
        let things = About::new("things", schema).key(["id"]).cursor("id").checkpoint_every(2);
        vec![Box::new(
            things.reading(async move |_, out| api.get("things").records("/data").emit(out).await),
        )]
    });
    let offers = testing::discover(&mut source, &json!({})).catalog().streams;
    let configured = offers.into_iter().map(|s| ConfiguredStream::new(s, SyncMode::Incremental));
    let catalog = ConfiguredCatalog::new(configured.collect());
    let transcript = testing::read(&mut source, &json!({}), &catalog, &[]);
    assert_eq!(transcript.error().map(|error| error.message.clone()), None);
    assert_eq!(ids(&transcript, "things"), [1, 2, 1, 2, 3, 4, 5]);
}

#[test]
fn a_head_that_is_too_large_is_told_as_that() {
    let long = format!("HTTP/1.1 200 OK\r\nX-Long: {}\r\n\r\n", "x".repeat(2 << 20));
    let many: String = (0..200).map(|n| format!("X-{n}: 1\r\n")).collect();
    let many = format!("HTTP/1.1 200 OK\r\n{many}\r\n");
    for head in [long, many] {
        let address = raw(vec![(head.leak(), Then::Silence)]);
        assert_eq!(
            sentence(&read_things(&address), &address),
            "system_error: stream things: GET HOST/things: the head of the answer of HOST is too large, or \
             has too many headers"
        );
    }
}

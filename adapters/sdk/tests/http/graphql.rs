//! APIs of GraphQL, whose errors come with the status 200.

use crate::server::{answer, api, asked, descriptor, ids, read, sentence, server, stream};
use airbyte_protocol::StreamStatus;
use airbyte_singer_sdk::Outcome;
use airbyte_singer_sdk::http::{Api, Pages, Verdict};
use airbyte_singer_sdk::testing::Transcript;
use airbyte_singer_sdk::toolkit::AnyStream;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

const QUERY: &str = "query ($after: String) { things { nodes { id } } }";

fn things(api: Api) -> Box<dyn AnyStream> {
    stream("things", async move |_, out| {
        let call = api.graphql(QUERY).variable("state", "open").variable_opt("since", None::<&str>);
        let pages = Pages::relay("/data/things/pageInfo", "after");
        call.records("/data/things/nodes").pages(pages).emit(out).await
    })
}

fn read_things(address: &str) -> Transcript {
    let address = format!("{address}/graphql");
    read(|| vec![things(api(&address))])
}

fn page(ids: &[u64], next: Option<&str>) -> ResponseTemplate {
    let nodes: Vec<Value> = ids.iter().map(|id| json!({"id": id})).collect();
    let info = json!({"hasNextPage": next.is_some(), "endCursor": next});
    json_200(json!({"data": {"things": {"nodes": nodes, "pageInfo": info}}}))
}

fn json_200(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

/// An answer that has nothing but an error.
fn error(code: &str) -> ResponseTemplate {
    json_200(json!({"errors": [{"message": "it says no", "extensions": {"code": code}}]}))
}

#[test]
fn all_pages_are_asked_for_by_the_same_query() {
    let server = server();
    answer(&server, "/graphql", [page(&[1, 2], Some("b")), page(&[3], None)]);
    assert_eq!(ids(&read_things(&server.uri()), "things"), [1, 2, 3]);
    let bodies: Vec<Value> =
        asked(&server).iter().map(|request| request.body_json().unwrap()).collect();
    let body = |variables: Value| json!({"query": QUERY, "variables": variables});
    // What isn't known is left out, since null would be something else.
    let first = body(json!({"state": "open"}));
    assert_eq!(bodies, [first, body(json!({"state": "open", "after": "b"}))]);
}

#[test]
fn errors_are_faults_whatever_the_status() {
    for (code, told) in [
        (
            "UNAUTHENTICATED",
            "config_error: stream things: POST HOST/graphql refused the credentials (200): it says no",
        ),
        (
            "FORBIDDEN",
            "config_error: stream things: POST HOST/graphql is not permitted to these credentials: it \
             says no",
        ),
        (
            "BAD_USER_INPUT",
            "system_error: stream things: POST HOST/graphql answered with errors: it says no",
        ),
    ] {
        let server = server();
        answer(&server, "/graphql", [error(code)]);
        assert_eq!(sentence(&read_things(&server.uri()), &server.uri()), told);
        assert_eq!(asked(&server).len(), 1);
    }
}

#[test]
fn a_part_of_the_data_is_not_taken_for_all() {
    let server = server();
    let partial = json!({
        "data": {"things": {"nodes": [{"id": 1}], "pageInfo": {"hasNextPage": false}}},
        "errors": [{"message": "the rest is missing"}],
    });
    answer(&server, "/graphql", [json_200(partial)]);
    assert_eq!(
        sentence(&read_things(&server.uri()), &server.uri()),
        "system_error: stream things: POST HOST/graphql answered with errors: the rest is missing"
    );
}

#[test]
fn a_quota_is_waited_for() {
    let server = server();
    let limited = error("THROTTLED").insert_header("retry-after", "1");
    answer(&server, "/graphql", [limited, page(&[1], None)]);
    let transcript = read_things(&server.uri());
    assert_eq!(ids(&transcript, "things"), [1]);
    let statuses = transcript.statuses(&descriptor("things"));
    assert!(statuses.contains(&StreamStatus::Running), "{statuses:?}");
    assert_eq!(transcript.outcome, Outcome::Done);
}

#[test]
fn what_may_pass_is_tried_again() {
    let server = server();
    let broken = ResponseTemplate::new(500)
        .set_body_json(json!({"errors": [{"message": "out of time"}], "data": {"things": null}}));
    answer(&server, "/graphql", [error("INTERNAL_SERVER_ERROR"), broken, page(&[1], None)]);
    assert_eq!(ids(&read_things(&server.uri()), "things"), [1]);
    assert_eq!(asked(&server).len(), 3);
}

#[test]
fn an_author_may_know_an_error_better() {
    let server = server();
    answer(&server, "/graphql", [error("NO_SUCH_THINGS")]);
    let address = format!("{}/graphql", server.uri());
    let empty = |api: Api| {
        api.classify(|answer| {
            (answer.at("/errors/0/extensions/code")? == "NO_SUCH_THINGS").then_some(Verdict::Ignore)
        })
    };
    let transcript = read(|| vec![things(empty(api(&address)))]);
    assert_eq!((transcript.outcome, transcript.records().count()), (Outcome::Done, 0));
}

#[test]
fn an_answer_that_lacks_its_records_is_the_sources_fault() {
    let server = server();
    answer(&server, "/graphql", [json_200(json!({"data": {"other": 1}}))]);
    assert_eq!(
        sentence(&read_things(&server.uri()), &server.uri()),
        "system_error: stream things: POST HOST/graphql: the body has no /data/things; \
         it came as application/json"
    );
}

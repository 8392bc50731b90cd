//! How the pages of a described API go on and end.

use crate::described::{body, read, rows, source};
use crate::server::{answer, asked, log_of, now, sentence, server};
use airbyte_protocol::{State, StateStats, Status, StreamDescriptor, SyncMode};
use airbyte_singer_sdk::testing::{self, Transcript};
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers};

/// A server whose answers depend on the request.
pub(crate) fn answering(
    of: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static,
) -> MockServer {
    let server = server();
    now(Mock::given(matchers::any()).respond_with(of).mount(&server));
    server
}

/// A parameter of a request that is a number; 0 if there is none.
pub(crate) fn number(request: &Request, name: &str) -> u64 {
    let found = request.url.query_pairs().find(|(key, _)| key == name);
    found.map_or(0, |(_, value)| value.parse().expect("a number"))
}

/// A stream `items` with these pages, and whatever else is said of it.
pub(crate) fn items(server: &MockServer, pages: Value, more: Value) -> Value {
    let schema = json!({"type": "object", "properties": {"id": {"type": "integer"}}});
    let mut stream =
        json!({"name": "items", "records": "/items", "pages": pages, "schema": schema});
    for (name, value) in more.as_object().expect("settings") {
        stream[name] = value.clone();
    }
    json!({"url": server.uri(), "retry": {"tries": 1}, "streams": [stream]})
}

pub(crate) fn full(config: &Value) -> Transcript {
    read(config, SyncMode::FullRefresh, &[])
}

pub(crate) fn ids(transcript: &Transcript) -> Vec<u64> {
    rows(transcript, "items").iter().map(|row| row["id"].as_u64().expect("an id")).collect()
}

/// Three pages of two, with 1 and 0 for yes and no, as PHP and MySQL have them.
pub(crate) fn flagged(yes: Value, no: Value) -> MockServer {
    answering(move |request| {
        let at = number(request, "cursor");
        let more = if at < 2 { &yes } else { &no };
        let items = json!([{"id": at * 2 + 1}, {"id": at * 2 + 2}]);
        body(json!({"items": items, "has_more": more, "next": (at + 1).to_string()}))
    })
}

pub(crate) fn cursor_pages(more: &str) -> Value {
    json!({"type": "cursor", "query": "cursor", "pointer": "/next", "more": more})
}

#[test]
fn a_flag_may_be_a_number_or_a_text() {
    for (yes, no) in [
        (json!(1), json!(0)),
        (json!("1"), json!("0")),
        (json!("true"), json!("false")),
        (json!(true), json!(null)),
    ] {
        let server = flagged(yes, no);
        let config = items(&server, cursor_pages("/has_more"), json!({}));
        assert_eq!(ids(&full(&config)), [1, 2, 3, 4, 5, 6]);
    }
    let server = flagged(json!("hunter2"), json!(0));
    let config = items(&server, cursor_pages("/has_more"), json!({}));
    assert_eq!(
        sentence(&full(&config), &server.uri()),
        "system_error: stream items: GET HOST/: what is at /has_more is neither yes nor no: it should be \
         true or false, 1 or 0, or such a text"
    );
}

#[test]
fn a_misspelt_flag_loses_no_pages() {
    let server = flagged(json!(true), json!(false));
    let config = items(&server, cursor_pages("/hasMore"), json!({}));
    assert_eq!(
        sentence(&full(&config), &server.uri()),
        "system_error: stream items: GET HOST/: the answer has no /hasMore to say whether there are more \
         pages, but the parameter `cursor` from /next leads on to one"
    );
    let mut pages = cursor_pages("/hasMore");
    pages["more_may_be_missing"] = json!(true);
    assert_eq!(ids(&full(&items(&server, pages, json!({})))), [1, 2]);
}

#[test]
fn what_no_answer_of_a_read_had_is_told_once() {
    let page = || body(json!({"items": [{"id": 1}]}));
    for (pages, told) in [
        (
            json!({"type": "next_url", "pointer": "/nxet"}),
            "no answer had /nxet, which leads to the next page, if there is one",
        ),
        (
            json!({"type": "link"}),
            "no answer had the header Link, which leads to the next page, if there is one",
        ),
        (
            json!({"type": "cursor", "query": "c", "header": "X-Next"}),
            "no answer had the header X-Next, which leads to the next page, if there is one",
        ),
        (
            json!({"type": "number", "query": "page", "size": 5, "last": "/is_lats"}),
            "no answer had /is_lats, which says that a page is the last one",
        ),
        (
            json!({"type": "number", "query": "page", "size": 5, "total_pages": "/pagse"}),
            "no answer had /pagse, which says how much there is",
        ),
    ] {
        let server = answering(move |_| page());
        let config = items(&server, pages, json!({}));
        let log = log_of(|| assert_eq!(ids(&full(&config)), [1]));
        let warning = format!("stream items: {told}; it may be misspelt");
        assert_eq!(log.matches(&warning).count(), 1, "{log}");
    }
    // Where some answer has it, nothing is told; nor where there is nothing to page.
    let server = flagged(json!(1), json!(0));
    let config = items(&server, cursor_pages("/has_more"), json!({}));
    let log = log_of(|| assert_eq!(ids(&full(&config)).len(), 6));
    assert!(!log.contains("no answer had"), "{log}");
    let server = answering(|_| body(json!({"items": []})));
    let config = items(&server, json!({"type": "next_url", "pointer": "/next"}), json!({}));
    let log = log_of(|| assert_eq!(ids(&full(&config)), Vec::<u64>::new()));
    assert!(!log.contains("no answer had"), "{log}");
}

#[test]
fn a_status_ends_the_pages_behind_the_first_one() {
    let server = answering(|request| match number(request, "page") {
        page @ 1..=2 => body(json!({"items": [{"id": page * 2 - 1}, {"id": page * 2}]})),
        _ => ResponseTemplate::new(404).set_body_json(json!({"detail": "Invalid page."})),
    });
    let pages = |more: Value| {
        let mut pages =
            json!({"type": "number", "query": "page", "size_query": "page_size", "size": 2});
        for (name, value) in more.as_object().expect("settings") {
            pages[name] = value.clone();
        }
        items(&server, pages, json!({}))
    };
    assert_eq!(ids(&full(&pages(json!({"end_status": [404]})))), [1, 2, 3, 4]);
    // A wrong address is no empty stream.
    let wrong = pages(json!({"end_status": [404], "first": 7}));
    assert_eq!(
        sentence(&full(&wrong), &server.uri()),
        "config_error: stream items: GET HOST/ has no such address (404): Invalid page."
    );
    let told = sentence(&full(&pages(json!({}))), &server.uri());
    assert!(told.ends_with("(404): Invalid page."), "{told}");
}

#[test]
fn a_status_ends_no_read_that_goes_on_with_what_may_have_expired() {
    let of = |kind: &'static str, end: u16| {
        let server = answering(move |request| match number(request, "page") {
            0 | 1 => body(json!({"items": [{"id": 1}], "token": 2, "next": "?page=2"})),
            _ => ResponseTemplate::new(end).set_body_json(json!({"message": "gone"})),
        });
        let pages = match kind {
            "cursor" => json!({"type": kind, "query": "page", "pointer": "/token"}),
            "next_url" => json!({"type": kind, "pointer": "/next"}),
            _ => json!({"type": kind, "query": "page", "size": 1}),
        };
        let of = |status: u16| {
            let mut pages = pages.clone();
            pages["end_status"] = json!([status]);
            items(&server, pages, json!({"resumable": true, "primary_key": ["id"]}))
        };
        // The first read breaks off, as if the status were none that ends.
        let first = full(&of(418));
        assert!(first.error().is_some(), "{kind}");
        let state = first.states_of(&StreamDescriptor::new("items")).pop().expect("a state");
        let state = State::stream(state, StateStats::default());
        // Within one read it ends the pages.
        assert_eq!(ids(&full(&of(end))), [1], "{kind}");
        (read(&of(end), SyncMode::FullRefresh, &[state]), server.uri())
    };
    for kind in ["cursor", "next_url"] {
        let (resumed, host) = of(kind, 404);
        let told = sentence(&resumed, &host);
        assert!(
            told.contains("(404): gone; this is the page at which an earlier read stopped"),
            "{kind}: {told}"
        );
        assert!(told.ends_with("reset the stream to read it from its beginning"), "{told}");
    }
    // A number doesn't expire.
    assert_eq!(ids(&of("number", 404).0), Vec::<u64>::new());
}

#[test]
fn a_misspelt_flag_loses_no_pages_behind_an_empty_one() {
    let server = answering(|request| match number(request, "cursor") {
        0 => body(json!({"items": [], "has_more": true, "next": "1"})),
        _ => body(json!({"items": [{"id": 1}], "has_more": false, "next": null})),
    });
    let config = |more: &str| items(&server, cursor_pages(more), json!({}));
    assert_eq!(ids(&full(&config("/has_more"))), [1]);
    assert!(
        sentence(&full(&config("/hasMore")), &server.uri())
            .contains("the answer has no /hasMore to say whether there are more pages"),
    );
    // Nothing leads on from a last page that is empty.
    let server = answering(|_| body(json!({"items": []})));
    for pages in [
        cursor_pages("/hasMore"),
        json!({"type": "number", "query": "page", "size": 2, "more": "/hasMore"}),
        json!({"type": "next_url", "pointer": "/next", "more": "/hasMore"}),
    ] {
        assert_eq!(ids(&full(&items(&server, pages, json!({})))), Vec::<u64>::new());
    }
}

#[test]
fn a_total_ends_the_pages_where_the_last_one_comes_again() {
    let server = answering(|request| {
        let page = number(request, "page").min(2);
        let items = json!([{"id": page * 2 - 1}, {"id": page * 2}]);
        let told = json!({"total_pages": 2, "count": "4", "is_last": page == 2, "items": items});
        body(told).insert_header("x-total-count", "4").insert_header("x-total-pages", "2")
    });
    for (end, pointer) in [
        ("total_pages", "/total_pages"),
        ("total_records", "/count"),
        ("total_pages_header", "X-Total-Pages"),
        ("total_records_header", "X-Total-Count"),
        ("last", "/is_last"),
    ] {
        let mut pages =
            json!({"type": "number", "query": "page", "size_query": "per_page", "size": 2});
        pages[end] = json!(pointer);
        assert_eq!(ids(&full(&items(&server, pages, json!({})))), [1, 2, 3, 4], "{end}");
        assert_eq!(asked(&server).iter().filter(|r| number(r, "page") > 2).count(), 0);
    }
}

#[test]
fn a_cursor_may_say_in_words_that_it_is_none() {
    let server = answering(|request| match number(request, "after") {
        0 => body(json!({"items": [{"id": 1}], "next": 7})),
        _ => body(json!({"items": [{"id": 2}], "next": -1})),
    });
    let pages = json!({"type": "cursor", "query": "after", "pointer": "/next", "end_values": [-1]});
    assert_eq!(ids(&full(&items(&server, pages, json!({})))), [1, 2]);
}

/// A server of five rows, by an offset and a limit in the JSON of its requests.
fn of_rows(offset: &'static str, step: u64) -> MockServer {
    answering(move |request| {
        let sent: Value = request.body_json().expect("JSON");
        let at = |pointer: &str| sent.pointer(pointer).and_then(Value::as_u64);
        let first = at(offset).expect("a number");
        let first = if step == 1 { first } else { (first - 1) * step };
        let rows: Vec<Value> = (first..5.min(first + 2)).map(|id| json!({"id": id + 1})).collect();
        body(json!({"items": rows, "data": {"items": rows}}))
    })
}

#[test]
fn an_offset_of_graphql_is_a_variable() {
    let server = of_rows("/variables/offset", 1);
    let graphql = json!({"query": "query($offset: Int, $limit: Int) { items { id } }",
        "variables": {"limit": 2}});
    let pages = json!({"type": "offset", "query": "offset", "size_query": "limit", "size": 2});
    let config = items(&server, pages, json!({"graphql": graphql, "records": "/data/items"}));
    assert_eq!(ids(&full(&config)), [1, 2, 3, 4, 5]);
    assert!(asked(&server).iter().all(|request| request.url.query().is_none()));
}

#[test]
fn a_page_number_may_stand_in_the_body() {
    let server = of_rows("/page/number", 2);
    let pages =
        json!({"type": "number", "body": "/page/number", "size_body": "/page/size", "size": 2});
    let config = items(&server, pages, json!({"body": {"page": {"number": 1}}}));
    assert_eq!(ids(&full(&config)), [1, 2, 3, 4, 5]);
    let sent: Vec<Value> = asked(&server).iter().map(|r| r.body_json().expect("JSON")).collect();
    let of = |n: u64| json!({"page": {"number": n, "size": 2}});
    assert_eq!(sent, [of(1), of(2), of(3)]);
}

#[test]
fn a_cursor_that_stays_the_same_is_told_to_the_guard() {
    let server = server();
    let page = |ids: &[u64]| {
        let items: Vec<Value> = ids.iter().map(|id| json!({"id": id})).collect();
        body(json!({"_scroll_id": "x", "items": items}))
    };
    answer(&server, "/", [page(&[1]), page(&[2]), page(&[3]), page(&[])]);
    let pages = json!({"type": "cursor", "body": "/scroll_id", "pointer": "/_scroll_id",
        "loop_guard": "pages"});
    let config = items(&server, pages, json!({"body": {"scroll": "1m"}, "resumable": false}));
    assert_eq!(ids(&full(&config)), [1, 2, 3]);
}

#[test]
fn settings_of_pages_that_do_not_go_together_are_named() {
    let told = |pages: Value| {
        let config =
            json!({"url": "http://localhost:1", "streams": [{"name": "a", "pages": pages}]});
        let status = testing::check(&mut source(), &config).status();
        assert_eq!(status.status, Status::Failed);
        let text = status.message.expect("a sentence");
        let start = "the config is not valid: stream a: setting `pages`: ";
        text.strip_prefix(start).unwrap_or(&text).to_owned()
    };
    let number = |name: &str, value: Value| {
        let mut pages = json!({"type": "number", "query": "page"});
        pages[name] = value;
        told(pages)
    };
    assert_eq!(number("body", json!("/page")), "it needs one of the settings `query` and `body`");
    assert_eq!(number("size_body", json!("/n")), "setting `size` is missing beside `size_body`");
    assert_eq!(
        number("more_may_be_missing", json!(true)),
        "setting `more` is missing beside `more_may_be_missing`"
    );
    assert_eq!(
        number("total_records", json!("/n")),
        "a total of this kind needs a page's size beside it"
    );
    let two =
        json!({"type": "number", "query": "p", "total_pages": "/n", "total_pages_header": "N"});
    assert_eq!(told(two), "of the settings that tell a total it can have one");
    assert_eq!(
        number("last", json!("n")),
        "a JSON Pointer must begin with `/`, as in `/paging/next`"
    );
}

//! What ends the pages of a described API, and what doesn't.

use crate::described::body;
use crate::described_pages::{answering, cursor_pages, flagged, full, ids, items, number};
use crate::server::{log_of, sentence};
use serde_json::{Value, json};

/// Records of the numbers from `first` to `last`.
fn range(first: u64, last: u64) -> Value {
    (first..=last).map(|id| json!({"id": id})).collect()
}

#[test]
fn an_ignored_warning_beside_records_ends_nothing() {
    let server = answering(|request| match number(request, "c") {
        0 => body(json!({"items": range(1, 5), "warning": "deprecated", "next": "1"})),
        1 => body(json!({"items": [], "warning": "deprecated", "next": "2"})),
        _ => body(json!({"items": range(6, 9)})),
    });
    let pages = json!({"type": "cursor", "query": "c", "pointer": "/next"});
    let rules = json!({"rules": [{"pointer": "/warning", "then": "ignore"}]});
    assert_eq!(ids(&full(&items(&server, pages.clone(), rules))), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    // What has no records where they should be, and what is all of an answer, is none.
    for records in ["/items", ""] {
        let server = answering(|_| body(json!({"error": "no_data", "next": "1"})));
        let more = json!({"records": records, "rules": [{"pointer": "/error", "then": "ignore"}]});
        assert_eq!(ids(&full(&items(&server, pages.clone(), more))), Vec::<u64>::new());
    }
}

#[test]
fn a_flag_that_is_null_or_empty_says_nothing() {
    for unsaid in [json!(null), json!("")] {
        let server = flagged(unsaid.clone(), unsaid);
        let config = items(&server, cursor_pages("/has_more"), json!({}));
        assert_eq!(
            sentence(&full(&config), &server.uri()),
            "system_error: stream items: GET HOST/: the answer has no /has_more to say whether there are more \
             pages, but the parameter `cursor` from /next leads on to one"
        );
        let mut pages = cursor_pages("/has_more");
        pages["more_may_be_missing"] = json!(true);
        assert_eq!(ids(&full(&items(&server, pages, json!({})))), [1, 2]);
    }
}

#[test]
fn pages_go_on_until_one_says_that_it_is_the_last() {
    for size in [json!({}), json!({"size": 2}), json!({"size": 3})] {
        let server = answering(|request| {
            let page = number(request, "page");
            let records = match page {
                1 => range(1, 2),
                2 => json!([]),
                _ => range(5, 6),
            };
            body(json!({"items": records, "last": page >= 3}))
        });
        let mut pages = json!({"type": "number", "query": "page", "last": "/last"});
        if let Some(size) = size.get("size") {
            pages["size"] = size.clone();
        }
        assert_eq!(ids(&full(&items(&server, pages, json!({})))), [1, 2, 5, 6]);
    }
}

#[test]
fn a_total_below_what_was_read_is_unknown() {
    let by_page =
        |total: &str| json!({"type": "number", "query": "page", "size": 2, total: "/total"});
    let by_offset =
        json!({"type": "offset", "query": "offset", "size": 2, "total_records": "/total"});
    let shrinks = |at: u64| json!([6, 1, 1][at as usize % 3]);
    let zero = |_: u64| json!(0);
    let one = |_: u64| json!(1);
    for (pages, total) in [
        (by_page("total_pages"), zero as fn(u64) -> Value),
        (by_page("total_pages"), shrinks),
        (by_page("total_records"), zero),
        (by_page("total_records"), one),
        (by_page("total_records"), shrinks),
        (by_offset.clone(), zero),
        (by_offset.clone(), one),
        (by_offset.clone(), shrinks),
    ] {
        let server = answering(move |request| {
            let at = number(request, "page").saturating_sub(1) + number(request, "offset") / 2;
            body(json!({"items": range(at * 2 + 1, (at * 2 + 2).min(5)), "total": total(at)}))
        });
        let config = items(&server, pages.clone(), json!({}));
        let log = log_of(|| assert_eq!(ids(&full(&config)), [1, 2, 3, 4, 5], "{pages}"));
        let warning = "stream items: /total says that there is less than what was already read; it counts as \
                       unknown there";
        assert_eq!(log.matches(warning).count(), 1, "{log}");
    }
    // Of an empty stream a total of 0 is true.
    let server = answering(|_| body(json!({"items": [], "total": 0})));
    let log = log_of(|| {
        let read = full(&items(&server, by_offset, json!({})));
        assert_eq!(ids(&read), Vec::<u64>::new());
    });
    assert!(!log.contains("already read"), "{log}");
}

/// Pages of two elements each, as the API counts them: `first` is the first page, then come 3 and 4, then 5.
fn pages_after(
    first: &Value,
    wrap: fn(Value) -> Value,
    more: Value,
) -> impl Fn(&wiremock::Request) -> wiremock::ResponseTemplate + Send + Sync + 'static {
    let first = first.clone();
    move |request| {
        let at = number(request, "page").saturating_sub(1) + number(request, "offset").div_ceil(2);
        let wrapped = |id: u64| wrap(json!({"id": id}));
        let items = match at {
            0 => first.clone(),
            1 => json!([wrapped(3), wrapped(4)]),
            2 => json!([wrapped(5)]),
            _ => json!([]),
        };
        let mut answer = json!({"items": items});
        if let (Some(total), true) = (more.get("total"), at < 3) {
            answer["total"] = total.clone();
        }
        body(answer)
    }
}

#[test]
fn elements_that_are_no_records_make_no_page_short() {
    fn plain(record: Value) -> Value {
        record
    }
    fn node(record: Value) -> Value {
        json!({"node": record})
    }
    let around = json!({"around": {"n": "/items/*/n"}});
    let one = || json!({"id": 1});
    for (first, wrap, records, more) in [
        (json!([one(), null]), plain as fn(Value) -> Value, "/items", json!({})),
        (json!([null, null]), plain, "/items", json!({})),
        (json!([one(), null]), plain, "/items/*", json!({})),
        (json!([node(one()), node(json!(null))]), node, "/items/*/node", json!({})),
        (json!([node(one()), {}]), node, "/items/*/node", json!({})),
        (json!([node(one()), null]), node, "/items/*/node", json!({})),
        (json!([node(one()), node(json!(null))]), node, "/items/*/node", around.clone()),
        (json!([node(one()), {}]), node, "/items/*/node", around.clone()),
        (json!([node(one()), null]), node, "/items/*/node", around),
    ] {
        for (pages, total) in [
            (json!({"type": "number", "query": "page", "size": 2}), json!({})),
            (json!({"type": "offset", "query": "offset", "size": 2}), json!({})),
            (
                json!({"type": "offset", "query": "offset", "size": 2, "total_records": "/total"}),
                json!({"total": 5}),
            ),
            (
                json!({"type": "number", "query": "page", "size": 2, "total_records": "/total"}),
                json!({"total": 5}),
            ),
        ] {
            let server = answering(pages_after(&first, wrap, total));
            let mut settings = more.clone();
            settings["records"] = json!(records);
            let read = full(&items(&server, pages.clone(), settings));
            let expected = if first[0].is_null() { vec![3, 4, 5] } else { vec![1, 3, 4, 5] };
            assert_eq!(ids(&read), expected, "{first} at {records}: {pages}");
        }
    }
}

#[test]
fn lines_of_null_make_no_page_short() {
    let server = answering(|request| {
        let text = match number(request, "page") {
            1 => "{\"id\": 1}\nnull\n",
            2 => "{\"id\": 3}\n",
            _ => "",
        };
        wiremock::ResponseTemplate::new(200).set_body_raw(text, "application/x-ndjson")
    });
    let pages = json!({"type": "number", "query": "page", "size": 2});
    assert_eq!(ids(&full(&items(&server, pages, json!({})))), [1, 3]);
}

#[test]
fn a_list_that_is_null_is_an_empty_list() {
    // An owner without records is no element beside those of the others.
    let server = answering(|request| {
        let items = match number(request, "offset") {
            0 => json!([{"of": [{"id": 1}, {"id": 2}]}, {"of": null}, {}]),
            2 => json!([{"of": [{"id": 3}]}]),
            _ => json!([]),
        };
        body(json!({"items": items}))
    });
    let pages = json!({"type": "offset", "query": "offset", "size": 2});
    let read = full(&items(&server, pages, json!({"records": "/items/*/of"})));
    assert_eq!(ids(&read), [1, 2, 3]);
}

#[test]
fn a_page_of_nulls_has_no_last_record_to_go_on_with() {
    for (records, told) in [
        (json!([null, null]), "the last record's /id holds nothing to go on with"),
        (
            json!([]),
            "the answer says that there are more pages, but the last record's /id doesn't say where",
        ),
    ] {
        let server = answering(move |_| body(json!({"items": records, "has_more": true})));
        let pages =
            json!({"type": "cursor", "query": "c", "last_record": "id", "more": "/has_more"});
        assert_eq!(
            sentence(&full(&items(&server, pages, json!({}))), &server.uri()),
            format!("system_error: stream items: GET HOST/: {told}")
        );
    }
}

#[test]
fn an_answer_that_says_that_there_is_more_is_believed_beside_a_total() {
    for (flag, says) in [("more", true), ("last", false)] {
        for pages in [
            json!({"type": "number", "query": "page", "size": 2, "total_pages": "/total"}),
            json!({"type": "offset", "query": "offset", "size": 2, "total_records": "/records"}),
        ] {
            let server = answering(move |request| {
                let at = number(request, "page").saturating_sub(1) + number(request, "offset") / 2;
                let flag = if at < 2 { says } else { !says };
                body(
                    json!({"items": range(at * 2 + 1, at * 2 + 2), "flag": flag, "total": 1, "records": 2}),
                )
            });
            let mut pages = pages;
            pages[flag] = json!("/flag");
            let read = full(&items(&server, pages.clone(), json!({})));
            assert_eq!(ids(&read), [1, 2, 3, 4, 5, 6], "{pages}");
            // An empty page behind the total is the last one, whatever else it says.
            let server = answering(move |request| {
                let at = number(request, "page").saturating_sub(1) + number(request, "offset") / 2;
                let all = if at == 0 { range(1, 2) } else { json!([]) };
                body(json!({"items": all, "flag": says, "total": 1, "records": 2}))
            });
            assert_eq!(ids(&full(&items(&server, pages.clone(), json!({})))), [1, 2], "{pages}");
        }
    }
}

#[test]
fn a_status_that_ends_the_pages_loses_no_records() {
    let answers = |request: &wiremock::Request| match number(request, "page") {
        1 => body(json!({"items": range(1, 2)})),
        2 => wiremock::ResponseTemplate::new(203).set_body_json(json!({"items": range(3, 4)})),
        _ => body(json!({"items": range(5, 6)})),
    };
    let server = answering(answers);
    let pages = json!({"type": "number", "query": "page", "end_status": [203]});
    assert_eq!(ids(&full(&items(&server, pages, json!({})))), [1, 2, 3, 4]);
    assert_eq!(crate::server::asked(&server).len(), 2);
    // What has no records still ends them.
    for last in ["", "done", "<html>", "{}"] {
        let server = answering(move |request| match number(request, "page") {
            1 => body(json!({"items": range(1, 2)})),
            _ => wiremock::ResponseTemplate::new(202).set_body_string(last),
        });
        let pages = json!({"type": "number", "query": "page", "end_status": [202]});
        assert_eq!(ids(&full(&items(&server, pages, json!({})))), [1, 2], "{last}");
    }
    // A rule for nothing but a status reads what there is as well, and pages go on.
    let server = answering(|request| match number(request, "page") {
        at @ 1..=2 => {
            let records = json!({"items": range(at * 2 - 1, at * 2)});
            wiremock::ResponseTemplate::new(203).set_body_json(records)
        }
        _ => wiremock::ResponseTemplate::new(203).set_body_string("done"),
    });
    for settings in
        [json!({"rules": [{"status": [203], "then": "ignore"}]}), json!({"ignore": [203]})]
    {
        let pages = json!({"type": "number", "query": "page"});
        assert_eq!(ids(&full(&items(&server, pages, settings))), [1, 2, 3, 4]);
    }
}

#[test]
fn pages_without_settings_refuse_those_beside_them() {
    let server = answering(|_| body(json!({"items": []})));
    for (pages, unknown) in [
        (json!({"type": "link", "size": 100}), "size"),
        (json!({"type": "link", "end_status": [404]}), "end_status"),
        (json!({"type": "none", "query": "page"}), "query"),
    ] {
        let told = crate::described::refusal(&items(&server, pages, json!({})));
        assert_eq!(
            told,
            format!(
                "the config is not valid: setting `streams.0.pages` has unknown settings: {unknown}"
            )
        );
    }
    for pages in [json!({"type": "link"}), json!({"type": "none"})] {
        assert_eq!(ids(&full(&items(&server, pages, json!({})))), Vec::<u64>::new());
    }
}

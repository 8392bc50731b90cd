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

//! What ends the pages of a described API, and what doesn't.

use crate::described::body;
use crate::described_pages::{answering, cursor_pages, flagged, full, ids, items, number};
use crate::server::sentence;
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

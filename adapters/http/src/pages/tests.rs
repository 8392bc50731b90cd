use super::*;
use crate::Body;
use serde_json::{Value, json};

/// An answer, as a paginator sees it.
#[derive(Default)]
struct Answer {
    records: Vec<Value>,
    rest: Value,
    headers: HeaderMap,
}

fn answer(records: Value, rest: Value) -> Answer {
    Answer { records: records.as_array().unwrap().clone(), rest, ..Answer::default() }
}

fn rest(rest: Value) -> Answer {
    answer(json!([{}]), rest)
}

fn rows(n: u64) -> Answer {
    answer((0..n).map(|id| json!({"id": id})).collect(), Value::Null)
}

impl Answer {
    fn turn(&self, turner: &mut Turner, request: &mut Request) -> Result<bool> {
        let page = Page {
            records: self.records.len() as u64,
            last: self.records.last().and_then(Value::as_object),
            rest: &self.rest,
            headers: &self.headers,
        };
        turner.next(&page, request)
    }
}

fn get(url: &str) -> Request {
    Request::get(url.parse().unwrap())
}

fn post(body: Value) -> Request {
    Request { body: Body::Json(body), ..get("https://a.example/search") }
}

fn body(request: &Request) -> Value {
    match &request.body {
        Body::Json(value) => value.clone(),
        Body::Form(fields) => json!(fields),
        Body::Empty => Value::Null,
    }
}

/// The addresses that are asked for, the answers given.
fn addresses(pages: &Pages, first: &str, answers: &[Answer]) -> Vec<String> {
    let mut request = get(first);
    let mut turner = pages.open(&mut request).unwrap();
    let mut asked = vec![request.url.to_string()];
    for answer in answers {
        if !answer.turn(&mut turner, &mut request).unwrap() {
            return asked;
        }
        asked.push(request.url.to_string());
    }
    asked
}

/// What a read says that comes by these answers again and again.
fn circle(pages: &Pages, mut request: Request, answers: &[Answer]) -> String {
    let mut turner = pages.open(&mut request).unwrap();
    for answer in answers.iter().cycle().take(1000) {
        match answer.turn(&mut turner, &mut request) {
            Ok(true) => {}
            Ok(false) => panic!("the pages ended"),
            Err(error) => return error.to_string(),
        }
    }
    panic!("nobody noticed")
}

const HOST: &str = "https://a.example/x";

#[test]
fn numbered_pages_end_with_an_empty_or_a_short_one() {
    let pages = Pages::number("page", 1);
    let all = ["?page=1", "?page=2", "?page=3"].map(|query| format!("{HOST}{query}"));
    assert_eq!(addresses(&pages, HOST, &[rows(3), rows(1), rows(0)]), all);
    let sized = Pages::number("page", 0).size("per_page", 3);
    let all = ["?page=0&per_page=3", "?per_page=3&page=1"].map(|query| format!("{HOST}{query}"));
    assert_eq!(addresses(&sized, HOST, &[rows(3), rows(2)]), all);
}

#[test]
fn an_offset_counts_what_came() {
    let pages = Pages::offset("skip").size("take", 10);
    let asked = addresses(&pages, HOST, &[rows(10), rows(12), rows(9)]);
    let all = ["skip=0&take=10", "take=10&skip=10", "take=10&skip=22"];
    assert_eq!(asked, all.map(|query| format!("{HOST}?{query}")));
}

#[test]
fn empty_pages_that_never_end_are_an_error() {
    let pages = Pages::number("page", 1).until_true("/last");
    let empty = answer(json!([]), json!({"last": false}));
    let told = "very many pages in a row have no records although the API says that there are more";
    assert!(circle(&pages, get(HOST), &[empty]).contains(told));
}

#[test]
fn a_read_goes_on_from_any_page() {
    let asked = addresses(&Pages::number("page", 1), "https://a.example/x?page=7", &[rows(1)]);
    assert_eq!(asked, ["https://a.example/x?page=7", "https://a.example/x?page=8"]);
    let mut request = get("https://a.example/x?page=last");
    let mut turner = Pages::number("page", 1).open(&mut request).unwrap();
    let error = rows(1).turn(&mut turner, &mut request).unwrap_err();
    assert_eq!(error.message(), "the parameter `page` holds no number to count on from");
}

#[test]
fn a_number_in_a_body_stays_a_number() {
    let pages = Pages::offset(Place::body("/page/from")).size(Place::body("/page/size"), 2);
    let mut request = post(json!({"query": "x", "page": null}));
    let mut turner = pages.open(&mut request).unwrap();
    assert_eq!(body(&request), json!({"query": "x", "page": {"from": 0, "size": 2}}));
    assert!(rows(2).turn(&mut turner, &mut request).unwrap());
    assert_eq!(body(&request), json!({"query": "x", "page": {"from": 2, "size": 2}}));
    let mut form = Request { body: Body::Form(vec![("q".into(), "x".into())]), ..get(HOST) };
    let mut turner = Pages::number(Place::body("/p"), 1).open(&mut form).unwrap();
    assert!(rows(2).turn(&mut turner, &mut form).unwrap());
    assert_eq!(body(&form), json!([["q", "x"], ["p", "2"]]));
}

#[test]
fn a_cursor_comes_from_the_rest_a_header_or_the_last_record() {
    let pages = Pages::cursor("after", Token::rest("/paging/next"));
    let asked = addresses(
        &pages,
        HOST,
        &[
            rest(json!({"paging": {"next": "a&b"}})),
            rest(json!({"paging": {"next": 12345678901234567890u64}})),
            rest(json!({"paging": {"next": ""}})),
        ],
    );
    assert_eq!(
        asked[1..],
        ["?after=a%26b", "?after=12345678901234567890"].map(|q| format!("{HOST}{q}"))
    );

    let pages = Pages::cursor("starting_after", Token::last("/meta/id")).while_true("/has_more");
    let page = |id, more| {
        answer(json!([{"meta": {"id": 0}}, {"meta": {"id": id}}]), json!({"has_more": more}))
    };
    let asked = addresses(&pages, HOST, &[page("x", true), page("y", false)]);
    assert_eq!(asked[1..], [format!("{HOST}?starting_after=x")]);

    // A typo would end the read after its first page.
    let pages = Pages::cursor("after", Token::last("/ID"));
    let mut request = get(HOST);
    let mut turner = pages.open(&mut request).unwrap();
    let error = rows(2).turn(&mut turner, &mut request).unwrap_err();
    assert_eq!(error.message(), "the last record's /ID holds nothing to go on with");
    assert!(!rows(0).turn(&mut turner, &mut request).unwrap());

    let mut headed = rows(1);
    headed.headers.insert("x-next", "abc".parse().unwrap());
    let asked = addresses(&Pages::cursor("t", Token::header("X-Next")), HOST, &[headed, rows(1)]);
    assert_eq!(asked[1..], [format!("{HOST}?t=abc")]);
}

#[test]
fn a_cursor_goes_into_a_body_as_it_is() {
    let mut request = post(json!({}));
    let pages = Pages::cursor(Place::body("/search_after"), Token::last("/sort"));
    let mut turner = pages.open(&mut request).unwrap();
    let page = answer(json!([{"sort": [1, "a"]}]), Value::Null);
    assert!(page.turn(&mut turner, &mut request).unwrap());
    assert_eq!(body(&request), json!({"search_after": [1, "a"]}));
    let mut request = get(HOST);
    let mut turner = Pages::cursor("c", Token::last("/sort")).open(&mut request).unwrap();
    let error = page.turn(&mut turner, &mut request).unwrap_err();
    assert_eq!(error.message(), "the next page's cursor is neither a text nor a number");
}

#[test]
fn a_next_address_is_taken_as_it_comes() {
    let pages = Pages::next_url("/links/next");
    let next = |address: Value| rest(json!({"links": {"next": address}}));
    let asked = addresses(
        &pages,
        "https://a.example/v1/x?q=1",
        &[
            next(json!("?q=1&p=2")),
            next(json!("https://a.example/v1/x?q=1&p=3")),
            next(json!(null)),
        ],
    );
    assert_eq!(asked[1..], ["https://a.example/v1/x?q=1&p=2", "https://a.example/v1/x?q=1&p=3"]);
    let mut request = get(HOST);
    let mut turner = pages.open(&mut request).unwrap();
    let error = next(json!(7)).turn(&mut turner, &mut request).unwrap_err();
    assert_eq!(error.message(), "/links/next is no text, but should be a URL");
}

#[test]
fn a_link_header_leads_on() {
    let mut linked = rows(1);
    linked.headers.insert("link", r#"</x?p=2>; rel="next""#.parse().unwrap());
    assert_eq!(addresses(&Pages::link(), HOST, &[linked, rows(1)])[1..], [format!("{HOST}?p=2")]);
}

#[test]
fn relay_pages_go_into_a_variable() {
    let pages = Pages::relay("/data/issues/pageInfo", "after");
    let page = |info: Value| rest(json!({"data": {"issues": {"pageInfo": info}}}));
    let mut request = post(json!({"query": "..", "variables": {"first": 10}}));
    let mut turner = pages.open(&mut request).unwrap();
    let more = page(json!({"hasNextPage": true, "endCursor": "c1"}));
    assert!(more.turn(&mut turner, &mut request).unwrap());
    let variables = json!({"first": 10, "after": "c1"});
    assert_eq!(body(&request), json!({"query": "..", "variables": variables}));
    let last = page(json!({"hasNextPage": false, "endCursor": "c2"}));
    assert!(!last.turn(&mut turner, &mut request).unwrap());
    // A query that doesn't ask for it would end after its first page.
    let error = rows(2).turn(&mut turner, &mut request).unwrap_err();
    assert_eq!(error.message(), "the answer has no /data/issues/pageInfo");
    assert!(!rows(0).turn(&mut turner, &mut request).unwrap());
    let odd = page(json!({"hasNextPage": true, "endCursor": null}));
    let error = odd.turn(&mut turner, &mut request).unwrap_err();
    assert_eq!(error.message(), "/data/issues/pageInfo says that there is a next page, not where");
}

#[test]
fn pages_end_where_a_condition_says() {
    let numbered = || Pages::number("page", 1);
    let done = |done: Value| rest(json!({"done": done}));
    assert_eq!(
        addresses(
            &numbered().until_true("/done"),
            HOST,
            &[done(json!(false)), done(json!("True"))]
        )
        .len(),
        2
    );
    let more = |more: Value| rest(json!({"more": more}));
    let going = numbered().while_true("/more");
    assert_eq!(addresses(&going, HOST, &[more(json!("1")), more(json!(0))]).len(), 2);
    // The last page may lack what the others have.
    assert_eq!(addresses(&going, HOST, &[more(json!(1)), done(json!(1))]).len(), 2);
    let or_missing = numbered().while_true_or_missing_at_end("/more");
    assert_eq!(addresses(&or_missing, HOST, &[done(json!(1))]).len(), 1);
    let few = numbered().until(|page| page.records < 5);
    assert_eq!(addresses(&few, HOST, &[rows(5), rows(4)]).len(), 2);
    assert_eq!(addresses(&Pages::none(), HOST, &[rows(5)]), [HOST]);
    let own = Pages::by(|page, request| {
        request.set_query("n", &page.records.to_string());
        Ok(page.records > 1)
    });
    assert_eq!(addresses(&own, HOST, &[rows(2), rows(1)])[1..], [format!("{HOST}?n=2")]);
}

/// What the first page is refused with.
fn refused(pages: &Pages, mut request: Request, answer: &Answer) -> String {
    let mut turner = pages.open(&mut request).unwrap();
    answer.turn(&mut turner, &mut request).unwrap_err().to_string()
}

#[test]
fn pages_that_would_be_lost_are_an_error() {
    let cursor = || Pages::cursor("after", Token::rest("/next")).while_true("/more");
    let misspelt = rest(json!({"has_more": true, "next": "a"}));
    assert_eq!(
        refused(&cursor(), get(HOST), &misspelt),
        "the answer has no /more to say whether there are more pages, but the parameter `after` from \
         /next leads on to one"
    );
    let lost = "the answer says that there are more pages, but /next doesn't say where";
    for next in [json!({"more": 1}), json!({"more": true, "next": null})] {
        assert_eq!(refused(&cursor(), get(HOST), &rest(next)), lost);
    }
    let relay = Pages::relay("/pageInfo", "after");
    let unasked = rest(json!({"pageInfo": {"endCursor": "x"}}));
    assert_eq!(
        refused(&relay, post(json!({})), &unasked),
        "the answer has no /pageInfo/hasNextPage"
    );
    assert_eq!(
        refused(
            &Pages::number("page", 1).while_true("/more"),
            get(HOST),
            &rest(json!({"more": 7}))
        ),
        "what is at /more is neither yes nor no: it should be true or false, 1 or 0, or such a text"
    );
}

#[test]
fn a_total_ends_pages_however_full_they_are() {
    let page =
        |records: u64, total: Value| Answer { rest: json!({"total": total}), ..rows(records) };
    let asked = |pages: &Pages, records: &[u64], total: Value| {
        let answers: Vec<_> = records.iter().map(|n| page(*n, total.clone())).collect();
        addresses(pages, HOST, &answers).len()
    };
    let by_pages = Pages::number("page", 0).total_pages("/total");
    assert_eq!(asked(&by_pages, &[2, 2], json!("2")), 2);
    // A short or empty page in the midst is none of the last.
    assert_eq!(asked(&by_pages.clone().size("n", 2), &[2, 0, 1], json!(3)), 3);
    assert_eq!(asked(&by_pages, &[0], json!(0)), 1);
    // Without a total an empty page is the last one.
    for unknown in [json!(null), json!(-1)] {
        assert_eq!(asked(&by_pages, &[2, 2, 0], unknown), 3);
    }
    let in_header = Pages::number("page", 1).total_pages(Token::header("X-Total-Pages"));
    let headed = || {
        let mut page = rows(2);
        page.headers.insert("x-total-pages", "2".parse().unwrap());
        page
    };
    assert_eq!(addresses(&in_header, HOST, &[headed(), headed(), headed()]).len(), 2);
    let by_records = Pages::number("page", 1).size_of(2).total_records("/total");
    assert_eq!(asked(&by_records, &[2, 2], json!(4)), 2);
    assert_eq!(asked(&by_records, &[2, 2, 1], json!(5)), 3);
    let offset = Pages::offset("skip").total_records("/total");
    assert_eq!(asked(&offset, &[3, 1, 2], json!(6)), 3);

    let too_large = Pages::number("page", 1).size("n", 100).total_records("/total");
    assert_eq!(
        refused(&too_large, get(HOST), &page(50, json!(120))),
        "a page has fewer than 100 records although there are more: its size is set to more than the \
         API gives"
    );
    assert_eq!(
        refused(&offset, get(HOST), &page(0, json!(6))),
        "the page has no records although the API says that there are more"
    );
    for (pages, told) in [
        (
            Pages::link().total_pages("/total"),
            "only pages that are numbered or counted off end by a total",
        ),
        (
            Pages::number("page", 1).total_records("/total"),
            "a total of this kind needs a page's size beside it",
        ),
    ] {
        assert_eq!(pages.open(&mut get(HOST)).unwrap_err().message(), told);
    }
}

#[test]
fn some_values_are_no_cursor() {
    let pages = Pages::cursor("after", Token::rest("/next")).until_token(-1).until_token("0");
    for end in [json!(-1), json!("-1"), json!(0), json!("0"), json!(null)] {
        assert_eq!(addresses(&pages, HOST, &[rest(json!({"next": end}))]), [HOST]);
    }
    // It is an end in so many words, also where the answer says that there are more pages.
    let pages = pages.while_true("/more");
    let end = rest(json!({"next": -1, "more": true}));
    assert_eq!(addresses(&pages, HOST, &[end]), [HOST]);
}

#[test]
fn the_guard_can_be_told_that_a_cursor_stays_the_same() {
    let scroll = Pages::cursor(Place::body("/scroll_id"), Token::rest("/_scroll_id"));
    let page = |ids: Value| answer(ids, json!({"_scroll_id": "x"}));
    let pages = || [page(json!([{"id": 1}])), page(json!([{"id": 2}])), page(json!([]))];
    let turns = |scroll: &Pages, answers: &[Answer]| -> Result<usize> {
        let mut request = post(json!({"scroll": "1m"}));
        let mut turner = scroll.open(&mut request)?;
        for (at, answer) in answers.iter().enumerate() {
            if !answer.turn(&mut turner, &mut request)? {
                return Ok(at + 1);
            }
        }
        Ok(usize::MAX)
    };
    let error = turns(&scroll, &pages()).unwrap_err();
    assert!(error.message().starts_with("the API gave the same page again"), "{error}");
    for guard in [LoopGuard::Pages, LoopGuard::Off] {
        assert_eq!(turns(&scroll.clone().guard(guard), &pages()).unwrap(), 3);
    }
    let alike = || (0..4).map(|_| page(json!([{"id": 1}]))).collect::<Vec<_>>();
    assert!(turns(&scroll.clone().guard(LoopGuard::Pages), &alike()).is_err());
    assert_eq!(turns(&scroll.guard(LoopGuard::Off), &alike()).unwrap(), usize::MAX);
}

#[test]
fn a_page_that_comes_again_is_an_error_that_names_the_paginator() {
    let told = |words: &str| format!("the API gave the same page again: {words} leads in a circle");
    let cursor = Pages::cursor("after", Token::rest("/next"));
    let next = |cursor: &str| rest(json!({"next": cursor}));
    assert_eq!(
        circle(&cursor, get(HOST), &[next("a"), next("b"), next("c")]),
        told("the parameter `after` from /next")
    );
    assert_eq!(
        circle(&Pages::next_url("/next"), get(HOST), &[next(HOST)]),
        told("the next URL from /next")
    );
    let relay = Pages::relay("/pageInfo", "after");
    let page = rest(json!({"pageInfo": {"hasNextPage": true, "endCursor": "x"}}));
    assert_eq!(circle(&relay, post(json!({})), &[page]), told("the Relay cursor from /pageInfo"));
    let own = Pages::by(|_, _| Ok(true));
    assert_eq!(circle(&own, get(HOST), &[rows(1)]), told("the source's own rule"));
}

#[test]
fn a_server_that_does_not_know_the_number_is_noticed() {
    let told = circle(&Pages::number("page", 1), get(HOST), &[rows(3)]);
    assert_eq!(
        told,
        "the API gave the same page again: the page number in the parameter `page` leads in a circle"
    );
    // Two rows alike are none: a table without a key may have them.
    let asked =
        addresses(&Pages::offset("skip"), HOST, &[rows(1), rows(1), rows(2), rows(1), rows(0)]);
    assert_eq!(asked.len(), 5);
}

#[test]
fn a_pointer_that_is_none_is_a_fault_of_the_config() {
    let wrong = [
        Pages::next_url("next"),
        Pages::cursor(Place::body("after"), Token::rest("/next")),
        Pages::cursor("after", Token::last("id")),
        Pages::relay("data", "after"),
        Pages::link().while_true("more"),
        Pages::number("page", 1).size(Place::body(""), 5),
    ];
    for pages in wrong {
        let error = pages.open(&mut get(HOST)).unwrap_err();
        assert!(error.message().starts_with("a JSON Pointer must"), "{pages:?}: {error}");
    }
}

use super::*;
use reqwest::Method;

fn request(url: &str, body: Body) -> Request {
    Request { body, method: Method::POST, ..Request::get(url.parse().unwrap()) }
}

fn form(fields: &[(&str, &str)]) -> Body {
    Body::Form(fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
}

/// Saves where `next` is, and goes on from there.
fn kept(first: &Request, next: &Request) -> Value {
    let position = Position::between(first, next, &Added::default()).into_value();
    let again = Position::parse(position.clone()).unwrap().applied_to(first);
    assert_eq!(again.body, next.body);
    assert_eq!(without_query(&again.url), without_query(&next.url));
    assert_eq!(grouped(&query_of(&again.url)), grouped(&query_of(&next.url)));
    position
}

#[test]
fn only_what_differs_is_kept() {
    let first = "https://a.test/things?key=k&limit=2";
    for (next, position) in [
        ("https://a.test/things?key=k&limit=2&page=2", json!({"query": {"page": ["2"]}})),
        ("https://a.test/things?key=k&limit=5", json!({"query": {"limit": ["5"]}})),
        (
            "https://a.test/things?key=k&at=1&at=2",
            json!({"query": {"at": ["1", "2"], "limit": []}}),
        ),
        ("https://a.test/more?c=1", json!({"url": "https://a.test/more?c=1"})),
    ] {
        let (first, next) = (request(first, Body::Empty), request(next, Body::Empty));
        assert_eq!(kept(&first, &next), position);
    }
}

#[test]
fn bodies_are_kept_by_what_differs_too() {
    let query = json!({"query": "long", "variables": {"n": 2, "after": "a"}});
    for (before, after, position) in [
        (
            Body::Json(query.clone()),
            Body::Json(json!({"query": "long", "variables": {"n": 2, "after": "b"}})),
            json!({"json": {"variables": {"after": "b"}}}),
        ),
        (
            Body::Json(query),
            Body::Json(json!({"query": "long", "variables": [1]})),
            json!({"json": {"variables": [1]}}),
        ),
        (Body::Json(json!({"a": 1})), Body::Json(json!({})), json!({"json": {"a": null}})),
        (Body::Empty, Body::Json(json!({"at": 1})), json!({"json": {"at": 1}})),
        (
            form(&[("secret", "s"), ("page", "1")]),
            form(&[("secret", "s"), ("page", "2")]),
            json!({"form": {"page": ["2"]}}),
        ),
    ] {
        let url = "https://a.test/graphql";
        assert_eq!(kept(&request(url, before), &request(url, after)), position);
    }
}

#[test]
fn credentials_that_a_server_hands_back_are_left_out() {
    let first = Request::get("https://a.test/things".parse().unwrap());
    let mut signed = first.clone();
    signed.set_header("authorization".parse().unwrap(), "Bearer the-token".parse().unwrap());
    signed.set_query("key", "k");
    let added = Added::between(&first, &signed);
    for (next, position) in [
        ("https://a.test/things?access_token=the-token&key=k&p=2", json!({"query": {"p": ["2"]}})),
        ("https://a.test/2?access_token=the-token", json!({"url": "https://a.test/2"})),
    ] {
        let next = Request::get(next.parse().unwrap());
        assert_eq!(Position::between(&first, &next, &added).into_value(), position);
    }
}

#[test]
fn what_is_no_position_is_a_config_error() {
    for value in [json!(7), json!({"page": 7}), json!({"url": "x"}), json!({"query": {"a": 1}})] {
        let error = Position::parse(value).unwrap_err();
        assert_eq!(error.message(), "the state holds no page of this stream; reset it");
    }
}

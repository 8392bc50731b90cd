use super::{fault, in_parts, is_cut, whole};
use crate::format::record;
use crate::records::Step;
use crate::{Format, Json, JsonLines, RecordPath};
use airbyte_singer_runtime::Error;
use proptest::prelude::*;
use serde_json::{Value, json};

fn at(path: &str) -> Json {
    Json::at(path.parse().unwrap())
}

#[test]
fn an_array_is_its_elements_and_an_object_a_record() {
    let both = json!([{"a": 1}, {"a": 2}]);
    assert_eq!(
        whole(&Json::new(), both.to_string()),
        (vec![json!({"a": 1}), json!({"a": 2})], json!([]))
    );
    assert_eq!(whole(&Json::new(), r#" {"a": 1} "#), (vec![json!({"a": 1})], json!({})));
    assert_eq!(whole(&Json::new(), "\u{feff}[]"), (vec![], json!([])));
}

#[test]
fn the_path_leads_to_the_records_and_the_rest_is_kept() {
    let body = json!({
        "data": {"items": [{"id": 1}, {"id": 2}], "total": 2},
        "next": "x"
    })
    .to_string();
    let (records, rest) = whole(&at("/data/items"), &body);
    assert_eq!(records, [json!({"id": 1}), json!({"id": 2})]);
    assert_eq!(rest, json!({"data": {"items": [], "total": 2}, "next": "x"}));
    assert_eq!(whole(&at("/data/items/*"), &body), whole(&at("/data/items"), &body));
    let (records, rest) = whole(&at("/data/items/1"), &body);
    assert_eq!(records, [json!({"id": 2})]);
    assert_eq!(rest, json!({"data": {"items": [{"id": 1}, []], "total": 2}, "next": "x"}));
}

#[test]
fn a_star_is_every_member() {
    let body = json!({"data": {"edges": [{"node": {"id": 1}, "cursor": "a"}, {"node": null}, {}]}});
    let (records, rest) = whole(&at("/data/edges/*/node"), body.to_string());
    assert_eq!(records, [json!({"id": 1})]);
    assert_eq!(rest, json!({"data": {"edges": []}}));
    let by_key = json!({"EUR": {"rate": 1.50}, "USD": [{"rate": 2}, {"rate": 3}]});
    let (records, rest) = whole(&at("/*"), by_key.to_string());
    assert_eq!(records, [json!({"rate": 1.50}), json!({"rate": 2}), json!({"rate": 3})]);
    assert_eq!(rest, json!([]));
}

#[test]
fn null_is_no_record_and_no_fault() {
    for body in
        [r#"{"data": null}"#, r#"{"data": {"items": null}}"#, r#"{"data": {"items": [null]}}"#]
    {
        assert_eq!(whole(&at("/data/items"), body).0, [] as [Value; 0]);
    }
}

#[test]
fn numbers_keep_their_digits() {
    let body = r#"[{"n": 12345678901234567890.1234567890, "e": 1e+400, "z": -0.0}]"#;
    let (records, _) = whole(&Json::new(), body);
    assert_eq!(
        records[0].to_string(),
        r#"{"n":12345678901234567890.1234567890,"e":1e+400,"z":-0.0}"#
    );
    let (records, _) = whole(&Json::new().wrapping(), "[1.10, \"a\", null, [2]]");
    assert_eq!(records[0].to_string(), r#"{"value":1.10}"#);
    assert_eq!(records[1..], [json!({"value": "a"}), json!({"value": [2]})]);
}

#[test]
fn a_document_without_the_path_says_so() {
    let faults = [
        ("/data/items", r#"{"error": "hunter2"}"#, "the body has no /data"),
        ("/data/items", r#"{"data": {}}"#, "the body has no /data/items"),
        ("/data/2", r#"{"data": [{}]}"#, "the body has no /data/2"),
        (
            "/data/items",
            r#"{"data": "hunter2"}"#,
            "what is at /data is text, so there are no records at /data/items",
        ),
        (
            "/data/items",
            r#"{"data": [1]}"#,
            "what is at /data is an array, so there are no records at /data/items",
        ),
        ("/data", "[7]", "what is at the top is an array, so there are no records at /data"),
        ("/data", "7.5", "what is at the top is a number, so there are no records at /data"),
        ("/data", r#"{"data": [{}, "hunter2"]}"#, "record 2 at /data is text, not an object"),
        ("/data", r#"{"data": true}"#, "record 1 at /data is true or false, not an object"),
        ("", "[[]]", "record 1 at the top is an array, not an object"),
        ("", "5", "record 1 at the top is a number, not an object"),
        ("/a", "-5", "what is at the top is a number, so there are no records at /a"),
    ];
    for (path, body, told) in faults {
        assert_eq!(fault(&at(path), body), told, "{path} {body}");
    }
}

#[test]
fn what_is_no_json_is_told_by_its_place_and_never_shown() {
    let told = |body: &str| fault(&Json::new(), body);
    assert_eq!(
        told("[{\"a\": hunter2}]"),
        "the body is not JSON: expected value, line 1, column 8"
    );
    assert_eq!(told("[{}]\n\n x"), "the body is not JSON: trailing characters, line 3, column 2");
    assert_eq!(told("  "), "the body is empty where JSON was expected");
    let page = "\n<!DOCTYPE html>\n<html><body>hunter2</body></html>";
    assert_eq!(
        told(page),
        "the body is a web page where JSON was expected: is the address that of the API?"
    );
    assert_eq!(told("<a/>"), "the body is not JSON: expected value, line 1, column 1");
    // Half of the mark in one part, half of it in the next.
    let (records, _) = in_parts(&Json::new(), "\u{feff}[{}]".as_bytes(), 2).unwrap();
    assert_eq!(records, [json!({})]);
}

#[test]
fn a_document_that_ends_too_early_may_be_whole_another_time() {
    for body in [r#"[{"a": 1}, {"#, r#"[{"a": "x"#, "[1", "{", "[tru"] {
        assert!(is_cut(&Json::new().wrapping(), body), "{body}");
    }
    assert!(is_cut(&JsonLines::new(), "{}\n{\"a\": 1"));
    assert_eq!(
        fault(&JsonLines::new(), "{}\n{\"a\": 1\n{}\n"),
        "the body is not JSON Lines: EOF while parsing an object, line 2, column 7"
    );
}

#[test]
fn an_error_of_who_takes_the_records_comes_out_again() {
    let long = format!("[{}{{}}]", "{}, ".repeat(40_000));
    let lines = "{}\n".repeat(3);
    for (format, body) in [(&Json::new() as &dyn Format, long), (&JsonLines::new(), lines)] {
        let mut taken = 0;
        let error = format.decode(&mut body.as_bytes(), &mut |_| {
            taken += 1;
            if taken == 2 { Err(Error::config("enough")) } else { Ok(()) }
        });
        assert_eq!((taken, error.unwrap_err().message()), (2, "enough"));
    }
}

#[test]
fn json_lines_may_be_blank_and_end_without_a_line_break() {
    let body = "\u{feff}{\"a\": 1.0}\r\n\n  \nnull\n{\"a\": 2}";
    let (records, rest) = whole(&JsonLines::new(), body);
    assert_eq!(records, [json!({"a": 1.0}), json!({"a": 2})]);
    assert_eq!(rest, Value::Null);
    assert_eq!(whole(&JsonLines::new(), "").0, [] as [Value; 0]);
    assert_eq!(whole(&JsonLines::new().wrapping(), "1\n").0, [json!({"value": 1})]);
}

#[test]
fn a_line_that_is_no_record_is_named() {
    let told = |body: &str| fault(&JsonLines::new(), body);
    assert_eq!(
        told("{}\n\n{\"a\" 1}\n"),
        "the body is not JSON Lines: expected `:`, line 3, column 6"
    );
    assert_eq!(told("{}\n[]"), "line 2 of the body is an array, not an object");
    assert_eq!(
        told(" <html>"),
        "the body is a web page where JSON Lines was expected: is the address that of the API?"
    );
}

/// A JSON document with few different keys, so that paths lead somewhere.
fn documents() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        "-?[1-9][0-9]{0,25}(\\.[0-9]{1,9})?"
            .prop_map(|digits| Value::Number(digits.parse().unwrap())),
        "[a-c\"\\\\é\u{1}😀]{0,4}".prop_map(Value::String),
    ];
    scalar.prop_recursive(5, 60, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            prop::collection::vec(("[ab/~]", inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn paths() -> impl Strategy<Value = RecordPath> {
    prop::collection::vec(prop_oneof!["a", "b", "~1", "~0", "\\*", "0", "1"], 0..4)
        .prop_map(|steps| steps.iter().map(|step| format!("/{step}")).collect::<String>())
        .prop_map(|path| path.parse().unwrap())
}

/// The records of a document that is whole in memory, in the words of the documentation.
fn oracle(value: &Value, steps: &[Step], among: bool) -> Option<(Vec<Value>, Value)> {
    let Some((step, steps)) = steps.split_first() else {
        let records = match value {
            Value::Null => return Some((vec![], Value::Null)),
            Value::Array(list) => list.clone(),
            one => vec![one.clone()],
        };
        let records: Option<Vec<_>> = records
            .into_iter()
            .filter_map(|value| record(value, None).transpose())
            .map(|r| r.ok())
            .collect();
        return Some((records?.into_iter().map(Value::Object).collect(), json!([])));
    };
    match (step, value) {
        (_, Value::Null) => Some((vec![], Value::Null)),
        (Step::Each, Value::Array(_) | Value::Object(_)) => {
            let members: Vec<_> = match value {
                Value::Array(list) => list.iter().collect(),
                value => value.as_object().unwrap().values().collect(),
            };
            let found: Option<Vec<_>> =
                members.into_iter().map(|member| Some(oracle(member, steps, true)?.0)).collect();
            Some((found?.concat(), json!([])))
        }
        (Step::Member(name), Value::Object(map)) => {
            let mut rest = map.clone();
            let Some(member) = map.get(name) else {
                return among.then(|| (vec![], value.clone()));
            };
            let (records, inner) = oracle(member, steps, among)?;
            rest.insert(name.clone(), inner);
            Some((records, Value::Object(rest)))
        }
        (Step::Member(name), Value::Array(list)) => {
            let index: usize = name.parse().ok()?;
            let mut rest = list.clone();
            let Some(member) = list.get(index) else {
                return among.then(|| (vec![], value.clone()));
            };
            let (records, inner) = oracle(member, steps, among)?;
            rest[index] = inner;
            Some((records, Value::Array(rest)))
        }
        _ => None,
    }
}

proptest! {
    #[test]
    fn a_stream_gives_what_the_whole_document_would(document in documents(), path in paths()) {
        let mut expected = oracle(&document, path.steps(), false);
        if let (Some((_, rest)), [], true) = (&mut expected, path.steps(), document.is_object()) {
            *rest = json!({});
        }
        let text = document.to_string();
        // In place, and as a stream: blanks before it make it longer than what is parsed in place.
        let long = format!("{}{text}", " ".repeat(70_000));
        for body in [text, long] {
            let found = in_parts(&Json::at(path.clone()), body.as_bytes(), 4096);
            prop_assert_eq!(found.ok(), expected.clone());
        }
    }

    #[test]
    fn the_parts_of_a_body_make_no_difference(document in documents(), part in 1usize..20) {
        let list = Value::Array(vec![document.clone(), document]);
        let format = Json::new().wrapping();
        let text = list.to_string();
        let lines = format!("{}\n{}\n", list[0], list[1]);
        let whole = in_parts(&format, text.as_bytes(), 1 << 20).unwrap();
        prop_assert_eq!(&in_parts(&format, text.as_bytes(), part).unwrap(), &whole);
        let format = JsonLines::new().wrapping();
        prop_assert_eq!(in_parts(&format, lines.as_bytes(), part).unwrap().0, whole.0);
    }

    #[test]
    fn a_cut_document_is_never_taken_for_a_whole_one(document in documents(), at in 0.0..1.0f64) {
        let text = Value::Array(vec![document]).to_string();
        let cut = &text.as_bytes()[..(text.len() as f64 * at) as usize];
        prop_assert!(cut.is_empty() || is_cut(&Json::new().wrapping(), cut));
    }
}

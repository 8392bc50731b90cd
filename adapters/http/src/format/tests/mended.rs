use super::super::marks;
use super::{fault, in_parts};
use crate::{Format, Json, JsonLines};
use airbyte_singer_runtime::Result;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::BufReader;

/// Records as they come in parts, each with what was changed in it.
fn marked(format: &dyn Format, body: &[u8], part: usize) -> Result<Vec<(Value, Vec<String>)>> {
    let mut records = Vec::new();
    let mut body = BufReader::with_capacity(part, body);
    format.decode(&mut body, &mut |record| {
        let changes = marks::taken().into_iter();
        let changes = changes.map(|change| format!("{} {:?}", change.field, change.change));
        records.push((Value::Object(record), changes.collect()));
        Ok(())
    })?;
    Ok(records)
}

const BODY: &str = r#"[{"id": 1, "v": NaN, "w": [-Infinity, 1, {"x": Infinity}], "t": "NaN, -Infinity"},
    {"id": 2, "v": -1, "t": "a\ud83d\u0062", "u": "\ud83d\ude00 \\ud83d", "k\udc00": "\uDE00"},
    {"id": 3, "v": null}]"#;

fn expected() -> Value {
    json!([
        [
            {"id": 1, "v": null, "w": [null, 1, {"x": null}], "t": "NaN, -Infinity"},
            ["v Nulled", "w[0] Nulled", "w[2].x Nulled"],
        ],
        [
            {"id": 2, "v": -1, "t": "a\u{fffd}b", "u": "😀 \\ud83d", "k\u{fffd}": "\u{fffd}"},
            ["t Truncated", "k\u{fffd} Truncated", "k\u{fffd} Truncated"],
        ],
        [{"id": 3, "v": null}, []],
    ])
}

#[test]
fn numbers_that_are_none_become_null_and_halves_of_characters_are_marked() {
    let long = format!("{}{BODY}", " ".repeat(70_000));
    let lines = BODY.replace("\n    ", "").replace("},{\"id\"", "}\n{\"id\"");
    let lines = lines.trim_start_matches('[').trim_end_matches(']');
    for part in [1, 2, 3, 5, 7, 11, 4096] {
        for body in [BODY, &long] {
            let found = marked(&Json::new(), body.as_bytes(), part).unwrap();
            assert_eq!(json!(found), expected(), "{part}");
        }
        let found = marked(&JsonLines::new(), lines.as_bytes(), part).unwrap();
        assert_eq!(json!(found), expected(), "{part}");
    }
}

#[test]
fn what_is_no_such_word_stays_wrong() {
    for body in ["[{\"v\": Nan}]", "[{\"v\": Inf}]", "[{\"v\": NaNs}]", "[{\"v\": - Infinity}]"] {
        assert!(fault(&Json::new(), body).starts_with("the body is not JSON: "), "{body}");
    }
    assert!(in_parts(&Json::new(), b"[{\"v\": \"\\ud83\"}]", 3).is_err());
}

proptest! {
    #[test]
    fn what_needs_no_mending_is_left_alone(text in "[a-zNI\"\\\\{}\\-:,\u{f8ff}é]{0,40}", part in 1usize..9) {
        let body = json!([{"t": text, "N": "I", text.clone(): -1.5}]);
        let long = format!("{}{body}", " ".repeat(70_000));
        let found = marked(&Json::new(), long.as_bytes(), part).unwrap();
        prop_assert_eq!(json!(found), json!([[body[0], []]]));
    }
}

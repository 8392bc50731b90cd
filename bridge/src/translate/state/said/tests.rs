use super::super::hints::strip;
use super::*;
use proptest::prelude::*;
use serde_json::json;

/// What is taken apart by values, as it was before it was done by text.
fn by_values(mut state: Map<String, Value>, members: &[&str]) -> Split {
    strip(&mut state);
    let mut own_of = |id: &str| match state.get_mut("bookmarks") {
        Some(Value::Object(bookmarks)) => bookmarks.get_mut(id).map(Value::take),
        _ => None,
    };
    let own = members.iter().map(|id| own_of(id).as_ref().map(Part::of)).collect();
    if let Some(Value::Object(bookmarks)) = state.get_mut("bookmarks") {
        bookmarks.retain(|key, _| !members.contains(&key.as_str()));
    }
    let remainder = super::super::cuts::has_remainder(&state);
    Split { own, rest: Part::of(&Value::Object(state)), remainder }
}

fn told(split: &Split) -> (Vec<Option<&str>>, &str, bool) {
    let own = split.own.iter().map(|own| own.as_ref().map(Part::text)).collect();
    (own, split.rest.text(), split.remainder)
}

fn json_like() -> impl Strategy<Value = Value> {
    let texts = "[ -~\u{e9}\u{1F600}\"\\\\/\n\t\u{1}\u{7f}]{0,6}";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec!["1.10", "1E5", "1e+400", "-0", "12345678901234567890.10"])
            .prop_map(|digits| serde_json::from_str(digits).unwrap()),
        texts.prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((texts, inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// A state with bookmarks of some streams, hints, and what not.
fn state_like() -> impl Strategy<Value = Value> {
    let ids = prop::sample::select(vec!["a", "b", "c", "\u{e9}\"x", hints::IN_BOOKMARKS, ""]);
    let bookmarks = prop::collection::vec((ids, json_like()), 0..5)
        .prop_map(|pairs| pairs.into_iter().map(|(id, b)| (id.to_owned(), b)).collect());
    let bookmarks = prop_oneof![4 => bookmarks.prop_map(Value::Object), 1 => json_like()];
    let keys =
        prop::sample::select(vec!["currently_syncing", "this_stream", "lsn", "x y", "bookmark"]);
    (prop::option::of(bookmarks), prop::collection::vec((keys, json_like()), 0..3), any::<bool>())
        .prop_map(|(bookmarks, others, first)| {
            let others = others.into_iter().map(|(key, value)| (key.to_owned(), value));
            let bookmarks = bookmarks.map(|value| ("bookmarks".to_owned(), value));
            match first {
                true => bookmarks.into_iter().chain(others).collect(),
                false => others.chain(bookmarks).collect(),
            }
        })
}

/// As Python's json.dumps writes it: blanks, and escapes for all that isn't ASCII.
fn as_python(value: &Value) -> String {
    let text = serde_json::to_string_pretty(value).unwrap();
    let mut out = String::new();
    for char in text.chars() {
        match char {
            '/' => out.push_str("\\/"),
            ' '..='~' | '\n' => out.push(char),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_same_comes_of_text_as_of_values(state in state_like()) {
        let members = ["b", "a", "\u{e9}\"x", "absent"];
        let expected = by_values(state.as_object().unwrap().clone(), &members);
        for text in [state.to_string(), as_python(&state)] {
            let said = Said::new(&text).unwrap();
            let split = said.split(members.into_iter(), None).unwrap();
            prop_assert_eq!(told(&split), told(&expected));
            let whole = said.without(&HashSet::new(), None).unwrap();
            prop_assert_eq!(whole.text(), state.to_string());
        }
    }
}

#[test]
fn a_table_is_half_read_while_the_tap_is_at_it_with_a_log_position() {
    let half = |state: Value| Said::new(&state.to_string()).unwrap().half_read().unwrap();
    let bookmarks = json!({"a": {"lsn": 3, "version": 1}, "b": {"lsn": null}, "c": 4});
    let at = |id: Value| json!({"currently_syncing": id, "bookmarks": bookmarks});
    assert_eq!(half(at(json!("a"))).as_deref(), Some("a"));
    for other in [json!(null), json!("b"), json!("c"), json!("d"), json!(["a"])] {
        assert_eq!(half(at(other)), None);
    }
    assert_eq!(half(json!({"bookmarks": bookmarks})), None);
}

#[test]
fn a_stream_that_is_held_keeps_its_part() {
    let text = r#"{"bookmarks": {"a": {"lsn": 5}, "b": 2, "x": 3}, "currently_syncing": "a"}"#;
    let said = Said::new(text).unwrap();
    let members = || ["a", "b"].into_iter();
    let part = Part::of(&json!({"lsn": 1}));
    let held = Held { id: "a".to_owned(), part: Some(part.clone()) };
    let split = said.split(members(), Some(&held)).unwrap();
    assert_eq!(
        told(&split),
        (vec![Some(r#"{"lsn":1}"#), Some("2")], r#"{"bookmarks":{"x":3}}"#, true)
    );
    let whole = said.without(&HashSet::from(["b"]), Some(&held)).unwrap();
    assert_eq!(whole.text(), r#"{"bookmarks":{"a":{"lsn":1},"x":3},"currently_syncing":"a"}"#);
    let absent = Held { part: None, ..held };
    let split = said.split(members(), Some(&absent)).unwrap();
    assert_eq!(told(&split).0, [None, Some("2")]);
    let whole = said.without(&HashSet::new(), Some(&absent)).unwrap();
    assert_eq!(whole.text(), r#"{"bookmarks":{"b":2,"x":3},"currently_syncing":"a"}"#);
}

#[test]
fn of_bookmarks_that_come_twice_the_last_count() {
    let text = r#"{"bookmarks": {"a": 1, "x": 1}, "lsn": 1.0, "bookmarks": {"a": 2, "a": 3}}"#;
    let split = Said::new(text).unwrap().split(["a"].into_iter(), None).unwrap();
    assert_eq!(told(&split), (vec![Some("3")], r#"{"bookmarks":{},"lsn":1.0}"#, true));
}

#[test]
fn what_cannot_be_stored_is_refused_by_its_place() {
    let deep = |levels: usize| {
        format!(r#"{{"x":{}{}, "y": "[{{"}}"#, "[".repeat(levels), "]".repeat(levels))
    };
    assert!(Said::new(&deep(DEEPEST - 1)).is_ok());
    assert!(matches!(Said::new(&deep(DEEPEST)), Err(StateError::TooDeep)));
    assert!(matches!(Said::new(r#"{"x": "#), Err(StateError::Malformed { column: 6 })));
    let text = r#"{"bookmarks": {"a": "\ud800"}}"#;
    let split = Said::new(text).unwrap().split(std::iter::empty(), None);
    let Err(StateError::Malformed { column }) = split else { panic!("{split:?}") };
    assert!((21..30).contains(&column), "{column}");
}

use super::*;
use proptest::prelude::*;
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

/// What serde_json makes of a line: the envelope, or the place of the error.
fn reference(text: &str) -> Option<Envelope<'_>> {
    struct Reference;
    impl<'de> Visitor<'de> for Reference {
        type Value = Envelope<'de>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut envelope = Envelope::default();
            while let Some(key) = map.next_key::<String>()? {
                let raw = map.next_value::<&'de RawValue>()?.get();
                if let Some(slot) = envelope.slot(key.as_bytes()) {
                    *slot = Some(raw);
                }
            }
            Ok(envelope)
        }
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let envelope = deserializer.deserialize_map(Reference).ok()?;
    deserializer.end().ok()?;
    Some(envelope)
}

#[track_caller]
fn same_as_reference(text: &str) -> Result<(), TestCaseError> {
    match envelope(text) {
        Ok(found) => prop_assert_eq!(Some(found), reference(text), "{}", text),
        Err(fault) if fault.is_too_deep() => {}
        Err(_) => prop_assert_eq!(None, reference(text), "{}", text),
    }
    Ok(())
}

/// JSON text as taps write it, and as they might: odd blanks, numbers, escapes.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        "true|false|0|-0|-?[1-9][0-9]{0,30}(\\.[0-9]{1,9})?([eE][+-]?[0-9]{1,3})?",
        r#""([ -!#-\[\]-~é東😀]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4}){0,40}""#,
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        let key = prop_oneof![r#""[a-z_]{0,12}""#, r#""[ab]""#];
        let blank = "[ \t\r\n]{0,2}";
        prop_oneof![
            (prop::collection::vec(inner.clone(), 0..6), blank)
                .prop_map(|(items, blank)| format!("[{blank}{}{blank}]", items.join(", "))),
            (prop::collection::vec((key, inner), 0..6), blank).prop_map(|(fields, blank)| {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(key, value)| format!("{key}{blank}:{blank}{value}"))
                    .collect();
                format!("{{{blank}{}{blank}}}", fields.join(","))
            }),
        ]
    })
}

fn line() -> impl Strategy<Value = String> {
    let key = prop_oneof![
        Just("type".to_owned()),
        Just("record".to_owned()),
        Just("stream".to_owned()),
        Just(r"\u0074ype".to_owned()),
        "[a-z]{0,4}",
    ];
    prop::collection::vec((key, json()), 0..7).prop_map(|fields| {
        let fields: Vec<String> =
            fields.iter().map(|(key, value)| format!(r#""{key}": {value}"#)).collect();
        format!("{{{}}}", fields.join(", "))
    })
}

/// A text after edits at some places: a character (the first of a string) is put in the place of
/// another (0) or before it (1), one is left out (2), or all from there on.
pub(crate) fn edited(text: &str, edits: Vec<(prop::sample::Index, String, u8)>) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for (place, new, how) in edits {
        let new = new.chars().next().unwrap_or('x');
        let place = place.index(characters.len().max(1));
        match how {
            _ if characters.is_empty() => characters.push(new),
            0 => characters[place] = new,
            1 => characters.insert(place, new),
            2 => drop(characters.remove(place)),
            _ => characters.truncate(place),
        }
    }
    characters.into_iter().collect()
}

/// Rows with a list of objects and something around it. The objects have the same keys but for some: left
/// out (0), or with an object (1) or a list (2) for its value.
pub(crate) fn orders(open: &'static str, close: &'static str) -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => "-?[1-9][0-9]{0,9}",
        4 => "\"[a-z ]{0,40}\"",
        1 => Just("null".to_owned()),
        1 => json(),
    ];
    let act = prop_oneof![20 => Just(3_u8), 1 => 0..3_u8];
    let keys = prop::collection::vec(("[a-z]{1,3}|[a-z]{24,34}|[a-z]{50,70}", 0..8_u8), 1..6);
    let item = prop::collection::vec((leaf, act), 6);
    let row = prop::collection::vec(item, 0..6);
    (keys, prop::collection::vec(row, 3..9)).prop_map(move |(keys, rows)| {
        let item = |values: &Vec<(String, u8)>| {
            let fields = keys.iter().zip(values).filter_map(|((key, usual), (value, act))| {
                let value = match if *act == 3 { usual } else { act } {
                    0 => return None,
                    1 => format!("{{\"o\": {value}, \"p\": [{{\"q\": {value}}}]}}"),
                    2 => format!("[{value}, {value}]"),
                    _ => value.clone(),
                };
                Some(format!("\"{key}\": {value}"))
            });
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        };
        let row = |row: &Vec<_>| {
            let items = row.iter().map(item).collect::<Vec<_>>().join(", ");
            format!(
                "{open}\"id\": 1, \"items\": [{items}], \"last\": [1, 2.5, \"x\"], \
                 \"far from the end\": \"{}\"{close}\n",
                " ".repeat(150)
            )
        };
        rows.iter().map(row).collect()
    })
}

proptest! {
    #[test]
    fn whole_lines_are_read_as_serde_json_reads_them(line in line()) {
        prop_assert!(envelope(&line).is_ok(), "{}", line);
        same_as_reference(&line)?;
    }

    #[test]
    fn broken_lines_are_refused_where_serde_json_refuses_them(
        line in line(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), "[ -~\u{0}\n\t]", 0..4_u8), 1..4),
    ) {
        same_as_reference(&edited(&line, edits))?;
    }

    #[test]
    fn what_comes_again_in_a_list_is_refused_where_serde_json_refuses_it(
        text in orders("{", "}"),
        edits in prop::collection::vec((any::<prop::sample::Index>(), "[{}\\[\\],:\"]|[ -~\t]", 0..4_u8), 0..3),
    ) {
        for line in edited(&text, edits).split('\n') {
            same_as_reference(line)?;
        }
    }

    #[test]
    fn a_bare_object_is_read_as_serde_json_reads_it(
        (line, cut, lead) in (line(), any::<prop::sample::Index>(), "[ \t\r]{0,2}"),
    ) {
        let whole = format!("{lead}{line}{lead}");
        prop_assert_eq!(object(&whole), Ok(line.as_str()));
        let cut = cut.index(whole.len());
        for text in [whole.get(..cut), whole.get(cut..), Some(&*format!("[{whole}]"))].into_iter().flatten() {
            let reference = serde_json::from_str::<&RawValue>(text).ok();
            let reference = reference.map(RawValue::get).filter(|raw| raw.starts_with('{'));
            prop_assert_eq!(object(text).ok(), reference, "{}", text);
        }
    }

    #[test]
    fn a_fault_stands_inside_the_line_or_at_its_end(line in ".{0,60}") {
        if let Err(fault) = envelope(&line) {
            prop_assert!(fault.at() <= line.len());
        }
        same_as_reference(&line)?;
    }
}

/// Keys that come again are compared with those before, which must not hide where they stand.
#[test]
fn a_key_that_comes_again_is_refused_where_none_may_stand() -> Result<(), TestCaseError> {
    for list in [
        r#"[{"a": 1{"a": 2}]"#,
        r#"[{"a": 1}{"a": 2}]"#,
        r#"[{"a": 1, {"a": 2}]"#,
        r#"[{"a": 1, "b": 2}, "b": 3]"#,
        r#"[{"a": 1, "b": 2}, {, "b": 3}]"#,
        r#"[{"a": 1, "b": 2}, {"a": , "b": 3}]"#,
        r#"[{"a": 1, "b": 2}, [1, "b": 3]]"#,
        r#"[{"a":1, "b":2}, {"a": 3, "b": 4}, {"a" : 5 , "b": 6}]"#,
        r#"{"o": {"a": {"a": {"a": 1}}, "o": {"a": {"a": }}}}"#,
        r#"[{"a": 1, "b": 2}, {"a": 3, "b": 4}, {"a": 5}, {"b": 6, "a": 7}, {"a": 8, "b": 9}]"#,
        r#"[{"a": 1 , "b": {"a": 1 , "b": []}}, {"a": [{"a": 1 , "b": 2}] , "b": 9}]"#,
    ] {
        let padding = " ".repeat(80); // no end of the text nearby
        for text in [format!(r#"{{"x": {list}}}{padding}"#), format!(r#"{{"x": {list}}}"#)] {
            same_as_reference(&text)?;
        }
    }
    Ok(())
}

/// As long as a window, or nearly: a key is compared whole or not at all.
#[test]
fn a_key_that_comes_again_is_compared_to_its_end() -> Result<(), TestCaseError> {
    for length in 0..50 {
        let key = "k".repeat(length);
        for other in [key.clone(), format!("{key}\""), format!("\"{key}"), format!("{key}\\")] {
            let list = format!(r#"[{{"{key}": 1, "b": 2}}, {{"{other}": 3, "b": 4}}]"#);
            same_as_reference(&format!(r#"{{"x": {list}}}{}"#, " ".repeat(80)))?;
        }
    }
    Ok(())
}

/// What is open behind what comes again is what was open there before.
#[test]
fn what_comes_again_in_a_list_leaves_open_what_it_left_open() -> Result<(), TestCaseError> {
    let item = r#"{"a": {"o": 1, "b": [2, {"d": "x"}]}, "c": [[3], [], {}], "e": null}"#;
    for count in 1..6 {
        let list = [item; 6][..count].join(", ");
        for broken in ["", "]", "}", ", ", "1", "{", "[", "\"k\": 1", ", \"k\": 1"] {
            let text = format!(r#"{{"x": [{list}{broken}, {list}]}}{}"#, " ".repeat(150));
            same_as_reference(&text)?;
        }
    }
    Ok(())
}

#[test]
fn a_bare_object_may_be_nested_as_deep_as_a_record() {
    let nested = |levels: usize| format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
    for levels in [MAX_DEPTH - 1, MAX_DEPTH] {
        let bare = nested(levels);
        let inside = envelope(&format!(r#"{{"record":{bare}}}"#)).is_ok();
        assert_eq!(object(&bare).is_ok(), inside);
        assert_eq!(inside, levels < MAX_DEPTH);
    }
}

#[test]
fn nesting_ends_at_the_limit_whatever_is_nested() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        // The line itself is one level, the innermost brackets are another.
        for (inner, levels) in [("1", MAX_DEPTH - 1), ("[]", MAX_DEPTH - 2), ("{}", MAX_DEPTH - 2)]
        {
            let nested = |levels: usize| {
                format!(r#"{{"a": {}{inner}{}}}"#, open.repeat(levels), close.repeat(levels))
            };
            assert!(envelope(&nested(levels)).is_ok(), "{open}{inner}");
            let too_deep = envelope(&nested(levels + 1)).unwrap_err();
            assert!(too_deep.is_too_deep(), "{open}{inner}");
        }
    }
    assert!(envelope(&format!(r#"{{"a": {}"#, "[".repeat(1_000_000))).unwrap_err().is_too_deep());
}

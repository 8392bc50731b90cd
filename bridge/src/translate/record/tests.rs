use super::*;
use proptest::prelude::*;
use serde_json::value::RawValue;

fn apply(deselected: &[&str], record: &str) -> String {
    let mut out = b"left over".to_vec();
    let mut filter = FieldFilter::new(deselected.iter().copied());
    String::from_utf8(filter.apply(record, &[], &mut out).to_vec()).unwrap()
}

#[test]
fn what_stays_keeps_its_bytes() {
    for (record, kept) in [
        (r#"{"a":1,"b":2}"#, r#"{"a":1}"#),
        (r#"{"b":2,"a":1}"#, r#"{"a":1}"#),
        (r#"{"b":2}"#, "{}"),
        (r#"{ "b" : 2 }"#, "{}"),
        ("{}", "{}"),
        ("{ }", "{ }"),
        (r#"{"a":1,"c":{"b":1}}"#, r#"{"a":1,"c":{"b":1}}"#),
        (
            r#"{"b":"}","a":"\",{\"b\":1","b":[{"x":"]"}],"a":0E-10}"#,
            r#"{"a":"\",{\"b\":1","a":0E-10}"#,
        ),
        (r#"{"\u0062":1,"\\b":2,"\ud800":3}"#, r#"{"\\b":2,"\ud800":3}"#),
        (
            r#" { "a" : 1e400 , "b" : NaN , "ü" : -Infinity } "#,
            r#" { "a" : 1e400 , "ü" : -Infinity } "#,
        ),
    ] {
        assert_eq!(apply(&["b"], record), kept, "{record}");
    }
}

#[test]
fn names_beyond_ascii_and_none_at_all() {
    assert_eq!(apply(&["ünï"], r#"{"\u00fcn\u00ef":1,"ünï":2,"x":3}"#), r#"{"x":3}"#);
    let record = r#"{"a":1}"#.to_owned();
    let mut out = Vec::new();
    let same = FieldFilter::default().apply(&record, &[], &mut out);
    assert_eq!(same.as_ptr(), record.as_ptr());
}

/// A member's key as JSON text (plain or fully escaped), and the name it spells.
fn key() -> impl Strategy<Value = (String, String)> {
    ("[ab\"\\\\{},:ü𝄞]{0,3}", any::<bool>()).prop_map(|(name, escape)| {
        let text = if escape {
            let units = name.encode_utf16().map(|unit| format!("\\u{unit:04x}"));
            format!("\"{}\"", units.collect::<String>())
        } else {
            serde_json::to_string(&name).unwrap()
        };
        (text, name)
    })
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("0E-10".to_owned()),
        Just("123456789012345678901234567890.5".to_owned()),
        Just(r#""\ud800""#.to_owned()),
        "[ab\"\\\\{},:\\[\\]ü]{0,5}".prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3)
                .prop_map(|all| format!("[{}]", all.join(", "))),
            prop::collection::vec((key(), inner), 0..3).prop_map(|all| {
                let members = all.iter().map(|((key, _), value)| format!("{key}:{value}"));
                format!("{{{}}}", members.collect::<Vec<_>>().join(" ,"))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn the_members_that_stay_are_the_members_that_were(
        members in prop::collection::vec((key(), value(), "[ \t]{0,2}"), 0..6),
        deselected in prop::collection::hash_set("[ab\"\\\\{},:ü𝄞]{0,3}", 0..4),
    ) {
        let joined = |all: &[&((String, String), String, String)]| {
            let text = all.iter().map(|((key, _), value, gap)| format!("{gap}{key}{gap}:{value}{gap}"));
            format!("{{{}}}", text.collect::<Vec<_>>().join(","))
        };
        let record = joined(&members.iter().collect::<Vec<_>>());
        serde_json::from_str::<&RawValue>(&record).unwrap();
        let staying = |m: &&((String, String), String, String)| !deselected.contains(&m.0.1);
        let expected = joined(&members.iter().filter(staying).collect::<Vec<_>>());
        let mut out = Vec::new();
        let mut filter = FieldFilter::new(deselected.iter().cloned());
        let stays = filter.apply(&record, &[], &mut out);
        prop_assert_eq!(std::str::from_utf8(stays).unwrap(), expected);
    }

    /// Many records of one stream, whose fields the parser has found, with one filter.
    #[test]
    fn known_places_make_no_difference(
        members in prop::collection::vec((key(), value(), "[ \t]{0,2}"), 1..8),
        records in prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 0..9), 1..9),
        in_order in any::<bool>(),
        deselected in prop::collection::hash_set("[ab\"\\\\{},:ü𝄞]{0,3}", 0..4),
    ) {
        let mut lines = String::new();
        for picks in &records {
            let mut picks: Vec<_> = picks.iter().map(|pick| pick.index(members.len())).collect();
            if in_order {
                picks.sort_unstable();
                picks.dedup();
            }
            let fields = picks.iter().map(|pick| {
                let ((key, _), value, gap) = &members[*pick];
                format!("{gap}{key}{gap}:{value}{gap}")
            });
            let fields = fields.collect::<Vec<_>>().join(",");
            lines.push_str(&format!("{{\"type\":\"RECORD\",\"stream\":\"s\",\"record\":{{{fields}}}}}\n"));
        }
        let mut parser = singer_protocol::Parser::default();
        parser.note_fields();
        let mut filter = FieldFilter::new(deselected.iter().cloned());
        let mut chunk = singer_protocol::Chunk::new(lines.as_bytes());
        while let Some((_, message)) = parser.next(&mut chunk) {
            let Ok(singer_protocol::Message::Record(record)) = message else { panic!("{message:?}") };
            let (mut quick, mut slow) = (Vec::new(), Vec::new());
            let quick = filter.apply(record.record, parser.fields(), &mut quick);
            let mut other = FieldFilter::new(deselected.iter().cloned());
            let slow = other.apply(record.record, &[], &mut slow);
            prop_assert_eq!(std::str::from_utf8(quick), std::str::from_utf8(slow));
        }
    }

    #[test]
    fn any_text_is_survived(text in "[{}\\[\\]\",:\\\\ab u0-9]{0,40}") {
        let mut out = Vec::new();
        FieldFilter::new(["a", "b"]).apply(&text, &[], &mut out);
    }
}

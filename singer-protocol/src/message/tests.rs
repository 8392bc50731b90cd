use proptest::prelude::*;

use super::*;

fn record(text: &str) -> String {
    format!(r#"{{"type": "RECORD", "stream": "s", "record": {text}}}"#)
}

fn malformed(line: &[u8]) -> Malformed {
    match Message::parse(line) {
        Err(LineError::Malformed(malformed)) => malformed,
        other => panic!("not malformed: {other:?}"),
    }
}

#[track_caller]
fn passes(text: &str) {
    for line in [
        record(text),
        format!(
            r#"{{"stream":"s","time_extracted":"2024-01-01T00:00:00Z","record":{text},"type":"record"}}"#
        ),
        format!("\u{feff} \t{}\r\n", record(text)),
        format!(r#"{{"record": [1], "type": "RECORD", "stream": "s", "record": {text}}}"#),
    ] {
        match Message::parse(line.as_bytes()) {
            Ok(Message::Record(record)) => {
                assert_eq!(record.record, text);
                assert_eq!(record.stream, "s");
            }
            other => panic!("{line}: {other:?}"),
        }
    }
}

#[test]
fn a_record_s_bytes_are_never_touched() {
    passes(
        r#"{"a": 0.10000000000000000555, "b": 1e400, "c": 12345678901234567890123, "d": -0, "f": 1E+2}"#,
    );
    passes(
        r#"{"a": 12345678901234567890.123456789012345678, "b": 0E-10, "c": 18446744073709551615}"#,
    );
    passes(&format!(r#"{{"a": 1{}}}"#, "0".repeat(400)));
    passes(r#"{"a": 1, "a": 2}"#);
    passes(r#"{"a": "\u00e9\n\/\"\\", "b": "\ud83d\ude00"}"#);
    passes(r#"{"a": "\ud800", "b": "\udc00x", "\udfff": "\u0000"}"#);
    passes("{\"a\": \"\u{2028}\u{7f}東京 😀 é\"}");
    passes("{}");
    passes(r#"{"type": "STATE", "record": {"stream": "x"}, "stream": 1}"#);
    passes("{ \"a\"\t:  1 ,\t\"b\" : [ 1 , 2 ] }");
    passes(r#"{"a": "NaN"}"#);
}

#[test]
fn nesting_is_walked_without_recursion_and_has_a_limit() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        passes(&format!(r#"{{"a": {}1{}}}"#, open.repeat(997), close.repeat(997)));
        for depth in [998, 100_000] {
            let deep = format!(r#"{{"a": {}1{}}}"#, open.repeat(depth), close.repeat(depth));
            let malformed = malformed(record(&deep).as_bytes());
            assert_eq!(malformed.reason, Reason::TooDeep);
            assert_eq!(malformed.kind.as_deref(), Some("RECORD"));
        }
    }
    let broken = record(&format!(r#"{{"a": {}1"#, "[".repeat(100_000)));
    assert_eq!(malformed(broken.as_bytes()).kind.as_deref(), Some("RECORD"));
}

#[test]
fn what_is_not_json_is_malformed() {
    for text in [
        r#"{"a": 01}"#,
        r#"{"a": +1}"#,
        r#"{"a": 1.}"#,
        r#"{"a": .5}"#,
        r#"{"a": 1e}"#,
        r#"{"a": 1,}"#,
        r#"{"a": [1,]}"#,
        r#"{"a": 1 "b": 2}"#,
        "{'a': 1}",
        r#"{"a": [1}"#,
        r#"{"a": True}"#,
        r#"{"a": nul}"#,
        r#"{1: 2}"#,
        r#"{"a": "\x41"}"#,
        r#"{"a": "\u12G4"}"#,
        "{\"a\": \"x\ty\"}",
        r#"{"a": "x"#,
        "[1, 2]",
        "null",
        r#""text""#,
        "7",
    ] {
        let first = malformed(record(text).as_bytes());
        assert_eq!(first.kind.as_deref(), Some("RECORD"), "{text}");
        assert!(!first.non_finite);
        let late = format!(r#"{{"stream": "s", "record": {text}, "type": "RECORD"}}"#);
        assert_eq!(malformed(late.as_bytes()).kind.as_deref(), Some("RECORD"), "{text}");
    }
}

#[test]
fn what_is_not_utf8_is_malformed() {
    for bytes in [&b"\xff\xfe"[..], b"\xed\xa0\x80", b"\xc0\xaf"] {
        let line = [&br#"{"type": "RECORD", "stream": "s", "record": {"a": ""#[..], bytes, b"\"}}"];
        let malformed = malformed(&line.concat());
        assert_eq!(malformed.reason, Reason::InvalidUtf8);
        assert_eq!(malformed.column, line[0].len() + 1);
        assert_eq!(malformed.stream.as_deref(), Some("s"));
    }
}

#[test]
fn the_column_counts_from_the_start_of_the_line() {
    let line = "\u{feff}  {\"type\": \"RECORD\", \"stream\": \"s\", \"record\": {\"a\": tru}}";
    let at = malformed(line.as_bytes()).column;
    assert!(line[at - 1..].starts_with("}}"), "column {at}");

    let line = r#"{"type": "RECORD", "stream": "s", "record": [1]}"#;
    let malformed_at = malformed(line.as_bytes());
    assert!(line[malformed_at.column - 1..].starts_with("[1]"));
    assert_eq!(malformed_at.reason, Reason::NotA { field: "record", expected: "object" });
    assert_eq!(
        LineError::Malformed(malformed_at).to_string(),
        "malformed RECORD message of stream `s` at column 45: `record` is not an object"
    );
}

#[test]
fn one_line_holds_one_message() {
    let line =
        br#"{"type": "RECORD", "stream": "s", "record": {"a": 1}}{"type": "STATE", "value": {}}"#;
    assert_eq!(malformed(line).reason, Reason::Trailing);
    // What is lost is the first one.
    assert_eq!(malformed(line).kind.as_deref(), Some("RECORD"));
    let line = br#"{"type": "RECORD", "stream": "s", "record": {"a": 1}} trailing"#;
    assert_eq!(malformed(line).reason, Reason::Trailing);
}

#[test]
fn a_message_lacks_nothing_it_needs() {
    for (line, field) in [
        (r#"{"type": "RECORD"}"#, "stream"),
        (r#"{"type": "RECORD", "stream": "s"}"#, "record"),
        (r#"{"type": "SCHEMA", "schema": {}}"#, "stream"),
        (r#"{"type": "SCHEMA", "stream": "s"}"#, "schema"),
        (r#"{"type": "STATE"}"#, "value"),
        (r#"{"type": "ACTIVATE_VERSION"}"#, "stream"),
        (r#"{"type": "BATCH", "stream": "s", "encoding": {}}"#, "manifest"),
    ] {
        assert_eq!(malformed(line.as_bytes()).reason, Reason::Missing(field), "{line}");
    }
    let wrong = br#"{"type": "RECORD", "stream": 5, "record": {}}"#;
    assert_eq!(malformed(wrong).reason, Reason::NotA { field: "stream", expected: "string" });
    let wrong = br#"{"type": "SCHEMA", "stream": "s", "schema": {}, "key_properties": [1]}"#;
    assert!(matches!(malformed(wrong).reason, Reason::NotA { field: "key_properties", .. }));
}

#[test]
fn what_claims_nothing_is_a_log_line() {
    for line in [
        "",
        "\n",
        "   ",
        "INFO not json",
        "[1]",
        "null",
        "{}",
        r#"{"type": 5}"#,
        "\u{feff}{}",
        r#"{"level": "info", "message": {"type": "RECORD"}}"#,
        r#"{"level": "info", "message": "x" "type": 1}"#,
        r#"{"type": "LOG", "message": NaN}"#,
        r#"INFO {"type": "RECORD", "stream": "s", "record": {}}"#,
        "{'type': 'RECORD'}",
        r#"{"message": "\"type\": \"RECORD\"", oops}"#,
    ] {
        assert_eq!(Message::parse(line.as_bytes()), Err(LineError::NotAMessage), "{line}");
    }
}

#[test]
fn a_cut_line_still_claims_what_it_says() {
    let line = r#"{"stream":"s","type":"RECORD","record":{"a":"xyz"}}"#;
    let claimed = line.find("\"record").unwrap();
    for cut in claimed..line.len() {
        let malformed = malformed(&line.as_bytes()[..cut]);
        assert_eq!(malformed.reason, Reason::Truncated, "{cut}");
        assert_eq!(malformed.stream.as_deref(), Some("s"));
    }
    // Nor does what follows the fault take it back, though it looks like another `type`.
    let doubled = br#"{"type":"RECORD","stream":"s","record":"type":"LOG"}"#;
    assert_eq!(malformed(doubled).kind.as_deref(), Some("RECORD"));
    // A lost quote hides where the envelope ends; the row must not pass for a log line.
    let lost = br#"{"stream":"s","record":{"a":"x},"type":"RECORD"}"#;
    assert_eq!(malformed(lost).kind.as_deref(), Some("RECORD"));
    let lost = br#"{"stream":"s","record":{"a":1,"type":"RECORD"}"#;
    assert_eq!(malformed(lost).kind.as_deref(), Some("RECORD"));
}

#[test]
fn only_the_end_of_a_line_cuts_it() {
    // An escape that breaks near the end breaks at its own byte.
    for (line, column) in [
        (r#"{"type":"RECORD","a":"\u00x"#, 27),
        (r#"{"type":"RECORD","a":"\u0x}"#, 26),
        (r#"{"type":"RECORD","a":fax"#, 24),
    ] {
        let malformed = malformed(line.as_bytes());
        assert_eq!((malformed.column, &line[column - 1..column]), (column, "x"), "{line}");
        assert!(matches!(malformed.reason, Reason::Syntax(_)), "{line}: {}", malformed.reason);
    }
    for line in [r#"{"type":"RECORD","a":-"#, r#"{"type":"RECORD","a":"\u00"#] {
        let malformed = malformed(line.as_bytes());
        assert_eq!((malformed.column, malformed.reason), (line.len() + 1, Reason::Truncated));
    }
}

#[test]
fn types_and_keys_come_in_every_dress() {
    let line = br#"{"v\u0061lue": {"a": 1}, "TYPE": 1, "type": "\u0053tate"}"#;
    assert_eq!(Message::parse(line), Ok(Message::State(State { value: r#"{"a": 1}"# })));
    let line = br#"{"type": "LOG", "level": "info"}"#;
    assert_eq!(Message::parse(line), Ok(Message::Other(Other { kind: "LOG".into() })));
    let line = br#"{"type": "schema", "stream": "a\u0062", "schema": { }, "key_properties": null}"#;
    let Ok(Message::Schema(schema)) = Message::parse(line) else { panic!("a schema") };
    assert_eq!((&*schema.stream, schema.schema), ("ab", "{ }"));
    assert!(schema.key_properties.is_empty() && schema.bookmark_properties.is_empty());
    let line = br#"{"type": "SCHEMA", "stream": "s", "schema": {}, "key_properties": ["a", "b"], "bookmark_properties": "c"}"#;
    let Ok(Message::Schema(schema)) = Message::parse(line) else { panic!("a schema") };
    assert_eq!(schema.key_properties, ["a", "b"]);
    assert_eq!(schema.bookmark_properties, ["c"]);
    let line = br#"{"type": "RECORD", "stream": "s", "record": {}, "time_extracted": null, "version": 17}"#;
    let Ok(Message::Record(record)) = Message::parse(line) else { panic!("a record") };
    assert_eq!((record.time_extracted, record.version), (None, Some("17")));
}

#[test]
fn lines_of_real_taps_are_read() {
    // meltanolabs tap-postgres 0.10.0, pipelinewise-tap-mysql, singer-io tap-postgres 0.2.1 and
    // tap-dynamodb 1.4.0, in this order.
    let lines = [
        r#"{"type":"RECORD","stream":"Weird Schema-Table With Spaces.and-dots","record":{"Id Col":1,"select":"s","\u00fcn\u00efcode":"\u00fc","dot.ted":3,"a/b":"ab","$dollar":"$"},"time_extracted":"2026-11-22T09:14:13.779835+00:00"}"#,
        r#"{"type": "RECORD", "stream": "shop-no_pk", "record": {"b": "x", "a": 1}, "version": 1795338858509, "time_extracted": "2026-11-22T09:14:18.510165Z"}"#,
        r#"{"type": "RECORD", "stream": "public_parted", "record": {"d": "2024-06-01T00:00:00+00:00", "id": 1, "v": "p"}, "version": 1795338860425, "time_extracted": "2026-11-22T09:14:20.425540Z"}"#,
        r#"{"type": "RECORD", "stream": "movies", "record": {"year": 1950, "bin": "AP8=", "nset": [1, 2.5], "info": {"a": [1, null, false]}}, "version": 1795338865948}"#,
    ];
    let times = [Some(1_795_338_853_779), Some(1_795_338_858_510), Some(1_795_338_860_425), None];
    for (line, time) in lines.into_iter().zip(times) {
        let Ok(Message::Record(record)) = Message::parse(line.as_bytes()) else { panic!("{line}") };
        assert!(
            line.contains(&format!(r#""record": {},"#, record.record))
                || line.contains(&format!(r#""record":{},"#, record.record))
        );
        assert_eq!(record.time_extracted.as_deref().and_then(crate::epoch_millis), time);
    }
    let other = [
        r#"{"type": "STATE", "value": {"currently_syncing": "sales-orders"}}"#,
        r#"{"type": "STATE", "value": {}}"#,
        r#"{"type": "ACTIVATE_VERSION", "stream": "movies", "version": 1795338865948}"#,
        r#"{"type": "SCHEMA", "stream": "movies", "schema": {"type": "object"}, "key_properties": ["year", "title"]}"#,
    ];
    for line in other {
        assert!(
            !matches!(Message::parse(line.as_bytes()), Err(_) | Ok(Message::Other(_))),
            "{line}"
        );
    }
}

#[test]
fn a_record_borrows_everything() {
    let line =
        br#"{"type": "RECORD", "stream": "s", "record": {"a": "\n"}, "time_extracted": "t"}"#;
    let Ok(Message::Record(record)) = Message::parse(line) else { panic!("a record") };
    assert!(matches!(record.stream, Cow::Borrowed("s")));
    assert!(matches!(record.time_extracted, Some(Cow::Borrowed("t"))));
}

#[test]
fn numbers_that_json_does_not_know_become_null() {
    let line =
        record(r#"{"a": NaN, "b": {"c": [1, -Infinity, {"d.e": Infinity}]}, "f": "NaN", "g":NaN}"#);
    assert!(malformed(line.as_bytes()).non_finite);
    let repaired = repair_non_finite(line.as_bytes()).unwrap();
    assert_eq!(repaired.nulled, ["a", "b.c[1]", "b.c[2].d.e", "g"]);
    let mended = r#"{"a": null, "b": {"c": [1, null, {"d.e": null}]}, "f": "NaN", "g":null}"#;
    assert_eq!(repaired.line, record(mended).as_bytes());

    let state = br#"{"type": "STATE", "value": {"x": NaN}}"#;
    assert_eq!(repair_non_finite(state).unwrap().nulled, Vec::<String>::new());
}

#[test]
fn what_can_not_be_mended_stays_broken() {
    for text in [
        r#"{"a": 1}"#,
        r#"{"a": "NaN"}"#,
        r#"{"a": NaN, "b": }"#,
        r#"{"a": NaNa}"#,
        "{NaN: 1}",
        r#"{"a": -NaN}"#,
        r#"{"a": +Infinity}"#,
        r#"{"a": "\"NaN\", NaN"}"#,
        "NaN",
    ] {
        assert_eq!(repair_non_finite(record(text).as_bytes()), None, "{text}");
    }
    assert_eq!(repair_non_finite(b"nothing NaN"), None);
}

#[test]
fn only_the_record_that_counts_is_named() {
    let line = br#"{"record": {"old": NaN}, "x": NaN, "record": {"a": NaN}, "type": "RECORD", "stream": "s"}"#;
    assert_eq!(repair_non_finite(line).unwrap().nulled, ["a"]);
}

#[test]
fn what_is_written_is_read_again() {
    let messages = [
        Message::Schema(Schema {
            stream: "a \"b\"".into(),
            schema: r#"{"type":"object"}"#,
            key_properties: vec!["é".into()],
            bookmark_properties: vec!["u".into()],
        }),
        Message::Record(Record {
            stream: "s".into(),
            record: r#"{"a":1e400}"#,
            time_extracted: Some("2024-01-01T00:00:00Z".into()),
            version: Some("3"),
        }),
        Message::State(State { value: "{}" }),
        Message::ActivateVersion(ActivateVersion { stream: "s".into(), version: Some("3") }),
        Message::Batch(Batch::new("s", "{}", "[]")),
        Message::Other(Other { kind: "LOG".into() }),
    ];
    for message in messages {
        let mut line = Vec::new();
        message.write(&mut line);
        assert_eq!(Message::parse(&line), Ok(message));
    }
}

/// JSON text as taps write it, with spaces here and there.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,40})?([eE][+-]?[0-9]{1,4})?",
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        "\"(\\\\u[0-9a-fA-F]{4}|\\\\[nrtbf/\"\\\\]|[a-z\u{e9}\u{1F600} ]){0,8}\"",
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        let key = any::<String>().prop_map(|key| serde_json::to_string(&key).unwrap());
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5)
                .prop_map(|items| format!("[{}]", items.join(" , "))),
            prop::collection::vec((key, inner), 0..5).prop_map(object_text),
        ]
    })
}

fn object_text(members: Vec<(String, String)>) -> String {
    let members: Vec<_> = members.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    format!("{{{}}}", members.join(","))
}

fn object_strategy() -> impl Strategy<Value = String> {
    let key = any::<String>().prop_map(|key| serde_json::to_string(&key).unwrap());
    prop::collection::vec((key, json()), 0..6).prop_map(object_text)
}

proptest! {
    #[test]
    fn any_record_comes_back_byte_for_byte(record in object_strategy(), stream in any::<String>()) {
        let name = serde_json::to_string(&stream).unwrap();
        let line = format!(r#"{{"record":{record} , "stream": {name},"type":"RECORD"}}"#);
        match Message::parse(line.as_bytes()) {
            Ok(Message::Record(read)) => {
                prop_assert_eq!(read.record, &record);
                prop_assert_eq!(&*read.stream, &stream);
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn nothing_makes_it_panic(line in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Message::parse(&line);
        let _ = repair_non_finite(&line);
    }

    #[test]
    fn a_wounded_message_never_panics_and_never_lies(
        record in object_strategy(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>(),
    ) {
        let mut line = format!(r#"{{"type":"RECORD","stream":"s","record":{record}}}"#).into_bytes();
        let at = at.index(line.len());
        if cut { line.truncate(at) } else { line[at] = byte }
        let ours = Message::parse(&line);
        let _ = repair_non_finite(&line);
        if matches!(ours, Ok(Message::Record(_))) {
            // What passes is JSON to another reader too (lone surrogates apart: it decodes strings).
            let text = std::str::from_utf8(&line).unwrap();
            let judged: Result<serde::de::IgnoredAny, _> = serde_json::from_str(text);
            prop_assert!(judged.is_ok());
        }
    }

    #[test]
    fn mending_names_each_place_once(fields in prop::collection::vec(0..4_usize, 1..8)) {
        let spell = ["1", "NaN", "Infinity", "-Infinity"];
        let members = fields.iter().enumerate();
        let members = members.map(|(i, word)| (format!("\"f{i}\""), spell[*word].to_owned())).collect();
        let line = format!(r#"{{"type":"RECORD","stream":"s","record":{}}}"#, object_text(members));
        let expected: Vec<_> = fields.iter().enumerate().filter(|(_, word)| **word > 0)
            .map(|(i, _)| format!("f{i}")).collect();
        let nulled = repair_non_finite(line.as_bytes()).map(|repaired| repaired.nulled);
        prop_assert_eq!(nulled.unwrap_or_default(), expected);
    }
}

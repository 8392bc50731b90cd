use super::*;
use crate::Error;
use serde_json::json;

fn parse(text: &str) -> Result<StateInput, Error> {
    StateInput::parse(text.as_bytes())
}

#[test]
fn nothing_comes_in_many_dresses() {
    for text in ["", " \n", "null", "[]", "{}", "[null]", r#"[{"type":"LEGACY","data":{}}]"#] {
        assert_eq!(parse(text), Ok(StateInput::Empty), "{text:?}");
    }
}

#[test]
fn pyairbytes_repeated_keys_and_nulls_are_read() {
    let text = r#"[{"type":"STREAM","stream":{"stream_descriptor":{"name":"a","namespace":null},
        "stream_state":{"n":1}},"global_":null,"data":null,"global_":null,"sourceStats":null}]"#;
    let Ok(StateInput::PerStream(states)) = parse(text) else { panic!("no stream states") };
    assert_eq!(states[0].stream_descriptor, StreamDescriptor::new("a"));
    assert_eq!(states[0].stream_state, Some(json!({"n": 1})));
}

#[test]
fn a_whole_message_is_unwrapped() {
    let text = r#"{"type":"STATE","state":{"type":"GLOBAL","global":{"shared_state":{"l":1},"stream_states":[]}}}"#;
    let Ok(StateInput::Global(global)) = parse(text) else { panic!("not global") };
    assert_eq!(global.shared_state, Some(json!({"l": 1})));
}

#[test]
fn a_bare_singer_state_is_a_blob() {
    let text = r#"{"bookmarks":{"users":{"updated_at":"2024"}}}"#;
    assert!(matches!(parse(text), Ok(StateInput::Legacy(map)) if map.contains_key("bookmarks")));
}

#[test]
fn a_state_without_a_type_is_unwrapped_once() {
    let inner = |text: &str| match parse(text) {
        Ok(StateInput::Legacy(map)) => Value::from(map),
        other => panic!("{other:?}"),
    };
    assert_eq!(inner(r#"{"data":{"n":1}}"#), json!({"n": 1}));
    assert_eq!(inner(r#"{"type":"LEGACY","data":{"data":{"n":1}}}"#), json!({"data": {"n": 1}}));
    assert_eq!(inner(r#"{"data":{"n":1},"lsn":2}"#), json!({"data": {"n": 1}, "lsn": 2}));
}

#[test]
fn a_taps_own_message_is_the_state_in_it() {
    let inner = |text: &str| match parse(text) {
        Ok(StateInput::Legacy(map)) => Value::from(map),
        other => panic!("{other:?}"),
    };
    let one = r#"{"type":"STATE","value":{"bookmarks":{"a":1}}}"#;
    let other = r#"{"type":"state","value":{"bookmarks":{"a":2}}}"#;
    assert_eq!(inner(one), json!({"bookmarks": {"a": 1}}));
    // As they came out of the tap, and in a list: the last one counts.
    assert_eq!(inner(&format!("{one}\n{other}\n")), json!({"bookmarks": {"a": 2}}));
    assert_eq!(inner(&format!("[{other},{one}]")), json!({"bookmarks": {"a": 1}}));
    for nothing in [r#"{"type":"STATE","value":null}"#, r#"{"type":"STATE","value":{}}"#] {
        assert_eq!(parse(nothing), Ok(StateInput::Empty));
        assert_eq!(parse(&format!("{one}\n{nothing}")), Ok(StateInput::Empty));
    }
}

#[test]
fn states_one_a_line_are_a_list() {
    let of = |name: &str| {
        json!({"type": "STATE", "state": {"type": "STREAM", "stream": {"stream_descriptor":
            {"name": name}, "stream_state": {"n": 1}}}})
    };
    let Ok(StateInput::PerStream(states)) = parse(&format!("{}\n{}\n", of("a"), of("b"))) else {
        panic!("no stream states")
    };
    assert_eq!(states.len(), 2);
    let broken = parse(&format!("{}\n{{\"n\":1}}", of("a"))).unwrap_err().to_string();
    assert!(broken.contains("line 2, column 1"), "{broken}");
}

#[test]
fn broken_states_name_their_place() {
    let says = |text: &str, what: &str| {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains(what), "{error:?} should contain {what:?}");
    };
    says("[{", "line 1, column 2");
    says(r#"[{"type":"STREAM","stream":{}}]"#, "[0].stream: missing field `stream_descriptor`");
    says(r#"[{"type":"STREAM"}]"#, "at [0]: a STREAM state without `stream`");
    says(r#"[{"type":"ODD"}]"#, "at [0].type: expected STREAM");
    says("[1]", "at [0]: expected a state");
    says(r#"{"type":"STATE"}"#, "at [0]: this STATE message holds no state");
    says(r#"{"type":"STATE","value":[]}"#, "at [0].value: expected an object");
    says("3", "expected a list");
    says(
        r#"[{"type":"STREAM","stream":{"stream_descriptor":{"name":"a"}}},{"type":"LEGACY","data":{"a":1}}]"#,
        "at [1]: states of different types",
    );
}

#[test]
fn counts_have_a_decimal_point_and_nulls_are_left_out() {
    let descriptor = StreamDescriptor::new("a");
    let state =
        State::stream(StreamState::new(descriptor, Some(json!({}))), StateStats::records(5));
    assert_eq!(
        serde_json::to_string(&state).unwrap(),
        r#"{"type":"STREAM","stream":{"stream_descriptor":{"name":"a"},"stream_state":{}},"sourceStats":{"recordCount":5.0}}"#
    );
}

#[test]
fn counts_are_whole_numbers_of_any_dress() {
    let read = |text: &str| {
        let stats = serde_json::from_str::<StateStats>(&format!(r#"{{"recordCount":{text}}}"#));
        stats.map(|stats| stats.record_count).ok()
    };
    assert_eq!(read("5"), Some(5));
    assert_eq!(read("5.000"), Some(5));
    assert_eq!(read("5e3"), Some(5000));
    assert_eq!(read("18446744073709551615.0"), Some(u64::MAX));
    assert_eq!(read("null"), Some(0));
    for odd in ["-1", "2.5", "1e300", "\"5\""] {
        assert_eq!(read(odd), None, "{odd}");
    }
}

#[test]
fn a_state_without_a_type_is_known_by_its_payload() {
    let read = |text: &str| serde_json::from_str::<State>(text).map(|state| state.position);
    let stream = r#"{"stream":{"stream_descriptor":{"name":"a"}},"data":null}"#;
    assert!(matches!(read(stream), Ok(Position::Stream(_))));
    assert!(matches!(read(r#"{"global":{"stream_states":[]}}"#), Ok(Position::Global(_))));
    assert!(matches!(read(r#"{"data":{"a":1}}"#), Ok(Position::Legacy(_))));
    assert!(read("{}").is_err());
    assert!(read(r#"{"type":"GLOBAL","data":{}}"#).is_err());
}

#[test]
fn what_stands_beside_the_position_is_kept() {
    let text = r#"{"type":"STREAM","stream":{"stream_descriptor":{"name":"a"}},"data":{"a":1}}"#;
    let state: State = serde_json::from_str(text).unwrap();
    assert_eq!(state.extra.get("data"), Some(&json!({"a": 1})));
    assert_eq!(serde_json::to_string(&state).unwrap(), text);
}

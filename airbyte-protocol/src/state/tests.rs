use super::*;
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
    says("3", "expected a list");
    says(
        r#"[{"type":"STREAM","stream":{"stream_descriptor":{"name":"a"}}},{"type":"LEGACY","data":{"a":1}}]"#,
        "at [1]: states of different types",
    );
}

#[test]
fn counts_have_a_decimal_point_and_nulls_are_left_out() {
    let state = State::Stream(
        StreamState {
            stream_descriptor: StreamDescriptor::new("a"),
            stream_state: Some(json!({})),
        },
        StateStats { record_count: 5, rejected_record_count: 0 },
    );
    assert_eq!(
        serde_json::to_string(&state).unwrap(),
        r#"{"type":"STREAM","stream":{"stream_descriptor":{"name":"a"},"stream_state":{}},"sourceStats":{"recordCount":5.0}}"#
    );
}

//! States, there and back.

use super::*;

fn beside_bookmarks(state: &Value) -> Value {
    let mut state = state.clone();
    state.as_object_mut().expect("an object").shift_remove("bookmarks");
    state
}

#[test]
fn a_state_goes_there_and_back_and_is_what_a_read_hands_to_the_tap() {
    for (folder, work) in recordings() {
        // The catalog with which the recorded tap ran names the cursors.
        let singer = folder.join("catalog.json");
        let configured = incrementally(&airbyte_catalog(&work, &singer));
        let file = work.file("configured.json", configured.to_string());
        let convert = |from: &str, state: &Path| {
            let run = work.convert("state").args(["--from", from, "--catalog"]).arg(&file);
            document(&run.arg("--singer-catalog").arg(&singer).arg(state).ok())
        };
        let original = without_hints(&json_file(&folder.join("state-out.json")));
        let states = convert("singer", &folder.join("state-out.json"));
        let count = configured["streams"].as_array().expect("streams").len();
        assert_eq!(states.as_array().expect("a list").len(), count, "a state for every stream");
        let back = convert("airbyte", &work.file("states.json", states.to_string()));
        let incremental: Vec<&Value> = configured["streams"]
            .as_array()
            .expect("streams")
            .iter()
            .filter(|stream| stream["sync_mode"] == "incremental")
            .collect();
        let resumed = back["bookmarks"].as_object().cloned().unwrap_or_default();
        assert_eq!(resumed.len(), incremental.len(), "{back}");
        for (id, bookmark) in &resumed {
            assert_eq!(*bookmark, original["bookmarks"][id], "{}: {id}", folder.display());
        }
        // What stands beside the bookmarks is nobody's own, and comes back for whoever resumes.
        if !incremental.is_empty() {
            assert_eq!(
                beside_bookmarks(&back),
                beside_bookmarks(&original),
                "{}",
                folder.display()
            );
        }
        // What the tap of a read is handed is the same.
        let tap = Tap::in_folder(&folder);
        let read = work.read(&configured).tap(&tap).arg("--tap-catalog").arg(&singer);
        read.with_state(&states).go();
        let given = work.given().pop().expect("a run").file("--state");
        assert_eq!(given.unwrap_or(json!({})), back, "{}", folder.display());
    }
}

#[test]
fn a_state_of_streams_that_all_resume_comes_back_whole() {
    for (folder, work) in recordings() {
        let singer = folder.join("catalog.json");
        let ids = json_file(&singer)["streams"].clone();
        let ids = ids.as_array().expect("streams").iter();
        let streams: Map<String, Value> = ids
            .map(|entry| entry["tap_stream_id"].as_str().expect("an id").to_owned())
            .map(|id| (id, json!({"cursor": "id"})))
            .collect();
        let profile = work.file("p.yaml", json!({"version": 1, "streams": streams}).to_string());
        let catalog =
            with_profile(work.convert("catalog").args(["--from", "singer"]).arg(&singer), &profile)
                .ok();
        let configured = configured(&document(&catalog), |_| "incremental");
        let file = work.file("configured.json", configured.to_string());
        let convert = |from: &str, catalog: Option<&Path>, state: &Path| {
            let run = work.convert("state").args(["--from", from, "--catalog"]).arg(&file);
            let run = catalog.iter().fold(run, |run, path| run.arg("--singer-catalog").arg(path));
            document(&with_profile(run.arg(state), &profile).ok())
        };
        let original = folder.join("state-out.json");
        let states = convert("singer", Some(&singer), &original);
        let states = work.file("states.json", states.to_string());
        let expected = without_hints(&json_file(&original));
        // The states themselves say what the tap calls their streams.
        for catalog in [Some(singer.as_path()), None] {
            assert_eq!(convert("airbyte", catalog, &states), expected, "{}", folder.display());
        }
    }
}

#[test]
fn a_state_of_each_type_goes_there_and_back_and_is_what_messages_are_converted_to() {
    for (folder, work) in recordings() {
        let output = work.convert("messages").arg(folder.join("stdout.jsonl")).ok();
        let configured = seen(&output);
        let file = work.file("configured.json", configured.to_string());
        let expected = without_hints(&json_file(&folder.join("state-out.json")));
        let convert =
            |from: &str| work.convert("state").args(["--from", from, "--catalog"]).arg(&file);
        for (state_type, name) in [("stream", "STREAM"), ("global", "GLOBAL"), ("legacy", "LEGACY")]
        {
            let kind = ["--state-type", state_type];
            let states = convert("singer").args(kind).arg(folder.join("state-out.json")).ok();
            let read = work.convert("messages").args(kind).every_state();
            let read = read.arg(folder.join("stdout.jsonl")).ok();
            assert_eq!(faults(&read, &configured), Vec::<String>::new());
            let last = match state_type {
                "stream" => read.committed_state(),
                _ => {
                    let at = *read.state_lines().last().expect("a state");
                    json!([read.lines[at].field("state")])
                }
            };
            for states in [document(&states), last] {
                assert_eq!(states[0]["type"], name);
                let states = work.file("states.json", states.to_string());
                let back = document(&convert("airbyte").args(kind).arg(states).ok());
                assert_eq!(back, expected, "{state_type} of {}", folder.display());
            }
        }
    }
}

#[test]
fn states_of_several_runs_are_a_list_and_one_stream_of_messages_is_one_run() {
    let work = Work::new();
    let entries = [entry("a", &["id"], columns()), entry("b", &["id"], columns())];
    let singer = work.file("s.json", json!({"streams": entries}).to_string());
    let profile = "version: 1\nstreams: {a: {cursor: id}, b: {cursor: id}}\n";
    let profile = work.file("p.yaml", profile);
    let catalog = work.convert("catalog").args(["--from", "singer"]).arg(&singer);
    let catalog = document(&with_profile(catalog, &profile).ok());
    let both = configured(&catalog, |_| "incremental");
    let convert = |what: &str, catalog: &Value| {
        let file = work.file("c.json", catalog.to_string());
        let run = work.convert(what).arg("--singer-catalog").arg(&singer);
        with_profile(run, &profile).arg("--catalog").arg(file)
    };
    let one = state(json!({"a": {"id": 1}}));
    let lines = [schema("a"), r#"{"type":"RECORD","stream":"a","record":{"id":1}}"#.into(), one];
    let messages = work.file("m", lines.join("\n"));
    let first = convert("messages", &only(&both, &["a"])).arg(&messages).ok();
    // `b` is added: it starts in a run of its own.
    let states = work.file("states.json", first.committed_state().to_string());
    let runs = document(&convert("state", &both).args(["--from", "airbyte"]).arg(&states).ok());
    let expected = json!([
        {"streams": ["a"], "state": {"bookmarks": {"a": {"id": 1}}}},
        {"streams": ["b"], "state": {}},
    ]);
    assert_eq!(runs, expected);
    let output = convert("messages", &both).arg("--state").arg(&states).arg(&messages).fails();
    assert!(output.error().contains("one stream of messages is one run"), "{output}");
    let apart = convert("messages", &only(&both, &["a"])).arg("--state").arg(&states);
    let output = apart.arg(&messages).ok();
    assert_eq!(faults(&output, &only(&both, &["a"])), Vec::<String>::new());
}

#[test]
fn a_state_may_come_as_a_message_and_no_state_is_none() {
    let work = Work::new();
    let catalog = json!({"streams": [{"stream": {"name": "a", "json_schema": {}},
        "sync_mode": "incremental", "cursor_field": ["id"]}]});
    let file = work.file("c.json", catalog.to_string());
    let convert = |from: &str, text: &str| {
        let run = work.convert("state").args(["--from", from, "--catalog"]).arg(&file);
        run.arg(work.file("in.json", text))
    };
    let line = state(json!({"a": {"n": 0}})).replace(":0", ":12345678901234567890.10");
    let states = document(&convert("singer", &line).ok());
    let back = document(&convert("airbyte", &states.to_string()).ok());
    assert_eq!(back.to_string(), r#"{"bookmarks":{"a":{"n":12345678901234567890.10}}}"#);
    for nothing in ["", "[]", "null"] {
        assert_eq!(document(&convert("airbyte", nothing).ok()), json!({}));
    }
    for (from, text) in [("singer", "[1]"), ("airbyte", "7"), ("singer", "{\"secret\": tru}")] {
        let output = convert(from, text).fails();
        assert!(!output.error().contains("secret"), "{output}");
        assert!(output.error().contains("in.json"), "{output}");
    }
}

#[test]
fn what_is_no_singer_state_is_refused_and_not_handed_to_a_tap() {
    let work = Work::new();
    let catalog = json!({"streams": [{"stream": {"name": "a", "json_schema": {}},
        "sync_mode": "incremental", "cursor_field": ["id"]}]});
    let file = work.file("c.json", catalog.to_string());
    let convert = |text: &str| {
        let run = work.convert("state").args(["--from", "singer", "--catalog"]).arg(&file);
        run.arg(work.file("in.json", text))
    };
    let states = document(&convert(r#"{"bookmarks": {"a": {"id": 1}}}"#).ok());
    let airbytes = [
        states.to_string(),
        states[0].to_string(),
        r#"{"type": "GLOBAL", "global": {"shared_state": {"x": 1}, "stream_states": []}}"#.into(),
        r#"{"type": "STATE", "state": {"type": "LEGACY", "data": {"x": 1}}}"#.into(),
        r#"{"type": "LEGACY", "data": {"x": 1}}"#.into(),
    ];
    for text in airbytes {
        let output = convert(&text).fails();
        assert!(output.error().contains("--from airbyte"), "{text}\n{output}");
    }
    for text in [r#"{"type": "RECORD", "stream": "a", "record": {}}"#, r#"{"type": "STATE"}"#] {
        assert!(convert(text).fails().error().contains("no state"), "{text}");
    }
    let parts = |text: &str| document(&convert(text).ok())[0]["stream"]["stream_state"].clone();
    let said = parts(r#"{"type": "state", "value": {"bookmarks": {"a": {"id": 1}}}}"#);
    assert_eq!(said["parts"][0], json!({"id": 1}), "a type in any case");
    assert_eq!(parts(r#"{"type": "STATE", "value": null}"#)["cuts"][0]["id"], "0");
}

#[test]
fn a_state_is_nested_as_deeply_as_it_can_be_read_again() {
    let work = Work::new();
    let catalog = json!({"streams": [{"stream": {"name": "a", "json_schema": {}},
        "sync_mode": "incremental", "cursor_field": ["id"]}]});
    let file = work.file("c.json", catalog.to_string());
    let nested = |levels: usize| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
    for kind in ["stream", "global", "legacy"] {
        let convert = |what: &str| {
            let run = work.convert(what).args(["--state-type", kind, "--catalog"]);
            run.arg(&file)
        };
        let messages = |levels: usize| {
            let line = format!("{{\"type\":\"STATE\",\"value\":{}}}\n", nested(levels));
            work.file("m", line)
        };
        let output = convert("messages").arg(messages(100)).ok();
        let at = *output.state_lines().last().expect("a state");
        let states = work.file("states.json", json!([output.lines[at].field("state")]).to_string());
        let back = document(&convert("state").args(["--from", "airbyte"]).arg(states).ok());
        assert_eq!(back.to_string(), nested(100), "{kind}");
        for levels in [101, 124, 126] {
            let output = convert("messages").arg(messages(levels)).fails();
            assert!(output.error().contains("nested too deeply"), "{output}");
            let bare = work.file("bare.json", nested(levels));
            let output = convert("state").args(["--from", "singer"]).arg(bare).ok();
            assert!(output.stderr.contains("nested too deeply"), "{output}");
        }
    }
}

//! The converters: what a read translates on its way, there and back, without a tap.

use crate::harness::*;
use serde_json::{Map, Value, json};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

/// The one document that a converter gives.
fn document(output: &Output) -> Value {
    let text: String = output.lines.iter().map(|line| format!("{}\n", line.raw)).collect();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{output}"))
}

fn json_file(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("JSON")
}

/// The recordings of real taps, each with a place to work in.
fn recordings() -> Vec<(PathBuf, Work)> {
    let found = folders("recordings");
    assert!(found.len() >= 4, "the recordings are there");
    found.into_iter().map(|folder| (folder, Work::new())).collect()
}

/// The raw records of a tap's messages, in order.
fn raw_records(lines: &str) -> Vec<String> {
    let lines = lines.lines().map(Line::parse).filter(|line| line.kind == "RECORD");
    let raw = |line: Line| line.raw_field("record").expect("a record");
    lines.map(raw).collect()
}

fn data(output: &Output) -> Vec<String> {
    output.records().into_iter().map(|record| record.data).collect()
}

/// The Airbyte catalog of a Singer one, and the cursors that a user would choose taken over.
fn airbyte_catalog(work: &Work, singer: &Path) -> Value {
    document(&work.convert("catalog").args(["--from", "singer"]).arg(singer).ok())
}

fn with_profile<'w>(run: Run<'w>, profile: &Path) -> Run<'w> {
    run.arg("--profile").arg(profile)
}

/// Whether a key says what is selected or how it is read, where taps look for that: at an entry's
/// top, in its metadata, and in a schema (but not as the name of a column).
fn is_ours(path: &[String]) -> bool {
    let Some((key, above)) = path.split_last() else { return false };
    let in_schema = path.get(2).is_some_and(|part| part == "schema");
    let in_metadata = path.get(2).is_some_and(|part| part == "metadata");
    match key.as_str() {
        "selected" => {
            let columns = above.iter().rev().take_while(|part| *part == "properties").count();
            path.len() == 3 || in_metadata || (in_schema && columns % 2 == 0)
        }
        "replication_method" | "replication_key" => path.len() == 3,
        "replication-method" | "replication-key" => in_metadata && path.len() == 6,
        _ => false,
    }
}

/// What is in `before` and not, or not so, in `after`: the paths, less what is ours to change.
/// Lists of metadata may grow.
fn lost(before: &Value, after: &Value) -> Vec<String> {
    fn walk(before: &Value, after: Option<&Value>, path: &mut Vec<String>, lost: &mut Vec<String>) {
        if is_ours(path) {
            return;
        }
        match (before, after) {
            (Value::Object(map), Some(Value::Object(after))) => {
                for (key, value) in map {
                    path.push(key.clone());
                    walk(value, after.get(key), path, lost);
                    path.pop();
                }
            }
            (Value::Array(list), Some(Value::Array(after))) => {
                let by_breadcrumb = path.len() == 3 && path[2] == "metadata";
                if list.len() > after.len() || (list.len() < after.len() && !by_breadcrumb) {
                    lost.push(path.join("."));
                }
                for (index, value) in list.iter().enumerate() {
                    let kept = match by_breadcrumb {
                        true => after.iter().find(|one| one["breadcrumb"] == value["breadcrumb"]),
                        false => after.get(index),
                    };
                    path.push(index.to_string());
                    walk(value, kept, path, lost);
                    path.pop();
                }
            }
            (before, Some(after)) if before == after => {}
            _ => lost.push(path.join(".")),
        }
    }
    let (mut path, mut found) = (Vec::new(), Vec::new());
    walk(before, Some(after), &mut path, &mut found);
    found
}

/// Every key of a document taken out once: the path, and what is left.
fn each_key_taken_out(document: &Value) -> Vec<(Vec<String>, Value)> {
    fn walk(node: &Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
        let below: Vec<(String, &Value)> = match node {
            Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), value)).collect(),
            Value::Array(list) => {
                list.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect()
            }
            _ => Vec::new(),
        };
        for (key, value) in below {
            path.push(key);
            if node.is_object() {
                found.push(path.clone());
            }
            walk(value, path, found);
            path.pop();
        }
    }
    let mut paths = Vec::new();
    walk(document, &mut Vec::new(), &mut paths);
    let without = |path: Vec<String>| {
        let mut left = document.clone();
        let (key, above) = path.split_last().expect("a key");
        let slot = above.iter().fold(&mut left, |node, part| match node {
            Value::Array(list) => &mut list[part.parse::<usize>().expect("a place")],
            other => &mut other[part.as_str()],
        });
        slot.as_object_mut().expect("an object").shift_remove(key);
        (path, left)
    };
    paths.into_iter().map(without).collect()
}

/// The comparison below can fail: of a recorded catalog no key can go unnoticed but the selection.
#[test]
fn a_key_that_is_lost_on_the_way_is_noticed() {
    let mut ours = 0;
    for (folder, _) in recordings() {
        let mut singer = json_file(&folder.join("catalog.json"));
        // Two of its streams hold every shape; a column may be called as our own keys are.
        singer["streams"].as_array_mut().expect("streams").truncate(2);
        singer["streams"][0]["schema"]["properties"]["selected"] = json!({"type": "boolean"});
        singer["streams"][0]["schema"]["properties"]["replication_key"] = json!({"x": 1});
        assert_eq!(lost(&singer, &singer), Vec::<String>::new());
        for (path, left) in each_key_taken_out(&singer) {
            match is_ours(&path) {
                true => ours += 1,
                false => assert!(!lost(&singer, &left).is_empty(), "{path:?} goes unnoticed"),
            }
        }
    }
    assert!(ours > 15, "{ours} keys say what is selected");
}

/// What the tap is told of a stream is what the user chose: in the metadata and at the entry's top.
fn says_how_it_is_read(entry: &Value, wanted: &Value) {
    let id = &entry["tap_stream_id"];
    let own = metadata(entry, &[]);
    assert_eq!(own["selected"], true, "{id}");
    assert_eq!(own["replication-method"], entry["replication_method"], "{id}");
    assert_eq!(own.get("replication-key"), entry.get("replication_key"), "{id}");
    let method = entry["replication_method"].as_str().expect("a method");
    if wanted["sync_mode"] == "incremental" {
        assert!(method == "INCREMENTAL" || method == "LOG_BASED", "{id}: {method}");
    } else {
        assert_eq!((method, entry.get("replication_key")), ("FULL_TABLE", None), "{id}");
    }
    if method == "INCREMENTAL" {
        assert_eq!(json!([entry["replication_key"]]), wanted["cursor_field"], "{id}");
    }
}

#[test]
fn a_catalog_goes_there_and_back_and_loses_nothing_of_the_taps() {
    let mut incremental = 0;
    for (folder, work) in recordings() {
        for name in ["discover.json", "catalog.json"] {
            let singer = folder.join(name);
            let airbyte = airbyte_catalog(&work, &singer);
            let configured = incrementally(&airbyte);
            let chosen = work.file("configured.json", configured.to_string());
            let back = work.convert("catalog").args(["--from", "airbyte", "--singer-catalog"]);
            let back = document(&back.arg(&singer).arg(&chosen).ok());
            let lost = lost(&json_file(&singer), &back);
            assert_eq!(lost, Vec::<String>::new(), "{}/{name}", folder.display());
            let wanted = configured["streams"].as_array().expect("streams");
            let entries = back["streams"].as_array().expect("streams");
            assert_eq!(entries.len(), wanted.len(), "{}/{name}", folder.display());
            for (entry, wanted) in entries.iter().zip(wanted) {
                says_how_it_is_read(entry, wanted);
                incremental += usize::from(wanted["sync_mode"] == "incremental");
            }
            let selected = work.file("selected.json", back.to_string());
            assert_eq!(airbyte_catalog(&work, &selected), airbyte, "{}", folder.display());
        }
    }
    assert!(incremental > 0, "no recording is read incrementally");
}

#[test]
fn the_selection_is_the_one_that_a_read_hands_to_the_tap() {
    let work = Work::new();
    let tap = Tap::in_folder(&fixtures("recordings/meltanolabs-tap-postgres"));
    let catalog = work.discover().tap(&tap).ok().catalog();
    let singer = tap.folder().join("discover.json");
    assert_eq!(airbyte_catalog(&work, &singer), catalog);
    let configured = only(&incrementally(&catalog), &["public.users", "sales.orders"]);
    work.read(&configured).tap(&tap).ok();
    let handed = work.given().pop().expect("a sync").file("--catalog").expect("a catalog");
    let wrapped = json!({"type": "CATALOG", "catalog": configured}).to_string();
    let file = work.file("wrapped.json", wrapped);
    let input = File::open(file).expect("a file");
    let converter = work.convert("catalog").args(["--from", "airbyte", "--singer-catalog"]);
    let converted = document(&converter.arg(&singer).arg("-").stdin(input).ok());
    assert_eq!(converted, handed);
}

#[test]
fn a_stream_that_the_singer_catalog_lacks_is_named() {
    let work = Work::new();
    let singer = work.file("s.json", json!({"streams": [table("public", "users")]}).to_string());
    let mut configured = in_full(&airbyte_catalog(&work, &singer));
    configured["streams"][0]["stream"]["name"] = json!("people");
    let configured = work.file("c.json", configured.to_string());
    let catalog = work.convert("catalog").args(["--from", "airbyte", "--singer-catalog"]);
    let state = work.convert("state").args(["--from", "airbyte", "--singer-catalog"]);
    for run in [
        catalog.arg(&singer).arg(&configured),
        state.arg(&singer).arg("--catalog").arg(&configured),
    ] {
        let output = run.fails();
        assert!(output.error().contains("has no stream public.people"), "{output}");
        assert_eq!(output.failure_type(), "config_error");
        assert_eq!(output.lines.len(), 1, "nothing but the trace: {output}");
    }
    let output = work.convert("catalog").args(["--from", "airbyte"]).arg(&configured).fails();
    assert!(output.error().contains("--singer-catalog"), "{output}");
}

#[test]
fn streams_are_learnt_from_schema_lines() {
    for (folder, work) in recordings() {
        let messages = folder.join("stdout.jsonl");
        let learnt = document(&work.convert("catalog").arg("--from-messages").arg(&messages).ok());
        let text = std::fs::read_to_string(&messages).expect("messages");
        let schemas: Vec<Value> = text
            .lines()
            .map(Line::parse)
            .filter(|line| line.kind == "SCHEMA")
            .map(|line| serde_json::from_str(&line.raw).expect("JSON"))
            .collect();
        assert!(!schemas.is_empty());
        for schema in &schemas {
            let streams = learnt["streams"].as_array().expect("streams");
            let own = streams.iter().find(|stream| stream["name"] == schema["stream"]);
            let own = own.unwrap_or_else(|| panic!("{} is lost", schema["stream"]));
            let properties = own["json_schema"]["properties"].as_object().expect("properties");
            let told = schema["schema"]["properties"].as_object().cloned().unwrap_or_default();
            assert!(told.keys().all(|name| properties.contains_key(name)), "{own}");
            let key = schema["key_properties"].as_array().cloned().unwrap_or_default();
            let paths: Vec<Value> = key.into_iter().map(|part| json!([part])).collect();
            let declared = own.get("source_defined_primary_key").cloned();
            assert_eq!(declared.unwrap_or(json!([])), Value::from(paths));
        }
    }
}

#[test]
fn a_stream_of_messages_without_any_stream_teaches_nothing() {
    let work = Work::new();
    let output = work.convert("catalog").arg("--from-messages").fails();
    assert!(output.error().contains("neither a SCHEMA nor a RECORD"), "{output}");
    let broken = work.file("broken", "INFO hello\n{\"type\": \"SCHEMA\", \"stream\": 3}\n");
    let output = work.convert("catalog").arg("--from-messages").arg(broken).fails();
    assert!(output.error().contains("line 2"), "{output}");
}

#[test]
fn profiles_name_streams_for_every_converter() {
    let work = Work::new();
    let singer =
        work.file("s.json", json!({"streams": [entry("a", &["id"], columns())]}).to_string());
    let profile =
        work.file("p.yaml", "version: 1\nstreams: {a: {name: renamed, aliases: [other]}}\n");
    let mut catalog = document(
        &with_profile(work.convert("catalog").args(["--from", "singer"]).arg(&singer), &profile)
            .ok(),
    );
    assert_eq!(catalog["streams"][0]["name"], "renamed");
    let lines = [schema("other"), r#"{"type":"RECORD","stream":"other","record":{"id":1}}"#.into()];
    let messages = work.file("m", lines.join("\n"));
    let learnt =
        with_profile(work.convert("catalog").arg("--from-messages").arg(&messages), &profile).ok();
    assert_eq!(document(&learnt)["streams"][0]["name"], "renamed");
    let seen = with_profile(work.convert("messages").arg(&messages), &profile).ok();
    assert_eq!(seen.records_of("renamed").len(), 1, "{seen}");
    catalog["streams"][0]["supported_sync_modes"] = json!(["full_refresh", "incremental"]);
    let configured = configured(&catalog, |_| "incremental");
    let file = work.file("c.json", configured.to_string());
    let read =
        with_profile(work.convert("messages").arg("--catalog").arg(&file).arg(&messages), &profile)
            .ok();
    assert_eq!(faults(&read, &configured), Vec::<String>::new());
    assert_eq!(read.records_of("renamed").len(), 1, "{read}");
    let state = work.file("state.json", r#"{"bookmarks": {"a": {"id": 7}}}"#);
    let states = with_profile(
        work.convert("state").args(["--from", "singer", "--catalog"]).arg(&file),
        &profile,
    )
    .arg(state);
    let states = document(&states.ok());
    assert_eq!(states[0]["stream"]["stream_descriptor"]["name"], "renamed");
    assert_eq!(states[0]["stream"]["stream_state"]["tap_stream_id"], "a");
}

/// A state without the hints, which nobody hands to a tap again; one that says nothing is kept for
/// the tap that misses it.
fn without_hints(state: &Value) -> Value {
    let mut state = state.clone();
    let map = state.as_object_mut().expect("an object");
    let mut bookmarks = map["bookmarks"].as_object().into_iter().flat_map(|map| map.values());
    let misses_it = bookmarks.any(|bookmark| bookmark.get("lsn").is_some());
    map.retain(|key, hint| !key.starts_with("currently_") || misses_it && hint.is_null());
    state
}

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
fn words_that_are_no_messages_complete_no_stream() {
    let work = Work::new();
    let catalog = json!({"streams": [{"stream": {"name": "a", "json_schema": {}},
        "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}]});
    let file = work.file("c.json", catalog.to_string());
    for text in ["hello\n", "Traceback:\n  boom\n", "{\"streams\": []}\n", "{\"type\": \"LOG\"}\n"]
    {
        let words = work.file("words", text);
        let output = work.convert("messages").arg("--catalog").arg(&file).arg(&words).fails();
        assert!(output.error().contains("neither a SCHEMA"), "{output}");
        assert_eq!(output.last_status("a"), "INCOMPLETE");
        let output = work.convert("messages").arg(&words).fails();
        assert!(output.error().contains("neither a SCHEMA"), "{output}");
    }
}

#[test]
fn states_of_nobody_are_not_replaced_by_an_empty_one() {
    let work = Work::new();
    let lines = work.file("m", format!("{}\n", state(json!({"a": 1}))));
    for kind in ["stream", "global", "legacy"] {
        let run = work.convert("messages").args(["--state-type", kind]).arg(&lines);
        let output = run.fails();
        assert!(output.error().contains("--catalog"), "{output}");
        assert!(output.state_lines().is_empty(), "{output}");
    }
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

#[test]
fn every_recording_passes_byte_for_byte_with_and_without_catalogs() {
    for (folder, work) in recordings() {
        let messages = folder.join("stdout.jsonl");
        let raw = raw_records(&std::fs::read_to_string(&messages).expect("messages"));
        assert!(raw.len() >= 60);
        let singer = folder.join("catalog.json");
        let all = incrementally(&airbyte_catalog(&work, &singer));
        let file = work.file("configured.json", all.to_string());
        let (configured, known): ([&std::ffi::OsStr; 2], [&std::ffi::OsStr; 2]) =
            (["--catalog".as_ref(), file.as_ref()], ["--singer-catalog".as_ref(), singer.as_ref()]);
        for args in [vec![], configured.to_vec(), known.to_vec(), [configured, known].concat()] {
            let input = File::open(&messages).expect("messages");
            let output = work.convert("messages").args(&args).every_state().stdin(input).ok();
            assert!(data(&output) == raw, "{args:?} of {}", folder.display());
            let seen = match args.contains(&configured[0]) {
                true => all.clone(),
                false => seen(&output),
            };
            assert_eq!(faults(&output, &seen), Vec::<String>::new(), "{args:?}");
        }
    }
}

/// The streams that an output speaks of, as a configured catalog.
fn seen(output: &Output) -> Value {
    let mut names: Vec<Value> = Vec::new();
    for line in &output.lines {
        let Some(trace) = line.trace("STREAM_STATUS") else { continue };
        let name = trace["stream_status"]["stream_descriptor"].clone();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let streams: Vec<Value> = names
        .iter()
        .map(|name| json!({"stream": name, "sync_mode": "incremental", "cursor_field": ["id"]}))
        .collect();
    json!({ "streams": streams })
}

#[test]
fn streams_that_show_up_resume_where_the_tap_said() {
    for (folder, work) in recordings() {
        let output = work.convert("messages").every_state().arg(folder.join("stdout.jsonl")).ok();
        let configured = work.file("c.json", seen(&output).to_string());
        let original = without_hints(&json_file(&folder.join("state-out.json")));
        let states = work.file("states.json", output.committed_state().to_string());
        let run = work.convert("state").args(["--from", "airbyte", "--catalog"]).arg(&configured);
        assert_eq!(document(&run.arg(&states).ok()), original, "{}", folder.display());
        // A resumed run that says no STATE publishes what the tap was started from.
        let resumed =
            std::fs::read_to_string(folder.join("resume.stdout.jsonl")).expect("messages");
        let silent = resumed.lines().filter(|line| Line::parse(line).kind != "STATE");
        let silent = work.file("silent", silent.collect::<Vec<_>>().join("\n"));
        for state in [&states, &folder.join("state-out.json")] {
            let run = work.convert("messages").arg("--state").arg(state).arg(&silent).ok();
            assert_eq!(faults(&run, &seen(&run)), Vec::<String>::new());
            let after = work.file("after.json", run.committed_state().to_string());
            let configured = work.file("c2.json", seen(&run).to_string());
            let back = work.convert("state").args(["--from", "airbyte", "--catalog"]);
            let back = document(&back.arg(&configured).arg(&after).ok());
            for (id, bookmark) in back["bookmarks"].as_object().expect("bookmarks") {
                assert_eq!(*bookmark, original["bookmarks"][id], "{}: {id}", folder.display());
            }
        }
    }
}

#[test]
fn nothing_on_stdin_is_a_failure() {
    let work = Work::new();
    let output = work.convert("messages").fails();
    assert!(output.error().contains("nothing at all came in"), "{output}");
    let catalog = json!({"streams": [{"stream": {"name": "a"}}]});
    let file = work.file("c.json", catalog.to_string());
    let output = work.convert("messages").arg("--catalog").arg(file).fails();
    assert_eq!(output.statuses_of("a"), ["STARTED", "INCOMPLETE"]);
    assert_eq!(faults(&output, &catalog), Vec::<String>::new());
}

#[test]
fn broken_lines_are_treated_as_in_a_read() {
    let work = Work::new();
    let good = |n: u32| format!(r#"{{"type":"RECORD","stream":"a","record":{{"id":{n}}}}}"#);
    let broken = r#"{"type":"RECORD","stream":"a","record":{"id":"#.to_owned();
    let nan = r#"{"type":"RECORD","stream":"a","record":{"id":NaN}}"#.to_owned();
    let lines = ["INFO a log line".to_owned(), broken, good(1), nan, good(2)];
    let file = work.file("m", lines.join("\n"));
    let output = work.convert("messages").arg(&file).fails();
    assert!(output.error().contains("line 2"), "{output}");
    let output = work.convert("messages").args(["--on-malformed", "skip"]).arg(&file).ok();
    assert_eq!(output.column("a", "id"), [json!(1), Value::Null, json!(2)]);
    assert!(output.logged("ERROR", "line 2"), "{output}");
    assert!(output.logged("INFO", "a log line"), "{output}");
    assert!(output.records()[1].meta.is_some(), "a repaired record says so");
    assert_eq!(faults(&output, &seen(&output)), Vec::<String>::new());
    let output = work.convert("messages").args(["--max-line-bytes", "20"]).arg(&file).fails();
    assert!(output.error().contains("--max-line-bytes"), "{output}");
}

#[test]
fn records_pass_while_the_tap_runs_and_a_signal_ends_the_streams() {
    let work = Work::new();
    let (reader, mut tap) = std::io::pipe().expect("a pipe");
    let (mut child, out) = work.convert("messages").stdin(reader).start_with_stdout();
    let mut lines = BufReader::new(out);
    writeln!(tap, "{}", schema("a")).expect("it listens");
    writeln!(tap, r#"{{"type":"RECORD","stream":"a","record":{{"id":1}}}}"#).expect("it listens");
    let mut said = String::new();
    while !said.contains(r#""RECORD""#) {
        assert!(lines.read_line(&mut said).expect("UTF-8") > 0, "it ended early: {said}");
    }
    let pid = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
    rustix::process::kill_process(pid.expect("a pid"), rustix::process::Signal::TERM)
        .expect("it still runs");
    lines.read_to_string(&mut said).expect("UTF-8");
    let status = child.wait().expect("it ends");
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    assert_eq!(signal, Some(15), "{said}");
    let output = Output::new(Exit::Signal(15), said.as_bytes(), b"", 0..1);
    assert_eq!(output.last_status("a"), "INCOMPLETE");
    assert!(output.error().contains("SIGTERM"), "{output}");
    assert_eq!(faults(&output, &seen(&output)), Vec::<String>::new());
}

#[test]
fn two_streams_of_one_name_are_no_guess() {
    let work = Work::new();
    let entries = [table("shop", "users"), table("sales", "users")];
    let singer = work.file("s.json", json!({"streams": entries}).to_string());
    let lines = [schema("users"), r#"{"type":"RECORD","stream":"users","record":{"id":1}}"#.into()];
    let messages = work.file("m", lines.join("\n"));
    let output = work.convert("messages").arg("--singer-catalog").arg(singer).arg(messages).fails();
    let error = output.error();
    assert!(error.contains("shop-users") && error.contains("sales-users"), "{output}");
}

#[test]
fn settings_become_a_spec() {
    let work = Work::new();
    let about = json!({"name": "tap-x", "settings": {"type": "object", "required": ["token"],
        "properties": {"token": {"type": "string"}, "count": {"type": ["integer", "null"]}}}});
    let hub = "name: tap-x\nsettings:\n- {name: token}\n- {name: count, kind: integer}\n\
        settings_group_validation: [[token]]\n";
    let texts = [about.to_string(), format!("INFO a log line\n{about:#}\n"), hub.to_owned()];
    for text in texts {
        let file = work.file("in", &text);
        let spec = document(&work.convert("spec").stdin(File::open(file).expect("a file")).ok());
        let settings = &spec["connectionSpecification"];
        assert_eq!(settings["properties"]["token"]["airbyte_secret"], true, "{text}");
        assert_eq!(settings["properties"]["count"]["type"], "integer", "{text}");
        assert_eq!(settings["required"], json!(["token"]), "{text}");
        assert!(spec["documentationUrl"].as_str().is_some_and(|url| url.ends_with("tap-x")));
        // A tap's spec from there on.
        let spec = work.file("spec.json", spec.to_string());
        let tap = Tap::with(&[]);
        let told = work.spec().tap(&tap).arg("--tap-spec").arg(spec).ok().spec();
        assert_eq!(told["connectionSpecification"], *settings);
    }
    for text in ["", "usage: tap [-h]", "[]", r#"{"settings": 5}"#] {
        work.convert("spec").arg(work.file("in", text)).fails();
    }
}

#[test]
fn what_is_missing_is_a_trace_and_no_usage_error() {
    let work = Work::new();
    for (what, args) in
        [("catalog", vec!["--from", "singer"]), ("spec", vec![]), ("messages", vec![])]
    {
        let output = work.convert(what).args(args).arg("gone.json").fails();
        assert_eq!(output.error(), "file gone.json: there is no such file");
    }
    let output = work.convert("state").args(["--from", "singer", "--catalog", "gone.json"]).fails();
    assert_eq!(output.error(), "catalog file gone.json: there is no such file");
    let usage = work.convert("catalog").go();
    assert_eq!(usage.exit, Exit::Code(2));
    assert!(usage.lines.is_empty() && usage.stderr.contains("--from"), "{usage}");
}

//! Catalogs, there and back.

use super::*;

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

//! One suite for every source: what holds for a tap holds for a native source.

use crate::harness::*;
use serde_json::json;

const SOURCES: [[&str; 2]; 2] = [["--tap", "tap-sample"], ["--source", "sample"]];

#[test]
fn spec_is_an_open_object_with_settings() {
    for source in SOURCES {
        let spec = Work::new().spec().args(source).ok().spec();
        assert_eq!(spec["protocol_version"], "0.18.0");
        assert!(
            spec["documentationUrl"].as_str().is_some_and(|url| url.starts_with("https://")),
            "{source:?}"
        );
        let settings = &spec["connectionSpecification"];
        assert_eq!(settings["type"], "object");
        assert_ne!(settings["additionalProperties"], false);
        assert!(settings["properties"].as_object().is_some_and(|all| !all.is_empty()));
    }
}

#[test]
fn check_succeeds_with_an_empty_config() {
    for source in SOURCES {
        assert_eq!(Work::new().check().args(source).ok().answer().0, "SUCCEEDED", "{source:?}");
    }
}

#[test]
fn discover_offers_streams_by_the_rules() {
    for source in SOURCES {
        let catalog = Work::new().discover().args(source).ok().catalog();
        let streams = catalog["streams"].as_array().expect("streams");
        assert!(streams.len() > 1);
        let mut names: Vec<String> = streams.iter().map(name_of).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), streams.len(), "names are unique");
        for stream in streams {
            let name = name_of(stream);
            let properties = stream["json_schema"]["properties"].as_object().expect("properties");
            assert_eq!(stream["json_schema"]["type"], "object", "{name}");
            let modes = stream["supported_sync_modes"].as_array().expect("modes");
            assert!(modes.contains(&json!("full_refresh")), "{name}");
            let keys = stream["source_defined_primary_key"].as_array().into_iter().flatten();
            let cursor = stream.get("default_cursor_field").into_iter();
            for path in keys.chain(cursor) {
                let field = path[0].as_str().expect("a field");
                assert!(properties.contains_key(field), "{name}: {field}");
            }
            for (field, schema) in properties {
                if schema["format"] == "date-time" {
                    assert!(schema["airbyte_type"].is_string(), "{name}.{field}");
                }
            }
        }
    }
}

#[test]
fn a_full_read_and_an_incremental_one_bring_the_same_rows() {
    for source in SOURCES {
        let work = Work::new();
        let catalog = work.discover().args(source).ok().catalog();
        let full = work.read(&in_full(&catalog)).args(source).ok();
        let incremental = work.read(&incrementally(&catalog)).args(source).ok();
        assert!(full.records().len() > 100, "{source:?}");
        for stream in catalog["streams"].as_array().expect("streams") {
            let name = name_of(stream);
            let data = |read: &Output| -> Vec<String> {
                read.records_of(&name).into_iter().map(|record| record.data).collect()
            };
            assert_eq!(data(&full), data(&incremental), "{source:?} {name}");
            assert_eq!(full.last_status(&name), "COMPLETE");
        }
    }
}

#[test]
fn a_resumed_read_repeats_full_streams_and_goes_on_with_the_others() {
    for source in SOURCES {
        let work = Work::new();
        let catalog = incrementally(&work.discover().args(source).ok().catalog());
        let first = work.read(&catalog).args(source).ok();
        let second = work.read(&catalog).args(source).with_state(&first.committed_state()).ok();
        for stream in catalog["streams"].as_array().expect("streams") {
            let name = name_of(&stream["stream"]);
            let (before, after) = (first.records_of(&name).len(), second.records_of(&name).len());
            match stream["sync_mode"].as_str() {
                Some("incremental") => assert!(after <= 1, "{source:?} {name}: {after} rows"),
                _ => assert_eq!(before, after, "{source:?} {name}"),
            }
        }
    }
}

#[test]
fn the_same_question_has_the_same_answer() {
    for source in SOURCES {
        let work = Work::new();
        let catalog = incrementally(&work.discover().args(source).ok().catalog());
        let read = || {
            let read = work.read(&catalog).args(source).ok();
            read.records().into_iter().map(|r| (r.stream, r.data)).collect::<Vec<_>>()
        };
        assert!(read() == read(), "{source:?} is deterministic");
    }
}

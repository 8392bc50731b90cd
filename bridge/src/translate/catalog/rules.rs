//! What clients demand of any catalog, held against made-up ones.

use super::to_airbyte;
use crate::translate::Overrides;
use crate::translate::schema::tests::{forbidden, schema_like};
use airbyte_protocol::{Stream, SyncMode};
use proptest::prelude::*;
use serde_json::{Value, json};
use singer_protocol as singer;
use std::collections::HashSet;

/// An entry with some schema, keys that it may lack, a method, and the dress of a database or not.
fn entry_like(id: &'static str) -> impl Strategy<Value = Value> {
    let names = || prop::sample::subsequence(vec!["a", "b", "c"], 0..=2);
    let method = prop::option::of(prop::sample::select(vec![
        "FULL_TABLE",
        "INCREMENTAL",
        "LOG_BASED",
        "full",
        "",
    ]));
    let schema = prop_oneof![
        prop::collection::vec(schema_like(), 3)
            .prop_map(|all| { json!({"properties": {"a": all[0], "b": all[1], "at": all[2]}}) }),
        schema_like().prop_filter("an object", Value::is_object),
    ];
    (schema, names(), names(), method, any::<bool>()).prop_map(
        move |(schema, key, cursors, method, database)| {
            let mut root = json!({
                "table-key-properties": key,
                "valid-replication-keys": cursors,
                "replication-key": cursors.first(),
                "replication-method": method,
            });
            if database {
                root["database-name"] = json!("shop");
                root["schema-name"] = json!("public");
            }
            json!({"tap_stream_id": id, "stream": "same", "schema": schema,
                "metadata": [{"breadcrumb": [], "metadata": root}]})
        },
    )
}

/// The property at a path.
fn at<'a>(schema: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(schema, |node, name| node.get("properties")?.get(name))
}

/// Whether every time of a schema says which it is.
fn times_are_told(schema: &Value) -> bool {
    let said = |key: &str| schema.get(key).and_then(Value::as_str).unwrap_or_default();
    let own = match said("format") {
        "date-time" => said("airbyte_type").starts_with("timestamp_with"),
        "time" => said("airbyte_type").starts_with("time_with"),
        _ => true,
    };
    let properties = schema.get("properties").and_then(Value::as_object);
    let below = properties.into_iter().flat_map(|map| map.values());
    let others = ["items", "additionalProperties"].into_iter().filter_map(|key| schema.get(key));
    own && below.chain(others).all(times_are_told)
}

fn complaint(stream: &Stream) -> Option<&'static str> {
    let schema = Value::Object(stream.json_schema.clone());
    let has = |kind: &Value, name: &str| {
        kind == name || kind.as_array().is_some_and(|all| all.contains(&json!(name)))
    };
    let composed = |path: &Vec<String>| {
        let kind = at(&schema, path).and_then(|node| node.get("type"));
        kind.is_some_and(|kind| has(kind, "object") || has(kind, "array"))
    };
    let key = &stream.source_defined_primary_key;
    let cursor = &stream.default_cursor_field;
    match () {
        () if schema["type"] != "object" => Some("it is no object"),
        () if !schema["properties"].is_object() => Some("it has no properties"),
        () if !jsonschema::draft7::meta::is_valid(&schema) => Some("it is no Draft 7"),
        () if forbidden(&schema) => Some("it has a forbidden keyword"),
        () if !times_are_told(&schema) => Some("a time says not which it is"),
        () if !stream.supported_sync_modes.contains(&SyncMode::FullRefresh) => Some("full refresh"),
        () if key.iter().any(|path| at(&schema, path).is_none()) => Some("a key is not in it"),
        () if key.iter().any(composed) => Some("a key is no scalar"),
        () if at(&schema, cursor).is_none() => Some("the cursor is not in it"),
        () => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn whatever_a_tap_discovers_becomes_a_catalog_that_clients_accept(
        entries in (entry_like("one"), entry_like("two")),
    ) {
        let tap = json!({"streams": [entries.0, entries.1]});
        let catalog = singer::Catalog::from_value(tap).unwrap();
        let translated = to_airbyte(&catalog, &Overrides::new());
        prop_assert_eq!(translated.catalog.streams.len(), 2);
        let mut names = HashSet::new();
        for stream in &translated.catalog.streams {
            prop_assert!(names.insert(stream.descriptor()));
            prop_assert_eq!(complaint(stream), None, "{}", json!(stream));
        }
        let outline = super::outline(&catalog, &Overrides::new());
        for (whole, outline) in translated.catalog.streams.iter().zip(&outline.catalog.streams) {
            prop_assert!(whole.properties().eq(outline.properties()));
            let bare = |stream: &Stream| Stream { json_schema: <_>::default(), ..stream.clone() };
            prop_assert_eq!(bare(whole), bare(outline));
        }
    }
}

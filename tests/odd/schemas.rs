//! What is odd about the schemas in taps' catalogs: what clients refuse never reaches them, and
//! what doesn't fit is left open rather than wrong.

use crate::harness::*;
use serde_json::{Value, json};

/// What is discovered of a stream with this schema. Whatever it is, the stream can be read.
fn shown(schema: &Value) -> Value {
    let mut odd = entry("odd", &[], json!({}));
    odd["schema"] = schema.clone();
    let tap = Tap::with(&[odd]).says(&[r#"{"type":"RECORD","stream":"odd","record":{"v":1}}"#]);
    let work = Work::new();
    let catalog = work.discover().tap(&tap).ok().catalog();
    let shown = catalog["streams"][0]["json_schema"].clone();
    assert_eq!(shown["type"], "object", "{schema}");
    assert!(shown["properties"].is_object(), "{schema}");
    let read = work.read(&in_full(&catalog)).tap(&tap).ok();
    assert_eq!(read.records()[0].data, r#"{"v":1}"#);
    let text = shown.to_string();
    for refused in ["$ref", "allOf", "\"not\"", "definitions", "additionalProperties\":false"] {
        assert!(!text.contains(refused), "{refused} in {text}");
    }
    shown
}

/// What is discovered of a column.
fn column(schema: Value) -> Value {
    shown(&json!({"type": "object", "properties": {"v": schema}}))["properties"]["v"].clone()
}

#[test]
fn recursive_references_end_in_an_open_node() {
    let schema = json!({"properties": {"v": {"$ref": "#/definitions/node"}}, "definitions": {
        "node": {"type": "object", "properties": {
            "id": {"type": "integer"}, "next": {"$ref": "#/definitions/node"}}}}});
    let v = &shown(&schema)["properties"]["v"];
    assert_eq!(v["properties"]["id"]["type"], "integer");
    assert!(v["properties"]["next"].get("$ref").is_none());
}

#[test]
fn draft_4_exclusive_bounds_are_no_obstacle() {
    let v = column(json!({"type": "number", "maximum": 5, "exclusiveMaximum": true}));
    assert!(v.get("exclusiveMaximum").is_none_or(Value::is_number), "{v}");
    assert_eq!(v["type"], "number");
}

#[test]
fn multiple_of_and_bounds_of_sixty_digits_are_dropped() {
    let bound: Value = serde_json::from_str(&"9".repeat(60)).expect("a number");
    let v = column(json!({"type": "number", "multipleOf": 1e-38, "maximum": bound}));
    assert_eq!((v.get("multipleOf"), v.get("maximum")), (None, None), "floats break them");
}

#[test]
fn an_empty_schema_and_no_type_at_all_stay_open() {
    assert!(column(json!({})).get("type").is_none());
    assert!(column(json!({"description": "who knows"})).get("type").is_none());
}

#[test]
fn of_seven_types_at_once_none_is_lost() {
    let seven = json!(["null", "string", "integer", "number", "boolean", "object", "array"]);
    let v = column(json!({"type": seven}));
    // An integer is a number.
    let kept = json!(["null", "string", "number", "boolean", "object", "array"]);
    assert_eq!(v["type"], kept, "{v}");
}

#[test]
fn formats_that_nobody_knows_make_no_type() {
    for format in ["binary", "singer.decimal"] {
        let v = column(json!({"type": ["null", "string"], "format": format}));
        assert_eq!(v["type"], json!(["null", "string"]), "{format}");
        assert!(v.get("airbyte_type").is_none(), "{format}: {v}");
    }
    // Under this one taps declare one thing and send another.
    let v = column(json!({"type": ["null", "string"], "format": "spatial"}));
    assert!(v.get("type").is_none(), "{v}");
}

#[test]
fn nothing_but_an_object_gets_properties() {
    assert_eq!(shown(&json!({"type": "object"}))["properties"], json!({}));
    assert_eq!(shown(&json!({}))["properties"], json!({}));
}

//! What taps' schemas were seen to hold, one test each.

use super::tests::forbidden;
use super::*;
use serde_json::json;

/// Normalises a stream's schema and holds the result against what clients accept of any.
fn ours(tap: &Value) -> Value {
    let once = Value::Object(normalise(tap, &Hints::default()));
    assert!(jsonschema::draft7::meta::is_valid(&once), "{once}");
    assert!(!forbidden(&once), "{once}");
    assert_eq!(once["type"], "object");
    assert!(once["properties"].is_object());
    assert_eq!(Value::Object(normalise(&once, &Hints::default())), once);
    once
}

/// Normalises one property.
fn property(tap: Value) -> Value {
    ours(&json!({"type": "object", "properties": {"p": tap}}))["properties"]["p"].take()
}

#[test]
fn a_definition_that_refers_to_itself_is_left_open_where_it_comes_again() {
    let tap = json!({
        "type": "object",
        "properties": {"comment": {"$ref": "#/definitions/comment"}},
        "definitions": {"comment": {
            "type": ["null", "object"],
            "properties": {
                "text": {"type": "string"},
                "replies": {"type": "array", "items": {"$ref": "#/definitions/comment"}},
                "parent": {"anyOf": [{"$ref": "#/definitions/comment"}, {"type": "null"}]},
            },
        }},
    });
    let comment = json!({
        "type": ["null", "object"],
        "properties": {"text": {"type": "string"}, "replies": {"type": "array"}, "parent": {}},
    });
    assert_eq!(ours(&tap), json!({"type": "object", "properties": {"comment": comment}}));
}

#[test]
fn two_definitions_that_refer_to_each_other_end() {
    let a = json!({"type": "object", "properties": {"b": {"$ref": "#/definitions/b"}}});
    let b = json!({"type": "object", "properties": {"a": {"$ref": "#/definitions/a"}}});
    let tap = json!({"properties": {"x": a}, "definitions": {"a": a, "b": b}});
    let inner = json!({"type": "object", "properties": {"b": {}}});
    let b = json!({"type": "object", "properties": {"a": inner}});
    let x = json!({"type": "object", "properties": {"b": b}});
    assert_eq!(ours(&tap)["properties"]["x"], x);
}

#[test]
fn exclusive_maximum_of_draft_4_is_a_boolean() {
    let tap = json!({"type": ["null", "number"], "minimum": -1, "exclusiveMinimum": true,
        "maximum": 100, "exclusiveMaximum": true});
    assert!(!jsonschema::draft7::meta::is_valid(&tap));
    assert_eq!(property(tap), json!({"type": ["null", "number"]}));
}

#[test]
fn a_multiple_of_1e_38_that_no_float_is() {
    let tap: Value = serde_json::from_str(r#"{"type": "number", "multipleOf": 1e-38}"#).unwrap();
    assert_eq!(property(tap), json!({"type": "number"}));
}

#[test]
fn bounds_of_sixty_digits() {
    let nines = "9".repeat(60);
    let tap = format!(
        r#"{{"type": ["null", "number"], "multipleOf": 1, "exclusiveMinimum": true,
            "minimum": -{nines}, "exclusiveMaximum": true, "maximum": {nines}}}"#
    );
    let tap: Value = serde_json::from_str(&tap).unwrap();
    assert_eq!(property(tap), json!({"type": ["null", "number"]}), "no 64-bit integer");
}

#[test]
fn an_empty_schema_is_any_value() {
    assert_eq!(property(json!({})), json!({}));
}

#[test]
fn no_type_at_all_is_told_by_what_is_there_or_stays_open() {
    let null_or = |kind: &str| json!(["null", kind]);
    assert_eq!(property(json!({"maxLength": 3})), json!({}));
    let object = property(json!({"properties": {"a": {"type": "string"}}}));
    assert_eq!(object["type"], null_or("object"));
    assert_eq!(property(json!({"items": {"type": "string"}}))["type"], null_or("array"));
    assert_eq!(property(json!({"format": "date"}))["type"], null_or("string"));
    let root = ours(&json!({"properties": {"a": {"type": "string"}}}));
    assert_eq!(root["type"], "object");
}

#[test]
fn a_list_of_all_seven_types() {
    let all = ["null", "integer", "string", "array", "object", "number", "boolean"];
    let tap = json!({"type": all, "items": {"type": "string"}, "format": "date-time",
        "properties": {"a": {"type": "integer"}}});
    let ours = property(tap);
    let expected = ["null", "string", "number", "boolean", "object", "array"];
    assert_eq!(ours["type"], json!(expected), "a number is an integer too");
    assert!(ours.get("format").is_none(), "beside other types it would promise too much");
    let named_twice = json!({"type": ["string", "null", "string", "null"]});
    assert_eq!(property(named_twice), json!({"type": ["null", "string"]}));
}

#[test]
fn the_format_binary_is_a_string() {
    let tap = json!({"type": ["null", "string"], "format": "binary"});
    assert_eq!(property(tap), json!({"type": ["null", "string"]}));
}

#[test]
fn the_format_spatial_is_declared_an_object_and_sent_as_a_text() {
    assert_eq!(property(json!({"type": ["null", "object"], "format": "spatial"})), json!({}));
}

#[test]
fn nothing_but_type_object() {
    assert_eq!(ours(&json!({"type": "object"})), json!({"type": "object", "properties": {}}));
    assert_eq!(property(json!({"type": "object"})), json!({"type": "object"}));
}

#[test]
fn properties_six_deep_are_kept() {
    let mut tap = json!({"type": ["null", "integer"], "selected": true, "inclusion": "available"});
    let mut kept = json!({"type": ["null", "integer"]});
    for name in ["f", "e", "d", "c", "b", "a"] {
        tap = json!({"type": "object", "selected": true, "properties": {name: tap}});
        kept = json!({"type": "object", "properties": {name: kept}});
    }
    assert_eq!(ours(&tap), kept);
}

#[test]
fn what_nests_deeper_than_any_value_should_is_left_open() {
    let mut tap = json!({"type": "string"});
    for _ in 0..100 {
        tap = json!({"type": "array", "items": tap});
    }
    let text = property(tap).to_string();
    let depth = text.matches("items").count();
    assert!((50..MAX_DEPTH).contains(&depth), "{depth}");
}

#[test]
fn definitions_that_multiply_beyond_a_mebibyte_are_left_open_and_cost_little() {
    // Wide instead of deep: ten thousand references to 10 KB each would be 100 MB.
    let fields: Map<String, Value> = (0..200)
        .map(|n| (format!("a_field_with_a_long_name_{n}"), json!({"type": "string"})))
        .collect();
    let wide = json!({"type": "object", "properties": fields});
    let names = (0..10_000).map(|n| (format!("p{n}"), json!({"$ref": "#/definitions/wide"})));
    let properties: Map<String, Value> = names.collect();
    let ours = ours(&json!({"properties": properties, "definitions": {"wide": wide}}));
    let all = ours["properties"].as_object().unwrap();
    assert_eq!(all.len(), 10_000, "no column is lost");
    assert_eq!(all["p0"]["type"], "object");
    assert_eq!(all["p9999"], json!({}));
    assert!(ours.to_string().len() < 2 * MAX_EXPANSION);
}

#[test]
fn a_selection_written_into_the_schema_means_nothing() {
    let tap = json!({"type": "object", "selected": true, "properties": {
        "id": {"type": "integer", "inclusion": "automatic", "selected": true},
    }});
    let plain = json!({"type": "object", "properties": {"id": {"type": "integer"}}});
    assert_eq!(ours(&tap), plain);
}

#[test]
fn nothing_else_is_allowed_means_nothing_either() {
    let tap = json!({"type": "object", "additionalProperties": false, "required": ["id"],
        "properties": {"id": {"type": "integer"}, "in": {"type": "object",
            "additionalProperties": false}}});
    let inner = json!({"id": {"type": "integer"}, "in": {"type": "object"}});
    assert_eq!(ours(&tap), json!({"type": "object", "properties": inner}));
}

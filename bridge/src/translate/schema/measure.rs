//! A tap's own schema as what its values are held against.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{Draft, ValidationError, Validator};
use serde_json::{Map, Value};
use singer_protocol::epoch_millis;

/// Keywords whose value is a schema, a list of schemas, or schemas by name.
const ONE: &[&str] = &["additionalItems", "contains", "not", "if", "then", "else"];
const LIST: &[&str] = &["allOf", "anyOf", "oneOf"];
const NAMED: &[&str] = &["properties", "patternProperties", "definitions", "$defs"];
/// Keywords about a value itself.
const PLAIN: &[&str] = &[
    "$ref",
    "const",
    "enum",
    "format",
    "maxItems",
    "maxLength",
    "minItems",
    "minLength",
    "pattern",
    "uniqueItems",
];
const TYPES: &[&str] = &["array", "boolean", "integer", "null", "number", "object", "string"];

/// What the values of a stream's records should be like, by the schema that the tap sends.
///
/// Held against it are types, formats, lengths, patterns and lists of values, at any depth. Not held
/// against it are the bounds of numbers and `multipleOf`, which taps write for decimals (`1e-38`) and
/// nobody can compute, and what is missing or more than declared, which is a matter of columns and
/// not of values. Words that no draft knows count as nothing said. A date and time is what
/// [`epoch_millis`] reads, since all SQL taps leave the zone out.
#[derive(Debug)]
pub struct Measure {
    validator: Validator,
}

impl Measure {
    /// What `schema`, a JSON Schema of any draft, asks of values.
    ///
    /// # Errors
    ///
    /// It is nothing that can be held against a value; why, without what stands in it.
    pub fn of(schema: &str) -> Result<Self, String> {
        let schema: Value = serde_json::from_str(schema)
            .map_err(|_| "it can't be read (nested too deeply, perhaps)".to_owned())?;
        let validator = jsonschema::options()
            .with_draft(Draft::Draft7)
            .should_validate_formats(true)
            .with_format("date-time", |text: &str| epoch_millis(text).is_some())
            .with_format("time", |text: &str| epoch_millis(&format!("1970-01-01T{text}")).is_some())
            .build(&kept(&schema))
            .map_err(|error| match error.kind() {
                ValidationErrorKind::Referencing(_) => "a `$ref` in it leads nowhere".to_owned(),
                kind => format!("it is no valid JSON Schema (`{}`)", kind.keyword()),
            })?;
        Ok(Self { validator })
    }

    /// What is wrong with the values of a record: for each place and kind a phrase with the names of
    /// columns, types and formats, and never a value. Nothing, if they fit.
    pub fn breaks(&self, record: &Value) -> Vec<String> {
        if self.validator.is_valid(record) {
            return Vec::new();
        }
        let mut found: Vec<String> =
            self.validator.iter_errors(record).map(|e| phrase(&e)).collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// What of a schema is held against values, in the words of Draft 7.
fn kept(schema: &Value) -> Value {
    let Value::Object(schema) = schema else {
        return if schema.is_boolean() { schema.clone() } else { Value::Bool(true) };
    };
    let mut out = Map::new();
    for (word, value) in schema {
        let word_is = |words: &[&str]| words.contains(&word.as_str());
        let value = match value {
            value if word_is(PLAIN) => value.clone(),
            value if word == "type" && is_type(value) => value.clone(),
            // False there only says that no further columns are expected.
            Value::Object(_) if word == "additionalProperties" => kept(value),
            Value::Array(list) if word == "items" => list.iter().map(kept).collect(),
            value if word == "items" || word_is(ONE) => kept(value),
            Value::Array(list) if word_is(LIST) && !list.is_empty() => {
                list.iter().map(kept).collect()
            }
            Value::Object(named) if word_is(NAMED) => {
                named.iter().map(|(name, schema)| (name.clone(), kept(schema))).collect()
            }
            _ => continue,
        };
        out.insert(word.clone(), value);
    }
    Value::Object(out)
}

fn is_type(value: &Value) -> bool {
    let known = |value: &Value| value.as_str().is_some_and(|name| TYPES.contains(&name));
    match value {
        Value::Array(list) => !list.is_empty() && list.iter().all(known),
        one => known(one),
    }
}

fn phrase(error: &ValidationError<'_>) -> String {
    let place = place(error.evaluation_path().as_str());
    let what = match error.kind() {
        ValidationErrorKind::Type { kind } => {
            format!("{} where {} is declared", type_of(error.instance()), types(kind))
        }
        ValidationErrorKind::Format { format } => format!("no {format}"),
        ValidationErrorKind::Enum { .. } | ValidationErrorKind::Constant { .. } => {
            "none of the declared values".to_owned()
        }
        ValidationErrorKind::AnyOf { .. } | ValidationErrorKind::OneOfNotValid { .. } => {
            format!("{} that fits no declared form", type_of(error.instance()))
        }
        kind => format!("`{}` is broken", kind.keyword()),
    };
    if place.is_empty() { what } else { format!("`{place}`: {what}") }
}

/// The place that a path through the schema speaks of, by the names that stand in the schema: names in a
/// record may be data.
fn place(path: &str) -> String {
    let mut place = String::new();
    let mut segments = path.split('/').skip(1);
    while let Some(segment) = segments.next() {
        match segment {
            "properties" => {
                let name =
                    segments.next().unwrap_or_default().replace("~1", "/").replace("~0", "~");
                if !place.is_empty() {
                    place.push('.');
                }
                place.push_str(&name);
            }
            "patternProperties" => {
                segments.next();
                place.push_str(".*");
            }
            "additionalProperties" => place.push_str(".*"),
            "items" | "additionalItems" | "contains" => place.push_str("[]"),
            _ => {}
        }
    }
    place
}

fn types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => one.to_string(),
        TypeKind::Multiple(several) => {
            several.iter().map(|one| one.to_string()).collect::<Vec<_>>().join(" or ")
        }
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn breaks(schema: Value, record: &str) -> Vec<String> {
        let measure = Measure::of(&schema.to_string()).unwrap();
        measure.breaks(&serde_json::from_str(record).unwrap())
    }

    fn column(schema: Value, value: &str) -> Vec<String> {
        breaks(json!({"properties": {"c": schema}}), &format!(r#"{{"c": {value}}}"#))
    }

    #[test]
    fn what_breaks_is_told_by_place_and_kind_and_never_by_value() {
        let schema = json!({"type": "object", "properties": {
            "n": {"type": ["integer", "null"]},
            "at": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
            "list": {"type": "array", "items": {"type": "object", "properties": {
                "mode": {"enum": ["a", "b"]}, "x/y": {"type": "boolean"}}}},
            "map": {"additionalProperties": {"type": "string"}}}});
        let record = r#"{"n": "hunter2", "at": "hunter2", "more": "hunter2",
            "list": [{"mode": "hunter2", "x/y": 1}, {"mode": "c"}, {"mode": "a"}],
            "map": {"hunter2": 2, "hunter3": 3}}"#;
        let expected = [
            "`at`: string that fits no declared form",
            "`list[].mode`: none of the declared values",
            "`list[].x/y`: number where boolean is declared",
            "`map.*`: number where string is declared",
            "`n`: string where null or integer is declared",
        ];
        assert_eq!(breaks(schema, record), expected);
    }

    #[test]
    fn times_as_taps_write_them_are_times() {
        let at = json!({"type": "string", "format": "date-time"});
        for fits in ["2026-11-22T09:08:44Z", "2026-11-22 09:08:44.1+00", "2026-11-22T09:08:44"] {
            assert_eq!(column(at.clone(), &json!(fits).to_string()), [""; 0], "{fits}");
        }
        assert_eq!(column(at, r#""0000-00-00 00:00:00""#), ["`c`: no date-time"]);
        let time = json!({"type": "string", "format": "time"});
        assert_eq!(column(time.clone(), r#""12:00:00""#), [""; 0]);
        assert_eq!(column(time, r#""-1 day, 12:00:00""#), ["`c`: no time"]);
    }

    #[test]
    fn what_taps_write_into_schemas_hurts_nobody() {
        let huge = "9".repeat(401);
        for (schema, value) in [
            (json!({"type": "number", "multipleOf": 1e-38}), "0.1"),
            (json!({"type": "integer", "maximum": 5, "exclusiveMaximum": true}), "9"),
            (json!({"type": "integer"}), &*huge),
            (json!({"type": ["integer", "null"], "minimum": -1}), &*huge),
            (json!({"enum": [1, 2.5]}), "2.5"),
            (json!({"type": "integer"}), "-0"),
            (json!({"type": "number"}), "1e400"),
            (json!({"type": "any", "required": true, "format": "spatial"}), "{}"),
            (json!({"type": null, "items": {}, "selected": true}), "[1]"),
            (json!({}), "1"),
            (json!(null), "1"),
        ] {
            assert_eq!(column(schema.clone(), value), [""; 0], "{schema}");
        }
        assert_eq!(
            column(json!({"type": "string"}), &huge),
            ["`c`: number where string is declared"]
        );
        assert_eq!(column(json!({"enum": [1]}), &huge), ["`c`: none of the declared values"]);
        assert_eq!(column(json!({"uniqueItems": true}), &format!("[{huge}, 1]")), [""; 0]);
    }

    #[test]
    fn columns_of_any_name_are_columns() {
        let schema =
            json!({"properties": {"maximum": {"type": "string"}, "type": {"type": "null"}}});
        let expected = [
            "`maximum`: number where string is declared",
            "`type`: boolean where null is declared",
        ];
        assert_eq!(breaks(schema, r#"{"maximum": 1, "type": true}"#), expected);
    }

    #[test]
    fn definitions_are_followed_also_in_circles() {
        let schema = json!({"properties": {"tree": {"$ref": "#/definitions/node"}},
            "definitions": {"node": {"properties": {
                "value": {"type": "string"},
                "children": {"type": "array", "items": {"$ref": "#/definitions/node"}}}}}});
        let record = r#"{"tree": {"children": [{"value": "a"}, {"children": [{"value": 1}]}]}}"#;
        let expected = ["`tree.children[].children[].value`: number where string is declared"];
        assert_eq!(breaks(schema, record), expected);
    }

    #[test]
    fn a_schema_that_is_none_says_so() {
        let of = |schema: &str| Measure::of(schema).unwrap_err();
        assert_eq!(of("{"), "it can't be read (nested too deeply, perhaps)");
        assert_eq!(of(r##"{"$ref": "#/nowhere"}"##), "a `$ref` in it leads nowhere");
        assert_eq!(of(r#"{"$ref": "http://127.0.0.1:9/x"}"#), "a `$ref` in it leads nowhere");
        assert!(of(r#"{"pattern": "("}"#).starts_with("it is no valid JSON Schema"));
    }
}

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

/// What is wrong with the values of a column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Break {
    /// The place and the kind, with the names of columns, types and formats, and never a value.
    pub what: String,
    /// The top-level column whose year is before 1 or after 9999, which few programs read.
    pub year_of: Option<String>,
}

impl Measure {
    /// What `schema`, a JSON Schema of any draft, asks of values.
    ///
    /// # Errors
    ///
    /// It is nothing that can be held against a value; why, without what stands in it.
    pub fn of(schema: &Value) -> Result<Self, String> {
        let validator = jsonschema::options()
            .with_draft(Draft::Draft7)
            .should_validate_formats(true)
            .with_format("date-time", |text: &str| epoch_millis(text).is_some() && has_year(text))
            .with_format("time", |text: &str| epoch_millis(&format!("1970-01-01T{text}")).is_some())
            .build(&kept(schema))
            .map_err(|error| match error.kind() {
                ValidationErrorKind::Referencing(_) => "a `$ref` in it leads nowhere".to_owned(),
                kind => format!("it is no valid JSON Schema (`{}`)", kind.keyword()),
            })?;
        Ok(Self { validator })
    }

    /// What is wrong with the values of a record, each place and kind once. Nothing, if they fit.
    pub fn breaks(&self, record: &Value) -> Vec<Break> {
        if self.validator.is_valid(record) {
            return Vec::new();
        }
        let mut found: Vec<Break> =
            self.validator.iter_errors(record).map(|e| broken(&e)).collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Whether a text begins with a year from 1 to 9999, or may: zeros are what databases write for no
/// date at all.
fn has_year(text: &str) -> bool {
    let text = text.trim();
    let digits = text.trim_start_matches(['+', '-']);
    let year = digits.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    let is_date = digits[year.len()..].starts_with('-') && !year.is_empty();
    let is_before = text.starts_with('-')
        || text.len() > 2
            && text.is_char_boundary(text.len() - 2)
            && text[text.len() - 2..].eq_ignore_ascii_case("bc");
    !is_date || !is_before && year.trim_start_matches('0').len() <= 4
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

/// What an error says, without the value.
fn broken(error: &ValidationError<'_>) -> Break {
    let path = error.evaluation_path().as_str();
    let place = place(path);
    let of_year = is_of_year(error);
    let what = match error.kind() {
        _ if of_year => "a year before 1 or after 9999".to_owned(),
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
    let what = if place.is_empty() { what } else { format!("`{place}`: {what}") };
    // `/properties/name`, and what follows within the column's own schema.
    let mut segments = path.split('/').skip(1);
    let is_top = segments.next() == Some("properties")
        && !segments
            .skip(1)
            .any(|one| matches!(one, "properties" | "items" | "additionalProperties"));
    Break { what, year_of: (of_year && is_top).then_some(place) }
}

/// Whether a date, or a date and time, is refused because of its year.
fn is_of_year(error: &ValidationError<'_>) -> bool {
    let Some(text) = error.instance().as_str() else { return false };
    let is_dated = |error: &ValidationError<'_>| {
        let ValidationErrorKind::Format { format } = error.kind() else { return false };
        matches!(&**format, "date" | "date-time")
    };
    let dated = match error.kind() {
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            context.iter().flatten().any(is_dated)
        }
        _ => is_dated(error),
    };
    dated && !has_year(text)
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
        let measure = Measure::of(&schema).unwrap();
        let found = measure.breaks(&serde_json::from_str(record).unwrap());
        found.into_iter().map(|one| one.what).collect()
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
    fn years_that_few_programs_read_are_told_as_that() {
        let date = |format: &str| json!({"type": ["null", "string"], "format": format});
        let any = json!({"anyOf": [date("date-time"), {"type": "null"}]});
        for (schema, text) in [
            (date("date-time"), "51502-06-08T14:46:42.000000Z"),
            (date("date-time"), "0044-03-15 BC"),
            (date("date-time"), "-0044-03-15T00:00:00Z"),
            (date("date"), "10000-01-01"),
            (date("date"), "0044-03-15 bc"),
            (any.clone(), "+51502-06-08T14:46:42Z"),
        ] {
            let schema = json!({"properties": {"born": schema, "list": {"items": schema}}});
            let found =
                Measure::of(&schema).unwrap().breaks(&json!({"born": text, "list": [text]}));
            assert_eq!(found.len(), 2, "{text}: {found:?}");
            assert_eq!(found[0].what, "`born`: a year before 1 or after 9999", "{text}");
            let columns: Vec<_> = found.iter().map(|one| one.year_of.as_deref()).collect();
            assert_eq!(columns, [Some("born"), None], "{text}");
        }
        for (format, text, said) in [
            ("date-time", "0000-00-00 00:00:00", "no date-time"),
            ("date-time", "infinity", "no date-time"),
            ("date", "infinity", "no date"),
            ("date", "2024-01-01T00:00:00", "no date"),
        ] {
            assert_eq!(column(date(format), &json!(text).to_string()), [format!("`c`: {said}")]);
        }
        assert_eq!(column(date("date-time"), r#""0001-01-01T00:00:00Z""#), [""; 0]);
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
        let of = |schema: &str| Measure::of(&serde_json::from_str(schema).unwrap()).unwrap_err();
        assert_eq!(of(r##"{"$ref": "#/nowhere"}"##), "a `$ref` in it leads nowhere");
        assert_eq!(of(r#"{"$ref": "http://127.0.0.1:9/x"}"#), "a `$ref` in it leads nowhere");
        assert!(of(r#"{"pattern": "("}"#).starts_with("it is no valid JSON Schema"));
    }
}

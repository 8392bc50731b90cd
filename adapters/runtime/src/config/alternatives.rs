//! What is wrong with a setting for which a spec has alternatives: `oneOf` and `anyOf`.
//!
//! Which alternative was meant is told by a setting that has a constant in all of them (`type` mostly),
//! or else by what fits best. What is wrong with that one is what is said.

use super::complaint::{self, Complaint, Place};
use crate::nearest;
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;
use serde_json::Value;

/// References that lead to references are followed so far.
const DEPTH: usize = 16;
/// So many alternatives are listed by name.
const LISTED: usize = 30;

/// The complaints about alternatives; none if the error isn't about any. `within` are those about an error
/// of one of them.
pub(super) fn of(
    error: &ValidationError<'_>,
    place: &Place<'_>,
    schema: &Value,
    within: impl Fn(&ValidationError<'_>) -> Vec<Complaint>,
) -> Option<Vec<Complaint>> {
    let context = match error.kind() {
        ValidationErrorKind::OneOfNotValid { context } | ValidationErrorKind::AnyOf { context } => {
            context
        }
        ValidationErrorKind::OneOfMultipleValid { .. } => {
            let setting = place.setting();
            let text = format!("{setting} fits several of the alternatives of the spec, not one");
            return Some(vec![Complaint::wrong(text)]);
        }
        _ => return None,
    };
    let declared = schema.pointer(&error.schema_path().to_string()).and_then(Value::as_array);
    let declared: Vec<&Value> =
        declared.into_iter().flatten().map(|one| resolved(one, schema)).collect();
    if declared.len() != context.len() {
        return Some(vec![none_fits(place)]);
    }
    let instance = error.instance().as_ref();
    let path = error.instance_path().as_str();
    Some(match by_constants(&declared, instance, place) {
        Some(complaint) => vec![complaint],
        None => match meant(&declared, context, (path, instance), place) {
            Meant::Wrong(complaint) => vec![complaint],
            Meant::One(at) => context[at].iter().flat_map(within).collect(),
        },
    })
}

/// What the user meant.
enum Meant {
    /// The alternative at this place of the list.
    One(usize),
    /// None that is known.
    Wrong(Complaint),
}

/// Alternatives that are single values.
fn by_constants(declared: &[&Value], instance: &Value, place: &Place<'_>) -> Option<Complaint> {
    let constants: Vec<&str> =
        declared.iter().map(|one| constant(one)).collect::<Option<Vec<_>>>()?;
    let text = format!("{} is none of {}", place.setting(), listed(&constants, instance.as_str()));
    Some(Complaint::wrong(text))
}

fn meant(
    declared: &[&Value],
    context: &[Vec<ValidationError<'static>>],
    (path, instance): (&str, &Value),
    place: &Place<'_>,
) -> Meant {
    let (Some(name), Some(settings)) = (discriminator(declared), instance.as_object()) else {
        return fitting(context, path, place);
    };
    let kinds: Vec<Option<&str>> = declared.iter().map(|one| kind(one, name)).collect();
    let known: Vec<&str> = kinds.iter().flatten().copied().collect();
    let inner = place.inner(name);
    match settings.get(name) {
        None => Meant::Wrong(Complaint::wrong(format!(
            "setting `{inner}` is missing; it is one of {}",
            listed(&known, None)
        ))),
        Some(value) => {
            match kinds.iter().position(|kind| kind.is_some() && *kind == value.as_str()) {
                Some(at) => Meant::One(at),
                None => Meant::Wrong(Complaint::wrong(format!(
                    "setting `{inner}` is none of {}",
                    listed(&known, value.as_str())
                ))),
            }
        }
    }
}

/// The alternative of the right type with the fewest errors.
fn fitting(context: &[Vec<ValidationError<'static>>], path: &str, place: &Place<'_>) -> Meant {
    let is_of_other_type = |errors: &Vec<ValidationError<'_>>| {
        errors.iter().any(|error| {
            matches!(error.kind(), ValidationErrorKind::Type { .. })
                && error.instance_path().as_str() == path
        })
    };
    let right: Vec<usize> =
        (0..context.len()).filter(|at| !is_of_other_type(&context[*at])).collect();
    if right.is_empty() {
        let kinds = context.iter().flatten().filter_map(|error| match error.kind() {
            ValidationErrorKind::Type { kind } => Some(complaint::types(kind)),
            _ => None,
        });
        let mut kinds: Vec<String> = kinds.collect();
        kinds.dedup();
        let text = format!("{} must be of type {}", place.setting(), kinds.join(" or "));
        return Meant::Wrong(Complaint::wrong(text));
    }
    let fewest = right.iter().map(|at| context[*at].len()).min();
    let best: Vec<usize> =
        right.into_iter().filter(|at| Some(context[*at].len()) == fewest).collect();
    match best[..] {
        [one] => Meant::One(one),
        _ if context.len() == 1 => Meant::One(0),
        _ => Meant::Wrong(none_fits(place)),
    }
}

fn none_fits(place: &Place<'_>) -> Complaint {
    Complaint::wrong(format!("{} fits none of the alternatives of the spec", place.setting()))
}

/// The setting whose constant tells the alternatives apart.
fn discriminator<'a>(declared: &[&'a Value]) -> Option<&'a str> {
    let first = declared.first()?.get("properties")?.as_object()?;
    let mut names = first.keys().map(String::as_str);
    names.find(|name| declared.iter().all(|one| kind(one, name).is_some()))
}

/// The constant of a setting in an alternative.
fn kind<'a>(alternative: &'a Value, name: &str) -> Option<&'a str> {
    constant(alternative.get("properties")?.get(name)?)
}

/// The only value of a schema.
fn constant(schema: &Value) -> Option<&str> {
    let only = || match schema.get("enum")?.as_array()?.as_slice() {
        [only] => only.as_str(),
        _ => None,
    };
    schema.get("const").and_then(Value::as_str).or_else(only)
}

/// Names of alternatives, and the one that was probably meant. What was written is never told.
fn listed(known: &[&str], written: Option<&str>) -> String {
    let named: Vec<String> = known.iter().take(LISTED).map(|name| format!("`{name}`")).collect();
    let more = if known.len() > LISTED { " and others" } else { "" };
    let near = written.and_then(|written| nearest(written, known.iter().copied()));
    let near = near.map(|near| format!(" (did you mean `{near}`?)")).unwrap_or_default();
    format!("{}{more}{near}", named.join(", "))
}

/// What a schema refers to, if it does.
fn resolved<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    let mut schema = schema;
    for _ in 0..DEPTH {
        let reference = schema.get("$ref").and_then(Value::as_str);
        let Some(target) = reference.and_then(|target| root.pointer(target.strip_prefix('#')?))
        else {
            break;
        };
        schema = target;
    }
    schema
}

#[cfg(test)]
mod tests {
    use crate::Config;
    use airbyte_protocol::Specification;
    use serde_json::{Value, json};

    /// What a config of one setting is told, which the spec has so.
    fn told(schema: Value, setting: Value) -> String {
        let schema = json!({"type": "object", "properties": {"x": schema}, "definitions": {
            "key": {"type": "object", "properties": {"kind": {"const": "key"}, "key": {"type": "string"}},
                "required": ["kind", "key"]}}});
        let (Value::Object(schema), Value::Object(config)) = (schema, json!({"x": setting})) else {
            panic!("objects")
        };
        match Config::from_values(config).validate(&Specification::new(schema)) {
            Ok(()) => String::new(),
            Err(error) => error.message().replace("the config is not valid: ", ""),
        }
    }

    fn signed_in() -> Value {
        json!({"oneOf": [
            {"type": "object", "properties": {"kind": {"const": "none"}}, "required": ["kind"],
                "additionalProperties": false},
            {"type": "object", "properties": {"kind": {"enum": ["token"]}, "token": {"type": "string"},
                "expires": {"type": "integer"}}, "required": ["kind", "token"],
                "additionalProperties": false},
            {"$ref": "#/definitions/key"},
        ]})
    }

    #[test]
    fn the_alternative_that_is_meant_says_what_is_wrong() {
        let told = |setting| told(signed_in(), setting);
        assert_eq!(told(json!({"kind": "token", "token": "t"})), "");
        let kinds = "`none`, `token`, `key`";
        assert_eq!(
            told(json!({"kind": "tokne", "token": "hunter2"})),
            format!("setting `x.kind` is none of {kinds} (did you mean `token`?)")
        );
        assert_eq!(
            told(json!({"kind": "hunter2"})),
            format!("setting `x.kind` is none of {kinds}")
        );
        assert_eq!(
            told(json!({"token": "hunter2"})),
            format!("setting `x.kind` is missing; it is one of {kinds}")
        );
        assert_eq!(
            told(json!({"kind": "token", "tokn": "hunter2"})),
            "setting `x.token` is missing; setting `x` has unknown settings: tokn (did you mean `token`?)"
        );
        assert_eq!(
            told(json!({"kind": "token", "token": "hunter2", "expires": "soon"})),
            "setting `x.expires` must be of type integer"
        );
        assert_eq!(
            told(json!({"kind": "key", "kye": "hunter2"})),
            "setting `x.key` is missing (did you write `kye` for it?)"
        );
        for odd in [json!("hunter2"), json!(7)] {
            assert_eq!(told(odd), "setting `x` must be of type object");
        }
    }

    #[test]
    fn alternatives_that_are_values_are_listed() {
        let values = || json!({"oneOf": [{"const": "json"}, {"const": "csv"}, {"const": "xml"}]});
        assert_eq!(
            told(values(), json!("jsno")),
            "setting `x` is none of `json`, `csv`, `xml` (did you mean `json`?)"
        );
        assert_eq!(told(values(), json!(7)), "setting `x` is none of `json`, `csv`, `xml`");
    }

    #[test]
    fn without_a_constant_what_fits_best_is_meant() {
        let optional = |inner: Value| json!({"anyOf": [inner, {"type": "null"}]});
        let object = json!({"type": "object", "properties": {"a": {"type": "integer"}},
            "required": ["a"]});
        assert_eq!(
            told(optional(object), json!({"a": "hunter2"})),
            "setting `x.a` must be of type integer"
        );
        let several = json!({"anyOf": [{"type": "integer"}, {"type": "boolean"}]});
        assert_eq!(
            told(several, json!("hunter2")),
            "setting `x` must be of type integer or boolean"
        );
        let both = json!({"oneOf": [{"type": "object"}, {"required": ["a"]}]});
        assert_eq!(
            told(both, json!({"a": 1})),
            "setting `x` fits several of the alternatives of the spec, not one"
        );
        let nested = json!({"oneOf": [{"type": "object", "properties": {"of": signed_in()}}]});
        assert_eq!(
            told(nested, json!({"of": {"kind": "nome"}})),
            "setting `x.of.kind` is none of `none`, `token`, `key` (did you mean `none`?)"
        );
    }
}

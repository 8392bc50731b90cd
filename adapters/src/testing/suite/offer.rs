//! Rules of what a source says of itself: its spec and its catalog.

use crate::is_plainly_secret;
use airbyte_protocol::{Catalog, Specification, Stream, SyncMode};
use serde_json::{Map, Value};
use std::collections::HashSet;

pub(super) fn lint_spec(spec: &Specification, faults: &mut Vec<String>) {
    let schema = &spec.connection_specification;
    lint_object("the spec", schema, faults);
    let Some(settings) = schema.get("properties").and_then(Value::as_object) else { return };
    for (name, setting) in settings {
        let says = |key: &str| setting.get(key).is_some();
        if !says("title") && !says("description") {
            faults.push(format!("setting `{name}` has neither a title nor a description"));
        }
        if is_plainly_secret(name) && setting.get("airbyte_secret") != Some(&Value::Bool(true)) {
            faults.push(format!("setting `{name}` isn't marked as airbyte_secret"));
        }
    }
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    for name in required.filter_map(Value::as_str).filter(|name| !settings.contains_key(*name)) {
        faults.push(format!("setting `{name}` is required but not described"));
    }
}

pub(super) fn lint_catalog(catalog: &Catalog, faults: &mut Vec<String>) {
    if catalog.streams.is_empty() {
        faults.push("there is no stream".to_owned());
    }
    let mut names = HashSet::new();
    for stream in &catalog.streams {
        let name = stream.descriptor();
        if !names.insert(name.clone()) {
            faults.push(format!("two streams are named {name}"));
        }
        lint_object(&format!("the schema of {name}"), &stream.json_schema, faults);
        lint_fields(stream, faults);
    }
}

fn lint_fields(stream: &Stream, faults: &mut Vec<String>) {
    let name = stream.descriptor();
    let fields: HashSet<&str> = stream.properties().collect();
    let is_known = |path: &[String]| path.first().is_some_and(|f| fields.contains(f.as_str()));
    for path in &stream.source_defined_primary_key {
        if !is_known(path) {
            faults.push(format!("{name} has a key `{}` that its schema lacks", path.join(".")));
        }
    }
    let cursor = &stream.default_cursor_field;
    if !cursor.is_empty() && !is_known(cursor) {
        faults.push(format!("{name} has a cursor `{}` that its schema lacks", cursor.join(".")));
    }
    let modes = &stream.supported_sync_modes;
    if !modes.contains(&SyncMode::FullRefresh) {
        faults.push(format!("{name} offers no full_refresh"));
    }
    let source_defined = stream.source_defined_cursor == Some(true);
    if modes.contains(&SyncMode::Incremental) && source_defined && cursor.is_empty() {
        faults.push(format!("{name} defines its cursor but doesn't name it"));
    }
}

fn lint_object(what: &str, schema: &Map<String, Value>, faults: &mut Vec<String>) {
    let is_object = match schema.get("type") {
        Some(Value::String(kind)) => kind == "object",
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "object"),
        _ => false,
    };
    if !is_object || !schema.get("properties").is_some_and(Value::is_object) {
        faults.push(format!("{what} is not that of an object with properties"));
    }
    if !jsonschema::draft7::meta::is_valid(&Value::Object(schema.clone())) {
        faults.push(format!("{what} is no valid JSON Schema (draft 7)"));
    }
}

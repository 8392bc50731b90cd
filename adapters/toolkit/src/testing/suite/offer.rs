//! Rules of what a source says of itself: its spec and its catalog.

use super::trial::Trial;
use airbyte_protocol::{Catalog, Specification, Stream, SyncMode};
use airbyte_singer_runtime::{Source, is_plainly_secret};
use serde_json::{Map, Value};
use std::collections::HashSet;

pub(super) fn lint_spec<S: Source>(spec: &Specification, trial: &mut Trial<S>) {
    lint_object("the spec", &spec.connection_specification, trial);
    lint_settings(&spec.connection_specification, "", trial);
}

/// The settings of an object, and those in them.
fn lint_settings<S: Source>(schema: &Map<String, Value>, at: &str, trial: &mut Trial<S>) {
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, setting) in properties.into_iter().flatten() {
        let Value::Object(setting) = setting else { continue };
        let path = format!("{at}{name}");
        // What tells alternatives apart has one value only, which says everything.
        let says = ["title", "description", "const"].iter().any(|key| setting.contains_key(*key));
        if !says {
            trial.fault(format!("setting `{path}` has neither a title nor a description"));
        }
        if is_plainly_secret(name) && may_be_text(setting) && !is_marked(setting) {
            trial.fault(format!("setting `{path}` isn't marked as airbyte_secret"));
        }
        lint_settings(setting, &format!("{path}."), trial);
    }
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    for name in required.filter_map(Value::as_str) {
        if properties.is_none_or(|properties| !properties.contains_key(name)) {
            trial.fault(format!("setting `{at}{name}` is required but not described"));
        }
    }
    let branches = ["oneOf", "anyOf", "allOf"].into_iter().filter_map(|key| schema.get(key));
    let branches = branches.filter_map(Value::as_array).flatten();
    for branch in branches.chain(schema.get("items")).filter_map(Value::as_object) {
        lint_settings(branch, at, trial);
    }
}

fn is_marked(setting: &Map<String, Value>) -> bool {
    setting.get("airbyte_secret") == Some(&Value::Bool(true))
}

/// Objects are looked into rather than marked, and a switch is no secret.
fn may_be_text(setting: &Map<String, Value>) -> bool {
    match setting.get("type") {
        Some(Value::String(kind)) => kind == "string",
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "string"),
        _ => {
            !["properties", "oneOf", "anyOf", "allOf"].iter().any(|key| setting.contains_key(*key))
        }
    }
}

pub(super) fn lint_catalog<S: Source>(catalog: &Catalog, trial: &mut Trial<S>) {
    if catalog.streams.is_empty() {
        trial.fault("there is no stream".to_owned());
    }
    let mut names = HashSet::new();
    for stream in &catalog.streams {
        let name = stream.descriptor();
        if !names.insert(name.clone()) {
            trial.fault(format!("two streams are named {name}"));
        }
        lint_object(&format!("the schema of {name}"), &stream.json_schema, trial);
        lint_fields(stream, trial);
    }
}

fn lint_fields<S: Source>(stream: &Stream, trial: &mut Trial<S>) {
    let name = stream.descriptor();
    let fields: HashSet<&str> = stream.properties().collect();
    let is_known = |path: &[String]| path.first().is_some_and(|f| fields.contains(f.as_str()));
    for path in &stream.source_defined_primary_key {
        if !is_known(path) {
            trial.fault(format!("{name} has a key `{}` that its schema lacks", path.join(".")));
        }
    }
    let cursor = &stream.default_cursor_field;
    if !cursor.is_empty() && !is_known(cursor) {
        trial.fault(format!("{name} has a cursor `{}` that its schema lacks", cursor.join(".")));
    }
    let modes = &stream.supported_sync_modes;
    if !modes.contains(&SyncMode::FullRefresh) {
        trial.fault(format!("{name} offers no full_refresh"));
    }
    let source_defined = stream.source_defined_cursor == Some(true);
    if modes.contains(&SyncMode::Incremental) && source_defined && cursor.is_empty() {
        trial.fault(format!("{name} defines its cursor but doesn't name it"));
    }
}

fn lint_object<S: Source>(what: &str, schema: &Map<String, Value>, trial: &mut Trial<S>) {
    let is_object = match schema.get("type") {
        Some(Value::String(kind)) => kind == "object",
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "object"),
        _ => false,
    };
    if !is_object || !schema.get("properties").is_some_and(Value::is_object) {
        trial.fault(format!("{what} is not that of an object with properties"));
    }
    if !jsonschema::draft7::meta::is_valid(&Value::Object(schema.clone())) {
        trial.fault(format!("{what} is no valid JSON Schema (draft 7)"));
    }
}

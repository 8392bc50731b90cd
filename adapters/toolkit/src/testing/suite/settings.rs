//! Rules of what a check makes of configs that won't do.

use super::trial::Trial;
use crate::testing::Transcript;
use airbyte_protocol::{Specification, Status};
use airbyte_singer_runtime::{Outcome, Source};
use jsonschema::Validator;
use serde_json::{Value, json};

/// Takes out and spoils each setting of a config that works; `check` must say which one it was.
pub(super) fn hold<S: Source>(trial: &mut Trial<S>, spec: &Specification) {
    let config = trial.config().clone();
    let schema = Value::Object(spec.connection_specification.clone());
    let Ok(validator) = jsonschema::draft7::new(&schema) else { return };
    let mut places = Vec::new();
    collect(&schema, &config, &mut Vec::new(), &mut places);
    for path in places {
        let name = path.join(".");
        for (spoilt, how) in spoilt(&validator, &config, &path) {
            let check = trial.check_of(&spoilt);
            let what = format!("a config whose setting `{name}` is {how}");
            let Some(sentence) = refusal(trial, &check, &what) else { continue };
            // Where a setting has alternatives, nobody knows which of them was meant.
            if !path.iter().any(|name| sentence.contains(name.as_str())) {
                trial.fault(format!("check fails for {what}, but doesn't name it"));
            }
        }
    }
}

/// `check` must refuse a config that fits the spec.
pub(super) fn refuse<S: Source>(trial: &mut Trial<S>, spec: &Specification, config: &Value) {
    let what = "the config that is to be refused";
    let schema = Value::Object(spec.connection_specification.clone());
    if !jsonschema::draft7::is_valid(&schema, config) {
        trial.fault(format!("{what} doesn't even fit the spec"));
    }
    let check = trial.check_of(config);
    if refusal(trial, &check, what).is_some_and(|sentence| sentence.trim().is_empty()) {
        trial.fault(format!("check doesn't say why it refuses {what}"));
    }
}

/// The sentence with which a check refused; else that is a fault.
fn refusal<S: Source>(trial: &mut Trial<S>, check: &Transcript, what: &str) -> Option<String> {
    if check.outcome != Outcome::Done {
        trial.fault(format!("check finds no answer for {what}: {}", check.complaint()));
        return None;
    }
    let status = check.status();
    if status.status != Status::Failed {
        trial.fault(format!("check succeeds for {what}"));
        return None;
    }
    Some(status.message.unwrap_or_default())
}

type Path = Vec<String>;

/// The declared settings in objects that `config` has.
fn collect(schema: &Value, config: &Value, at: &mut Path, places: &mut Vec<Path>) {
    let Some(config_map) = config.as_object() else { return };
    for (name, setting) in schema.get("properties").and_then(Value::as_object).into_iter().flatten()
    {
        at.push(name.clone());
        if !places.contains(at) {
            places.push(at.clone());
        }
        if let Some(value) = config_map.get(name) {
            collect(setting, value, at, places);
        }
        at.pop();
    }
    for branches in ["oneOf", "anyOf", "allOf"] {
        let branches = schema.get(branches).and_then(Value::as_array).into_iter().flatten();
        for chosen in branches.filter(|branch| jsonschema::draft7::is_valid(branch, config)) {
            collect(chosen, config, at, places);
        }
    }
}

/// The config without a setting and with one of another type, as far as the spec minds.
fn spoilt(
    validator: &Validator,
    config: &Value,
    path: &[String],
) -> impl Iterator<Item = (Value, &'static str)> {
    let minds = |spoilt: &Value| !validator.is_valid(spoilt);
    let without = changed(config, path, None);
    let others = [json!({"wrong": {}}), json!("wrong"), json!(17), json!([[]])];
    let other = others.into_iter().map(|value| changed(config, path, Some(value))).find(minds);
    let without = Some(without).filter(minds).map(|config| (config, "missing"));
    without.into_iter().chain(other.map(|config| (config, "of another type")))
}

fn changed(config: &Value, path: &[String], value: Option<Value>) -> Value {
    let mut changed = config.clone();
    let Some((name, way)) = path.split_last() else { return changed };
    let parent = way.iter().try_fold(&mut changed, |inner, name| inner.get_mut(name));
    match (parent.and_then(Value::as_object_mut), value) {
        (Some(map), Some(value)) => drop(map.insert(name.clone(), value)),
        (Some(map), None) => drop(map.shift_remove(name)),
        (None, _) => {}
    }
    changed
}

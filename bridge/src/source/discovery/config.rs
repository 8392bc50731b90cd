//! The config as the tap is given it.

use crate::tap::Folder;
use crate::tap::command::absolute_if_file;
use airbyte_adapters::Config;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// Writes the config for the tap. Settings that name files relative to the user's folder are made
/// absolute, because the tap works elsewhere.
pub(in crate::source) fn write_config(
    config: &Config,
    folder: &Folder,
) -> std::io::Result<PathBuf> {
    let here = std::env::current_dir().unwrap_or_default();
    let values: Map<String, Value> = config
        .values()
        .iter()
        .map(|(name, value)| (name.clone(), with_absolute_files(value, &here)))
        .collect();
    folder.write("config.json", Value::Object(values).to_string().as_bytes())
}

fn with_absolute_files(value: &Value, here: &Path) -> Value {
    match value {
        Value::String(text) => Value::String(absolute_if_file(text, here)),
        Value::Array(list) => list.iter().map(|v| with_absolute_files(v, here)).collect(),
        Value::Object(map) => {
            map.iter().map(|(k, v)| (k.clone(), with_absolute_files(v, here))).collect()
        }
        other => other.clone(),
    }
}

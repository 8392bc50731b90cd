//! The tap's own catalog.

use super::TapSource;
use crate::failure;
use crate::tap::command::absolute_if_file;
use crate::tap::{Bounds, Captured, Folder, RunError, Voice, capture};
use airbyte_adapters::{Config, Context, Error, Result};
use serde_json::{Map, Value};
use singer_protocol as singer;
use std::path::{Path, PathBuf};

/// The largest catalog, in bytes. The largest one seen has 14 MB; a tap that syncs instead of
/// discovering would fill the memory.
const MAX_CATALOG: u64 = 512 * 1024 * 1024;

/// The catalog that the user gave, or what the tap discovers.
pub(super) async fn discover(
    source: &TapSource,
    config: &Config,
    folder: &Folder,
    context: &Context,
) -> Result<singer::Catalog> {
    if let Some(path) = &source.options.tap_catalog {
        let bytes = std::fs::read(path).map_err(|error| {
            Error::config(format!("tap catalog {}: {}", path.display(), error.kind()))
        })?;
        return singer::Catalog::parse(&bytes)
            .map_err(|error| Error::config(format!("tap catalog {}: {error}", path.display())));
    }
    let tap = source.tap.short_name();
    let captured = run(source, config, folder, context)
        .await
        .map_err(|error| failure::run_error(tap, "discovery", &error))?;
    if !captured.ended.is_success() {
        return Err(failure::ended(tap, "discovery", captured.ended, &captured.words.last()));
    }
    let catalog = singer::Catalog::parse(&captured.stdout).map_err(|error| {
        Error::system(format!("what {tap} discovers is no Singer catalog: {error}"))
    })?;
    if catalog.streams().is_empty() {
        return Err(Error::config(format!(
            "{tap} discovered no stream; look at the settings that choose schemas or tables"
        )));
    }
    Ok(catalog)
}

async fn run(
    source: &TapSource,
    config: &Config,
    folder: &Folder,
    context: &Context,
) -> Result<Captured, RunError> {
    let config = write_config(config, folder).map_err(|error| RunError::Read(error.kind()))?;
    let args = ["--config".into(), config.into(), "--discover".into()];
    let cancel = async {
        context.stop.wait().await;
    };
    let bounds = Bounds { timeout: source.options.discovery_timeout(), bytes: MAX_CATALOG };
    capture(&source.tap, &args, &folder.work(), Voice::Plain, bounds, cancel).await
}

/// Writes the config for the tap. Settings that name files relative to the user's folder are made
/// absolute, because the tap works elsewhere.
pub(super) fn write_config(config: &Config, folder: &Folder) -> std::io::Result<PathBuf> {
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

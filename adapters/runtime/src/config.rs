mod alternatives;
mod complaint;

pub use complaint::Complaint;
use complaint::Place;

use super::{Stop, read_named};
use crate::{Error, Result};
use airbyte_protocol::Specification;
use jsonschema::ValidationError;
use serde_json::{Map, Value};
use std::fmt;
use std::path::{Path, PathBuf};

/// The user's settings: the file behind `--config`. Its `Debug` shows their names only.
#[derive(Clone, Default)]
pub struct Config {
    values: Map<String, Value>,
    reserved: Option<Map<String, Value>>,
    folder: PathBuf,
}

impl Config {
    /// The one key that is ours and not the source's: options for the runner itself, since on a
    /// platform the config is the only place that a user can write to.
    pub const RESERVED: &str = "__airbyte_singer";

    /// Reads a config file: a JSON object. [`Config::RESERVED`] is set aside.
    ///
    /// # Errors
    ///
    /// The file is missing or unreadable, not JSON (line and column, never the text), no object;
    /// `stop` came while it was read.
    pub fn load(path: &Path, stop: &Stop) -> Result<Self> {
        let bytes = read_named("config file", path, stop)?;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let value: Value = serde_json::from_slice(bytes).map_err(|error| {
            Error::config(format!(
                "config file {}: not valid JSON at line {}, column {}",
                path.display(),
                error.line(),
                error.column()
            ))
        })?;
        let Value::Object(mut values) = value else {
            return Err(Error::config(format!(
                "config file {}: expected a JSON object of settings",
                path.display()
            )));
        };
        let reserved = match values.shift_remove(Self::RESERVED) {
            None | Some(Value::Null) => None,
            Some(Value::Object(map)) => Some(map),
            Some(_) => {
                return Err(Error::config(format!(
                    "config file {}: {} must be an object of options",
                    path.display(),
                    Self::RESERVED
                )));
            }
        };
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Ok(Self { values, reserved, folder })
    }

    /// A config that stands in no file.
    pub fn from_values(values: Map<String, Value>) -> Self {
        Self { values, ..Self::default() }
    }

    /// The settings, without the reserved key.
    pub fn values(&self) -> &Map<String, Value> {
        &self.values
    }

    /// Puts other settings in the place of these.
    pub fn replace(&mut self, values: Map<String, Value>) {
        self.values = values;
    }

    /// What stood under [`Config::RESERVED`].
    pub fn reserved(&self) -> Option<&Map<String, Value>> {
        self.reserved.as_ref()
    }

    /// The folder of the file: relative paths in the settings are meant from the caller's
    /// working directory, but some sources look here.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Checks the settings against the spec's schema (JSON Schema draft 7).
    ///
    /// # Errors
    ///
    /// One sentence that names every setting that is missing or wrong, and never its value.
    pub fn validate(&self, spec: &Specification) -> Result<()> {
        let complaints = self.complaints(spec)?;
        if complaints.is_empty() { Ok(()) } else { Err(Complaint::sentence(&complaints)) }
    }

    /// Everything that the spec's schema finds wrong with the settings.
    ///
    /// # Errors
    ///
    /// The schema itself is not valid.
    pub fn complaints(&self, spec: &Specification) -> Result<Vec<Complaint>> {
        let schema = Value::Object(spec.connection_specification.clone());
        let validator = jsonschema::draft7::new(&schema).map_err(|error| {
            Error::system("the source's own spec is no valid JSON Schema")
                .with_internal(error.masked())
        })?;
        let instance = Value::Object(self.values.clone());
        let mut found: Vec<Complaint> = validator
            .iter_errors(&instance)
            .flat_map(|error| complaints(&error, &schema))
            .collect();
        found.dedup();
        Ok(found)
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.values.keys().collect();
        f.debug_struct("Config").field("names", &names).finish_non_exhaustive()
    }
}

/// The complaints that an error of the validator stands for; `schema` is the whole one.
fn complaints(error: &ValidationError<'_>, schema: &Value) -> Vec<Complaint> {
    let place = Place::of(error, schema);
    let within = |error: &ValidationError<'_>| complaints(error, schema);
    alternatives::of(error, &place, schema, within)
        .unwrap_or_else(|| vec![complaint::plain(error, &place)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(schema: Value, config: Value) -> String {
        let Value::Object(schema) = schema else { panic!("no object") };
        let Value::Object(config) = config else { panic!("no object") };
        match Config::from_values(config).validate(&Specification::new(schema)) {
            Ok(()) => String::new(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_missing_setting_is_named() {
        let schema = json!({"type": "object", "required": ["host"], "properties": {"host": {}}});
        assert_eq!(
            check(schema.clone(), json!({})),
            "the config is not valid: setting `host` is missing"
        );
        assert_eq!(check(schema, json!({"host": 1})), "");
    }

    #[test]
    fn wrong_values_are_named_and_never_shown() {
        let schema = json!({"type": "object", "properties": {
            "port": {"type": ["integer", "null"]},
            "mode": {"enum": ["a", "b"]},
            "auth": {"type": "object", "properties": {"key": {"type": "string", "pattern": "^k"}}}}});
        let config = json!({"port": "hunter2", "mode": "hunter2", "auth": {"key": "hunter2"}});
        let text = check(schema, config);
        assert!(text.contains("setting `port` must be of type"), "{text}");
        assert!(text.contains("setting `mode` is none of the allowed values"), "{text}");
        assert!(text.contains("setting `auth.key` doesn't match its pattern"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}

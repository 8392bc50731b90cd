//! A tap as a named connector: a YAML file that says what to run and what to call things.
//!
//! ```yaml
//! version: 1
//! tap: tap-postgres
//! state_interval: 10s
//! streams:
//!   sales-users: { name: sales_users }
//! ```
//!
//! Its keys are the flags' names in snake_case, beside `version: 1` and `streams`. Unknown keys are
//! refused with their path, since a misspelt override that is silently ignored would rename a
//! table. Relative paths in it (a tap with a slash, files) are meant from the profile's folder.

use crate::options::{OptionSet, Workdir};
use crate::yaml;
use airbyte_singer_runtime::{Error, Result, Stop, read_named};
use serde_json::Value;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The environment variable that names the folder of profiles.
pub const FOLDER: &str = "AIRBYTE_SINGER_PROFILES";

/// Reads a profile.
///
/// # Errors
///
/// The file is missing, not YAML (line, column), of another version, or holds a key that is
/// unknown or wrong (with its path).
pub fn load(path: &Path) -> Result<OptionSet> {
    let fail = |reason: String| Error::config(format!("profile {}: {reason}", path.display()));
    let text = String::from_utf8(read_named("profile", path, &Stop::early())?)
        .map_err(|_| fail("not UTF-8".to_owned()))?;
    let mut options = parse(&text).map_err(fail)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    if let Some(tap) = options.tap.as_mut().filter(|tap| tap.contains('/')) {
        *tap = folder.join(&*tap).to_string_lossy().into_owned();
    }
    for file in [
        &mut options.tap_catalog,
        &mut options.discovery_cache,
        &mut options.tap_spec,
        &mut options.tap_about,
    ] {
        *file = file.take().map(|file| folder.join(file));
    }
    if let Some(Workdir::Folder(workdir)) = &mut options.workdir {
        *workdir = folder.join(&*workdir);
    }
    for batch_dir in options.batch_dir.iter_mut().flatten() {
        *batch_dir = folder.join(&*batch_dir);
    }
    Ok(options)
}

fn parse(text: &str) -> Result<OptionSet, String> {
    let Value::Object(mut map) = yaml::parse(text)? else {
        return Err("expected a mapping of options".to_owned());
    };
    match map.shift_remove("version").as_ref().map(Value::to_string).as_deref() {
        Some("1") => {}
        Some(_) => return Err("at version: only version 1 is known".to_owned()),
        None => return Err("`version: 1` is missing".to_owned()),
    }
    from_map(map)
}

/// Reads options from a map, as the reserved key of a config holds them.
///
/// # Errors
///
/// The path of the key that is unknown or wrong; never its value.
pub fn from_map(map: serde_json::Map<String, Value>) -> Result<OptionSet, String> {
    serde_path_to_error::deserialize(Value::Object(map)).map_err(|error| {
        let text = error.inner().to_string();
        // serde quotes the value of a wrong type or variant; what was expected says enough.
        let reason = match text.split_once("expected ") {
            _ if text.starts_with("unknown field") => text,
            Some((_, expected)) => format!("expected {expected}"),
            None => "this has the wrong type".to_owned(),
        };
        format!("at {}: {reason}", error.path())
    })
}

/// The profile that this run asks for: by flag, or because the program was called through a link
/// or copy named `source-x`.
///
/// # Errors
///
/// As [`load`]; also when the program is called `source-x` and nothing says what that means.
pub fn find(flag: Option<&Path>, program: Option<&OsStr>, is_known: bool) -> Result<OptionSet> {
    if let Some(path) = flag {
        return load(path);
    }
    let name = program
        .map(Path::new)
        .and_then(Path::file_name)
        .and_then(OsStr::to_str)
        .filter(|name| name.starts_with("source-"));
    let Some(name) = name else { return Ok(OptionSet::default()) };
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        if is_known {
            return Ok(OptionSet::default());
        }
        return Err(Error::config(format!(
            "called as `{name}`, but {FOLDER} doesn't name the folder that holds {name}.yaml"
        )));
    };
    let path = folder.join(format!("{name}.yaml"));
    if is_known && !path.exists() {
        return Ok(OptionSet::default());
    }
    load(&path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_holds_the_flags_and_the_streams() {
        let options =
            parse("version: 1\ntap: tap-x\nstate_interval: 0\nstreams:\n  a-b: {name: ab}\n")
                .unwrap();
        assert_eq!(options.tap.as_deref(), Some("tap-x"));
        assert!(options.state_interval().is_zero());
        assert!(options.streams.is_some());
    }

    #[test]
    fn what_is_wrong_is_named_by_its_path() {
        let says = |text: &str, what: &str| {
            let error = parse(text).unwrap_err();
            assert!(error.contains(what), "{error:?} should say {what:?}");
        };
        says("tap: x", "`version: 1` is missing");
        says("version: 2", "only version 1");
        says("version: 1\ntpa: x", "unknown field `tpa`");
        says("version: 1\nstreams: {a: {nmae: b}}", "at streams.a");
        says("version: 1\ncheck: secret-word", "at check: expected");
        says("version: 1\ntap: [", "not valid YAML at line");
        says("- 1", "expected a mapping");
    }
}

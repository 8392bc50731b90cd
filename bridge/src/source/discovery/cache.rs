//! What was discovered, remembered between runs.
//!
//! One file for each tap and config, named by a hash of all that decides what is discovered: the
//! program, its size and age, its arguments, and the settings. Settings that are secret or change by
//! themselves are left out: a refreshed token discovers the same, and nothing can be guessed from
//! the name. A file holds the catalog and no setting.

use super::Found;
use crate::source::setup::Setup;
use crate::source::workdir::Site;
use crate::tap::{is_foreign, own_file};
use airbyte_singer_runtime::{Config, is_plainly_secret, may_hold_secret};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use singer_protocol as singer;
use std::collections::HashMap;
use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The mark of our files and the version of their shape.
const MARK: &str = "airbyte_singer_discovery";
const VERSION: u64 = 1;
/// What is older is discovered anew, in seconds: a day. A column that was added since is read all
/// the same; one that was never discovered can't be chosen.
const MAX_AGE: u64 = 24 * 60 * 60;

/// The place of one tap's catalog in the folder of `--discovery-cache`.
#[derive(Debug)]
pub(super) struct Cache {
    folder: PathBuf,
    key: String,
}

impl Cache {
    /// The place for this tap and config, where the user named a folder.
    pub(super) fn of(setup: &Setup, config: &Config) -> Option<Self> {
        let folder = setup.options.discovery_cache.clone()?;
        Some(Self { folder, key: key(setup, config) })
    }

    fn path(&self) -> PathBuf {
        self.folder.join(format!("{}.json", self.key))
    }

    /// Whether nothing at all is remembered.
    pub(super) fn is_empty(&self) -> bool {
        !self.path().exists()
    }

    /// What is remembered and not too old. A file that isn't ours or is broken is passed over with a
    /// warning.
    pub(super) fn read(&self) -> Option<Found> {
        let path = self.path();
        let read = match own_file(rustix::fs::CWD, &path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) if is_foreign(&error) => Err("not a file of ours".to_owned()),
            Err(error) => Err(error.kind().to_string()),
            Ok(file) => content(file).and_then(|bytes| parse(&bytes, &self.key)),
        };
        match read {
            Ok((found, at)) => is_fresh(at, now()).then_some(found),
            Err(reason) => {
                tracing::warn!("discovery cache {}: {reason}; it is not used", path.display());
                None
            }
        }
    }

    /// Remembers a catalog. That it can't be done is no reason to fail.
    pub(super) fn write(&self, found: &Found) {
        if let Err(error) = self.try_write(found, now()) {
            let (folder, kind) = (self.folder.display(), error.kind());
            tracing::warn!("discovery cache {folder}: the catalog can't be kept: {kind}");
        }
    }

    /// Whole or not at all, and for the owner's eyes: a catalog names tables.
    fn try_write(&self, found: &Found, at: u64) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let Found { catalog, learnt, partly } = found;
        let content = Content {
            airbyte_singer_discovery: VERSION,
            key: &self.key,
            discovered_at: at,
            learnt: *learnt,
            partly: *partly,
            catalog,
        };
        // Made with mode 0600.
        let file = tempfile::NamedTempFile::new_in(&self.folder)?;
        let mut buffer = io::BufWriter::new(file);
        serde_json::to_writer(&mut buffer, &content)?;
        buffer.into_inner().map_err(io::IntoInnerError::into_error)?.persist(self.path())?;
        Ok(())
    }
}

/// What a file holds; the first key is [`MARK`].
#[derive(Serialize)]
struct Content<'a> {
    airbyte_singer_discovery: u64,
    key: &'a str,
    discovered_at: u64,
    learnt: bool,
    partly: bool,
    catalog: &'a singer::Catalog,
}

fn content(mut file: fs::File) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(|error| error.kind().to_string())?;
    Ok(bytes)
}

/// The catalog in a file, and when it was discovered, in seconds since the epoch.
fn parse(bytes: &[u8], key: &str) -> Result<(Found, u64), String> {
    let file: HashMap<String, &RawValue> =
        serde_json::from_slice(bytes).map_err(|_| "not a JSON object".to_owned())?;
    let said = |name: &str| file.get(name).map_or("null", |value| value.get());
    let number = |name: &str| serde_json::from_str::<u64>(said(name)).ok();
    let flag = |name: &str| serde_json::from_str::<bool>(said(name)).ok();
    let own = serde_json::from_str::<String>(said("key")).ok();
    if number(MARK) != Some(VERSION) || own.as_deref() != Some(key) {
        return Err("not a file of this tap and version".to_owned());
    }
    let catalog = said("catalog").as_bytes();
    let catalog = singer::Catalog::parse(catalog).map_err(|error| error.to_string())?;
    let (Some(at), Some(learnt), Some(partly)) =
        (number("discovered_at"), flag("learnt"), flag("partly"))
    else {
        return Err("something is missing in it".to_owned());
    };
    Ok((Found { catalog, learnt, partly }, at))
}

/// One from the future is not: the clock was set, and nobody knows how old it is.
fn is_fresh(at: u64, now: u64) -> bool {
    now.checked_sub(at).is_some_and(|age| age < MAX_AGE)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// A hash of all that decides what is discovered.
fn key(setup: &Setup, config: &Config) -> String {
    let mut hash = Sha256::new();
    let mut add = |part: &[u8]| {
        // With their lengths, so that no two lists of parts read alike.
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    };
    add(env!("CARGO_PKG_VERSION").as_bytes());
    add(setup.tap.program.as_os_str().as_bytes());
    add(age(&setup.tap.program).as_bytes());
    for arg in &setup.tap.args {
        add(arg.as_bytes());
    }
    add(settled(&Value::Object(config.values().clone())).to_string().as_bytes());
    // Streams that are learnt from messages take their ids from the aliases.
    for (id, over) in setup.overrides() {
        for alias in over.aliases {
            add(format!("{id}={alias}").as_bytes());
        }
    }
    // What the tap finds there may decide what it discovers.
    if let Some(folder) = setup.site().ok().as_ref().and_then(Site::chosen) {
        add(folder.as_os_str().as_bytes());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What changes when a tap is installed anew.
fn age(program: &Path) -> String {
    match fs::metadata(program) {
        Ok(meta) => format!("{}.{}.{}", meta.mtime(), meta.mtime_nsec(), meta.size()),
        Err(_) => String::new(),
    }
}

/// Settings in the order of their names, without secrets and without what goes with a token.
fn settled(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let is_secret = |name: &str, value: &Value| {
                // Below `auth` and the like stands more than secrets, each under a name of its own.
                is_plainly_secret(name) || may_hold_secret(name) && !value.is_object()
            };
            let kept = map.iter().filter(|(name, value)| !is_secret(name, value) && !expires(name));
            let mut kept: Vec<(String, Value)> =
                kept.map(|(name, value)| (name.clone(), settled(value))).collect();
            kept.sort_by(|(a, _), (b, _)| a.cmp(b));
            Value::Object(kept.into_iter().collect())
        }
        Value::Array(list) => list.iter().map(settled).collect(),
        other => other.clone(),
    }
}

/// Whether a setting tells how long a token lasts: it changes whenever the token does.
fn expires(name: &str) -> bool {
    let name = name.to_lowercase();
    ["expires", "expiry", "expiration"].iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::OptionSet;
    use crate::tap::TapCommand;
    use serde_json::json;
    use std::os::unix::fs::PermissionsExt;

    fn setup(args: &[&str]) -> Setup {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        let tap = TapCommand::find("/bin/sh", &args).unwrap();
        Setup { tap, options: OptionSet::default(), listed: None }
    }

    fn config(values: Value) -> Config {
        Config::from_values(serde_json::from_value(values).unwrap())
    }

    fn found() -> Found {
        let catalog = singer::Catalog::from_value(json!({"streams": [{"tap_stream_id": "a"}]}));
        Found { catalog: catalog.unwrap(), learnt: false, partly: true }
    }

    #[test]
    fn the_key_knows_what_decides_and_no_token() {
        let of = |args: &[&str], values: Value| key(&setup(args), &config(values));
        let own = of(&["-x"], json!({"host": "h", "deep": {"a": 1, "b": 2}, "password": "p1"}));
        let same = json!({"deep": {"b": 2, "a": 1}, "password": "p2", "access_token": "t",
            "expires_at": 3, "host": "h"});
        assert_eq!(own, of(&["-x"], same));
        let base = json!({"host": "h", "deep": {"a": 1, "b": 2}});
        assert_eq!(own, of(&["-x"], base.clone()));
        assert_ne!(own, of(&["-y"], base.clone()));
        assert_ne!(own, of(&[], base));
        assert_ne!(own, of(&["-x"], json!({"host": "i", "deep": {"a": 1, "b": 2}})));
        let account = |name, token| of(&[], json!({"auth": {"account": name, "token": token}}));
        assert_eq!(account("a", "t"), account("a", "u"));
        assert_ne!(account("a", "t"), account("b", "t"));
    }

    #[test]
    fn a_catalog_is_kept_privately_and_whole() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache { folder: folder.path().join("deep/cache"), key: "k".to_owned() };
        assert!(cache.read().is_none());
        cache.write(&found());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&cache.folder), mode(&cache.path())), (0o700, 0o600));
        assert_eq!(fs::read_dir(&cache.folder).unwrap().count(), 1);
        let again = cache.read().unwrap();
        assert_eq!(again.catalog.streams()[0].tap_stream_id(), "a");
        assert!(again.partly && !again.learnt);
    }

    #[test]
    fn what_is_old_or_from_the_future_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache { folder: folder.path().to_owned(), key: "k".to_owned() };
        for (at, used) in [(now() - MAX_AGE - 1, false), (now() + 100, false), (now() - 10, true)] {
            cache.try_write(&found(), at).unwrap();
            assert_eq!(cache.read().is_some(), used);
        }
    }

    #[test]
    fn pipes_and_links_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache { folder: folder.path().to_owned(), key: "k".to_owned() };
        cache.write(&found());
        let aside = folder.path().join("aside");
        fs::rename(cache.path(), &aside).unwrap();
        std::os::unix::fs::symlink(&aside, cache.path()).unwrap();
        assert!(cache.read().is_none());
        fs::remove_file(cache.path()).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, cache.path(), 0o600.into()).unwrap();
        assert!(cache.read().is_none(), "and doesn't wait");
        cache.write(&found());
        assert!(cache.read().is_some(), "and written anew");
    }

    #[test]
    fn what_is_broken_or_of_another_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache { folder: folder.path().to_owned(), key: "k".to_owned() };
        cache.write(&found());
        let good = fs::read_to_string(cache.path()).unwrap();
        assert!(cache.read().is_some());
        for broken in [
            good[..good.len() / 2].to_owned(),
            good.replace(r#""key":"k""#, r#""key":"l""#),
            good.replace(r#":1,"key""#, r#":2,"key""#),
            good.replace(r#""learnt":false,"#, ""),
            good.replace(r#""streams":["#, r#""streams":[7,"#),
            String::new(),
        ] {
            assert_ne!(broken, good);
            fs::write(cache.path(), broken).unwrap();
            assert!(cache.read().is_none());
        }
        cache.write(&found());
        assert!(cache.read().is_some(), "and written anew");
    }
}

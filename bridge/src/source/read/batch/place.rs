//! Where BATCH files may lie.
//!
//! A tap can read whatever we can, but what it says may be another's words: a tap that reads files
//! of Singer messages passes on the BATCH that stands in them. So files are read only below folders
//! that somebody vouched for.

use crate::tap::command::absolute_if_file;
use percent_encoding::percent_decode_str;
use rustix::fs::{CWD, Mode, OFlags, openat};
use serde_json::{Map, Value};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

/// The folders that BATCH files are read from. They need not exist yet: taps make them.
#[derive(Debug, Default)]
pub(in crate::source::read) struct Places {
    /// The tap's working folder, which relative paths are meant from. None where somebody else runs the tap.
    work: Option<PathBuf>,
    /// The same, where it is private: it is tidied up by us.
    own: Option<PathBuf>,
    /// The folder of the config, the catalog and the state that the tap is given.
    given: Option<PathBuf>,
    allowed: Vec<PathBuf>,
}

/// A BATCH file that may be read.
#[derive(Debug)]
pub(super) struct BatchFile {
    pub(super) file: File,
    path: PathBuf,
    is_ours: bool,
}

impl Places {
    /// For a tap that works in the folder `work`: this, what the user allows, and the folder that
    /// its own config sends its files to. Who wrote that into the config has said where they lie,
    /// and a platform's user has no other place to say it.
    pub(in crate::source::read) fn of_tap(
        work: PathBuf,
        config: &Map<String, Value>,
        allowed: &[PathBuf],
    ) -> Self {
        let mut allowed = allowed.to_vec();
        let here = std::env::current_dir().unwrap_or_default();
        let root = storage_root(config, &work, Some(&here));
        allowed.extend(root.into_iter().flat_map(<[_; 2]>::from));
        let given = work.parent().map(Path::to_owned);
        Self { work: Some(work.clone()), own: Some(work), given, allowed }
    }

    /// For a tap that works in a folder of the user's, `work`, and is given files in the folder `given`. That
    /// it works there vouches for nothing that lies there, and nothing of it is removed.
    pub(in crate::source::read) fn of_tap_in(
        work: &Path,
        given: &Path,
        config: &Map<String, Value>,
        allowed: &[PathBuf],
    ) -> Self {
        let mut allowed = allowed.to_vec();
        allowed.extend(storage_root(config, work, None).into_iter().flat_map(<[_; 2]>::from));
        Self { work: Some(work.to_owned()), own: None, given: Some(given.to_owned()), allowed }
    }

    /// For a tap that somebody else runs: only what the user allows.
    pub(in crate::source::read) fn of_others(allowed: &[PathBuf]) -> Self {
        Self { allowed: allowed.to_vec(), ..Self::default() }
    }

    /// Opens the file that a manifest names. A relative path is meant from the tap's working folder.
    ///
    /// # Errors
    ///
    /// It is no local file, there is none, or it lies elsewhere, once `..` and links are followed.
    pub(super) fn open(&self, uri: &str) -> Result<BatchFile, String> {
        let (literal, decoded) = paths_of(uri, self.work.as_deref().unwrap_or(Path::new("")))?;
        let path = literal.canonicalize().or_else(|_| decoded.canonicalize());
        let path = path.map_err(|error| unreadable(&error))?;
        let is_ours = self.own.as_deref().is_some_and(|own| is_below(&path, own));
        let is_allowed = !self.is_what_the_tap_is_given(&path)
            && self.allowed.iter().any(|folder| is_below(&path, folder));
        if !is_ours && !is_allowed {
            let own = match (&self.own, &self.work) {
                (Some(_), _) => "the tap's working folder, its batch_config's root and --batch-dir",
                (None, Some(_)) => "its batch_config's root and --batch-dir",
                (None, None) => "--batch-dir",
            };
            return Err(format!("it lies outside the folders that are read ({own})"));
        }
        let file = open_where_it_lies(&path).map_err(|error| unreadable(&error))?;
        if !file.metadata().is_ok_and(|metadata| metadata.is_file()) {
            return Err("it is no file".to_owned());
        }
        Ok(BatchFile { file, path, is_ours })
    }

    /// Whether the file lies beside the tap's working folder, as its config does: JSON too, whatever
    /// folder above was allowed.
    fn is_what_the_tap_is_given(&self, path: &Path) -> bool {
        let beside = self.given.as_deref().map(Path::canonicalize);
        beside.is_some_and(|folder| folder.is_ok_and(|folder| path.parent() == Some(&*folder)))
    }
}

impl BatchFile {
    /// Everything in it has been taken: where it lies in the tap's private folder, nobody else wants
    /// it. Anywhere else it is the user's.
    pub(super) fn done(self) {
        if self.is_ours
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::debug!("a BATCH file stays until the end of the run: {}", error.kind());
        }
    }
}

/// Opens the file at a path whose links have been followed already: one that has been put into it
/// since, at any level, is an error. So what is opened is what was allowed.
fn open_where_it_lies(path: &Path) -> io::Result<File> {
    let mut at = openat(CWD, "/", OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
    let mut names = path.components().filter(|one| matches!(one, Component::Normal(_))).peekable();
    while let Some(name) = names.next() {
        let kind = match names.peek() {
            Some(_) => OFlags::PATH | OFlags::DIRECTORY,
            // A pipe in its place would block us for ever.
            None => OFlags::RDONLY | OFlags::NONBLOCK,
        };
        let flags = kind | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        at = openat(&at, name.as_os_str(), flags, Mode::empty())?;
    }
    Ok(at.into())
}

/// The folder that the SDK's `batch_config` names, as the tap that works in `work` understands it.
///
/// What is there in the folder `here` is meant from there.
fn storage_root(
    config: &Map<String, Value>,
    work: &Path,
    here: Option<&Path>,
) -> Option<(PathBuf, PathBuf)> {
    let root = config.get("batch_config")?.get("storage")?.get("root")?.as_str()?;
    match here {
        Some(here) => paths_of(&absolute_if_file(root, here), work).ok(),
        None => paths_of(root, work).ok(),
    }
}

/// The paths that a URI or a plain path may name: as it stands, and with what is percent-encoded in a
/// URI decoded. The SDK (0.54) writes a space in a file's name as a space, older ones as `%20`.
fn paths_of(text: &str, base: &Path) -> Result<(PathBuf, PathBuf), String> {
    let is_scheme = |scheme: &str| {
        !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+')
    };
    let uri = text.split_once(':').filter(|(s, rest)| is_scheme(s) && rest.starts_with('/'));
    let Some((scheme, rest)) = uri else { return Ok((base.join(text), base.join(text))) };
    if !scheme.eq_ignore_ascii_case("file") {
        return Err(format!("files of the scheme `{scheme}` aren't read, only local ones"));
    }
    let path = match rest.strip_prefix("//") {
        Some(rest) => rest.strip_prefix("localhost").unwrap_or(rest),
        None => rest,
    };
    if !path.starts_with('/') {
        return Err("it lies on another host".to_owned());
    }
    let decoded = OsString::from_vec(percent_decode_str(path).collect());
    Ok((path.into(), decoded.into()))
}

fn is_below(path: &Path, folder: &Path) -> bool {
    folder.canonicalize().is_ok_and(|folder| path.starts_with(folder))
}

fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "reading it is not permitted".to_owned(),
        kind => kind.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::io::Read;
    use std::os::unix::fs::symlink;

    fn content(places: &Places, uri: &str) -> Result<String, String> {
        let mut text = String::new();
        places.open(uri)?.file.read_to_string(&mut text).unwrap();
        Ok(text)
    }

    fn root(config: &Value) -> Option<PathBuf> {
        storage_root(config.as_object().unwrap(), Path::new("/here"), Some(Path::new("/here")))
            .map(|(_, decoded)| decoded)
    }

    #[test]
    fn paths_are_what_taps_write() {
        let path = |text| {
            paths_of(text, Path::new("/here")).map(|(_, decoded)| decoded.display().to_string())
        };
        for (text, expected) in [
            ("file:///a/b%20%C3%A9%3D.gz", "/a/b é=.gz"),
            ("FILE:///a", "/a"),
            ("file:/a", "/a"),
            ("file://localhost/a", "/a"),
            ("/a/50%25", "/a/50%25"),
            ("a/b", "/here/a/b"),
            ("12:30.jsonl", "/here/12:30.jsonl"),
        ] {
            assert_eq!(path(text).as_deref(), Ok(expected));
        }
        assert!(path("s3://bucket/a").unwrap_err().contains("`s3`"));
        assert!(path("gs://bucket/a").unwrap_err().contains("`gs`"));
        assert!(path("file://elsewhere/a").unwrap_err().contains("host"));
    }

    #[test]
    fn only_what_lies_below_an_allowed_folder_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let at = |below: &str| folder.path().join(below);
        for name in ["work", "work/deep", "given", "else", "given-too"] {
            fs::create_dir(at(name)).unwrap();
            fs::write(at(name).join("f"), name).unwrap();
        }
        symlink(at("else/f"), at("work/link")).unwrap();
        symlink(at("else"), at("given/folder")).unwrap();
        symlink(at("given/f"), at("else/back")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, at("work/pipe"), 0o600.into()).unwrap();
        let given = [at("given"), at("not-there")];
        let places = Places::of_tap(at("work"), &Map::new(), &given);
        let uri = |below: &str| format!("file://{}", at(below).display());

        for (name, expected) in [
            (uri("work/f"), "work"),
            ("f".to_owned(), "work"),
            ("deep/../f".to_owned(), "work"),
            (uri("work/deep/f"), "work/deep"),
            (uri("given/%66"), "given"),
            (uri("else/back"), "given"),
            ("../given/f".to_owned(), "given"),
        ] {
            assert_eq!(content(&places, &name).as_deref(), Ok(expected), "{name}");
        }
        for name in [
            uri("else/f"),
            "../else/f".to_owned(),
            uri("work/%2e%2e/else/f"),
            uri("work/../else/f"),
            uri("work/link"),
            uri("given/folder/f"),
            uri("given-too/f"),
            "/etc/passwd".to_owned(),
        ] {
            assert!(content(&places, &name).unwrap_err().contains("outside"), "{name}");
        }
        assert!(content(&places, "pipe").unwrap_err().contains("no file"));
        assert!(content(&places, "deep").unwrap_err().contains("no file"));
        assert!(content(&places, "gone").unwrap_err().contains("no such file"));
        assert!(content(&places, "file:///%00").is_err());
        let others = Places::of_others(&given);
        assert!(content(&others, &uri("work/f")).unwrap_err().contains("--batch-dir"));
        assert_eq!(content(&others, &uri("given/f")).as_deref(), Ok("given"));
        assert!(content(&Places::default(), &uri("given/f")).is_err());
    }

    #[test]
    fn a_link_that_is_put_there_after_the_look_leads_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        // Where the folder itself is reached by a link, as some TMPDIRs are.
        let at = |below: &str| folder.path().canonicalize().unwrap().join(below);
        fs::create_dir_all(at("given/deep")).unwrap();
        fs::write(at("given/deep/f"), "").unwrap();
        assert!(open_where_it_lies(&at("given/deep/f")).is_ok());
        symlink(at("given/deep/f"), at("file")).unwrap();
        symlink(at("given"), at("folder")).unwrap();
        for name in ["file", "folder/deep/f"] {
            assert!(at(name).exists() && open_where_it_lies(&at(name)).is_err(), "{name}");
        }
    }

    #[test]
    fn a_name_is_taken_as_it_stands_before_it_is_decoded() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::of_others(&[folder.path().to_owned()]);
        let uri = format!("file://{}/a%20b", folder.path().display());
        fs::write(folder.path().join("a b"), "decoded").unwrap();
        assert_eq!(content(&places, &uri).as_deref(), Ok("decoded"));
        fs::write(folder.path().join("a%20b"), "as it stands").unwrap();
        assert_eq!(content(&places, &uri).as_deref(), Ok("as it stands"));
        assert_eq!(content(&places, &uri.replace("%20", " ")).as_deref(), Ok("decoded"));
    }

    #[test]
    fn only_our_own_files_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let (work, given) = (folder.path().join("work"), folder.path().join("given"));
        for folder in [&work, &given] {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join("f"), "").unwrap();
        }
        let places = Places::of_tap(work.clone(), &Map::new(), std::slice::from_ref(&given));
        places.open("f").unwrap().done();
        places.open(given.join("f").to_str().unwrap()).unwrap().done();
        assert!(!work.join("f").exists() && given.join("f").exists());
    }

    #[test]
    fn the_folder_that_the_config_names_is_allowed() {
        let config = |root: Value| json!({"batch_config": {"storage": {"root": root}}});
        assert_eq!(root(&config(json!("file:///a%20b"))), Some("/a b".into()));
        assert_eq!(root(&config(json!("batches"))), Some("/here/batches".into()));
        assert_eq!(root(&config(json!("s3://bucket"))), None);
        assert_eq!(root(&config(json!(7))), None);
        assert_eq!(root(&json!({"batch_config": null})), None);
    }
}

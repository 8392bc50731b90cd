//! Paths in settings, which a tap that runs elsewhere would not find.

use crate::tap::command::absolute_if_file;
use glob::Pattern;
use std::path::Path;

/// Words of a setting's name that say that it holds a path.
const PATHS: [&str; 17] = [
    "path",
    "paths",
    "pathname",
    "file",
    "files",
    "filename",
    "filenames",
    "filepath",
    "filepaths",
    "folder",
    "folders",
    "directory",
    "directories",
    "dir",
    "dirs",
    "glob",
    "globs",
];
/// Such words behind which something else than a glob may be looked for.
const FOLDERS: [&str; 8] =
    ["path", "paths", "folder", "folders", "directory", "directories", "dir", "dirs"];
/// What a file's name is followed by where a setting holds something else of it.
const OTHERS: [&str; 12] = [
    "type",
    "format",
    "extension",
    "ext",
    "encoding",
    "size",
    "mode",
    "count",
    "limit",
    "prefix",
    "suffix",
    "separator",
];

/// The text of the setting `name` as the tap is given it. What plainly names a file in the user's folder
/// `here` is made absolute in every setting; names without a slash or a dot, and globs, only in settings
/// whose name says that they hold paths. `beside` are the names of the settings beside it: a glob that names
/// no folder may be meant from theirs.
pub(super) fn absolute<'a>(
    name: &str,
    text: &str,
    here: &Path,
    mut beside: impl Iterator<Item = &'a str>,
) -> String {
    let plain = absolute_if_file(text, here);
    let is_elsewhere = text.starts_with(['/', '~']) || text.contains("://") || text.is_empty();
    if plain != text || is_elsewhere || text.len() > 4096 || !says(name, &PATHS) {
        return plain;
    }
    let path = || here.join(text).to_string_lossy().into_owned();
    let Some(special) = text.find(['*', '?', '[']) else {
        return if here.join(text).exists() { path() } else { plain };
    };
    let is_there = match text[..special].rfind('/') {
        Some(slash) => here.join(&text[..slash]).is_dir(),
        None => !beside.any(|other| other != name && says(other, &FOLDERS)) && any(text, here),
    };
    let escaped = Pattern::escape(&here.to_string_lossy());
    if is_there { format!("{escaped}/{text}") } else { plain }
}

/// Whether something in the folder fits the first part of a glob.
fn any(glob: &str, here: &Path) -> bool {
    let first = glob.split('/').next().unwrap_or_default();
    let Ok(pattern) = Pattern::new(first) else { return false };
    let mut entries = std::fs::read_dir(here).into_iter().flatten().flatten();
    first != "**" && entries.any(|entry| pattern.matches(&entry.file_name().to_string_lossy()))
}

/// Whether one of `words` stands in a setting's name, and its last word is none of a file's traits.
fn says(name: &str, words: &[&str]) -> bool {
    let mut spaced = String::with_capacity(name.len() + 4);
    for (at, c) in name.char_indices() {
        let after_small = name[..at].ends_with(|c: char| c.is_ascii_lowercase());
        if c.is_ascii_uppercase() && after_small {
            spaced.push(' ');
        }
        spaced.push(if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' });
    }
    let last = spaced.split_whitespace().next_back();
    last.is_some_and(|last| !OTHERS.contains(&last))
        && spaced.split_whitespace().any(|word| words.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_whether_they_hold_paths() {
        for name in ["path", "csv_files_definition", "keyFile", "source-dir", "FilePath", "glob"] {
            assert!(says(name, &PATHS), "{name}");
        }
        for name in
            ["profile", "file_type", "fileFormat", "path_prefix", "database", "globalId", ""]
        {
            assert!(!says(name, &PATHS), "{name}");
        }
    }

    #[test]
    fn bare_names_and_globs_are_paths_where_the_name_says_so() {
        let folder = tempfile::Builder::new().prefix("a[b]").tempdir().unwrap();
        let here = folder.path();
        std::fs::create_dir(here.join("data")).unwrap();
        std::fs::write(here.join("shop"), "").unwrap();
        std::fs::write(here.join("a.csv"), "").unwrap();
        let of = |name: &str, text: &str, beside: &[&str]| {
            absolute(name, text, here, beside.iter().copied())
        };
        let path = |text: &str| here.join(text).to_str().unwrap().to_owned();
        let globbed = |text: &str| format!("{}/{text}", Pattern::escape(here.to_str().unwrap()));
        assert_eq!(of("folder", "data", &[]), path("data"));
        assert_eq!(of("file", "shop", &[]), path("shop"));
        assert_eq!(of("glob", "data/*.csv", &["folder"]), globbed("data/*.csv"));
        assert_eq!(of("file_glob", "*.csv", &["file_glob"]), globbed("*.csv"));
        for (name, text, beside) in [
            ("database", "shop", &[] as &[&str]),
            ("database", "data/*.csv", &[]),
            ("folder", "gone", &[]),
            ("glob", "gone/*.csv", &[]),
            ("glob", "*.json", &[]),
            ("glob", "**/*.csv", &[]),
            ("glob", "*.csv", &["folder"]),
            ("path", "s3://bucket/data", &[]),
            ("path", "~/data", &[]),
            ("path", "/data/*.csv", &[]),
            ("path", "", &[]),
        ] {
            assert_eq!(of(name, text, beside), text, "{name}");
        }
        assert_eq!(of("any", "a.csv", &[]), path("a.csv"), "as ever");
    }
}

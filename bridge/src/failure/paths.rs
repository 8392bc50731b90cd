//! A file that a tap doesn't find because it runs in another folder than its user.

use crate::tap::LastWords;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// How an error says that a file isn't there, in small letters.
const MISSING: [&str; 4] =
    ["no such file or directory", "filenotfounderror", "enoent", "errno 20]"];

/// What a path is shown as that stands in a secret setting.
const MASKED: &str = "****";

/// Where a tap runs, and what its user has.
#[derive(Debug)]
pub struct Surroundings<'a> {
    /// The folder that the tap runs in, where the user chose one; else it is a private one.
    pub chosen: Option<&'a Path>,
    /// The folder that the user is in.
    pub here: &'a Path,
    /// The settings as the user has them, and as the tap is given them.
    pub settings: [&'a Map<String, Value>; 2],
}

/// A path that wasn't found.
pub(super) struct Lost {
    /// Whether a setting names it.
    pub(super) is_a_setting: bool,
    /// Whether it is there in the user's folder.
    pub(super) is_here: bool,
    /// Where the tap ran, and where the file is.
    pub(super) sentence: Option<String>,
}

impl Lost {
    /// What of the tap's words tells of a file that isn't there.
    pub(super) fn of(words: &LastWords, around: &Surroundings<'_>) -> Option<Self> {
        let lines = words.line.iter().chain(&words.others);
        let mut telling = lines.filter(|line| {
            let line = line.to_lowercase();
            MISSING.iter().any(|words| line.contains(words))
        });
        telling.find_map(|line| Self::in_line(line, around))
    }

    fn in_line(line: &str, around: &Surroundings<'_>) -> Option<Self> {
        let paths = paths_in(line);
        // A setting or what is there in the user's folder tells more than the first path of a line.
        let best = |test: &dyn Fn(&&str) -> bool| paths.iter().copied().find(|path| test(path));
        let is_here = |path: &&str| is_relative(path) && around.here.join(path).exists();
        let is_a_setting = |path: &&str| around.names(path);
        let path = best(&is_here).or_else(|| best(&is_a_setting)).or(paths.first().copied())?;
        let (is_here, is_a_setting) = (is_here(&path), is_a_setting(&path));
        let is_elsewhere = is_relative(path) && path != MASKED;
        let sentence = is_elsewhere.then(|| around.sentence(path, is_here));
        Some(Self { is_a_setting, is_here, sentence: sentence.flatten() })
    }
}

impl Surroundings<'_> {
    fn sentence(&self, path: &str, is_here: bool) -> Option<String> {
        let here = self.here.display();
        match (self.chosen, is_here) {
            (None, true) => Some(format!(
                "it ran in a private folder; `{path}` is in {here}: `--workdir current` runs it there"
            )),
            // A bare name may be that of a program.
            (None, false) if !path.contains(['/', '.']) => None,
            (None, false) => {
                Some(format!("it ran in a private folder; there is no `{path}` in {here} either"))
            }
            (Some(chosen), _) if chosen == self.here => Some(format!("it ran in {here}")),
            (Some(chosen), true) => {
                let chosen = chosen.display();
                Some(format!("it ran in {chosen} (--workdir); `{path}` is in {here}"))
            }
            (Some(chosen), false) => Some(format!("it ran in {} (--workdir)", chosen.display())),
        }
    }

    /// Whether a setting names this path or a folder above it. What is masked is a setting's value.
    fn names(&self, path: &str) -> bool {
        if path == MASKED {
            return true;
        }
        let plain = |text: &str| text.trim_start_matches("./").trim_end_matches('/').to_owned();
        let wanted = [plain(path), self.here.join(path).to_string_lossy().into_owned()];
        let is_above = |text: &str| {
            let text = plain(text);
            text.len() > 1
                && wanted.iter().any(|path| {
                    path.strip_prefix(&text).is_some_and(|r| r.is_empty() || r.starts_with('/'))
                })
        };
        self.settings.iter().flat_map(|map| map.values()).any(|value| any_text(value, &is_above))
    }
}

fn any_text(value: &Value, test: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => test(text),
        Value::Array(list) => list.iter().any(|one| any_text(one, test)),
        Value::Object(map) => map.values().any(|one| any_text(one, test)),
        _ => false,
    }
}

fn is_relative(path: &str) -> bool {
    !PathBuf::from(path).is_absolute()
}

/// What may be paths in a line: what stands in quotes, or else words with a slash or a dot in them.
fn paths_in(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for quote in ['\'', '"', '`'] {
        let parts: Vec<&str> = line.split(quote).collect();
        // What no other quote follows is in none.
        let closed = (parts.len() - 1) / 2 * 2;
        found.extend(parts[..closed].iter().skip(1).step_by(2).copied());
    }
    let is_word = |word: &&str| {
        *word == MASKED
            || !word.contains(['\'', '"', '`', '[', ']'])
                && word.contains(['/', '.'])
                && !word.contains("://")
    };
    let words = line.split_whitespace().map(|word| word.trim_matches([',', ':', ';', '(', ')']));
    // A name of an exception has dots too, and comes first.
    found.extend(words.filter(is_word).filter(|word| !word.ends_with("Error")));
    found.retain(|path| !path.is_empty() && path.len() <= 4096);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const PYTHON: &str = "FileNotFoundError: [Errno 2] No such file or directory: './data/a.csv'";

    fn told(line: &str, chosen: Option<&Path>, here: &Path, settings: Value) -> Option<Lost> {
        let words = LastWords { line: Some(line.to_owned()), ..LastWords::default() };
        let Value::Object(settings) = settings else { panic!("settings") };
        let around = Surroundings { chosen, here, settings: [&settings, &settings] };
        Lost::of(&words, &around)
    }

    #[test]
    fn what_is_there_in_the_users_folder_is_found_in_any_dress() {
        let here = tempfile::tempdir().unwrap();
        std::fs::create_dir(here.path().join("data")).unwrap();
        std::fs::write(here.path().join("data/a.csv"), "").unwrap();
        let lines = [
            PYTHON,
            "Error: ENOENT: no such file or directory, open 'data/a.csv'",
            "open data/a.csv: no such file or directory",
            "cat: data/a.csv: No such file or directory",
        ];
        for line in lines {
            let lost = told(line, None, here.path(), json!({})).expect(line);
            assert!(lost.is_here && !lost.is_a_setting, "{line}");
            let sentence = lost.sentence.expect(line);
            assert!(sentence.contains("`--workdir current` runs it there"), "{sentence}");
            assert!(sentence.contains(here.path().to_str().unwrap()), "{sentence}");
        }
    }

    #[test]
    fn a_path_of_the_settings_is_recognised_also_below_a_folder() {
        let here = tempfile::tempdir().unwrap();
        let cases = [
            (PYTHON, json!({"path": "./data/a.csv"}), true),
            (PYTHON, json!({"files": [{"folder": "data/"}]}), true),
            (PYTHON, json!({"path": "./dat", "n": 1}), false),
            (
                "[Errno 2] No such file or directory: '/srv/a.csv'",
                json!({"path": "/srv/a.csv"}),
                true,
            ),
            ("[Errno 2] No such file or directory: '/srv/a.csv'", json!({"path": "/"}), false),
        ];
        for (line, settings, expected) in cases {
            let lost = told(line, None, here.path(), settings.clone()).expect(line);
            assert_eq!(lost.is_a_setting, expected, "{line} {settings}");
            assert!(!lost.is_here);
        }
        let masked = "[Errno 2] No such file or directory: '****'";
        let lost = told(masked, None, here.path(), json!({})).unwrap();
        assert!(lost.is_a_setting && lost.sentence.is_none());
        assert!(told("KeyError: 'a.csv'", None, here.path(), json!({})).is_none());
    }

    #[test]
    fn the_sentence_says_where_the_tap_ran() {
        let here = Path::new("/home/me");
        let of = |chosen| told(PYTHON, chosen, here, json!({})).and_then(|lost| lost.sentence);
        let private = "it ran in a private folder; there is no `./data/a.csv` in /home/me either";
        assert_eq!(of(None).as_deref(), Some(private));
        assert_eq!(of(Some(here)).as_deref(), Some("it ran in /home/me"));
        assert_eq!(of(Some(Path::new("/srv"))).as_deref(), Some("it ran in /srv (--workdir)"));
    }
}

//! The odd things that taps really do: each has a test named after it, and `docs/odd-taps.md` says
//! which.

use crate::harness::{Given, Work};

mod catalogs;
mod command_line;
mod criticals;
mod ends;
mod foreign_states;
mod names;
mod schemas;
mod states;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What the last run of the tap was given.
fn last_run(work: &Work) -> Given {
    work.given().pop().expect("a run")
}

/// The rows of the table: what is odd, and the names of its tests.
fn table() -> Vec<(String, Vec<String>)> {
    let file = top().join("docs/odd-taps.md");
    let text = std::fs::read_to_string(file).expect("the table is there");
    let rows = text.lines().filter(|line| line.starts_with("| ") && line.contains('`'));
    rows.map(|row| {
        let (odd, tests) = row.trim_matches('|').rsplit_once('|').expect("two columns");
        let tests = tests.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        (odd.trim().to_owned(), tests)
    })
    .collect()
}

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The sources below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("readable").path());
    paths
        .flat_map(|path| match path.is_dir() {
            true => sources(&path),
            false => vec![path],
        })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

/// The names of the tests in a source: functions under `#[test]`.
fn tests_in(text: &str) -> Vec<String> {
    let mut lines = text.lines().map(str::trim);
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if line != "#[test]" {
            continue;
        }
        let named = lines.find_map(|line| line.strip_prefix("fn "));
        found.extend(named.and_then(|line| line.split('(').next()).map(str::to_owned));
    }
    found
}

#[test]
fn every_odd_case_of_the_table_has_its_test() {
    let rows = table();
    assert!(rows.len() > 60, "{} rows", rows.len());
    let folders = ["tests", "bridge/src", "singer-protocol/src", "airbyte-protocol/src"];
    let mut known: BTreeSet<String> = folders
        .iter()
        .flat_map(|folder| sources(&top().join(folder)))
        .flat_map(|path| tests_in(&std::fs::read_to_string(path).expect("a source")))
        .collect();
    known.extend(crate::harness::folders("taps").iter().map(|folder| {
        let name = folder.file_name().expect("a name").to_string_lossy();
        format!("fixtures/taps/{name}")
    }));
    for (odd, tests) in &rows {
        assert!(!odd.is_empty() && !tests.is_empty(), "no test: {odd}");
        for test in tests {
            assert!(known.contains(test), "{odd}: there is no test `{test}`");
        }
    }
    // And the other way round: what is tested here is told there.
    let told: BTreeSet<&String> = rows.iter().flat_map(|(_, tests)| tests).collect();
    for path in sources(&top().join("tests/odd")) {
        for test in tests_in(&std::fs::read_to_string(path).expect("a source")) {
            assert!(told.contains(&test), "docs/odd-taps.md doesn't tell of `{test}`");
        }
    }
}

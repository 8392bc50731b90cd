//! What the pages show is what there is.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files of a folder with an ending, by their paths from the root.
fn files(folder: &str, ending: &str) -> Vec<String> {
    let entries = std::fs::read_dir(root().join(folder)).expect("a folder");
    let names = entries.map(|entry| entry.expect("readable").file_name());
    let names = names.map(|name| name.into_string().expect("text"));
    names.filter(|name| name.ends_with(ending)).map(|name| format!("{folder}/{name}")).collect()
}

/// The blocks of a page that begin with such a fence.
fn blocks<'a>(page: &'a str, fence: &str) -> Vec<&'a str> {
    let fence = format!("```{fence}\n");
    let behind = page.split(fence.as_str()).skip(1);
    behind.map(|text| text.split("```").next().unwrap_or_default()).collect()
}

/// Where a page's links lead that don't lead into the web.
fn links(page: &str) -> impl Iterator<Item = &str> {
    let targets = page.split("](").skip(1).filter_map(|text| text.split(')').next());
    targets.filter(|target| !target.contains("://") && !target.contains(char::is_whitespace))
}

/// A heading as links name it.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[test]
fn the_readme_shows_the_example_as_it_is() {
    let example = text("adapters/sdk/examples/datasette.rs");
    let (_, program) = example.split_once("\n\n").expect("a comment and a program");
    let program = program.split("\n/// What the tests").next().unwrap_or_default();
    assert_eq!(blocks(&text("README.md"), "rust"), [program]);
}

#[test]
fn every_page_of_native_sources_runs_in_tests() {
    let guide = text("adapters/sdk/src/guide.rs");
    let pages = files("docs/native", ".md");
    assert!(pages.len() > 5, "the pages are there");
    for page in pages {
        let name = page.rsplit('/').next().unwrap_or_default();
        // Followed to the letter by tests/native/tutorial.py instead.
        assert!(name == "tutorial.md" || guide.contains(&format!("\"{name}\"")), "{name}");
    }
}

#[test]
fn links_lead_somewhere() {
    let mut pages = files("docs/native", ".md");
    pages.extend(files("docs", ".md"));
    pages.extend(["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(String::from));
    let mut seen = 0;
    for page in pages {
        let own = text(&page);
        for link in links(&own) {
            let (path, heading) = link.split_once('#').unwrap_or((link, ""));
            let folder = Path::new(&page).parent().expect("a folder");
            let target = if path.is_empty() { page.clone().into() } else { folder.join(path) };
            assert!(root().join(&target).exists(), "{page}: {link}");
            if !heading.is_empty() {
                let headings = text(&target);
                let mut headings = headings.lines().filter(|line| line.starts_with('#'));
                let is_it = |line: &str| anchor(line.trim_start_matches('#').trim()) == heading;
                assert!(headings.any(is_it), "{page}: {link}");
            }
            seen += 1;
        }
    }
    assert!(seen > 30, "{seen} links");
}

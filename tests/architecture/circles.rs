//! No circle among the files of a crate.
//!
//! A file is a module. What counts is each path in product code that begins with `crate::`, `super::` or
//! `self::`, or in a `use` with the name of a module of the same file: it leads to the file in whose
//! module it ends. Where it ends at a name that a module only passes on (`pub use`, with whatever
//! visibility), it is followed to where the name comes from, so that a parent which re-exports hides
//! nothing.
//!
//! The modules of one folder must stand in an order: where `a` and `b` are two of them, whatever lies
//! below `a` may lead to whatever lies below `b`, or the other way round, and not both, nor over others.
//! A parent and what is below it are one: a parent declares, re-exports and calls its children, and they
//! may use what it defines (`super::Envelope`).

use super::{Source, sources};
use std::collections::{BTreeMap, BTreeSet};

type Module = Vec<String>;

/// The modules of one crate: its files by their paths, with what each leads to.
#[derive(Default)]
struct Crate {
    modules: BTreeMap<Module, Vec<Path>>,
    /// What a module passes on, by the name that it has there.
    passed_on: BTreeMap<(Module, String), Module>,
}

/// A path as it stands in a file.
struct Path {
    /// Whether others may use it by the name that it gets.
    is_public: bool,
    segments: Vec<String>,
    name: String,
}

impl Path {
    fn new(text: &str, is_public: bool) -> Self {
        let (path, alias) = text.split_once(" as ").unwrap_or((text, ""));
        let segments = path.split("::").map(str::trim).filter(|part| !part.is_empty());
        let segments: Vec<String> = segments.map(str::to_owned).collect();
        let last = segments.last().cloned().unwrap_or_default();
        let name = if alias.is_empty() { last } else { alias.trim().to_owned() };
        Self { is_public, segments, name }
    }
}

impl Crate {
    fn new<'a>(sources: impl Iterator<Item = &'a Source>) -> Self {
        let mut all = Self::default();
        for source in sources {
            if let Some(module) = module(&source.path) {
                all.modules.insert(module, paths(&source.code));
            }
        }
        for (module, paths) in &all.modules {
            for path in paths.iter().filter(|path| path.is_public) {
                if let Some(target) = all.absolute(module, path) {
                    all.passed_on.insert((module.clone(), path.name.clone()), target);
                }
            }
        }
        all
    }

    /// A path from the crate's root; none where it leads into another crate.
    fn absolute(&self, module: &[String], path: &Path) -> Option<Module> {
        let mut base = module.to_vec();
        let mut rest = path.segments.as_slice();
        match rest.first()?.as_str() {
            "crate" => (base, rest) = (Vec::new(), &rest[1..]),
            "self" => rest = &rest[1..],
            "super" => {
                while rest.first().is_some_and(|part| part == "super") {
                    base.pop();
                    rest = &rest[1..];
                }
            }
            child => {
                let below = [module, &[child.to_owned()]].concat();
                self.modules.get(&below)?;
            }
        }
        base.extend_from_slice(rest);
        Some(base)
    }

    /// The module that a path from the root ends in.
    fn target(&self, path: &[String], depth: usize) -> Module {
        let known =
            (0..=path.len()).rev().find(|length| self.modules.contains_key(&path[..*length]));
        let (module, rest) = path.split_at(known.unwrap_or(0));
        let passed_on = rest.first().and_then(|name| {
            self.passed_on.get(&(module.to_vec(), name.clone())).filter(|to| to.as_slice() != path)
        });
        match passed_on {
            // Names that go round in a circle lead nowhere.
            Some(to) if depth < 8 => self.target(&[to, &rest[1..]].concat(), depth + 1),
            _ => module.to_vec(),
        }
    }

    /// For each folder, which of its modules lead to which.
    fn folders(&self) -> BTreeMap<Module, BTreeMap<String, BTreeSet<String>>> {
        let mut folders: BTreeMap<Module, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
        for (module, paths) in &self.modules {
            for target in paths.iter().filter_map(|path| self.absolute(module, path)) {
                let target = self.target(&target, 0);
                let same = module.iter().zip(&target).take_while(|(one, two)| one == two).count();
                // One of them is above the other.
                if let (Some(from), Some(to)) = (module.get(same), target.get(same)) {
                    let folder = folders.entry(module[..same].to_vec()).or_default();
                    folder.entry(from.clone()).or_default().insert(to.clone());
                }
            }
        }
        folders
    }

    /// The circles, each with its folder.
    fn circles(&self) -> BTreeSet<(String, Vec<String>)> {
        let mut found = BTreeSet::new();
        for (folder, edges) in self.folders() {
            let reached: BTreeMap<&String, BTreeSet<&String>> =
                edges.keys().map(|from| (from, reached(&edges, from))).collect();
            for (from, to) in reached.iter().filter(|(from, to)| to.contains(*from)) {
                let round =
                    to.iter().filter(|one| reached.get(**one).is_some_and(|r| r.contains(from)));
                found.insert((folder.join("/"), round.map(|one| (*one).clone()).collect()));
            }
        }
        found
    }
}

/// What can be reached from one of a folder's modules.
fn reached<'a>(
    edges: &'a BTreeMap<String, BTreeSet<String>>,
    from: &'a String,
) -> BTreeSet<&'a String> {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(at) = next.pop() {
        next.extend(edges.get(at).into_iter().flatten().filter(|to| seen.insert(*to)));
    }
    seen
}

/// The module of a file; none for a program's own file.
fn module(path: &str) -> Option<Module> {
    let (_, inside) = path.split_once("/src/")?;
    let inside = inside.strip_suffix(".rs")?;
    let mut module: Module = inside.split('/').map(str::to_owned).collect();
    match module.last()?.as_str() {
        "main" => return None,
        "lib" | "mod" => drop(module.pop()),
        _ => {}
    }
    Some(module)
}

/// The paths in a file's code.
fn paths(code: &str) -> Vec<Path> {
    let (mut found, mut rest) = (Vec::new(), String::new());
    let mut lines = code.lines();
    while let Some(line) = lines.next() {
        let Some((is_public, start)) = import(line.trim()) else {
            rest.push_str(line);
            rest.push('\n');
            continue;
        };
        let mut text = start.to_owned();
        while !text.contains(';') {
            let Some(more) = lines.next() else { break };
            text.push_str(more.trim());
        }
        let text = text.split(';').next().unwrap_or_default();
        let mut imported = Vec::new();
        expand("", text, &mut imported);
        found.extend(imported.iter().map(|text| Path::new(text, is_public)));
    }
    for (at, _) in rest.match_indices("::") {
        let start = rest[..at].rfind(|c: char| !is_of_name(c)).map_or(0, |before| before + 1);
        if matches!(&rest[start..at], "crate" | "super" | "self") && !rest[..start].ends_with(':') {
            let length = rest[start..].find(|c: char| !is_of_name(c) && c != ':');
            let end = length.map_or(rest.len(), |length| start + length);
            found.push(Path::new(&rest[start..end], false));
        }
    }
    found
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// What a line imports that begins a `use`, and whether it passes that on.
fn import(line: &str) -> Option<(bool, &str)> {
    if let Some(text) = line.strip_prefix("use ") {
        return Some((false, text));
    }
    let visible = line.strip_prefix("pub")?;
    let visible = match visible.strip_prefix('(') {
        Some(scope) => scope.split_once(')')?.1,
        None => visible,
    };
    Some((true, visible.trim_start().strip_prefix("use ")?))
}

/// The single paths of a `use` with braces.
fn expand(before: &str, text: &str, found: &mut Vec<String>) {
    let text = text.trim();
    let Some((head, inner)) = text.split_once('{') else {
        if !text.is_empty() {
            found.push(format!("{before}{text}"));
        }
        return;
    };
    let inner = inner.rsplit_once('}').map_or(inner, |(inner, _)| inner);
    let (mut depth, mut from) = (0_usize, 0);
    for (at, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                expand(&format!("{before}{head}"), &inner[from..at], found);
                from = at + 1;
            }
            _ => {}
        }
    }
    expand(&format!("{before}{head}"), &inner[from..], found);
}

fn circles(sources: &[Source]) -> BTreeSet<(String, Vec<String>)> {
    let crates: BTreeSet<&str> =
        sources.iter().filter_map(|source| Some(source.path.split_once("/src/")?.0)).collect();
    let mut found = BTreeSet::new();
    for name in crates {
        let own = sources.iter().filter(|one| one.path.starts_with(&format!("{name}/src/")));
        let circles = Crate::new(own).circles();
        found.extend(circles.into_iter().map(|(folder, of)| (format!("{name}/{folder}"), of)));
    }
    found
}

#[test]
fn there_is_no_circle_among_the_files_of_a_crate() {
    let found = circles(&sources());
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_circle_is_found_however_it_is_written() {
    let of = |files: &[(&str, &str)]| {
        let sources: Vec<Source> =
            files.iter().map(|(path, text)| Source::new(&format!("x/src/{path}"), text)).collect();
        circles(&sources).into_iter().map(|(_, circle)| circle.join(" ")).collect::<Vec<_>>()
    };
    let bad: [&[(&str, &str)]; 6] = [
        &[("a.rs", "use super::b::B;"), ("b.rs", "use crate::a::A;")],
        &[("a.rs", "use crate::{\n    b::{self, B},\n};"), ("b.rs", "fn f() { super::a::f(); }")],
        // Through what a parent passes on.
        &[
            ("m/mod.rs", "mod a;\nmod b;\npub(crate) use a::{A, X as Y};\npub use b::B;"),
            ("m/a.rs", "use super::B;"),
            ("m/b.rs", "use super::Y;"),
        ],
        // Between folders, and over a third file.
        &[
            ("a/one.rs", "use crate::b::two;"),
            ("a/mod.rs", ""),
            ("b/two.rs", "use crate::c;"),
            ("c.rs", "use crate::a;"),
        ],
        &[
            ("lib.rs", "mod a;\nmod b;"),
            ("a.rs", "use crate::b;"),
            ("b.rs", "pub use crate::a::A;"),
        ],
        &[("a.rs", "use crate::b;"), ("b/c.rs", "impl super::super::a::A {}"), ("b.rs", "")],
    ];
    for (number, files) in bad.iter().enumerate() {
        assert_eq!(of(files).len(), 1, "{number}: {:?}", of(files));
    }
    let good: [&[(&str, &str)]; 4] = [
        &[("a.rs", "use crate::b::B;"), ("b.rs", "// use crate::a::A;\nuse std::a;")],
        // A parent and its child.
        &[("a.rs", "mod b;\nuse b::B;\nstruct A;"), ("a/b.rs", "use super::A;")],
        // Only tests.
        &[("a.rs", "use crate::b;"), ("b.rs", "#[cfg(test)]\nmod tests {\n    use crate::a;\n}\n")],
        // What is passed on is the child's own affair.
        &[
            ("m/mod.rs", "mod a;\nmod b;\npub use a::A;"),
            ("m/a.rs", ""),
            ("m/b.rs", "use super::A;"),
        ],
    ];
    for (number, files) in good.iter().enumerate() {
        assert!(of(files).is_empty(), "{number}: {:?}", of(files));
    }
}

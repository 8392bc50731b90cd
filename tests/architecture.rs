//! The nevers of the house, held by reading the sources and what cargo knows of the crates.
//!
//! Each rule is a function from a file to what is wrong in it, and each is shown a bad snippet
//! too, so that a rule that finds nothing is known to be able to.

mod circles;
mod manifest;

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The folders of the crates, and which of ours each may know.
const CRATES: [(&str, &str, &[&str]); 7] = [
    ("singer-protocol", "airbyte-singer-singer-protocol", &[]),
    ("airbyte-protocol", "airbyte-singer-airbyte-protocol", &[]),
    ("adapters/runtime", "airbyte-singer-runtime", &["airbyte-singer-airbyte-protocol"]),
    (
        "adapters/toolkit",
        "airbyte-singer-toolkit",
        &["airbyte-singer-airbyte-protocol", "airbyte-singer-runtime"],
    ),
    (
        "adapters/http",
        "airbyte-singer-http",
        &["airbyte-singer-airbyte-protocol", "airbyte-singer-runtime", "airbyte-singer-toolkit"],
    ),
    (
        "adapters/sdk",
        "airbyte-singer-sdk",
        &[
            "airbyte-singer-airbyte-protocol",
            "airbyte-singer-http",
            "airbyte-singer-runtime",
            "airbyte-singer-toolkit",
        ],
    ),
    (
        "bridge",
        "airbyte-singer",
        &[
            "airbyte-singer-airbyte-protocol",
            "airbyte-singer-http",
            "airbyte-singer-runtime",
            "airbyte-singer-singer-protocol",
            "airbyte-singer-toolkit",
        ],
    ),
];

/// What only the crate of HTTP may depend on: the parts of an HTTP client.
const HTTP_CLIENT: [&str; 7] = ["hyper", "reqwest", "ring", "rustls", "url", "httpdate", "backon"];

/// A source file: its path from the root and its product code.
struct Source {
    path: String,
    code: String,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), code: product_code(text) }
    }

    fn is_below(&self, folder: &str) -> bool {
        self.path.starts_with(&format!("{folder}/")) || self.path == format!("{folder}.rs")
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every source of the product: no tests, no examples, and not `tap-sample`, which is a tap.
fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    for (folder, ..) in CRATES {
        walk(&root().join(folder).join("src"), &mut found);
    }
    assert!(found.len() > 50, "the sources are there");
    found
}

fn walk(folder: &Path, found: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("readable").path()) {
        let path =
            entry.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned();
        let is_test = path.ends_with("/tests") || path.ends_with("tests.rs");
        if is_test || path.ends_with("recordings.rs") || path.contains("/bin/") {
            continue;
        }
        if entry.is_dir() {
            walk(&entry, found);
        } else if path.ends_with(".rs") {
            found.push(Source::new(&path, &std::fs::read_to_string(&entry).expect("a source")));
        }
    }
}

/// The code without comments and without the inline test module that ends a file.
fn product_code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = text.lines().map(|line| match line.trim_start() {
        comment if comment.starts_with("//") => "",
        _ => line.split(" // ").next().unwrap_or_default(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Complains of each word that stands in the code.
fn forbidden(source: &Source, words: &[&str], why: &str) -> Vec<String> {
    let found = words.iter().filter(|word| source.code.contains(**word));
    found.map(|word| format!("{}: `{word}`: {why}", source.path)).collect()
}

type Rule = fn(&Source) -> Vec<String>;

/// Every never that one file can break, by name, with a path and a snippet that break it.
const RULES: &[(&str, Rule, &str, &str)] = &[
    (
        "protocols are strangers",
        strangers,
        "singer-protocol/src/x.rs",
        "use airbyte_protocol::State;",
    ),
    (
        "protocols are strangers",
        strangers,
        "airbyte-protocol/src/x.rs",
        "use singer_protocol::State;",
    ),
    (
        "protocols are strangers",
        strangers,
        "adapters/runtime/src/x.rs",
        "use singer_protocol as singer;",
    ),
    ("vocabulary does no I/O", no_io, "singer-protocol/src/x.rs", "let f = std::fs::read(path);"),
    ("translate does no I/O", no_io, "bridge/src/translate/x/y.rs", "use std::{fs, io};"),
    ("translate does no I/O", no_io, "bridge/src/translate/x.rs", "use tokio::time;"),
    (
        "the tap's wing speaks Singer",
        wings_speak_singer,
        "bridge/src/tap/x.rs",
        "use airbyte_protocol::State;",
    ),
    (
        "the tap's wing speaks Singer",
        wings_speak_singer,
        "bridge/src/tap.rs",
        "use airbyte_singer_runtime::Error;",
    ),
    (
        "the tap's wing speaks Singer",
        wings_speak_singer,
        "bridge/src/target/x.rs",
        "use airbyte_protocol::State;",
    ),
    (
        "process/ knows no tap",
        process_alone,
        "bridge/src/process/x.rs",
        "use crate::tap::TapCommand;",
    ),
    (
        "the runtime sees no command line",
        no_clap,
        "adapters/runtime/src/x.rs",
        "#[derive(clap::Args)]",
    ),
    (
        "the runtime sees no command line",
        no_clap,
        "adapters/runtime/src/x.rs",
        "use crate::cli::main;",
    ),
    ("one door to stdout", one_door, "bridge/src/x.rs", "std::io::stdout().write_all(b\"x\")"),
    ("one door to stdout", one_door, "adapters/runtime/src/log.rs", "println!(\"{x}\");"),
    (
        "one room that spawns",
        one_spawner,
        "bridge/src/source/x.rs",
        "Command::new(\"tap\").spawn()",
    ),
    (
        "one room that spawns",
        one_spawner,
        "adapters/runtime/src/x.rs",
        "use tokio::process::Command;",
    ),
    ("one room that spawns", one_spawner, "bridge/src/tap/process.rs", "process.spawn()"),
    ("no shell", no_shell, "bridge/src/process/group.rs", "Command::new(\"sh\").arg(\"-c\")"),
    ("no shell", no_shell, "bridge/src/process/group.rs", "Command::new(\"/bin/bash\")"),
    ("no drawer for odds and ends", no_drawer, "bridge/src/utils.rs", ""),
    ("no drawer for odds and ends", no_drawer, "bridge/src/common/mod.rs", ""),
    ("no drawer for odds and ends", no_drawer, "bridge/src/lib.rs", "pub(crate) mod helpers;"),
    ("nobody lets unsafe in", no_unsafe, "bridge/src/x.rs", "#![allow(unsafe_code)]"),
    ("nobody lets unsafe in", no_unsafe, "bridge/src/x.rs", "unsafe { *p }"),
    (
        "state rules live in one room",
        state_in_one_room,
        "bridge/src/source/read/runs.rs",
        "state.get(\"bookmarks\")",
    ),
    (
        "state rules live in one room",
        state_in_one_room,
        "bridge/src/translate/names/mod.rs",
        "json!({\"cuts\": []})",
    ),
    (
        "state rules live in one room",
        state_in_one_room,
        "bridge/src/translate/state/mod.rs",
        "pub mod cuts;",
    ),
    (
        "a lib.rs is a face",
        a_face,
        "adapters/sdk/src/lib.rs",
        "//! a\n//! b\n//! c\n//! d\n//! e\npub mod runtime;",
    ),
    ("a lib.rs is a face", a_face, "singer-protocol/src/lib.rs", "mod scan;"),
    (
        "main.rs is a doorstep",
        doorstep,
        "bridge/src/main.rs",
        "x\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx",
    ),
];

fn strangers(source: &Source) -> Vec<String> {
    let strangers: &[&str] = match source.path.split('/').next() {
        Some("singer-protocol") => {
            &["airbyte_protocol", "airbyte_singer_runtime", "airbyte_singer"]
        }
        Some("airbyte-protocol") => {
            &["singer_protocol", "airbyte_singer_runtime", "airbyte_singer"]
        }
        Some("adapters") => &["singer_protocol", "airbyte_singer::"],
        _ => &[],
    };
    forbidden(source, strangers, "these crates don't know each other")
}

fn no_io(source: &Source) -> Vec<String> {
    let pure = ["bridge/src/translate", "singer-protocol/src", "airbyte-protocol/src"];
    if !pure.iter().any(|folder| source.is_below(folder)) {
        return Vec::new();
    }
    let words = [
        "std::fs",
        "std::io",
        "std::net",
        "std::process",
        "std::env",
        "std::thread",
        "std::{",
        "File::",
        "tokio",
        "tempfile",
        "rustix",
        "println!",
        "tracing",
    ];
    forbidden(source, &words, "vocabulary and translation are pure")
}

/// A target is a program as a tap is, and is to stand beside it.
fn wings_speak_singer(source: &Source) -> Vec<String> {
    if !source.is_below("bridge/src/tap") && !source.is_below("bridge/src/target") {
        return Vec::new();
    }
    forbidden(
        source,
        &["airbyte_", "crate::translate", "crate::source"],
        "tap/ and target/ speak Singer only",
    )
}

/// What is run for whatever wing knows none of them.
fn process_alone(source: &Source) -> Vec<String> {
    if !source.is_below("bridge/src/process") {
        return Vec::new();
    }
    let words = ["airbyte_", "singer_protocol", "crate::tap", "crate::target", "crate::source"];
    forbidden(source, &words, "process/ serves taps and targets alike")
}

fn no_clap(source: &Source) -> Vec<String> {
    let is_face = matches!(source.path.as_str(), "adapters/runtime/src/cli.rs");
    if !source.is_below("adapters/runtime/src") || is_face {
        return Vec::new();
    }
    forbidden(source, &["crate::cli", "clap"], "any source can be embedded without a command line")
}

fn one_door(source: &Source) -> Vec<String> {
    if source.path == "adapters/runtime/src/output.rs" {
        return Vec::new();
    }
    let words = ["io::stdout", "stdio::stdout", "println!", "print!(", "/dev/stdout", "{Stdout"];
    forbidden(source, &words, "only output.rs writes stdout")
}

/// Taps, and later targets, connectors and installers, ask this room.
fn one_spawner(source: &Source) -> Vec<String> {
    if source.is_below("bridge/src/process") {
        return Vec::new();
    }
    let words = ["Command::new", "process::Command", ".spawn()"];
    forbidden(source, &words, "only process/ starts processes")
}

fn no_shell(source: &Source) -> Vec<String> {
    let words = ["\"sh\"", "\"bash\"", "\"-c\"", "/sh\"", "/bash\"", "SHELL"];
    forbidden(source, &words, "argv only, never a shell")
}

fn no_drawer(source: &Source) -> Vec<String> {
    const DRAWERS: [&str; 6] = ["utils", "util", "common", "helpers", "helper", "misc"];
    let named = source.path.trim_end_matches(".rs").split('/').find(|part| DRAWERS.contains(part));
    let declared = DRAWERS.iter().find(|name| source.code.contains(&format!("mod {name}")));
    let found = named.into_iter().chain(declared.copied());
    found.map(|name| format!("{}: a module called {name}", source.path)).collect()
}

fn no_unsafe(source: &Source) -> Vec<String> {
    forbidden(source, &["unsafe {", "unsafe fn", "unsafe impl", "unsafe_code"], "no unsafe")
}

/// A rule about state must name what a state is made of.
fn state_in_one_room(source: &Source) -> Vec<String> {
    if source.path == "bridge/src/translate/state/mod.rs" {
        return forbidden(source, &["pub mod"], "the room has one door");
    }
    if !source.path.starts_with("bridge/") || source.is_below("bridge/src/translate/state") {
        return Vec::new();
    }
    let words = ["\"bookmarks", "\"cuts\"", "\"parts\"", "bookmarks:", "translate::state::cuts"];
    forbidden(source, &words, "state rules live in translate/state/")
}

/// A face: a page on what the crate is, private modules, and the few open ones that we know of.
fn a_face(source: &Source) -> Vec<String> {
    let open: &[&str] = match source.path.as_str() {
        "singer-protocol/src/lib.rs" => &["message"],
        "airbyte-protocol/src/lib.rs" => &["record"],
        "adapters/runtime/src/lib.rs" => &["cli"],
        "adapters/toolkit/src/lib.rs" => &["testing"],
        "adapters/http/src/lib.rs" => &[],
        "adapters/sdk/src/lib.rs" => &["sources"],
        // The interface of the binary and its tests, and of nobody else.
        "bridge/src/lib.rs" => {
            &["cli", "failure", "options", "profile", "source", "tap", "translate"]
        }
        _ => return Vec::new(),
    };
    let public = source.code.lines().filter_map(|line| line.trim().strip_prefix("pub mod "));
    let public = public.map(|name| name.trim_end_matches(';'));
    let text = std::fs::read_to_string(root().join(&source.path)).unwrap_or_default();
    let page = text.lines().take_while(|line| line.starts_with("//!")).count();
    let mut wrong: Vec<String> = public
        .filter(|name| !open.contains(name))
        .map(|name| format!("{}: module {name} is public", source.path))
        .collect();
    if page < 5 || !source.code.contains("mod ") || !source.code.contains("pub ") {
        wrong.push(format!("{}: no page on what the crate is, or no exports", source.path));
    }
    wrong
}

fn doorstep(source: &Source) -> Vec<String> {
    let long = source.path.ends_with("src/main.rs") && source.code.lines().count() > 25;
    long.then(|| format!("{}: more than a doorstep", source.path)).into_iter().collect()
}

#[test]
fn no_file_breaks_a_never() {
    let sources = sources();
    let rules: BTreeSet<(&str, usize)> =
        RULES.iter().enumerate().map(|(index, (name, ..))| (*name, index)).collect();
    let mut wrong = BTreeSet::new();
    for (name, index) in rules {
        for source in &sources {
            wrong.extend(RULES[index].1(source).into_iter().map(|what| format!("{name}: {what}")));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_rule_finds_what_it_is_for() {
    for (name, rule, path, snippet) in RULES {
        let found = rule(&Source::new(path, snippet));
        assert!(!found.is_empty(), "{name} passes over {path}: {snippet}");
        let comment = format!("// {}", snippet.replace('\n', "\n// "));
        let elsewhere = rule(&Source::new("bridge/src/elsewhere.rs", &comment));
        assert!(elsewhere.is_empty(), "{name} minds a comment: {elsewhere:?}");
    }
}

#[test]
fn tests_and_comments_are_no_product_code() {
    let code = product_code("a // b\n/// c\nd\n#[cfg(test)]\nmod tests {\n e\n}\n");
    assert_eq!(code, "a\n\nd");
}

/// What cargo says without a network.
fn cargo(args: &[&str]) -> Vec<u8> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = std::process::Command::new(cargo);
    let output = command.args(args).arg("--offline").current_dir(root()).output();
    let output = output.expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn metadata() -> Value {
    let output = cargo(&["metadata", "--no-deps", "--format-version", "1"]);
    serde_json::from_slice(&output).expect("metadata is JSON")
}

/// What is wrong with the directions between crates.
fn directions(metadata: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let packages = metadata["packages"].as_array().expect("packages");
    let ours: Vec<&str> = packages.iter().filter_map(|p| p["name"].as_str()).collect();
    for package in packages {
        let name = package["name"].as_str().expect("a name");
        let Some((_, _, known)) = CRATES.iter().find(|(_, package, _)| *package == name) else {
            wrong.push(format!("{name} has no place in the house"));
            continue;
        };
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let other = dependency["name"].as_str().expect("a name");
            // Examples in the documentation name what an author depends on.
            let is_example = dependency["kind"] == "dev" && other == "airbyte-singer-sdk";
            if ours.contains(&other) && !known.contains(&other) && !is_example {
                wrong.push(format!("{name} knows {other}"));
            }
            let is_for_tests = dependency["kind"] == "dev";
            if HTTP_CLIENT.contains(&other) && name != "airbyte-singer-http" && !is_for_tests {
                wrong.push(format!("{name} takes {other}, a part of an HTTP client"));
            }
            if other == "jsonschema" && dependency["uses_default_features"] == true {
                wrong.push(format!("{name} takes jsonschema with its HTTP client"));
            }
        }
    }
    wrong
}

#[test]
fn crates_know_each_other_in_one_direction_only() {
    let real = metadata();
    assert_eq!(real["packages"].as_array().map(Vec::len), Some(CRATES.len()));
    assert_eq!(directions(&real), Vec::<String>::new());
    for (knower, known, complaint) in [
        ("airbyte-singer-toolkit", "airbyte-singer-http", "knows airbyte-singer-http"),
        ("airbyte-singer-runtime", "airbyte-singer-toolkit", "knows airbyte-singer-toolkit"),
        (
            "airbyte-singer-http",
            "airbyte-singer-singer-protocol",
            "knows airbyte-singer-singer-protocol",
        ),
        ("airbyte-singer-toolkit", "reqwest", "takes reqwest, a part of an HTTP client"),
    ] {
        let mut bad = real.clone();
        let packages = bad["packages"].as_array_mut().expect("packages");
        let package = packages.iter_mut().find(|p| p["name"] == knower).expect("there");
        package["dependencies"][0]["name"] = known.into();
        package["dependencies"][0]["kind"] = Value::Null;
        assert_eq!(directions(&bad), [format!("{knower} {complaint}")]);
    }
}

/// What of an HTTP client is compiled into the binary with these features.
fn http_client(features: &[&str]) -> BTreeSet<String> {
    let tree = ["tree", "-p", "airbyte-singer", "-e", "normal,build", "--prefix", "none"];
    let tree = cargo(&[&tree, features].concat());
    let tree = String::from_utf8(tree).expect("text");
    let names = tree.lines().filter_map(|line| line.split(' ').next());
    let parts = ["reqwest", "hyper", "rustls", "ring", "h2", "http", "url"];
    names.filter(|name| parts.contains(name)).map(str::to_owned).collect()
}

#[test]
fn the_bridge_alone_compiles_no_http_client() {
    assert_eq!(http_client(&["--no-default-features"]), BTreeSet::new());
    let shipped = http_client(&[]);
    assert!(
        ["reqwest", "hyper", "rustls"].iter().all(|part| shipped.contains(*part)),
        "{shipped:?}"
    );
}

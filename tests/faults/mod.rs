//! What can go wrong, fault by fault, each with a real process as the tap, and what the user sees of
//! it. `docs/faults.md` is made from these declarations, so that what it says is what is asserted.
//!
//! `cargo test -p airbyte-singer --test all faults::` lists them by name and runs them.
//!
//! To add one: a line in a room below, in [`faults!`]. To add a room: its file, and its line in
//! [`rooms`].

mod client;
mod config;
mod disk;
mod files;
mod lines;
mod rewrites;
mod start;
mod time;
mod words;

use crate::check::lives;
use crate::harness::*;
use serde_json::{Value, json};
use std::fmt::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A fault: its name, what happens, and what the user sees.
pub(crate) struct Fault {
    name: &'static str,
    when: &'static str,
    run: fn(&Work) -> Output,
    sees: [&'static str; 3],
}

/// Declares the faults of a room, each a test of its own: its name, what happens, what brings it
/// about, and what the user sees (how the program ends, what it says, what becomes of the streams).
macro_rules! faults {
    ($($name:ident: $when:literal, $run:expr, [$exit:literal, $says:literal, $streams:literal];)*) => {
        /// The faults of this room.
        pub(super) const ALL: &[crate::faults::Fault] = &[$(crate::faults::Fault {
            name: stringify!($name),
            when: $when,
            run: $run,
            sees: [$exit, $says, $streams],
        }),*];
        $(#[test]
        fn $name() {
            crate::faults::shows(ALL, stringify!($name));
        })*
    };
}
use faults;

/// The rooms, as the table shows them.
fn rooms() -> [(&'static str, &'static [Fault]); 9] {
    [
        ("Starting the tap", start::ALL),
        ("What a tap says as it fails", words::ALL),
        ("What a tap writes", lines::ALL),
        ("Files of records (BATCH)", files::ALL),
        ("A config that the tap rewrites", rewrites::ALL),
        ("The client", client::ALL),
        ("Config, catalog, state", config::ALL),
        ("Disks", disk::ALL),
        ("Time and signals", time::ALL),
    ]
}

/// Brings a fault about and looks at what the user sees, and that no tap is left.
fn shows(room: &[Fault], name: &str) {
    let fault = room.iter().find(|fault| fault.name == name).expect("a fault of this room");
    let work = Work::new();
    let output = (fault.run)(&work);
    let seen = seen(&output, &work);
    assert_eq!(seen.each_ref().map(String::as_str), fault.sees, "{}: {output}", fault.name);
    for pid in std::fs::read_to_string(work.path("pids")).unwrap_or_default().lines() {
        let pid = pid.parse().expect("a pid");
        eventually("the tap and what it started are gone", || !lives(pid));
    }
}

/// How the program ended; the ERROR trace, the answer of a check, or else the log from WARN on; the
/// last status of each stream and how many of its records came.
fn seen(output: &Output, work: &Work) -> [String; 3] {
    let exit = match output.exit {
        Exit::Code(code) => format!("exit {code}"),
        Exit::Signal(15) => "SIGTERM".to_owned(),
        Exit::Signal(2) => "SIGINT".to_owned(),
        Exit::Signal(signal) => format!("signal {signal}"),
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut says: Vec<String> = output
        .errors()
        .iter()
        .map(|error| format!("{}: {}", text(&error["failure_type"]), text(&error["message"])))
        .collect();
    if output.lines.iter().any(|line| line.kind == "CONNECTION_STATUS") {
        let (status, message) = output.answer();
        says.push(if message.is_empty() { status } else { format!("{status}: {message}") });
    }
    if says.is_empty() || says == ["SUCCEEDED"] {
        let grave = |log: &String| log.starts_with("WARN") || log.starts_with("ERROR");
        says.extend(output.logs().into_iter().filter(grave));
    }
    says.extend(output.stderr.lines().map(|line| format!("stderr: {line}")));
    let own = work.path("").display().to_string();
    let says = says.join("; ").replace(&own, "/here/").replace(own.trim_end_matches('/'), "/here");
    [exit, says, streams(output)]
}

fn streams(output: &Output) -> String {
    let mut last: Vec<(String, String)> = Vec::new();
    for (name, status) in output.lines.iter().filter_map(Line::status) {
        last.retain(|(other, _)| *other != name);
        last.push((name, status));
    }
    let told = last.iter().map(|(name, status)| match output.records_of(name).len() {
        0 => format!("{name} {status}"),
        1 => format!("{name} {status}, 1 record"),
        count => format!("{name} {status}, {count} records"),
    });
    told.collect::<Vec<_>>().join("; ")
}

/// A tap of the streams `people` and `planets`: a shell script whose sync is `body`. `row N` writes
/// a record, `state N` a STATE, `$here` is the work folder.
fn script(work: &Work, body: &str) -> PathBuf {
    let entries = ["people", "planets"].map(|name| {
        let mut entry = entry(name, &["id"], columns());
        entry["replication_method"] = json!("FULL_TABLE");
        entry
    });
    let catalog = work.file("discovered.json", json!({"streams": entries}).to_string());
    let (here, catalog) = (work.path(""), catalog.display().to_string());
    let text = format!(
        r#"#!/bin/sh
here='{}'
echo $$ >> "$here/pids"
case "$*" in *--help*) echo "usage: tap-x --config C [--discover] [--catalog C]"; exit;; esac
case "$*" in *--about*) exit 2;; esac
discovery() {{ cat '{catalog}'; }}
schema() {{ printf '%s\n' '{}'; }}
row() {{ printf '{{"type":"RECORD","stream":"people","record":{{"id":%s}}}}\n' "$1"; }}
state() {{ printf '{{"type":"STATE","value":{{"bookmarks":{{"people":{{"id":%s}}}}}}}}\n' "$1"; }}
{body}
"#,
        here.display(),
        schema("people"),
    );
    program(work, &text)
}

/// A file that may be executed.
fn program(work: &Work, text: &str) -> PathBuf {
    let path = work.file("tap-x", text);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("ours");
    path
}

/// A script that discovers well and does `body` for a sync.
fn syncing(work: &Work, body: &str) -> PathBuf {
    script(work, &format!("case \"$*\" in *--discover*) discovery; exit;; esac\n{body}"))
}

/// The configured catalog: `people` alone.
fn people() -> Value {
    json!({"streams": [{"stream": {"name": "people", "json_schema": {},
        "supported_sync_modes": ["full_refresh"]}, "sync_mode": "full_refresh"}]})
}

/// A read of `people` from a tap whose sync is `body`.
fn read<'w>(work: &'w Work, body: &str) -> Run<'w> {
    work.read(&people()).arg("--tap").arg(syncing(work, body))
}

/// The program, started by a shell that does something around it: `exec "$@"`.
fn through<'w>(work: &'w Work, shell: &str) -> Run<'w> {
    work.program(Path::new("/bin/sh")).args(["-c", shell, "sh"]).arg(binary())
}

fn binary() -> &'static str {
    env!("CARGO_BIN_EXE_airbyte-singer")
}

/// Sees a read to its end that was started by hand.
fn ended(work: &Work, live: Live) -> Output {
    let output = live.end();
    assert_eq!(work.leftovers(), Vec::<std::ffi::OsString>::new(), "{output}");
    assert_eq!(judged(&output), Vec::<String>::new(), "{output}");
    output
}

fn judged(output: &Output) -> Vec<String> {
    crate::harness::faults(output, &people())
}

/// The table of all faults.
fn table() -> String {
    let rooms = rooms();
    let count: usize = rooms.iter().map(|(_, room)| room.len()).sum();
    let mut text = format!(
        "# Faults\n\n\
         What can go wrong, and what the user sees of it: {count} faults. Each row is a test of that name, and\n\
         this page is made from their declarations (`tests/faults`), so what it says is what is asserted.\n\n\
         * All of them, by name: `cargo test -p airbyte-singer --test all faults::`\n\
         * This page anew: `AIRBYTE_SINGER_BLESS=1 cargo test -p airbyte-singer --test all the_page_of_faults`\n\n\
         *Says* is the ERROR trace (`failure_type: message`), the answer of a check, or else what is logged from\n\
         WARN on. `tap-x` is the tap.\n"
    );
    for (title, room) in rooms {
        write!(text, "\n## {title}\n\n| fault | what happens | ends | says | streams |\n|---|---|---|---|---|\n")
            .expect("a string");
        for fault in room {
            let [exit, says, streams] = fault.sees.map(|cell| cell.replace('|', "\\|"));
            let says = if says.is_empty() { says } else { format!("`` {says} ``") };
            let (name, when) = (fault.name, fault.when);
            writeln!(text, "| `{name}` | {when} | {exit} | {says} | {streams} |")
                .expect("a string");
        }
    }
    text
}

#[test]
fn the_page_of_faults_says_what_is_asserted() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/faults.md");
    if std::env::var_os("AIRBYTE_SINGER_BLESS").is_some() {
        std::fs::write(&page, table()).expect("the page can be written");
    }
    let told = std::fs::read_to_string(page).expect("the page is there");
    assert!(told == table(), "docs/faults.md is stale: AIRBYTE_SINGER_BLESS=1 makes it anew");
}

#[test]
fn faults_have_names_of_their_own() {
    let rooms = rooms();
    let mut names: Vec<_> =
        rooms.iter().flat_map(|(_, room)| room.iter().map(|fault| fault.name)).collect();
    let count = names.len();
    assert!(count >= 40, "{count} faults");
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

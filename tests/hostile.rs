//! The fuzz targets (`fuzz/`) without a fuzzer: over seeds from the fixtures, and over mutations of
//! them that are the same in every run. A long run with coverage is `cargo fuzz`'s (docs/proofs.md).
//!
//! `AIRBYTE_SINGER_MUTATIONS` says how many mutations each target gets, 1000 by default;
//! `AIRBYTE_SINGER_SEEDS` names a folder into which the seeds are written, one folder a target.

use crate::chance::Chance;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[path = "../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "the fuzzer reaches them")]
pub(crate) mod targets;

/// A seed is cut to what a fuzzer can take apart; those that are longer are left out.
const LONGEST: usize = 16 * 1024;

/// All files of the fixtures whose name ends so.
fn fixtures(end: &str) -> Vec<Vec<u8>> {
    fn walk(folder: &Path, end: &str, found: &mut BTreeSet<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, end, found);
            } else if path.to_string_lossy().ends_with(end) {
                found.insert(path);
            }
        }
    }
    let mut found = BTreeSet::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures"), end, &mut found);
    assert!(!found.is_empty(), "no fixture ends with {end}");
    found.iter().map(|path| std::fs::read(path).expect("a file")).collect()
}

/// The lines of all recordings, each once.
fn lines() -> Vec<Vec<u8>> {
    let files = fixtures(".jsonl");
    let lines = files.iter().flat_map(|file| file.split(|byte| *byte == b'\n'));
    let lines: BTreeSet<&[u8]> = lines.filter(|line| !line.is_empty()).collect();
    lines.into_iter().map(<[u8]>::to_vec).collect()
}

fn of_kind(kind: &str) -> Vec<serde_json::Value> {
    let lines = lines();
    let messages = lines.iter().filter_map(|line| serde_json::from_slice(line).ok());
    messages.filter(|message: &serde_json::Value| message["type"] == kind).collect()
}

/// A line nested so deeply, itself included.
fn nested(levels: usize) -> Vec<u8> {
    let (open, close) = ("[".repeat(levels - 2), "]".repeat(levels - 2));
    format!(r#"{{"type":"STATE","value":{{"a":{open}{close}}}}}"#).into_bytes()
}

fn scanner_seeds() -> Vec<Vec<u8>> {
    let mut seeds = lines();
    seeds.extend([998, 999, 1000, 1001].map(nested));
    let odd = [
        r#"{"type":"RECORD","stream":"s","record":{"a":[1,NaN],"b":-Infinity}}"#,
        r#"{"\u0074ype":"record","stream":"\ud83d\ude00","record":{"a":"\u0000"},"version":7}"#,
        r#"{"type":"BATCH","stream":"s","encoding":{"format":"jsonl"},"manifest":["file:///a"]}"#,
        r#"{"type":"ACTIVATE_VERSION","stream":"s","version":1700000000000}"#,
        r#"{"type":"SCHEMA","stream":"s","schema":{},"key_properties":"id","stream":"t"}"#,
        "\u{feff} {\"type\":\"RECORD\",\"stream\":\"\\ud800\",\"record\":{}}\r\n",
    ];
    seeds.extend(odd.map(|line| line.as_bytes().to_vec()));
    seeds
}

/// Times as they stand in records and states, and odd ones.
fn time_seeds() -> Vec<Vec<u8>> {
    let records = of_kind("RECORD");
    let times = records.iter().filter_map(|record| record["time_extracted"].as_str());
    let odd = ["2016-12-31t23:59:60,5+0530", "0001-01-01 00:00Z", "9999-12-31T23:59:59.999-14:00"];
    let times: BTreeSet<&str> = times.chain(odd).collect();
    times.into_iter().map(|time| time.as_bytes().to_vec()).collect()
}

/// The STATEs of each recording one after the other, for streams that are called as the target's are.
fn state_seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (at, file) in fixtures(".jsonl").iter().enumerate() {
        let messages = file.split(|byte| *byte == b'\n');
        let messages = messages.filter_map(|line| serde_json::from_slice(line).ok());
        let states = messages.filter(|message: &serde_json::Value| message["type"] == "STATE");
        let states: Vec<_> = states.map(|state| renamed(state["value"].clone())).collect();
        let choice = u8::try_from(at * 37 % 256).expect("a byte");
        let seed = [vec![choice, 2, 3, 5], states.join("\n").into_bytes()].concat();
        seeds.push(seed);
    }
    seeds
}

/// A state whose first three bookmarks are those of `a`, `b` and `c`.
fn renamed(mut state: serde_json::Value) -> String {
    if let Some(bookmarks) = state.get_mut("bookmarks").and_then(|value| value.as_object_mut()) {
        let names = ["a", "b", "c"].map(str::to_owned).into_iter();
        let taken = std::mem::take(bookmarks).into_iter();
        bookmarks.extend(names.zip(taken).map(|(name, (_, bookmark))| (name, bookmark)));
    }
    state.to_string()
}

/// Each recording under four set-ups, with its streams' own names and with the target's.
fn messages_seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for file in fixtures(".jsonl") {
        let text = String::from_utf8_lossy(&file).into_owned();
        let first = of_file(&file).into_iter().next();
        let named = first.map(|name| text.replace(&format!("{name:?}"), "\"a\""));
        for (choice, text) in
            [(0, Some(&text)), (1, Some(&text)), (2, named.as_ref()), (3, named.as_ref())]
        {
            seeds.extend(text.map(|text| [&[choice], text.as_bytes()].concat()));
        }
    }
    seeds
}

/// The recordings in pieces of a few lines.
fn output_seeds() -> Vec<Vec<u8>> {
    let pieces = |file: Vec<u8>| {
        let lines: Vec<&[u8]> = file.split_inclusive(|byte| *byte == b'\n').collect();
        lines.chunks(8).map(<[&[u8]]>::concat).collect::<Vec<_>>()
    };
    let odd = [
        r#"{"type":"RECORD","stream":"s","record":{}}"#,
        r#"{"type":"RECORD","stream":"s","record":null}"#,
        r#"{"record":{"a":{"b":[1]},"id":2},"stream":"s","time_extracted":"2024-01-01T00:00:00Z","type":"RECORD"}"#,
        r#"{"stream":"s","time_extracted":"2024-01-01 00:00","record":{"id":1,"a":{}},"type":"RECORD","version":3}"#,
        r#"{"type":"RECORD","stream":"s","record":{"a":1},"record":[{"id":1}]}"#,
    ];
    let mut seeds: Vec<_> = fixtures(".jsonl").into_iter().flat_map(pieces).collect();
    seeds.extend(odd.map(|line| format!("{line}\n{line}\n").into_bytes()));
    seeds.push(odd.join("\n").into_bytes());
    seeds
}

/// The streams that a recording's SCHEMAs name.
fn of_file(file: &[u8]) -> Vec<String> {
    let messages = file.split(|byte| *byte == b'\n');
    let messages = messages.filter_map(|line| serde_json::from_slice(line).ok());
    let schemas = messages.filter(|message: &serde_json::Value| message["type"] == "SCHEMA");
    schemas.filter_map(|schema| schema["stream"].as_str().map(str::to_owned)).collect()
}

/// A change such as a fuzzer makes: bytes altered, doubled, left out, or taken from another seed.
fn mutate(seed: &[u8], other: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=chance.below(4) {
        let at = chance.below(bytes.len() + 1);
        let end = (at + 1 + chance.below(40)).min(bytes.len());
        match chance.below(6) {
            0 if at < bytes.len() => bytes[at] = u8::try_from(chance.below(256)).expect("a byte"),
            1 => bytes.insert(at, b"\"{}[],:\\\0 \n1-eN"[chance.below(15)]),
            2 if at < end => drop(bytes.drain(at..end)),
            3 if at < end => {
                let twice = bytes[at..end].to_vec();
                bytes.splice(at..at, twice);
            }
            4 => bytes.truncate(at),
            _ => {
                let from = chance.below(other.len() + 1);
                let to = (from + 1 + chance.below(60)).min(other.len());
                bytes.splice(at..at, other[from..to].iter().copied());
            }
        }
    }
    bytes
}

/// Runs a target over its seeds and over mutations of them.
fn holds(name: &str, seeds: Vec<Vec<u8>>, target: fn(&[u8])) {
    let seeds: Vec<_> = seeds.into_iter().filter(|seed| seed.len() <= LONGEST).collect();
    assert!(!seeds.is_empty(), "{name} has seeds");
    if let Ok(folder) = std::env::var("AIRBYTE_SINGER_SEEDS") {
        // From where the user stands, and that is the repository.
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder).join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        for (number, seed) in seeds.iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{number}")), seed).expect("a file");
        }
    }
    seeds.iter().for_each(|seed| target(seed));
    let wanted = std::env::var("AIRBYTE_SINGER_MUTATIONS").ok().and_then(|n| n.parse().ok());
    let mut chance = Chance::seeded(20_261_122);
    for number in 0..wanted.unwrap_or(1000) {
        let (seed, other) = (chance.below(seeds.len()), chance.below(seeds.len()));
        let mutation = mutate(&seeds[seed], &seeds[other], &mut chance);
        let outcome = std::panic::catch_unwind(|| target(&mutation));
        assert!(
            outcome.is_ok(),
            "{name}, mutation {number}: {:?}",
            mutation.escape_ascii().to_string()
        );
    }
}

#[test]
fn the_scanner_reads_what_serde_json_reads() {
    holds("scanner", scanner_seeds(), targets::scanner::run);
}

#[test]
fn logs_of_any_kind_are_told() {
    holds("log", fixtures("stderr.txt"), targets::log::run);
}

#[test]
fn times_are_written_as_themselves() {
    holds("time", time_seeds(), targets::time::run);
}

#[test]
fn catalogs_of_any_kind_are_offered_and_selected_from() {
    let catalogs = [fixtures("discover.json"), fixtures("catalog.json")].concat();
    holds("catalog", catalogs, targets::catalog::run);
}

#[test]
fn states_of_any_kind_are_handed_back_as_they_were_said() {
    holds("state", state_seeds(), targets::state::run);
}

#[test]
fn lines_are_read_as_each_alone_whatever_came_before() {
    holds("lines", output_seeds(), targets::lines::run);
}

#[test]
fn fields_are_taken_out_of_records_of_any_kind() {
    let records = of_kind("RECORD").into_iter().map(|record| record.to_string().into_bytes());
    holds("fields", records.collect(), targets::fields::run);
}

#[test]
fn outputs_of_any_kind_become_lines_of_the_grammar() {
    holds("messages", messages_seeds(), targets::messages::run);
}

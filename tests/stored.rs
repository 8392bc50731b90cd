//! What earlier versions stored goes on working: states, the configured catalogs that they were
//! stored with, configs and profiles. `fixtures/stored/ORIGIN.md` says who wrote them.
//!
//! Each folder of `fixtures/stored/states` is a read that was made and stopped. `case.json` says of
//! what, `configured.json` and `state.json` are what a platform kept of it, and `expected.json` is
//! what a read that resumed it brought. They are never blessed anew. For a case that is new,
//! `AIRBYTE_SINGER_STORED_BY=PROGRAM` has that program write the three files where they are missing.

#[cfg(feature = "http")]
mod server;
mod settings;

use crate::harness::*;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// What stands in a `case.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What it shows.
    #[serde(rename = "what")]
    _what: String,
    source: Source,
    /// The first read, which left the state.
    #[serde(default)]
    first: Read,
    /// The second one, which resumes it.
    #[serde(default)]
    then: Read,
    #[serde(default)]
    streams: Vec<String>,
    /// By which field the user has streams read that don't say one.
    #[serde(default)]
    cursors: Map<String, Value>,
    #[serde(default)]
    kept: Kept,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Source {
    TapSample,
    TapChildren,
    Replay,
    Sample,
    Http,
}

/// In which form a platform kept the state.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kept {
    /// The newest of each stream, in a list.
    #[default]
    Streams,
    /// The last one, in a list.
    Last,
    /// The Singer state, bare.
    Singer,
    /// The last STATE message, as it was written.
    Message,
    /// This text.
    Text(String),
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Read {
    config: Map<String, Value>,
    /// The scenario of `fixtures/taps` that is played.
    plays: Option<String>,
    flags: Vec<String>,
    /// How many of its states the platform took before it was stopped; all of them if it isn't said.
    states: Option<usize>,
    /// How many requests of a list the server answers.
    answers: Option<usize>,
    rows: u64,
}

/// Where a case is played.
struct Stage {
    work: Work,
    program: Option<PathBuf>,
    #[cfg(feature = "http")]
    server: server::Server,
}

impl Stage {
    fn new(program: Option<PathBuf>) -> Self {
        Self {
            work: Work::new(),
            program,
            #[cfg(feature = "http")]
            server: server::Server::start(),
        }
    }

    /// The server's own address, where a file names none.
    fn with_address(&self, text: &str) -> String {
        #[cfg(feature = "http")]
        let text = &text.replace("http://SERVER", &self.server.address);
        text.to_owned()
    }

    fn without_address(&self, text: &str) -> String {
        #[cfg(feature = "http")]
        let text = &text.replace(&self.server.address, "http://SERVER");
        text.to_owned()
    }

    /// A command on the case's source.
    fn command(&self, command: &str, case: &Case, read: &Read) -> Run<'_> {
        #[cfg(feature = "http")]
        self.server.has(read.rows, read.answers.filter(|_| command == "read"));
        let run = match &self.program {
            Some(program) => self.work.program(program).arg(command),
            None => self.work.run(command),
        };
        let config = self.with_address(&Value::Object(read.config.clone()).to_string());
        let run = run.with_config(config).args(&read.flags);
        let scenario = read.plays.as_ref().or(case.first.plays.as_ref());
        match case.source {
            Source::TapSample => run.tap_sample(),
            Source::TapChildren => {
                run.arg("--tap").arg(Tap::program().with_file_name("tap-children"))
            }
            Source::Sample => run.args(["--source", "sample"]),
            Source::Http => run.args(["--source", "http"]),
            Source::Replay => {
                let tap = Tap::scenario(scenario.expect("a scenario to play"));
                let said = std::fs::read(tap.folder().join("scenario.json")).expect("a file");
                let said: Value = serde_json::from_slice(&said).expect("JSON");
                let run = run.tap(&tap);
                match said.get("profile") {
                    Some(profile) => {
                        let path = self.work.file("profile.yaml", profile.to_string());
                        run.arg("--profile").arg(path)
                    }
                    None => run,
                }
            }
        }
    }

    /// What comes of a read, as far as earlier versions have a say in it: which rows, what the tap
    /// was given and how the streams ended.
    fn resumed(&self, case: &Case, configured: &Value, state: &str) -> Value {
        let runs = self.work.given().len();
        let catalog = self.work.file("configured.json", self.with_address(&configured.to_string()));
        let state = self.work.file("state.json", self.with_address(state));
        let read = self.command("read", case, &case.then).arg("--catalog").arg(catalog);
        let read = read.arg("--state").arg(state).go();
        let (mut rows, mut ends) = (Map::new(), Map::new());
        for stream in configured["streams"].as_array().expect("streams") {
            let name = name_of(&stream["stream"]);
            rows.insert(name.clone(), rows_of(&read, &name).into());
            ends.insert(name.clone(), read.last_status(&name).into());
        }
        let given = self.work.given().into_iter().skip(runs);
        let given = given.filter(|given| given.run == "sync" || given.run == "resume");
        let given: Vec<Value> = given
            .map(|given| json!({"streams": given.selected(), "state": given.file("--state")}))
            .collect();
        json!({"rows": rows, "ends": ends, "given": given})
    }
}

/// The rows of a stream by their ids, in their order, such as `7, 9-12`; or how many there are where
/// they have no such key.
fn rows_of(read: &Output, stream: &str) -> String {
    let ids = read.column(stream, "id");
    let Some(ids) = ids.iter().map(Value::as_u64).collect::<Option<Vec<_>>>() else {
        return format!("{} rows", ids.len());
    };
    let runs = ids.chunk_by(|one, next| one.checked_add(1) == Some(*next));
    let runs = runs.map(|run| match run {
        [one] => one.to_string(),
        run => format!("{}-{}", run[0], run[run.len() - 1]),
    });
    runs.collect::<Vec<_>>().join(", ")
}

/// Makes a case's files.
fn store(folder: &Path, case: &Case, program: &Path) {
    let stage = Stage::new(Some(program.to_owned()));
    let catalog = stage.command("discover", case, &case.first).ok().catalog();
    let mut configured = configured(&catalog, |stream| {
        let modes = stream["supported_sync_modes"].as_array();
        let offered = modes.is_some_and(|modes| modes.contains(&json!("incremental")))
            && (stream["source_defined_cursor"] == true
                || stream.get("default_cursor_field").is_some());
        if offered { "incremental" } else { "full_refresh" }
    });
    for stream in configured["streams"].as_array_mut().expect("streams") {
        if let Some(field) = case.cursors.get(&name_of(&stream["stream"])) {
            stream["sync_mode"] = json!("incremental");
            stream["cursor_field"] = json!([field]);
        }
    }
    if !case.streams.is_empty() {
        let streams: Vec<&str> = case.streams.iter().map(String::as_str).collect();
        configured = only(&configured, &streams);
    }
    let file = stage.work.file("first.json", configured.to_string());
    let first = stage.command("read", case, &case.first).arg("--catalog").arg(file).go();
    let places = first.state_lines();
    let taken = case.first.states.unwrap_or(places.len()).min(places.len());
    let last = places[..taken].last().map(|place| &first.lines[*place]);
    let state = match (&case.kept, last) {
        (Kept::Text(text), _) => text.clone(),
        (_, None) => panic!("{}: no state came\n{first}", folder.display()),
        (Kept::Streams, _) => first.committed_state_at(places[taken - 1]).to_string(),
        (Kept::Last, Some(line)) => json!([line.field("state")]).to_string(),
        (Kept::Singer, Some(line)) => line.field("state")["data"].to_string(),
        (Kept::Message, Some(line)) => line.raw.clone(),
    };
    let expected = stage.resumed(case, &configured, &state);
    let keep = |name: &str, text: String| {
        let text = stage.without_address(&text) + if text.is_empty() { "" } else { "\n" };
        std::fs::write(folder.join(name), text).expect("a file");
    };
    keep("configured.json", configured.to_string());
    keep("state.json", state);
    keep("expected.json", serde_json::to_string_pretty(&expected).expect("JSON"));
}

/// The program that makes what is missing.
fn writer() -> Option<PathBuf> {
    std::env::var_os("AIRBYTE_SINGER_STORED_BY").map(PathBuf::from)
}

fn is_playable(case: &Case) -> bool {
    cfg!(feature = "http") || !matches!(case.source, Source::Http)
}

#[test]
fn every_stored_state_is_resumed_as_it_was() {
    let folders = folders("stored/states");
    assert!(folders.len() > 20, "the stored states are there");
    let writer = writer();
    let mut wrong = Vec::new();
    for folder in folders {
        let text = std::fs::read(folder.join("case.json")).expect("a case.json");
        let case: Case = serde_json::from_slice(&text)
            .unwrap_or_else(|error| panic!("{}/case.json: {error}", folder.display()));
        if !is_playable(&case) {
            continue;
        }
        if let Some(writer) = writer.as_ref().filter(|_| !folder.join("state.json").exists()) {
            store(&folder, &case, writer);
        }
        let file = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a file");
        let json = |name: &str| serde_json::from_str::<Value>(&file(name)).expect("JSON");
        let stage = Stage::new(None);
        let resumed = stage.resumed(&case, &json("configured.json"), &file("state.json"));
        if resumed != json("expected.json") {
            wrong.push(format!("{}: {resumed}", folder.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

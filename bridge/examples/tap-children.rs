//! A tap of parents and children in the manner of the Meltano SDK, for tests of whoever runs taps.
//!
//! `accounts` have `contacts` and `notes`, contacts have `calls`. A child is read under each parent
//! that is due, before the parent's own record, and STATEs come in between: so a child's rows hang
//! on bookmarks that aren't its own. Bookmarks of children stand in `partitions`, one a context;
//! `contacts` come unsorted, so theirs are `progress_markers` until a context is through.
//!
//! `round` in the config says how often the data has changed: in each round some accounts change,
//! and with them some of their contacts, which get new calls.

use serde_json::{Map, Value, json};
use singer_protocol::{Catalog, ReplicationMethod, State};
use std::collections::HashMap;
use std::error::Error;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

/// The field that all streams but `notes` are bookmarked by.
const KEY: &str = "updated_at";

/// A stream: its parent, its context and whether its rows come in the order of their key.
struct Stream {
    name: &'static str,
    parent: Option<usize>,
    /// The names of the fields that say under whom a row stands.
    context: &'static [&'static str],
    replication_key: bool,
    sorted: bool,
}

const STREAMS: [Stream; 4] = [
    Stream { name: "accounts", parent: None, context: &[], replication_key: true, sorted: true },
    Stream {
        name: "contacts",
        parent: Some(0),
        context: &["account_id"],
        replication_key: true,
        sorted: false,
    },
    Stream {
        name: "calls",
        parent: Some(1),
        context: &["account_id", "contact_id"],
        replication_key: true,
        sorted: true,
    },
    Stream {
        name: "notes",
        parent: Some(0),
        context: &["account_id"],
        replication_key: false,
        sorted: true,
    },
];

fn main() -> Result<()> {
    let mut files: HashMap<String, PathBuf> = HashMap::new();
    let mut args = std::env::args().skip(1);
    let mut discover = false;
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--discover" => discover = true,
            "--config" | "--catalog" | "--state" => {
                let file = args.next().ok_or_else(|| format!("{arg} needs a value"))?;
                files.insert(arg, file.into());
            }
            _ => return Err(format!("unrecognized arguments: {arg}").into()),
        }
    }
    let read = |flag: &str| files.get(flag).map(std::fs::read).transpose();
    let mut out = BufWriter::new(io::stdout().lock());
    if discover {
        let entries: Vec<Value> = STREAMS.iter().map(Stream::entry).collect();
        writeln!(out, "{}", json!({"streams": entries}))?;
        return Ok(out.flush()?);
    }
    let config: Value = serde_json::from_slice(&read("--config")?.ok_or("--config is missing")?)?;
    let catalog = Catalog::parse(&read("--catalog")?.ok_or("--catalog is missing")?)?;
    let state = State::parse(&read("--state")?.unwrap_or_default())?;
    let mut tap = Tap {
        asked: STREAMS.each_ref().map(|stream| Asked::of(stream, &catalog)),
        state,
        rows: rows(config["round"].as_u64().unwrap_or(0)),
        out,
    };
    tap.state.as_map_mut().entry("bookmarks").or_insert_with(|| json!({}));
    tap.sync(0, &[])?;
    Ok(tap.out.flush()?)
}

impl Stream {
    fn schema(&self) -> Value {
        let ids = self.context.iter().chain(&["id"]);
        let mut properties: Map<String, Value> =
            ids.map(|name| ((*name).to_owned(), json!({"type": ["integer"]}))).collect();
        properties.insert(KEY.into(), json!({"type": ["string", "null"], "format": "date-time"}));
        json!({"type": "object", "properties": properties})
    }

    /// As the SDK writes it: method and key at the entry's top as well.
    fn entry(&self) -> Value {
        let method = if self.replication_key { "INCREMENTAL" } else { "FULL_TABLE" };
        let mut own = json!({"inclusion": "available", "selected": true,
            "table-key-properties": ["id"], "forced-replication-method": method});
        let mut entry = json!({"tap_stream_id": self.name, "stream": self.name,
            "key_properties": ["id"], "schema": self.schema(), "replication_method": method});
        if self.replication_key {
            own["valid-replication-keys"] = json!([KEY]);
            entry["replication_key"] = json!(KEY);
        }
        entry["metadata"] = json!([{"breadcrumb": [], "metadata": own}]);
        entry
    }

    fn context(&self, ids: &[u64]) -> Map<String, Value> {
        self.context
            .iter()
            .map(|name| (*name).to_owned())
            .zip(ids.iter().map(|id| json!(id)))
            .collect()
    }
}

/// What the catalog asks of a stream.
#[derive(Clone, Copy)]
struct Asked {
    selected: bool,
    incremental: bool,
}

impl Asked {
    fn of(stream: &Stream, catalog: &Catalog) -> Self {
        let entry = catalog.stream(stream.name);
        let method = entry.and_then(|entry| entry.get("replication_method")?.as_str());
        Self {
            selected: entry.is_some_and(singer_protocol::Entry::is_selected),
            incremental: stream.replication_key
                && method.and_then(ReplicationMethod::of) == Some(ReplicationMethod::Incremental),
        }
    }
}

/// A row: its id and when it was changed.
#[derive(Clone, Copy)]
struct Row {
    id: u64,
    at: u64,
}

/// The rows of each stream under each context.
type Rows = HashMap<(usize, Vec<u64>), Vec<Row>>;

/// The data after so many rounds. Whatever changes below an account changes the account too:
/// otherwise nobody could see it.
fn rows(rounds: u64) -> Rows {
    let mut rows = Rows::new();
    for round in 0..=rounds {
        let known = 6 + round.saturating_sub(1);
        let accounts = if round == 0 { known } else { known + 1 };
        for account in 1..=accounts {
            let is_new = round == 0 || account == accounts;
            if !is_new && !chance(&[round, account]).is_multiple_of(3) {
                continue;
            }
            change(&mut rows, 0, &[], account, round);
            for note in 1..=2 {
                change(&mut rows, 3, &[account], account * 10 + note, 0);
            }
            for contact in 1..=2 {
                let contact = account * 10 + contact;
                if !is_new && chance(&[round, contact]).is_multiple_of(2) {
                    continue;
                }
                change(&mut rows, 1, &[account], contact, round);
                let (first, more) =
                    if is_new { (1, 170) } else { (round * 100, 3 + chance(&[contact]) % 20) };
                for call in first..first + more {
                    change(&mut rows, 2, &[account, contact], contact * 10_000 + call, round);
                }
            }
        }
    }
    for ((stream, _), rows) in &mut rows {
        // Unsorted: by anything but their time.
        match STREAMS[*stream].sorted {
            true => rows.sort_by_key(|row| (row.at, row.id)),
            false => rows.sort_by_key(|row| chance(&[row.id, row.at])),
        }
    }
    rows
}

/// A row is new, or was changed in that round.
fn change(rows: &mut Rows, stream: usize, context: &[u64], id: u64, round: u64) {
    let rows = rows.entry((stream, context.to_vec())).or_default();
    let row = Row { id, at: round * 100_000 + (id % 10_000) };
    match rows.iter_mut().find(|known| known.id == id) {
        Some(known) => *known = row,
        None => rows.push(row),
    }
}

/// A number that is always the same for the same numbers.
fn chance(numbers: &[u64]) -> u64 {
    numbers.iter().fold(0x9e37_79b9_7f4a_7c15, |hash, number| {
        let hash = (hash ^ number).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        hash ^ (hash >> 29)
    })
}

/// A moment, so many seconds after the data began; texts sort as the moments do.
fn moment(seconds: u64) -> String {
    singer_protocol::rfc3339(1_767_225_600_000 + i64::try_from(seconds).unwrap_or(0) * 1000)
}

struct Tap<W> {
    asked: [Asked; 4],
    state: State,
    rows: Rows,
    out: W,
}

impl<W: Write> Tap<W> {
    /// Reads a stream under one context, its children first.
    fn sync(&mut self, index: usize, context: &[u64]) -> Result<()> {
        let stream = &STREAMS[index];
        let Asked { selected, incremental } = self.asked[index];
        if selected {
            let line = json!({"type": "SCHEMA", "stream": stream.name, "schema": stream.schema(),
                "key_properties": ["id"], "bookmark_properties": if incremental { vec![KEY] } else { vec![] }});
            writeln!(self.out, "{line}")?;
        }
        let since = if selected { self.begin(index, context) } else { String::new() };
        let rows = self.rows.get(&(index, context.to_vec())).cloned().unwrap_or_default();
        let due = rows.into_iter().filter(|row| moment(row.at) >= since);
        for (number, row) in due.enumerate() {
            let below = [context, &[row.id]].concat();
            let children = (0..STREAMS.len()).filter(|child| STREAMS[*child].parent == Some(index));
            for child in children {
                if self.is_wanted(child) {
                    self.sync(child, &below)?;
                }
            }
            if selected {
                if (number + 1).is_multiple_of(40) {
                    self.say_state()?;
                }
                let mut record = stream.context(context);
                record.insert("id".into(), json!(row.id));
                record.insert(KEY.into(), json!(moment(row.at)));
                let line = json!({"type": "RECORD", "stream": stream.name, "record": record});
                writeln!(self.out, "{line}")?;
                self.advance(index, context, &moment(row.at));
            }
        }
        if selected {
            self.finalise(index, context);
            self.say_state()?;
        }
        Ok(())
    }

    /// Whether a stream or one below it is selected.
    fn is_wanted(&self, index: usize) -> bool {
        let below = |child: usize| STREAMS[child].parent == Some(index) && self.is_wanted(child);
        self.asked[index].selected || (0..STREAMS.len()).any(below)
    }

    /// Where a context goes on; empty for its start. What an earlier run left unfinished is no
    /// progress.
    fn begin(&mut self, index: usize, context: &[u64]) -> String {
        let incremental = self.asked[index].incremental;
        let bookmark = self.bookmark(index, context);
        bookmark.shift_remove("progress_markers");
        if !incremental {
            return String::new();
        }
        let since = bookmark.get("replication_key_value").and_then(Value::as_str);
        let since = since.unwrap_or_default().to_owned();
        if !since.is_empty() {
            bookmark.insert("starting_replication_value".into(), json!(since));
        }
        bookmark.insert("replication_key_signpost".into(), json!("2030-01-01T00:00:00Z"));
        since
    }

    /// A row is through.
    fn advance(&mut self, index: usize, context: &[u64], at: &str) {
        if !self.asked[index].incremental {
            return;
        }
        let bookmark = self.bookmark(index, context);
        let slot = match STREAMS[index].sorted {
            true => bookmark,
            false => {
                let note = json!({"Note": "Progress is not resumable if interrupted."});
                let markers = bookmark.entry("progress_markers").or_insert(note);
                let Some(markers) = markers.as_object_mut() else { return };
                markers
            }
        };
        let newest = slot.get("replication_key_value").and_then(Value::as_str).unwrap_or_default();
        if newest < at {
            slot.insert("replication_key".into(), json!(KEY));
            slot.insert("replication_key_value".into(), json!(at));
        }
    }

    /// A context is through: its progress counts.
    fn finalise(&mut self, index: usize, context: &[u64]) {
        let bookmark = self.bookmark(index, context);
        bookmark.shift_remove("replication_key_signpost");
        bookmark.shift_remove("starting_replication_value");
        if let Some(Value::Object(mut markers)) = bookmark.shift_remove("progress_markers") {
            markers.shift_remove("Note");
            bookmark.extend(markers);
        }
    }

    /// The bookmark of a stream under a context, made where there is none.
    fn bookmark(&mut self, index: usize, context: &[u64]) -> &mut Map<String, Value> {
        let stream = &STREAMS[index];
        if self.state.bookmark(stream.name).is_none() {
            self.state.set_bookmark(stream.name, json!({}));
        }
        let own = &mut self.state.as_map_mut()["bookmarks"][stream.name];
        let slot = if stream.context.is_empty() {
            own
        } else {
            let context = Value::Object(stream.context(context));
            let partitions = own
                .as_object_mut()
                .expect("a bookmark is an object")
                .entry("partitions")
                .or_insert_with(|| json!([]))
                .as_array_mut()
                .expect("partitions are a list");
            let known = partitions.iter().position(|one| one["context"] == context);
            let at = known.unwrap_or_else(|| {
                partitions.push(json!({"context": context}));
                partitions.len() - 1
            });
            &mut partitions[at]
        };
        slot.as_object_mut().expect("a bookmark is an object")
    }

    fn say_state(&mut self) -> Result<()> {
        let line = json!({"type": "STATE", "value": self.state.to_value()});
        writeln!(self.out, "{line}")?;
        Ok(self.out.flush()?)
    }
}

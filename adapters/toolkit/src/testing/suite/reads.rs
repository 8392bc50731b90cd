//! Rules of reads.

use super::cursors;
use super::trial::Trial;
use crate::testing::Transcript;
use crate::{Cursor, is_timestamp};
use airbyte_protocol::{
    Catalog, ConfiguredCatalog, ConfiguredStream, Event, Message, Position, State, Stream,
    StreamDescriptor, StreamStatus, SyncMode,
};
use airbyte_singer_runtime::{Outcome, Source};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

pub(super) fn hold<S: Source>(trial: &mut Trial<S>, catalog: &Catalog) {
    let full = configured(catalog, |_| SyncMode::FullRefresh);
    let first = trial.read(&full, &[]);
    if first.outcome != Outcome::Done {
        trial.fault(format!("a read fails: {}", first.complaint()));
        return;
    }
    for stream in &catalog.streams {
        fit(stream, &first, trial);
    }
    let all = rows(&first);
    if rows(&trial.read(&full, &[])) != all {
        trial.fault("a second full refresh gives other rows than the first".to_owned());
    }
    resume(trial, &full, &all, "a full refresh");
    let incremental = configured(catalog, |stream| {
        let offers = stream.supported_sync_modes.contains(&SyncMode::Incremental);
        if offers { SyncMode::Incremental } else { SyncMode::FullRefresh }
    });
    if incremental != full {
        resume(trial, &incremental, &all, "an incremental read");
    }
}

fn configured(catalog: &Catalog, mode: impl Fn(&Stream) -> SyncMode) -> ConfiguredCatalog {
    let streams = catalog.streams.iter();
    ConfiguredCatalog::new(
        streams
            .map(|stream| {
                let mut configured = ConfiguredStream::new(stream.clone(), mode(stream));
                configured.cursor_field.clone_from(&stream.default_cursor_field);
                configured
            })
            .collect(),
    )
}

type Rows = BTreeMap<StreamDescriptor, BTreeMap<String, usize>>;

/// How often each row came.
fn rows(transcript: &Transcript) -> Rows {
    count(&transcript.messages, &HashMap::new())
}

/// The rows of each stream that stand before the given place.
fn count(messages: &[Message], ends: &HashMap<StreamDescriptor, usize>) -> Rows {
    let mut rows = Rows::new();
    for (place, message) in messages.iter().enumerate() {
        let Message::Record(record) = message else { continue };
        let stream = record.descriptor();
        if ends.is_empty() || ends.get(&stream).is_some_and(|end| place < *end) {
            let row = serde_json::to_string(&record.data).unwrap_or_default();
            *rows.entry(stream).or_default().entry(row).or_default() += 1;
        }
    }
    rows
}

/// Records fit the schema, and have what the catalog says they have.
fn fit<S: Source>(stream: &Stream, transcript: &Transcript, trial: &mut Trial<S>) {
    let name = stream.descriptor();
    let schema = Value::Object(stream.json_schema.clone());
    let options = jsonschema::draft7::options().with_format("date-time", is_timestamp);
    let Ok(validator) = options.build(&schema) else {
        trial.fault(format!("nothing can be held against the schema of {name}"));
        return;
    };
    let known: BTreeSet<&str> = stream.properties().collect();
    let mut found = BTreeSet::new();
    for record in transcript.records().filter(|record| record.descriptor() == name) {
        let unknown = record.data.keys().filter(|field| !known.contains(field.as_str()));
        found.extend(unknown.map(|field| format!("{name} has `{field}`, which its schema lacks")));
        for path in &stream.source_defined_primary_key {
            if Cursor::at(path).value(&record.data).is_none_or(Value::is_null) {
                found.insert(format!("{name} has records without `{}`", path.join(".")));
            }
        }
        let data = Value::Object(record.data.clone());
        found.extend(validator.iter_errors(&data).map(|error| {
            let (place, rule) = (error.instance_path().to_string(), error.kind().keyword());
            format!("{name} has a value at `{place}` that breaks `{rule}` of its schema")
        }));
    }
    found.into_iter().for_each(|fault| trial.fault(fault));
}

/// Cuts a read after each state and goes on from there.
fn resume<S: Source>(trial: &mut Trial<S>, catalog: &ConfiguredCatalog, all: &Rows, what: &str) {
    let whole = trial.read(catalog, &[]);
    if whole.outcome != Outcome::Done {
        trial.fault(format!("{what} fails: {}", whole.complaint()));
        return;
    }
    let told = grammar(catalog, &whole).chain(counts(&whole)).chain(stateless(catalog, &whole));
    told.for_each(|fault| trial.fault(fault));
    if rows(&whole) != *all {
        trial.fault(format!("{what} from the start doesn't give the rows of a full refresh"));
    }
    let mut states: Vec<(StreamDescriptor, State)> = Vec::new();
    let (mut ends, mut last) = (HashMap::new(), None);
    for (place, message) in whole.messages.iter().enumerate() {
        let Message::State(state) = message else { continue };
        let Position::Stream(position) = &state.position else { continue };
        let stream = position.stream_descriptor.clone();
        states.retain(|(known, _)| *known != stream);
        states.push((stream.clone(), state.clone()));
        ends.insert(stream, place);
        let stored: Vec<State> = states.iter().map(|(_, state)| state.clone()).collect();
        let rest = trial.read(catalog, &stored);
        let cut = format!("{what} that was cut after its {}th line", place + 1);
        if rest.outcome != Outcome::Done {
            trial.fault(format!("{cut} can't go on: {}", rest.complaint()));
            return;
        }
        let told = grammar(catalog, &rest).chain(counts(&rest));
        told.for_each(|fault| trial.fault(format!("after {cut}: {fault}")));
        let (before, after) = (count(&whole.messages, &ends), rows(&rest));
        for (stream, rows) in all {
            let has = |part: &Rows, row: &String| {
                part.get(stream).is_some_and(|rows| rows.contains_key(row))
            };
            let lost = rows.keys().filter(|row| !has(&before, row) && !has(&after, row)).count();
            if lost > 0 {
                trial.fault(format!("{cut} and went on misses {lost} rows of {stream}"));
            }
        }
        last = Some(rest);
    }
    if let Some(rest) = last {
        for configured in &catalog.streams {
            cursors::hold(configured, &whole, &rest, trial);
        }
    }
}

/// Each stream is STARTED and COMPLETE once, first and last, and RUNNING before its first record.
pub(super) fn grammar(
    catalog: &ConfiguredCatalog,
    read: &Transcript,
) -> impl Iterator<Item = String> {
    catalog.streams.iter().filter_map(|stream| {
        let name = stream.descriptor();
        let mut words: Vec<&str> =
            read.messages.iter().filter_map(|message| word(message, &name)).collect();
        words.dedup_by(|word, before| word == before && ["RECORD", "STATE"].contains(word));
        let times = |word: &str| words.iter().filter(|found| **found == word).count();
        let place = |word: &str| words.iter().position(|found| *found == word);
        let once = times("STARTED") == 1 && times("COMPLETE") == 1 && times("INCOMPLETE") == 0;
        let ends = (words.first(), words.last()) == (Some(&"STARTED"), Some(&"COMPLETE"));
        let runs = place("RECORD")
            .is_none_or(|record| place("RUNNING").is_some_and(|running| running < record));
        let is_known = times(UNKNOWN) == 0;
        let told = || format!("the statuses of {name} are out of order: {}", words.join(" "));
        (!once || !ends || !runs || !is_known).then(told)
    })
}

/// A read from the start that leaves no state at all.
fn stateless(catalog: &ConfiguredCatalog, read: &Transcript) -> impl Iterator<Item = String> {
    let names = catalog.streams.iter().map(ConfiguredStream::descriptor);
    let lacks = |name: &StreamDescriptor| read.states_of(name).is_empty();
    names.filter(lacks).map(|name| format!("{name} has no state"))
}

/// A status of a later protocol, of whose order nothing is known.
const UNKNOWN: &str = "(unknown)";

fn word(message: &Message, stream: &StreamDescriptor) -> Option<&'static str> {
    match message {
        Message::Record(record) if record.descriptor() == *stream => Some("RECORD"),
        Message::State(state) => match &state.position {
            Position::Stream(own) if own.stream_descriptor == *stream => Some("STATE"),
            _ => None,
        },
        Message::Trace(trace) => match &trace.event {
            Event::StreamStatus(own) if own.stream_descriptor == *stream => {
                Some(match own.status {
                    StreamStatus::Started => "STARTED",
                    StreamStatus::Running => "RUNNING",
                    StreamStatus::Complete => "COMPLETE",
                    StreamStatus::Incomplete => "INCOMPLETE",
                    _ => UNKNOWN,
                })
            }
            _ => None,
        },
        _ => None,
    }
}

/// Every state counts the records of its stream since the last one, and no record is left over.
pub(super) fn counts(read: &Transcript) -> impl Iterator<Item = String> {
    let mut since: BTreeMap<StreamDescriptor, u64> = BTreeMap::new();
    let mut found = Vec::new();
    for message in &read.messages {
        match message {
            Message::Record(record) => *since.entry(record.descriptor()).or_default() += 1,
            Message::State(State { position: Position::Stream(own), source_stats, .. }) => {
                let expected = since.remove(&own.stream_descriptor).unwrap_or(0);
                let told = source_stats.as_ref().map(|stats| stats.record_count);
                if told != Some(expected) {
                    let name = &own.stream_descriptor;
                    found.push(format!("a state of {name} counts other than {expected} records"));
                }
            }
            _ => {}
        }
    }
    let left = since.into_keys().map(|name| format!("no state covers {name}'s last records"));
    found.into_iter().chain(left)
}

//! Random runs of taps, through everything between a tap's pipe and stdout, and a cut at every line
//! of what comes out: resuming covers every record, counts add up, statuses are grammatical.
//!
//! `AIRBYTE_SINGER_RUNS` says how many runs, 60 by default.

use crate::chance::Chance;
use crate::harness::*;
use crate::hostile::targets::messages::translate;
use airbyte_singer::options::{OptionSet, Span};
use airbyte_singer::translate::ConfiguredIndex;
use airbyte_singer::translate::state::{Input, Plan, StateType, StreamSpec, plan};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

const STREAMS: [&str; 3] = ["a", "b", "c"];

/// A row: its stream's place and its id, which no other row of any stream has.
type Row = (usize, u64);

/// What a tap's bookmarks mean.
#[derive(Clone, Copy, Debug)]
enum Nature {
    /// Each stream's bookmark is its own.
    Own,
    /// One position beside the bookmarks governs all.
    Log,
    /// The others' rows hang on the bookmark of the first: each parent is read after its children.
    Family,
}

/// A tap and all its rows, in the order in which it says them.
struct Tap {
    nature: Nature,
    rows: Vec<Row>,
    /// Of a family: the parent's id by child row.
    parents: Vec<u64>,
    /// Which streams may stand alone, by the profile.
    alone: [bool; 3],
}

impl Tap {
    fn new(chance: &mut Chance) -> Self {
        let nature = [Nature::Own, Nature::Log, Nature::Family][chance.below(3)];
        let count = 2 + chance.below(24);
        let ids = 1..=u64::try_from(count).expect("a few");
        let mut rows: Vec<Row> = ids.map(|id| (chance.below(3), id)).collect();
        let mut parents = vec![0; rows.len()];
        if let Nature::Family = nature {
            rows[count - 1].0 = 0;
            let mut parent = 0;
            for (row, own) in rows.iter().zip(&mut parents).rev() {
                parent = if row.0 == 0 { row.1 } else { parent };
                *own = parent;
            }
        }
        let own = matches!(nature, Nature::Own);
        let alone = [(); 3].map(|()| own && chance.below(3) == 0);
        Self { nature, rows, parents, alone }
    }

    /// The state after so many rows.
    fn state(&self, said: usize) -> Value {
        let last = |stream| self.rows[..said].iter().rev().find(|row| row.0 == stream);
        let bookmark = |stream: usize| {
            let id = last(stream).map_or(0, |row| row.1);
            (STREAMS[stream].to_owned(), json!({"id": id}))
        };
        match self.nature {
            Nature::Own => json!({"bookmarks": (0..3).map(bookmark).collect::<Map<_, _>>()}),
            Nature::Log => json!({"bookmarks": {}, "lsn": said}),
            Nature::Family => json!({"bookmarks": Map::from_iter([bookmark(0)])}),
        }
    }

    /// The rows of a stream that a run says which is given a state.
    fn rows(&self, stream: usize, state: Option<&Map<String, Value>>) -> Vec<Row> {
        let bookmark = |stream: usize| {
            state.and_then(|state| state.get("bookmarks")?.get(STREAMS[stream])?["id"].as_u64())
        };
        let position = state.and_then(|state| state.get("lsn")?.as_u64()).unwrap_or(0);
        let own = bookmark(stream).unwrap_or(0);
        let parent = bookmark(0).unwrap_or(0);
        let is_due = |row: &Row, of: u64| match self.nature {
            Nature::Own => row.1 > own,
            Nature::Log => row.1 > position,
            Nature::Family => of > parent,
        };
        let rows = self.rows.iter().zip(&self.parents);
        rows.filter(|(row, of)| row.0 == stream && is_due(row, **of)).map(|(row, _)| *row).collect()
    }

    /// What it writes: its rows, STATEs anywhere, and words that are no messages.
    fn says(&self, chance: &mut Chance) -> String {
        let mut lines: Vec<String> = STREAMS
            .iter()
            .map(|name| {
                json!({"type": "SCHEMA", "stream": name, "key_properties": ["id"],
                    "schema": {"properties": {"id": {"type": "integer"}}}})
            })
            .map(|line| line.to_string())
            .collect();
        // Some never say a STATE at their end, some hardly ever say one.
        let (often, at_end) = (1 + chance.below(4), chance.below(4) > 0);
        for (said, (stream, id)) in self.rows.iter().enumerate() {
            let name = STREAMS[*stream];
            lines.push(json!({"type": "RECORD", "stream": name, "record": {"id": id}}).to_string());
            if chance.below(8) == 0 {
                lines.push("INFO going on".to_owned());
            }
            if chance.below(often) == 0 || (at_end && said + 1 == self.rows.len()) {
                lines.push(json!({"type": "STATE", "value": self.state(said + 1)}).to_string());
            }
        }
        lines.join("\n") + "\n"
    }

    fn specs(&self) -> Vec<StreamSpec> {
        let spec = |(at, (name, alone)): (usize, (&&str, bool))| StreamSpec {
            configured: ConfiguredIndex(at),
            tap_stream_id: (*name).to_owned(),
            full_refresh: false,
            generation_id: None,
            may_stand_alone: alone,
        };
        STREAMS.iter().zip(self.alone).enumerate().map(spec).collect()
    }

    fn options(&self, state_type: StateType) -> OptionSet {
        let streams = STREAMS.iter().zip(self.alone);
        let streams = streams.map(|(name, alone)| ((*name).to_owned(), json!({"alone": alone})));
        let streams = Value::Object(streams.collect());
        OptionSet {
            state_interval: Some(Span(Some(Duration::ZERO))),
            state_type: Some(state_type),
            streams: Some(serde_json::from_value(streams).expect("overrides")),
            ..OptionSet::default()
        }
    }
}

fn catalog() -> Value {
    let stream = |name: &&str| {
        json!({"sync_mode": "incremental", "destination_sync_mode": "append", "cursor_field": ["id"],
            "stream": {"name": name, "json_schema": {"properties": {"id": {"type": "integer"}}},
                "supported_sync_modes": ["full_refresh", "incremental"],
                "source_defined_cursor": true, "default_cursor_field": ["id"]}})
    };
    json!({"streams": STREAMS.iter().map(stream).collect::<Vec<_>>()})
}

/// What came out of one run, line by line.
struct Out {
    /// The row of a RECORD.
    rows: Vec<Option<Row>>,
    /// The state of a STATE.
    states: Vec<Option<Value>>,
}

impl Out {
    fn of(output: &Output) -> Self {
        let row = |line: &Line| {
            let record = line.record()?;
            let place = STREAMS.iter().position(|name| *name == record.stream)?;
            Some((place, record.value()["id"].as_u64()?))
        };
        let state = |line: &Line| (line.kind == "STATE").then(|| line.field("state"));
        Self {
            rows: output.lines.iter().map(row).collect(),
            states: output.lines.iter().map(state).collect(),
        }
    }

    /// What a platform holds that was cut off before a line of each stream: states and rows.
    fn held(&self, ends: [usize; 3]) -> (Vec<Option<Value>>, BTreeSet<Row>) {
        let mut rows = BTreeSet::new();
        let states = (0..3).map(|stream| {
            let of =
                |state: &Value| state["stream"]["stream_descriptor"]["name"] == STREAMS[stream];
            let at = self.states[..ends[stream]]
                .iter()
                .rposition(|state| state.as_ref().is_some_and(of))?;
            let before = self.rows[..at].iter().flatten();
            rows.extend(before.filter(|row| row.0 == stream));
            Some(self.states[at].as_ref()?["stream"]["stream_state"].clone())
        });
        (states.collect(), rows)
    }

    /// The same with one state for all.
    fn held_for_all(&self, end: usize) -> (Option<Value>, BTreeSet<Row>) {
        let Some(at) = self.states[..end].iter().rposition(Option::is_some) else {
            return (None, BTreeSet::new());
        };
        (self.states[at].clone(), self.rows[..at].iter().flatten().copied().collect())
    }
}

/// What one run of a tap must show, whatever it says.
fn holds(seed: u64) -> usize {
    let mut chance = Chance::seeded(seed);
    let tap = Tap::new(&mut chance);
    let state_type = [StateType::Stream, StateType::Stream, StateType::Global][chance.below(3)];
    let said = tap.says(&mut chance);
    let configured = serde_json::from_value(catalog()).expect("a configured catalog");
    let bytes = translate(said.as_bytes(), tap.options(state_type), Some(configured));
    let output = Output::new(Exit::Code(0), &bytes, b"", 0..i64::MAX);
    let faults = faults(&output, &catalog());
    let about = format!("seed {seed}: {:?}, alone {:?}", tap.nature, tap.alone);
    assert!(faults.is_empty(), "{about}: {faults:?}\n{said}\n{output}");
    let out = Out::of(&output);
    let all: BTreeSet<Row> = tap.rows.iter().copied().collect();
    let passed_on: BTreeSet<Row> = out.rows.iter().flatten().copied().collect();
    assert_eq!(passed_on, all, "{about}: every record comes out");
    let mut resumed = 0;
    for end in 0..=out.rows.len() {
        // All streams up to the cut, and each lagging by an amount of its own.
        let lagging = [(); 3].map(|()| end - chance.below(end + 1));
        for ends in [[end; 3], lagging] {
            let (plan, rows) = resume(&tap, &out, state_type, ends);
            resumed += usize::from(!rows.is_empty());
            let covered = covered(&tap, &plan, rows);
            let lost: Vec<_> = all.difference(&covered).collect();
            assert!(lost.is_empty(), "{about}: cut at {ends:?}, lost {lost:?}\n{said}\n{output}");
        }
    }
    resumed
}

/// The runs by which a platform's read goes on, and the rows that it has.
fn resume(tap: &Tap, out: &Out, state_type: StateType, ends: [usize; 3]) -> (Plan, BTreeSet<Row>) {
    let (specs, known) = (tap.specs(), STREAMS.map(str::to_owned));
    if state_type == StateType::Stream {
        let (configured, rows) = out.held(ends);
        let input = Input::Streams { configured: &configured, others: &[] };
        return (plan(state_type, &specs, input, &known), rows);
    }
    // One state for all is committed when everything before it is.
    let (state, rows) = out.held_for_all(ends[0]);
    let Some(state) = state else {
        return (plan(state_type, &specs, Input::Nothing, &known), rows);
    };
    let global = &state["global"];
    let own = |name: &&str| {
        let states = global["stream_states"].as_array()?.iter();
        let mut of = states.filter(|state| state["stream_descriptor"]["name"] == **name);
        Some(of.next()?["stream_state"].clone())
    };
    let configured: Vec<_> = STREAMS.iter().map(own).collect();
    let shared = Some(&global["shared_state"]);
    let input = Input::Global { shared, configured: &configured, others: &[] };
    (plan(state_type, &specs, input, &known), rows)
}

/// The rows that a platform has after the runs of a plan.
fn covered(tap: &Tap, plan: &Plan, mut rows: BTreeSet<Row>) -> BTreeSet<Row> {
    for pass in &plan.passes {
        for stream in &pass.streams {
            rows.extend(tap.rows(*stream, pass.singer_state.as_ref()));
        }
    }
    rows
}

#[test]
fn a_cut_at_any_line_loses_nothing() {
    let runs = std::env::var("AIRBYTE_SINGER_RUNS").ok().and_then(|runs| runs.parse().ok());
    let runs: u64 = runs.unwrap_or(60);
    let resumed: usize = (0..runs).map(holds).sum();
    assert!(resumed > 0, "no cut left a platform with anything");
}

/// The test above can fail: a state that is glued together from the newest pieces skips rows.
#[test]
fn a_state_glued_together_from_the_newest_pieces_loses_rows() {
    let loses = |seed| {
        let mut chance = Chance::seeded(seed);
        let tap = Tap::new(&mut chance);
        let said = tap.says(&mut chance);
        let configured = serde_json::from_value(catalog()).expect("a configured catalog");
        let options = tap.options(StateType::Stream);
        let bytes = translate(said.as_bytes(), options, Some(configured));
        let out = Out::of(&Output::new(Exit::Code(0), &bytes, b"", 0..i64::MAX));
        let end = chance.below(out.rows.len());
        let (states, mut rows) = out.held([(); 3].map(|()| chance.below(end + 1)));
        let glued = glued_together(states.iter().flatten());
        (0..3).for_each(|stream| rows.extend(tap.rows(stream, Some(&glued))));
        tap.rows.iter().any(|row| !rows.contains(row))
    };
    assert!((0..60).any(loses));
}

/// What this program must not do.
fn glued_together<'a>(states: impl Iterator<Item = &'a Value>) -> Map<String, Value> {
    let (mut bookmarks, mut glued) = (Map::new(), Map::new());
    for state in states {
        let part = |name: &str| {
            let at = usize::try_from(state["cuts"].as_array()?.last()?[name].as_u64()?).ok()?;
            Some(state["parts"][at].clone())
        };
        if let Some(Value::Object(rest)) = part("rest") {
            glued.extend(rest);
        }
        let id = state["tap_stream_id"].as_str().expect("an id");
        bookmarks.extend(part("own").map(|own| (id.to_owned(), own)));
    }
    glued.insert("bookmarks".into(), bookmarks.into());
    glued
}

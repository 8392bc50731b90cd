//! The real code between a tap and a platform, with a place to break one rule at a time.

use super::super::pass::{Base, Kind};
use super::super::{Input, Note, Plan, Published, Standing, StateType, StreamSpec, Tracker, plan};
use super::models::{Name, Row, World};
use super::pick::Pick;
use super::tap::{Line, Tap};
use crate::translate::ConfiguredIndex;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The configured streams in order, and whether each is `full_refresh`.
pub(super) type Config = Vec<(Name, bool)>;

/// States by stream, as JSON text.
pub(super) type States = BTreeMap<Name, String>;

/// What the platform holds, as JSON text; always of one state type.
#[derive(Clone, Debug, Default)]
pub(super) struct Held {
    /// STREAM states, or those in a GLOBAL state.
    pub(super) streams: States,
    /// The shared part of a GLOBAL state.
    pub(super) shared: Option<String>,
    /// A LEGACY state.
    pub(super) blob: Option<String>,
}

/// What the catalog seems to show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Evidence {
    /// A database when the tap is one.
    True,
    /// A database, whatever it is.
    AlwaysDatabase,
    /// Nothing: all streams are linked.
    Nothing,
}

/// One rule broken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Mutant {
    /// Ids begin again in every run.
    ReusedIds,
    /// A stream with no state joins the largest family, with its state.
    FreshJoinsOthers,
    /// Every stream gives its newest part instead of the common one.
    NewestInsteadOfCommon,
    /// `full_refresh` streams run together with the others, only without their bookmark.
    OneRunForFullRefresh,
    /// The hint is handed to the tap.
    HintsKept,
    /// A state goes out before the last row that it covers.
    StateBeforeItsRows,
    /// Streams stay alone though a remainder has shown up.
    RemainderUnseen,
    /// A state is taken for the stream under whose name it is found.
    OwnerUnchecked,
    /// GLOBAL: a stream that isn't in the state resumes from the shared part all the same.
    MissingStreamJoins,
    /// GLOBAL: a stream's place counts, whichever cut it belongs to.
    CutUnchecked,
    /// GLOBAL: what a stream left behind as `full_refresh` is taken for a position.
    FullRefreshIsPosition,
    /// GLOBAL, LEGACY: a run that reads streams without a position says one all the same.
    LastRunSpeaks,
}

/// A message to the platform.
#[derive(Clone, Debug)]
pub(super) enum Said {
    Row(Name, Row),
    State(Name, String),
    Global(String, States),
    Legacy(String),
}

/// What one read brought.
pub(super) struct Read {
    pub(super) said: Vec<Said>,
    pub(super) clean: bool,
    /// The last STATE of the last pass, or what it was given.
    pub(super) last: Value,
    /// Its passes.
    pub(super) given: Vec<Given>,
}

/// The streams of a pass and the state that the tap was given.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) streams: BTreeSet<Name>,
    pub(super) state: Option<Map<String, Value>>,
}

pub(super) struct Bridge {
    pub(super) evidence: Evidence,
    pub(super) state_type: StateType,
    pub(super) interval: Duration,
    pub(super) mutant: Option<Mutant>,
    /// Every STATE that the tap ever said.
    pub(super) heard: Vec<Value>,
    /// The kinds of notes that the user was told.
    pub(super) told: BTreeSet<String>,
    runs: u64,
    hint: Value,
}

impl Bridge {
    pub(super) fn new(evidence: Evidence, interval: Duration, mutant: Option<Mutant>) -> Bridge {
        Bridge {
            evidence,
            state_type: StateType::Stream,
            interval,
            mutant,
            heard: Vec::new(),
            told: BTreeSet::new(),
            runs: 0,
            hint: Value::Null,
        }
    }

    fn has(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    fn specs(&self, tap: &Tap, config: &Config) -> Vec<StreamSpec> {
        let may_stand_alone = match self.evidence {
            Evidence::True => tap.is_database(),
            Evidence::AlwaysDatabase => true,
            Evidence::Nothing => false,
        };
        let one_run = self.has(Mutant::OneRunForFullRefresh);
        let spec = |(at, (name, full_refresh)): (usize, &(Name, bool))| StreamSpec {
            configured: ConfiguredIndex(at),
            tap_stream_id: (*name).to_owned(),
            full_refresh: *full_refresh && !one_run,
            generation_id: full_refresh.then_some(1),
            may_stand_alone,
        };
        config.iter().enumerate().map(spec).collect()
    }

    /// Joins what the platform hands in.
    pub(super) fn plan(&self, tap: &Tap, config: &Config, held: &Held) -> Plan {
        let parse = |text: &String| serde_json::from_str::<Value>(text).unwrap();
        let known: Vec<String> = tap.streams().iter().map(|name| (*name).to_owned()).collect();
        let specs = self.specs(tap, config);
        if let Some(blob) = held.blob.as_ref().map(parse) {
            let blob = serde_json::from_value(blob).unwrap();
            return plan(self.state_type, &specs, Input::Singer(&blob), &known);
        }
        let states = &held.streams;
        let mut configured: Vec<Option<Value>> =
            config.iter().map(|(name, _)| states.get(name).map(parse)).collect();
        let is_other = |name: &Name| !config.iter().any(|(known, _)| known == name);
        let others: Vec<Value> =
            states.iter().filter(|(name, _)| is_other(name)).map(|(_, text)| parse(text)).collect();
        self.falsify_states(config, &mut configured);
        let shared = held.shared.as_ref().map(parse);
        if let Some(shared) = &shared {
            self.falsify_places(config, shared, &mut configured);
        }
        let (configured, others) = (configured.as_slice(), others.as_slice());
        let input = match &shared {
            None => Input::Streams { configured, others },
            Some(_) => Input::Global { shared: shared.as_ref(), configured, others },
        };
        let mut plan = plan(self.state_type, &specs, input, &known);
        self.falsify_plan(config, configured, &mut plan);
        plan
    }

    /// Breaks a rule about the streams' places in a GLOBAL state.
    fn falsify_places(&self, config: &Config, shared: &Value, configured: &mut [Option<Value>]) {
        let cut = &shared["cut"]["id"];
        if cut.is_null() {
            return;
        }
        for ((name, full_refresh), state) in config.iter().zip(configured) {
            let invents = match state {
                _ if *full_refresh => self.has(Mutant::OneRunForFullRefresh),
                None => self.has(Mutant::MissingStreamJoins),
                Some(state) if state.get("full_refresh").is_some() => {
                    self.has(Mutant::FullRefreshIsPosition)
                }
                Some(state) => {
                    if self.has(Mutant::CutUnchecked) {
                        state["cut"] = cut.clone();
                    }
                    false
                }
            };
            if invents {
                *state = Some(json!({
                    "airbyte_singer": 1, "tap_stream_id": name, "alone": false, "cut": cut
                }));
            }
        }
    }

    fn falsify_states(&self, config: &Config, configured: &mut [Option<Value>]) {
        if self.has(Mutant::OwnerUnchecked) {
            for ((name, _), state) in config.iter().zip(configured.iter_mut()) {
                if let Some(state) = state {
                    state["tap_stream_id"] = json!(name);
                }
            }
        }
        let donor = configured.iter().flatten().find(|state| state["cuts"].is_array()).cloned();
        let Some(mut donor) = donor.filter(|_| self.has(Mutant::OneRunForFullRefresh)) else {
            return;
        };
        for cut in donor["cuts"].as_array_mut().unwrap() {
            cut.as_object_mut().unwrap().shift_remove("own");
        }
        for ((name, full_refresh), state) in config.iter().zip(configured) {
            if *full_refresh {
                donor["tap_stream_id"] = json!(name);
                *state = Some(donor.clone());
            }
        }
    }

    fn falsify_plan(&self, config: &Config, configured: &[Option<Value>], plan: &mut Plan) {
        if self.has(Mutant::FreshJoinsOthers) && plan.passes.len() > 1 {
            let fresh = |i: usize| {
                let pass = &plan.passes[i];
                pass.kind == Kind::Linked
                    && pass.singer_state.is_none()
                    && pass.streams.iter().all(|stream| !config[*stream].1)
            };
            if let Some(at) = (1..plan.passes.len()).find(|i| fresh(*i)) {
                let streams = plan.passes.remove(at).streams;
                plan.passes[0].streams.extend(streams);
            }
        }
        if self.has(Mutant::NewestInsteadOfCommon) {
            for pass in plan.passes.iter_mut().filter(|pass| pass.kind == Kind::Linked) {
                for stream in &pass.streams {
                    let Some(state) = &configured[*stream] else { continue };
                    let newest = state["cuts"].as_array().and_then(|cuts| cuts.last());
                    let Some(own) = newest.and_then(|cut| cut["own"].as_u64()) else { continue };
                    let given = pass.singer_state.get_or_insert_with(Map::new);
                    let bookmarks = given.entry("bookmarks").or_insert_with(|| json!({}));
                    bookmarks[config[*stream].0] = state["parts"][own as usize].clone();
                    if matches!(&pass.base, Base::Held { id, .. } if **id == *"0") {
                        pass.base = Base::New;
                    }
                }
            }
        }
        if self.has(Mutant::HintsKept) && self.hint.is_string() {
            for pass in &mut plan.passes {
                let given = pass.singer_state.get_or_insert_with(Map::new);
                given.insert("currently_syncing".to_owned(), self.hint.clone());
            }
        }
    }

    /// One read: every pass in turn. With `may_fail` the tap may die on the way.
    pub(super) fn read(
        &mut self,
        tap: &Tap,
        config: &Config,
        held: &Held,
        world: &World,
        pick: &mut Pick,
        may_fail: bool,
    ) -> Read {
        self.runs += 1;
        let run_id = if self.has(Mutant::ReusedIds) { 0 } else { self.runs };
        let specs = self.specs(tap, config);
        let plan = self.plan(tap, config, held);
        let mut read = Read { said: Vec::new(), clean: true, last: json!({}), given: Vec::new() };
        self.told.extend(plan.notes.iter().map(kind));
        let mut standing = Standing::default();
        for pass in &plan.passes {
            let given = pass.singer_state.clone();
            let selected: BTreeSet<Name> = pass.streams.iter().map(|i| config[*i].0).collect();
            let (mut lines, _) = tap.run(given.as_ref(), &selected, world, pick);
            let fails = may_fail && pick.one(3) == 1;
            if fails {
                lines.truncate(pick.one(lines.len() + 1));
            }
            read.last = given.clone().map_or_else(|| json!({}), Value::Object);
            read.given.push(Given { streams: selected, state: given });
            let run_id = format!("r{run_id}");
            let mut tracker =
                Tracker::new(pass, &specs, &run_id, self.interval, Duration::ZERO).after(standing);
            self.follow(&mut tracker, lines, config, &mut read);
            let mut last = tracker.finish(!fails).unwrap();
            let reads_in_full = pass.streams.iter().all(|stream| config[*stream].1);
            if reads_in_full && self.has(Mutant::LastRunSpeaks) {
                falsify_last(config, &read.last, &mut last);
            }
            publish(&mut read.said, config, last);
            standing = tracker.standing();
            read.clean &= !fails;
            if fails && pick.one(2) == 0 {
                break;
            }
        }
        read
    }

    fn follow(
        &mut self,
        tracker: &mut Tracker,
        lines: Vec<Line>,
        config: &Config,
        read: &mut Read,
    ) {
        let mut now = Duration::ZERO;
        for line in lines {
            now += Duration::from_secs(1);
            match line {
                Line::Row(name, row) => {
                    read.said.push(Said::Row(name, row));
                    tracker.note_output(100);
                }
                Line::State(state) => {
                    self.hint = state["currently_syncing"].clone();
                    let mut seen = state.clone();
                    if self.has(Mutant::RemainderUnseen) {
                        seen.as_object_mut().unwrap().retain(|key, _| key == "bookmarks");
                    }
                    tracker.saw_state(&seen.to_string()).unwrap();
                    self.heard.push(state.clone());
                    read.last = state;
                }
            }
            // On rows too: a publish that becomes due later still speaks of the older STATE.
            let late = if self.has(Mutant::StateBeforeItsRows) {
                let at = read.said.iter().rposition(|said| matches!(said, Said::Row(..)));
                read.said.split_off(at.unwrap_or(read.said.len()))
            } else {
                Vec::new()
            };
            publish(&mut read.said, config, tracker.due(now).unwrap());
            read.said.extend(late);
        }
    }
}

/// The name of a note's variant.
fn kind(note: &Note) -> String {
    format!("{note:?}").chars().take_while(|c| c.is_alphanumeric()).collect()
}

/// Takes the last STATE of a run that reads streams without a position for everyone's.
fn falsify_last(config: &Config, said: &Value, last: &mut Published) {
    let raw = |value: &Value| serde_json::value::to_raw_value(value).unwrap();
    match last {
        Published::Streams(_) => {}
        Published::Legacy(blob) => *blob = raw(said),
        Published::Global { shared, own } => {
            let mut rest = said.clone();
            for state in own.iter_mut() {
                let mut value = state.to_value();
                let name = config[state.stream.0].0;
                if let Some(bookmark) = said["bookmarks"].get(name) {
                    if value.get("cut").is_some() {
                        value["own"] = bookmark.clone();
                    }
                    rest["bookmarks"].as_object_mut().unwrap().shift_remove(name);
                }
                state.blob = raw(&value);
            }
            let mut value: Value = serde_json::from_str(shared.get()).unwrap();
            if value["cut"].is_object() {
                value["cut"]["rest"] = rest;
            }
            *shared = raw(&value);
        }
    }
}

fn publish(said: &mut Vec<Said>, config: &Config, states: Published) {
    let name = |stream: usize| config[stream].0;
    match states {
        Published::Streams(states) => said.extend(
            states
                .iter()
                .map(|state| Said::State(name(state.stream.0), state.blob.get().to_owned())),
        ),
        Published::Global { shared, own } => {
            let own = own
                .iter()
                .map(|state| (name(state.stream.0), state.blob.get().to_owned()))
                .collect();
            said.push(Said::Global(shared.get().to_owned(), own));
        }
        Published::Legacy(blob) => said.push(Said::Legacy(blob.get().to_owned())),
    }
}

//! A platform that commits each stream's rows and states at its own pace, and cuts reads short.

use super::super::StateType;
use super::bridge::{Bridge, Config, Given, Held, Mutant, Read, Said, States};
use super::models::{Name, Row, World};
use super::pick::Pick;
use super::scenario::essence;
use super::tap::Tap;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet, HashSet};

pub(super) struct Platform {
    pub(super) bridge: Bridge,
    pub(super) tables: BTreeMap<Name, BTreeSet<Row>>,
    pub(super) held: Held,
    /// Whether a GLOBAL state leaves the places of streams that it doesn't name as they were.
    pub(super) merges: bool,
    /// Whether states of `full_refresh` streams are handed in too.
    pub(super) hands_in_all: bool,
    /// Whether what the tap is given must be something that it said.
    pub(super) given_was_said: bool,
    /// What happened, for the report of a violation; `None` when nobody will read it.
    pub(super) log: Option<Vec<String>>,
}

impl Platform {
    pub(super) fn new(bridge: Bridge) -> Platform {
        Platform {
            bridge,
            tables: BTreeMap::new(),
            held: Held::default(),
            merges: false,
            hands_in_all: false,
            given_was_said: false,
            log: None,
        }
    }

    /// Clears a stream's table and state. A LEGACY state can't be cleared for one stream alone, so
    /// everything goes.
    pub(super) fn reset(&mut self, name: Name) {
        if self.bridge.state_type == StateType::Legacy || self.held.blob.is_some() {
            self.held = Held::default();
            self.tables.clear();
        }
        self.held.streams.remove(name);
        self.tables.remove(name);
    }

    /// Writes down what happened, if it will be read.
    pub(super) fn note(&mut self, what: impl FnOnce() -> String) {
        if let Some(log) = &mut self.log {
            log.push(what());
        }
    }

    /// One sync. Uncut, it must leave every row in its table; cut, each stream's rows and states
    /// are committed up to a point of its own, and the tap may fail.
    pub(super) fn sync(
        &mut self,
        tap: &Tap,
        config: &Config,
        world: &World,
        pick: &mut Pick,
        cut: bool,
    ) -> Result<Option<Read>, String> {
        let mut handed = self.held.clone();
        for (name, _) in config.iter().filter(|(_, full)| *full && !self.hands_in_all) {
            handed.streams.remove(name);
        }
        let may_fail = cut && pick.one(3) == 1;
        let heard = self.bridge.heard.len();
        let read = self.bridge.read(tap, config, &handed, world, pick, may_fail);
        self.note(|| describe(config, &handed, &read));
        check_protocol(&read, config)?;
        // Whoever runs them with the others shows by lost rows what is wrong with that.
        if self.bridge.mutant != Some(Mutant::OneRunForFullRefresh) {
            check_full_refresh(&read, config)?;
        }
        if self.given_was_said {
            check_given(&read, tap, &self.bridge.heard[..heard])?;
        }
        let n = read.said.len();
        let end = if cut { n - pick.one(n + 1) } else { n };
        let flushed: BTreeMap<Name, usize> = config
            .iter()
            .map(|(name, _)| (*name, if cut { end - pick.one(end + 1) } else { n }))
            .collect();
        if cut {
            self.note(|| format!("  committed up to {flushed:?}"));
        }
        self.commit(config, &read.said, &flushed, cut);
        if cut {
            return Ok(None);
        }
        for (name, _) in config {
            let missing: Vec<&Row> =
                world.of(name).iter().filter(|row| !self.tables[name].contains(row)).collect();
            if !missing.is_empty() {
                return Err(format!("skipped rows {missing:?} of {name}"));
            }
        }
        Ok(Some(read))
    }

    /// Takes each stream's messages up to its own point. An overwrite that was cut is thrown away;
    /// its states are not.
    fn commit(
        &mut self,
        config: &Config,
        said: &[Said],
        flushed: &BTreeMap<Name, usize>,
        cut: bool,
    ) {
        let mut staged: BTreeMap<Name, BTreeSet<Row>> = BTreeMap::new();
        // A state for all streams counts when everything before it is flushed, of every stream.
        let everyone_at = |at: usize| flushed.values().all(|flushed| at <= *flushed);
        for (at, message) in said.iter().enumerate() {
            match message {
                Said::Row(name, row) if at < flushed[name] => {
                    staged.entry(name).or_default().insert(*row);
                }
                Said::State(name, state) if at < flushed[name] => {
                    if self.held.shared.take().is_some() || self.held.blob.take().is_some() {
                        self.held.streams.clear();
                    }
                    self.held.streams.insert(name, state.clone());
                }
                Said::Global(shared, own) if everyone_at(at) => self.commit_global(shared, own),
                Said::Legacy(blob) if everyone_at(at) => {
                    self.held = Held { blob: Some(blob.clone()), ..Held::default() };
                }
                _ => {}
            }
        }
        for (name, full_refresh) in config {
            let rows = staged.remove(name).unwrap_or_default();
            let table = self.tables.entry(name).or_default();
            match (full_refresh, cut) {
                (false, _) => table.extend(rows),
                (true, false) => *table = rows,
                (true, true) => {}
            }
        }
    }
}

impl Platform {
    fn commit_global(&mut self, shared: &str, own: &States) {
        let mut streams = own.clone();
        if self.merges && self.held.shared.is_some() {
            for (name, state) in &self.held.streams {
                streams.entry(name).or_insert_with(|| state.clone());
            }
        }
        self.held = Held { streams, shared: Some(shared.to_owned()), blob: None };
    }
}

/// Whether each pass of a read was given nothing, or what the tap said in an earlier one. Bookmarks
/// of streams that run in another pass may be missing there.
fn check_given(read: &Read, tap: &Tap, heard: &[Value]) -> Result<(), String> {
    let streams = tap.streams();
    for Given { streams: members, state } in &read.given {
        let Some(given) = state.clone().map(essence) else { continue };
        let may_lack =
            |key: &str| streams.iter().any(|name| *name == key && !members.contains(name));
        let mut said = heard.iter().filter_map(Value::as_object).cloned().map(essence);
        if !given.is_empty() && !said.any(|said| is_part_of(&given, said, may_lack)) {
            return Err(format!("given {given:?}, which the tap never said"));
        }
    }
    Ok(())
}

/// Whether two states are equal, save for bookmarks that the first may lack.
fn is_part_of(
    given: &Map<String, Value>,
    mut said: Map<String, Value>,
    may_lack: impl Fn(&str) -> bool,
) -> bool {
    let has = |key: &str| given.get("bookmarks").is_some_and(|b| b.get(key).is_some());
    if let Some(Value::Object(bookmarks)) = said.get_mut("bookmarks") {
        bookmarks.retain(|key, _| has(key) || !may_lack(key));
    }
    essence(said) == *given
}

/// What the platform's own checks ask: states of one type and only of configured streams, one of
/// each in a clean read, every row counted by a later state, and no state twice (save for LEGACY
/// ones, which hold what the tap said and nothing else).
fn check_protocol(read: &Read, config: &Config) -> Result<(), String> {
    let configured: BTreeSet<Name> = config.iter().map(|(name, _)| *name).collect();
    let mut uncounted: BTreeSet<Name> = BTreeSet::new();
    let mut have: BTreeSet<Name> = BTreeSet::new();
    let mut seen: HashSet<(&str, &str)> = HashSet::new();
    let mut types: BTreeSet<&str> = BTreeSet::new();
    for message in &read.said {
        match message {
            Said::Row(name, _) => {
                uncounted.insert(name);
            }
            Said::State(name, state) => {
                types.insert("STREAM");
                uncounted.remove(name);
                have.insert(name);
                if !seen.insert((name, state)) {
                    return Err(format!("the same state of {name} twice: {state}"));
                }
            }
            Said::Global(shared, own) => {
                types.insert("GLOBAL");
                uncounted.clear();
                have.extend(own.keys());
                if have != configured {
                    return Err(format!("a state of {have:?} for {configured:?}"));
                }
                if !seen.insert(("", shared)) {
                    return Err(format!("the same state twice: {shared}"));
                }
            }
            Said::Legacy(_) => {
                types.insert("LEGACY");
                uncounted.clear();
                have.extend(&configured);
            }
        }
    }
    if types.len() > 1 {
        return Err(format!("states of several types: {types:?}"));
    }
    if !have.is_subset(&configured) {
        return Err(format!("states {have:?} for {configured:?}"));
    }
    if read.clean && have != configured {
        return Err(format!("only {have:?} of {configured:?} have a state"));
    }
    if !uncounted.is_empty() {
        return Err(format!("rows of {uncounted:?} are counted by no state"));
    }
    Ok(())
}

/// In a GLOBAL state a `full_refresh` stream says its number and never a bookmark.
fn check_full_refresh(read: &Read, config: &Config) -> Result<(), String> {
    for message in &read.said {
        let Said::Global(_, own) = message else { continue };
        for (name, _) in config.iter().filter(|(_, full_refresh)| *full_refresh) {
            if !own[name].contains(r#""full_refresh":true"#) || own[name].contains(r#""own""#) {
                return Err(format!("{name} is full_refresh and has {}", own[name]));
            }
        }
    }
    Ok(())
}

fn describe(config: &Config, handed: &Held, read: &Read) -> String {
    let mut text = format!("sync {config:?}\n  states {handed:?}\n  given {:?}", read.given);
    for (at, message) in read.said.iter().enumerate() {
        text.push_str(&format!("\n    {at}: {message:?}"));
    }
    text
}

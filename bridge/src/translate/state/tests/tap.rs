//! A tap: its units run one after another or interleaved, and STATE comes as it pleases.

use super::models::{Name, Row, Step, Unit, World, put};
use super::pick::Pick;
use serde_json::{Map, Value};
use std::collections::{BTreeSet, VecDeque};

/// When the tap writes STATE.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum When {
    Often,
    End,
    IfChanged,
    Never,
}

/// What the tap does with `currently_syncing` when it finds it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Hint {
    /// Begins with that stream.
    Reorder,
    /// Leaves out the streams before it.
    Drop,
}

/// A line of the tap.
#[derive(Clone, Debug)]
pub(super) enum Line {
    Row(Name, Row),
    State(Value),
}

pub(super) struct Tap {
    pub(super) units: Vec<Unit>,
    pub(super) interleaved: bool,
    pub(super) when: When,
    pub(super) hint: Option<Hint>,
    /// The hint stays set at the end.
    pub(super) leaves_hint: bool,
    /// A STATE may come before any record.
    pub(super) greets: bool,
}

/// A unit on its way.
struct Running<'a> {
    unit: &'a Unit,
    steps: Option<VecDeque<Step>>,
    announced: bool,
}

impl Tap {
    pub(super) fn streams(&self) -> Vec<Name> {
        self.units.iter().flat_map(Unit::streams).collect()
    }

    pub(super) fn is_database(&self) -> bool {
        self.units.iter().all(Unit::is_database)
    }

    /// One run: the lines, and the state as the tap had it at the end, said or not.
    pub(super) fn run(
        &self,
        given: Option<&Map<String, Value>>,
        selected: &BTreeSet<Name>,
        world: &World,
        pick: &mut Pick,
    ) -> (Vec<Line>, Value) {
        let given = Value::Object(given.cloned().unwrap_or_default());
        let mut state = given.clone();
        let mut lines = Vec::new();
        if self.greets && pick.one(2) == 0 {
            lines.push(Line::State(state.clone()));
        }
        let mut running = self.order(&state);
        while !running.is_empty() {
            let at = if self.interleaved { pick.one(running.len()) } else { 0 };
            let unit = &mut running[at];
            self.announce(unit, selected, &mut state, &mut lines, pick);
            match unit.next(&mut state, selected, world) {
                None => drop(running.remove(at)),
                Some(Step::Row(name, row)) if selected.contains(name) => {
                    lines.push(Line::Row(name, row));
                }
                Some(Step::Maybe) if self.when == When::Often => {
                    let times = [0, 1, 2, 0][pick.one(4)];
                    lines.extend((0..times).map(|_| Line::State(state.clone())));
                }
                Some(_) => {}
            }
        }
        if self.hint.is_some() && !self.leaves_hint {
            state["currently_syncing"] = Value::Null;
        }
        let says_at_end = match self.when {
            When::Often => pick.unless_first(4),
            When::End => true,
            When::IfChanged => state != given,
            When::Never => false,
        };
        if says_at_end {
            lines.push(Line::State(state.clone()));
        }
        (lines, state)
    }

    /// The units in the order in which the hint lets them run.
    fn order(&self, state: &Value) -> Vec<Running<'_>> {
        let mut units: Vec<&Unit> = self.units.iter().collect();
        if let Some(hint) = self.hint {
            let current = state["currently_syncing"].as_str().unwrap_or_default();
            let at = units.iter().position(|unit| unit.streams().contains(&current));
            units.rotate_left(at.unwrap_or(0));
            if hint == Hint::Drop {
                units.truncate(units.len() - at.unwrap_or(0));
            }
        }
        let start = |unit| Running { unit, steps: None, announced: false };
        units.into_iter().map(start).collect()
    }

    /// Sets the hint when a unit begins.
    fn announce(
        &self,
        running: &mut Running<'_>,
        selected: &BTreeSet<Name>,
        state: &mut Value,
        lines: &mut Vec<Line>,
        pick: &mut Pick,
    ) {
        let streams = running.unit.streams();
        let runs = streams.iter().any(|name| selected.contains(name));
        if self.hint.is_none() || running.announced || !runs {
            return;
        }
        running.announced = true;
        state["currently_syncing"] = streams[0].into();
        if self.when == When::Often && pick.unless_first(2) {
            lines.push(Line::State(state.clone()));
        }
    }
}

impl Running<'_> {
    /// The next step that the tap sees; changes of the state are made on the way.
    fn next(
        &mut self,
        state: &mut Value,
        selected: &BTreeSet<Name>,
        world: &World,
    ) -> Option<Step> {
        let steps =
            self.steps.get_or_insert_with(|| self.unit.script(state, selected, world).into());
        loop {
            match steps.pop_front()? {
                Step::Set(path, value) => put(state, &path, value),
                step => return Some(step),
            }
        }
    }
}

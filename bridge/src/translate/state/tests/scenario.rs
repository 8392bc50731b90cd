//! A life of a connection: rows are written, syncs run and are cut, users change their minds.

use super::super::StateType;
use super::bridge::{Bridge, Config, Evidence, Mutant};
use super::models::{Model, Name, World};
use super::pick::Pick;
use super::platform::Platform;
use super::tap::{Hint, Tap, When};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::time::Duration;

/// What may happen between syncs, and to them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Op {
    /// A sync is cut.
    Cut,
    /// A stream's table and state are cleared.
    Reset,
    /// A stream is left out, or comes back.
    Toggle,
    /// As `Toggle`, and before the first sync too.
    Late,
    /// A stream's mode changes.
    Mode,
    /// The catalog shows a database, or no longer does.
    Evidence,
    /// States are published as STREAM from now on, or as GLOBAL.
    StateType,
}

/// Mixtures of what may happen.
pub(super) const MIXTURES: [&[Op]; 10] = [
    &[],
    &[Op::Cut],
    &[Op::Cut, Op::Toggle],
    &[Op::Toggle],
    &[Op::Late],
    &[Op::Reset],
    &[Op::Mode],
    &[Op::Cut, Op::Mode],
    &[Op::Cut, Op::Reset, Op::Toggle, Op::Late, Op::Mode],
    &[Op::Cut, Op::Reset, Op::Toggle, Op::Late, Op::Mode, Op::Evidence],
];

/// Circumstances of a scenario.
#[derive(Clone, Copy)]
pub(super) struct Setting {
    pub(super) model: Model,
    pub(super) ops: &'static [Op],
    pub(super) evidence: Evidence,
    pub(super) state_type: StateType,
    pub(super) hint: Option<Hint>,
    pub(super) leaves_hint: bool,
    pub(super) mutant: Option<Mutant>,
    /// Some streams are `full_refresh` from the start.
    pub(super) some_in_full: bool,
    /// Demand that what is joined after a clean end equals what the tap said last.
    pub(super) joins_exactly: bool,
    /// Demand that whatever the tap is given is a state that it once said.
    pub(super) given_was_said: bool,
}

impl Setting {
    pub(super) fn of(model: Model, ops: &'static [Op]) -> Setting {
        Setting {
            model,
            ops,
            evidence: Evidence::True,
            state_type: StateType::Stream,
            hint: None,
            leaves_hint: false,
            mutant: None,
            some_in_full: false,
            joins_exactly: true,
            given_was_said: false,
        }
    }

    fn has(&self, op: Op) -> bool {
        self.ops.contains(&op)
    }
}

struct Life {
    setting: Setting,
    tap: Tap,
    world: World,
    platform: Platform,
    config: Config,
}

/// Plays a scenario and returns the kinds of notes that were told. The error says which law was
/// broken and how it came to that.
pub(super) fn play(setting: Setting, pick: &mut Pick) -> Result<BTreeSet<String>, String> {
    let start = pick.position();
    let mut life = Life::begin(setting, pick);
    let Err(broken) = life.play(pick) else {
        return Ok(life.platform.bridge.told);
    };
    // Once more, this time writing everything down: that takes longer than all the rest.
    pick.rewind(start);
    let mut life = Life::begin(setting, pick);
    life.platform.log = Some(Vec::new());
    let again = life.play(pick);
    assert_eq!(again.as_ref().err(), Some(&broken), "a scenario plays the same every time");
    let about = format!("{:?}, interleaved: {}", life.tap.when, life.tap.interleaved);
    let log = life.platform.log.unwrap_or_default().join("\n");
    Err(format!("{broken}\n{:?}: {about}\n{log}", setting.model))
}

impl Life {
    fn begin(setting: Setting, pick: &mut Pick) -> Life {
        let units = setting.model.units(pick.one(12));
        let whens = [When::Often, When::End, When::IfChanged, When::Never];
        let tap = Tap {
            interleaved: units.len() > 1 && pick.unless_first(2),
            when: whens[pick.one(4)],
            greets: pick.unless_first(2),
            hint: setting.hint,
            leaves_hint: setting.leaves_hint,
            units,
        };
        let interval = Duration::from_secs([0, 0, 3][pick.one(3)]);
        let mut platform = Platform::new(Bridge::new(setting.evidence, interval, setting.mutant));
        platform.given_was_said = setting.given_was_said;
        platform.hands_in_all = pick.unless_first(2);
        platform.bridge.state_type = setting.state_type;
        platform.merges = setting.state_type == StateType::Global && pick.unless_first(2);
        let full = |pick: &mut Pick| setting.some_in_full && pick.one(3) == 2;
        let config = tap.streams().into_iter().map(|name| (name, full(pick))).collect();
        Life { setting, tap, world: World::default(), platform, config }
    }

    fn play(&mut self, pick: &mut Pick) -> Result<(), String> {
        // Now and then a long life, so that streams come to many different cuts.
        let most = if pick.one(6) == 5 { 12 } else { 4 };
        let steps = 1 + pick.one(most);
        // Now and then many rows, so that histories forget cuts.
        let bound = if pick.one(8) == 7 { 40 } else { 4 };
        for step in 0..steps {
            self.grow(pick.one(bound), pick);
            let early = self.setting.has(Op::Late) || self.setting.has(Op::Mode);
            if step > 0 || early {
                self.change(pick);
            }
            let cut = self.setting.has(Op::Cut) && pick.unless_first(3);
            self.platform.sync(&self.tap, &self.config, &self.world, pick, cut)?;
        }
        self.grow(pick.one(2), pick);
        let read = self.platform.sync(&self.tap, &self.config, &self.world, pick, false)?;
        match read {
            Some(read) if self.setting.joins_exactly => self.check_join(&read.last),
            _ => Ok(()),
        }
    }

    fn grow(&mut self, rows: usize, pick: &mut Pick) {
        let mut streams = self.tap.streams();
        streams.retain(|name| *name != "C");
        for _ in 0..rows {
            let name = streams[pick.one(streams.len())];
            self.world.add(name, (name == "P").then_some("C"));
            let now = self.world.now;
            self.platform.note(|| format!("row {name} {now}"));
        }
    }

    /// One of the things that users do between syncs, or none.
    fn change(&mut self, pick: &mut Pick) {
        let ops: Vec<Op> = self.setting.ops.iter().copied().filter(|op| *op != Op::Cut).collect();
        let choice = pick.one(ops.len() + 1);
        if choice == 0 {
            return;
        }
        let streams = self.tap.streams();
        let name = streams[pick.one(streams.len())];
        let op = ops[choice - 1];
        self.platform.note(|| format!("{op:?} {name}"));
        match op {
            Op::Reset => {
                self.platform.reset(name);
            }
            Op::Toggle | Op::Late => self.toggle(name, pick),
            Op::Mode => {
                for (_, full) in self.config.iter_mut().filter(|(known, _)| *known == name) {
                    *full = !*full;
                }
            }
            Op::Evidence => {
                let evidence = &mut self.platform.bridge.evidence;
                *evidence = match *evidence {
                    Evidence::Nothing => self.setting.evidence,
                    _ => Evidence::Nothing,
                };
            }
            Op::StateType => {
                let state_type = &mut self.platform.bridge.state_type;
                *state_type = match *state_type {
                    StateType::Stream => StateType::Global,
                    _ => StateType::Stream,
                };
            }
            Op::Cut => {}
        }
    }

    fn toggle(&mut self, name: Name, pick: &mut Pick) {
        let at = self.config.iter().position(|(known, _)| *known == name);
        match at {
            Some(at) if self.config.len() > 1 => {
                self.config.remove(at);
                if pick.unless_first(2) {
                    self.platform.reset(name);
                }
            }
            Some(_) => {}
            None => self.config.push((name, false)),
        }
    }

    /// After a clean end, one run for all streams resumes exactly where the tap said.
    fn check_join(&self, last: &Value) -> Result<(), String> {
        let all = self.tap.streams().len();
        if self.setting.has(Op::Mode) || self.setting.some_in_full || self.config.len() != all {
            return Ok(());
        }
        let plan = self.platform.bridge.plan(&self.tap, &self.config, &self.platform.held);
        let [pass] = plan.passes.as_slice() else { return Ok(()) };
        let joined = essence(pass.singer_state.clone().unwrap_or_default());
        let said = essence(last.as_object().cloned().unwrap_or_default());
        if joined != said {
            return Err(format!("joined {joined:?}, but the tap said {said:?}"));
        }
        Ok(())
    }
}

/// A state without hints and without what says nothing. (Maps compare without regard to order.)
pub(super) fn essence(mut state: Map<String, Value>) -> Map<String, Value> {
    super::super::hints::strip(&mut state);
    state.retain(|_, value| !value.is_null() && value.as_object().is_none_or(|o| !o.is_empty()));
    state
}

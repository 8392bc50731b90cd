//! What must hold whatever taps, platforms and users do.

use super::super::StateType;
use super::bridge::Evidence;
use super::models::Model;
use super::pick::Pick;
use super::scenario::{MIXTURES, Op, Setting, play};
use super::tap::Hint;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

/// Scenarios per law and kind of tap; `AIRBYTE_SINGER_LAW_CASES` raises the number.
fn cases() -> u32 {
    std::env::var("AIRBYTE_SINGER_LAW_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(150)
}

/// Runs scenarios of one kind of tap over all mixtures of events.
fn holds(model: Model, vary: fn(&mut Setting, &mut Pick)) {
    let config =
        ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) };
    let choices = prop::collection::vec(any::<u16>(), 0..900);
    let outcome = TestRunner::new(config).run(&(0..MIXTURES.len(), choices), |(at, choices)| {
        let mut setting = Setting::of(model, MIXTURES[at]);
        let mut pick = Pick::from(choices);
        vary(&mut setting, &mut pick);
        play(setting, &mut pick).map(drop).map_err(TestCaseError::fail)
    });
    if let Err(broken) = outcome {
        panic!("{broken}");
    }
}

/// Evidence as it is, none at all, or, where a remainder would betray it, wrong.
fn any_evidence(setting: &mut Setting, pick: &mut Pick) {
    let wrong = if setting.model.betrays_itself() { 4 } else { 3 };
    setting.evidence =
        [Evidence::True, Evidence::True, Evidence::Nothing, Evidence::AlwaysDatabase]
            [pick.one(wrong)];
}

/// The tap reorders by the hint, or leaves streams out by it, and may leave it set.
fn any_hint(setting: &mut Setting, pick: &mut Pick) {
    any_evidence(setting, pick);
    setting.hint = Some([Hint::Reorder, Hint::Drop][pick.one(2)]);
    setting.leaves_hint = pick.unless_first(2);
}

/// One GLOBAL state for all.
fn global(setting: &mut Setting, pick: &mut Pick) {
    any_evidence(setting, pick);
    setting.state_type = StateType::Global;
    setting.some_in_full = pick.one(4) == 3;
}

/// One GLOBAL state for all, and a tap that heeds hints.
fn global_and_any_hint(setting: &mut Setting, pick: &mut Pick) {
    any_hint(setting, pick);
    setting.state_type = StateType::Global;
}

/// Users change their minds about the state type too, at any moment.
fn changing_types(setting: &mut Setting, pick: &mut Pick) {
    any_evidence(setting, pick);
    setting.state_type = [StateType::Stream, StateType::Global][pick.one(2)];
    setting.ops = CHANGING_TYPES[pick.one(CHANGING_TYPES.len())];
}

/// What LEGACY can bear: cuts, and resets of all streams.
fn legacy(setting: &mut Setting, pick: &mut Pick) {
    any_evidence(setting, pick);
    setting.state_type = StateType::Legacy;
    setting.ops = [MIXTURES[0], MIXTURES[1], &[Op::Reset], &[Op::Cut, Op::Reset]][pick.one(4)];
    setting.some_in_full = pick.unless_first(2);
    if pick.one(3) == 2 {
        setting.hint = Some([Hint::Reorder, Hint::Drop][pick.one(2)]);
        setting.leaves_hint = pick.unless_first(2);
    }
}

const CHANGING_TYPES: [&[Op]; 3] = [
    &[Op::StateType],
    &[Op::Cut, Op::StateType, Op::StateType],
    &[Op::Cut, Op::Reset, Op::Toggle, Op::Late, Op::Mode, Op::StateType, Op::StateType],
];

/// Linked streams, one GLOBAL or LEGACY state, reads that are cut and nothing else.
fn only_linked_with_one_state(setting: &mut Setting, pick: &mut Pick) {
    only_linked(setting, pick);
    setting.state_type = [StateType::Global, StateType::Legacy][pick.one(2)];
}

/// Linked streams, reads that are cut and nothing else: what the tap is given, it once said.
fn only_linked(setting: &mut Setting, pick: &mut Pick) {
    setting.ops = [MIXTURES[0], MIXTURES[1]][pick.one(2)];
    setting.evidence = Evidence::Nothing;
    setting.given_was_said = true;
}

macro_rules! no_row_is_skipped {
    ($($name:ident: $model:ident,)*) => {
        mod no_row_is_skipped {
            $(#[test]
            fn $name() {
                super::holds(super::Model::$model, super::any_evidence);
            })*
        }
        mod only_what_the_tap_said_is_given {
            $(#[test]
            fn $name() {
                super::holds(super::Model::$model, super::only_linked);
            })*
        }
        mod no_row_is_skipped_by_a_hint {
            $(#[test]
            fn $name() {
                super::holds(super::Model::$model, super::any_hint);
            })*
        }
        mod no_row_is_skipped_with_one_state_for_all {
            $(#[test]
            fn $name() {
                super::holds(super::Model::$model, super::global);
            })*
        }
        mod no_row_is_skipped_by_a_hint_with_one_state_for_all {
            $(#[test]
            fn $name() {
                super::holds(super::Model::$model, super::global_and_any_hint);
            })*
        }
        mod no_row_is_skipped_when_the_state_type_changes {
            $(#[test]
            fn $name() {
                super::holds(super::Model::$model, super::changing_types);
            })*
        }
        mod no_row_is_skipped_with_the_bare_state_when_only_reads_are_cut_and_all_reset {
            $(#[test]
            fn $name() {
                super::holds(super::Model::$model, super::legacy);
            })*
        }
        mod only_what_the_tap_said_is_given_with_one_state_for_all {
            $(#[test]
            fn $name() {
                super::holds(super::Model::$model, super::only_linked_with_one_state);
            })*
        }
    };
}

no_row_is_skipped! {
    independent_streams: Indep,
    positions_at_the_top_level: IndepTop,
    bookmarks_keyed_by_a_repository: IndepRepo,
    bookmarks_that_step_back: Backwards,
    full_tables: Full,
    partitions: Parts,
    events_beside_a_stream: Events,
    one_position_after_snapshots: LsnSnapshot,
    one_position_for_three: LsnOfThree,
    one_position_alone: LsnOnly,
    children_under_a_parent: Parent,
    children_beside_others: ParentAndIndep,
    one_key_for_two_streams: SharedKey,
    a_phase_that_changes_meanings: Phase,
    all_of_it_in_one_tap: Mix,
}

//! What must hold whatever taps, platforms and users do.

use super::bridge::Evidence;
use super::models::Model;
use super::pick::Pick;
use super::scenario::{MIXTURES, Setting, play};
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

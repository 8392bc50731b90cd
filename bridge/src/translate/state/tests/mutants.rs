//! Each rule broken by itself: the laws must notice, or they prove nothing.

use super::super::StateType;
use super::bridge::{Evidence, Mutant};
use super::models::Model;
use super::pick::Pick;
use super::scenario::{MIXTURES, Setting, play};
use super::tap::Hint;
use std::collections::BTreeSet;

/// How many scenarios of one kind of tap are tried before a mutant counts as missed.
const TRIES: u64 = 3000;

/// Looks for skipped rows in scenarios of these taps; all of them, or the ones given.
fn is_caught(mutant: Mutant, models: &[Model], vary: fn(&mut Setting)) -> bool {
    is_caught_in(StateType::Stream, mutant, models, vary)
}

/// As [`is_caught`], with states of this type.
fn is_caught_in(
    state_type: StateType,
    mutant: Mutant,
    models: &[Model],
    vary: fn(&mut Setting),
) -> bool {
    (0..TRIES).any(|seed| {
        models.iter().any(|model| {
            let mut setting = Setting::of(*model, MIXTURES[(seed % 10) as usize]);
            setting.mutant = Some(mutant);
            setting.state_type = state_type;
            setting.joins_exactly = false;
            vary(&mut setting);
            let outcome = play(setting, &mut Pick::seeded(seed));
            outcome.is_err_and(|broken| broken.starts_with("skipped rows"))
        })
    })
}

/// The same hunt with nothing broken finds nothing: it is the mutants that are caught. And what
/// the laws say of a rule means nothing if the scenarios never come to it: here they do.
#[test]
fn the_unbroken_rules_survive_and_every_one_is_met() {
    let mut told = BTreeSet::new();
    for seed in 0..400 {
        for model in Model::ALL {
            let setting = Setting::of(model, MIXTURES[(seed % 10) as usize]);
            let outcome = play(setting, &mut Pick::seeded(seed));
            told.extend(outcome.unwrap_or_else(|broken| panic!("{broken}")));
        }
    }
    let told: Vec<&str> = told.iter().map(String::as_str).collect();
    let expected = [
        "FirstRunCutShort",
        "FullRefreshApart",
        "NoCommonCut",
        "NoSavedPosition",
        "SeveralRuns",
        "TooManyRuns",
        "WasFullRefresh",
    ];
    assert_eq!(told, expected);
}

#[test]
fn the_unbroken_rules_of_one_state_for_all_survive_and_every_one_is_met() {
    let mut told = BTreeSet::new();
    for seed in 0..400 {
        for model in Model::ALL {
            let mut setting = Setting::of(model, MIXTURES[(seed % 10) as usize]);
            setting.state_type = StateType::Global;
            let outcome = play(setting, &mut Pick::seeded(seed));
            told.extend(outcome.unwrap_or_else(|broken| panic!("{broken}")));
        }
    }
    let told: Vec<&str> = told.iter().map(String::as_str).collect();
    assert_eq!(told, ["AllStartOver", "FullRefreshApart", "WasFullRefresh", "WithoutShared"]);
}

#[test]
fn a_missing_stream_that_joins_one_state_for_all_is_caught() {
    assert!(is_caught_in(StateType::Global, Mutant::MissingStreamJoins, &Model::ALL, |_| {}));
}

#[test]
fn a_place_of_another_cut_that_counts_is_caught() {
    assert!(is_caught_in(StateType::Global, Mutant::CutUnchecked, &Model::ALL, |_| {}));
}

#[test]
fn a_full_refresh_taken_for_a_position_is_caught() {
    assert!(is_caught_in(StateType::Global, Mutant::FullRefreshIsPosition, &Model::ALL, |_| {}));
}

#[test]
fn a_last_run_that_speaks_for_all_is_caught() {
    for state_type in [StateType::Global, StateType::Legacy] {
        let vary: fn(&mut Setting) = |setting| setting.some_in_full = true;
        assert!(is_caught_in(state_type, Mutant::LastRunSpeaks, &Model::ALL, vary));
    }
}

#[test]
fn one_run_for_full_refresh_is_caught_in_global_too() {
    assert!(is_caught_in(StateType::Global, Mutant::OneRunForFullRefresh, &Model::ALL, |_| {}));
}

#[test]
fn a_global_state_before_its_rows_is_caught() {
    assert!(is_caught_in(StateType::Global, Mutant::StateBeforeItsRows, &Model::ALL, |_| {}));
}

#[test]
fn a_legacy_state_before_its_rows_is_caught() {
    assert!(is_caught_in(StateType::Legacy, Mutant::StateBeforeItsRows, &Model::ALL, |s| {
        s.ops = MIXTURES[1];
    }));
}

#[test]
fn ids_that_begin_again_are_caught_in_global_too() {
    assert!(is_caught_in(StateType::Global, Mutant::ReusedIds, &Model::ALL, |_| {}));
}

#[test]
fn hints_that_are_kept_are_caught_in_global_too() {
    assert!(is_caught_in(StateType::Global, Mutant::HintsKept, &[Model::Indep], |setting| {
        setting.hint = Some(Hint::Drop);
    }));
}

#[test]
fn a_remainder_that_is_not_seen_is_caught_in_global_too() {
    let models = [Model::LsnSnapshot];
    assert!(is_caught_in(StateType::Global, Mutant::RemainderUnseen, &models, |setting| {
        setting.evidence = Evidence::AlwaysDatabase;
    }));
}

#[test]
fn ids_that_begin_again_are_caught() {
    assert!(is_caught(Mutant::ReusedIds, &Model::ALL, |_| {}));
}

#[test]
fn a_fresh_stream_that_joins_others_is_caught() {
    assert!(is_caught(Mutant::FreshJoinsOthers, &Model::ALL, |_| {}));
}

#[test]
fn the_newest_part_instead_of_the_common_one_is_caught() {
    assert!(is_caught(Mutant::NewestInsteadOfCommon, &Model::ALL, |_| {}));
}

#[test]
fn one_run_for_full_refresh_is_caught() {
    assert!(is_caught(Mutant::OneRunForFullRefresh, &Model::ALL, |_| {}));
}

#[test]
fn hints_that_are_kept_are_caught() {
    assert!(is_caught(Mutant::HintsKept, &[Model::Indep], |setting| {
        setting.hint = Some(Hint::Drop);
    }));
}

#[test]
fn a_state_before_its_rows_is_caught() {
    assert!(is_caught(Mutant::StateBeforeItsRows, &Model::ALL, |_| {}));
}

#[test]
fn a_remainder_that_is_not_seen_is_caught() {
    assert!(is_caught(Mutant::RemainderUnseen, &[Model::LsnSnapshot], |setting| {
        setting.evidence = Evidence::AlwaysDatabase;
    }));
}

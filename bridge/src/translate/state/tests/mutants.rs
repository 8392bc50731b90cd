//! Each rule broken by itself: the laws must notice, or they prove nothing.

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
    (0..TRIES).any(|seed| {
        models.iter().any(|model| {
            let mut setting = Setting::of(*model, MIXTURES[(seed % 10) as usize]);
            setting.mutant = Some(mutant);
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

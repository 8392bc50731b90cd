//! Laws that hold for any streams, slices, waits and failures, with any number of workers.

use crate::model::{Kind, Models, WINDOW, models, names};
use airbyte_protocol::{Message, Position, State, StreamStatus, SyncMode};
use airbyte_singer_sdk::toolkit::Native;
use airbyte_singer_sdk::{Outcome, testing};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn cases() -> ProptestConfig {
    let asked = std::env::var("AIRBYTE_SINGER_TOOLKIT_CASES").ok().and_then(|n| n.parse().ok());
    ProptestConfig { cases: asked.unwrap_or(24), ..ProptestConfig::default() }
}

fn sorted(mut rows: Vec<String>) -> Vec<String> {
    rows.sort_unstable();
    rows
}

/// The last state of each stream, as a platform stores them.
fn last_states(models: &Models, transcript: &testing::Transcript) -> Vec<State> {
    let last = |model: &crate::model::Model| transcript.states_of(&model.descriptor()).pop();
    let states = models.0.iter().filter_map(last);
    states.map(|state| State::stream(state, airbyte_protocol::StateStats::records(0))).collect()
}

proptest! {
    #![proptest_config(cases())]

    /// The suite cuts every read after every state and goes on, in both modes.
    #[test]
    fn no_cut_loses_a_row(models in models(), workers in 1..17_usize) {
        prop_assert_eq!(testing::suite(Native::new(models).workers(workers), &json!({})), Ok(()));
    }

    #[test]
    fn any_number_of_workers_gives_the_same_rows(models in models(), workers in 2..17_usize) {
        for mode in [SyncMode::FullRefresh, SyncMode::Incremental] {
            let catalog = models.configured(mode);
            let mut one = Native::new(models.clone()).workers(1);
            let one = testing::read(&mut one, &json!({}), &catalog, &[]);
            let mut many = Native::new(models.clone()).workers(workers);
            let many = testing::read(&mut many, &json!({}), &catalog, &[]);
            for model in &models.0 {
                let name = model.descriptor();
                prop_assert_eq!(one.rows(&name).len(), model.len());
                prop_assert_eq!(sorted(one.rows(&name)), sorted(many.rows(&name)));
            }
            prop_assert_eq!(many.outcome, Outcome::Done);
        }
    }

    /// A state's cursor is the greatest of windows 0..=k for some k that grows, and all rows of those
    /// windows stand before it.
    #[test]
    fn states_come_in_the_order_of_the_windows(models in models(), workers in 1..17_usize) {
        let catalog = models.configured(SyncMode::Incremental);
        let mut source = Native::new(models.clone()).workers(workers);
        let read = testing::read(&mut source, &json!({}), &catalog, &[]);
        for model in models.0.iter().filter(|model| model.kind == Kind::Windows) {
            let greatest = |k: usize| model.slices[..=k].iter().flatten().max().copied();
            let allowed: BTreeSet<_> = (0..model.slices.len()).map(greatest).collect();
            let (mut seen, mut last) = (Vec::new(), None);
            for message in &read.messages {
                match message {
                    Message::Record(r) if r.descriptor() == model.descriptor() => {
                        seen.push(r.data["at"].as_u64().unwrap());
                    }
                    Message::State(State { position: Position::Stream(own), .. })
                        if own.stream_descriptor == model.descriptor() =>
                    {
                        let blob = own.stream_state.clone().unwrap();
                        let cursor = blob.get("cursor").and_then(Value::as_u64);
                        prop_assert!(allowed.contains(&cursor), "{cursor:?} of {allowed:?}");
                        prop_assert!(cursor >= last);
                        last = cursor;
                        let covered = |at: &u64| cursor.is_some_and(|c| *at / WINDOW <= c / WINDOW);
                        let due = model.slices.iter().flatten().filter(|at| covered(at)).count();
                        let there = seen.iter().filter(|at| covered(at)).count();
                        prop_assert_eq!(due, there);
                    }
                    _ => {}
                }
            }
            prop_assert_eq!(last, greatest(model.slices.len() - 1));
        }
    }

    /// A state within a slice speaks of the rows before it, and of no later one.
    #[test]
    fn a_state_within_a_slice_stands_behind_its_row(models in models(), workers in 1..17_usize) {
        let catalog = models.configured(SyncMode::Incremental);
        let mut source = Native::new(models.clone()).workers(workers);
        let read = testing::read(&mut source, &json!({}), &catalog, &[]);
        for model in models.0.iter().filter(|model| model.kind == Kind::Sorted) {
            let (mut rows, mut states) = (0_usize, 0);
            for message in &read.messages {
                match message {
                    Message::Record(r) if r.descriptor() == model.descriptor() => rows += 1,
                    Message::State(State { position: Position::Stream(own), .. })
                        if own.stream_descriptor == model.descriptor() =>
                    {
                        let blob = own.stream_state.clone().unwrap();
                        let last: Option<u64> = rows.checked_sub(1).map(|n| model.slices[0][n]);
                        prop_assert_eq!(blob.get("cursor").and_then(Value::as_u64), last);
                        states += 1;
                    }
                    _ => {}
                }
            }
            prop_assert_eq!(states, model.len() / 3 + 1);
        }
    }

    #[test]
    fn a_stream_that_fails_leaves_the_others_and_goes_on_later(
        healthy in models(),
        workers in 1..17_usize,
        which in prop::collection::vec(any::<(bool, prop::sample::Index, prop::sample::Index)>(), 4),
        mode in prop::sample::select([SyncMode::FullRefresh, SyncMode::Incremental].as_slice()),
    ) {
        let mut models = healthy.clone();
        for (model, (fails, slice, row)) in models.0.iter_mut().zip(&which) {
            let slice = slice.index(model.slices.len());
            let rows = model.slices[slice].len();
            model.fails = (*fails && rows > 0).then(|| (slice, row.index(rows.max(1))));
        }
        let catalog = models.configured(mode);
        let mut source = Native::new(models.clone()).workers(workers);
        let first = testing::read(&mut source, &json!({}), &catalog, &[]);
        let failed: Vec<_> = models.0.iter().filter(|model| model.fails.is_some()).collect();
        prop_assert_eq!(first.outcome == Outcome::Failed, !failed.is_empty());
        let told = first.error().map_or("", |error| error.message.as_str());
        let stored = last_states(&models, &first);
        let mut source = Native::new(healthy.clone()).workers(workers);
        let rest = testing::read(&mut source, &json!({}), &catalog, &stored);
        prop_assert_eq!(rest.outcome, Outcome::Done);
        for model in &models.0 {
            let name = model.descriptor();
            let ended = first.statuses(&name).pop();
            prop_assert_eq!(told.contains(&model.name), model.fails.is_some(), "{}", told);
            if model.fails.is_some() {
                prop_assert_eq!(ended, Some(StreamStatus::Incomplete));
            } else {
                prop_assert_eq!(ended, Some(StreamStatus::Complete));
                prop_assert_eq!(first.rows(&name).len(), model.len());
            }
            // Only what a state covers was kept.
            let last_state = first.messages.iter().rposition(|message| matches!(message,
                Message::State(State { position: Position::Stream(own), .. })
                    if own.stream_descriptor == name));
            let kept = testing::Transcript {
                messages: first.messages[..last_state.unwrap_or(0)].to_vec(),
                ..first.clone()
            };
            let rows: BTreeSet<_> = kept.rows(&name).into_iter().chain(rest.rows(&name)).collect();
            prop_assert_eq!(rows.len(), model.len());
        }
    }
}

#[test]
fn one_worker_reads_one_stream_after_the_other() {
    let model = |name: &str| crate::model::Model {
        name: name.to_owned(),
        kind: Kind::Plain,
        slices: vec![vec![1, 2], vec![3]],
        waits: vec![3],
        fails: None,
    };
    let models = Models(vec![model("a"), model("b")]);
    let mut source = Native::new(models.clone()).workers(1);
    assert_eq!(names(&testing::discover(&mut source, &json!({})).catalog()), ["a", "b"]);
    let catalog = models.configured(SyncMode::FullRefresh);
    let read = testing::read(&mut source, &json!({}), &catalog, &[]);
    let rows: Vec<_> = read.records().map(|record| record.stream.as_str()).collect();
    assert_eq!(rows, ["a", "a", "a", "b", "b", "b"]);
}

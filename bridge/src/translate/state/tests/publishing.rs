//! When states are published, and for whom.

use super::super::{Input, Note, Publication, StateError, StateType, StreamSpec, Tracker, plan};
use crate::translate::ConfiguredIndex;
use serde_json::{Value, json};
use std::time::Duration;

const S: fn(u64) -> Duration = Duration::from_secs;

fn streams(alone: bool) -> [StreamSpec; 2] {
    [(0, "a"), (1, "b")].map(|(at, id)| StreamSpec {
        configured: ConfiguredIndex(at),
        tap_stream_id: id.to_owned(),
        full_refresh: false,
        generation_id: None,
        may_stand_alone: alone,
    })
}

/// A tracker of a first run, with the default interval.
fn tracker(alone: bool) -> Tracker {
    let streams = streams(alone);
    let plan = plan(StateType::Stream, &streams, Input::Nothing, &["a".to_owned(), "b".to_owned()]);
    Tracker::new(&plan.passes[0], &streams, "r", S(30), S(0))
}

fn say(tracker: &mut Tracker, state: &Value) {
    tracker.saw_state(&state.to_string()).unwrap();
}

fn bookmarks(a: u64, b: u64) -> Value {
    json!({"bookmarks": {"a": a, "b": b}})
}

fn whom(states: &[Publication]) -> Vec<usize> {
    states.iter().map(|state| state.stream.0).collect()
}

/// The own part of a state's newest cut.
fn newest(state: &Publication) -> Value {
    let state = state.to_value();
    let cuts = state["cuts"].as_array().unwrap();
    let own = cuts[cuts.len() - 1]["own"].as_u64().unwrap();
    state["parts"][own as usize].clone()
}

#[test]
fn linked_streams_get_the_newest_state_once_an_interval() {
    let mut tracker = tracker(false);
    say(&mut tracker, &bookmarks(1, 1));
    assert!(tracker.due(S(29)).unwrap().into_streams().is_empty());
    say(&mut tracker, &bookmarks(2, 1));
    let states = tracker.due(S(30)).unwrap().into_streams();
    assert_eq!(whom(&states), [0, 1]);
    assert_eq!(newest(&states[0]), json!(2));
    assert!(tracker.due(S(90)).unwrap().into_streams().is_empty(), "nothing new was said");
    say(&mut tracker, &bookmarks(2, 1));
    assert!(tracker.due(S(91)).unwrap().into_streams().is_empty(), "it said the same again");
    say(&mut tracker, &bookmarks(2, 2));
    assert!(
        tracker.due(S(120)).unwrap().into_streams().is_empty(),
        "30 s from when it was looked at last"
    );
    assert_eq!(whom(&tracker.due(S(121)).unwrap().into_streams()), [0, 1]);
}

#[test]
fn alone_streams_get_a_state_when_their_part_changed() {
    let mut tracker = tracker(true);
    say(&mut tracker, &bookmarks(1, 1));
    assert!(tracker.due(S(0)).unwrap().into_streams().is_empty());
    assert_eq!(whom(&tracker.due(S(1)).unwrap().into_streams()), [0, 1]);
    say(&mut tracker, &bookmarks(1, 2));
    assert_eq!(whom(&tracker.due(S(2)).unwrap().into_streams()), [1]);
    say(&mut tracker, &json!({"bookmarks": {"b": 2}}));
    let states = tracker.due(S(3)).unwrap().into_streams();
    assert_eq!(whom(&states), [0], "absence is said too");
    assert!(states[0].to_value()["cuts"].as_array().unwrap().last().unwrap()["own"].is_null());
}

#[test]
fn a_remainder_links_all_streams_at_that_moment() {
    let mut tracker = tracker(true);
    say(&mut tracker, &bookmarks(1, 1));
    tracker.due(S(1)).unwrap().into_streams();
    say(&mut tracker, &json!({"bookmarks": {"a": 2, "b": 1}, "lsn": 0}));
    let states = tracker.due(S(2)).unwrap().into_streams();
    assert_eq!(whom(&states), [0, 1]);
    for state in states {
        let state = state.to_value();
        assert_eq!(state["alone"], json!(false));
        assert!(state["parts"].as_array().unwrap().contains(&json!({"bookmarks": {}, "lsn": 0})));
    }
    // From here on they wait like linked streams, also when the remainder goes away.
    say(&mut tracker, &bookmarks(3, 1));
    assert!(tracker.due(S(31)).unwrap().into_streams().is_empty());
    assert_eq!(whom(&tracker.due(S(32)).unwrap().into_streams()), [0, 1]);
}

#[test]
fn full_refresh_streams_are_published_at_the_end() {
    let mut streams = streams(true);
    streams[0].full_refresh = true;
    let plan = plan(StateType::Stream, &streams, Input::Nothing, &[]);
    let mut tracker = Tracker::new(&plan.passes[0], &streams, "r", S(0), S(0));
    say(&mut tracker, &bookmarks(1, 1));
    assert_eq!(whom(&tracker.due(S(0)).unwrap().into_streams()), [1]);
    assert_eq!(whom(&tracker.finish(true).unwrap().into_streams()), [0, 1]);
}

#[test]
fn a_state_too_big_to_share_is_published_at_the_end() {
    let mut tracker = tracker(false);
    let big = "x".repeat(9 * 1024 * 1024);
    say(&mut tracker, &json!({"cache": big}));
    assert!(tracker.due(S(30)).unwrap().into_streams().is_empty());
    let notes = tracker.take_notes();
    assert!(matches!(notes[..], [Note::StateTooBig { bytes }] if bytes > 18 * 1024 * 1024));
    assert!(notes[0].to_string().contains("global is recommended"));
    say(&mut tracker, &json!({"cache": 1}));
    assert!(
        tracker.due(S(60)).unwrap().into_streams().is_empty() && tracker.take_notes().is_empty()
    );
    let states = tracker.finish(true).unwrap().into_streams();
    assert_eq!(whom(&states), [0, 1]);
    assert!(states[0].blob.get().len() < 1000);
}

#[test]
fn the_same_size_is_no_matter_to_alone_streams() {
    let mut tracker = tracker(true);
    say(&mut tracker, &json!({"bookmarks": {"a": "x".repeat(9 * 1024 * 1024), "b": 1}}));
    assert_eq!(whom(&tracker.due(S(1)).unwrap().into_streams()), [0, 1]);
}

#[test]
fn heavy_states_wait_for_records() {
    let mut tracker = tracker(false);
    let state = |n: u64| json!({"n": n, "cache": "x".repeat(100_000)});
    say(&mut tracker, &state(1));
    assert_eq!(tracker.due(S(30)).unwrap().into_streams().len(), 2);
    say(&mut tracker, &state(2));
    assert!(tracker.due(S(60)).unwrap().into_streams().is_empty());
    tracker.note_output(20_000_000);
    assert_eq!(tracker.due(S(60)).unwrap().into_streams().len(), 2);
}

#[test]
fn a_value_that_is_no_object_is_refused_and_the_one_before_it_counts() {
    let mut tracker = tracker(false);
    say(&mut tracker, &bookmarks(1, 1));
    for odd in ["[]", "3", "\"x\"", "", "true"] {
        assert_eq!(tracker.saw_state(odd), Err(StateError::NotAnObject));
    }
    let states = tracker.finish(true).unwrap().into_streams();
    assert_eq!(newest(&states[0]), json!(1));
}

#[test]
fn a_broken_state_is_dropped_and_the_one_parsed_before_counts() {
    let mut tracker = tracker(false);
    say(&mut tracker, &bookmarks(1, 1));
    tracker.due(S(30)).unwrap().into_streams();
    tracker.saw_state(r#"{"secret": "#).unwrap();
    let error = tracker.finish(true).unwrap_err();
    assert!(matches!(error, StateError::Malformed { .. }));
    assert!(!error.to_string().contains("secret"));
    let states = tracker.finish(true).unwrap().into_streams();
    assert_eq!(newest(&states[1]), json!(1));
}

#[test]
fn null_says_that_there_is_nothing() {
    let mut tracker = tracker(false);
    tracker.saw_state(" null\n").unwrap();
    let state = tracker.finish(true).unwrap().into_streams()[0].to_value();
    assert_eq!(state["cuts"][1]["own"], Value::Null);
    assert_eq!(state["parts"], json!([]));
}

#[test]
fn passes_of_one_run_never_share_an_id() {
    let mut streams = streams(false);
    streams[1].full_refresh = true;
    let plan = plan(StateType::Stream, &streams, Input::Nothing, &[]);
    let ids: Vec<String> = plan
        .passes
        .iter()
        .flat_map(|pass| {
            Tracker::new(pass, &streams, "r", S(0), S(0)).finish(true).unwrap().into_streams()
        })
        .map(|state| state.to_value())
        .map(|state| {
            state["number"].as_str().or(state["cuts"][1]["id"].as_str()).unwrap().to_owned()
        })
        .collect();
    assert_eq!(ids, ["r.0.0", "r.1.0"]);
}

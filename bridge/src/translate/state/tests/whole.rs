//! Single cases of the state types that speak for all streams, and of changes between the types.

use super::super::{Input, Note, Plan, Published, Standing, StateType, StreamSpec, Tracker, plan};
use super::in_order;
use crate::translate::ConfiguredIndex;
use serde_json::{Map, Value, json};
use std::time::Duration;

const S: fn(u64) -> Duration = Duration::from_secs;

fn spec(id: &str, may_stand_alone: bool) -> StreamSpec {
    StreamSpec {
        configured: ConfiguredIndex(0),
        tap_stream_id: id.to_owned(),
        full_refresh: false,
        generation_id: None,
        may_stand_alone,
    }
}

fn full(id: &str, may_stand_alone: bool) -> StreamSpec {
    StreamSpec { full_refresh: true, generation_id: Some(5), ..spec(id, may_stand_alone) }
}

fn known(streams: &[StreamSpec]) -> Vec<String> {
    streams.iter().map(|stream| stream.tap_stream_id.clone()).collect()
}

/// What a platform holds after a read.
#[derive(Clone, Debug)]
enum Held {
    Nothing,
    Streams(Vec<Option<Value>>),
    Global(Value, Vec<Option<Value>>),
    Legacy(Map<String, Value>),
}

fn join(state_type: StateType, streams: &[StreamSpec], held: &Held) -> Plan {
    let others = &[];
    let input = match held {
        Held::Nothing => Input::Nothing,
        Held::Streams(configured) => Input::Streams { configured, others },
        Held::Global(shared, configured) => {
            Input::Global { shared: Some(shared), configured, others }
        }
        Held::Legacy(blob) => Input::Singer(blob),
    };
    plan(state_type, streams, input, &known(streams))
}

/// Takes what was published.
fn commit(held: &mut Held, streams: usize, published: Published) {
    let shared = published.shared();
    match published {
        Published::Legacy(_) => *held = Held::Legacy(object(shared.unwrap())),
        Published::Global { own, .. } => {
            let mut states = vec![None; streams];
            for state in own {
                states[state.stream.0] = Some(state.to_value());
            }
            *held = Held::Global(shared.unwrap(), states);
        }
        Published::Streams(states) => {
            let mut all = match held {
                Held::Streams(all) => all.clone(),
                _ => vec![None; streams],
            };
            for state in states {
                all[state.stream.0] = Some(state.to_value());
            }
            *held = Held::Streams(all);
        }
    }
}

/// Runs all passes of a plan; in each the tap says these STATEs and ends well.
fn read(plan: &Plan, streams: &[StreamSpec], run_id: &str, said: &[Value]) -> Held {
    let (mut held, mut standing) = (Held::Nothing, Standing::default());
    for pass in &plan.passes {
        let mut tracker =
            Tracker::new(pass, &in_order(streams), run_id, S(0), S(0)).after(standing);
        for state in said {
            tracker.saw_state(&state.to_string()).unwrap();
            commit(&mut held, streams.len(), tracker.due(S(0)).unwrap());
        }
        commit(&mut held, streams.len(), tracker.finish(true).unwrap());
        standing = tracker.standing();
    }
    held
}

/// A first read.
fn first(state_type: StateType, streams: &[StreamSpec], said: &[Value]) -> Held {
    read(&join(state_type, streams, &Held::Nothing), streams, "r", said)
}

fn object(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).unwrap()
}

fn given(plan: &Plan) -> Vec<Value> {
    let given = plan.passes.iter().map(|pass| pass.singer_state.clone());
    given.map(|state| state.map_or(Value::Null, Value::Object)).collect()
}

fn told(plan: &Plan) -> Vec<String> {
    plan.notes.iter().map(Note::to_string).collect()
}

fn linked(lsn: u64) -> Value {
    json!({"bookmarks": {"a": {"snap": true}, "b": {"snap": lsn}}, "lsn": lsn})
}

#[test]
fn a_global_state_shares_the_rest_and_names_every_stream() {
    let streams = [spec("a", false), spec("b", false), full("f", false)];
    let plan = join(StateType::Global, &streams, &Held::Nothing);
    assert_eq!(plan.passes.len(), 2);
    let (pass, last) = (&plan.passes[0], &plan.passes[1]);
    let mut tracker = Tracker::new(pass, &in_order(&streams), "r", S(0), S(0));
    let said = json!({"currently_syncing": "b", "bookmarks": {"a": {"p": 1}, "x": 3}, "lsn": 7});
    tracker.saw_state(&said.to_string()).unwrap();
    let due = tracker.due(S(0)).unwrap();
    let shared = json!({"airbyte_singer": 1, "number": "r.0.0", "cut": {
        "id": "r.0.0", "rest": {"bookmarks": {"x": 3}, "lsn": 7}}});
    assert_eq!(due.shared(), Some(shared));
    let own: Vec<Value> = due.into_streams().iter().map(|state| state.to_value()).collect();
    let expected = json!([
        {"airbyte_singer": 1, "tap_stream_id": "a", "alone": false, "cut": "r.0.0", "own": {"p": 1}},
        {"airbyte_singer": 1, "tap_stream_id": "b", "alone": false, "cut": "r.0.0"},
        {"airbyte_singer": 1, "tap_stream_id": "f", "full_refresh": true, "number": "r.0.0",
         "generation_id": 5}
    ]);
    assert_eq!(Value::Array(own), expected);
    tracker.saw_state(&said.to_string()).unwrap();
    assert!(tracker.due(S(0)).unwrap().is_empty(), "it said the same again");
    let end = tracker.finish(true).unwrap().shared().unwrap();
    assert_eq!(end["cut"]["end"], json!(true));

    // The last run says nothing new of the others, whatever its tap says.
    let mut tracker =
        Tracker::new(last, &in_order(&streams), "r", S(0), S(0)).after(tracker.standing());
    tracker.saw_state(&linked(99).to_string()).unwrap();
    assert!(tracker.due(S(0)).unwrap().is_empty());
    let done = tracker.finish(false).unwrap();
    let shared = done.shared().unwrap();
    assert_eq!(shared["cut"], end["cut"]);
    assert_ne!(shared["number"], end["number"], "no state repeats");
    let own: Vec<Value> = done.into_streams().iter().map(|state| state.to_value()).collect();
    assert_eq!(own[0]["own"], json!({"p": 1}));
    assert_eq!(own[2]["number"], shared["number"]);
}

#[test]
fn streams_in_full_only_share_nothing() {
    let streams = [full("f", true)];
    let held = first(StateType::Global, &streams, &[linked(3)]);
    let Held::Global(shared, own) = &held else { panic!("{held:?}") };
    assert_eq!(shared, &json!({"airbyte_singer": 1, "number": "r.0.0"}));
    assert!(own[0].as_ref().unwrap().get("own").is_none());
    let again = join(StateType::Global, &streams, &held);
    assert!(again.passes[0].singer_state.is_none() && again.notes.is_empty());
}

#[test]
fn a_linked_stream_that_is_missing_makes_all_start_over() {
    let streams = [spec("a", false), spec("b", false)];
    let held = first(StateType::Global, &streams, &[linked(7)]);
    assert_eq!(given(&join(StateType::Global, &streams, &held)), [linked(7)]);
    let Held::Global(shared, mut own) = held else { panic!("no GLOBAL state") };
    own[0] = None;
    let plan = join(StateType::Global, &streams, &Held::Global(shared, own));
    assert_eq!(given(&plan), [Value::Null]);
    assert_eq!(plan.passes[0].streams, [0, 1]);
    let sentence = "a has no saved position; this tap's streams share theirs, and one state for \
                    all streams holds one only: all start over.";
    assert_eq!(told(&plan), [sentence]);
}

#[test]
fn an_alone_stream_that_is_missing_starts_over_by_itself() {
    let streams = [spec("a", true), spec("b", true)];
    let said = json!({"bookmarks": {"a": {"p": 1}, "b": {"p": 2}}});
    let held = first(StateType::Global, &streams, std::slice::from_ref(&said));
    let Held::Global(shared, own) = held else { panic!("no GLOBAL state") };
    assert!(shared["cut"].get("rest").is_none());
    let plan = join(StateType::Global, &streams, &Held::Global(shared, vec![None, own[1].clone()]));
    assert_eq!(given(&plan), [json!({"bookmarks": {"b": {"p": 2}}})]);
    assert!(plan.notes.is_empty());
}

#[test]
fn one_linked_stream_links_all_that_share_a_state() {
    let streams = [spec("a", true), spec("b", false), full("f", true)];
    for (state_type, passes) in [(StateType::Stream, 2), (StateType::Global, 2)] {
        let plan = join(state_type, &streams, &Held::Nothing);
        assert_eq!(plan.passes.len(), passes);
        let together = plan.passes[0].streams == [0, 1];
        assert_eq!(together, state_type == StateType::Global);
    }
}

#[test]
fn a_remainder_links_all_in_the_next_state() {
    let streams = [spec("a", true), spec("b", true)];
    let plan = join(StateType::Global, &streams, &Held::Nothing);
    let mut tracker = Tracker::new(&plan.passes[0], &in_order(&streams), "r", S(0), S(0));
    tracker.saw_state(r#"{"bookmarks": {"a": 1}}"#).unwrap();
    let alone = tracker.due(S(0)).unwrap().into_streams();
    assert_eq!(alone[0].to_value()["alone"], json!(true));
    tracker.saw_state(r#"{"bookmarks": {"a": 1}, "lsn": 0}"#).unwrap();
    let due = tracker.due(S(0)).unwrap();
    assert_eq!(due.shared().unwrap()["cut"]["rest"], json!({"bookmarks": {}, "lsn": 0}));
    assert!(due.into_streams().iter().all(|s| s.to_value()["alone"] == json!(false)));
}

#[test]
fn a_state_for_all_waits_its_interval_also_when_streams_stand_alone() {
    for state_type in [StateType::Global, StateType::Legacy] {
        let streams = [spec("a", true)];
        let plan = join(state_type, &streams, &Held::Nothing);
        let mut tracker = Tracker::new(&plan.passes[0], &in_order(&streams), "r", S(30), S(0));
        tracker.saw_state(r#"{"bookmarks": {"a": 1}}"#).unwrap();
        assert!(tracker.due(S(29)).unwrap().is_empty());
        assert!(!tracker.due(S(30)).unwrap().is_empty());
        tracker.saw_state(r#"{"bookmarks": {"a": 1}}"#).unwrap();
        assert!(tracker.due(S(60)).unwrap().is_empty(), "it said the same again");
    }
}

#[test]
fn states_that_are_too_big_for_each_stream_are_written_once_for_all() {
    let streams: Vec<StreamSpec> = (0..20).map(|n| spec(&format!("s{n}"), false)).collect();
    let plan = join(StateType::Global, &streams, &Held::Nothing);
    let mut tracker = Tracker::new(&plan.passes[0], &in_order(&streams), "r", S(0), S(0));
    let big = json!({"bookmarks": {}, "dictionary": "x".repeat(1024 * 1024)});
    tracker.saw_state(&big.to_string()).unwrap();
    assert_eq!(tracker.due(S(0)).unwrap().into_streams().len(), 20);
    assert!(tracker.take_notes().is_empty());
}

#[test]
fn a_global_state_is_understood_by_stream_and_goes_on_from_its_cut() {
    let streams = [spec("a", false), spec("b", false)];
    let held = first(StateType::Global, &streams, &[linked(7)]);
    let plan = join(StateType::Stream, &streams, &held);
    assert_eq!(given(&plan), [linked(7)]);
    assert!(plan.notes.is_empty());
    // The next read was cut after one stream's state: the other is read from the start, by itself.
    let Held::Streams(mut states) = read(&plan, &streams, "s", &[linked(9)]) else { panic!() };
    assert_eq!(states[0].as_ref().unwrap()["cuts"][0]["id"], json!("r.0.1"));
    states[1] = None;
    let plan = join(StateType::Stream, &streams, &Held::Streams(states));
    assert_eq!(plan.passes.len(), 2);
    assert_eq!(given(&plan)[1], Value::Null);
}

#[test]
fn stream_states_are_understood_by_global_where_they_say_one_moment() {
    let streams = [spec("a", false), spec("b", false)];
    let first_held = first(StateType::Stream, &streams, &[linked(7)]);
    for state_type in [StateType::Global, StateType::Legacy] {
        let plan = join(state_type, &streams, &first_held);
        assert_eq!(given(&plan), [linked(7)]);
        let again = join(state_type, &streams, &read(&plan, &streams, "s", &[linked(8)]));
        assert_eq!(given(&again), [linked(8)]);
    }
    // Two moments: STREAM runs the tap twice, one state for all can't say both.
    let Held::Streams(mut states) = first_held else { panic!("no STREAM states") };
    let later = join(StateType::Stream, &streams, &Held::Nothing);
    let Held::Streams(others) = read(&later, &streams, "t", &[linked(9)]) else { panic!() };
    // The empty state is common to both first runs, so let the base be forgotten.
    states[0].as_mut().unwrap()["cuts"].as_array_mut().unwrap().remove(0);
    states[1] = others[1].clone();
    let held = Held::Streams(states);
    assert_eq!(join(StateType::Stream, &streams, &held).passes.len(), 2);
    for state_type in [StateType::Global, StateType::Legacy] {
        let plan = join(state_type, &streams, &held);
        assert_eq!(given(&plan), [Value::Null]);
        assert!(told(&plan).iter().any(|note| note.contains("saved at different moments")));
    }
}

#[test]
fn a_legacy_state_is_the_singer_state_and_comes_back_without_its_hints() {
    let streams = [spec("a", false), full("f", false)];
    let text = r#"{"z":12345678901234567890.10,"currently_syncing":"a","bookmarks":{"f":{"v":1},"a":{"p":1e400}}}"#;
    let plan = join(StateType::Legacy, &streams, &Held::Nothing);
    let mut tracker = Tracker::new(&plan.passes[0], &in_order(&streams), "r", S(0), S(0));
    tracker.saw_state(text).unwrap();
    let Published::Legacy(blob) = tracker.due(S(0)).unwrap() else { panic!("no LEGACY state") };
    // Numbers keep their digits; whether an exponent has its sign is all one.
    assert_eq!(blob.get().replace("e+", "e"), text, "whole, in its order");
    let mut tracker = Tracker::new(&plan.passes[1], &in_order(&streams), "r", S(0), S(0))
        .after(tracker.standing());
    tracker.saw_state(&linked(99).to_string()).unwrap();
    let Published::Legacy(again) = tracker.finish(true).unwrap() else { panic!() };
    assert_eq!(again.get(), blob.get(), "the last run says nothing new");

    let held = Held::Legacy(serde_json::from_str(blob.get()).unwrap());
    for state_type in [StateType::Legacy, StateType::Stream, StateType::Global] {
        let plan = join(state_type, &streams, &held);
        let state = plan.passes[0].singer_state.clone().unwrap();
        assert!(!state.contains_key("currently_syncing"));
        assert_eq!(state["z"].to_string(), "12345678901234567890.10");
        assert!(plan.passes[1].singer_state.is_none());
        let told = told(&plan).iter().any(|note| note.contains("can't be seen"));
        assert_eq!(told, state_type == StateType::Legacy);
    }
}

#[test]
fn a_legacy_state_holds_no_bookmark_of_a_stream_that_is_read_in_full_beside_others() {
    let streams = [spec("a", true), full("f", true)];
    let said = json!({"bookmarks": {"a": {"p": 1}, "f": {"version": 3}, "other": {"p": 2}}});
    let held = first(StateType::Legacy, &streams, std::slice::from_ref(&said));
    let Held::Legacy(blob) = &held else { panic!("no LEGACY state") };
    assert_eq!(blob["bookmarks"], json!({"a": {"p": 1}, "other": {"p": 2}}));
    // Also one that another runner saved; a stream that isn't configured keeps its place.
    let ids = ["a", "f", "other"].map(str::to_owned);
    let plan = plan(StateType::Legacy, &streams, Input::Singer(&object(said)), &ids);
    assert_eq!(given(&plan), [json!({"bookmarks": {"a": {"p": 1}, "other": {"p": 2}}})]);
}

#[test]
fn a_tap_that_says_nothing_gets_published_what_came_in() {
    let streams = [spec("a", false), spec("b", false)];
    for state_type in [StateType::Global, StateType::Legacy] {
        let held = first(state_type, &streams, &[linked(7)]);
        let again = read(&join(state_type, &streams, &held), &streams, "s", &[]);
        assert_eq!(given(&join(state_type, &streams, &again)), [linked(7)]);
        let nothing = first(state_type, &streams, &[]);
        assert_eq!(given(&join(state_type, &streams, &nothing))[0], Value::Null);
    }
}

#[test]
fn a_global_state_that_is_not_of_these_streams_is_told_and_set_aside() {
    let before = [spec("users", false), spec("b", false)];
    let held = first(StateType::Global, &before, &[linked(7)]);
    let Held::Global(shared, own) = held else { panic!("no GLOBAL state") };
    let now = [spec("people", false), spec("b", false)];
    let mut newer = own.clone();
    newer[1].as_mut().unwrap()["airbyte_singer"] = json!(2);
    let foreign = vec![Some(json!({"cursor": 1})), own[1].clone()];
    let stray = json!({"airbyte_singer": 1, "number": "x", "cut": {"id": "other"}});
    for (shared, own, expected) in [
        (&shared, own.clone(), "belongs to users"),
        (&shared, newer, "another version"),
        (&shared, foreign, "State found under people was not written by this program"),
        (&stray, own.clone(), "State found under b is one part of a GLOBAL state"),
        (&json!({"lsn": 3}), own, "State found under people is one part of a GLOBAL state"),
    ] {
        for state_type in [StateType::Stream, StateType::Global, StateType::Legacy] {
            let plan = join(state_type, &now, &Held::Global(shared.clone(), own.clone()));
            assert!(told(&plan).iter().any(|t| t.contains(expected)), "{expected}: {plan:?}");
            let whole = state_type != StateType::Stream;
            assert!(!whole || given(&plan) == [Value::Null], "{expected}: {plan:?}");
        }
    }
}

//! Single cases, each a way in which an obvious design goes wrong.

use super::super::{Input, Level, Note, Pass, Plan, StateType, StreamSpec, Tracker, plan};
use super::bridge::{Bridge, Evidence, Mutant};
use super::in_order;
use super::models::{Model, World};
use super::pick::Pick;
use super::platform::Platform;
use super::tap::{Tap, When};
use crate::translate::ConfiguredIndex;
use serde_json::{Map, Value, json};
use std::time::Duration;

fn spec(id: &str, may_stand_alone: bool) -> StreamSpec {
    StreamSpec {
        configured: ConfiguredIndex(0),
        tap_stream_id: id.to_owned(),
        full_refresh: false,
        generation_id: None,
        may_stand_alone,
    }
}

fn full(id: &str, may_stand_alone: bool, generation_id: Option<i64>) -> StreamSpec {
    StreamSpec { full_refresh: true, generation_id, ..spec(id, may_stand_alone) }
}

fn known(streams: &[StreamSpec]) -> Vec<String> {
    streams.iter().map(|stream| stream.tap_stream_id.clone()).collect()
}

fn plan_of(streams: &[StreamSpec], configured: &[Option<Value>]) -> Plan {
    plan(StateType::Stream, streams, Input::Streams { configured, others: &[] }, &known(streams))
}

fn tracker(pass: &Pass, streams: &[StreamSpec], run_id: &str) -> Tracker {
    Tracker::new(pass, &in_order(streams), run_id, Duration::ZERO, Duration::ZERO)
}

/// Runs a pass whose tap says these STATEs and ends well; the last state of each stream.
fn run(pass: &Pass, streams: &[StreamSpec], run_id: &str, said: &[Value]) -> Vec<(usize, Value)> {
    let mut tracker = tracker(pass, streams, run_id);
    for state in said {
        tracker.saw_state(&state.to_string()).unwrap();
        tracker.due(Duration::ZERO).unwrap().into_streams();
    }
    tracker
        .finish(true)
        .unwrap()
        .into_streams()
        .iter()
        .map(|p| (p.stream.0, p.to_value()))
        .collect()
}

/// Runs all passes of a plan alike; the last state of each stream, in order.
fn run_all(
    plan: &Plan,
    streams: &[StreamSpec],
    run_id: &str,
    said: &[Value],
) -> Vec<Option<Value>> {
    let mut states = vec![None; streams.len()];
    for pass in &plan.passes {
        for (stream, state) in run(pass, streams, run_id, said) {
            states[stream] = Some(state);
        }
    }
    states
}

fn map(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).unwrap()
}

fn given(pass: &Pass) -> Value {
    pass.singer_state.clone().map_or(Value::Null, Value::Object)
}

#[test]
fn a_bookmark_that_swings_back_makes_a_new_state() {
    let streams = [spec("a", true)];
    let mut tracker = tracker(&plan_of(&streams, &[None]).passes[0], &streams, "r");
    let mut texts = Vec::new();
    for page in [1, 2, 1] {
        tracker.saw_state(&json!({"bookmarks": {"a": {"page": page}}}).to_string()).unwrap();
        let states = tracker.due(Duration::ZERO).unwrap().into_streams();
        texts.extend(states.iter().map(|state| state.blob.get().to_owned()));
    }
    texts.extend(
        tracker
            .finish(true)
            .unwrap()
            .into_streams()
            .iter()
            .map(|state| state.blob.get().to_owned()),
    );
    assert_eq!(texts.len(), 4);
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), 4, "each state is new");
}

#[test]
fn a_crash_before_the_first_state_publishes_what_came_in() {
    for alone in [true, false] {
        let streams = [spec("a", alone), spec("b", alone)];
        let said = json!({"bookmarks": {"a": {"pos": 7}, "b": {"pos": 9}}});
        let first = plan_of(&streams, &[None, None]);
        let states = run_all(&first, &streams, "r1", std::slice::from_ref(&said));
        let second = plan_of(&streams, &states);
        assert_eq!(given(&second.passes[0]), said);
        let mut crashed = tracker(&second.passes[0], &streams, "r2");
        let states: Vec<Option<Value>> = crashed
            .finish(false)
            .unwrap()
            .into_streams()
            .iter()
            .map(|p| Some(p.to_value()))
            .collect();
        assert_eq!(states.len(), 2);
        let third = plan_of(&streams, &states);
        assert_eq!(third.passes.len(), 1);
        assert_eq!(given(&third.passes[0]), said);
    }
}

#[test]
fn an_end_is_marked_only_when_the_tap_ended_well() {
    let streams = [spec("a", false)];
    let plan = plan_of(&streams, &[None]);
    for clean in [true, false] {
        let mut tracker = tracker(&plan.passes[0], &streams, "r");
        tracker.saw_state(r#"{"lsn": 1}"#).unwrap();
        let state = tracker.finish(clean).unwrap().into_streams()[0].to_value();
        let newest = &state["cuts"][1];
        assert_eq!(newest["end"].as_bool().unwrap_or(false), clean);
    }
}

/// Two streams swap names: the platform hands each the other's state.
fn swap(mutant: Option<Mutant>) -> Result<(), String> {
    let tap = Tap {
        units: Model::Indep.units(0),
        interleaved: false,
        when: When::End,
        hint: None,
        leaves_hint: false,
        greets: false,
    };
    let mut world = World::default();
    for name in ["A", "A", "B", "B"] {
        world.add(name, None);
    }
    let bridge = Bridge::new(Evidence::True, Duration::ZERO, mutant);
    let (mut platform, config) = (Platform::new(bridge), vec![("A", false), ("B", false)]);
    let mut pick = Pick::from(Vec::new());
    platform.sync(&tap, &config, &world, &mut pick, false)?;
    let states = &mut platform.held.streams;
    let (a, b) = (states.remove("A").unwrap(), states.remove("B").unwrap());
    states.extend([("A", b), ("B", a)]);
    platform.tables.clear();
    platform.sync(&tap, &config, &world, &mut pick, false).map(|_| ())
}

#[test]
fn a_state_under_another_streams_name_is_not_used() {
    assert_eq!(swap(None), Ok(()));
    // B's position was later than all rows of A.
    let skipped = swap(Some(Mutant::OwnerUnchecked)).unwrap_err();
    assert!(skipped.starts_with("skipped rows"), "{skipped}");
}

#[test]
fn the_user_is_told_whose_state_it_was() {
    let before = [spec("users", true)];
    let states = run_all(&plan_of(&before, &[None]), &before, "r", &[]);
    let plan = plan_of(&[spec("people", true)], &states);
    let told: Vec<String> = plan.notes.iter().map(Note::to_string).collect();
    let expected = "State found under people belongs to users and is not used: people is read \
                    from the start.";
    assert_eq!(told, [expected]);
    assert_eq!(plan.notes[0].level(), Level::Warn);
    assert!(plan.passes[0].singer_state.is_none());
}

#[test]
fn full_refresh_leaves_no_position_for_a_later_incremental_read() {
    for alone in [true, false] {
        let streams = [full("a", alone, Some(3)), spec("b", alone)];
        let plan = plan_of(&streams, &[None, None]);
        let said = json!({"bookmarks": {"a": {"pos": 2}, "b": {"pos": 4}}});
        let states = run_all(&plan, &streams, "r", &[said]);
        let state = states[0].clone().unwrap();
        assert_eq!(state["full_refresh"], json!(true));
        assert_eq!(state["generation_id"], json!(3));
        assert!(!state.to_string().contains("pos"));

        let after = [spec("a", alone), spec("b", alone)];
        let plan = plan_of(&after, &states);
        assert!(plan.notes.contains(&Note::WasFullRefresh { stream: "a".to_owned() }));
        let of_a = plan.passes.iter().find(|pass| pass.streams.contains(&0)).unwrap();
        assert!(!given(of_a).to_string().contains(r#""a""#));
    }
}

#[test]
fn the_same_generation_starts_over_inside_itself() {
    let streams = [full("a", true, Some(3))];
    let states = run_all(&plan_of(&streams, &[None]), &streams, "r", &[json!({"lsn": 1})]);
    let again = plan_of(&streams, &states);
    assert!(again.passes[0].singer_state.is_none());
    assert!(again.notes.is_empty());
}

#[test]
fn an_alone_full_refresh_stream_goes_with_the_others_without_its_bookmark() {
    let before = [spec("a", true), spec("b", true)];
    let said = json!({"bookmarks": {"a": {"pos": 2}, "b": {"pos": 4}}});
    let states = run_all(&plan_of(&before, &[None, None]), &before, "r", &[said]);
    let plan = plan_of(&[full("a", true, None), spec("b", true)], &states);
    assert_eq!(plan.passes.len(), 1);
    assert_eq!(plan.passes[0].streams, [0, 1]);
    assert_eq!(given(&plan.passes[0]), json!({"bookmarks": {"b": {"pos": 4}}}));
}

#[test]
fn a_linked_full_refresh_stream_gets_a_last_run_with_no_state() {
    let before = [spec("p", false), spec("c", false)];
    let said = json!({"bookmarks": {"p": {"pos": 2}}});
    let states = run_all(&plan_of(&before, &[None, None]), &before, "r", &[said]);
    let plan = plan_of(&[spec("p", false), full("c", false, None)], &states);
    let streams: Vec<&[usize]> = plan.passes.iter().map(|pass| &*pass.streams).collect();
    assert_eq!(streams, [&[0], &[1]]);
    assert_eq!(given(&plan.passes[0]), json!({"bookmarks": {"p": {"pos": 2}}}));
    assert!(plan.passes[1].singer_state.is_none());
    let told = plan.notes[0].to_string();
    assert!(told.starts_with("c is full_refresh in a tap with linked streams"), "{told}");
}

#[test]
fn a_bare_singer_state_is_taken_whole() {
    let state = map(json!({
        "currently_syncing": "a", "lsn": 5, "bookmarks": {"a": {"pos": 1}, "z": {"pos": 3}}
    }));
    let streams = [spec("a", true), spec("b", true), full("f", true, None)];
    let plan = plan(StateType::Stream, &streams, Input::Singer(&state), &known(&streams));
    let passes: Vec<&[usize]> = plan.passes.iter().map(|pass| &*pass.streams).collect();
    assert_eq!(passes, [&[0, 1][..], &[2]]);
    let whole = json!({"lsn": 5, "bookmarks": {"a": {"pos": 1}, "z": {"pos": 3}}});
    assert_eq!(given(&plan.passes[0]), whole);

    // The tap says nothing: what came in is published, and comes in whole again.
    let states = run_all(&plan, &streams, "r", &[]);
    let again = plan_of(&streams, &states);
    assert_eq!(given(&again.passes[0]), whole);
}

#[test]
fn a_bare_singer_state_of_a_database_tap_leaves_its_streams_alone() {
    let state = map(json!({"bookmarks": {"a": {"pos": 1}, "f": {"pos": 2}, "other": {"pos": 3}}}));
    let streams = [spec("a", true), full("f", true, None)];
    let ids: Vec<String> = ["a", "f", "other"].map(str::to_owned).to_vec();
    let plan = plan(StateType::Stream, &streams, Input::Singer(&state), &ids);
    assert_eq!(plan.passes.len(), 1);
    assert_eq!(given(&plan.passes[0]), json!({"bookmarks": {"a": {"pos": 1}}}));
}

#[test]
fn an_empty_bare_state_is_no_state() {
    let streams = [spec("a", false)];
    let empty = map(json!({"currently_syncing": "a"}));
    let plan = plan(StateType::Stream, &streams, Input::Singer(&empty), &known(&streams));
    assert!(plan.passes[0].singer_state.is_none());
    let state = run_all(&plan, &streams, "r", &[])[0].clone().unwrap();
    assert_eq!(state["cuts"][0]["id"], json!("0"));
}

#[test]
fn hints_go_in_neither_direction() {
    let streams = [spec("a", true)];
    let said = json!({"currently_syncing": "a", "bookmarks": {
        "a": {"pos": 1}, "currently_sync_stream": "a"}});
    let plan = plan_of(&streams, &[None]);
    let states = run_all(&plan, &streams, "r", &[said]);
    let state = states[0].clone().unwrap();
    assert_eq!(state["alone"], json!(true), "a hint is no remainder");
    assert!(!state.to_string().contains("currently"));

    // A state into which somebody wrote a hint.
    let mut edited = run_all(
        &plan_of(&[spec("a", false)], &[None]),
        &[spec("a", false)],
        "r",
        &[json!({"lsn": 1})],
    );
    edited[0].as_mut().unwrap()["parts"][0]["currently_syncing"] = json!("a");
    let plan = plan_of(&[spec("a", false)], &edited);
    assert_eq!(given(&plan.passes[0]), json!({"lsn": 1}));
}

/// An SDK tap: a parent with a bookmark, a child with an empty one.
fn family_states(n: u64) -> Value {
    json!({"bookmarks": {"p": {"replication_key_value": n}, "c": {}}})
}

#[test]
fn a_child_that_lags_takes_its_parent_back_to_their_common_cut() {
    let streams = [spec("p", false), spec("c", false)];
    let first = plan_of(&streams, &[None, None]);
    let mut tracker = tracker(&first.passes[0], &streams, "r");
    let mut states = Vec::new();
    for n in 1..=4 {
        tracker.saw_state(&family_states(n).to_string()).unwrap();
        states.push(tracker.due(Duration::ZERO).unwrap().into_streams());
    }
    // The platform committed the parent's fourth state and the child's third.
    let committed = [Some(states[3][0].to_value()), Some(states[2][1].to_value())];
    let plan = plan_of(&streams, &committed);
    assert_eq!(plan.passes.len(), 1);
    assert_eq!(given(&plan.passes[0]), family_states(3));
    assert!(plan.notes.is_empty());

    // Two behind, so early in a run: what they share is what the run began with.
    let committed = [Some(states[3][0].to_value()), Some(states[1][1].to_value())];
    let plan = plan_of(&streams, &committed);
    assert!(plan.passes[0].singer_state.is_none());
    let told = "No saved cut is common to all streams: resuming from the start of the last run.";
    assert_eq!(plan.notes[0].to_string(), told);
}

#[test]
fn streams_that_lag_by_less_than_a_stride_meet_at_it() {
    let streams = [spec("p", false), spec("c", false)];
    let first = plan_of(&streams, &[None, None]);
    let mut tracker = tracker(&first.passes[0], &streams, "r");
    let mut states = Vec::new();
    for n in 1..=30 {
        tracker.saw_state(&family_states(n).to_string()).unwrap();
        states.push(tracker.due(Duration::ZERO).unwrap().into_streams());
    }
    // Barriers 30 and 25: both hold barrier 24.
    let committed = [Some(states[29][0].to_value()), Some(states[24][1].to_value())];
    let plan = plan_of(&streams, &committed);
    assert_eq!(given(&plan.passes[0]), family_states(24));
    assert!(plan.notes.is_empty());
}

#[test]
fn a_child_with_no_state_joins_a_first_run_that_was_cut_short() {
    let streams = [spec("p", false), spec("c", false)];
    let first = plan_of(&streams, &[None, None]);
    let mut tracker = tracker(&first.passes[0], &streams, "r");
    tracker.saw_state(&family_states(1).to_string()).unwrap();
    let states = tracker.due(Duration::ZERO).unwrap().into_streams();
    let plan = plan_of(&streams, &[Some(states[0].to_value()), None]);
    assert_eq!(plan.passes.len(), 1);
    assert_eq!(plan.passes[0].streams, [0, 1]);
    assert!(plan.passes[0].singer_state.is_none());
    assert!(matches!(plan.notes[..], [Note::FirstRunCutShort { .. }]));
}

#[test]
fn a_child_that_was_reset_is_read_from_the_start_in_a_run_of_its_own() {
    let streams = [spec("p", false), spec("c", false)];
    let first = plan_of(&streams, &[None, None]);
    let mut states = run_all(&first, &streams, "r", &[family_states(5)]);
    states[1] = None;
    let plan = plan_of(&streams, &states);
    let passes: Vec<&[usize]> = plan.passes.iter().map(|pass| &*pass.streams).collect();
    assert_eq!(passes, [&[0], &[1]]);
    assert_eq!(given(&plan.passes[0]), json!({"bookmarks": {"p": {"replication_key_value": 5}}}));
    assert!(plan.passes[1].singer_state.is_none());
    let told = plan.notes[0].to_string();
    let expected = "Stream c has no saved position; this tap's streams share theirs, so c is read \
                    from the start in a run of its own.";
    assert_eq!(told, expected);
}

#[test]
fn a_parent_left_out_still_tells_its_part_of_a_common_cut() {
    let both = [spec("p", false), spec("c", false)];
    let states = run_all(&plan_of(&both, &[None, None]), &both, "r", &[family_states(5)]);
    let only = [spec("c", false)];
    let parent = states[0].clone().unwrap();
    let (configured, others) = ([states[1].clone()], [parent]);
    let input = Input::Streams { configured: &configured, others: &others };
    let plan = plan(StateType::Stream, &only, input, &known(&both));
    assert_eq!(given(&plan.passes[0]), family_states(5));
}

#[test]
fn more_than_three_families_let_the_smallest_start_over() {
    let streams: Vec<StreamSpec> =
        ["a", "b", "c", "d", "e"].into_iter().map(|id| spec(id, false)).collect();
    // Each pair or stream was saved by a run of its own; a and b share one.
    let mut states = vec![None; 5];
    for (run_id, members) in [("r1", &[0, 1][..]), ("r2", &[2]), ("r3", &[3]), ("r4", &[4])] {
        let bare = map(json!({"lsn": 1, "run": run_id}));
        let chosen: Vec<StreamSpec> = members.iter().map(|i: &usize| streams[*i].clone()).collect();
        let plan = plan(StateType::Stream, &chosen, Input::Singer(&bare), &known(&streams));
        for (at, state) in run(&plan.passes[0], &chosen, run_id, &[]) {
            states[members[at]] = Some(state);
        }
    }
    let plan = plan_of(&streams, &states);
    let passes: Vec<&[usize]> = plan.passes.iter().map(|pass| &*pass.streams).collect();
    assert_eq!(passes, [&[0, 1][..], &[2], &[3, 4]]);
    assert_eq!(given(&plan.passes[1])["run"], json!("r2"));
    assert!(plan.passes[2].singer_state.is_none());
    assert!(plan.notes.iter().any(|note| matches!(note, Note::TooManyRuns { .. })));
}

#[test]
fn states_of_others_and_of_other_versions_are_set_aside_with_a_word() {
    let streams = [spec("a", true), spec("b", true), spec("c", true), spec("d", true)];
    let newer = json!({"airbyte_singer": 2, "tap_stream_id": "b"});
    let states = [Some(json!({"cursor": 5})), Some(newer), Some(json!({})), Some(Value::Null)];
    let plan = plan_of(&streams, &states);
    let expected =
        [Note::NotOurs { stream: "a".to_owned() }, Note::OtherVersion { stream: "b".to_owned() }];
    assert_eq!(plan.notes, expected);
    assert_eq!(plan.passes.len(), 1);
    assert!(plan.passes[0].singer_state.is_none());
}

#[test]
fn an_id_that_stands_twice_in_the_catalog_links_its_stream() {
    let streams = [spec("a", true)];
    let ids = ["a".to_owned(), "a".to_owned()];
    let first = plan(StateType::Stream, &streams, Input::Nothing, &ids);
    let state = run_all(&first, &streams, "r", &[])[0].clone().unwrap();
    assert_eq!(state["alone"], json!(false));
}

#[test]
fn alone_and_linked_streams_of_one_tap_run_apart() {
    let streams = [spec("a", true), spec("p", false), spec("c", false), full("f", true, None)];
    let plan = plan_of(&streams, &[None, None, None, None]);
    let passes: Vec<&[usize]> = plan.passes.iter().map(|pass| &*pass.streams).collect();
    assert_eq!(passes, [&[0, 3], &[1, 2]]);
}

#[test]
fn streams_that_were_linked_for_want_of_evidence_can_stand_alone_later() {
    let linked = [spec("a", false), spec("b", false)];
    let said = json!({"bookmarks": {"a": {"pos": 1}, "b": {"pos": 2}}});
    let mut states =
        run_all(&plan_of(&linked, &[None, None]), &linked, "r", std::slice::from_ref(&said));
    let alone = [spec("a", true), spec("b", true)];
    let again = run_all(&plan_of(&alone, &states), &alone, "r2", std::slice::from_ref(&said));
    assert_eq!(again[0].as_ref().unwrap()["alone"], json!(true));
    // With a remainder they can't.
    states = run_all(&plan_of(&linked, &[None, None]), &linked, "r", &[json!({"lsn": 0})]);
    let again = run_all(&plan_of(&alone, &states), &alone, "r2", &[]);
    assert_eq!(again[0].as_ref().unwrap()["alone"], json!(false));
}

#[test]
fn one_linked_state_links_all() {
    let streams = [spec("a", true), spec("b", true)];
    let states = run_all(&plan_of(&streams, &[None, None]), &streams, "r", &[json!({"lsn": 0})]);
    let plan = plan_of(&streams, &[states[0].clone(), None]);
    let passes: Vec<&[usize]> = plan.passes.iter().map(|pass| &*pass.streams).collect();
    assert_eq!(passes, [&[0], &[1]]);
    let states = run_all(&plan, &streams, "r2", &[]);
    assert_eq!(states[1].as_ref().unwrap()["alone"], json!(false));
}

#[test]
fn an_edited_empty_cut_stays_empty() {
    let streams = [spec("a", false)];
    let state = json!({"airbyte_singer": 1, "tap_stream_id": "a", "alone": false,
        "parts": [{"pos": 9}], "cuts": [{"id": "0", "own": 0, "rest": 0}]});
    let plan = plan_of(&streams, &[Some(state)]);
    assert!(plan.passes[0].singer_state.is_none());
}

#[test]
fn a_stream_that_was_held_back_goes_on_from_where_the_pass_began() {
    let streams = [spec("a", false), spec("b", false)];
    let first = run_all(
        &plan_of(&streams, &[None, None]),
        &streams,
        "r1",
        &[json!({"bookmarks": {"a": 1, "b": 1}, "lsn": 5})],
    );
    let second = plan_of(&streams, &first);
    assert_eq!(second.passes.len(), 1);
    let mut tracker = tracker(&second.passes[0], &streams, "r2");
    tracker.saw_state(&json!({"bookmarks": {"a": 2, "b": 1}, "lsn": 9}).to_string()).unwrap();
    assert_eq!(tracker.due(Duration::ZERO).unwrap().into_streams().len(), 2);
    tracker.hold_back(ConfiguredIndex(1));
    let last = tracker.finish(true).unwrap().into_streams();
    let states: Vec<Option<Value>> = last.iter().map(|state| Some(state.to_value())).collect();

    let third = plan_of(&streams, &states);
    let runs: Vec<(Vec<usize>, Value)> = third
        .passes
        .iter()
        .map(|pass| (pass.streams.clone(), given(pass)["lsn"].clone()))
        .collect();
    assert!(runs.contains(&(vec![0], json!(9))), "{runs:?}");
    assert!(runs.contains(&(vec![1], json!(5))), "{runs:?}");
}

/// What tap-postgres says while it reads two tables in full before their turn at the log.
fn log_bookmark(more: &Value) -> Value {
    let mut bookmark = json!({"last_replication_method": "LOG_BASED"});
    for (key, value) in more.as_object().unwrap() {
        bookmark[key] = value.clone();
    }
    bookmark
}

#[test]
fn a_table_half_read_before_its_turn_at_the_log_is_read_again() {
    let streams = [spec("a", true), spec("b", true)];
    let bare = log_bookmark(&json!({}));
    let begun = log_bookmark(&json!({"lsn": 7, "version": 1, "xmin": 99}));
    let read = log_bookmark(&json!({"lsn": 7, "version": 1, "xmin": null}));
    let said = |syncing: Value, a: &Value, b: &Value| {
        json!({"currently_syncing": syncing, "bookmarks": {"a": a, "b": b}}).to_string()
    };
    let first = plan_of(&streams, &[None, None]);
    for (steps, left) in [
        (vec![said(json!("a"), &begun, &bare)], [None, Some(&bare)]),
        (
            vec![said(json!("a"), &begun, &bare), said(json!("b"), &read, &begun)],
            [Some(&read), Some(&bare)],
        ),
        (
            vec![said(json!(null), &read, &bare), said(json!("b"), &read, &begun)],
            [Some(&read), Some(&bare)],
        ),
        (vec![said(json!(null), &read, &read)], [Some(&read), Some(&read)]),
    ] {
        let mut tracker = tracker(&first.passes[0], &streams, "r");
        for step in &steps {
            tracker.saw_state(step).unwrap();
            tracker.due(Duration::ZERO).unwrap().into_streams();
        }
        let states = tracker.finish(false).unwrap().into_streams();
        let states: Vec<Option<Value>> = states.iter().map(|p| Some(p.to_value())).collect();
        let again = plan_of(&streams, &states);
        let given = again.passes[0].singer_state.clone().map(Value::Object).unwrap();
        assert_eq!([given["bookmarks"].get("a"), given["bookmarks"].get("b")], left, "{steps:?}");
    }
}

#[test]
fn a_tap_that_takes_currently_syncing_for_granted_is_given_a_null() {
    let streams = [spec("a", true)];
    let read = log_bookmark(&json!({"lsn": 7, "xmin": null}));
    let said = json!({"currently_syncing": null, "bookmarks": {"a": read}});
    let states = run_all(&plan_of(&streams, &[None]), &streams, "r", std::slice::from_ref(&said));
    let again = plan_of(&streams, &states);
    assert_eq!(again.passes[0].singer_state.clone().map(Value::Object), Some(said.clone()));
    // What the tap didn't say is not stored, and the stream goes on standing alone.
    let states = run_all(&again, &streams, "s", &[]);
    assert_eq!(states[0].as_ref().unwrap()["alone"], json!(true));
    assert!(!states[0].as_ref().unwrap().to_string().contains("currently_syncing"));
    let third = plan_of(&streams, &states);
    assert_eq!(third.passes[0].singer_state.clone().map(Value::Object), Some(said));
}

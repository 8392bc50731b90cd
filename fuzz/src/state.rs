//! States: whatever a tap says, whichever of its states a platform commits, the tap is given again
//! only what it said, and each stream is read once.

use airbyte_singer::translate::ConfiguredIndex;
use airbyte_singer::translate::state::{Input, Pass, Plan, StateType, StreamSpec, Tracker, plan};
use serde_json::{Map, Value};
use std::time::Duration;

const IDS: [&str; 3] = ["a", "b", "c"];

/// The first byte says what the streams are, the second to the fourth how far each was committed, the
/// rest is what the tap says: a STATE a line.
pub fn run(bytes: &[u8]) {
    let Some((choices, said)) = bytes.split_first_chunk::<4>() else { return };
    let Ok(said) = std::str::from_utf8(said) else { return };
    let state_type = [StateType::Stream, StateType::Global][usize::from(choices[0] >> 7)];
    let streams = streams(choices[0]);
    let known = IDS.map(str::to_owned);
    let first = plan(state_type, &streams, Input::Nothing, &known);
    covers(&first);
    let read = Read::of(&first, &streams, said);
    let held: Vec<Option<Value>> =
        (0..IDS.len()).map(|stream| read.committed(stream, choices[stream + 1]).cloned()).collect();
    let again = plan(state_type, &streams, read.input(&held), &known);
    covers(&again);
    let linked = streams.iter().all(|spec| !spec.may_stand_alone && !spec.full_refresh);
    if linked {
        again.passes.iter().for_each(|pass| read.said(pass));
    }
}

fn streams(choices: u8) -> Vec<StreamSpec> {
    let spec = |(at, id): (usize, &&str)| StreamSpec {
        configured: ConfiguredIndex(at),
        tap_stream_id: (*id).to_owned(),
        full_refresh: choices & 0x40 != 0 && choices & (1 << at) != 0,
        generation_id: None,
        may_stand_alone: choices & (8 << at) != 0,
    };
    IDS.iter().enumerate().map(spec).collect()
}

/// Each stream is read in one run of the tap.
fn covers(plan: &Plan) {
    let mut covered: Vec<usize> =
        plan.passes.iter().flat_map(|pass| pass.streams.clone()).collect();
    covered.sort_unstable();
    assert_eq!(covered, [0, 1, 2], "each stream is read once");
}

/// What a read of the tap published.
#[derive(Default)]
struct Read {
    /// The states of each stream, in order.
    states: [Vec<Value>; IDS.len()],
    /// The shared parts, in order.
    shared: Vec<Value>,
    /// What the tap said, without what is never handed back.
    heard: Vec<Map<String, Value>>,
}

impl Read {
    fn of(plan: &Plan, streams: &[StreamSpec], said: &str) -> Self {
        let mut read = Read { heard: vec![Map::new()], ..Read::default() };
        let mut standing = None;
        for pass in &plan.passes {
            let mut tracker = Tracker::new(pass, streams, "r", Duration::ZERO, Duration::ZERO);
            if let Some(standing) = standing.take() {
                tracker = tracker.after(standing);
            }
            for (seconds, line) in (1..).zip(said.lines()) {
                if tracker.saw_state(line).is_err() {
                    continue;
                }
                let state = serde_json::from_str::<Option<Map<String, Value>>>(line);
                read.heard.extend(state.ok().map(Option::unwrap_or_default));
                if let Ok(states) = tracker.due(Duration::from_secs(seconds)) {
                    read.take(states);
                }
            }
            match tracker.finish(true) {
                Ok(last) => read.take(last),
                Err(_) => read.take(tracker.finish(false).expect("the STATE before holds")),
            }
            standing = Some(tracker.standing());
        }
        read
    }

    fn take(&mut self, states: airbyte_singer::translate::state::Published) {
        self.shared.extend(states.shared());
        for state in states.into_streams() {
            self.states[state.stream.0].push(state.to_value());
        }
    }

    /// The state of a stream that a platform has committed last.
    fn committed(&self, stream: usize, choice: u8) -> Option<&Value> {
        let states = &self.states[stream];
        // Together with a shared part, all are of one moment: the last.
        if self.shared.is_empty() {
            usize::from(choice).checked_sub(1).and_then(|at| states.get(at % states.len().max(1)))
        } else {
            states.last()
        }
    }

    fn input<'a>(&'a self, configured: &'a [Option<Value>]) -> Input<'a> {
        match self.shared.last() {
            None => Input::Streams { configured, others: &[] },
            shared => Input::Global { shared, configured, others: &[] },
        }
    }

    /// What a run is started from was said by the tap, as far as its streams are concerned.
    fn said(&self, pass: &Pass) {
        let given = essence(pass.singer_state.clone().unwrap_or_default(), pass);
        let was_said = self.heard.iter().any(|state| essence(state.clone(), pass) == given);
        assert!(was_said, "the tap never said this");
    }
}

/// A state without hints, without bookmarks of streams that this run doesn't read, and without what
/// says nothing.
fn essence(mut state: Map<String, Value>, pass: &Pass) -> Map<String, Value> {
    let hints = ["currently_", "current_stream", "this_stream"];
    state.retain(|key, _| !hints.iter().any(|hint| key.starts_with(hint)));
    if let Some(Value::Object(bookmarks)) = state.get_mut("bookmarks") {
        bookmarks.shift_remove("currently_sync_stream");
        let others = (0..IDS.len()).filter(|stream| !pass.streams.contains(stream));
        others.for_each(|stream| drop(bookmarks.shift_remove(IDS[stream])));
    }
    state.retain(|_, value| !value.is_null() && value.as_object().is_none_or(|o| !o.is_empty()));
    state
}

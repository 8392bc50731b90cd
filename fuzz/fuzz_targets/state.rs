//! States: whatever a tap says as a STATE, what is published from it is read again as our own.
#![no_main]

use airbyte_singer::translate::state::{Input, StateType, StreamSpec, Tracker, plan};
use libfuzzer_sys::fuzz_target;
use std::time::Duration;

fuzz_target!(|input: (u8, &str)| {
    let (choices, said) = input;
    let spec = |id: &str, bit: u8| StreamSpec {
        tap_stream_id: id.to_owned(),
        full_refresh: choices & (1 << bit) != 0,
        generation_id: None,
        may_stand_alone: choices & (1 << (bit + 1)) != 0,
    };
    let streams = [spec("a", 0), spec("b", 2)];
    let known = ["a".to_owned(), "b".to_owned()];
    let first = plan(StateType::Stream, &streams, Input::Nothing, &known);
    let mut stored = [None, None];
    for pass in &first.passes {
        let mut tracker = Tracker::new(pass, &streams, "r", Duration::ZERO, Duration::ZERO);
        for line in said.lines() {
            let _ = tracker.saw_state(line);
            if let Ok(states) = tracker.due(Duration::ZERO) {
                let _ = states.shared();
            }
        }
        let last = match tracker.finish(true) {
            Ok(last) => last,
            Err(_) => tracker.finish(false).expect("the STATE before holds"),
        };
        for state in last.into_streams() {
            stored[state.stream] = Some(state.to_value());
        }
    }
    let again = plan(
        StateType::Stream,
        &streams,
        Input::Streams { configured: &stored, others: &[] },
        &known,
    );
    let covered: usize = again.passes.iter().map(|pass| pass.streams.len()).sum();
    assert_eq!(covered, 2, "each stream is read once");
});

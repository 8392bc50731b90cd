//! A plan for a tap that somebody else runs, once, for all its streams.

use super::pass::{Base, Kind, Pass};
use super::plan::Plan;
use super::stream_spec::StreamSpec;

impl Plan {
    /// The plan as one run, where the tap has been started already and can't be run several times:
    /// `full_refresh` streams go along, which is how they were read, and streams that start from
    /// nothing are linked, whatever they might have been apart.
    ///
    /// # Errors
    ///
    /// The number of runs that it takes, when streams resume from different positions: which of
    /// them the tap was given can't be told.
    pub fn in_one_run(self, streams: &[StreamSpec]) -> Result<Pass, usize> {
        let in_full = |pass: &Pass| pass.streams.iter().all(|stream| streams[*stream].full_refresh);
        let (full_refresh, mut resuming): (Vec<Pass>, Vec<Pass>) =
            self.passes.into_iter().partition(in_full);
        let several = resuming.len() > 1;
        if several && resuming.iter().any(|pass| pass.singer_state.is_some()) {
            return Err(resuming.len());
        }
        let mut run = resuming.pop().unwrap_or_else(|| Pass {
            streams: Vec::new(),
            singer_state: None,
            number: 0,
            state_type: self.state_type,
            kind: Kind::Linked,
            base: Base::empty(),
        });
        if several {
            (run.kind, run.base) = (Kind::Linked, Base::empty());
        }
        for pass in resuming.iter().chain(&full_refresh) {
            run.streams.extend(&pass.streams);
        }
        run.streams.sort_unstable();
        Ok(run)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Input, StateType, Tracker, plan};
    use super::*;
    use crate::translate::ConfiguredIndex;
    use serde_json::{Value, json};
    use std::time::Duration;

    fn spec(id: &str, full_refresh: bool, may_stand_alone: bool) -> StreamSpec {
        StreamSpec {
            configured: ConfiguredIndex(0),
            tap_stream_id: id.to_owned(),
            full_refresh,
            generation_id: None,
            may_stand_alone,
        }
    }

    fn specs() -> [StreamSpec; 3] {
        [spec("alone", false, true), spec("linked", false, false), spec("all", true, false)]
    }

    fn planned(streams: &[StreamSpec], input: Input<'_>) -> Plan {
        let ids: Vec<String> = streams.iter().map(|spec| spec.tap_stream_id.clone()).collect();
        plan(StateType::Stream, streams, input, &ids)
    }

    #[test]
    fn a_first_run_is_one_whatever_its_streams() {
        let streams = specs();
        let plan = planned(&streams, Input::Nothing);
        assert_eq!(plan.passes.len(), 3, "apart they would be three");
        let run = plan.in_one_run(&streams).unwrap();
        assert_eq!(run.streams, [0, 1, 2]);
        assert!(run.singer_state.is_none());
    }

    #[test]
    fn what_one_run_publishes_is_resumed_by_one_run() {
        let mut streams =
            [spec("a", false, false), spec("b", false, false), spec("all", true, false)];
        for (at, stream) in streams.iter_mut().enumerate() {
            stream.configured = ConfiguredIndex(at);
        }
        let run = planned(&streams, Input::Nothing).in_one_run(&streams).unwrap();
        let mut tracker = Tracker::new(&run, &streams, "r", Duration::ZERO, Duration::ZERO);
        tracker.saw_state(r#"{"bookmarks":{"a":1,"b":2,"all":3}}"#).unwrap();
        let mut states: Vec<Option<Value>> = vec![None, None, None];
        for state in tracker.finish(true).unwrap().into_streams() {
            states[state.stream.0] = Some(state.to_value());
        }
        let input = Input::Streams { configured: &states, others: &[] };
        let again = planned(&streams, input).in_one_run(&streams).unwrap();
        assert_eq!(again.streams, [0, 1, 2]);
        assert_eq!(Value::from(again.singer_state), json!({"bookmarks": {"a": 1, "b": 2}}));
    }

    #[test]
    fn a_bare_state_is_one_run_and_different_positions_are_not() {
        let streams = specs();
        let Value::Object(state) = json!({"bookmarks": {"alone": 1, "linked": 2}}) else {
            unreachable!()
        };
        let run = planned(&streams, Input::Singer(&state)).in_one_run(&streams).unwrap();
        assert_eq!((run.streams.len(), run.singer_state), (3, Some(state)));
        let apart: Vec<Option<Value>> = ["x", "y"]
            .iter()
            .map(|run| {
                Some(json!({"airbyte_singer": 1, "tap_stream_id": "", "alone": false, "parts":
                    [{"p": run}], "cuts": [{"id": format!("{run}.0.1"), "own": 0, "rest": 0}]}))
            })
            .collect();
        let streams = [spec("", false, false), spec("", false, false)];
        let input = Input::Streams { configured: &apart, others: &[] };
        assert_eq!(planned(&streams, input).in_one_run(&streams).unwrap_err(), 2);
    }

    #[test]
    fn no_stream_is_no_run_of_anything() {
        let run = planned(&[], Input::Nothing).in_one_run(&[]).unwrap();
        assert!(run.streams.is_empty());
    }
}

//! Joining: from the states the platform handed in to the runs of the tap.

use super::blob::StoredCuts;
use super::cuts::{Cut, Part, assemble, has_remainder, is_too_deep};
use super::families;
use super::hints;
use super::intake::{Input, Sorted, is_foreign, sort};
use super::notes::Note;
use super::pass::{Base, Kind, Pass};
use super::state_type::StateType;
use super::stream_spec::StreamSpec;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// The runs of the tap that a read needs, in order, and what the user is told about them.
#[derive(Debug)]
pub struct Plan {
    /// One run of the tap each; every configured stream is in exactly one of them.
    pub passes: Vec<Pass>,
    /// Sentences for the user.
    pub notes: Vec<Note>,
    /// What it was made for.
    pub(super) state_type: StateType,
}

/// Decides which streams run together, and from where.
///
/// `state_type` is what will be published: a state for all streams has one position for all that
/// resume, so that they run together or start over together.
///
/// `known_ids` are the `tap_stream_id`s of the whole catalog, configured or not; an id that stands
/// there twice keeps its streams from standing alone.
///
/// ```
/// use airbyte_singer::translate::ConfiguredIndex;
/// use airbyte_singer::translate::state::{Input, StateType, StreamSpec, plan};
/// let users = StreamSpec {
///     configured: ConfiguredIndex(0),
///     tap_stream_id: "users".into(),
///     full_refresh: false,
///     generation_id: None,
///     may_stand_alone: true,
/// };
/// let plan = plan(StateType::Stream, &[users], Input::Nothing, &["users".to_owned()]);
/// assert_eq!(plan.passes.len(), 1);
/// assert_eq!(plan.passes[0].streams, [0]);
/// assert!(plan.passes[0].singer_state.is_none());
/// ```
pub fn plan(
    state_type: StateType,
    streams: &[StreamSpec],
    input: Input<'_>,
    known_ids: &[String],
) -> Plan {
    let mut planner = Planner::new(state_type, streams, known_ids);
    if state_type == StateType::Legacy {
        planner.notes.push(Note::LegacyIsBlind);
    }
    match input {
        Input::Nothing => planner.join_stored(&Sorted::nothing(streams.len())),
        Input::Streams { configured, others } => {
            let sorted = sort(streams, None, configured, others, &mut planner.notes);
            planner.join_stored(&sorted);
        }
        Input::Global { shared, configured, others } => {
            let resumes = streams.iter().any(|stream| !stream.full_refresh);
            if resumes && shared.is_some_and(is_foreign) {
                planner.notes.push(Note::SharedNotOurs);
            }
            let sorted = sort(streams, shared, configured, others, &mut planner.notes);
            planner.join_stored(&sorted);
        }
        Input::Singer(state) if is_too_deep(state) => {
            planner.notes.push(Note::TooDeep);
            planner.join_stored(&Sorted::nothing(streams.len()));
        }
        Input::Singer(state) => planner.take_singer(state.clone()),
    }
    Plan { passes: planner.passes, notes: planner.notes, state_type }
}

struct Planner<'a> {
    state_type: StateType,
    streams: &'a [StreamSpec],
    known_ids: HashSet<&'a str>,
    /// Ids that stand more than once in the catalog.
    ambiguous: HashSet<&'a str>,
    passes: Vec<Pass>,
    notes: Vec<Note>,
}

impl<'a> Planner<'a> {
    fn new(state_type: StateType, streams: &'a [StreamSpec], ids: &'a [String]) -> Planner<'a> {
        let mut known_ids = HashSet::new();
        let twice = ids.iter().map(String::as_str).filter(|id| !known_ids.insert(*id));
        let ambiguous = twice.collect();
        let (passes, notes) = (Vec::new(), Vec::new());
        Planner { state_type, streams, known_ids, ambiguous, passes, notes }
    }

    /// Plans the passes from stream states.
    fn join_stored(&mut self, sorted: &Sorted) {
        let held: Vec<Option<&StoredCuts>> = sorted.held.iter().map(Option::as_ref).collect();
        let resuming = self.indices(|spec| !spec.full_refresh);
        let candidates = self.indices(|spec| !spec.full_refresh && self.may_stand_alone(spec));
        let proven_linked = |i: &usize| held[*i].is_some_and(|stored| !stands_alone(stored));
        // A state for all streams has one rest: they are all alone or all linked.
        let all_or_none = self.is_whole() && candidates.len() < resuming.len();
        let are_linked = all_or_none || candidates.iter().any(proven_linked);
        let alone = if are_linked { Vec::new() } else { candidates };
        if !alone.is_empty() {
            self.add_alone(&alone, &held);
        }
        let taken: HashSet<usize> = alone.into_iter().collect();
        let mut linked = resuming;
        linked.retain(|i| !taken.contains(i));
        let donors: Vec<&StoredCuts> =
            held.iter().flatten().copied().chain(&sorted.donors).collect();
        let streams = self.streams;
        let name = |i: usize| streams[i].tap_stream_id.clone();
        let families = if self.is_whole() {
            let one = families::together(&linked, &held, &donors, &name, &mut self.notes);
            Vec::from_iter(one)
        } else {
            families::form(&linked, &held, &donors, &name, &mut self.notes)
        };
        for family in families {
            let base = Base::Held { id: family.base, end: family.base_is_end };
            self.add(family.members, family.state, Kind::Linked, base);
        }
        self.add_full_refresh();
    }

    /// Plans the passes from a bare Singer state: the tap said it, and all rows before it have been
    /// read, so it is a cut that every stream holds.
    fn take_singer(&mut self, mut state: Map<String, Value>) {
        hints::strip(&mut state);
        let resuming = self.indices(|spec| !spec.full_refresh);
        let all_may = resuming.iter().all(|i| self.may_stand_alone(&self.streams[*i]));
        if all_may && !self.has_remainder(&state) {
            // A blob is all there is: what it says of streams that aren't configured stays in it.
            let is_legacy = self.state_type == StateType::Legacy;
            let full = |id: &str| {
                self.streams.iter().any(|spec| spec.full_refresh && spec.tap_stream_id == id)
            };
            let ids: HashSet<&str> =
                resuming.iter().map(|i| self.streams[*i].tap_stream_id.as_str()).collect();
            if let Some(Value::Object(bookmarks)) = state.get_mut("bookmarks") {
                bookmarks.retain(|id, _| ids.contains(id.as_str()) || is_legacy && !full(id));
            }
            let streams = self.with_full_refresh(resuming);
            let base = Base::of(&state);
            self.add(streams, state, Kind::Alone, base);
        } else {
            let base = Base::of(&state);
            self.add(resuming, state, Kind::Linked, base);
        }
        self.add_full_refresh();
    }

    /// Whether a bare state holds anything beside bookmarks of the catalog's streams.
    fn has_remainder(&self, state: &Map<String, Value>) -> bool {
        let mut rest = state.clone();
        if let Some(Value::Object(bookmarks)) = rest.get_mut("bookmarks") {
            bookmarks.retain(|id, _| !self.known_ids.contains(id.as_str()));
        }
        has_remainder(&rest)
    }

    /// One pass for all streams that stand alone, each from its newest part. `full_refresh` streams
    /// that may stand alone go with them, without their bookmarks.
    fn add_alone(&mut self, alone: &[usize], held: &[Option<&StoredCuts>]) {
        let newest = alone.iter().filter_map(|i| {
            let own = held[*i]?.newest().own.as_ref()?;
            Some((self.streams[*i].tap_stream_id.as_str(), own))
        });
        let state = assemble(&Part::empty(), newest);
        let streams = self.with_full_refresh(alone.to_vec());
        let base = Base::of(&state);
        self.add(streams, state, Kind::Alone, base);
    }

    /// The last pass: `full_refresh` streams that no pass has yet, with no state at all.
    fn add_full_refresh(&mut self) {
        let taken: HashSet<usize> =
            self.passes.iter().flat_map(|pass| pass.streams.iter().copied()).collect();
        let mut left = self.indices(|spec| spec.full_refresh);
        left.retain(|i| !taken.contains(i));
        if left.is_empty() {
            return;
        }
        if !self.passes.is_empty() {
            let streams = left.iter().map(|i| self.streams[*i].tap_stream_id.clone()).collect();
            self.notes.push(Note::FullRefreshApart { streams });
        }
        self.add(left, Map::new(), Kind::Linked, Base::empty());
    }

    fn add(&mut self, streams: Vec<usize>, mut state: Map<String, Value>, kind: Kind, base: Base) {
        if streams.is_empty() {
            return;
        }
        hints::strip(&mut state);
        hints::say_nothing_is_syncing(&mut state);
        let singer_state = (!state.is_empty()).then_some(state);
        let (number, state_type) = (self.passes.len(), self.state_type);
        self.passes.push(Pass { streams, singer_state, number, state_type, kind, base });
    }

    /// The given streams and those `full_refresh` ones that may stand alone, rising.
    fn with_full_refresh(&self, mut streams: Vec<usize>) -> Vec<usize> {
        streams.extend(self.indices(|spec| spec.full_refresh && self.may_stand_alone(spec)));
        streams.sort_unstable();
        streams
    }

    /// Whether one state speaks for all streams.
    fn is_whole(&self) -> bool {
        self.state_type != StateType::Stream
    }

    fn may_stand_alone(&self, spec: &StreamSpec) -> bool {
        spec.may_stand_alone && !self.ambiguous.contains(spec.tap_stream_id.as_str())
    }

    fn indices(&self, wanted: impl Fn(&StreamSpec) -> bool) -> Vec<usize> {
        (0..self.streams.len()).filter(|i| wanted(&self.streams[*i])).collect()
    }
}

/// Whether a state was never linked with others by more than a lack of evidence: it is marked so,
/// or none of its cuts has a rest (it was linked when nobody had said yet that it is alone).
fn stands_alone(stored: &StoredCuts) -> bool {
    stored.alone || stored.cuts.iter().all(|cut| !rest_remains(cut))
}

fn rest_remains(cut: &Cut) -> bool {
    cut.rest.value().as_object().is_none_or(has_remainder)
}

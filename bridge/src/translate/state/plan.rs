//! Joining: from the states the platform handed in to the runs of the tap.

use super::blob::{self, Stored, StoredCuts, Unusable};
use super::cuts::{Cut, Part, assemble, has_remainder};
use super::families;
use super::hints;
use super::notes::Note;
use super::pass::{Base, Kind, Pass};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// One configured stream as the state rules see it.
#[derive(Clone, Debug)]
pub struct StreamSpec {
    /// The id in the tap's catalog, under which the tap keeps the stream's bookmark.
    pub tap_stream_id: String,
    /// Whether the stream is configured `full_refresh`; otherwise it is `incremental`.
    pub full_refresh: bool,
    /// The generation the platform configured, if it said one.
    pub generation_id: Option<i64>,
    /// Whether the stream's bookmark governs its own rows and nothing else does: the catalog shows
    /// that the tap reads a database (or the profile says `alone`), and no other stream writes its
    /// bookmark under this id (that happens when another entry's message name equals it).
    ///
    /// It may still turn out wrong: a remainder in a STATE links the streams all the same.
    pub may_stand_alone: bool,
}

/// What the platform handed in.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// Nothing: no state file, an empty one, `[]`.
    Nothing,
    /// Stream states.
    Streams {
        /// One place for each configured stream, in order; `None` when there was no state under its
        /// descriptor.
        configured: &'a [Option<Value>],
        /// States under descriptors that aren't configured. They resume nothing, but may tell the
        /// part of a cut that a configured stream holds too.
        others: &'a [Value],
    },
    /// A bare Singer state, as another runner or a user saved it. It is taken whole, for all
    /// streams.
    Singer(&'a Map<String, Value>),
}

/// The runs of the tap that a read needs, in order, and what the user is told about them.
#[derive(Debug)]
pub struct Plan {
    /// One run of the tap each; every configured stream is in exactly one of them.
    pub passes: Vec<Pass>,
    /// Sentences for the user.
    pub notes: Vec<Note>,
}

/// Decides which streams run together, and from where.
///
/// `known_ids` are the `tap_stream_id`s of the whole catalog, configured or not; an id that stands
/// there twice keeps its streams from standing alone.
///
/// ```
/// use airbyte_singer::translate::state::{Input, StreamSpec, plan};
/// let users = StreamSpec {
///     tap_stream_id: "users".into(),
///     full_refresh: false,
///     generation_id: None,
///     may_stand_alone: true,
/// };
/// let plan = plan(&[users], Input::Nothing, &["users".to_owned()]);
/// assert_eq!(plan.passes.len(), 1);
/// assert_eq!(plan.passes[0].streams, [0]);
/// assert!(plan.passes[0].singer_state.is_none());
/// ```
pub fn plan(streams: &[StreamSpec], input: Input<'_>, known_ids: &[String]) -> Plan {
    let mut planner = Planner::new(streams, known_ids);
    match input {
        Input::Nothing => planner.join_stored(&Sorted::nothing(streams.len())),
        Input::Streams { configured, others } => {
            let sorted = planner.sort(configured, others);
            planner.join_stored(&sorted);
        }
        Input::Singer(state) => planner.take_singer(state.clone()),
    }
    Plan { passes: planner.passes, notes: planner.notes }
}

/// The states that can be used, by what they can be used for.
struct Sorted {
    /// What each configured stream may resume from.
    held: Vec<Option<StoredCuts>>,
    /// States that may only tell their part of a cut.
    donors: Vec<StoredCuts>,
}

impl Sorted {
    fn nothing(streams: usize) -> Sorted {
        Sorted { held: (0..streams).map(|_| None).collect(), donors: Vec::new() }
    }
}

struct Planner<'a> {
    streams: &'a [StreamSpec],
    known_ids: HashSet<&'a str>,
    /// Ids that stand more than once in the catalog.
    ambiguous: HashSet<&'a str>,
    passes: Vec<Pass>,
    notes: Vec<Note>,
}

impl<'a> Planner<'a> {
    fn new(streams: &'a [StreamSpec], ids: &'a [String]) -> Planner<'a> {
        let mut known_ids = HashSet::new();
        let twice = ids.iter().map(String::as_str).filter(|id| !known_ids.insert(*id));
        let ambiguous = twice.collect();
        Planner { streams, known_ids, ambiguous, passes: Vec::new(), notes: Vec::new() }
    }

    /// Reads the states and sets aside those of another stream, of `full_refresh`, or not ours.
    fn sort(&mut self, configured: &[Option<Value>], others: &[Value]) -> Sorted {
        let mut sorted = Sorted::nothing(self.streams.len());
        for (index, spec) in self.streams.iter().enumerate() {
            let Some(value) = configured.get(index).and_then(Option::as_ref) else { continue };
            let stream = spec.tap_stream_id.clone();
            match blob::read(value) {
                Ok(Stored::Cuts(cuts)) if cuts.tap_stream_id != stream => {
                    let belongs_to = cuts.tap_stream_id;
                    self.notes.push(Note::BelongsToAnother { found_under: stream, belongs_to });
                }
                Ok(Stored::Cuts(cuts)) if spec.full_refresh => sorted.donors.push(cuts),
                Ok(Stored::Cuts(cuts)) => sorted.held[index] = Some(cuts),
                Ok(Stored::FullRefresh) if spec.full_refresh => {}
                Ok(Stored::FullRefresh) => {
                    self.notes.push(Note::WasFullRefresh { stream });
                }
                Err(_) if is_blank(value) || spec.full_refresh => {}
                Err(Unusable::NotOurs) => self.notes.push(Note::NotOurs { stream }),
                Err(Unusable::OtherVersion) => self.notes.push(Note::OtherVersion { stream }),
            }
        }
        sorted.donors.extend(others.iter().filter_map(|value| match blob::read(value) {
            Ok(Stored::Cuts(cuts)) => Some(cuts),
            _ => None,
        }));
        sorted
    }

    /// Plans the passes from stream states.
    fn join_stored(&mut self, sorted: &Sorted) {
        let held: Vec<Option<&StoredCuts>> = sorted.held.iter().map(Option::as_ref).collect();
        let candidates = self.indices(|spec| !spec.full_refresh && self.may_stand_alone(spec));
        let proven_linked = |i: &usize| held[*i].is_some_and(|stored| !stands_alone(stored));
        let alone = if candidates.iter().any(proven_linked) { Vec::new() } else { candidates };
        if !alone.is_empty() {
            self.add_alone(&alone, &held);
        }
        let taken: HashSet<usize> = alone.into_iter().collect();
        let mut linked = self.indices(|spec| !spec.full_refresh);
        linked.retain(|i| !taken.contains(i));
        let donors: Vec<&StoredCuts> =
            held.iter().flatten().copied().chain(&sorted.donors).collect();
        let streams = self.streams;
        let name = |i: usize| streams[i].tap_stream_id.clone();
        let families = families::form(&linked, &held, &donors, &name, &mut self.notes);
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
            let ids: HashSet<&str> =
                resuming.iter().map(|i| self.streams[*i].tap_stream_id.as_str()).collect();
            if let Some(Value::Object(bookmarks)) = state.get_mut("bookmarks") {
                bookmarks.retain(|id, _| ids.contains(id.as_str()));
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
        let singer_state = (!state.is_empty()).then_some(state);
        let number = self.passes.len();
        self.passes.push(Pass { streams, singer_state, number, kind, base });
    }

    /// The given streams and those `full_refresh` ones that may stand alone, rising.
    fn with_full_refresh(&self, mut streams: Vec<usize>) -> Vec<usize> {
        streams.extend(self.indices(|spec| spec.full_refresh && self.may_stand_alone(spec)));
        streams.sort_unstable();
        streams
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

/// Whether a state says nothing: platforms hand in `null` and `{}` for "no state".
fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(Map::is_empty)
}

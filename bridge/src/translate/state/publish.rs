//! Publishing: from the STATEs of a running tap to the states of its streams.

use super::blob;
use super::cuts::{Cut, History, Part, Split};
use super::error::StateError;
use super::hints;
use super::notes::Note;
use super::pace::Pace;
use super::pass::{Base, Kind, Pass};
use super::published::{Publication, Published};
use super::said::{Held, Said};
use super::state_type::StateType;
use super::stream_spec::StreamSpec;
use super::whole::Standing;
use crate::translate::ConfiguredIndex;
use serde_json::Value;
use std::collections::HashSet;
use std::time::Duration;

/// Members × rest beyond which linked streams are published at the end only, in bytes.
const TOO_BIG: usize = 16 * 1024 * 1024;

/// Follows one pass: takes the tap's STATEs and says which states to publish when.
///
/// It has no clock: `now` is the time since any moment that stays the same during the pass.
///
/// The caller owes it one thing: when a method returns states, all records that came before the
/// last STATE given to [`saw_state`](Tracker::saw_state) have been emitted. Records that came
/// after it may have been emitted too; they come again if the read ends here.
///
/// ```
/// use airbyte_singer::translate::ConfiguredIndex;
/// use airbyte_singer::translate::state::{Input, StateType, StreamSpec, Tracker, plan};
/// use std::time::Duration;
///
/// let streams = [StreamSpec {
///     configured: ConfiguredIndex(0),
///     tap_stream_id: "users".into(),
///     full_refresh: false,
///     generation_id: None,
///     may_stand_alone: true,
/// }];
/// let catalog = ["users".to_owned()];
/// let first = plan(StateType::Stream, &streams, Input::Nothing, &catalog);
/// let (interval, start) = (Duration::from_secs(30), Duration::ZERO);
/// let mut tracker = Tracker::new(&first.passes[0], &streams, "f3a9", interval, start);
/// tracker.saw_state(r#"{"bookmarks": {"users": {"id": 7}}, "currently_syncing": "users"}"#)?;
/// assert!(tracker.due(start)?.is_empty(), "a second has to pass");
/// let states = tracker.finish(true)?.into_streams();
///
/// // The next read hands it in, and the tap goes on from there.
/// let stored = [Some(states[0].to_value())];
/// let input = Input::Streams { configured: &stored, others: &[] };
/// let second = plan(StateType::Stream, &streams, input, &catalog);
/// let given = second.passes[0].singer_state.as_ref().map(|state| state["bookmarks"].to_string());
/// assert_eq!(given.as_deref(), Some(r#"{"users":{"id":7}}"#));
/// # Ok::<(), airbyte_singer::translate::state::StateError>(())
/// ```
#[derive(Debug)]
pub struct Tracker {
    members: Vec<Member>,
    kind: Kind,
    ids: Ids,
    /// Barriers so far.
    barrier: u64,
    /// The newest STATE, to be parsed while `pending`; the buffer is used again and again.
    raw: String,
    pending: bool,
    /// The newest STATE that was parsed; at first what the pass started from.
    current: Split,
    pace: Pace,
    at_end_only: bool,
    notes: Vec<Note>,
    state_type: StateType,
    /// All configured streams, of which a GLOBAL state speaks; otherwise none.
    everyone: Vec<StreamSpec>,
    /// The newest STATE that was parsed, whole, where LEGACY states are published.
    said: Part,
    /// What the last state for all streams said of those that resume.
    standing: Standing,
}

/// One stream of the pass.
#[derive(Debug)]
struct Member {
    configured: ConfiguredIndex,
    /// Its place among the streams that the plan was made for.
    spec: usize,
    tap_stream_id: String,
    mode: Mode,
    /// Whether it stays at the base of the pass, whatever the tap's STATEs say.
    held_back: bool,
}

#[derive(Debug)]
enum Mode {
    Resumes(History),
    FullRefresh { generation_id: Option<i64> },
}

/// Ids that are never used again: the run, the pass, a counter.
#[derive(Debug)]
struct Ids {
    prefix: String,
    next: u64,
}

impl Ids {
    fn take(&mut self) -> String {
        let id = format!("{}.{}", self.prefix, self.next);
        self.next += 1;
        id
    }
}

impl Tracker {
    /// Starts following a pass that starts now.
    ///
    /// `streams` are the configured streams the plan was made for. `run_id` is random and never
    /// used for another run; a pass that is run again needs another one. `interval` is the shortest
    /// time between publishes of linked streams; zero publishes every STATE that says something
    /// new.
    pub fn new(
        pass: &Pass,
        streams: &[StreamSpec],
        run_id: &str,
        interval: Duration,
        now: Duration,
    ) -> Tracker {
        let mut ids = Ids { prefix: format!("{run_id}.{}", pass.number), next: 0 };
        let (base_id, base_end) = match &pass.base {
            Base::Held { id, end } => (id.clone(), *end),
            Base::New => (ids.take().into(), false),
        };
        let mut state = pass.singer_state.clone().unwrap_or_default();
        hints::strip(&mut state);
        let specs = pass.streams.iter().map(|stream| (*stream, &streams[*stream]));
        let said = Part::of(&Value::Object(state));
        let own_ids = specs.clone().map(|(_, spec)| spec.tap_stream_id.as_str());
        let current = Said::of(said.text()).and_then(|state| state.split(own_ids, None));
        let current = current.expect("a state that was read before can be taken apart");
        let members = specs.zip(&current.own).map(|((at, spec), own)| {
            let mode = if spec.full_refresh {
                Mode::FullRefresh { generation_id: spec.generation_id }
            } else {
                let (id, own, rest) = (base_id.clone(), own.clone(), current.rest.clone());
                Mode::Resumes(History::from_base(Cut { id, end: base_end, own, rest }))
            };
            let tap_stream_id = spec.tap_stream_id.clone();
            let configured = spec.configured;
            Member { configured, spec: at, tap_stream_id, mode, held_back: false }
        });
        let everyone = match pass.state_type {
            StateType::Global => streams.to_vec(),
            _ => Vec::new(),
        };
        Tracker {
            members: members.collect(),
            kind: pass.kind,
            ids,
            barrier: 0,
            raw: String::new(),
            pending: false,
            current,
            pace: Pace::new(interval, now),
            at_end_only: false,
            notes: Vec::new(),
            state_type: pass.state_type,
            everyone,
            said,
            standing: Standing::default(),
        }
    }

    /// Goes on from where the earlier passes of the same read have left the streams.
    #[must_use]
    pub fn after(mut self, standing: Standing) -> Tracker {
        self.standing = standing;
        self
    }

    /// Where this pass and the ones before it have left the streams, for the pass after it.
    pub fn standing(&self) -> Standing {
        self.standing.clone()
    }

    /// Takes the value of a STATE as the tap wrote it. It is copied and not yet parsed.
    ///
    /// # Errors
    ///
    /// [`StateError::NotAnObject`] when it is neither an object nor null; it is then not taken, and
    /// the STATE before it stays the newest.
    pub fn saw_state(&mut self, raw: &str) -> Result<(), StateError> {
        let raw = raw.trim_ascii();
        if !raw.starts_with('{') && raw != "null" {
            return Err(StateError::NotAnObject);
        }
        self.raw.clear();
        self.raw.push_str(raw);
        let is_of_use = self.resuming().next().is_some();
        self.pending = is_of_use;
        Ok(())
    }

    /// The newest STATE as the tap wrote it, published or not.
    pub fn newest_state(&self) -> Option<&str> {
        (!self.raw.is_empty()).then_some(&*self.raw)
    }

    /// The stream that the newest STATE says the tap is at.
    pub fn currently_syncing(&self) -> Option<String> {
        #[derive(serde::Deserialize)]
        struct Hint {
            currently_syncing: Option<String>,
        }
        serde_json::from_str::<Hint>(self.newest_state()?).ok()?.currently_syncing
    }

    /// Says how many bytes of records were written; states may take a twentieth of the output.
    pub fn note_output(&mut self, bytes: u64) {
        self.pace.output(bytes);
    }

    /// What the user should be told since the last call.
    pub fn take_notes(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.notes)
    }

    /// The states to publish now, in order; empty unless some are due. Call it after every
    /// [`saw_state`](Tracker::saw_state), and from time to time when nothing comes.
    ///
    /// # Errors
    ///
    /// [`StateError::Malformed`] and [`StateError::TooDeep`] when the newest STATE can't be parsed or
    /// stored. It is dropped, and the one
    /// parsed before it counts again, so the caller may go on.
    pub fn due(&mut self, now: Duration) -> Result<Published, StateError> {
        let alone = self.kind == Kind::Alone && self.state_type == StateType::Stream;
        if !self.pending || self.at_end_only || !self.pace.is_due(now, alone) {
            return Ok(Published::nothing());
        }
        let kind = self.kind;
        let Some(before) = self.take_pending()? else { return Ok(Published::nothing()) };
        let turned = kind != self.kind;
        let published = match self.state_type {
            StateType::Stream => self.due_streams(&before, turned),
            StateType::Global if turned || !before.same(&self.current) => self.for_all(false),
            StateType::Legacy if !self.standing.is_blob(&self.said) => self.for_all(false),
            StateType::Global | StateType::Legacy => Published::nothing(),
        };
        if !self.at_end_only {
            self.pace.published(now, published.bytes());
        }
        Ok(published)
    }

    /// States for the streams that need a new one after `before`.
    fn due_streams(&mut self, before: &Split, turned: bool) -> Published {
        let whom: Vec<usize> = match self.kind {
            _ if turned => self.resuming().collect(),
            Kind::Alone => {
                self.resuming().filter(|i| before.own[*i] != self.current.own[*i]).collect()
            }
            Kind::Linked if before.same(&self.current) => Vec::new(),
            Kind::Linked => self.resuming().collect(),
        };
        if self.is_too_big(whom.len()) {
            return Published::nothing();
        }
        Published::Streams(self.barrier(&whom, false))
    }

    /// Leaves a stream where the pass began: the tap has read nothing of it and said
    /// that it couldn't, so a position that it shares with others is none of its own. It is resumed
    /// from there in a run of its own. GLOBAL and LEGACY states have one position for all: where one
    /// stream is held back, none is published at the end.
    pub fn hold_back(&mut self, stream: ConfiguredIndex) {
        for member in self.members.iter_mut().filter(|member| member.configured == stream) {
            member.held_back = true;
            if let Mode::Resumes(history) = &mut member.mode {
                history.keep_base();
            }
        }
    }

    /// The states to publish at the end of the pass: one for every stream of it, or one for all, also when the tap
    /// said nothing or failed. `clean` says that the tap ended well; the cut is then marked as the
    /// end.
    ///
    /// # Errors
    ///
    /// As [`due`](Tracker::due): the newest STATE is dropped, and a second call publishes the one
    /// before it.
    pub fn finish(&mut self, clean: bool) -> Result<Published, StateError> {
        self.take_pending()?;
        if self.state_type != StateType::Stream {
            if self.members.iter().any(|member| member.held_back) {
                return Ok(Published::nothing());
            }
            return Ok(self.for_all(clean));
        }
        let all: Vec<usize> = (0..self.members.len()).collect();
        Ok(Published::Streams(self.barrier(&all, clean)))
    }

    /// Members that resume, in order.
    fn resuming(&self) -> impl Iterator<Item = usize> {
        let resumes = |m: &Member| matches!(m.mode, Mode::Resumes(_));
        self.members.iter().enumerate().filter(move |(_, m)| resumes(m)).map(|(i, _)| i)
    }

    /// Parses the pending STATE, if there is one, and gives back the one that was current. A
    /// remainder links the streams from here on.
    fn take_pending(&mut self) -> Result<Option<Split>, StateError> {
        if !std::mem::take(&mut self.pending) {
            return Ok(None);
        }
        let state = Said::new(&self.raw)?;
        let held = self.held_from_half_read(&state)?;
        let said = match self.state_type {
            StateType::Legacy => Some(self.without_full_refresh(&state, held.as_ref())?),
            _ => None,
        };
        let ids = self.members.iter().map(|m| m.tap_stream_id.as_str());
        let next = state.split(ids, held.as_ref())?;
        if next.remainder {
            self.kind = Kind::Linked;
        }
        self.said = said.unwrap_or_else(|| self.said.clone());
        Ok(Some(std::mem::replace(&mut self.current, next)))
    }

    /// A stream whose table is being read before its turn at the log stays where it was: what its
    /// bookmark says meanwhile would make the tap leave the rest of the table out.
    fn held_from_half_read(&self, state: &Said<'_>) -> Result<Option<Held>, StateError> {
        let Some(id) = state.half_read()? else { return Ok(None) };
        let before = self.members.iter().position(|m| m.tap_stream_id == id);
        let part = before.and_then(|at| self.current.own[at].clone());
        Ok(Some(Held { id, part }))
    }

    /// Whether the rest is too big to be given to this many streams again and again; the user is
    /// told once.
    fn is_too_big(&mut self, members: usize) -> bool {
        let bytes = members.saturating_mul(self.current.rest.text().len());
        self.at_end_only = self.kind == Kind::Linked && bytes > TOO_BIG;
        if self.at_end_only {
            self.notes.push(Note::StateTooBig { bytes });
        }
        self.at_end_only
    }

    /// A Singer state as LEGACY states hold it: whole, save for the bookmarks of `full_refresh`
    /// streams, which never have one.
    fn without_full_refresh(
        &self,
        state: &Said<'_>,
        held: Option<&Held>,
    ) -> Result<Part, StateError> {
        let in_full = self.members.iter().filter(|m| !matches!(m.mode, Mode::Resumes(_)));
        let in_full: HashSet<&str> = in_full.map(|m| m.tap_stream_id.as_str()).collect();
        state.without(&in_full, held)
    }

    /// One state for all streams. Streams that resume stand at the current STATE from here on; if
    /// there are none in this pass, they stay where the passes before it have left them.
    fn for_all(&mut self, end: bool) -> Published {
        let number = self.ids.take();
        let resuming: Vec<usize> = self.resuming().collect();
        if self.state_type == StateType::Legacy {
            if !resuming.is_empty() {
                self.standing = Standing::at_blob(self.said.clone());
            }
            return self.standing.legacy();
        }
        if !resuming.is_empty() {
            let alone = self.kind == Kind::Alone;
            let rest = if alone { Part::empty() } else { self.current.rest.clone() };
            let shared = Cut { id: number.as_str().into(), end, own: None, rest };
            let own = |at: usize| (self.members[at].spec, self.current.own[at].clone());
            self.standing =
                Standing::at_cut(shared, alone, resuming.into_iter().map(own).collect());
        }
        self.standing.global(&self.everyone, &number)
    }

    /// Makes one cut of the current STATE and gives it to the members at `whom`.
    fn barrier(&mut self, whom: &[usize], end: bool) -> Vec<Publication> {
        if whom.is_empty() {
            return Vec::new();
        }
        self.barrier += 1;
        let id = self.ids.take();
        let alone = self.kind == Kind::Alone;
        let rest = if alone { Part::empty() } else { self.current.rest.clone() };
        // The others must not be drawn back to where one of them is held.
        let part = self.members.iter().any(|member| member.held_back);
        let mut states = Vec::with_capacity(whom.len());
        for &at in whom {
            let member = &mut self.members[at];
            let blob = match &mut member.mode {
                Mode::FullRefresh { generation_id } => {
                    blob::write_full_refresh(&member.tap_stream_id, &id, *generation_id)
                }
                Mode::Resumes(history) => {
                    if !member.held_back {
                        let own = self.current.own[at].clone();
                        let cut = Cut { id: id.as_str().into(), end, own, rest: rest.clone() };
                        history.push(self.barrier, cut);
                        if part {
                            history.keep_newest();
                        }
                    }
                    blob::write_cuts(&member.tap_stream_id, alone, history)
                }
            };
            states.push(Publication { stream: member.configured, blob });
        }
        states
    }
}

impl Split {
    /// Whether two STATEs say the same.
    fn same(&self, other: &Split) -> bool {
        self.own == other.own && self.rest == other.rest
    }
}

//! A run of the tap, as planned.

use super::cuts::EMPTY_ID;
use super::state_type::StateType;
use serde_json::{Map, Value};
use std::sync::Arc;

/// One run of the tap: only its streams are selected, only their states are published.
#[derive(Clone, Debug)]
pub struct Pass {
    /// The streams of this pass by their places among those that the plan was made for, rising.
    pub streams: Vec<usize>,
    /// What goes into the tap's `--state` file, which must stay unchanged during the run; `None`
    /// means no such flag, for most taps crash on an empty state.
    pub singer_state: Option<Map<String, Value>>,
    /// Its place in the plan, which keeps the ids of passes apart.
    pub(super) number: usize,
    pub(super) state_type: StateType,
    pub(super) kind: Kind,
    pub(super) base: Base,
}

/// How the streams of a pass are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Each by itself, until a remainder shows up.
    Alone,
    /// All with the same cut.
    Linked,
}

/// The cut that a pass starts from.
#[derive(Clone, Debug)]
pub(super) enum Base {
    /// A cut that the streams already hold, or the empty state.
    Held { id: Arc<str>, end: bool },
    /// A state that has no id yet: alone streams' newest parts, or a bare Singer state.
    New,
}

impl Base {
    pub(super) fn empty() -> Base {
        Base::Held { id: EMPTY_ID.into(), end: false }
    }

    /// The base of a state that was put together here: nothing is [`EMPTY_ID`], anything else gets
    /// an id of its own.
    pub(super) fn of(state: &Map<String, Value>) -> Base {
        if state.is_empty() { Base::empty() } else { Base::New }
    }
}

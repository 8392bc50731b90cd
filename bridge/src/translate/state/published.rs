//! What is published: states of streams, or one for all.

use crate::translate::ConfiguredIndex;
use serde_json::Value;
use serde_json::value::RawValue;

/// The state of one stream, to be published now.
#[derive(Debug)]
pub struct Publication {
    /// The stream, by its place in the configured catalog.
    pub stream: ConfiguredIndex,
    /// The state: a JSON object, compact, whose shape is described in the [module](super).
    pub blob: Box<RawValue>,
}

impl Publication {
    /// The state as a value, numbers with their digits.
    pub fn to_value(&self) -> Value {
        serde_json::from_str(self.blob.get()).expect("a blob was written as JSON")
    }
}

/// What to publish now, in the form that the pass was planned for.
#[derive(Debug)]
pub enum Published {
    /// States of streams, in order; none when none is due.
    Streams(Vec<Publication>),
    /// One state for all streams.
    Global {
        /// What they share: a JSON object, compact, whose shape is described in the
        /// [module](super).
        shared: Box<RawValue>,
        /// What each has of its own.
        own: Vec<Publication>,
    },
    /// The Singer state, as the value of a LEGACY state.
    Legacy(Box<RawValue>),
}

impl Published {
    pub(super) fn nothing() -> Published {
        Published::Streams(Vec::new())
    }

    /// Whether there is nothing to publish.
    pub fn is_empty(&self) -> bool {
        matches!(self, Published::Streams(states) if states.is_empty())
    }

    /// The states of streams, also those in a GLOBAL state.
    pub fn into_streams(self) -> Vec<Publication> {
        match self {
            Published::Streams(states) | Published::Global { own: states, .. } => states,
            Published::Legacy(_) => Vec::new(),
        }
    }

    /// The shared part of a GLOBAL state, or the blob of a LEGACY one, as a value.
    pub fn shared(&self) -> Option<Value> {
        match self {
            Published::Streams(_) => None,
            Published::Global { shared: raw, .. } | Published::Legacy(raw) => {
                Some(serde_json::from_str(raw.get()).expect("a blob was written as JSON"))
            }
        }
    }

    /// How much it weighs.
    pub(super) fn bytes(&self) -> u64 {
        let bytes = |states: &[Publication]| states.iter().map(|s| s.blob.get().len()).sum();
        let all: usize = match self {
            Published::Streams(states) => bytes(states),
            Published::Global { shared, own } => shared.get().len() + bytes(own),
            Published::Legacy(blob) => blob.get().len(),
        };
        all as u64
    }
}

impl Default for Published {
    fn default() -> Published {
        Published::nothing()
    }
}

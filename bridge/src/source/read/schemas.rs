//! What of a tap's schemas isn't as it was discovered, told once for each place.

use super::route::WantedIndex;
use crate::translate::schema::{Change, Shape, Unread, lean};
use airbyte_protocol::StreamDescriptor;
use singer_protocol as singer;
use singer_protocol::Inclusion;
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

/// How many places are told of one stream.
const TOLD: usize = 100;
/// How many different schemas of one stream are remembered. A tap that makes up more is compared
/// more often than it need be.
const REMEMBERED: usize = 16;

/// What is expected of each stream of a run of the tap, by its number in the run.
#[derive(Debug, Default)]
pub(super) struct Drift {
    streams: Vec<Watched>,
    hasher: RandomState,
}

/// What one stream's schema should be.
#[derive(Debug)]
pub(super) struct Watched {
    /// None: the first schema that says something is what others are held against.
    expected: Option<Shape>,
    /// Whether what isn't expected is new; the user may have left it out otherwise.
    is_whole: bool,
    database: bool,
    /// The schemas that were compared already, by their hashes.
    seen: Vec<u64>,
    told: HashSet<String>,
    is_full: bool,
    told_too_large: bool,
}

impl Watched {
    /// A stream whose schema stands in the tap's catalog. The fields of `deselected` may be left
    /// out, and so may those that the tap can't read.
    pub(super) fn discovered(entry: &singer::Entry, deselected: &HashSet<String>) -> Self {
        // What is known of millions of fields goes before the schema is read: both would set the peak.
        let unsupported = unsupported(entry);
        let database = entry.is_database();
        let schema = entry.schema().and_then(|schema| lean(schema).ok()).unwrap_or_default();
        let shape = Shape::of(&schema, database);
        drop(schema);
        let mut optional: HashSet<&str> = unsupported.iter().map(String::as_str).collect();
        optional.extend(deselected.iter().map(String::as_str));
        let shape = shape.may_lack(&optional);
        Self { expected: (!shape.is_open()).then_some(shape), database, ..Self::unknown() }
    }

    /// A stream of which only the configured schema is known, in the shape of an entry: the user may
    /// have left fields out of it.
    pub(super) fn configured(entry: &singer::Entry) -> Self {
        Self { is_whole: false, ..Self::discovered(entry, &HashSet::new()) }
    }

    /// A stream of which nothing is known.
    pub(super) fn unknown() -> Self {
        Self {
            expected: None,
            is_whole: true,
            database: false,
            seen: Vec::new(),
            told: HashSet::new(),
            is_full: false,
            told_too_large: false,
        }
    }
}

impl Drift {
    /// The streams of a run in their order.
    pub(super) fn of(streams: impl IntoIterator<Item = Watched>) -> Self {
        Self { streams: streams.into_iter().collect(), ..Self::default() }
    }

    /// One more stream.
    pub(super) fn push(&mut self, stream: Watched) {
        self.streams.push(stream);
    }

    /// Compares the `schema` of a SCHEMA message with what is expected of a stream of
    /// the run, and warns of what hasn't been told before. A schema that came before costs a hash.
    pub(super) fn saw(&mut self, number: WantedIndex, stream: &StreamDescriptor, schema: &str) {
        let Some(watched) = self.streams.get_mut(number.0) else { return };
        let hash = self.hasher.hash_one(schema);
        if watched.is_full || watched.seen.contains(&hash) {
            return;
        }
        if watched.seen.len() == REMEMBERED {
            watched.seen.remove(0);
        }
        watched.seen.push(hash);
        let said = match lean(schema) {
            Ok(schema) => Shape::of(&schema, watched.database),
            Err(Unread::TooLarge) => {
                if !std::mem::replace(&mut watched.told_too_large, true) {
                    tracing::warn!(
                        bytes = schema.len(),
                        "stream {stream}: its schema is too large to be looked into: neither schema \
                         drift nor values that break it are told"
                    );
                }
                return;
            }
            // What is nested too deeply for a reader says nothing.
            Err(Unread::Unreadable) => return,
        };
        match &watched.expected {
            Some(expected) => {
                for difference in expected.drift(&said) {
                    if !watched.is_whole && matches!(difference.change, Change::New(_)) {
                        continue;
                    }
                    if watched.told.len() == TOLD {
                        watched.is_full = true;
                        tracing::warn!(
                            "stream {stream}: schema drift: further places are not told"
                        );
                        return;
                    }
                    if watched.told.insert(difference.path.clone()) {
                        tracing::warn!("stream {stream}: schema drift: {difference}");
                    }
                }
            }
            None => watched.expected = (!said.is_open()).then_some(said),
        }
    }
}

/// The columns that the tap can't read.
fn unsupported(entry: &singer::Entry) -> HashSet<String> {
    let fields = entry.fields();
    let is_unsupported =
        |field: &singer::Field| field.in_schema && field.inclusion() == Inclusion::Unsupported;
    let unsupported = fields.iter().filter(|(_, field)| is_unsupported(field));
    unsupported.map(|(name, _)| name.to_owned()).collect()
}

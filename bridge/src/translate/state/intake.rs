//! What the platform handed in, sorted by what it can be used for.

use super::blob::{self, Stored, StoredCuts, Unusable};
use super::notes::Note;
use super::stream_spec::StreamSpec;
use serde_json::{Map, Value};

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
    /// A GLOBAL state: stream states beside a shared one.
    Global {
        /// The shared part, if there was one.
        shared: Option<&'a Value>,
        /// As in [`Input::Streams`].
        configured: &'a [Option<Value>],
        /// As in [`Input::Streams`].
        others: &'a [Value],
    },
    /// A bare Singer state, as another runner or a user saved it, or as a LEGACY state holds it. It
    /// is taken whole, for all streams.
    Singer(&'a Map<String, Value>),
}

/// The states that can be used, by what they can be used for.
pub(super) struct Sorted {
    /// What each configured stream may resume from.
    pub(super) held: Vec<Option<StoredCuts>>,
    /// States that may only tell their part of a cut.
    pub(super) donors: Vec<StoredCuts>,
}

impl Sorted {
    pub(super) fn nothing(streams: usize) -> Sorted {
        Sorted { held: (0..streams).map(|_| None).collect(), donors: Vec::new() }
    }
}

/// Reads the states and sets aside those of another stream, of `full_refresh`, or not ours.
pub(super) fn sort(
    streams: &[StreamSpec],
    shared: Option<&Value>,
    configured: &[Option<Value>],
    others: &[Value],
    notes: &mut Vec<Note>,
) -> Sorted {
    let mut sorted = Sorted::nothing(streams.len());
    let shared = shared.and_then(blob::read_shared);
    for (index, spec) in streams.iter().enumerate() {
        let Some(value) = configured.get(index).and_then(Option::as_ref) else { continue };
        let stream = spec.tap_stream_id.clone();
        let cuts = match blob::read(value) {
            Ok(Stored::Cuts(cuts)) => cuts,
            Ok(Stored::Own(own)) => match own.with_shared(shared.as_ref()) {
                Some(cuts) => cuts,
                None => {
                    notes.extend((!spec.full_refresh).then_some(Note::WithoutShared { stream }));
                    continue;
                }
            },
            Ok(Stored::FullRefresh) => {
                notes.extend((!spec.full_refresh).then_some(Note::WasFullRefresh { stream }));
                continue;
            }
            Err(_) if is_blank(value) || spec.full_refresh => continue,
            Err(Unusable::NotOurs) => {
                notes.push(Note::NotOurs { stream });
                continue;
            }
            Err(Unusable::OtherVersion) => {
                notes.push(Note::OtherVersion { stream });
                continue;
            }
        };
        if cuts.tap_stream_id != stream {
            let belongs_to = cuts.tap_stream_id;
            notes.push(Note::BelongsToAnother { found_under: stream, belongs_to });
        } else if spec.full_refresh {
            sorted.donors.push(cuts);
        } else {
            sorted.held[index] = Some(cuts);
        }
    }
    sorted.donors.extend(others.iter().filter_map(|value| match blob::read(value) {
        Ok(Stored::Cuts(cuts)) => Some(cuts),
        Ok(Stored::Own(own)) => own.with_shared(shared.as_ref()),
        _ => None,
    }));
    sorted
}

/// Whether the shared part of a GLOBAL state is another program's.
pub(super) fn is_foreign(shared: &Value) -> bool {
    !is_blank(shared) && shared.get("airbyte_singer").is_none()
}

/// Whether a state says nothing: platforms hand in `null` and `{}` for "no state".
fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(Map::is_empty)
}

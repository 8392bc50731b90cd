//! A bare state: a tap's own, in whatever shape, or what somebody took for one.

use super::notes::Note;
use serde_json::{Map, Value};
use std::fmt;

/// The name under which Meltano keeps a tap's state.
const MELTANO: &str = "singer_state";
/// The two of them that Meltano's backends keep: of the last run that ended well, and of those since.
const COMPLETED: &str = "completed";
const PARTIAL: &str = "partial";

/// A bare state that may be handed to the tap, and what is to be said of it.
#[derive(Debug)]
pub struct Bare {
    /// The Singer state; empty for none.
    pub state: Map<String, Value>,
    /// Sentences for the user.
    pub notes: Vec<Note>,
}

/// What is plainly no state. `Display` gives the sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// A catalog, Singer's or Airbyte's.
    Catalog,
    /// A message of this type.
    Message(&'static str),
}

/// Takes a bare state out of what Meltano wraps around it: `{"singer_state": …}`, as `meltano state
/// get` writes it, or `{"completed": …, "partial": …}`, as its backends keep it, where the partial
/// state is merged over the completed one. Any other object is the state itself, since taps keep
/// states of their own shapes.
///
/// # Errors
///
/// The object is plainly something else.
///
/// ```
/// use airbyte_singer::translate::state::bare;
/// use serde_json::json;
/// let kept = json!({"completed": {"singer_state": {"bookmarks": {"a": {"n": 1}, "b": {"n": 1}}}},
///     "partial": {"singer_state": {"bookmarks": {"a": {"n": 2}}}}});
/// let bare = bare(kept.as_object().unwrap().clone()).unwrap();
/// assert_eq!(json!(bare.state), json!({"bookmarks": {"a": {"n": 2}, "b": {"n": 1}}}));
/// ```
pub fn bare(map: Map<String, Value>) -> Result<Bare, Foreign> {
    let mut notes = Vec::new();
    let mut state = if is_kept_by_meltano(&map) { merged(map) } else { map };
    if let Some(Value::Object(inner)) = state.get_mut(MELTANO) {
        let inner = std::mem::take(inner);
        notes.push(Note::OfMeltano { left_out: state.len() - 1 });
        state = inner;
    }
    if let Some(foreign) = recognise(&state) {
        return Err(foreign);
    }
    if !state.is_empty() && !state.contains_key("bookmarks") {
        notes.push(Note::OfItsOwnShape);
    }
    Ok(Bare { state, notes })
}

/// Whether these are the two states of a backend's file, of which one may be missing or empty.
fn is_kept_by_meltano(map: &Map<String, Value>) -> bool {
    let is_one = |part: &Value| match part {
        Value::Null => true,
        Value::Object(part) => part.is_empty() || part.contains_key(MELTANO),
        _ => false,
    };
    let are_known = |name: &String| name == COMPLETED || name == PARTIAL;
    let holds_one = map.values().any(|part| part.get(MELTANO).is_some()) || map.len() == 2;
    !map.is_empty() && holds_one && map.keys().all(are_known) && map.values().all(is_one)
}

fn merged(mut map: Map<String, Value>) -> Map<String, Value> {
    let mut part = |name: &str| match map.get_mut(name) {
        Some(Value::Object(part)) => std::mem::take(part),
        _ => Map::new(),
    };
    let (mut completed, partial) = (part(COMPLETED), part(PARTIAL));
    merge(partial, &mut completed);
    completed
}

/// Objects are merged member by member, anything else is replaced, lists too.
fn merge(from: Map<String, Value>, into: &mut Map<String, Value>) {
    for (name, value) in from {
        match (value, into.get_mut(&name)) {
            (Value::Object(value), Some(Value::Object(known))) => merge(value, known),
            (value, _) => {
                into.insert(name, value);
            }
        }
    }
}

/// What an object plainly is, if it's no state.
fn recognise(map: &Map<String, Value>) -> Option<Foreign> {
    const MESSAGES: [(&str, &str); 10] = [
        ("RECORD", "record"),
        ("SCHEMA", "schema"),
        ("ACTIVATE_VERSION", "version"),
        ("BATCH", "manifest"),
        ("CATALOG", "catalog"),
        ("SPEC", "spec"),
        ("CONNECTION_STATUS", "connectionStatus"),
        ("LOG", "log"),
        ("TRACE", "trace"),
        ("CONTROL", "control"),
    ];
    let kind = map.get("type").and_then(Value::as_str).unwrap_or_default();
    let is_message = |(name, payload): &&(&str, &str)| {
        kind.eq_ignore_ascii_case(name) && map.contains_key(*payload)
    };
    if let Some((name, _)) = MESSAGES.iter().find(is_message) {
        return Some(Foreign::Message(name));
    }
    let is_stream = |stream: &Value| {
        ["tap_stream_id", "stream", "json_schema"].iter().any(|name| stream.get(name).is_some())
    };
    let streams = map.get("streams")?.as_array()?;
    (!streams.is_empty() && streams.iter().all(is_stream)).then_some(Foreign::Catalog)
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Catalog => f.write_str("this is a catalog and no state"),
            Self::Message(kind) => write!(f, "this is a {kind} message and no state"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn taken(value: Value) -> Result<(Value, Vec<Note>), Foreign> {
        let Value::Object(map) = value else { panic!("no object") };
        bare(map).map(|bare| (bare.state.into(), bare.notes))
    }

    #[test]
    fn meltano_merges_the_partial_state_over_the_completed_one() {
        let completed =
            json!({"bookmarks": {"a": {"n": 1, "m": [1, 2]}, "b": {"n": 1}}, "x": {"y": 1}});
        let partial = json!({"bookmarks": {"a": {"m": [3]}, "c": {"n": 3}}, "x": 7});
        let both =
            json!({"completed": {"singer_state": completed}, "partial": {"singer_state": partial}});
        let expected =
            json!({"bookmarks": {"a": {"n": 1, "m": [3]}, "b": {"n": 1}, "c": {"n": 3}}, "x": 7});
        assert_eq!(taken(both).unwrap(), (expected, vec![Note::OfMeltano { left_out: 0 }]));
        for (kept, state) in [
            (json!({"singer_state": completed}), &completed),
            (json!({"completed": {"singer_state": completed}, "partial": {}}), &completed),
            (json!({"completed": {"singer_state": completed}, "partial": null}), &completed),
            (json!({"completed": {"singer_state": completed}}), &completed),
            (json!({"completed": {}, "partial": {"singer_state": partial}}), &partial),
            (json!({"partial": {"singer_state": partial}}), &partial),
        ] {
            assert_eq!(taken(kept).unwrap().0, *state);
        }
        for nothing in [
            json!({"singer_state": {}}),
            json!({"completed": {}, "partial": {}}),
            json!({"completed": {"singer_state": {}}, "partial": {}}),
        ] {
            assert_eq!(taken(nothing).unwrap().0, json!({}));
        }
        let more = taken(json!({"singer_state": completed, "id": 1, "more": 2})).unwrap();
        assert_eq!(more.1, [Note::OfMeltano { left_out: 2 }]);
    }

    #[test]
    fn what_a_tap_keeps_in_its_own_shape_is_its_state() {
        for own in [
            json!({"completed": true, "partial": {"a": 1}}),
            json!({"completed": {"a": 1}}),
            json!({"partial": {}}),
            json!({"singer_state": "x"}),
            json!({"streams": {"a": 1}}),
            json!({"streams": []}),
            json!({"streams": ["a", "b"]}),
            json!({"streams": [{"name": "a", "cursor": 1}]}),
            json!({"type": "record", "n": 1}),
            json!({"start_date": "2024-01-01"}),
            json!({"catalog": {"n": 1}}),
        ] {
            assert_eq!(taken(own.clone()).unwrap(), (own, vec![Note::OfItsOwnShape]));
        }
        let usual = json!({"bookmarks": {}, "currently_syncing": "a", "completed": {}});
        assert_eq!(taken(usual.clone()).unwrap(), (usual, Vec::new()));
    }

    #[test]
    fn catalogs_and_messages_are_recognised() {
        for streams in [
            json!([{"tap_stream_id": "a", "schema": {}}]),
            json!([{"stream": "a", "schema": {}}, {"stream": "b"}]),
            json!([{"stream": {"name": "a"}, "sync_mode": "incremental"}]),
            json!([{"name": "a", "json_schema": {}, "supported_sync_modes": []}]),
        ] {
            assert_eq!(taken(json!({"streams": streams})).unwrap_err(), Foreign::Catalog);
            let wrapped = json!({"singer_state": {"streams": streams}});
            assert_eq!(taken(wrapped).unwrap_err(), Foreign::Catalog);
        }
        let record = json!({"type": "Record", "stream": "a", "record": {}});
        assert_eq!(taken(record).unwrap_err(), Foreign::Message("RECORD"));
        let catalog = json!({"type": "CATALOG", "catalog": {"streams": []}});
        assert_eq!(
            taken(catalog).unwrap_err().to_string(),
            "this is a CATALOG message and no state"
        );
    }
}

//! Hints: keys by which a tap remembers where it was interrupted, not what it has read.
//!
//! `currently_syncing` makes some taps begin there and others leave out every stream before it.
//! Under an Airbyte platform the streams are committed one by one, so "before" means nothing: hints
//! are taken out of every state on its way in and are never stored.

use serde_json::{Map, Value};

/// Beginnings of the top-level keys that are hints.
const TOP_LEVEL: [&str; 3] = ["currently_", "current_stream", "this_stream"];

/// The one hint that has been seen inside `bookmarks`.
pub(super) const IN_BOOKMARKS: &str = "currently_sync_stream";

/// Takes the hints out of a Singer state; the order of what stays is kept.
pub(super) fn strip(state: &mut Map<String, Value>) {
    state.retain(|key, _| !is_one(key));
    if let Some(Value::Object(bookmarks)) = state.get_mut("bookmarks") {
        bookmarks.shift_remove(IN_BOOKMARKS);
    }
}

/// Whether a top-level key of a Singer state is a hint.
pub(super) fn is_one(key: &str) -> bool {
    TOP_LEVEL.iter().any(|hint| key.starts_with(hint))
}

/// Says in so many words that nothing is being read, where the tap may look for it.
///
/// pipelinewise-tap-postgres takes `currently_syncing` from the state without asking whether it is
/// there, and fails when all its streams are read from the log. Its bookmarks, and those of the tap
/// that it comes from, are told by `last_replication_method` beside an `lsn`; a null is what both write
/// themselves between two streams.
pub(super) fn say_nothing_is_syncing(state: &mut Map<String, Value>) {
    let bookmarks = state.get("bookmarks").and_then(Value::as_object);
    let holds = |bookmark: &Value, key| bookmark.get(key).is_some();
    let of_that_tap =
        |bookmark: &Value| holds(bookmark, "lsn") && holds(bookmark, "last_replication_method");
    if bookmarks.is_some_and(|bookmarks| bookmarks.values().any(of_that_tap)) {
        state.insert("currently_syncing".to_owned(), Value::Null);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn hints_go_and_the_rest_stays_in_order() {
        let mut state = json!({
            "currently_syncing": "a", "z": 1, "current_stream": "a", "this_stream": 3,
            "currently_syncing_shop": "x",
            "bookmarks": {"b": {"currently_syncing": 1}, "currently_sync_stream": "b", "a": 2},
            "current": 4
        });
        let Some(map) = state.as_object_mut() else { unreachable!() };
        strip(map);
        let left = r#"{"z":1,"bookmarks":{"b":{"currently_syncing":1},"a":2},"current":4}"#;
        assert_eq!(state.to_string(), left);
    }

    #[test]
    fn a_tap_that_looks_for_the_hint_finds_a_null() {
        let handed = |mut state: Value| {
            let Some(map) = state.as_object_mut() else { unreachable!() };
            say_nothing_is_syncing(map);
            state
        };
        let log = json!({"bookmarks": {"a": {"last_replication_method": "LOG_BASED", "lsn": 3}}});
        assert_eq!(handed(log)["currently_syncing"], Value::Null);
        for other in [json!({}), json!({"bookmarks": {"a": {"lsn": 3}, "b": 2}}), json!({"a": {}})]
        {
            assert_eq!(handed(other.clone()), other);
        }
    }

    #[test]
    fn a_state_whose_bookmarks_are_no_object_is_left_alone() {
        let mut state =
            Map::from_iter([("bookmarks".to_owned(), json!(["currently_sync_stream"]))]);
        strip(&mut state);
        assert_eq!(state["bookmarks"], json!(["currently_sync_stream"]));
    }
}

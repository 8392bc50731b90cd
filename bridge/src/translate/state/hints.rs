//! Hints: keys by which a tap remembers where it was interrupted, not what it has read.
//!
//! `currently_syncing` makes some taps begin there and others leave out every stream before it.
//! Under an Airbyte platform the streams are committed one by one, so "before" means nothing: hints
//! are taken out of every state on its way in and are never stored.

use serde_json::{Map, Value};

/// Beginnings of the top-level keys that are hints.
const TOP_LEVEL: [&str; 3] = ["currently_", "current_stream", "this_stream"];

/// The one hint that has been seen inside `bookmarks`.
const IN_BOOKMARKS: &str = "currently_sync_stream";

/// Takes the hints out of a Singer state; the order of what stays is kept.
pub(super) fn strip(state: &mut Map<String, Value>) {
    state.retain(|key, _| !TOP_LEVEL.iter().any(|hint| key.starts_with(hint)));
    if let Some(Value::Object(bookmarks)) = state.get_mut("bookmarks") {
        bookmarks.shift_remove(IN_BOOKMARKS);
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
    fn a_state_whose_bookmarks_are_no_object_is_left_alone() {
        let mut state =
            Map::from_iter([("bookmarks".to_owned(), json!(["currently_sync_stream"]))]);
        strip(&mut state);
        assert_eq!(state["bookmarks"], json!(["currently_sync_stream"]));
    }
}

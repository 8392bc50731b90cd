//! The state of a tap: where it will go on.

use serde_json::{Map, Value};

use crate::{Error, lenient};

const WHAT: &str = "state";

/// A Singer state, kept as the tap wrote it.
///
/// Usually `{"bookmarks": {tap_stream_id: {…}}, "currently_syncing": …}`; taps without `bookmarks`
/// exist, so nothing is required.
///
/// ```
/// use singer_protocol::State;
///
/// let state = State::parse(br#"{"bookmarks": {"users": {"id": 7}}, "currently_syncing": null}"#)?;
/// assert_eq!(state.bookmark("users").map(ToString::to_string).as_deref(), Some(r#"{"id":7}"#));
/// assert_eq!(state.without_hints().to_value().to_string(), r#"{"bookmarks":{"users":{"id":7}}}"#);
/// # Ok::<(), singer_protocol::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    map: Map<String, Value>,
}

impl State {
    /// Beginnings of top-level keys that say what the tap was doing, not where it will go on. Some
    /// taps leave out every stream "before" the one a hint names, so hints are better not stored.
    pub const HINT_PREFIXES: [&str; 3] = ["currently_", "current_stream", "this_stream"];

    /// The hint that some taps keep among their bookmarks.
    pub const BOOKMARK_HINT: &str = "currently_sync_stream";

    /// Reads a state file or the value of a STATE message. An empty text and `null` are no state.
    ///
    /// # Errors
    ///
    /// When the text is neither empty, nor null, nor a JSON object.
    pub fn parse(bytes: &[u8]) -> Result<State, Error> {
        match lenient::value(WHAT, bytes)? {
            None => Ok(State::default()),
            Some(value) => State::from_value(value),
        }
    }

    /// Takes a state that was read as JSON already; null is no state.
    ///
    /// # Errors
    ///
    /// When the value is neither null nor an object.
    pub fn from_value(value: Value) -> Result<State, Error> {
        match value {
            Value::Object(map) => Ok(State { map }),
            Value::Null => Ok(State::default()),
            _ => Err(Error::whole(WHAT, "not an object")),
        }
    }

    /// The state as JSON, as it was read.
    pub fn to_value(&self) -> Value {
        Value::Object(self.map.clone())
    }

    /// The state's own object.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.map
    }

    /// The state's own object, to change.
    pub fn as_map_mut(&mut self) -> &mut Map<String, Value> {
        &mut self.map
    }

    /// Whether nothing is said at all.
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// The bookmarks, by `tap_stream_id` for most taps.
    pub fn bookmarks(&self) -> Option<&Map<String, Value>> {
        self.map.get("bookmarks")?.as_object()
    }

    /// One stream's bookmark.
    pub fn bookmark(&self, tap_stream_id: &str) -> Option<&Value> {
        self.bookmarks()?.get(tap_stream_id)
    }

    /// Sets one stream's bookmark, in its place if it had one.
    pub fn set_bookmark(&mut self, tap_stream_id: &str, bookmark: Value) {
        let slot = self.map.entry("bookmarks").or_insert(Value::Null);
        if !slot.is_object() {
            *slot = Value::Object(Map::new());
        }
        if let Some(bookmarks) = slot.as_object_mut() {
            bookmarks.insert(tap_stream_id.to_owned(), bookmark);
        }
    }

    /// The stream that the tap was reading, if it says so.
    pub fn currently_syncing(&self) -> Option<&str> {
        self.map.get("currently_syncing")?.as_str()
    }

    /// Whether a top-level key is a hint and no position.
    pub fn is_hint(key: &str) -> bool {
        State::HINT_PREFIXES.iter().any(|prefix| key.starts_with(prefix))
    }

    /// The state without its hints.
    pub fn without_hints(mut self) -> State {
        self.map.retain(|key, _| !State::is_hint(key));
        if let Some(Value::Object(bookmarks)) = self.map.get_mut("bookmarks") {
            bookmarks.shift_remove(State::BOOKMARK_HINT);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_state_comes_in_several_dresses() {
        for text in ["", " \n", "null", "{}", "\u{feff}"] {
            assert!(State::parse(text.as_bytes()).unwrap().is_empty(), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_state_is_refused_with_its_place() {
        assert_eq!(State::parse(b"[]").unwrap_err().to_string(), "state: not an object");
        let broken = State::parse(b"{\n \"secret\": tru}").unwrap_err();
        assert_eq!(broken.position().map(|(line, _)| line), Some(2));
        assert!(!broken.to_string().contains("secret"));
        assert!(State::parse(b"{} {}").is_err());
    }

    #[test]
    fn hints_go_and_positions_stay() {
        let state = json!({
            "currently_syncing": "a", "currently_syncing_query": 1, "current_stream": "b",
            "this_stream": "c", "current_time": 3,
            "bookmarks": {"currently_sync_stream": "a", "a": {"currently_at": 1}},
            "people": {"modified_since": "2024"},
        });
        let kept = State::from_value(state).unwrap().without_hints();
        let expected = json!({
            "current_time": 3,
            "bookmarks": {"a": {"currently_at": 1}},
            "people": {"modified_since": "2024"},
        });
        assert_eq!(kept.to_value(), expected);
    }

    #[test]
    fn a_bookmark_is_set_where_it_stood() {
        let mut state = State::default();
        state.set_bookmark("a", json!(1));
        state.set_bookmark("b", json!(2));
        state.set_bookmark("a", json!(3));
        assert_eq!(state.to_value().to_string(), r#"{"bookmarks":{"a":3,"b":2}}"#);
    }

    #[test]
    fn digits_stay_as_they_are() {
        let text = r#"{"bookmarks":{"a":{"lsn":18446744073709551616,"x":1.10,"e":1e+2}}}"#;
        assert_eq!(State::parse(text.as_bytes()).unwrap().to_value().to_string(), text);
    }
}

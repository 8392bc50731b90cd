//! What a STATE keeps, looked at without taking it apart.

use super::hints;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;

type Object<'a> = HashMap<Cow<'a, str>, &'a RawValue>;

/// The keys by which database taps note the reading of a full table.
const OF_FULL_TABLES: [&str; 6] = [
    "initial_full_table_complete",
    "last_pk_fetched",
    "last_replication_method",
    "max_pk_values",
    "success_timestamp",
    "version",
];

/// What a Singer state keeps of streams.
///
/// ```
/// use airbyte_singer::translate::state::Kept;
/// let kept = Kept::of(r#"{"bookmarks": {"topic": {"offset": 7}, "users": {}}, "since": "2026"}"#);
/// assert!(kept.has_bookmark("topic") && !kept.has_bookmark("users"));
/// assert!(kept.has_more);
/// ```
#[derive(Debug, Default)]
pub struct Kept<'a> {
    bookmarks: Object<'a>,
    /// Whether it holds anything beside bookmarks and hints.
    pub has_more: bool,
}

impl<'a> Kept<'a> {
    /// Looks at a state; one that is no object keeps nothing.
    pub fn of(state: &'a str) -> Self {
        let all: Object<'a> = serde_json::from_str(state).unwrap_or_default();
        let more = |(key, value): (&Cow<'a, str>, &&RawValue)| {
            key != "bookmarks" && !hints::is_one(key) && says_something(value)
        };
        let has_more = all.iter().any(more);
        let bookmarks = all.get("bookmarks").map(|raw| serde_json::from_str(raw.get()));
        Self { bookmarks: bookmarks.and_then(Result::ok).unwrap_or_default(), has_more }
    }

    /// Whether it holds a bookmark of the stream that says what has been read: not only that, and how
    /// far, a full table is being read.
    pub fn has_bookmark(&self, tap_stream_id: &str) -> bool {
        let Some(raw) = self.bookmarks.get(tap_stream_id) else { return false };
        let is_of_full_table = serde_json::from_str(raw.get())
            .is_ok_and(|all: Object<'_>| all.keys().all(|key| OF_FULL_TABLES.contains(&&**key)));
        says_something(raw) && !is_of_full_table
    }
}

fn says_something(value: &RawValue) -> bool {
    !matches!(value.get(), "null" | "{}" | "[]" | "\"\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_and_empty_places_say_nothing() {
        for state in [
            "",
            "null",
            "[1]",
            "{}",
            r#"{"bookmarks": {}, "currently_syncing": "a"}"#,
            r#"{"bookmarks": {"a": {}, "b": null}, "since": null}"#,
            r#"{"bookmarks": 7}"#,
            r#"{"bookmarks": {"a": {"version": 7, "last_replication_method": "FULL_TABLE"}}}"#,
        ] {
            let kept = Kept::of(state);
            assert!(
                !kept.has_more && !kept.has_bookmark("a") && !kept.has_bookmark("b"),
                "{state}"
            );
        }
        assert!(Kept::of(r#"{"a": {"since": 1}}"#).has_more);
        assert!(Kept::of(r#"{"bookmarks": {"a\u0062": 7}}"#).has_bookmark("ab"));
    }
}

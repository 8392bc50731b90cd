//! Bookmarks in the shape of the Meltano SDK.

use serde_json::{Map, Value};

use crate::metadata::text;

/// One stream's bookmark as a tap of the Meltano SDK writes it, borrowed from a
/// [`State`](crate::State). The keys are those of the SDK's `_state.py`.
///
/// Other taps write bookmarks of their own making, which have none of these parts; most put the
/// replication key's own name in place of `replication_key_value`.
///
/// ```
/// use singer_protocol::{Bookmark, State};
///
/// let state = State::parse(br#"{"bookmarks": {"orders": {"partitions": [
///     {"context": {"shop": 7}, "replication_key": "at", "replication_key_value": "2024-01-01"},
///     {"context": {"shop": 8}, "progress_markers": {"replication_key": "at",
///         "replication_key_value": "2024-05-05"}, "starting_replication_value": null}
/// ]}}}"#)?;
/// let bookmark = state.bookmark("orders").and_then(Bookmark::of).expect("an object");
/// assert_eq!(bookmark.value(), None);
///
/// let shops: Vec<Bookmark<'_>> = bookmark.partitions().collect();
/// assert_eq!(shops[0].replication_key(), Some("at"));
/// assert!(shops[0].is_resumable());
/// assert!(!shops[1].is_resumable());
/// let progress = shops[1].progress_markers().expect("it was reading");
/// assert_eq!(progress.value().and_then(|value| value.as_str()), Some("2024-05-05"));
/// # Ok::<(), singer_protocol::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bookmark<'a> {
    map: &'a Map<String, Value>,
}

impl<'a> Bookmark<'a> {
    /// The bookmark that a value is; `None` for one that isn't an object.
    pub fn of(value: &'a Value) -> Option<Bookmark<'a>> {
        value.as_object().map(|map| Bookmark { map })
    }

    /// The bookmark's own object.
    pub fn as_map(&self) -> &'a Map<String, Value> {
        self.map
    }

    /// The field whose value is the position.
    pub fn replication_key(&self) -> Option<&'a str> {
        text(self.map.get("replication_key"))
    }

    /// The position: the greatest value of the replication key that was sent. A later run begins
    /// here, this value included.
    pub fn value(&self) -> Option<&'a Value> {
        self.said("replication_key_value")
    }

    /// The moment at which the run began. The position that is kept at its end is never later, since
    /// rows that are still changing must come again. It goes when the stream is done.
    pub fn signpost(&self) -> Option<&'a Value> {
        self.said("replication_key_signpost")
    }

    /// Where this run began. It goes when the stream is done.
    pub fn starting_value(&self) -> Option<&'a Value> {
        self.said("starting_replication_value")
    }

    /// How far a run has come whose rows aren't in order. Its value becomes the position when the
    /// stream is done, and means nothing before.
    pub fn progress_markers(&self) -> Option<Bookmark<'a>> {
        Bookmark::of(self.map.get("progress_markers")?)
    }

    /// Whether the position is one to go on from: a run whose rows aren't in order and that was cut
    /// short starts where it began.
    pub fn is_resumable(&self) -> bool {
        self.progress_markers().is_none()
            && self.partitions().all(|partition| partition.is_resumable())
    }

    /// The bookmarks of the stream's parts, of a child stream say: one for each parent.
    pub fn partitions(&self) -> impl Iterator<Item = Bookmark<'a>> + use<'a> {
        let list = self.map.get("partitions").and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Bookmark::of)
    }

    /// Which part of the stream this is the bookmark of; only partitions have one.
    pub fn context(&self) -> Option<&'a Map<String, Value>> {
        self.map.get("context")?.as_object()
    }

    fn said(&self, key: &str) -> Option<&'a Value> {
        self.map.get(key).filter(|value| !value.is_null())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_bookmark_of_another_make_has_none_of_the_parts() {
        assert_eq!(Bookmark::of(&json!("2024-01-01")), None);
        let own = json!({"updated_at": "2024", "partitions": 3, "progress_markers": null});
        let bookmark = Bookmark::of(&own).unwrap();
        assert_eq!(bookmark.replication_key(), None);
        assert_eq!((bookmark.value(), bookmark.signpost()), (None, None));
        assert_eq!((bookmark.starting_value(), bookmark.context()), (None, None));
        assert_eq!(bookmark.partitions().count(), 0);
        assert!(bookmark.is_resumable());
        assert_eq!(bookmark.as_map()["updated_at"], "2024");
    }

    #[test]
    fn one_part_that_cannot_go_on_holds_the_stream_back() {
        let one = json!({"partitions": [{"context": {"a": 1}}, {"progress_markers": {}}]});
        let bookmark = Bookmark::of(&one).unwrap();
        assert!(!bookmark.is_resumable());
        let contexts: Vec<_> = bookmark.partitions().map(|part| part.context().cloned()).collect();
        assert_eq!(contexts, [json!({"a": 1}).as_object().cloned(), None]);
    }
}

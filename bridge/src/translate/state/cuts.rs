//! Cuts: a Singer state taken apart into the streams' own parts and the rest, and put together
//! again; and the few cuts of a run that a stream keeps.

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};
use std::sync::Arc;

/// The id of the empty state, which every first run starts from.
pub(super) const EMPTY_ID: &str = "0";

/// How deep a Singer state may be nested. A stored state puts a few levels around it, and JSON of more
/// than 128 isn't read by anybody.
pub(super) const DEEPEST: usize = 100;

/// Whether a state is nested too deeply to be stored and read again.
pub(super) fn is_too_deep(state: &Map<String, Value>) -> bool {
    fn exceeds(value: &Value, levels: usize) -> bool {
        match value {
            Value::Object(map) => levels == 0 || map.values().any(|v| exceeds(v, levels - 1)),
            Value::Array(list) => levels == 0 || list.iter().any(|v| exceeds(v, levels - 1)),
            _ => false,
        }
    }
    state.values().any(|value| exceeds(value, DEEPEST - 1))
}

/// A piece of a Singer state, kept as compact JSON text that many cuts can share.
#[derive(Clone, Debug)]
pub(super) struct Part(Arc<Text>);

/// Boxed, since a long text would be copied into the room of an [`Arc`].
#[derive(Debug)]
struct Text(Box<RawValue>);

impl Part {
    pub(super) fn of(value: &Value) -> Part {
        Part::new(to_raw_value(value).expect("a JSON value can always be written"))
    }

    /// A part that was written as serde_json would write it.
    pub(super) fn compact(mut text: String) -> Part {
        text.shrink_to_fit();
        Part::new(RawValue::from_string(text).expect("a part of JSON is JSON"))
    }

    fn new(text: Box<RawValue>) -> Part {
        Part(Arc::new(Text(text)))
    }

    /// `{}`: the rest of a state that has none.
    pub(super) fn empty() -> Part {
        Part::of(&Value::Object(Map::new()))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text() == "{}"
    }

    pub(super) fn text(&self) -> &str {
        self.raw().get()
    }

    pub(super) fn raw(&self) -> &RawValue {
        &self.0.0
    }

    pub(super) fn value(&self) -> Value {
        serde_json::from_str(self.text()).expect("a part was written from a JSON value")
    }
}

impl PartialEq for Part {
    fn eq(&self, other: &Part) -> bool {
        self.text() == other.text()
    }
}

/// A Singer state taken apart, as the streams of one pass see it.
#[derive(Clone, Debug)]
pub(super) struct Split {
    /// Each member's bookmark, in the order the members were given; `None` says it is absent.
    pub(super) own: Vec<Option<Part>>,
    /// The state without the members' bookmarks.
    pub(super) rest: Part,
    /// Whether the rest holds anything at all: an empty `bookmarks` is nothing, but `lsn: 0` is.
    pub(super) remainder: bool,
}

/// Whether anything is left of a state whose members' bookmarks were taken out.
pub(super) fn has_remainder(rest: &Map<String, Value>) -> bool {
    rest.iter().any(|(key, value)| match (key.as_str(), value) {
        ("bookmarks", Value::Object(bookmarks)) => !bookmarks.is_empty(),
        ("bookmarks", Value::Null) => false,
        _ => true,
    })
}

/// Puts a state together from the rest of a cut and the bookmarks that streams held at that cut.
pub(super) fn assemble<'a>(
    rest: &Part,
    own: impl Iterator<Item = (&'a str, &'a Part)>,
) -> Map<String, Value> {
    let mut state = match rest.value() {
        Value::Object(state) => state,
        _ => Map::new(),
    };
    for (id, part) in own {
        let bookmarks = state.entry("bookmarks").or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(bookmarks) = bookmarks {
            bookmarks.insert(id.to_owned(), part.value());
        }
    }
    state
}

/// One STATE of the tap that was published, as one stream saw it.
#[derive(Clone, Debug)]
pub(super) struct Cut {
    /// Never used again; [`EMPTY_ID`] is the empty state.
    pub(super) id: Arc<str>,
    /// The last of a pass that ended well.
    pub(super) end: bool,
    /// The stream's own bookmark; `None` says it was absent.
    pub(super) own: Option<Part>,
    /// What else the state held; `{}` when the stream stands alone.
    pub(super) rest: Part,
}

/// The last two barriers at multiples of each of these keep their cut, besides the base. Streams
/// are committed at different paces: most often a cut falls inside one barrier, and some streams
/// are one behind the others; a stream that lags by up to 8 nearly always has a recent cut in
/// common with them, and one that lags by up to 64 a fairly recent one.
const STRIDES: [u64; 3] = [1, 8, 64];

/// The cuts that one stream keeps: its base, the newest two, and the last two at the wider strides.
#[derive(Clone, Debug)]
pub(super) struct History {
    cuts: Vec<(u64, Cut)>,
}

impl History {
    /// A history that holds only what the pass started from.
    pub(super) fn from_base(base: Cut) -> History {
        History { cuts: vec![(0, base)] }
    }

    /// Forgets all but the base.
    pub(super) fn keep_base(&mut self) {
        self.cuts.retain(|(number, _)| *number == 0);
    }

    /// Forgets all but the newest.
    pub(super) fn keep_newest(&mut self) {
        self.cuts.drain(..self.cuts.len().saturating_sub(1));
    }

    /// Adds the cut of the pass's `barrier`th barrier (from 1, rising) and forgets what is no
    /// longer kept.
    pub(super) fn push(&mut self, barrier: u64, cut: Cut) {
        self.cuts.push((barrier, cut));
        self.cuts.retain(|(number, _)| {
            *number == 0
                || STRIDES.iter().any(|stride| {
                    let last = barrier / stride * stride;
                    *number == last || *number == last.saturating_sub(*stride)
                })
        });
    }

    /// The cuts, oldest first.
    pub(super) fn cuts(&self) -> impl Iterator<Item = &Cut> {
        self.cuts.iter().map(|(_, cut)| cut)
    }
}

#[cfg(test)]
mod tests {
    use super::super::said::Said;
    use super::*;
    use serde_json::json;

    fn split<'a>(state: &Value, members: impl Iterator<Item = &'a str>) -> Split {
        Said::new(&state.to_string()).unwrap().split(members, None).unwrap()
    }

    #[test]
    fn what_is_taken_apart_goes_together_again() {
        let state = json!({"bookmarks": {"a": {"pos": 1}, "b": null, "x": 3}, "lsn": 0});
        let parts = split(&state, ["a", "b", "c"].into_iter());
        assert_eq!(parts.own[1].as_ref().map(Part::text), Some("null"));
        assert!(parts.own[2].is_none(), "absence is not null");
        assert_eq!(parts.rest.text(), r#"{"bookmarks":{"x":3},"lsn":0}"#);
        assert!(parts.remainder);
        let own = ["a", "b", "c"].into_iter().zip(&parts.own);
        let again = assemble(&parts.rest, own.filter_map(|(id, own)| Some((id, own.as_ref()?))));
        assert_eq!(Value::Object(again), state);
    }

    #[test]
    fn presence_is_a_remainder_and_emptiness_is_none() {
        let remainder = |state: Value| split(&state, ["a"].into_iter()).remainder;
        assert!(!remainder(json!({})));
        assert!(!remainder(json!({"bookmarks": {}})));
        assert!(!remainder(json!({"bookmarks": null})));
        assert!(!remainder(json!({"bookmarks": {"a": {"lsn": 3}}})));
        assert!(remainder(json!({"lsn": 0})));
        assert!(remainder(json!({"lsn": null})));
        assert!(remainder(json!({"bookmarks": {"b": {}}})));
        assert!(remainder(json!({"bookmarks": []})));
    }

    #[test]
    fn numbers_keep_their_digits() {
        let text = r#"{"bookmarks":{"a":{"n":12345678901234567890.10,"e":1e+400}}}"#;
        let state: Value = serde_json::from_str(text).unwrap();
        let parts = split(&state, ["a"].into_iter());
        let own = parts.own[0].as_ref().unwrap();
        assert_eq!(own.text(), r#"{"n":12345678901234567890.10,"e":1e+400}"#);
        let again = assemble(&parts.rest, [("a", own)].into_iter());
        assert_eq!(Value::Object(again).to_string(), text);
    }

    #[test]
    fn a_history_keeps_base_newest_and_two_of_each_stride() {
        let cut =
            |n: u64| Cut { id: n.to_string().into(), end: false, own: None, rest: Part::empty() };
        let mut history = History::from_base(cut(0));
        for n in 1..=203 {
            history.push(n, cut(n));
        }
        let ids: Vec<&str> = history.cuts().map(|cut| &*cut.id).collect();
        assert_eq!(ids, ["0", "128", "192", "200", "202", "203"]);
    }
}

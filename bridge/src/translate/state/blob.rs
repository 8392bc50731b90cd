//! The stored form of a stream's state, written and read. Its shape is described in the
//! [module above](super).

use super::cuts::{Cut, History, Part};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

/// The version of the stored form that is written, and the only one that is read.
const VERSION: u64 = 1;

#[derive(Serialize)]
struct CutsOut<'a> {
    airbyte_singer: u64,
    tap_stream_id: &'a str,
    alone: bool,
    parts: Vec<&'a RawValue>,
    cuts: Vec<CutOut<'a>>,
}

#[derive(Serialize)]
struct CutOut<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    own: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rest: Option<usize>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    end: bool,
}

#[derive(Serialize)]
struct FullRefreshOut<'a> {
    airbyte_singer: u64,
    tap_stream_id: &'a str,
    full_refresh: bool,
    number: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    generation_id: Option<i64>,
}

#[derive(Serialize)]
struct OwnOut<'a> {
    airbyte_singer: u64,
    tap_stream_id: &'a str,
    alone: bool,
    cut: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    own: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct SharedOut<'a> {
    airbyte_singer: u64,
    number: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cut: Option<SharedCutOut<'a>>,
}

#[derive(Serialize)]
struct SharedCutOut<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rest: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    end: bool,
}

/// Writes the state of a stream that resumes.
pub(super) fn write_cuts(tap_stream_id: &str, alone: bool, history: &History) -> Box<RawValue> {
    let mut parts: Vec<&Part> = Vec::new();
    let mut cuts = Vec::new();
    for cut in history.cuts() {
        let own = cut.own.as_ref().map(|own| index_of(own, &mut parts));
        let rest = (!cut.rest.is_empty()).then(|| index_of(&cut.rest, &mut parts));
        cuts.push(CutOut { id: &cut.id, own, rest, end: cut.end });
    }
    let parts = parts.into_iter().map(Part::raw).collect();
    raw(&CutsOut { airbyte_singer: VERSION, tap_stream_id, alone, parts, cuts })
}

/// The place of `part` among the parts stored so far; equal parts are stored once.
fn index_of<'a>(part: &'a Part, parts: &mut Vec<&'a Part>) -> usize {
    parts.iter().position(|known| *known == part).unwrap_or_else(|| {
        parts.push(part);
        parts.len() - 1
    })
}

/// Writes the state of a `full_refresh` stream.
pub(super) fn write_full_refresh(
    tap_stream_id: &str,
    number: &str,
    generation_id: Option<i64>,
) -> Box<RawValue> {
    let full_refresh = true;
    raw(&FullRefreshOut {
        airbyte_singer: VERSION,
        tap_stream_id,
        full_refresh,
        number,
        generation_id,
    })
}

/// Writes what a GLOBAL state says of one stream: its bookmark at the cut that stands in the shared
/// part.
pub(super) fn write_own(
    tap_stream_id: &str,
    alone: bool,
    cut: &str,
    own: Option<&Part>,
) -> Box<RawValue> {
    raw(&OwnOut { airbyte_singer: VERSION, tap_stream_id, alone, cut, own: own.map(Part::raw) })
}

/// Writes the shared part of a GLOBAL state; no cut when no stream resumes.
pub(super) fn write_shared(number: &str, cut: Option<&Cut>) -> Box<RawValue> {
    let cut = cut.map(|cut| SharedCutOut {
        id: &cut.id,
        rest: (!cut.rest.is_empty()).then(|| cut.rest.raw()),
        end: cut.end,
    });
    raw(&SharedOut { airbyte_singer: VERSION, number, cut })
}

fn raw(out: &impl Serialize) -> Box<RawValue> {
    to_raw_value(out).expect("strings, numbers and JSON parts can always be written")
}

/// A state of ours, read back.
#[derive(Debug)]
pub(super) enum Stored {
    Cuts(StoredCuts),
    /// What a GLOBAL state says of the stream; the rest of the cut stands in its shared part.
    Own(StoredOwn),
    /// It says which stream it is of and which run wrote it: nothing to resume from.
    FullRefresh,
}

/// The state of a stream that resumes, read back.
#[derive(Debug)]
pub(super) struct StoredCuts {
    pub(super) tap_stream_id: String,
    pub(super) alone: bool,
    /// Oldest first, never empty.
    pub(super) cuts: Vec<Cut>,
}

impl StoredCuts {
    /// The stream's part of the cut with this id, if it holds it.
    pub(super) fn at(&self, id: &str) -> Option<&Cut> {
        self.cuts.iter().find(|cut| &*cut.id == id)
    }

    /// The newest cut; the reader refuses a state without any.
    pub(super) fn newest(&self) -> &Cut {
        &self.cuts[self.cuts.len() - 1]
    }
}

/// A stream's place in a GLOBAL state, read back.
#[derive(Debug)]
pub(super) struct StoredOwn {
    pub(super) tap_stream_id: String,
    alone: bool,
    cut: String,
    own: Option<Part>,
}

impl StoredOwn {
    /// The state with the shared part that it was handed in with. `None` when that belongs to
    /// another cut and the stream can't do without: a platform kept the stream's place from an
    /// earlier state, or lost the shared part.
    pub(super) fn with_shared(self, shared: Option<&Cut>) -> Option<StoredCuts> {
        let StoredOwn { tap_stream_id, alone, cut, own } = self;
        let shared = shared.filter(|shared| *shared.id == *cut);
        if shared.is_none() && !alone {
            return None;
        }
        let end = shared.is_some_and(|shared| shared.end);
        let rest = shared.map_or_else(Part::empty, |shared| shared.rest.clone());
        let cuts = vec![Cut { id: cut.into(), end, own, rest }];
        Some(StoredCuts { tap_stream_id, alone, cuts })
    }
}

/// Reads the shared part of a GLOBAL state: the cut without own parts. `None` when it holds none
/// or is not ours; each stream's place then says by itself whether it can be used.
pub(super) fn read_shared(value: &Value) -> Option<Cut> {
    let map = value.as_object()?;
    if map.get("airbyte_singer")?.as_u64()? != VERSION {
        return None;
    }
    let cut = map.get("cut")?;
    let rest = cut.get("rest");
    Some(Cut {
        id: cut.get("id")?.as_str()?.into(),
        end: cut.get("end").and_then(Value::as_bool).unwrap_or(false),
        own: None,
        rest: rest.map_or_else(Part::empty, Part::of),
    })
}

/// Why a state can't be used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Unusable {
    /// It was not written by this program, or was changed since.
    NotOurs,
    /// It was written in a form that this version doesn't know.
    OtherVersion,
}

/// The `tap_stream_id` that a state of ours names, whatever else can be made of the state.
pub fn stream_of(state: &Value) -> Option<&str> {
    state.get("airbyte_singer")?;
    state.get("tap_stream_id")?.as_str()
}

/// Reads a state; hints that stand in it are not taken out here.
pub(super) fn read(value: &Value) -> Result<Stored, Unusable> {
    let map = value.as_object().ok_or(Unusable::NotOurs)?;
    match map.get("airbyte_singer").and_then(Value::as_u64) {
        Some(VERSION) => read_known(map).ok_or(Unusable::NotOurs),
        Some(_) => Err(Unusable::OtherVersion),
        None => Err(Unusable::NotOurs),
    }
}

fn read_known(map: &Map<String, Value>) -> Option<Stored> {
    let tap_stream_id = map.get("tap_stream_id")?.as_str()?.to_owned();
    if map.get("full_refresh").and_then(Value::as_bool) == Some(true) {
        return Some(Stored::FullRefresh);
    }
    let alone = map.get("alone")?.as_bool()?;
    if let Some(cut) = map.get("cut") {
        let (cut, own) = (cut.as_str()?.to_owned(), map.get("own").map(Part::of));
        return Some(Stored::Own(StoredOwn { tap_stream_id, alone, cut, own }));
    }
    let parts: Vec<Part> = map.get("parts")?.as_array()?.iter().map(Part::of).collect();
    let cuts = map.get("cuts")?.as_array()?;
    let cuts: Vec<Cut> = cuts.iter().map(|cut| read_cut(cut, &parts)).collect::<Option<_>>()?;
    (!cuts.is_empty()).then_some(Stored::Cuts(StoredCuts { tap_stream_id, alone, cuts }))
}

fn read_cut(cut: &Value, parts: &[Part]) -> Option<Cut> {
    let part = |key| match cut.get(key) {
        None => Some(None),
        Some(index) => {
            let index = usize::try_from(index.as_u64()?).ok()?;
            Some(Some(parts.get(index)?.clone()))
        }
    };
    Some(Cut {
        id: cut.get("id")?.as_str()?.into(),
        own: part("own")?,
        rest: part("rest")?.unwrap_or_else(Part::empty),
        end: cut.get("end").and_then(Value::as_bool).unwrap_or(false),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn cut(id: &str, own: Option<Value>, rest: Value, end: bool) -> Cut {
        Cut { id: id.into(), end, own: own.as_ref().map(Part::of), rest: Part::of(&rest) }
    }

    #[test]
    fn equal_parts_are_stored_once_and_absence_is_not_null() {
        let mut history = History::from_base(cut("0", None, json!({}), false));
        history.push(1, cut("r.0.1", Some(json!({"p": 1})), json!({"lsn": 1}), false));
        history.push(2, cut("r.0.2", Some(json!({"p": 1})), json!({"lsn": 2}), false));
        history.push(3, cut("r.0.3", Some(Value::Null), json!({"lsn": 1}), true));
        let blob = write_cuts("a", false, &history);
        let expected = concat!(
            r#"{"airbyte_singer":1,"tap_stream_id":"a","alone":false,"#,
            r#""parts":[{"p":1},{"lsn":2},null,{"lsn":1}],"cuts":[{"id":"0"},"#,
            r#"{"id":"r.0.2","own":0,"rest":1},{"id":"r.0.3","own":2,"rest":3,"end":true}]}"#
        );
        assert_eq!(blob.get(), expected);

        let Ok(Stored::Cuts(read)) = read(&serde_json::from_str(blob.get()).unwrap()) else {
            panic!("not read back")
        };
        assert_eq!((read.tap_stream_id.as_str(), read.alone, read.cuts.len()), ("a", false, 3));
        assert!(read.cuts[0].own.is_none() && read.cuts[0].rest.is_empty());
        assert_eq!(read.newest().own.as_ref().map(Part::text), Some("null"));
        assert!(read.newest().end && !read.cuts[0].end);
        assert_eq!(read.at("r.0.3").map(|cut| cut.rest.text()), Some(r#"{"lsn":1}"#));
    }

    #[test]
    fn the_same_part_in_two_cuts_has_one_place() {
        let mut history = History::from_base(cut("b", Some(json!({"p": 1})), json!({}), false));
        history.push(8, cut("c", Some(json!({"p": 1})), json!({"p": 1}), false));
        let blob: Value = serde_json::from_str(write_cuts("a", false, &history).get()).unwrap();
        assert_eq!(blob["parts"], json!([{"p": 1}]));
    }

    #[test]
    fn a_full_refresh_state_says_its_generation_and_no_bookmark() {
        let blob = write_full_refresh("a", "r.1.1", Some(7));
        let expected = concat!(
            r#"{"airbyte_singer":1,"tap_stream_id":"a","full_refresh":true,"#,
            r#""number":"r.1.1","generation_id":7}"#
        );
        assert_eq!(blob.get(), expected);
        let read = read(&serde_json::from_str(blob.get()).unwrap());
        assert!(matches!(read, Ok(Stored::FullRefresh)));
    }

    fn own(blob: &RawValue) -> StoredOwn {
        match read(&serde_json::from_str(blob.get()).unwrap()) {
            Ok(Stored::Own(own)) => own,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_place_in_a_global_state_is_worth_something_beside_its_own_cut_only() {
        let shared = cut("r.0.2", None, json!({"lsn": 10.50}), true);
        let text = write_shared("r.1.0", Some(&shared));
        let expected = r#"{"airbyte_singer":1,"number":"r.1.0","cut":{"id":"r.0.2","rest":{"lsn":10.5},"end":true}}"#;
        assert_eq!(text.get(), expected);
        let read = read_shared(&serde_json::from_str(text.get()).unwrap()).unwrap();
        let part = Part::of(&json!({"p": 1}));
        let linked = write_own("a", false, "r.0.2", Some(&part));
        let expected =
            r#"{"airbyte_singer":1,"tap_stream_id":"a","alone":false,"cut":"r.0.2","own":{"p":1}}"#;
        assert_eq!(linked.get(), expected);
        let joined = own(&linked).with_shared(Some(&read)).unwrap();
        assert_eq!((joined.newest().rest.text(), joined.newest().end), (r#"{"lsn":10.5}"#, true));
        let later = cut("r.0.3", None, json!({"lsn": 11}), false);
        assert!(own(&linked).with_shared(Some(&later)).is_none(), "another moment");
        assert!(own(&linked).with_shared(None).is_none());
        let alone = write_own("a", true, "r.0.2", None);
        let joined = own(&alone).with_shared(Some(&later)).unwrap();
        assert!(joined.newest().own.is_none() && joined.newest().rest.is_empty());
        assert!(!joined.newest().end);
    }

    #[test]
    fn a_shared_part_without_a_cut_or_of_others_holds_none() {
        assert_eq!(write_shared("n", None).get(), r#"{"airbyte_singer":1,"number":"n"}"#);
        for other in [
            json!({"airbyte_singer": 1, "number": "n"}),
            json!({"airbyte_singer": 2, "number": "n", "cut": {"id": "x"}}),
            json!({"cut": {"id": "x"}}),
            json!({"airbyte_singer": 1, "cut": {"id": 7}}),
            json!(3),
        ] {
            assert!(read_shared(&other).is_none(), "{other}");
        }
    }

    #[test]
    fn what_is_not_ours_is_told_from_what_is_newer() {
        for foreign in [
            json!({}),
            json!({"bookmarks": {"a": 1}}),
            json!([1]),
            json!({"airbyte_singer": "x"}),
            json!({"airbyte_singer": 1, "tap_stream_id": "a"}),
            json!({"airbyte_singer": 1, "tap_stream_id": "a", "alone": true, "parts": [], "cuts": []}),
            json!({"airbyte_singer": 1, "tap_stream_id": "a", "alone": true, "parts": [],
                   "cuts": [{"id": "0", "own": 0}]}),
        ] {
            assert_eq!(read(&foreign).unwrap_err(), Unusable::NotOurs, "{foreign}");
        }
        let newer = json!({"airbyte_singer": 2, "tap_stream_id": "a"});
        assert_eq!(read(&newer).unwrap_err(), Unusable::OtherVersion);
    }
}

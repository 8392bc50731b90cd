//! The state of a stream as it is published.

use super::slice::Key;
use airbyte_protocol::SyncMode;
use airbyte_singer_runtime::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashMap;

/// The shape of states that we write.
const VERSION: u64 = 1;

/// `{"version":1,"mode":"incremental","cursor":…,"slices":[{"slice":{…},"at":…},…]}`: the cursor of
/// all windows, and that of each partition; or, in a full refresh, which slices are done and where the
/// others are.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Saved {
    version: u64,
    pub(super) mode: SyncMode,
    /// A full refresh that got to its end. The next one begins anew.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    complete: bool,
    /// Whether more of this read's partitions may come. So the last state is another one even if those
    /// brought nothing but records that were known.
    #[serde(default, rename = "underway", skip_serializing_if = "std::ops::Not::not")]
    pub(super) is_underway: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cursor: Option<Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    slices: Vec<Kept>,
    #[serde(skip)]
    places: HashMap<String, usize>,
}

/// What is known of one slice.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    slice: Key,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<Value>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) done: bool,
}

impl Saved {
    pub(super) fn new(mode: SyncMode) -> Self {
        let (slices, places) = (Vec::new(), HashMap::new());
        Self {
            version: VERSION,
            mode,
            complete: false,
            is_underway: false,
            cursor: None,
            slices,
            places,
        }
    }

    /// What an earlier read left for one in `mode`: nothing, if that one was in another mode or a full
    /// refresh that got to its end.
    ///
    /// # Errors
    ///
    /// A config error: the state is not of this shape.
    pub(super) fn load(blob: Option<&Value>, mode: SyncMode) -> Result<Self> {
        // Platforms write a stream that was reset as one without a state, or with an empty one.
        let is_empty = |blob: &&Value| blob.as_object().is_some_and(serde_json::Map::is_empty);
        let Some(blob) = blob.filter(|blob| !blob.is_null() && !is_empty(blob)) else {
            return Ok(Self::new(mode));
        };
        if blob.get("version").and_then(Value::as_u64).is_some_and(|version| version > VERSION) {
            return Err(Error::config(
                "its state was written by a newer version of this source; reset the stream",
            ));
        }
        let foreign =
            || Error::config("its state was not written by this source; reset the stream");
        let mut saved: Self = serde_json::from_value(blob.clone()).map_err(|_| foreign())?;
        if saved.version != VERSION {
            return Err(foreign());
        }
        if saved.mode != mode || saved.complete {
            return Ok(Self::new(mode));
        }
        saved.is_underway = false;
        let named = |(place, kept): (usize, &Kept)| (name(&kept.slice), place);
        saved.places = saved.slices.iter().enumerate().map(named).collect();
        Ok(saved)
    }

    pub(super) fn get(&self, key: &Key) -> Option<&Kept> {
        self.places.get(&name(key)).map(|&place| &self.slices[place])
    }

    pub(super) fn entry(&mut self, key: &Key) -> &mut Kept {
        let place = *self.places.entry(name(key)).or_insert_with(|| {
            self.slices.push(Kept { slice: key.clone(), at: None, done: false });
            self.slices.len() - 1
        });
        &mut self.slices[place]
    }

    /// One of the cursors that it holds.
    pub(super) fn any_cursor(&self) -> Option<&Value> {
        self.cursor.as_ref().or_else(|| self.slices.iter().find_map(|kept| kept.at.as_ref()))
    }

    /// How many slices it tells of.
    pub(super) fn len(&self) -> usize {
        self.slices.len()
    }

    /// A full refresh is over: which slices it had doesn't matter any more.
    pub(super) fn complete(&mut self) {
        *self = Self { complete: true, ..Self::new(self.mode) };
    }

    pub(super) fn to_blob(&self) -> Value {
        serde_json::to_value(self).expect("it has string keys only")
    }
}

fn name(key: &Key) -> String {
    serde_json::to_string(key).expect("it has string keys only")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_saved_is_found_again_whatever_the_order_of_its_keys() {
        let mut saved = Saved::new(SyncMode::Incremental);
        let key = Key::from([("a".to_owned(), json!(1)), ("b".to_owned(), json!("x"))]);
        saved.entry(&key).at = Some(json!(7));
        let blob = saved.to_blob();
        let expected = json!({"version": 1, "mode": "incremental",
            "slices": [{"slice": {"b": "x", "a": 1}, "at": 7}]});
        assert_eq!(blob, expected);
        let again = Saved::load(Some(&expected), SyncMode::Incremental).unwrap();
        assert_eq!(again.get(&key).unwrap().at, Some(json!(7)));
        let other = Saved::load(Some(&expected), SyncMode::FullRefresh).unwrap();
        assert_eq!(other.len(), 0);
    }

    #[test]
    fn an_empty_state_is_none() {
        for empty in [json!(null), json!({})] {
            assert_eq!(Saved::load(Some(&empty), SyncMode::Incremental).unwrap().len(), 0);
        }
    }

    #[test]
    fn foreign_and_future_states_are_refused() {
        let told = |blob: Value| Saved::load(Some(&blob), SyncMode::Incremental).unwrap_err();
        assert!(told(json!({"version": 2, "x": 1})).message().contains("newer version"));
        for foreign in [
            json!({"read": 3}),
            json!([1]),
            json!({"version": 1}),
            json!({"version": 0, "mode": "incremental"}),
            json!("x"),
            json!({"version": 1, "mode": "incremental", "more": 1}),
        ] {
            let error = told(foreign);
            assert!(error.message().contains("not written by this source"), "{error}");
        }
    }
}

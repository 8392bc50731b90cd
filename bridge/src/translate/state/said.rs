//! What a tap said of its state, taken apart as text.
//!
//! A STATE may be tens of megabytes long, and a JSON value takes 30 to 70 times the room of its text. So
//! nothing is parsed here but names: the text is cut into parts, and each is written anew as
//! serde_json writes it (no blanks, as few escapes as can be), so that equal parts are equal texts.

use super::cuts::{DEEPEST, Part, Split};
use super::error::StateError;
use super::hints;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;

/// A Singer state as the tap wrote it: an object.
pub(super) struct Said<'a> {
    text: Cow<'a, str>,
    /// What `currently_syncing` says.
    syncing: Option<String>,
}

impl<'a> Said<'a> {
    /// Takes an object, or null for an empty one.
    ///
    /// # Errors
    ///
    /// It is no JSON, or nested too deeply to be stored.
    pub(super) fn new(text: &'a str) -> Result<Said<'a>, StateError> {
        if is_deeper(text, DEEPEST) {
            return Err(StateError::TooDeep);
        }
        Said::of(text)
    }

    /// As [`Said::new`], of what was stored already.
    pub(super) fn of(text: &'a str) -> Result<Said<'a>, StateError> {
        let text = if text == "null" { "{}" } else { text };
        let (mut syncing, mut bookmarks) = (None, 0);
        each(text, text, |name, value| {
            match name {
                "currently_syncing" => syncing = serde_json::from_str(value).ok(),
                "bookmarks" => bookmarks += 1,
                _ => {}
            }
            Ok(())
        })?;
        if bookmarks < 2 {
            return Ok(Said { text: text.into(), syncing });
        }
        // Of a name that comes twice the last counts, in the first one's place.
        let read: Map<String, Value> =
            serde_json::from_str(text).map_err(|error| malformed(text, text, &error))?;
        Ok(Said { text: Value::Object(read).to_string().into(), syncing })
    }

    /// The stream whose first full read is under way before its turn at the log.
    ///
    /// PostgreSQL taps of singer-python's family note the position of the log (`lsn`) in a stream's
    /// bookmark *before* they read its table, and take a bookmark with an `lsn` to say that the table
    /// has been read: given that bookmark, they go on from the log and never come back to the rows.
    /// Later on they add `xmin` to tell how far they got, but one of them reads the rows in the order
    /// of its digits, so that what comes behind it isn't what is left. So until the tap turns to
    /// something else, the bookmark is no place to go on from.
    pub(super) fn half_read(&self) -> Result<Option<String>, StateError> {
        let Some(id) = &self.syncing else { return Ok(None) };
        let mut place = &*self.text;
        for key in ["bookmarks", id, "lsn"] {
            match find(&self.text, place, key)? {
                Some(inner) => place = inner,
                None => return Ok(None),
            }
        }
        Ok((place != "null").then(|| id.clone()))
    }

    /// Takes it apart for `members`, which are `tap_stream_id`s; hints are left out. Of the stream in
    /// `held` that part counts, whatever stands here.
    pub(super) fn split<'m>(
        &self,
        members: impl Iterator<Item = &'m str>,
        held: Option<&Held>,
    ) -> Result<Split, StateError> {
        let places: HashMap<&str, usize> = members.enumerate().map(|(i, id)| (id, i)).collect();
        let mut own = vec![None; places.len()];
        let mut fate = |key: Key<'_>| match key {
            Key::Top(key) if hints::is_one(key) => Fate::Drop,
            Key::Top(_) => Fate::Keep,
            Key::Bookmark(hints::IN_BOOKMARKS) => Fate::Drop,
            Key::Bookmark(id) => places.get(id).map_or(Fate::Keep, |place| Fate::Own(*place)),
        };
        let mut walk = Walk::new(&self.text, &mut fate, held, &mut own);
        walk.walk()?;
        let (rest, remainder) = (walk.out, walk.remainder);
        Ok(Split { own, rest: Part::compact(rest), remainder })
    }

    /// The whole of it, hints included, without the bookmarks of the streams `left_out`.
    pub(super) fn without(
        &self,
        left_out: &HashSet<&str>,
        held: Option<&Held>,
    ) -> Result<Part, StateError> {
        let mut fate = |key: Key<'_>| match key {
            Key::Bookmark(id) if left_out.contains(id) => Fate::Drop,
            _ => Fate::Keep,
        };
        let mut walk = Walk::new(&self.text, &mut fate, held, &mut []);
        walk.walk()?;
        Ok(Part::compact(walk.out))
    }
}

/// The part at which a stream is held; none says that its bookmark is absent.
pub(super) struct Held {
    pub(super) id: String,
    pub(super) part: Option<Part>,
}

/// A name in a state.
enum Key<'k> {
    Top(&'k str),
    Bookmark(&'k str),
}

/// What becomes of what a name names.
enum Fate {
    Keep,
    Drop,
    /// It is the bookmark of the stream at that place.
    Own(usize),
}

struct Walk<'w> {
    text: &'w str,
    fate: &'w mut dyn FnMut(Key<'_>) -> Fate,
    held: Option<&'w Held>,
    own: &'w mut [Option<Part>],
    /// What is kept, written anew.
    out: String,
    remainder: bool,
}

impl<'w> Walk<'w> {
    fn new(
        text: &'w str,
        fate: &'w mut dyn FnMut(Key<'_>) -> Fate,
        held: Option<&'w Held>,
        own: &'w mut [Option<Part>],
    ) -> Walk<'w> {
        Walk { text, fate, held, own, out: String::new(), remainder: false }
    }

    fn walk(&mut self) -> Result<(), StateError> {
        let text = self.text;
        self.out.push('{');
        each(text, text, |key, value| self.top(key, value))?;
        self.out.push('}');
        Ok(())
    }

    fn top(&mut self, key: &str, value: &str) -> Result<(), StateError> {
        if let Fate::Drop = (self.fate)(Key::Top(key)) {
            return Ok(());
        }
        self.name(key);
        if key != "bookmarks" || !value.starts_with('{') {
            self.remainder |= key != "bookmarks" || value != "null";
            return compact(self.text, value, &mut self.out);
        }
        self.out.push('{');
        each(self.text, value, |id, bookmark| self.bookmark(id, bookmark))?;
        self.out.push('}');
        Ok(())
    }

    fn bookmark(&mut self, id: &str, bookmark: &str) -> Result<(), StateError> {
        let held = self.held.filter(|held| held.id == id).map(|held| &held.part);
        match ((self.fate)(Key::Bookmark(id)), held) {
            (Fate::Drop, _) | (Fate::Keep, Some(None)) => {}
            (Fate::Own(place), Some(held)) => self.own[place].clone_from(held),
            (Fate::Own(place), None) => {
                let mut own = String::new();
                compact(self.text, bookmark, &mut own)?;
                self.own[place] = Some(Part::compact(own));
            }
            (Fate::Keep, Some(Some(held))) => {
                self.name(id);
                self.out.push_str(held.text());
                self.remainder = true;
            }
            (Fate::Keep, None) => {
                self.name(id);
                self.remainder = true;
                compact(self.text, bookmark, &mut self.out)?;
            }
        }
        Ok(())
    }

    /// Writes a name, behind a comma unless it is an object's first.
    fn name(&mut self, name: &str) {
        if !self.out.ends_with('{') {
            self.out.push(',');
        }
        self.out.push_str(&quoted(name));
        self.out.push(':');
    }
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a text can always be written")
}

/// Appends `part` of a state, which is JSON, as serde_json writes it.
fn compact(state: &str, part: &str, out: &mut String) -> Result<(), StateError> {
    let bytes = part.as_bytes();
    out.reserve(part.len());
    let (mut at, mut written) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b' ' | b'\t' | b'\n' | b'\r' => {
                out.push_str(&part[written..at]);
                at += 1;
                written = at;
            }
            b'"' => {
                let end = string_end(bytes, at);
                let text = &part[at..end];
                if text.contains('\\') {
                    out.push_str(&part[written..at]);
                    let plain: String = serde_json::from_str(text)
                        .map_err(|error| malformed(state, text, &error))?;
                    out.push_str(&quoted(&plain));
                    written = end;
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    out.push_str(&part[written..]);
    Ok(())
}

/// Behind the quote that ends the string which begins at `at`.
fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    while let Some(found) = memchr::memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) {
        match bytes[at + found] {
            b'"' => return at + found + 1,
            _ => at += found + 2,
        }
    }
    bytes.len()
}

/// Whether objects and lists stand in each other more than `levels` deep.
fn is_deeper(text: &str, levels: usize) -> bool {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at = string_end(bytes, at);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > levels {
            return true;
        }
        at += 1;
    }
    false
}

/// The error of a `part` of the state's text.
fn malformed(state: &str, part: &str, error: &serde_json::Error) -> StateError {
    let before = (part.as_ptr() as usize).saturating_sub(state.as_ptr() as usize);
    StateError::Malformed { column: before + error.column() }
}

/// What the object at `place` names `key`; the last one counts. Nothing, if it is no object.
fn find<'t>(state: &str, place: &'t str, key: &str) -> Result<Option<&'t str>, StateError> {
    let mut found = None;
    if place.starts_with('{') {
        each(state, place, |name, value| {
            if name == key {
                found = Some(value);
            }
            Ok(())
        })?;
    }
    Ok(found)
}

/// Calls `take` with each name of the object at `place` of a state and the text of its value.
fn each<'t>(
    state: &str,
    place: &'t str,
    take: impl FnMut(&str, &'t str) -> Result<(), StateError>,
) -> Result<(), StateError> {
    let mut broken = None;
    let mut deserializer = serde_json::Deserializer::from_str(place);
    let read = Each { take, broken: &mut broken }.deserialize(&mut deserializer);
    let read = read.and_then(|()| deserializer.end());
    match broken {
        Some(broken) => Err(broken),
        None => read.map_err(|error| malformed(state, place, &error)),
    }
}

struct Each<'b, F> {
    take: F,
    /// What `take` failed with.
    broken: &'b mut Option<StateError>,
}

impl<'de, F> DeserializeSeed<'de> for Each<'_, F>
where
    F: FnMut(&str, &'de str) -> Result<(), StateError>,
{
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F> Visitor<'de> for Each<'_, F>
where
    F: FnMut(&str, &'de str) -> Result<(), StateError>,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value::<&RawValue>()?;
            if let Err(broken) = (self.take)(&name, value.get()) {
                *self.broken = Some(broken);
                return Err(A::Error::custom("a part is malformed"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

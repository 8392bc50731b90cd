//! JSON that stays text: what stands in an object or a list, one after the other.
//!
//! A [`Value`](serde_json::Value) takes 30 to 70 times the room of its text, and a catalog may be tens of
//! megabytes long.

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A piece of a text that many hold.
#[derive(Clone)]
pub(crate) struct Piece {
    text: Arc<String>,
    range: Range<usize>,
}

impl Piece {
    /// All of a text.
    pub(crate) fn whole(text: String) -> Piece {
        let range = 0..text.len();
        Piece { text: Arc::new(text), range }
    }

    pub(crate) fn get(&self) -> &str {
        &self.text[self.range.clone()]
    }

    /// A part of it, which must be a slice of [`Piece::get`].
    pub(crate) fn part(&self, part: &str) -> Piece {
        let start = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        Piece { text: self.text.clone(), range: start..start + part.len() }
    }
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.get())
    }
}

/// Calls `take` with each name of an object and the text of its value.
pub(crate) fn each_entry<'t>(
    object: &'t str,
    mut take: impl FnMut(&str, &'t str),
) -> serde_json::Result<()> {
    let mut deserializer = serde_json::Deserializer::from_str(object);
    deserializer.deserialize_map(Each(|name: Option<&str>, value| {
        take(name.unwrap_or_default(), value);
    }))?;
    deserializer.end()
}

/// Calls `take` with the text of each element of a list.
pub(crate) fn each_element<'t>(
    list: &'t str,
    mut take: impl FnMut(&'t str),
) -> serde_json::Result<()> {
    let mut deserializer = serde_json::Deserializer::from_str(list);
    deserializer.deserialize_seq(Each(|_: Option<&str>, value| take(value)))?;
    deserializer.end()
}

struct Each<F>(F);

impl<'de, F: FnMut(Option<&str>, &'de str)> Visitor<'de> for Each<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a list")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            (self.0)(Some(&name), map.next_value::<&RawValue>()?.get());
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        while let Some(value) = list.next_element::<&RawValue>()? {
            (self.0)(None, value.get());
        }
        Ok(())
    }
}

/// Whether a text of JSON that was scanned can be read: no deeper than readers go, no half of a
/// character pair in a string.
///
/// # Errors
///
/// Why not.
pub(crate) fn check(text: &str) -> Result<(), &'static str> {
    /// Readers of JSON go so deep.
    const DEEPEST: usize = 127;
    let bytes = text.as_bytes();
    let (mut at, mut depth, mut escaped) = (0, 0_usize, false);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                let end = string_end(bytes, at);
                escaped |= memchr::memmem::find(&bytes[at..end], b"\\u").is_some();
                at = end;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return Err("nested too deeply");
        }
        at += 1;
    }
    match escaped && serde_json::from_str::<Strict>(text).is_err() {
        true => Err("a string in it is broken"),
        false => Ok(()),
    }
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

/// Reads all strings and keeps nothing.
struct Strict;

impl<'de> serde::Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Strict, D::Error> {
        deserializer.deserialize_any(Strict)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Strict;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Strict, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Strict, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Strict, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Strict, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Strict, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Strict, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Strict, A::Error> {
        while list.next_element::<Strict>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Strict, A::Error> {
        while map.next_entry::<Strict, Strict>()?.is_some() {}
        Ok(self)
    }
}

/// An object written anew with some values in it set, each in its place or behind the others, and
/// those of no value taken out. All else stays as it stands.
///
/// # Errors
///
/// It is no object.
pub(crate) fn with(object: &str, changes: &[(&str, Option<String>)]) -> serde_json::Result<String> {
    let mut seen = vec![false; changes.len()];
    let mut out = Object::new();
    each_entry(object, |name, value| {
        match changes.iter().position(|(changed, _)| *changed == name) {
            None => out.entry(name, value),
            Some(at) => {
                if let (false, Some(value)) =
                    (std::mem::replace(&mut seen[at], true), &changes[at].1)
                {
                    out.entry(name, value);
                }
            }
        }
    })?;
    for ((name, value), seen) in changes.iter().zip(seen) {
        if let (false, Some(value)) = (seen, value) {
            out.entry(name, value);
        }
    }
    Ok(out.end())
}

/// An object that is written entry by entry.
pub(crate) struct Object(String);

impl Object {
    pub(crate) fn new() -> Object {
        Object("{".to_owned())
    }

    pub(crate) fn entry(&mut self, name: &str, value: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push_str(&quoted(name));
        self.0.push(':');
        self.0.push_str(value);
    }

    pub(crate) fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// A list that is written element by element.
#[derive(Default)]
pub(crate) struct List(String);

impl List {
    pub(crate) fn push(&mut self, element: &str) {
        self.0.push(if self.0.is_empty() { '[' } else { ',' });
        self.0.push_str(element);
    }

    pub(crate) fn end(mut self) -> String {
        self.0.push_str(if self.0.is_empty() { "[]" } else { "]" });
        self.0
    }
}

/// A text as JSON writes it.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a text can always be written")
}

use super::value::{NUMBER, Weighed};
use crate::RecordPath;
use crate::format::bound::{Room, Weight};
use crate::format::{Each, Record, Rest, marks, record};
use crate::lookups::PathLookup;
use crate::records::Step;
use airbyte_singer_runtime::{Error, Result};
use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Deserializer, Map, Number, Value};
use std::fmt;

/// Takes the records that are found, and keeps why there can be no more.
pub(super) struct Finder<'a, 'e> {
    path: &'a RecordPath,
    wrap: Option<&'a str>,
    lookup: Option<&'a PathLookup>,
    room: &'a Room,
    weight: &'a Weight,
    each: &'a mut Each<'e>,
    seen: u64,
    failure: Option<Error>,
    missing: Option<Error>,
    /// How many members of the last `*` have no record.
    without: u64,
    /// Whether such members have lists of records.
    has_lists: bool,
}

impl<'a, 'e> Finder<'a, 'e> {
    /// Records that are no objects become the field `wrap` of one.
    pub(super) fn new(
        path: &'a RecordPath,
        wrap: Option<&'a str>,
        room: &'a Room,
        weight: &'a Weight,
        each: &'a mut Each<'e>,
    ) -> Self {
        let wrap = path.around().value_field().or(wrap);
        Self {
            path,
            wrap,
            lookup: None,
            room,
            weight,
            each,
            seen: 0,
            failure: None,
            missing: None,
            without: 0,
            has_lists: false,
        }
    }

    /// A record may begin here.
    fn begin(&self) {
        self.room.renew();
        self.weight.begin();
    }

    /// What was counted last stays beside the records, by a name in an object or in a list.
    fn keep(&self, length: usize, name: &str) {
        match name.is_empty() {
            true => self.weight.in_list(length),
            false => self.weight.in_object(length, name),
        }
        self.weight.keep();
    }

    /// Notes whether the path leads anywhere behind a `*`.
    pub(super) const fn watch(&mut self, lookup: Option<&'a PathLookup>) {
        self.lookup = lookup;
    }

    pub(super) const fn path(&self) -> &'a RecordPath {
        self.path
    }

    /// There is what the path leads to, be it without records.
    pub(super) fn reached(&self) {
        if let Some(lookup) = self.lookup {
            lookup.path().found();
        }
    }

    /// Notes whether there is a field around records.
    pub(super) fn note_field(&self, at: usize, is_found: bool) {
        if let Some(field) = self.lookup.and_then(|lookup| lookup.field(at)) {
            field.note(is_found);
        }
    }

    /// A member of a `*` doesn't have what the path wants.
    pub(super) fn lacking(&self) {
        if let Some(lookup) = self.lookup {
            lookup.path().missed();
        }
    }

    /// A member of a `*` has nothing behind so many steps. Of the last `*` it is an element like those that
    /// have a record.
    pub(super) fn without(&mut self, depth: usize) {
        let steps = self.path.steps();
        let is_last = !steps.get(depth..).unwrap_or_default().contains(&Step::Each);
        if is_last && steps.contains(&Step::Each) {
            self.without += 1;
        }
    }

    /// A member of the last `*` has a list of records, so that one that has none has an empty list.
    pub(super) const fn has_list(&mut self) {
        self.has_lists = true;
    }

    /// Leaves word of the elements that are no records, once the document was read.
    pub(super) fn pass_over(&self) {
        if !self.has_lists {
            marks::pass_over(self.without);
        }
    }

    /// What of the path the document doesn't have.
    pub(super) fn take_missing(&mut self) -> Option<Error> {
        self.missing.take()
    }

    /// What ended it, unless that was the text itself.
    pub(super) fn into_failure(self) -> Option<Error> {
        self.failure
    }

    fn found<E: de::Error>(&mut self, value: Value) -> Result<(), E> {
        let taken = self.take(value, |_| Ok(()));
        self.begin();
        taken.map_err(|error| self.fail(error))
    }

    /// Takes a record, once it was changed.
    pub(super) fn take(
        &mut self,
        value: Value,
        change: impl FnOnce(&mut Record) -> Result<()>,
    ) -> Result<()> {
        self.seen += 1;
        match record(value, self.wrap) {
            Ok(Some(mut record)) => {
                change(&mut record)?;
                marks::leave(self.weight.take_marks());
                (self.each)(record)
            }
            Ok(None) => {
                marks::pass_over(1);
                Ok(())
            }
            Err(kind) => Err(self.no_object(self.seen, kind)),
        }
    }

    /// Something else is where the path leads on, behind so many steps.
    pub(super) fn no_records_behind(&self, kind: &str, steps: usize) -> Error {
        let (path, wanted) = (self.path.named(steps), self.path.named(usize::MAX));
        Error::system(format!("what is at {path} is {kind}, so there are no records at {wanted}"))
    }

    fn no_object(&self, number: u64, kind: &str) -> Error {
        let path = self.path.named(usize::MAX);
        Error::system(format!("record {number} at {path} is {kind}, not an object"))
    }

    /// serde's own error only carries the news; its words are never seen.
    fn fail<E: de::Error>(&mut self, error: Error) -> E {
        self.failure = Some(error);
        E::custom("")
    }
}

/// Reads a whole document, and gives back what it holds beside its records.
pub(super) fn find<'de, R: serde_json::de::Read<'de>>(
    mut text: Deserializer<R>,
    finder: &mut Finder<'_, '_>,
) -> serde_json::Result<Rest> {
    let rest = Walk { finder, depth: 0, among: false }.deserialize(&mut text)?;
    text.end()?;
    Ok(rest)
}

/// A value on the way to the records. Its result is what stands in its place in the rest.
struct Walk<'f, 'a, 'e> {
    finder: &'f mut Finder<'a, 'e>,
    /// How many steps lie behind.
    depth: usize,
    /// Whether one of them was `*`: nothing is kept for the rest any more, and members may be missing.
    among: bool,
}

impl<'a, 'e> Walk<'_, 'a, 'e> {
    fn step(&self) -> Option<&'a Step> {
        self.finder.path.steps().get(self.depth)
    }

    fn member(&mut self, among: bool) -> Walk<'_, 'a, 'e> {
        if among {
            self.finder.begin();
        }
        Walk { finder: self.finder, depth: self.depth + 1, among: self.among || among }
    }

    /// Whether members of the `*` that is next are looked at as a whole.
    fn is_whole(&self) -> bool {
        self.finder.path.around().is_asked()
    }

    fn whole<E: de::Error>(&mut self, key: Option<&str>, member: Value) -> Result<(), E> {
        let depth = self.depth + 1;
        let taken = self.finder.member(key, member, depth);
        self.finder.begin();
        taken.map_err(|error| self.finder.fail(error))
    }

    fn scalar<E: de::Error>(mut self, value: Value, kind: &str) -> Result<Value, E> {
        match self.step() {
            None if self.among || self.finder.wrap.is_some() => {
                self.finder.reached();
                self.finder.found(value).map(|()| none())
            }
            // It stands where the records should be.
            None => {
                self.finder.missing = Some(self.finder.no_object(1, kind));
                Ok(value)
            }
            Some(_) => self.no_way(kind).map(|()| value),
        }
    }

    /// Something else is where the path leads on. Among many members that is a fault at once.
    fn no_way<E: de::Error>(&mut self, kind: &str) -> Result<(), E> {
        let error = self.finder.no_records_behind(kind, self.depth);
        if self.among {
            return Err(self.finder.fail(error));
        }
        self.finder.missing = Some(error);
        Ok(())
    }

    /// Whether that is a fault is known when all of the document is.
    fn missing(&mut self) {
        let path = self.finder.path.named(self.depth + 1);
        self.finder.missing = Some(Error::system(format!("the body has no {path}")));
    }

    /// The members of an object on the way, of which `name` leads on.
    fn through<'de, A: MapAccess<'de>>(
        mut self,
        name: &str,
        first: Option<String>,
        mut map: A,
    ) -> Result<Value, A::Error> {
        let (mut rest, mut seen) = (Map::new(), false);
        let mut next = first;
        while let Some(key) = next {
            if key == name {
                seen = true;
                let inner = map.next_value_seed(self.member(false))?;
                rest.insert(key, inner);
            } else if self.among {
                map.next_value::<IgnoredAny>()?;
            } else {
                let value = map.next_value_seed(Weighed(self.finder.weight))?;
                self.finder.keep(rest.len(), &key);
                rest.insert(key, value);
            }
            next = map.next_key()?;
        }
        match (seen, self.among) {
            (true, _) => {}
            (false, true) => {
                self.finder.lacking();
                self.finder.without(self.depth);
            }
            (false, false) => self.missing(),
        }
        Ok(Value::Object(rest))
    }

    /// An array on the way, of which one element leads on.
    fn through_element<'de, A: SeqAccess<'de>>(
        mut self,
        wanted: usize,
        mut list: A,
    ) -> Result<Value, A::Error> {
        let mut rest = Vec::new();
        for at in 0.. {
            let element = if at == wanted {
                list.next_element_seed(self.member(false))?
            } else if self.among {
                list.next_element::<IgnoredAny>()?.map(|_| Value::Null)
            } else {
                let element = list.next_element_seed(Weighed(self.finder.weight))?;
                self.finder.keep(rest.len(), "");
                element
            };
            match element {
                Some(element) if !self.among => rest.push(element),
                Some(_) => {}
                None => {
                    match at <= wanted {
                        true if self.among => self.finder.without(self.depth),
                        true => self.missing(),
                        false => {}
                    }
                    break;
                }
            }
        }
        Ok(Value::Array(rest))
    }
}

/// What stands where records were.
fn none() -> Value {
    Value::Array(Vec::new())
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_, '_> {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, value: D) -> Result<Value, D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_, '_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        if self.among {
            self.finder.without(self.depth);
        }
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        self.scalar(Value::Bool(value), "true or false")
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        self.scalar(value.into(), "a number")
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        self.scalar(value.into(), "a number")
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        self.scalar(Value::String(value.to_owned()), "text")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Value, A::Error> {
        match self.step() {
            None => {
                self.finder.reached();
                if self.among {
                    self.finder.has_list();
                }
                self.finder.begin();
                while let Some(value) = list.next_element_seed(Weighed(self.finder.weight))? {
                    self.finder.found(value)?;
                }
                Ok(none())
            }
            Some(Step::Each) if self.is_whole() => {
                self.finder.begin();
                while let Some(member) = list.next_element_seed(Weighed(self.finder.weight))? {
                    self.whole(None, member)?;
                }
                Ok(none())
            }
            Some(Step::Each) => {
                while list.next_element_seed(self.member(true))?.is_some() {}
                Ok(none())
            }
            Some(Step::Member(name)) => match name.parse() {
                Ok(wanted) => self.through_element(wanted, list),
                Err(_) => {
                    self.no_way("an array")?;
                    while list.next_element::<IgnoredAny>()?.is_some() {}
                    Ok(none())
                }
            },
        }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Value, A::Error> {
        let first: Option<String> = map.next_key()?;
        if first.as_deref() == Some(NUMBER) {
            let digits: String = map.next_value()?;
            let number = digits.parse::<Number>().map_err(de::Error::custom)?;
            return self.scalar(Value::Number(number), "a number");
        }
        match self.step() {
            None => {
                self.finder.reached();
                self.finder.begin();
                let record = Weighed(self.finder.weight).object(first, map)?;
                self.finder.found(Value::Object(record))?;
                Ok(if self.depth == 0 { Value::Object(Map::new()) } else { none() })
            }
            Some(Step::Member(name)) => self.through(name, first, map),
            Some(Step::Each) if self.is_whole() => {
                let mut next = first;
                while let Some(key) = next {
                    self.finder.begin();
                    let member = map.next_value_seed(Weighed(self.finder.weight))?;
                    self.whole(Some(&key), member)?;
                    next = map.next_key()?;
                }
                Ok(none())
            }
            Some(Step::Each) => {
                let mut next = first.map(|_| IgnoredAny);
                while next.is_some() {
                    map.next_value_seed(self.member(true))?;
                    next = map.next_key()?;
                }
                Ok(none())
            }
        }
    }
}

use super::Fault;
use crate::format::bound::Weight;
use crate::format::{Each, Missing, Record, Rest, ended_early};
use crate::records::Step;
use crate::told;
use airbyte_singer_runtime::{Error, Result};
use serde_json::Value;

/// Elements may be so deep inside of each other. What is deeper would exhaust the stack of whoever
/// drops or writes it.
const DEEPEST: usize = 128;
const TEXT: &str = "#text";

/// The elements that are open, and what was kept of those that were closed.
pub(super) struct Tree<'a, 'e> {
    path: &'a [Step],
    each: &'a mut Each<'e>,
    open: Vec<Element>,
    /// So many of the open elements, from the root on, are the path's.
    matched: usize,
    rest: Record,
    any: bool,
    missing: Option<&'a Missing>,
    weight: &'a Weight,
    /// Records that are called like errors, before any other was found.
    held: Vec<(String, Record)>,
    /// Whether a record was handed over.
    handed: bool,
}

struct Element {
    name: String,
    record: Record,
    text: String,
}

impl<'a, 'e> Tree<'a, 'e> {
    /// With `missing` an error in the place of records is told from them.
    pub(super) fn new(
        path: &'a [Step],
        missing: Option<&'a Missing>,
        weight: &'a Weight,
        each: &'a mut Each<'e>,
    ) -> Self {
        Self {
            path,
            each,
            open: Vec::new(),
            matched: 0,
            rest: Record::new(),
            any: false,
            missing,
            weight,
            held: Vec::new(),
            handed: false,
        }
    }

    pub(super) fn open(&mut self, name: &str, record: Record) -> Result<()> {
        let depth = self.open.len();
        if depth == DEEPEST {
            return Err(Error::system(format!("the XML is more than {DEEPEST} elements deep")));
        }
        let is_wanted = match self.path.get(depth) {
            // Such a root tells an error, unless the path names it.
            Some(Step::Each) => {
                depth > 0 || self.missing.is_none() || !told::is_name_of_error(name)
            }
            Some(Step::Member(wanted)) => wanted == name,
            None => false,
        };
        if depth == 0 && !is_wanted && !matches!(self.path.first(), Some(Step::Each)) {
            let error = Error::system("the XML has another root than the path to its records");
            match self.missing {
                Some(missing) => missing.note(error),
                None => return Err(error),
            }
        }
        if is_wanted && self.matched == depth {
            self.matched += 1;
        }
        self.any = true;
        if self.matched > depth && self.matched == self.path.len() {
            // A record begins; what was counted so far stays.
            self.weight.keep();
        }
        self.weigh(name, &record)?;
        self.open.push(Element { name: name.to_owned(), record, text: String::new() });
        Ok(())
    }

    fn weigh(&self, name: &str, attributes: &Record) -> Result<()> {
        // Its place in the element above, which may be a list, and its own first members.
        self.weight.in_object(0, name);
        for (at, (name, value)) in attributes.iter().enumerate() {
            self.weight.in_object(at, name);
            self.weight.text(value.as_str().unwrap_or_default());
        }
        self.weight.check()
    }

    /// # Errors
    ///
    /// There is too much of it, or it is outside of everything.
    pub(super) fn text(&mut self, text: &str) -> Result<(), Fault> {
        let Some(element) = self.open.last_mut() else {
            let is_blank = text.trim().is_empty();
            return is_blank.then_some(()).ok_or(Fault::Text("text outside of its root"));
        };
        // The blanks between records would be kept until the end of them all.
        let text = if element.text.is_empty() { text.trim_start() } else { text };
        self.weight.text(text);
        self.weight.check()?;
        element.text.push_str(text);
        Ok(())
    }

    pub(super) fn close(&mut self) -> Result<()> {
        let depth = self.open.len();
        let Some(element) = self.open.pop() else { return Ok(()) };
        let is_record = self.matched == depth && depth == self.path.len();
        if is_record {
            self.weight.begin();
        }
        self.matched = self.matched.min(depth - 1);
        let above = match self.open.last_mut() {
            Some(above) => &mut above.record,
            None => &mut self.rest,
        };
        if is_record {
            above.insert(element.name.clone(), Value::Array(Vec::new()));
            let name = element.name.clone();
            return self.record(name, element.into_record());
        }
        let (name, value) = element.into_value();
        match above.get_mut(&name) {
            None => {
                above.insert(name, value);
            }
            Some(Value::Array(list)) => list.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
        Ok(())
    }

    /// Hands a record over; one that is called like an error waits until it is known whether there are
    /// others.
    fn record(&mut self, name: String, record: Record) -> Result<()> {
        const MOST: usize = 16;
        let is_by_name = matches!(self.path.last(), Some(Step::Member(_)));
        let may_be_error =
            self.missing.is_some() && !is_by_name && !self.handed && self.held.len() < MOST;
        if may_be_error && told::is_name_of_error(&name) {
            self.held.push((name, record));
            return Ok(());
        }
        self.hand_over_held()?;
        self.handed = true;
        (self.each)(record)
    }

    fn hand_over_held(&mut self) -> Result<()> {
        std::mem::take(&mut self.held).into_iter().try_for_each(|(_, record)| {
            self.handed = true;
            (self.each)(record)
        })
    }

    /// Elements that are called like errors, where there was nothing else: in the rest, where they stood.
    fn keep_errors(&mut self) -> Result<()> {
        let is_told = |(name, record): &(String, Record)| told::is_error(name, record);
        if !self.held.iter().any(is_told) {
            return self.hand_over_held();
        }
        let root = self.rest.values_mut().next().and_then(Value::as_object_mut);
        let above = match root.filter(|_| self.path.len() == 2) {
            Some(root) => root,
            None => &mut self.rest,
        };
        for (name, record) in std::mem::take(&mut self.held).into_iter().rev() {
            above.insert(name, Value::Object(record));
        }
        Ok(())
    }

    /// What was kept, once all was read.
    pub(super) fn into_rest(mut self) -> Result<Rest> {
        self.keep_errors()?;
        match (self.open.is_empty(), self.any) {
            (true, true) => Ok(Value::Object(self.rest)),
            (true, false) => Err(Error::system("the body is empty where XML was expected")),
            (false, _) => Err(ended_early()),
        }
    }
}

impl Element {
    fn into_value(mut self) -> (String, Value) {
        self.text.truncate(self.text.trim_end().len());
        let value = match (self.record.is_empty(), self.text.is_empty()) {
            (true, true) => Value::Null,
            (true, false) => Value::String(self.text),
            (false, _) => return (self.name.clone(), Value::Object(self.into_record())),
        };
        (self.name, value)
    }

    fn into_record(mut self) -> Record {
        // It has no blanks before it, and it may be long.
        self.text.truncate(self.text.trim_end().len());
        if !self.text.is_empty() {
            self.record.insert(TEXT.to_owned(), Value::String(self.text));
        }
        self.record
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Bound;

    #[test]
    fn nothing_of_the_blanks_between_records_is_kept() {
        let path = ["a", "b"].map(|name| Step::Member(name.to_owned()));
        let weight = Weight::new(Bound { bytes: 1000, format: "XML" });
        let mut each = |_| Ok(());
        let mut tree = Tree::new(&path, None, &weight, &mut each);
        tree.open("a", Record::new()).unwrap();
        for _ in 0..3 {
            assert!(tree.text("\n  ").is_ok());
            tree.open("b", Record::new()).unwrap();
            assert!(tree.text(" x").is_ok());
            assert!(tree.text(" y ").is_ok());
            assert_eq!(tree.open[1].text, "x y ");
            tree.close().unwrap();
        }
        assert_eq!(tree.open[0].text, "");
    }
}

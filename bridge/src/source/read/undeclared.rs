//! Columns that occur in records and in no schema: a destination makes columns of what schemas name, and
//! so loses these without a word. They pass as they are, and are told once for each stream.

use indexmap::IndexMap;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// So many columns of one stream are counted one by one.
const COUNTED: usize = 1000;
/// So many are named.
const NAMED: usize = 20;
/// The longest name that is told, in bytes. What is longer, or was seen once, may be data.
const LONGEST: usize = 64;

/// A longer name, in bytes, is not kept.
const KEPT: usize = 256;

/// The undeclared columns of one stream, as far as its records were looked at.
#[derive(Debug, Default)]
pub(super) struct Undeclared {
    looked_at: u64,
    /// In how many records each of them was.
    columns: IndexMap<Box<str>, u64>,
    /// Whether there are more of them than are counted.
    more: bool,
    /// Whether there are some with names too long to be kept.
    long: bool,
    /// Whether a declared column was in a record.
    any_declared: bool,
}

impl Undeclared {
    /// Looks at a record of a stream whose schema declares these columns; none where no schema came.
    pub(super) fn saw(
        &mut self,
        record: &Map<String, Value>,
        declared: Option<&HashSet<Box<str>>>,
    ) {
        self.looked_at += 1;
        for name in record.keys() {
            if declared.is_some_and(|declared| declared.contains(name.as_str())) {
                self.any_declared = true;
            } else if let Some(count) = self.columns.get_mut(name.as_str()) {
                *count += 1;
            } else if name.len() > KEPT {
                self.long = true;
            } else if self.columns.len() < COUNTED {
                self.columns.insert(name.as_str().into(), 1);
            } else {
                self.more = true;
            }
        }
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.columns.is_empty() && !self.long
    }

    /// A sentence about those that aren't `known` from elsewhere either, if there are any.
    /// `all` records of the stream have come; `id` is what the profile calls it.
    pub(super) fn sentence(&self, known: &HashSet<String>, all: u64, id: &str) -> Option<String> {
        let columns = self.columns.iter().filter(|(name, _)| !known.contains(&***name));
        let columns: Vec<(&Box<str>, u64)> = columns.map(|(name, count)| (name, *count)).collect();
        if columns.is_empty() && !self.long {
            return None;
        }
        let first = match self.any_declared || columns.len() < self.columns.len() {
            true => "records hold columns that no schema names, which destinations leave out",
            false => {
                "NOT ONE column of its records is named by a schema, so destinations leave out \
                 everything that it brings"
            }
        };
        let tellable = columns.iter().filter(|(name, count)| *count > 1 && name.len() <= LONGEST);
        let named: Vec<String> =
            tellable.take(NAMED).map(|(name, count)| format!("`{name}` in {count}")).collect();
        let least = if self.more || self.long { "at least " } else { "" };
        let list = match (named.len(), columns.len() - named.len()) {
            (0, 0) => format!("names of more than {KEPT} bytes"),
            (0, rest) => format!("{least}{rest}, each seen once or with a long name"),
            (_, 0) if self.long => {
                format!("{} and names of more than {KEPT} bytes", named.join(", "))
            }
            (_, 0) => named.join(", "),
            (_, rest) => format!("{} and {least}{rest} more", named.join(", ")),
        };
        let of = match self.looked_at == all {
            true => format!("{all} records"),
            false => format!("{} records looked at, {all} in all", self.looked_at),
        };
        Some(format!(
            "{first}: {list}, of {of}; `streams.{id}.columns` in the profile can add them to the schema"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sentence(records: &[Value], declared: &[&str], known: &[&str]) -> Option<String> {
        let mut undeclared = Undeclared::default();
        let declared: HashSet<Box<str>> = declared.iter().map(|name| (*name).into()).collect();
        for record in records {
            undeclared.saw(record.as_object().unwrap(), Some(&declared));
        }
        let known = known.iter().map(|name| (*name).to_owned()).collect();
        undeclared.sentence(&known, records.len() as u64, "s")
    }

    #[test]
    fn names_that_may_be_data_are_only_counted() {
        let long = "x".repeat(LONGEST + 1);
        let record = json!({"id": 1, "a": 1, "once": 1, long: 1});
        let mut twice = record.clone();
        twice.as_object_mut().unwrap().remove("once");
        let told = sentence(&[record, twice], &["id"], &[]).unwrap();
        assert!(told.starts_with("records hold columns"), "{told}");
        assert!(told.contains(": `a` in 2 and 2 more, of 2 records;"), "{told}");
        assert!(!told.contains("once") && !told.contains("xxx"), "{told}");
    }

    #[test]
    fn where_nothing_is_declared_it_is_said_first() {
        let told = sentence(&[json!({"a": 1, "b": 2})], &["id"], &[]).unwrap();
        assert!(told.starts_with("NOT ONE") && told.contains(": 2, each seen once"), "{told}");
        // What the catalog declares counts too.
        let told = sentence(&[json!({"a": 1, "b": 2})], &[], &["a"]).unwrap();
        assert!(told.starts_with("records hold") && told.contains(": 1, each seen once"), "{told}");
        assert_eq!(sentence(&[json!({"a": 1})], &[], &["a"]), None);
        assert_eq!(sentence(&[json!({"a": 1}), json!({})], &["a"], &[]), None);
    }

    #[test]
    fn what_is_counted_and_named_has_bounds() {
        let record: Map<String, Value> =
            (0..2 * COUNTED).map(|n| (n.to_string(), json!(n))).collect();
        let records = [Value::Object(record.clone()), Value::Object(record)];
        let told = sentence(&records, &[], &[]).unwrap();
        assert_eq!(told.matches(" in 2").count(), NAMED);
        assert!(told.contains(&format!("and at least {} more", COUNTED - NAMED)), "{told}");
    }
}

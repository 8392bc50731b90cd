//! What a parent gives its children.

use super::config::MissingSettings;
use super::template::plain;
use airbyte_singer_runtime::{Error, Result};
use serde_json::Value;
use std::cell::Cell;
use std::rc::Rc;

/// What of a parent's records is needed.
#[derive(Clone)]
pub(super) struct Given {
    /// The parent's name.
    pub(super) parent: String,
    /// Where in a record it is.
    pub(super) pointer: String,
    /// What it is called among the children.
    pub(super) name: String,
    /// What becomes of records without it.
    pub(super) missing: Option<MissingSettings>,
    pub(super) seen: Rc<Seen>,
}

/// How many of a parent's records have what the children need.
#[derive(Debug, Default)]
pub(super) struct Seen {
    with: Cell<u64>,
    null: Cell<u64>,
    without: Cell<u64>,
    /// Of those that have it: what can't be a part of a path.
    unusable: Cell<u64>,
}

impl Seen {
    fn count(cell: &Cell<u64>) {
        cell.set(cell.get().saturating_add(1));
    }
}

impl Given {
    /// What a record gives, if it gives anything.
    pub(super) fn value<'a>(&self, record: &'a Value) -> Result<Option<&'a Value>> {
        let (cell, how) = match record.pointer(&self.pointer) {
            None => (&self.seen.without, "no"),
            Some(Value::Null) => (&self.seen.null, "null at"),
            Some(value) if plain(value).is_none() => {
                return Err(self.lacks("neither a text nor a number at"));
            }
            Some(value) => {
                Seen::count(&self.seen.with);
                return Ok(Some(value));
            }
        };
        Seen::count(cell);
        match self.missing {
            None | Some(MissingSettings::Skip) => Ok(None),
            Some(MissingSettings::Fail) => Err(self.lacks(how)),
        }
    }

    /// Tells how many of its records were left out, for the stream `child`.
    ///
    /// # Errors
    ///
    /// None of them has the field, so it may be misspelt, and nobody said that this is meant.
    pub(super) fn conclude(&self, child: &str) -> Result<()> {
        let Seen { with, null, without, .. } = &*self.seen;
        let left_out = null.get().saturating_add(without.get());
        if left_out == 0 {
            return Ok(());
        }
        let (name, pointer) = (&self.parent, &self.pointer);
        if with.get() == 0 && null.get() == 0 && self.missing.is_none() {
            let text = format!(
                "no record of its parent `{name}` has {pointer}; if that may be so, `missing: skip` of \
                 `parent` says it"
            );
            return Err(Error::config(text));
        }
        tracing::warn!(
            "stream {child}: records of its parent `{name}` without {pointer}, or with null there: \
             {left_out}; nothing was read for them"
        );
        Ok(())
    }

    /// Counts a record that gives what can't be a part of the child's path.
    pub(super) fn leave_out(&self) {
        Seen::count(&self.seen.unusable);
    }

    /// Tells how many of its records could be no part of the path of the stream `child`; the answer is why
    /// that isn't complete then, unless somebody said that this may be so.
    pub(super) fn unusable(&self, child: &str) -> Option<Error> {
        let (name, many) = (&self.parent, self.seen.unusable.get());
        if many == 0 {
            return None;
        }
        tracing::warn!(
            "stream {child}: records of its parent `{name}` that give an empty text, `.` or `..` for its path: \
             {many}; nothing was read for them"
        );
        if self.missing == Some(MissingSettings::Skip) {
            return None;
        }
        Some(Error::system(format!(
            "it isn't complete: of its parent `{name}` there are records that give an empty text, `.` or `..` \
             for its path ({many}), and nothing was read for them; all others were read. If that may be so, \
             `missing: skip` of `parent` says it"
        )))
    }

    fn lacks(&self, how: &str) -> Error {
        let (name, pointer) = (&self.parent, &self.pointer);
        Error::config(format!("a record of its parent `{name}` has {how} {pointer}"))
    }
}

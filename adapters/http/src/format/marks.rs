//! What a format has to say beside its records: what was changed in a record while it was read, and how
//! many elements among the records were none.
//!
//! A format hands over records and nothing else. What it changed in one it leaves here before, on the thread
//! that decodes, for whoever takes the record.

use airbyte_protocol::{Change, ChangeKind, ChangeReason};
use std::cell::{Cell, RefCell};

thread_local! {
    static LEFT: RefCell<Vec<Change>> = const { RefCell::new(Vec::new()) };
    static NULLS: Cell<u64> = const { Cell::new(0) };
}

/// What was changed in the record that comes next.
pub(super) fn leave(changes: Vec<Change>) {
    if !changes.is_empty() {
        LEFT.with_borrow_mut(|left| *left = changes);
    }
}

/// What was changed in the record that came.
pub(super) fn taken() -> Vec<Change> {
    LEFT.take()
}

/// An element that is no record stands among the records, such as null. An API counts it like a record.
pub(super) fn pass_over(elements: u64) {
    NULLS.set(NULLS.get().saturating_add(elements));
}

/// How many such elements there were since this was asked last.
pub(super) fn passed_over() -> u64 {
    NULLS.take()
}

/// A change of a field, which stands at a path of names and numbers, the last of them first.
pub(super) fn change(change: ChangeKind, path: Vec<String>) -> Change {
    let mut field = String::new();
    for step in path.into_iter().rev() {
        if !step.starts_with('[') && !field.is_empty() {
            field.push('.');
        }
        field.push_str(&step);
    }
    Change { field, change, reason: ChangeReason::SourceSerializationError }
}

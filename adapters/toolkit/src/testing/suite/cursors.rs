//! Rules of reads that go on from the end of an earlier one.

use super::trial::Trial;
use crate::Cursor;
use crate::testing::Transcript;
use airbyte_protocol::{ConfiguredStream, Record, SyncMode};
use airbyte_singer_runtime::Source;
use serde_json::Value;
use std::collections::HashSet;

/// A read that goes on from the end of `whole` begins with the records at the cursor's own value, and brings
/// those without a cursor again: new ones may have come.
pub(super) fn hold<S: Source>(
    configured: &ConfiguredStream,
    whole: &Transcript,
    rest: &Transcript,
    trial: &mut Trial<S>,
) {
    let path = &configured.stream.default_cursor_field;
    if configured.sync_mode != SyncMode::Incremental || path.is_empty() {
        return;
    }
    let (name, cursor) = (configured.descriptor(), Cursor::at(path));
    let again: HashSet<String> = rest.rows(&name).into_iter().collect();
    let is_lost = |record: &&&Record| {
        !again.contains(&serde_json::to_string(&record.data).unwrap_or_default())
    };
    let own: Vec<&Record> = whole.records().filter(|one| one.descriptor() == name).collect();
    let what = "an incremental read that goes on from its end";
    if own.iter().filter(|record| !cursor.is_in(&record.data)).any(|record| is_lost(&record)) {
        let field = cursor.name();
        trial.fault(format!(
            "{what} leaves out the records of {name} that have no `{field}`: its state moves past them, \
             and such a record that is new would never come"
        ));
    }
    let state = whole.states_of(&name).pop().and_then(|state| state.stream_state);
    for end in ends(state.as_ref(), &own, &cursor) {
        let at_end = own.iter().filter(|record| cursor.value(&record.data) == Some(&end));
        let (lost, kept): (Vec<&&Record>, Vec<&&Record>) = at_end.partition(is_lost);
        if kept.is_empty() && !lost.is_empty() {
            trial.fault(format!(
                "{what} loses the records of {name} at the value of the cursor itself, of which more may \
                 have come: it has to begin with them (`>=`, not `>`)"
            ));
        }
    }
}

/// The cursors that a state speaks of: of the toolkit's all, of another source's the greatest of its records.
fn ends(state: Option<&Value>, own: &[&Record], cursor: &Cursor) -> Vec<Value> {
    let is_toolkits =
        |state: &&Value| state.get("version").is_some() && state.get("mode").is_some();
    if let Some(state) = state.filter(is_toolkits) {
        let slices = state.get("slices").and_then(Value::as_array).into_iter().flatten();
        let slices = slices.filter_map(|slice| slice.get("at"));
        return state.get("cursor").into_iter().chain(slices).cloned().collect();
    }
    let mut greatest = None;
    for value in own.iter().filter_map(|record| cursor.value(&record.data)) {
        if cursor.keep_greatest(&mut greatest, value.clone()).is_err() {
            return Vec::new();
        }
    }
    // How the source orders such texts isn't known.
    greatest.into_iter().filter(|_| !cursor.is_by_bytes()).collect()
}

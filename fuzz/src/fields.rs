//! Deselected fields: what is left of a record is the record without them.

use airbyte_singer::translate::record::FieldFilter;
use serde_json::{Map, Value};
use singer_protocol::Message;

/// Reads one line.
pub fn run(line: &[u8]) {
    let Ok(Message::Record(record)) = Message::parse(line) else { return };
    let Ok(mut whole) = serde_json::from_str::<Map<String, Value>>(record.record) else { return };
    let mut scratch = Vec::new();
    let left = FieldFilter::new(["a", "id"]).apply(record.record, &[], &mut scratch);
    whole.shift_remove("a");
    whole.shift_remove("id");
    let left: Map<String, Value> = serde_json::from_slice(left).expect("an object");
    assert_eq!(left, whole);
}

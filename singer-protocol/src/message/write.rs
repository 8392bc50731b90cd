//! Messages as a tap writes them: one compact line each.

use serde_json::Value;

use super::Message;

impl Message<'_> {
    /// Appends the message and a line end to `line`, its raw JSON parts as they are.
    ///
    /// The parts must not hold line breaks; those that [`Message::parse`] took from a line don't.
    ///
    /// ```
    /// use singer_protocol::{Message, message::State};
    ///
    /// let mut line = Vec::new();
    /// Message::State(State { value: r#"{"bookmarks": {}}"# }).write(&mut line);
    /// assert_eq!(line, b"{\"type\":\"STATE\",\"value\":{\"bookmarks\": {}}}\n");
    /// ```
    pub fn write(&self, line: &mut Vec<u8>) {
        match self {
            Message::Schema(schema) => {
                start(line, "SCHEMA");
                name(line, "stream", &schema.stream);
                raw(line, "schema", schema.schema);
                names(line, "key_properties", &schema.key_properties);
                if !schema.bookmark_properties.is_empty() {
                    names(line, "bookmark_properties", &schema.bookmark_properties);
                }
            }
            Message::Record(record) => {
                start(line, "RECORD");
                name(line, "stream", &record.stream);
                raw(line, "record", record.record);
                version(line, record.version);
                if let Some(time) = &record.time_extracted {
                    name(line, "time_extracted", time);
                }
            }
            Message::State(state) => {
                start(line, "STATE");
                raw(line, "value", state.value);
            }
            Message::ActivateVersion(activate) => {
                start(line, "ACTIVATE_VERSION");
                name(line, "stream", &activate.stream);
                version(line, activate.version);
            }
            Message::Batch(batch) => {
                start(line, "BATCH");
                name(line, "stream", &batch.stream);
                raw(line, "encoding", batch.encoding);
                raw(line, "manifest", batch.manifest);
                version(line, batch.version);
            }
            Message::Other(other) => {
                line.push(b'{');
                string(line, "type");
                line.push(b':');
                string(line, &other.kind);
            }
        }
        line.extend_from_slice(b"}\n");
    }
}

fn start(line: &mut Vec<u8>, kind: &str) {
    line.extend_from_slice(b"{\"type\":\"");
    line.extend_from_slice(kind.as_bytes());
    line.push(b'"');
}

fn raw(line: &mut Vec<u8>, key: &str, json: &str) {
    line.extend_from_slice(b",\"");
    line.extend_from_slice(key.as_bytes());
    line.extend_from_slice(b"\":");
    line.extend_from_slice(json.as_bytes());
}

fn name(line: &mut Vec<u8>, key: &str, text: &str) {
    raw(line, key, "");
    string(line, text);
}

fn names(line: &mut Vec<u8>, key: &str, list: &[String]) {
    raw(line, key, &Value::from(list.to_vec()).to_string());
}

fn version(line: &mut Vec<u8>, version: Option<&str>) {
    if let Some(version) = version {
        raw(line, "version", version);
    }
}

fn string(line: &mut Vec<u8>, text: &str) {
    let plain = |byte: u8| byte >= 0x20 && byte != b'"' && byte != b'\\';
    if text.bytes().all(plain) {
        line.push(b'"');
        line.extend_from_slice(text.as_bytes());
        line.push(b'"');
    } else {
        line.extend_from_slice(Value::from(text).to_string().as_bytes());
    }
}

//! RECORD: for writers a record's raw JSON between two cached strings, for readers a plain type.
//!
//! A sync is made of records, so a source never parses them on the way out: [`Envelope`] holds what
//! stands before the data (type, stream, namespace), and [`Envelope::write`] puts the data's own
//! bytes and the time behind it. Who reads gets a [`Record`].

use crate::StreamDescriptor;
use crate::document::{Extra, document};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What stands around every record of one stream.
///
/// ```
/// use airbyte_protocol::{StreamDescriptor, record::Envelope};
/// let mut line = Vec::new();
/// Envelope::new(&StreamDescriptor::new("t")).write(&mut line, br#"{"a":1.10}"#, 5, &[]);
/// assert_eq!(line, b"{\"type\":\"RECORD\",\"record\":{\"stream\":\"t\",\"data\":{\"a\":1.10},\"emitted_at\":5}}\n");
/// ```
#[derive(Debug, Clone)]
pub struct Envelope {
    prefix: Padded<64>,
    /// The time up to its milliseconds, if it has a second before them; else all of it.
    tail: Padded<32>,
    /// The time that the tail says.
    tail_of: Option<i64>,
}

/// A short text that is copied often: in blocks of a size that is known here, which is quicker than to
/// copy what is used of the last one.
#[derive(Debug, Clone)]
struct Padded<const BLOCK: usize> {
    blocks: Vec<[u8; BLOCK]>,
    length: usize,
}

impl<const BLOCK: usize> Padded<BLOCK> {
    fn new(text: &[u8]) -> Self {
        let blocks = text.chunks(BLOCK).map(|part| {
            let mut block = [0; BLOCK];
            block[..part.len()].copy_from_slice(part);
            block
        });
        Self { blocks: blocks.collect(), length: text.len() }
    }

    #[inline]
    fn append_to(&self, out: &mut Vec<u8>) {
        let end = out.len() + self.length;
        for block in &self.blocks {
            out.extend_from_slice(block);
        }
        out.truncate(end);
    }
}

impl Envelope {
    /// The envelope of `descriptor`'s records.
    pub fn new(descriptor: &StreamDescriptor) -> Self {
        let mut prefix = br#"{"type":"RECORD","record":{"stream":"#.to_vec();
        push_string(&mut prefix, &descriptor.name);
        if let Some(namespace) = &descriptor.namespace {
            prefix.extend_from_slice(br#","namespace":"#);
            push_string(&mut prefix, namespace);
        }
        prefix.extend_from_slice(br#","data":"#);
        Self { prefix: Padded::new(&prefix), tail: Padded::new(&[]), tail_of: None }
    }

    /// Appends one line to `out`: `data` (a JSON object, taken as it is), `emitted_at` in
    /// milliseconds since the epoch, and what was changed in the data, if anything.
    #[inline]
    pub fn write(&mut self, out: &mut Vec<u8>, data: &[u8], emitted_at: i64, changes: &[Change]) {
        let has_second = emitted_at >= 1000;
        let millis = if has_second { (emitted_at % 1000) as u32 } else { 0 };
        let second = emitted_at - i64::from(millis);
        if self.tail_of != Some(second) {
            self.set_time(second, has_second);
        }
        self.prefix.append_to(out);
        out.extend_from_slice(data);
        self.tail.append_to(out);
        if has_second {
            // Not in the tail: it would be copied from where it was just written, which processors do slowly.
            let digit = |unit: u32| b'0' + (millis / unit % 10) as u8;
            out.extend_from_slice(&[digit(100), digit(10), digit(1)]);
        }
        if !changes.is_empty() {
            write_changes(out, changes);
        }
        out.extend_from_slice(b"}}\n");
    }

    #[cold]
    fn set_time(&mut self, emitted_at: i64, has_second: bool) {
        let mut buffer = itoa::Buffer::new();
        let digits = buffer.format(emitted_at).as_bytes();
        let said = digits.len() - if has_second { 3 } else { 0 };
        self.tail = Padded::new(&[br#","emitted_at":"#, &digits[..said]].concat());
        self.tail_of = Some(emitted_at);
    }
}

#[cold]
fn write_changes(out: &mut Vec<u8>, changes: &[Change]) {
    out.extend_from_slice(br#","meta":{"changes":"#);
    serde_json::to_writer(&mut *out, changes).expect("a vector takes every byte");
    out.push(b'}');
}

fn push_string(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("a vector takes every byte");
}

document! {
    /// A record as a destination or a test reads it (`AirbyteRecordMessage`).
    ///
    /// ```
    /// use airbyte_protocol::{Message, StreamDescriptor};
    ///
    /// let line = br#"{"type":"RECORD","record":{"stream":"t","data":{"a":1.10},"emitted_at":5}}"#;
    /// let Message::Record(record) = Message::parse(line)? else { panic!("no record") };
    /// assert_eq!(record.descriptor(), StreamDescriptor::new("t"));
    /// assert_eq!(record.data["a"].to_string(), "1.10");
    /// # Ok::<(), airbyte_protocol::Error>(())
    /// ```
    #[derive(Debug, Clone, PartialEq)]
    pub struct Record {
        /// The stream's namespace. An empty one is none.
        pub namespace: Option<String> = unless_empty "namespace",
        /// The stream's name.
        pub stream: String = required "stream",
        /// The row. Numbers keep their digits; of a key that comes twice the last counts.
        pub data: Map<String, Value> = required "data",
        /// When the source emitted it: milliseconds since the epoch, a fraction cut off.
        pub emitted_at: i64 = moment "emitted_at",
        /// What was done to it on its way.
        pub meta: Option<RecordMeta> = optional "meta",
        /// The file that it stands for.
        pub file_reference: Option<FileReference> = optional "file_reference",
    }
}

impl Record {
    /// A record as it left the source.
    pub fn new(descriptor: StreamDescriptor, data: Map<String, Value>, emitted_at: i64) -> Self {
        Self {
            namespace: descriptor.namespace,
            stream: descriptor.name,
            data,
            emitted_at,
            meta: None,
            file_reference: None,
            extra: Extra::NONE,
        }
    }

    /// The stream that it belongs to.
    pub fn descriptor(&self) -> StreamDescriptor {
        StreamDescriptor { name: self.stream.clone(), namespace: self.namespace.clone() }
    }
}

document! {
    /// What was done to a record on its way (`AirbyteRecordMessageMeta`).
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct RecordMeta {
        /// The fields that were changed.
        pub changes: Vec<Change> = optional "changes",
    }
}

document! {
    /// The file that a record stands for (`AirbyteRecordMessageFileReference`), of a stream of files
    /// whose configuration includes them.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct FileReference {
        /// Where the file lies for the destination to take: an absolute path.
        pub staging_file_url: Option<String> = optional "staging_file_url",
        /// Where it lies in the source: a relative path.
        pub source_file_relative_path: Option<String> = optional "source_file_relative_path",
        /// How long it is in bytes.
        pub file_size_bytes: Option<u64> = optional "file_size_bytes",
    }
}

/// A change that was made to a record on its way (`AirbyteRecordMessageMetaChange`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The field, as a path of names and indices.
    pub field: String,
    /// What was done.
    pub change: ChangeKind,
    /// Why.
    pub reason: ChangeReason,
}

/// What was done to a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum ChangeKind {
    /// The value became null.
    Nulled,
    /// The value was cut.
    Truncated,
}

/// Why a field was changed, and by whom: source, destination or platform in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum ChangeReason {
    /// The whole record was too large for the source.
    SourceRecordSizeLimitation,
    /// The whole record was too large for the destination.
    DestinationRecordSizeLimitation,
    /// The whole record was too large for the platform.
    PlatformRecordSizeLimitation,
    /// The field was too large for the source.
    SourceFieldSizeLimitation,
    /// The field was too large for the destination.
    DestinationFieldSizeLimitation,
    /// The field was too large for the platform.
    PlatformFieldSizeLimitation,
    /// The source can't write the value in JSON (NaN, Infinity).
    SourceSerializationError,
    /// The destination couldn't read or write the value.
    DestinationSerializationError,
    /// The platform couldn't read or write the value.
    PlatformSerializationError,
    /// The value couldn't be had from the source.
    SourceRetrievalError,
    /// The value isn't of the type that the destination needs.
    DestinationTypecastError,
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn every_record_has_its_own_time(
            times in proptest::collection::vec(
                proptest::prop_oneof![-2_i64..3, 990_i64..2020, i64::MIN..i64::MAX, 1_795_000_000_000..1_795_000_000_900_i64],
                1..20,
            ),
        ) {
            let mut envelope = Envelope::new(&StreamDescriptor::new("t"));
            for time in times {
                let mut out = Vec::new();
                envelope.write(&mut out, b"{}", time, &[]);
                let end = format!(r#""data":{{}},"emitted_at":{time}}}}}{}"#, "\n");
                proptest::prop_assert!(String::from_utf8_lossy(&out).ends_with(&end), "{time}");
            }
        }
    }

    #[test]
    fn names_are_escaped_and_changes_follow_the_time() {
        let descriptor = StreamDescriptor::new("a\"b").in_namespace("n");
        let mut out = Vec::new();
        let change = Change {
            field: "x".into(),
            change: ChangeKind::Nulled,
            reason: ChangeReason::SourceSerializationError,
        };
        Envelope::new(&descriptor).write(&mut out, b"{\"x\":null}", 7, &[change]);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            concat!(
                r#"{"type":"RECORD","record":{"stream":"a\"b","namespace":"n","data":{"x":null},"#,
                r#""emitted_at":7,"meta":{"changes":[{"field":"x","change":"NULLED","#,
                r#""reason":"SOURCE_SERIALIZATION_ERROR"}]}}}"#,
                "\n"
            )
        );
    }

    #[test]
    fn the_tail_follows_the_time_of_each_record() {
        let mut envelope = Envelope::new(&StreamDescriptor::new("s"));
        let mut out = Vec::new();
        for at in [1, 1, 2] {
            envelope.write(&mut out, b"{}", at, &[]);
        }
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.matches("\"emitted_at\":1}").count(), 2);
        assert_eq!(text.matches("\"emitted_at\":2}").count(), 1);
    }
}

//! The messages a tap writes to stdout, one JSON object a line, read in place.

mod access;
mod bare;
mod broken;
mod make;
mod malformed;
mod parser;
#[cfg(test)]
mod tests;
mod write;

use std::borrow::Cow;

pub use access::BatchEncoding;
pub use bare::{parse_bare_record, repair_bare_record};
pub use broken::{Repaired, repair_non_finite};
pub use malformed::{LineError, Malformed, Reason};
pub use parser::{Chunk, Parser};

pub use crate::scan::RecordRef;
use crate::scan::{self, Envelope};

/// One line of a tap, borrowed from its bytes.
///
/// `type` is read without regard to case. A type that Singer doesn't know is [`Message::Other`].
///
/// ```
/// use singer_protocol::Message;
///
/// let line = br#"{"type": "RECORD", "stream": "users", "record": {"id": 18446744073709551616}}"#;
/// let Message::Record(record) = Message::parse(line)? else { panic!("a record") };
/// assert_eq!(record.stream, "users");
/// assert_eq!(record.record, r#"{"id": 18446744073709551616}"#);
/// # Ok::<(), singer_protocol::LineError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message<'a> {
    /// What the records of a stream look like.
    Schema(Schema<'a>),
    /// One row.
    Record(Record<'a>),
    /// Where a later run may go on.
    State(State<'a>),
    /// The version of a table that is now whole.
    ActivateVersion(ActivateVersion<'a>),
    /// Rows in files.
    Batch(Batch<'a>),
    /// A well-formed message of a type that Singer doesn't know.
    Other(Other<'a>),
}

/// A SCHEMA message: it must come before the stream's first RECORD, and may come again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema<'a> {
    /// The stream's name in messages, which may differ from its id in the catalog.
    pub stream: Cow<'a, str>,
    /// The JSON Schema: the text of a JSON object, byte for byte.
    pub schema: &'a str,
    /// The primary key's parts; empty when missing or null.
    pub key_properties: Vec<String>,
    /// The fields bookmarks are made of (the replication key); empty when missing or null.
    pub bookmark_properties: Vec<String>,
}

/// A RECORD message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<'a> {
    /// The stream's name in messages.
    pub stream: Cow<'a, str>,
    /// The row: the text of a JSON object, byte for byte, validated but never decoded.
    pub record: &'a str,
    /// When the row was read, usually RFC 3339 (see [`epoch_millis`](crate::epoch_millis)).
    pub time_extracted: Option<Cow<'a, str>>,
    /// The table version's JSON text: of a table that is read as a whole, the same number in all its
    /// records (see [`ActivateVersion`]).
    pub version: Option<&'a str>,
}

impl<'a> From<RecordRef<'a>> for Record<'a> {
    fn from(record: RecordRef<'a>) -> Self {
        let RecordRef { stream, record, time_extracted, version } = record;
        Self {
            stream: Cow::Borrowed(stream),
            record,
            time_extracted: time_extracted.map(Cow::Borrowed),
            version: version.filter(|version| *version != "null"),
        }
    }
}

impl Record<'_> {
    /// The same without what it owns.
    pub fn borrowed(&self) -> RecordRef<'_> {
        RecordRef {
            stream: &self.stream,
            record: self.record,
            time_extracted: self.time_extracted.as_deref(),
            version: self.version,
        }
    }
}

/// A STATE message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State<'a> {
    /// The state's JSON text, byte for byte; usually an object.
    pub value: &'a str,
}

/// An ACTIVATE_VERSION message: the records of this version are all there, those of others can go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivateVersion<'a> {
    /// The stream's name in messages.
    pub stream: Cow<'a, str>,
    /// The table version's JSON text.
    pub version: Option<&'a str>,
}

/// A BATCH message of the Meltano SDK: records that lie in files instead of on stdout. The
/// dialect of pipelinewise's singer-python, one file under `filepath`, isn't read: its messages are
/// malformed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch<'a> {
    /// The stream's name in messages.
    pub stream: Cow<'a, str>,
    /// The JSON text of the encoding: `{"format": "jsonl", "compression": "gzip"}`.
    pub encoding: &'a str,
    /// The JSON text of the list of file URIs.
    pub manifest: &'a str,
    /// The table version's JSON text, as in a [`Record`]; only newer taps say it.
    pub version: Option<&'a str>,
}

/// A message of another type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other<'a> {
    /// The type as the tap wrote it.
    pub kind: Cow<'a, str>,
}

/// The message types that Singer knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Schema,
    Record,
    State,
    ActivateVersion,
    Batch,
}

impl Kind {
    const ALL: [Kind; 5] =
        [Kind::Record, Kind::State, Kind::Schema, Kind::ActivateVersion, Kind::Batch];

    fn of(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| name.eq_ignore_ascii_case(kind.name()))
    }

    fn name(self) -> &'static str {
        match self {
            Kind::Schema => "SCHEMA",
            Kind::Record => "RECORD",
            Kind::State => "STATE",
            Kind::ActivateVersion => "ACTIVATE_VERSION",
            Kind::Batch => "BATCH",
        }
    }
}

impl<'a> Message<'a> {
    /// Reads one line, with or without its line end.
    ///
    /// A byte order mark and blanks may stand in front, blanks behind. Every byte is validated; a
    /// record, a state or a schema is handed over as it stands, however large its numbers. The line
    /// may be nested 999 levels deep, itself included.
    ///
    /// # Errors
    ///
    /// [`LineError::NotAMessage`] for a line that claims nothing (a log line that went to stdout),
    /// [`LineError::Malformed`] for one that begins with `{` and, as far as it can be read, has a
    /// `type` naming a Singer message, yet isn't one.
    pub fn parse(line: &'a [u8]) -> Result<Message<'a>, LineError> {
        read(line, None, scan::envelope)
    }
}

/// Reads a line; `text` is the same where it is known to be UTF-8.
#[inline]
fn read<'a>(
    line: &'a [u8],
    text: Option<&'a str>,
    envelope: impl FnOnce(&'a str) -> Result<Envelope<'a>, scan::Fault>,
) -> Result<Message<'a>, LineError> {
    let body = body(line);
    if body.first() != Some(&b'{') {
        return Err(LineError::NotAMessage);
    }
    let lead = line.len() - body.len();
    let known = text.and_then(|text| text.get(lead..));
    let Some(text) = known.or_else(|| simdutf8::basic::from_utf8(body).ok()) else {
        let valid = std::str::from_utf8(body).map_or_else(|e| e.valid_up_to(), str::len);
        return Err(broken::blame(body, lead, valid, Reason::InvalidUtf8));
    };
    match envelope(text) {
        Ok(envelope) => from_envelope(&envelope, line, lead),
        Err(fault) => Err(broken::blame(body, lead, fault.at(), Reason::of(fault, text))),
    }
}

/// The line without a byte order mark and blanks in front.
fn body(line: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let start = |bytes: &[u8]| bytes.iter().position(|byte| !blank(byte)).unwrap_or(bytes.len());
    let line = &line[start(line)..];
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    &line[start(line)..]
}

fn from_envelope<'a>(
    envelope: &Envelope<'a>,
    line: &[u8],
    lead: usize,
) -> Result<Message<'a>, LineError> {
    let Some(name) = envelope.kind.and_then(string) else {
        return Err(LineError::NotAMessage);
    };
    let Some(kind) = Kind::of(&name) else {
        return Ok(Message::Other(Other { kind: name }));
    };
    message(kind, envelope).map_err(|(raw, reason)| {
        let column = raw.map_or(lead, |raw| position(line, raw)) + 1;
        let stream = envelope.stream.and_then(string).map(Cow::into_owned);
        let kind = Some(kind.name().to_owned());
        LineError::Malformed(Malformed { kind, stream, column, reason, non_finite: false })
    })
}

/// Where `raw`, a part of `line`, begins in it.
fn position(line: &[u8], raw: &str) -> usize {
    (raw.as_ptr() as usize).saturating_sub(line.as_ptr() as usize)
}

type Flaw<'a> = (Option<&'a str>, Reason);

fn message<'a>(kind: Kind, envelope: &Envelope<'a>) -> Result<Message<'a>, Flaw<'a>> {
    Ok(match kind {
        Kind::Record => Message::Record(Record {
            stream: stream(envelope)?,
            record: object("record", envelope.record)?,
            // Nonsense here is no reason to lose a row: the reader has a clock of its own.
            time_extracted: envelope.time_extracted.and_then(string),
            version: present(envelope.version),
        }),
        Kind::State => Message::State(State { value: required("value", envelope.value)? }),
        Kind::Schema => Message::Schema(Schema {
            stream: stream(envelope)?,
            schema: object("schema", envelope.schema)?,
            key_properties: names("key_properties", envelope.key_properties)?,
            bookmark_properties: names("bookmark_properties", envelope.bookmark_properties)?,
        }),
        Kind::ActivateVersion => Message::ActivateVersion(ActivateVersion {
            stream: stream(envelope)?,
            version: present(envelope.version),
        }),
        Kind::Batch => Message::Batch(Batch {
            stream: stream(envelope)?,
            encoding: object("encoding", envelope.encoding)?,
            manifest: required("manifest", envelope.manifest)?,
            version: present(envelope.version),
        }),
    })
}

fn stream<'a>(envelope: &Envelope<'a>) -> Result<Cow<'a, str>, Flaw<'a>> {
    let raw = required("stream", envelope.stream)?;
    string(raw).ok_or((Some(raw), Reason::NotA { field: "stream", expected: "string" }))
}

fn required<'a>(field: &'static str, raw: Option<&'a str>) -> Result<&'a str, Flaw<'a>> {
    raw.ok_or((None, Reason::Missing(field)))
}

fn object<'a>(field: &'static str, raw: Option<&'a str>) -> Result<&'a str, Flaw<'a>> {
    let raw = required(field, raw)?;
    match raw.as_bytes().first() {
        Some(b'{') => Ok(raw),
        _ => Err((Some(raw), Reason::NotA { field, expected: "object" })),
    }
}

/// Names in a list; singer-python's writer accepts one bare name, so do we.
fn names<'a>(field: &'static str, raw: Option<&'a str>) -> Result<Vec<String>, Flaw<'a>> {
    let Some(raw) = present(raw) else { return Ok(Vec::new()) };
    if let Some(name) = string(raw) {
        return Ok(vec![name.into_owned()]);
    }
    serde_json::from_str(raw)
        .map_err(|_| (Some(raw), Reason::NotA { field, expected: "list of strings" }))
}

fn present(raw: Option<&str>) -> Option<&str> {
    raw.filter(|raw| *raw != "null")
}

/// The string that `raw` writes in JSON, borrowed unless it holds escapes.
fn string(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        serde_json::from_str(raw).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

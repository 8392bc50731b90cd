//! What a line of JSON must be read as.

use super::reference::Reference;
use singer_protocol::message::{ActivateVersion, Batch, Other, Record, Schema, State};
use singer_protocol::{LineError, Malformed, Message, Reason};

const KINDS: [&str; 5] = ["SCHEMA", "RECORD", "STATE", "ACTIVATE_VERSION", "BATCH"];

/// The type that an object names, if Singer knows it.
pub(super) fn kind(reference: &Reference<'_>) -> Option<&'static str> {
    let name = reference.string("type")?;
    KINDS.into_iter().find(|kind| kind.eq_ignore_ascii_case(&name))
}

/// A field that is not as it must be, and where it stands unless it is missing.
type Flaw<'a> = (Option<&'a str>, Reason);

/// The message that an object is, or why it is none.
pub(super) fn message<'a>(
    reference: &Reference<'a>,
    line: &[u8],
) -> Result<Message<'a>, LineError> {
    let Some(name) = reference.string("type") else { return Err(LineError::NotAMessage) };
    let Some(kind) = kind(reference) else {
        return Ok(Message::Other(Other { kind: name.into() }));
    };
    fields(kind, reference).map_err(|(at, reason)| {
        let brace = line.iter().position(|byte| *byte == b'{').expect("an object");
        let place = |raw: &str| raw.as_ptr() as usize - line.as_ptr() as usize;
        LineError::Malformed(Malformed {
            kind: Some(kind.to_owned()),
            stream: reference.string("stream"),
            column: at.map_or(brace, place) + 1,
            reason,
            non_finite: false,
        })
    })
}

fn fields<'a>(kind: &str, reference: &Reference<'a>) -> Result<Message<'a>, Flaw<'a>> {
    let needed = |field| reference.raw(field).ok_or((None, Reason::Missing(field)));
    let object = |field| {
        let raw = needed(field)?;
        let not_one = (Some(raw), Reason::NotA { field, expected: "object" });
        if raw.starts_with('{') { Ok(raw) } else { Err(not_one) }
    };
    let stream = || {
        let raw = needed("stream")?;
        let not_one = (Some(raw), Reason::NotA { field: "stream", expected: "string" });
        reference.string("stream").map(Into::into).ok_or(not_one)
    };
    let names = |field| {
        let raw = reference.raw(field).unwrap_or("null");
        let one = reference.string(field).map(|name| vec![name]);
        let none = (raw == "null").then(Vec::new);
        let list = || serde_json::from_str(raw).ok();
        let not_one = (Some(raw), Reason::NotA { field, expected: "list of strings" });
        one.or(none).or_else(list).ok_or(not_one)
    };
    let version = reference.raw("version").filter(|raw| *raw != "null");
    Ok(match kind {
        "SCHEMA" => Message::Schema(Schema {
            stream: stream()?,
            schema: object("schema")?,
            key_properties: names("key_properties")?,
            bookmark_properties: names("bookmark_properties")?,
        }),
        "RECORD" => Message::Record(Record {
            stream: stream()?,
            record: object("record")?,
            time_extracted: reference.string("time_extracted").map(Into::into),
            version,
        }),
        "STATE" => Message::State(State { value: needed("value")? }),
        "ACTIVATE_VERSION" => {
            Message::ActivateVersion(ActivateVersion { stream: stream()?, version })
        }
        _ => Message::Batch(Batch {
            stream: stream()?,
            encoding: object("encoding")?,
            manifest: needed("manifest")?,
            version,
        }),
    })
}

/// What is handed over in place lies where serde_json finds it, not only reads the same.
pub(super) fn same_places(found: &Result<Message<'_>, LineError>, reference: &Reference<'_>) {
    let Ok(message) = found else { return };
    let same = |field: &str, raw: Option<&str>| {
        if let Some(raw) = raw {
            assert_eq!(Some(raw.as_ptr()), reference.raw(field).map(str::as_ptr), "{field}");
        }
    };
    match message {
        Message::Schema(schema) => same("schema", Some(schema.schema)),
        Message::Record(record) => {
            same("record", Some(record.record));
            same("version", record.version);
        }
        Message::State(state) => same("value", Some(state.value)),
        Message::ActivateVersion(activate) => same("version", activate.version),
        Message::Batch(batch) => {
            same("encoding", Some(batch.encoding));
            same("manifest", Some(batch.manifest));
            same("version", batch.version);
        }
        Message::Other(_) => {}
    }
}

//! Reading: SCHEMA, RECORDs and STATEs of the selected streams, one stream after another.

#[cfg(test)]
mod tests;

use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

use serde_json::{Value, json};
use singer_protocol::message::{Record, Schema, State as StateMessage};
use singer_protocol::{Catalog, Entry, Message, ReplicationMethod, State, epoch_millis, rfc3339};

use crate::config::{Config, Fail};
use crate::rows::{Row, first_since, updated_at};
use crate::streams::{Field, REPLICATION_KEY, STREAMS, Stream};
use crate::{Failure, log};

/// When rows are said to be read. A fixed moment: the same config gives the same bytes.
const EXTRACTED_AT: &str = "2026-01-01T00:00:00.000000Z";

/// Reads what the catalog selects, from where the state says.
pub(crate) fn run<W: Write>(
    config: &Config,
    catalog: &Catalog,
    state: State,
    out: &mut W,
) -> Result<ExitCode, Failure> {
    log::info(&format!("Starting sync of account {}", config.account));
    if config.api_key.as_deref() == Some("wrong") {
        let words = "401 Unauthorized: the api key was not accepted";
        return Err(Failure::Critical(words.into()));
    }
    let mut sync = Sync { config, state, out, line: Vec::new(), sent: 0 };
    for entry in catalog.streams().iter().filter(|entry| entry.is_selected()) {
        match STREAMS.iter().find(|stream| stream.name == entry.tap_stream_id()) {
            Some(stream) => {
                if let Some(code) = sync.stream(stream, entry)? {
                    return Ok(code);
                }
            }
            None => log::warning(&format!("No such stream: {}", entry.tap_stream_id())),
        }
    }
    sync.syncing(Value::Null)?;
    log::info("Sync finished");
    Ok(ExitCode::SUCCESS)
}

struct Sync<'a, W> {
    config: &'a Config,
    state: State,
    out: &'a mut W,
    line: Vec<u8>,
    sent: u64,
}

impl<W: Write> Sync<'_, W> {
    /// Reads one stream; an exit code ends the tap.
    fn stream(&mut self, stream: &Stream, entry: &Entry) -> Result<Option<ExitCode>, Failure> {
        let began = Instant::now();
        let incremental = stream.incremental
            && entry.replication_method().is_none_or(|m| m == ReplicationMethod::Incremental);
        log::info(&format!("Syncing stream {}", stream.name));
        self.syncing(Value::from(stream.name))?;
        self.schema(stream, incremental)?;
        let selected = entry.selected_fields();
        let fields: Vec<&Field> = stream
            .fields
            .iter()
            .filter(|field| selected.iter().any(|name| name == field.name))
            .collect();
        let first = if incremental { self.first(stream) } else { 0 };
        let mut record = String::new();
        for index in first..stream.rows(self.config) {
            if let Some(code) = self.fail(stream)? {
                return Ok(Some(code));
            }
            let row = Row::new(self.config, stream.name, index);
            write_record(&row, &fields, &mut record);
            self.record(stream, &record)?;
            if incremental {
                let bookmark = json!({REPLICATION_KEY: rfc3339(updated_at(index))});
                self.state.set_bookmark(stream.name, bookmark);
            }
            if (index + 1 - first).is_multiple_of(self.config.state_every) {
                self.write_state()?;
            }
        }
        let rows = stream.rows(self.config).saturating_sub(first);
        log::metrics(stream.name, rows, began.elapsed());
        Ok(None)
    }

    /// The first row of an incremental stream that is due: the bookmark's own row comes again.
    fn first(&self, stream: &Stream) -> u64 {
        let bookmark = self.state.bookmark(stream.name).and_then(|own| own.get(REPLICATION_KEY));
        let since = bookmark.and_then(Value::as_str).and_then(epoch_millis);
        first_since(since.unwrap_or(self.config.start_date))
    }

    fn schema(&mut self, stream: &Stream, incremental: bool) -> Result<(), Failure> {
        let bookmark = incremental.then(|| REPLICATION_KEY.to_owned());
        let schema = stream.schema().to_string();
        self.send(&Message::Schema(Schema {
            stream: stream.name.into(),
            schema: &schema,
            key_properties: stream.keys(),
            bookmark_properties: bookmark.into_iter().collect(),
        }))
    }

    fn record(&mut self, stream: &Stream, record: &str) -> Result<(), Failure> {
        self.sent += 1;
        self.send(&Message::Record(Record {
            stream: stream.name.into(),
            record,
            time_extracted: Some(EXTRACTED_AT.into()),
            version: None,
        }))
    }

    /// Says which stream is being read, as taps do.
    fn syncing(&mut self, stream: Value) -> Result<(), Failure> {
        self.state.as_map_mut().insert("currently_syncing".into(), stream);
        self.write_state()
    }

    fn write_state(&mut self) -> Result<(), Failure> {
        let state = self.state.to_value().to_string();
        self.send(&Message::State(StateMessage { value: &state }))?;
        Ok(self.out.flush()?)
    }

    fn send(&mut self, message: &Message<'_>) -> Result<(), Failure> {
        self.line.clear();
        message.write(&mut self.line);
        Ok(self.out.write_all(&self.line)?)
    }

    /// Goes wrong, if that is what was asked for and its time has come.
    fn fail(&mut self, stream: &Stream) -> Result<Option<ExitCode>, Failure> {
        let Some(fail) = self.config.fail.filter(|_| self.sent == self.config.fail_after) else {
            return Ok(None);
        };
        let name = stream.name;
        match fail {
            Fail::Malformed => {
                writeln!(
                    self.out,
                    "{{\"type\":\"RECORD\",\"stream\":\"{name}\",\"record\":{{\"id\":"
                )?;
            }
            Fail::Nan => {
                let record = "{\"id\":0,\"amount\":NaN,\"updated_at\":\"2024-01-01T00:00:00Z\"}";
                writeln!(
                    self.out,
                    "{{\"type\":\"RECORD\",\"stream\":\"{name}\",\"record\":{record}}}"
                )?;
            }
            Fail::Critical | Fail::Traceback | Fail::Silent => {
                self.out.flush()?;
                match fail {
                    Fail::Critical => log::critical("503 Service Unavailable: try again later"),
                    Fail::Traceback => {
                        log::traceback("tap_sample.Unavailable: the service is down")
                    }
                    _ => {}
                }
                return Ok(Some(ExitCode::FAILURE));
            }
        }
        self.sent += 1;
        Ok(None)
    }
}

fn write_record(row: &Row<'_>, fields: &[&Field], record: &mut String) {
    record.clear();
    record.push('{');
    for (at, field) in fields.iter().enumerate() {
        if at > 0 {
            record.push(',');
        }
        record.push('"');
        record.push_str(field.name);
        record.push_str("\":");
        (field.write)(row, record);
    }
    record.push('}');
}

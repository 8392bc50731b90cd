//! A whole tap: one stream, read from where the state says.
//!
//! ```sh
//! cargo run -p airbyte-singer-singer-protocol --example tiny_tap -- --discover > catalog.json
//! cargo run -p airbyte-singer-singer-protocol --example tiny_tap -- --catalog catalog.json
//! ```

use serde_json::{Value, json};
use singer_protocol::message::{self, Record, Schema};
use singer_protocol::{Catalog, Message, State, rfc3339};
use std::error::Error;
use std::io::Write;

const STREAM: &str = "ticks";

/// What the tap can read. A tap says that a stream is selected unless the user says otherwise.
fn catalog() -> Result<Catalog, singer_protocol::Error> {
    Catalog::from_value(json!({"streams": [{
        "tap_stream_id": STREAM, "stream": STREAM, "key_properties": ["id"],
        "schema": {"type": "object", "properties": {
            "id": {"type": "integer"},
            "at": {"type": "string", "format": "date-time"},
        }},
        "metadata": [
            {"breadcrumb": [], "metadata": {
                "inclusion": "available", "selected": true, "table-key-properties": ["id"],
                "forced-replication-method": "INCREMENTAL", "valid-replication-keys": ["at"],
            }},
            {"breadcrumb": ["properties", "id"], "metadata": {"inclusion": "automatic"}},
            {"breadcrumb": ["properties", "at"], "metadata": {"inclusion": "automatic"}},
        ],
    }]}))
}

/// Sends what is selected and newer than the bookmark.
fn sync(catalog: &Catalog, mut state: State, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let Some(entry) = catalog.stream(STREAM).filter(|entry| entry.is_selected()) else {
        return Ok(());
    };
    let mut send = |message: Message<'_>| {
        let mut line = Vec::new();
        message.write(&mut line);
        out.write_all(&line)
    };
    let schema = entry.schema().unwrap_or("{}");
    send(Message::Schema(Schema {
        key_properties: entry.key_properties(),
        bookmark_properties: vec!["at".to_owned()],
        ..Schema::new(entry.stream(), schema)
    }))?;

    let bookmark = state.bookmark(STREAM).and_then(|bookmark| bookmark.get("at"));
    let since = bookmark.and_then(Value::as_str).unwrap_or_default().to_owned();
    // The bookmark's own row comes again: another may bear the same time.
    for (id, at) in rows().filter(|(_, at)| *at >= since) {
        let row = json!({"id": id, "at": at}).to_string();
        send(Record::new(entry.stream(), &row).into())?;
        state.set_bookmark(STREAM, json!({"at": at}));
    }
    let value = state.to_value().to_string();
    send(message::State::new(&value).into())?;
    Ok(())
}

/// What a real tap asks a server for.
fn rows() -> impl Iterator<Item = (i64, String)> {
    (1..=3).map(|id| (id, rfc3339(id * 1000)))
}

/// Runs the tap with these arguments.
fn run(arguments: &[String], out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    if arguments.iter().any(|argument| argument == "--discover") {
        writeln!(out, "{:#}", catalog()?.to_value())?;
        return Ok(());
    }
    let file = |flag: &str| {
        let at = arguments.iter().position(|argument| argument == flag)?;
        arguments.get(at + 1).map(std::fs::read)
    };
    let catalog = match file("--catalog") {
        Some(bytes) => Catalog::parse(&bytes?)?,
        None => catalog()?,
    };
    let state = match file("--state") {
        Some(bytes) => State::parse(&bytes?)?,
        None => State::default(),
    };
    sync(&catalog, state, out)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    run(&arguments, &mut std::io::stdout().lock())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(out: &[u8]) -> Vec<Message<'_>> {
        out.split_inclusive(|byte| *byte == b'\n')
            .map(|line| Message::parse(line).expect("a message"))
            .collect()
    }

    #[test]
    fn it_discovers_what_it_reads() {
        let mut out = Vec::new();
        run(&["--discover".to_owned()], &mut out).expect("a catalog");
        assert_eq!(Catalog::parse(&out).expect("a catalog"), catalog().expect("ours"));
    }

    #[test]
    fn it_goes_on_where_its_state_says() {
        let mut first = Vec::new();
        run(&[], &mut first).expect("a sync");
        let messages_of_first = messages(&first);
        assert_eq!(messages_of_first.len(), 5, "a schema, three rows, a state");
        let Some(Message::State(state)) = messages_of_first.last() else { panic!("no state") };
        let state = state.to_state().expect("an object");
        assert_eq!(state.bookmark(STREAM), Some(&json!({"at": "1970-01-01T00:00:03Z"})));

        let mut second = Vec::new();
        sync(&catalog().expect("ours"), state, &mut second).expect("a sync");
        let kinds: Vec<String> =
            messages(&second).iter().map(|message| message.kind().to_owned()).collect();
        assert_eq!(kinds, ["SCHEMA", "RECORD", "STATE"]);
    }
}

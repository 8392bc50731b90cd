//! A tap that says as many records as it is asked for, as fast as a pipe takes them: for tests of
//! what a long read costs. Two streams in turn, a STATE after every ten thousand records.
//!
//! `records` in the config says how many, of both streams together.

use serde_json::{Value, json};
use std::error::Error;
use std::io::{self, BufWriter, Write};

const STREAMS: [&str; 2] = ["even", "odd"];

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let file = |flag: &str| {
        let at = args.iter().position(|arg| arg == flag);
        at.and_then(|at| args.get(at + 1)).map(std::fs::read).transpose()
    };
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let schema = json!({"type": "object", "properties": {
        "id": {"type": "integer"}, "name": {"type": "string"}, "at": {"type": "string", "format": "date-time"},
    }});
    if args.iter().any(|arg| arg == "--discover") {
        let streams = STREAMS.map(|name| {
            json!({"tap_stream_id": name, "stream": name, "schema": schema,
                "key_properties": ["id"], "metadata": [{"breadcrumb": [], "metadata": {
                    "replication-method": "INCREMENTAL", "replication-key": "id"}}]})
        });
        writeln!(out, "{}", json!({"streams": streams}))?;
        return Ok(out.flush()?);
    }
    let config: Value = serde_json::from_slice(&file("--config")?.ok_or("--config is missing")?)?;
    let records = config["records"].as_u64().ok_or("`records` is missing")?;
    for name in STREAMS {
        let line =
            json!({"type": "SCHEMA", "stream": name, "schema": schema, "key_properties": ["id"]});
        writeln!(out, "{line}")?;
    }
    let mut last = [0, 0];
    for id in 1..=records {
        let stream = usize::from(!id.is_multiple_of(2));
        last[stream] = id;
        let name = STREAMS[stream];
        writeln!(
            out,
            r#"{{"type": "RECORD", "stream": "{name}", "record": {{"id": {id}, "name": "row \u00e9 of {id}", "at": "2026-01-01T00:00:00Z"}}, "time_extracted": "2026-11-22T00:00:00.000000Z"}}"#
        )?;
        if id.is_multiple_of(10_000) || id == records {
            let bookmarks = json!({"even": {"id": last[0]}, "odd": {"id": last[1]}});
            writeln!(out, "{}", json!({"type": "STATE", "value": {"bookmarks": bookmarks}}))?;
        }
    }
    Ok(out.flush()?)
}

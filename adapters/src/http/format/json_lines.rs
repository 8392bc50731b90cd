use super::json::fault;
use super::opening::refuse_page;
use super::{Each, Format, Rest, ended_early, record, unreadable};
use crate::{Error, Result};
use serde_json::Value;
use std::io::BufRead;

/// One JSON text a line: JSON Lines, also called NDJSON. Blank lines and lines of `null` are no records.
#[derive(Debug, Clone, Copy, Default)]
pub struct JsonLines {
    wrap: bool,
}

impl JsonLines {
    /// Lines that are objects.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes `{"value": x}` of a line `x` that is no object; without this it is an error.
    #[must_use]
    pub const fn wrapping(mut self) -> Self {
        self.wrap = true;
        self
    }
}

impl Format for JsonLines {
    fn decode(&self, body: &mut dyn BufRead, each: &mut Each<'_>) -> Result<Rest> {
        refuse_page(body.fill_buf().map_err(unreadable)?, "JSON Lines")?;
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            if body.read_until(b'\n', &mut line).map_err(unreadable)? == 0 {
                break;
            }
            let mark = if number == 1 { "\u{feff}" } else { "" };
            let text = line.strip_prefix(mark.as_bytes()).unwrap_or(&line).trim_ascii();
            if text.is_empty() {
                continue;
            }
            let value = serde_json::from_slice::<Value>(text).map_err(|error| {
                // Of every other line its end is there, so it wasn't cut short.
                if error.is_eof() && !line.ends_with(b"\n") {
                    return ended_early();
                }
                Error::system(format!("the body is not JSON Lines: {}", fault(&error, number)))
            })?;
            let found = record(value, self.wrap).map_err(|kind| {
                Error::system(format!("line {number} of the body is {kind}, not an object"))
            })?;
            if let Some(record) = found {
                each(record)?;
            }
        }
        Ok(Rest::Null)
    }
}

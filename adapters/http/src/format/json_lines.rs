use super::bound::Weight;
use super::json::{Weighed, fault, is_needed, mended};
use super::opening::refuse_page;
use super::{Bound, Each, Format, Rest, USUAL, VALUE, ended_early, marks, record, unreadable};
use airbyte_singer_runtime::{Error, Result};
use serde::de::DeserializeSeed;
use serde_json::{Deserializer, Value};
use std::io::{BufRead, Read};

/// One JSON text a line: JSON Lines, also called NDJSON. Blank lines and lines of `null` are no records.
#[derive(Debug, Clone, Copy)]
pub struct JsonLines {
    wrap: bool,
    max_record_bytes: u64,
}

impl Default for JsonLines {
    fn default() -> Self {
        Self { wrap: false, max_record_bytes: USUAL }
    }
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

impl JsonLines {
    /// As [`Json::max_record_bytes`](super::Json::max_record_bytes).
    #[must_use]
    pub const fn max_record_bytes(mut self, bytes: u64) -> Self {
        self.max_record_bytes = bytes;
        self
    }

    /// Reads one line; the answer is whether there was one.
    fn line(self, body: &mut dyn BufRead, line: &mut Vec<u8>, bound: Bound) -> Result<bool> {
        // What a long line took isn't kept for short ones.
        line.clear();
        line.shrink_to(SHORT);
        let most = bound.bytes.saturating_add(1);
        let length = body.take(most).read_until(b'\n', line).map_err(unreadable)?;
        if length as u64 > bound.bytes {
            return Err(bound.exceeded());
        }
        Ok(length > 0)
    }
}

/// A buffer for lines keeps so much.
const SHORT: usize = 1024 * 1024;

/// The value of a line.
fn value(text: &[u8], weight: &Weight) -> serde_json::Result<Value> {
    weight.begin();
    let mut text = Deserializer::from_slice(text);
    let value = Weighed(weight).deserialize(&mut text)?;
    text.end()?;
    Ok(value)
}

impl Format for JsonLines {
    fn decode(&self, body: &mut dyn BufRead, each: &mut Each<'_>) -> Result<Rest> {
        refuse_page(body.fill_buf().map_err(unreadable)?, "JSON Lines")?;
        let bound = Bound { bytes: self.max_record_bytes, format: "JSON Lines" };
        let weight = Weight::new(bound);
        let mut line = Vec::new();
        for number in 1.. {
            if !self.line(body, &mut line, bound)? {
                break;
            }
            if is_needed(&line) {
                line = mended(&line);
            }
            let mark = if number == 1 { "\u{feff}" } else { "" };
            let text = line.strip_prefix(mark.as_bytes()).unwrap_or(&line).trim_ascii();
            if text.is_empty() {
                continue;
            }
            let is_whole = line.ends_with(b"\n");
            let value = value(text, &weight).map_err(|error| {
                if weight.is_exceeded() {
                    return bound.exceeded();
                }
                // Of every other line its end is there, so it wasn't cut short.
                if error.is_eof() && !is_whole {
                    return ended_early();
                }
                Error::system(format!("the body is not JSON Lines: {}", fault(&error, number)))
            })?;
            if line.len() > SHORT {
                // What a long line took is gone before its record is taken.
                line = Vec::new();
            }
            let found = record(value, self.wrap.then_some(VALUE)).map_err(|kind| {
                Error::system(format!("line {number} of the body is {kind}, not an object"))
            })?;
            match found {
                Some(record) => {
                    marks::leave(weight.take_marks());
                    each(record)?;
                }
                None => marks::pass_over(1),
            }
        }
        Ok(Rest::Null)
    }
}

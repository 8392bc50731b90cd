use super::{Each, Format, Missing, Opening, Rest, unreadable};
use airbyte_singer_runtime::{Error, Result};
use serde_json::Value;
use std::io::{BufRead, Read};

/// So long may a document be that comes in the place of what was expected.
const LONGEST: usize = 64 * 1024;

/// A format in whose place an API may send a JSON object, mostly to tell an error.
pub(super) struct OrJson<F> {
    format: F,
    expected: &'static str,
    missing: Missing,
}

impl<F: Format> OrJson<F> {
    pub(super) const fn new(format: F, expected: &'static str, missing: Missing) -> Self {
        Self { format, expected, missing }
    }
}

impl<F: Format> Format for OrJson<F> {
    fn decode(&self, body: &mut dyn BufRead, each: &mut Each<'_>) -> Result<Rest> {
        let begins = body.fill_buf().map_err(unreadable)?.trim_ascii_start().first() == Some(&b'{');
        if !begins {
            return self.format.decode(body, each);
        }
        let opening = Opening::of(body, LONGEST)?;
        if opening.is_whole()
            && let Ok(document @ Value::Object(_)) = serde_json::from_slice(opening.text())
        {
            let expected = self.expected;
            self.missing
                .note(Error::system(format!("the body is JSON where {expected} was expected")));
            return Ok(document);
        }
        self.format.decode(&mut opening.bytes().chain(body), each)
    }
}

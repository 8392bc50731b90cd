use super::json::malformed;
use super::opening::{Opening, refuse_page};
use super::{Each, Format, Rest};
use crate::Result;
use std::io::BufRead;

/// A JSON text that is wanted as it is: all of it is the [`Rest`], `null` if it is empty.
pub(in crate::http) struct Whole;

impl Format for Whole {
    fn decode(&self, body: &mut dyn BufRead, _: &mut Each<'_>) -> Result<Rest> {
        let opening = Opening::of(body, usize::MAX)?;
        refuse_page(opening.bytes(), "JSON")?;
        if opening.text().trim_ascii().is_empty() {
            return Ok(Rest::Null);
        }
        serde_json::from_slice(opening.text()).map_err(malformed)
    }
}

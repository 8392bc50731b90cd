use super::bound::Weight;
use super::json::{Weighed, is_needed, malformed, mended};
use super::opening::{Opening, refuse_page};
use super::{Bound, Each, Format, Rest};
use airbyte_singer_runtime::Result;
use serde::de::DeserializeSeed;
use serde_json::Deserializer;
use std::io::BufRead;

/// A JSON text that is wanted as it is: all of it is the [`Rest`], `null` if it is empty.
pub(crate) struct Whole {
    pub(crate) max_bytes: u64,
}

impl Format for Whole {
    fn decode(&self, body: &mut dyn BufRead, _: &mut Each<'_>) -> Result<Rest> {
        let bound = Bound { bytes: self.max_bytes, format: "JSON" };
        let longest = usize::try_from(bound.bytes).unwrap_or(usize::MAX).saturating_add(1);
        let opening = Opening::of(body, longest)?;
        if !opening.is_whole() {
            return Err(bound.exceeded());
        }
        refuse_page(opening.bytes(), "JSON")?;
        if opening.text().trim_ascii().is_empty() {
            return Ok(Rest::Null);
        }
        let weight = Weight::new(bound);
        let mended = is_needed(opening.text()).then(|| mended(opening.text()));
        let mut text = Deserializer::from_slice(mended.as_deref().unwrap_or(opening.text()));
        let value = Weighed(&weight).deserialize(&mut text);
        match value.and_then(|value| text.end().map(|()| value)) {
            Err(_) if weight.is_exceeded() => Err(bound.exceeded()),
            outcome => outcome.map_err(malformed),
        }
    }
}

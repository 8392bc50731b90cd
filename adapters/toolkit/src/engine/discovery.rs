//! The catalog: what is declared, and schemas of samples where none is.

use super::{catalog, sample};
use crate::{AnyStream, Inference, Streams};
use airbyte_protocol::{Catalog, Stream};
use airbyte_singer_runtime::{Error, Result};
use serde_json::{Map, Value, json};

/// A stream whose schema isn't given is known by so many of its records.
const SAMPLES: usize = 500;

/// The streams on offer. A stream that declares no schema gets one that a sample of its records fits. One that refuses its samples (401, 403, 404) is left out, with a warning.
///
/// # Errors
///
/// Samples can't be had for another reason, or all streams refuse them.
pub async fn discover(streams: &Streams) -> Result<Catalog> {
    let mut offers = Vec::new();
    let mut refusal = None;
    for (mut offer, stream) in catalog(streams).streams.into_iter().zip(streams) {
        if offer.json_schema.is_empty() {
            match inferred(&**stream).await {
                Ok(schema) => offer.json_schema = schema,
                Err(error) if is_refusal(&error) => {
                    let name = stream.about().descriptor().to_string();
                    tracing::warn!(
                        "stream {name} is left out of the catalog: {error}. With a `schema` of its own \
                         it would be offered all the same"
                    );
                    refusal.get_or_insert(error.prefaced(&format!("stream {name}: ")));
                    continue;
                }
                Err(error) => {
                    return Err(
                        error.prefaced(&format!("stream {}: ", stream.about().descriptor()))
                    );
                }
            }
        }
        complete(&mut offer);
        offers.push(offer);
    }
    match refusal {
        Some(error) if offers.is_empty() => Err(error),
        _ => Ok(Catalog::new(offers)),
    }
}

fn is_refusal(error: &Error) -> bool {
    matches!(error.status(), Some(401 | 403 | 404))
}

/// The schema that a sample of records fits.
async fn inferred(stream: &dyn AnyStream) -> Result<Map<String, Value>> {
    let about = stream.about();
    let cursor = about.order();
    let (mut inference, mut seen, mut has_cursor) = (Inference::new(), 0_usize, false);
    let each = |record: &Map<String, Value>| {
        inference.add(record);
        seen += 1;
        has_cursor |= cursor.is_some_and(|cursor| cursor.is_in(record));
    };
    sample(stream, SAMPLES, each).await?;
    if let Some(cursor) = cursor.filter(|_| seen > 0 && !has_cursor) {
        let (stream, name, hint) = (about.descriptor(), cursor.name(), cursor.hint());
        tracing::warn!(
            "stream {stream}: none of {seen} sampled records has the cursor `{name}`{hint}"
        );
    }
    Ok(inference.schema().into_map())
}

/// Adds what the schema lacks of the primary key and the cursor, whose values may be anything: platforms
/// refuse a key that isn't in the schema, and an empty stream shows none.
fn complete(offer: &mut Stream) {
    let cursor = [&offer.default_cursor_field];
    for path in offer.source_defined_primary_key.iter().chain(cursor) {
        add(&mut offer.json_schema, path);
    }
}

fn add(schema: &mut Map<String, Value>, path: &[String]) {
    let Some((first, rest)) = path.split_first() else { return };
    let properties = schema.entry("properties").or_insert_with(|| json!({}));
    let Value::Object(properties) = properties else { return };
    let property = properties.entry(first).or_insert_with(|| match rest {
        [] => json!({}),
        _ => json!({"type": ["object", "null"]}),
    });
    if let (Value::Object(property), [_, ..]) = (property, rest) {
        add(property, rest);
    }
}

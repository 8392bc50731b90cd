//! The configured catalog, as users hand it in.

use airbyte_protocol::{
    Catalog, ConfiguredCatalog, ConfiguredStream, DestinationSyncMode, Stream, SyncMode,
};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::collections::HashSet;

/// What a configured catalog is, behind a sentence that says what is wrong with one.
const WHAT_IT_IS: &str = "a configured catalog is {\"streams\": [{\"stream\": {\"name\": …, \
    \"json_schema\": …}, \"sync_mode\": \"full_refresh\" or \"incremental\"}, …]}; what `discover` \
    writes is taken too, and all its streams are read";

/// Reads a configured catalog: bare or inside a CATALOG message. What `discover` wrote is one too, all of
/// its output or only its CATALOG message or that one's `catalog`: each stream is chosen, incrementally
/// where it has a cursor of its own, else in full.
///
/// # Errors
///
/// It is none of these, chooses no stream, or names one twice. The sentence says what was expected.
pub fn configured_catalog(bytes: &[u8]) -> Result<ConfiguredCatalog, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let message = catalog_message(bytes);
    let document = message.map_or(bytes, |catalog| catalog.get().as_bytes());
    let catalog = match ConfiguredCatalog::parse(document) {
        Ok(catalog) => catalog,
        Err(_) if is_singers(document) => {
            return Err(format!("this is a Singer catalog (--tap-catalog takes it); {WHAT_IT_IS}"));
        }
        Err(error) => match offered(document) {
            Some(offer) => choose_all(offer)?,
            None => return Err(format!("{error}; {WHAT_IT_IS}")),
        },
    };
    if catalog.streams.is_empty() {
        return Err(format!("no stream is configured; {WHAT_IT_IS}"));
    }
    Ok(catalog)
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(borrow)]
    catalog: &'a RawValue,
}

/// The catalog of the first CATALOG message, whatever stands around it.
fn catalog_message(bytes: &[u8]) -> Option<&RawValue> {
    let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let mut objects = lines.filter(|line| line.starts_with(b"{"));
    of_message(bytes).or_else(|| objects.find_map(of_message))
}

fn of_message(text: &[u8]) -> Option<&RawValue> {
    let Message { kind, catalog } = serde_json::from_slice(text).ok()?;
    (kind == "CATALOG" && catalog.get().starts_with('{')).then_some(catalog)
}

/// Whether it is a tap's catalog.
fn is_singers(document: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Catalog {
        streams: Vec<Entry>,
    }
    #[derive(Deserialize)]
    struct Entry {
        tap_stream_id: Option<IgnoredAny>,
    }
    let catalog = serde_json::from_slice::<Catalog>(document);
    catalog.is_ok_and(|one| one.streams.iter().any(|entry| entry.tap_stream_id.is_some()))
}

/// The streams that a source offers, if it is that.
fn offered(document: &[u8]) -> Option<Catalog> {
    serde_json::from_slice(document).ok()
}

fn choose_all(offer: Catalog) -> Result<ConfiguredCatalog, String> {
    let chosen: Vec<ConfiguredStream> = offer.streams.into_iter().map(in_its_best_mode).collect();
    let mut known = HashSet::new();
    if let Some(twice) = chosen.iter().find(|one| !known.insert(one.descriptor())) {
        return Err(format!("stream {} is offered twice", twice.descriptor()));
    }
    let incremental = |one: &&ConfiguredStream| one.sync_mode == SyncMode::Incremental;
    tracing::info!(
        "the catalog offers streams and chooses none: all {} are read, {} of them incrementally",
        chosen.len(),
        chosen.iter().filter(incremental).count()
    );
    Ok(ConfiguredCatalog::new(chosen))
}

/// Incrementally, where it can be read so without a cursor of the user's; and what the destination makes
/// of it loses nothing and holds nothing twice, as far as that can be.
fn in_its_best_mode(stream: Stream) -> ConfiguredStream {
    let has_cursor =
        stream.source_defined_cursor == Some(true) || !stream.default_cursor_field.is_empty();
    let is_incremental = has_cursor && stream.supported_sync_modes.contains(&SyncMode::Incremental);
    let (cursor, key) =
        (stream.default_cursor_field.clone(), stream.source_defined_primary_key.clone());
    let mode = if is_incremental { SyncMode::Incremental } else { SyncMode::FullRefresh };
    let mut chosen = ConfiguredStream::new(stream, mode);
    chosen.destination_sync_mode = match is_incremental {
        false => DestinationSyncMode::Overwrite,
        true if key.is_empty() => DestinationSyncMode::Append,
        true => DestinationSyncMode::AppendDedup,
    };
    if is_incremental {
        chosen.cursor_field = cursor;
    }
    chosen.primary_key = key;
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn offer() -> Value {
        json!({"streams": [
            {"name": "users", "json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"],
                "default_cursor_field": ["updated_at"], "source_defined_primary_key": [["id"]]},
            {"name": "log", "json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"],
                "source_defined_cursor": true},
            {"name": "any", "json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"]},
            {"name": "words", "namespace": "a", "json_schema": {}},
        ]})
    }

    #[test]
    fn what_discover_wrote_chooses_each_stream_in_its_best_mode() {
        use DestinationSyncMode::{Append, AppendDedup, Overwrite};
        let message = json!({"type": "CATALOG", "catalog": offer()}).to_string();
        let log = json!({"type": "LOG", "log": {"level": "INFO", "message": "CATALOG"}});
        let with_log = format!("{log}\nINFO said on stderr\n{message}\n{log}\n");
        for text in [offer().to_string(), message, with_log, format!("\u{feff}{:#}", offer())] {
            let catalog = configured_catalog(text.as_bytes()).unwrap();
            let modes: Vec<_> = catalog
                .streams
                .iter()
                .map(|one| (one.sync_mode, one.destination_sync_mode))
                .collect();
            let full = (SyncMode::FullRefresh, Overwrite);
            let [dedup, append] = [AppendDedup, Append].map(|to| (SyncMode::Incremental, to));
            assert_eq!(modes, [dedup, append, full, full]);
            assert_eq!(catalog.streams[0].cursor_field, ["updated_at"]);
            assert_eq!(catalog.streams[0].primary_key, [["id"]]);
        }
    }

    #[test]
    fn what_was_configured_is_taken_as_it_is_bare_or_in_a_message() {
        let bare = json!({"streams": [{"stream": {"name": "users", "json_schema": {},
            "supported_sync_modes": ["incremental"]}, "sync_mode": "full_refresh",
            "destination_sync_mode": "append"}]});
        for text in [bare.clone(), json!({"type": "CATALOG", "catalog": bare})] {
            let catalog = configured_catalog(text.to_string().as_bytes()).unwrap();
            assert_eq!(catalog, ConfiguredCatalog::parse(bare.to_string().as_bytes()).unwrap());
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_what_was_expected() {
        let singers = json!({"streams": [{"tap_stream_id": "a", "stream": "a", "schema": {}}]});
        let cases = [
            ("{}".to_owned(), "missing field `streams`; a configured catalog is"),
            ("[1]".to_owned(), "a configured catalog is"),
            (String::new(), "the JSON ends too early"),
            (r#"{"streams": []}"#.to_owned(), "no stream is configured; a configured catalog is"),
            (singers.to_string(), "this is a Singer catalog (--tap-catalog takes it)"),
            (
                r#"{"streams":[{"stream":{"name":"a"},"sync_mode":"x"}]}"#.to_owned(),
                "streams[0].sync_mode",
            ),
            (r#"{"streams":[{"name":"a"},{"name":"a"}]}"#.to_owned(), "stream a is offered twice"),
            (
                r#"{"type":"LOG","log":{"level":"INFO","message":"x"}}"#.to_owned(),
                "a configured catalog is",
            ),
        ];
        for (text, says) in cases {
            let error = configured_catalog(text.as_bytes()).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}

//! Catalogs: what a tap discovers is offered by the clients' rules, and goes back to it as a selection
//! of exactly what was chosen.

use airbyte_protocol::{ConfiguredCatalog, ConfiguredStream, SyncMode};
use airbyte_singer::translate::Overrides;
use airbyte_singer::translate::catalog::{Translated, offers, to_airbyte, to_singer};
use serde_json::Value;
use singer_protocol::Catalog;
use std::collections::HashSet;

/// Reads a catalog.
pub fn run(bytes: &[u8]) {
    let Ok(catalog) = Catalog::parse(bytes) else { return };
    let again = Catalog::parse(catalog.to_value().to_string().as_bytes()).expect("a catalog");
    assert_eq!(again.to_value(), catalog.to_value());
    let translated = to_airbyte(&catalog, &Overrides::default());
    let mut names = HashSet::new();
    for stream in &translated.catalog.streams {
        assert!(stream.json_schema.get("properties").is_some_and(Value::is_object));
        assert!(stream.supported_sync_modes.contains(&SyncMode::FullRefresh));
        assert!(names.insert((stream.namespace.clone(), stream.name.clone())), "unique names");
    }
    let offered = offers(catalog.clone(), Overrides::default());
    let offered: Vec<_> = offered.filter_map(|(stream, _)| stream).collect();
    assert_eq!(offered, translated.catalog.streams, "however it is translated");
    // Each second one is chosen, in turn.
    for first in 0..2 {
        selected(&catalog, &translated, first);
    }
}

/// Every second stream, chosen and written back.
fn selected(catalog: &Catalog, translated: &Translated, first: usize) {
    let chosen: Vec<_> = translated.catalog.streams.iter().skip(first).step_by(2).collect();
    let configured = chosen.iter().map(|stream| {
        let offered = &stream.supported_sync_modes;
        let incremental = offered.contains(&SyncMode::Incremental);
        let mode = if incremental { SyncMode::Incremental } else { SyncMode::FullRefresh };
        ConfiguredStream::new((*stream).clone(), mode)
    });
    let configured = ConfiguredCatalog::new(configured.collect());
    let all = translated.links.iter().map(|link| link.tap_stream_id.clone()).collect();
    let back = to_singer(catalog, translated, &configured, &all);
    let written =
        Catalog::parse(back.catalog.to_value().to_string().as_bytes()).expect("a catalog");
    let serialized = serde_json::to_value(&back.catalog).expect("JSON");
    assert_eq!(written.to_value(), serialized, "however it is written");
    assert_eq!(written.streams().len(), catalog.streams().len(), "no stream comes or goes");
    let wanted: HashSet<usize> = back.streams.iter().map(|choice| choice.entry.0).collect();
    assert_eq!(wanted.len(), configured.streams.len(), "each choice is one entry");
    for (place, entry) in written.streams().iter().enumerate() {
        assert_eq!(entry.is_selected(), wanted.contains(&place), "what is chosen is selected");
    }
}

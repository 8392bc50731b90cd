use crate::translate::Overrides;
use airbyte_protocol as airbyte;
use airbyte_protocol::{StreamDescriptor, SyncMode};
use serde_json::{Map, Value, json};
use singer_protocol as singer;
use std::collections::HashMap;

/// The catalog that a tap is presumed to have, where only the configured one is at hand.
///
/// A stream's `tap_stream_id` is the one under `ids`, else the one that the profile renames to its
/// name, else its name, with its namespace before it as most database taps write it
/// (`public-users`). Its fields, key and cursor are the configured ones. What a real catalog would
/// prove is not proven by this one: that a stream may stand alone, or that the user left out a field.
pub fn presume(
    configured: &airbyte::ConfiguredCatalog,
    ids: &HashMap<StreamDescriptor, String>,
    overrides: &Overrides,
) -> singer::Catalog {
    let named = presume_ids(configured, ids, overrides);
    let streams = configured.streams.iter().zip(named).map(|(wanted, id)| entry(wanted, &id));
    singer::Catalog::from_value(json!({ "streams": streams.collect::<Vec<Value>>() }))
        .expect("entries of this shape make a catalog")
}

/// The `tap_stream_id`s that [`presume`] gives the configured streams, in their order.
pub fn presume_ids(
    configured: &airbyte::ConfiguredCatalog,
    ids: &HashMap<StreamDescriptor, String>,
    overrides: &Overrides,
) -> Vec<String> {
    let id = |wanted: &airbyte::ConfiguredStream| {
        let descriptor = wanted.descriptor();
        let known = ids.get(&descriptor).map(String::as_str);
        match (known.or_else(|| renamed(&descriptor, overrides)), &descriptor.namespace) {
            (Some(id), _) => id.to_owned(),
            (None, Some(namespace)) => format!("{namespace}-{}", descriptor.name),
            (None, None) => descriptor.name,
        }
    };
    configured.streams.iter().map(id).collect()
}

/// The `tap_stream_id` that the profile gives this name.
fn renamed<'a>(descriptor: &StreamDescriptor, overrides: &'a Overrides) -> Option<&'a str> {
    let fits = |said: &Option<String>, name: &str| said.as_deref().is_none_or(|said| said == name);
    let namespace = descriptor.namespace.as_deref().unwrap_or_default();
    let mut named = overrides.iter().filter(|(_, over)| {
        over.name.as_ref() == Some(&descriptor.name) && fits(&over.namespace, namespace)
    });
    named.next().map(|(id, _)| id.as_str())
}

fn entry(wanted: &airbyte::ConfiguredStream, id: &str) -> Value {
    let stream = &wanted.stream;
    let own = Map::from_iter([("inclusion".to_owned(), json!("available"))]);
    let mut entry = json!({
        "tap_stream_id": id,
        "stream": stream.name,
        "schema": stream.json_schema,
        "key_properties": key(wanted),
    });
    let mut metadata = own;
    if let Some(namespace) = &stream.namespace {
        // The names that taps make of a table in a schema are found by these.
        entry["table_name"] = json!(stream.name);
        metadata.insert("schema-name".to_owned(), json!(namespace));
    }
    if wanted.sync_mode == SyncMode::Incremental {
        let cursors = [&wanted.cursor_field, &stream.default_cursor_field];
        let cursor = cursors.into_iter().find_map(|path| path.first());
        let method = if cursor.is_some() { "INCREMENTAL" } else { "LOG_BASED" };
        metadata.insert("replication-method".to_owned(), json!(method));
        metadata.insert("replication-key".to_owned(), json!(cursor));
    }
    entry["metadata"] = json!([{"breadcrumb": [], "metadata": metadata}]);
    entry
}

fn key(wanted: &airbyte::ConfiguredStream) -> Vec<&String> {
    let paths = [&wanted.stream.source_defined_primary_key, &wanted.primary_key];
    let said = paths.into_iter().find(|key| !key.is_empty());
    said.into_iter().flatten().filter_map(|path| path.first()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translate::catalog::{to_airbyte, to_singer};
    use singer_protocol::ReplicationMethod;

    /// A name, a namespace, the mode, the cursor.
    fn configured(streams: &[(&str, &str, &str, &[&str])]) -> airbyte::ConfiguredCatalog {
        let streams: Vec<Value> = streams
            .iter()
            .map(|(name, namespace, mode, cursor)| {
                json!({"stream": {"name": name, "namespace": namespace, "json_schema":
                    {"type": "object", "properties": {"id": {}, "at": {}}},
                    "source_defined_primary_key": [["id"]]},
                    "sync_mode": mode, "cursor_field": cursor})
            })
            .collect();
        airbyte::ConfiguredCatalog::parse(json!({ "streams": streams }).to_string().as_bytes())
            .unwrap()
    }

    #[test]
    fn every_configured_stream_is_found_again_and_read_as_configured() {
        let configured = configured(&[
            ("users", "public", "incremental", &["at"]),
            ("log", "public", "incremental", &[]),
            ("people", "", "incremental", &[]),
            ("orders", "", "full_refresh", &[]),
            ("told", "public", "full_refresh", &[]),
            ("new name", "", "incremental", &["at"]),
        ]);
        let told = StreamDescriptor::new("told").in_namespace("public");
        let ids = HashMap::from([(told, "shop-public-told".to_owned())]);
        let overrides: Overrides =
            serde_json::from_value(json!({"old": {"name": "new name"}})).unwrap();
        let catalog = presume(&configured, &ids, &overrides);
        let translated = to_airbyte(&catalog, &overrides);
        let pass = translated.links.iter().map(|link| link.tap_stream_id.clone()).collect();
        let selected = to_singer(&catalog, &translated, &configured, &pass);
        let read: Vec<_> = selected
            .streams
            .iter()
            .map(|choice| (choice.configured.0, &*choice.tap_stream_id, choice.method.clone()))
            .collect();
        use ReplicationMethod::{FullTable, Incremental, LogBased};
        let expected = [
            (0, "public-users", Incremental),
            (1, "public-log", LogBased),
            (2, "people", LogBased),
            (3, "orders", FullTable),
            (4, "shop-public-told", FullTable),
            (5, "old", Incremental),
        ];
        assert_eq!(read, expected);
        assert_eq!(catalog.streams()[0].key_properties(), ["id"]);
        assert!(selected.notes.is_empty(), "{:?}", selected.notes);
    }
}

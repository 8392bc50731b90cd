//! Catalogs: what a tap discovers is offered by the clients' rules, and comes back as it was.
#![no_main]

use airbyte_singer::translate::{Overrides, catalog::to_airbyte};
use libfuzzer_sys::fuzz_target;
use singer_protocol::Catalog;

fuzz_target!(|bytes: &[u8]| {
    let Ok(catalog) = Catalog::parse(bytes) else { return };
    let again = Catalog::parse(catalog.to_value().to_string().as_bytes()).expect("a catalog");
    assert_eq!(again.to_value(), catalog.to_value());
    let translated = to_airbyte(&catalog, &Overrides::default());
    let mut names = std::collections::HashSet::new();
    for stream in &translated.catalog.streams {
        assert!(stream.json_schema.get("properties").is_some_and(serde_json::Value::is_object));
        assert!(names.insert((stream.namespace.clone(), stream.name.clone())), "unique names");
    }
});

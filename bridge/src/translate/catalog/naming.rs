use crate::translate::overrides::Overrides;
use airbyte_protocol::StreamDescriptor;
use singer_protocol as singer;
use std::collections::HashMap;

/// The Airbyte names of a catalog's entries, in their order; unique when the ids are.
///
/// A name comes from its own entry only. Where two entries come out alike all the same, each of
/// them takes its `tap_stream_id`; excluded streams count, so that excluding one renames no other.
pub(super) fn descriptors(
    entries: &[&singer::Entry],
    overrides: &Overrides,
) -> Vec<StreamDescriptor> {
    let mut names: Vec<_> = entries.iter().map(|entry| descriptor(entry, overrides)).collect();
    loop {
        let mut uses: HashMap<StreamDescriptor, usize> = HashMap::new();
        for name in &names {
            *uses.entry(name.clone()).or_default() += 1;
        }
        let mut changed = false;
        for (name, entry) in names.iter_mut().zip(entries) {
            if uses[name] > 1 && name.name != entry.tap_stream_id() {
                name.name = entry.tap_stream_id().to_owned();
                changed = true;
            }
        }
        if !changed {
            return names;
        }
    }
}

/// The name of one entry. A `schema-name` is a namespace only for a database: API taps repeat the
/// stream's name there.
fn descriptor(entry: &singer::Entry, overrides: &Overrides) -> StreamDescriptor {
    let over = overrides.get(entry.tap_stream_id());
    let (name, namespace) = if entry.is_database() {
        let name = entry.table_name().unwrap_or_else(|| entry.stream());
        (name, entry.schema_name().or_else(|| entry.database_name()))
    } else {
        (entry.tap_stream_id(), None)
    };
    let name = over.and_then(|over| over.name.as_deref()).unwrap_or(name);
    let namespace = over.and_then(|over| over.namespace.as_deref()).or(namespace);
    StreamDescriptor::new(name).in_namespace(namespace.unwrap_or_default())
}

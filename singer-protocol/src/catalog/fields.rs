//! What a catalog says of a stream's fields.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::metadata::{Inclusion, flag};
use crate::text::{each_element, each_entry};

/// A longer value of a field's metadata or schema is none that is asked for here.
const LONG: usize = 4096;

/// What a catalog says of a stream's top-level fields, in the schema and in the metadata.
///
/// ```
/// use singer_protocol::{Catalog, Inclusion};
///
/// let file = br#"{"streams": [{"stream": "users",
///     "schema": {"properties": {"id": {"inclusion": "automatic"}, "name": {}}},
///     "metadata": [{"breadcrumb": ["properties", "name"], "metadata": {"sql-datatype": "text"}}]}]}"#;
/// let fields = Catalog::parse(file)?.streams()[0].fields();
/// assert_eq!(fields.get("id").map(|id| id.inclusion()), Some(Inclusion::Automatic));
/// assert_eq!(fields.get("name").and_then(|name| name.sql_datatype.as_deref()), Some("text"));
/// # Ok::<(), singer_protocol::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Fields(IndexMap<String, Field>);

/// One top-level field. Where both places may speak, the metadata speaks first.
#[derive(Debug, Clone, Default)]
pub struct Field {
    /// Whether the schema has it; if not, only the metadata does.
    pub in_schema: bool,
    /// Its SQL type, e.g. `decimal(12,4)`.
    pub sql_datatype: Option<String>,
    /// Whether the metadata says that null is among its values.
    pub nullable: bool,
    /// What the metadata and the schema say of its selectability.
    inclusion: [Option<Inclusion>; 2],
    /// What the metadata and the schema say of its selection.
    selected: [Option<bool>; 2],
    selected_by_default: Option<bool>,
}

impl Field {
    /// Whether it may, must or can't be selected, by its metadata or, in legacy catalogs, by its schema.
    /// Unsaid is available.
    pub fn inclusion(&self) -> Inclusion {
        let [metadata, schema] = self.inclusion;
        metadata.or(schema).unwrap_or(Inclusion::Available)
    }

    /// Whether a tap should send it: if automatic always, if unsupported never, otherwise as either
    /// style says. Unsaid is `selected-by-default`, and without that, selected.
    pub fn is_selected(&self) -> bool {
        let [metadata, schema] = self.selected;
        match self.inclusion() {
            Inclusion::Automatic => true,
            Inclusion::Unsupported => false,
            Inclusion::Available => {
                metadata.or(schema).or(self.selected_by_default).unwrap_or(true)
            }
        }
    }

    /// Takes what the metadata says.
    fn say(&mut self, said: &Map<String, Value>) {
        let nullable = ["nullable", "is-nullable", "is_nullable"];
        self.nullable = nullable.iter().any(|key| said.get(*key) == Some(&Value::Bool(true)));
        self.sql_datatype = said.get("sql-datatype").and_then(Value::as_str).map(str::to_owned);
        self.inclusion[0] = Inclusion::of(said.get("inclusion"));
        self.selected[0] = flag(said.get("selected"));
        self.selected_by_default = flag(said.get("selected-by-default"));
    }
}

impl Fields {
    /// Reads them: those of the schema in their order, then those that only the metadata has. Of several
    /// elements about one field the last counts.
    pub(super) fn read(schema: &str, metadata: &str) -> Fields {
        let mut fields = Fields::default();
        each_column(schema, |name, property| {
            let said = short(property, LONG);
            let field = Field {
                in_schema: true,
                inclusion: [None, Inclusion::of(said.get("inclusion"))],
                selected: [None, flag(said.get("selected"))],
                ..Field::default()
            };
            fields.0.insert(name.to_owned(), field);
        });
        each_about(metadata, |about, values| {
            if let About::Field(name) = about {
                fields.0.entry(name).or_default().say(&short(values, LONG));
            }
        });
        fields
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Field)> {
        self.0.iter().map(|(name, field)| (name.as_str(), field))
    }

    /// The one of that name.
    pub fn get(&self, name: &str) -> Option<&Field> {
        self.0.get(name)
    }
}

/// Calls `take` with each top-level property of a schema. What isn't one has none.
pub(super) fn each_column<'t>(schema: &'t str, mut take: impl FnMut(&str, &'t str)) {
    if let Some(properties) = find(schema, "properties") {
        entries(properties, &mut take);
    }
}

/// Whom an element of the metadata speaks of.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum About {
    /// The stream as a whole.
    Stream,
    /// A top-level field.
    Field(String),
    /// What lies below a top-level field.
    Below(String),
    /// Nobody.
    Nothing,
}

/// Whom an element of the metadata, an object, speaks of. Missing or odd parts make it one that speaks of
/// nobody.
pub(super) fn about(element: &str) -> About {
    let Some(breadcrumb) = find(element, "breadcrumb") else { return About::Stream };
    if breadcrumb == "null" {
        return About::Stream;
    }
    let Ok(Value::Array(path)) = serde_json::from_str(breadcrumb) else { return About::Nothing };
    match path.iter().map(|part| part.as_str().unwrap_or_default()).collect::<Vec<_>>().as_slice() {
        [] => About::Stream,
        ["properties", name] => About::Field((*name).to_owned()),
        ["properties", name, ..] => About::Below((*name).to_owned()),
        _ => About::Nothing,
    }
}

/// Calls `take` with each element of the metadata that says something, an object, and of whom.
pub(super) fn each_about<'t>(metadata: &'t str, mut take: impl FnMut(About, &'t str)) {
    let _ = each_element(metadata, |element| {
        if let Some(values) = find(element, "metadata").filter(|values| values.starts_with('{')) {
            take(about(element), values);
        }
    });
}

/// What an object names `key`; the last one counts.
pub(super) fn find<'t>(object: &'t str, key: &str) -> Option<&'t str> {
    let mut found = None;
    entries(object, &mut |name, value| {
        if name == key {
            found = Some(value);
        }
    });
    found
}

/// The values of an object that aren't longer than so many bytes.
pub(super) fn short(object: &str, longest: usize) -> Map<String, Value> {
    let mut values = Map::new();
    entries(object, &mut |name, value| {
        if value.len() <= longest
            && let Ok(value) = serde_json::from_str(value)
        {
            values.insert(name.to_owned(), value);
        }
    });
    values
}

/// What is no object has no entries. Texts of a catalog were checked when it was read.
pub(super) fn entries<'t>(object: &'t str, take: &mut impl FnMut(&str, &'t str)) {
    if object.starts_with('{') {
        let _ = each_entry(object, take);
    }
}

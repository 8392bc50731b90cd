//! A tap's JSON Schema as Airbyte's clients accept it.
//!
//! Taps write schemas of every draft with keywords that their own values break. What comes out is
//! Draft 7 and holds only what the other side acts on: types, properties, items, the temporal
//! formats with their `airbyte_type`, and words for people. Everything else is left out, always
//! towards the wider schema: a type that doesn't fit stays open rather than wrong.

mod drift;
mod hints;
mod lean;
mod measure;
mod node;
#[cfg(test)]
mod seen;
#[cfg(test)]
pub(in crate::translate) mod tests;
mod types;

pub use drift::{Change, Difference, Shape};
pub use hints::{Column, Hints};
pub use lean::{Unread, lean};
pub use measure::{Break, Measure};

use node::{Format, Node};
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};
use types::Types;

/// How many bytes of definitions may be inlined into one schema before its `$ref`s stay open:
/// enough for what people write, and a bound for definitions that multiply each other.
const MAX_EXPANSION: usize = 1 << 20;

/// How deep a schema may nest; what lies deeper stays open. Breadcrumbs of real taps go six deep.
const MAX_DEPTH: usize = 64;

/// Rewrites a stream's schema: type object with `properties`, `$ref` inlined (a recursive one,
/// one that leads nowhere, and one that would take the expansion over 1 MiB leave their node
/// open), `allOf` merged, `anyOf` and `oneOf` folded to what covers all branches, `not` and all
/// bounds, lengths, patterns, enums and `required` left out, since values break them.
///
/// Never fails, whatever it is given; normalising a second time changes nothing.
///
/// ```
/// use airbyte_singer::translate::schema::{Hints, normalise};
///
/// let tap = serde_json::json!({"properties": {
///     "at": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
///     "n": {"type": ["integer"], "maximum": 9, "exclusiveMaximum": true},
/// }});
/// let ours = normalise(&tap, &Hints::default());
/// assert_eq!(serde_json::Value::Object(ours), serde_json::json!({
///     "type": "object",
///     "properties": {
///         "at": {
///             "type": ["null", "string"],
///             "format": "date-time",
///             "airbyte_type": "timestamp_with_timezone",
///         },
///         "n": {"type": "integer"},
///     },
/// }));
/// ```
pub fn normalise(schema: &Value, hints: &Hints) -> Map<String, Value> {
    let mut root = read(schema, hints.database);
    root.types = Some(Types::OBJECT);
    root.properties.retain(|name, _| hints.columns.get(name).is_none_or(|c| !c.unsupported));
    for (name, node) in &mut root.properties {
        hints::apply(hints.columns.get(name), node);
    }
    let mut map = root.into_map();
    map.entry("properties").or_insert_with(|| Value::Object(Map::new()));
    map
}

/// The names of a stream's columns by its schema, also those that references and combinators add.
pub fn columns(schema: &Value) -> HashSet<Box<str>> {
    let composed = ["$ref", "allOf", "anyOf", "oneOf"];
    if composed.iter().all(|word| schema.get(word).is_none()) {
        let own = schema.get("properties").and_then(Value::as_object);
        return own.into_iter().flat_map(Map::keys).map(|name| name.as_str().into()).collect();
    }
    read(schema, false).properties.keys().map(|name| name.as_str().into()).collect()
}

/// Reads a schema, references and combinators resolved.
fn read(schema: &Value, database: bool) -> Node {
    let mut reader =
        Reader { root: schema, database, active: Vec::new(), sizes: HashMap::new(), expanded: 0 };
    reader.node(schema, 0)
}

struct Reader<'a> {
    root: &'a Value,
    database: bool,
    /// The references being followed.
    active: Vec<&'a str>,
    /// The size of what each reference points to, measured once.
    sizes: HashMap<&'a str, usize>,
    /// Bytes inlined so far.
    expanded: usize,
}

impl<'a> Reader<'a> {
    fn node(&mut self, schema: &'a Value, depth: usize) -> Node {
        let schema = match schema {
            Value::Object(schema) if depth < MAX_DEPTH => schema,
            // SDK taps write `"anyOf": [{…}, "null"]`: the name of a type where a schema belongs.
            Value::String(_) => return Node { types: Types::parse(schema), ..Node::open() },
            _ => return Node::open(),
        };
        let mut node = self.own(schema, depth);
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            node = node.intersect(self.reference(reference, depth));
        }
        for part in schemas(schema, "allOf") {
            node = node.intersect(self.node(part, depth + 1));
        }
        for keyword in ["anyOf", "oneOf"] {
            let branches = schemas(schema, keyword).iter();
            let folded = branches.map(|branch| self.node(branch, depth + 1)).reduce(Node::union);
            if let Some(folded) = folded {
                node = node.intersect(folded);
            }
        }
        if schema.get("nullable") == Some(&Value::Bool(true)) {
            node.types = node.types.map(|types| types.with(Types::NULL));
        }
        node
    }

    /// The node's own keywords, without its references and combinators.
    fn own(&mut self, schema: &'a Map<String, Value>, depth: usize) -> Node {
        let mut node = Node::open();
        let object = |key: &str| schema.get(key).and_then(Value::as_object);
        let text = |key: &str| schema.get(key).and_then(Value::as_str).map(str::to_owned);
        (node.title, node.description) = (text("title"), text("description"));
        for (name, property) in object("properties").into_iter().flatten() {
            node.properties.insert(name.clone(), self.node(property, depth + 1));
        }
        if let Some(others) = schema.get("additionalProperties").filter(|v| v.is_object()) {
            node.others = Some(Box::new(self.node(others, depth + 1)));
        }
        // A database's arrays nest as deep as a row likes, and hold nulls.
        if let Some(items) = schema.get("items").filter(|v| v.is_object() && !self.database) {
            node.items = Some(Box::new(self.node(items, depth + 1)));
        }
        node.format = schema.get("format").and_then(Format::parse);
        match schema.get("airbyte_type").and_then(Value::as_str) {
            Some("timestamp_with_timezone" | "time_with_timezone") => node.zoned = Some(true),
            Some("timestamp_without_timezone" | "time_without_timezone") => {
                node.zoned = Some(false);
            }
            Some("integer") => node.integral = true,
            _ => {}
        }
        node.types = match schema.get("type") {
            Some(keyword) => Types::parse(keyword),
            None => implied(schema, &node),
        };
        if schema.get("format").and_then(Value::as_str) == Some("spatial") {
            // Declared an object, and sent as the text of one.
            node.types = None;
        }
        node.integral |= hints::fits_integer(schema);
        if let Some(sql) = schema.get("x-sql-datatype").and_then(Value::as_str) {
            hints::apply_sql_type(sql, &mut node);
        }
        node
    }

    fn reference(&mut self, reference: &'a str, depth: usize) -> Node {
        let Some(target) = point(self.root, reference) else { return Node::open() };
        if self.active.contains(&reference) {
            return Node::open();
        }
        let size = *self.sizes.entry(reference).or_insert_with(|| target.to_string().len());
        if self.expanded + size > MAX_EXPANSION {
            return Node::open();
        }
        self.expanded += size;
        self.active.push(reference);
        let node = self.node(target, depth + 1);
        self.active.pop();
        node
    }
}

/// The types that keywords other than `type` imply. Nothing was declared, so null is among them.
fn implied(schema: &Map<String, Value>, node: &Node) -> Option<Types> {
    let values = schema.get("enum").and_then(Value::as_array).map(Vec::as_slice);
    let values = values.or(schema.get("const").map(std::slice::from_ref));
    let types = if !node.properties.is_empty() || node.others.is_some() {
        Types::OBJECT
    } else if node.items.is_some() {
        Types::ARRAY
    } else if node.format.is_some() {
        Types::STRING
    } else {
        values?.iter().map(Types::of).reduce(Types::with)?
    };
    Some(types.with(Types::NULL))
}

/// The list of schemas under a combinator; empty when there is none.
fn schemas<'a>(schema: &'a Map<String, Value>, keyword: &str) -> &'a [Value] {
    schema.get(keyword).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// What a reference into the same document points to (`#/definitions/x`, escapes included).
fn point<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    let pointer = reference.strip_prefix('#')?;
    root.pointer(pointer).or_else(|| {
        let decoded = pointer.replace("%25", "%").replace("%20", " ").replace("%24", "$");
        root.pointer(&decoded)
    })
}

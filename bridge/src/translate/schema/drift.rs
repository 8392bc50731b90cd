use super::node::{Format, Node};
use super::types::Types;
use serde_json::Value;
use std::collections::HashSet;
use std::fmt;

/// What matters of a schema when it is compared with another: names of properties, types, and the
/// formats of times. Small, since a read keeps one for each of its streams.
///
/// ```
/// use airbyte_singer::translate::schema::Shape;
/// use serde_json::json;
///
/// let discovered = Shape::of(&json!({"properties": {
///     "id": {"type": "integer"}, "city": {"type": ["null", "string"], "selected": true},
/// }}), false);
/// let said = Shape::of(&json!({"properties": {
///     "id": {"type": "string"}, "city": {"type": "string"}, "zip": {"type": "string"},
/// }}), false);
/// let told: Vec<String> = discovered.drift(&said).iter().map(ToString::to_string).collect();
/// assert_eq!(told, [
///     "`id` was integer and is string now",
///     "`zip` is new (string)",
/// ]);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shape {
    /// None: open, any value. Null is never among them.
    types: Option<Types>,
    format: Option<Format>,
    /// Whether a schema that lacks this property is as good.
    optional: bool,
    inside: Option<Box<Inside>>,
}

/// What objects and arrays hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Inside {
    /// By name, in their order.
    properties: Vec<(Box<str>, Shape)>,
    items: Option<Shape>,
}

/// One place where a schema isn't what was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Names of properties with dots between them, `[]` after a list: `addresses[].city`.
    pub path: String,
    /// What happened there.
    pub change: Change,
}

/// What became of a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is there, with these types, and wasn't before.
    New(String),
    /// It was there.
    Gone,
    /// Its types before and now.
    Retyped(String, String),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Longer paths are cut, in characters.
        const LONG: usize = 200;
        write!(f, "`{:.LONG$}` ", self.path)?;
        match &self.change {
            Change::New(now) => write!(f, "is new ({now})"),
            Change::Gone => write!(f, "is gone"),
            Change::Retyped(before, now) => {
                write!(f, "was {before} and is {now} now")
            }
        }
    }
}

impl Shape {
    /// The shape of a stream's schema. `database` as in [`Hints`](super::Hints).
    pub fn of(schema: &Value, database: bool) -> Self {
        Self { types: Some(Types::OBJECT), ..Self::of_node(super::read(schema, database)) }
    }

    fn of_node(node: Node) -> Self {
        let mut properties: Vec<_> = node
            .properties
            .into_iter()
            .map(|(name, node)| (name.into_boxed_str(), Self::of_node(node)))
            .collect();
        properties.sort_by(|(a, _), (b, _)| a.cmp(b));
        let items = node.items.map(|items| Self::of_node(*items));
        let inside = Inside { properties, items };
        Self {
            // What was seen as null only says as little as what is open.
            types: node.types.filter(|types| !types.is_just(Types::default())).map(plain),
            format: node.format,
            optional: false,
            inside: (inside != Inside::default()).then(|| Box::new(inside)),
        }
    }

    /// Whether nothing is known of the properties, so that nothing can differ.
    pub fn is_open(&self) -> bool {
        self.properties().is_empty()
    }

    /// Makes top-level properties such that a schema without them is as good: those that were
    /// deselected, or that the tap can't read.
    pub fn may_lack(mut self, names: &HashSet<&str>) -> Self {
        for (name, property) in self.inside.iter_mut().flat_map(|inside| &mut inside.properties) {
            property.optional |= names.contains(&**name);
        }
        self
    }

    /// Where `said` differs, in the order of the paths. Not a difference: null among the types or
    /// not, the order of types, a slot that says nothing on either side, a plain string that turns
    /// out to be a time, and the columns that taps add to their streams (`_sdc_…`).
    pub fn drift(&self, said: &Self) -> Vec<Difference> {
        let mut found = Vec::new();
        self.compare(said, &mut String::new(), &mut found);
        found
    }

    fn compare(&self, said: &Self, path: &mut String, found: &mut Vec<Difference>) {
        let (Some(before), Some(now)) = (self.types, said.types) else { return };
        let other_time = self.format.is_some() && self.format != said.format;
        if before != now || other_time {
            let change = Change::Retyped(self.name(), said.name());
            found.push(Difference { path: path.clone(), change });
            return;
        }
        self.compare_properties(said, path, found);
        if let (Some(before), Some(now)) = (self.items(), said.items()) {
            within(path, "[]", |path| before.compare(now, path, found));
        }
    }

    fn compare_properties(&self, said: &Self, path: &mut String, found: &mut Vec<Difference>) {
        let (mut before, mut now) = (self.properties(), said.properties());
        if before.is_empty() || now.is_empty() {
            return;
        }
        let dot = if path.is_empty() { "" } else { "." };
        loop {
            let order = match (before.first(), now.first()) {
                (Some((a, _)), Some((b, _))) => a.cmp(b),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (None, None) => return,
            };
            let expected = if order.is_le() { before.split_off_first() } else { None };
            let actual = if order.is_ge() { now.split_off_first() } else { None };
            match (expected, actual) {
                (Some((name, expected)), Some((_, actual))) => {
                    within(path, &format!("{dot}{name}"), |path| {
                        expected.compare(actual, path, found);
                    });
                }
                (Some((name, expected)), None) if !expected.optional => {
                    let path = format!("{path}{dot}{name}");
                    found.push(Difference { path, change: Change::Gone });
                }
                (None, Some((name, actual))) if !(dot.is_empty() && name.starts_with("_sdc_")) => {
                    let path = format!("{path}{dot}{name}");
                    found.push(Difference { path, change: Change::New(actual.name()) });
                }
                _ => {}
            }
        }
    }

    fn properties(&self) -> &[(Box<str>, Self)] {
        self.inside.as_ref().map_or(&[], |inside| &inside.properties)
    }

    fn items(&self) -> Option<&Self> {
        self.inside.as_ref()?.items.as_ref()
    }

    /// Its types in words.
    fn name(&self) -> String {
        let Some(types) = self.types else { return "of any type".to_owned() };
        let names = types.names().collect::<Vec<_>>().join(" or ");
        match self.format {
            Some(format) => format!("{names} ({})", format.name()),
            None => names,
        }
    }
}

fn plain(types: Types) -> Types {
    types.without(Types::NULL).tidy()
}

/// Does something with a longer path.
fn within(path: &mut String, step: &str, work: impl FnOnce(&mut String)) {
    let length = path.len();
    path.push_str(step);
    work(path);
    path.truncate(length);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shape(properties: Value) -> Shape {
        Shape::of(&json!({ "properties": properties }), false)
    }

    fn told(before: Value, now: Value) -> Vec<String> {
        shape(before).drift(&shape(now)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_means_nothing_is_no_difference() {
        for (before, now) in [
            (json!({"type": "integer"}), json!({"type": ["integer", "null"]})),
            (json!({"type": ["null", "string", "number"]}), json!({"type": ["number", "string"]})),
            (json!({"type": ["integer", "number"]}), json!({"type": "number"})),
            (
                json!({"type": "string"}),
                json!({"type": "string", "selected": true, "maxLength": 3}),
            ),
            (json!({"type": "string"}), json!({"anyOf": [{"type": "string"}, {"type": "null"}]})),
            (json!({"type": "string"}), json!({})),
            (json!({}), json!({"type": "string"})),
            (json!({"type": "null"}), json!({"type": "string"})),
            (json!({"type": "string"}), json!({"type": "string", "format": "date-time"})),
            (json!({"type": "object"}), json!({"type": "object", "properties": {"a": {}}})),
            (json!({"type": "object", "properties": {"a": {}}}), json!({"type": "object"})),
            (json!({"type": "array"}), json!({"type": "array", "items": {"type": "string"}})),
        ] {
            let told = told(json!({ "p": before }), json!({ "p": now }));
            assert!(told.is_empty(), "{before} {now}: {told:?}");
        }
        let reference = json!({"properties": {"p": {"$ref": "#/definitions/d"}},
            "definitions": {"d": {"type": "integer"}}});
        let said = shape(json!({"p": {"type": "integer"}}));
        assert!(Shape::of(&reference, false).drift(&said).is_empty());
        assert!(told(json!({"a": {}}), json!({"_sdc_lsn": {}, "a": {}})).is_empty());
        assert!(told(json!({}), json!({"a": {}})).is_empty(), "nothing was discovered");
        assert!(told(json!({"a": {}}), json!({})).is_empty(), "nothing is said");
    }

    #[test]
    fn what_differs_is_named_by_its_path() {
        let before = json!({
            "at": {"type": "string", "format": "date-time"},
            "tags": {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "string"}}}},
            "gone": {"type": "string"},
            "address": {"type": "object", "properties": {"city": {"type": "string"}, "zip": {}}},
        });
        let now = json!({
            "at": {"type": "string"},
            "tags": {"type": "array", "items": {"type": "object", "properties": {"n": {"type": ["null", "boolean"]}}}},
            "address": {"type": "object", "properties": {"city": {"type": "array"}, "_sdc_x": {}}},
            "new": {"type": ["null", "string", "object"]},
        });
        assert_eq!(
            told(before, now),
            [
                "`address._sdc_x` is new (of any type)",
                "`address.city` was string and is array now",
                "`address.zip` is gone",
                "`at` was string (date-time) and is string now",
                "`gone` is gone",
                "`new` is new (string or object)",
                "`tags[].n` was string and is boolean now",
            ]
        );
    }

    #[test]
    fn a_field_that_was_deselected_may_be_there_or_not() {
        let all = shape(json!({"a": {"type": "string"}, "b": {"type": "string"}}));
        let expected = all.clone().may_lack(&HashSet::from(["b"]));
        assert!(expected.drift(&shape(json!({"a": {"type": "string"}}))).is_empty());
        assert!(expected.drift(&all).is_empty());
    }
}

use super::types::Types;
use indexmap::IndexMap;
use serde_json::{Map, Value};

/// The formats that Airbyte's type system knows; all others mean nothing to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Date,
    DateTime,
    Time,
}

impl Format {
    pub(super) fn parse(keyword: &Value) -> Option<Self> {
        match keyword.as_str()? {
            "date" => Some(Self::Date),
            "date-time" => Some(Self::DateTime),
            "time" => Some(Self::Time),
            _ => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Date => "date",
            Self::DateTime => "date-time",
            Self::Time => "time",
        }
    }

    /// The `format` and `airbyte_type` to write. Where nothing says which it is, a timestamp has
    /// a zone (Singer asks for RFC 3339) and a time of day has none, as clients assume too.
    fn keywords(self, zoned: Option<bool>) -> (&'static str, Option<&'static str>) {
        match (self, zoned) {
            (Self::Date, _) => ("date", None),
            (Self::DateTime, Some(false)) => ("date-time", Some("timestamp_without_timezone")),
            (Self::DateTime, _) => ("date-time", Some("timestamp_with_timezone")),
            (Self::Time, Some(true)) => ("time", Some("time_with_timezone")),
            (Self::Time, _) => ("time", Some("time_without_timezone")),
        }
    }
}

/// A schema cut down to what Airbyte's clients understand.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Node {
    /// None: open, any value.
    pub(super) types: Option<Types>,
    /// Of objects, in the tap's order.
    pub(super) properties: IndexMap<String, Node>,
    /// Of arrays; None: anything.
    pub(super) items: Option<Box<Node>>,
    /// The schema of properties that aren't named; None: anything.
    pub(super) others: Option<Box<Node>>,
    /// Of strings.
    pub(super) format: Option<Format>,
    /// Whether the times carry a zone, where that is known.
    pub(super) zoned: Option<bool>,
    /// A number slot that holds 64-bit integers only.
    pub(super) integral: bool,
    /// Words for people, kept.
    pub(super) title: Option<String>,
    /// Words for people, kept.
    pub(super) description: Option<String>,
}

impl Node {
    /// Any value at all.
    pub(super) fn open() -> Self {
        Self::default()
    }

    /// Both apply: `allOf`, and keywords beside a `$ref` or `anyOf`. Where the two contradict
    /// each other the result is open.
    pub(super) fn intersect(mut self, other: Self) -> Self {
        self.title = self.title.or(other.title);
        self.description = self.description.or(other.description);
        self.types = match (self.types, other.types) {
            (Some(a), Some(b)) => match a.intersect(b) {
                empty if empty.without(Types::NULL) == Types::default() && a != b => None,
                both => Some(both),
            },
            (a, b) => a.or(b),
        };
        for (name, node) in other.properties {
            let merged = match self.properties.get_mut(&name) {
                Some(mine) => std::mem::take(mine).intersect(node),
                None => node,
            };
            self.properties.insert(name, merged);
        }
        self.items = join(self.items, other.items, Self::intersect);
        self.others = join(self.others, other.others, Self::intersect);
        self.integral |= other.integral;
        (self.format, self.zoned) = match (self.format, other.format) {
            (Some(a), Some(b)) if a != b => (None, None),
            (a, b) => (a.or(b), self.zoned.or(other.zoned)),
        };
        self
    }

    /// Either applies: `anyOf` and, as its wider neighbour, `oneOf`.
    pub(super) fn union(mut self, other: Self) -> Self {
        let (Some(mine), Some(theirs)) = (self.types, other.types) else { return Self::open() };
        self.types = Some(mine.with(theirs));
        let both = |types: Types| mine.has(types) && theirs.has(types);
        let only_theirs = |types: Types| !mine.has(types) && theirs.has(types);
        if only_theirs(Types::STRING) {
            (self.format, self.zoned) = (other.format, other.zoned);
        } else if both(Types::STRING) && self.format != other.format {
            (self.format, self.zoned) = (None, None);
        } else if both(Types::STRING) && self.zoned != other.zoned {
            self.zoned = None;
        }
        if only_theirs(Types::ARRAY) {
            self.items = other.items;
        } else if both(Types::ARRAY) {
            self.items = self.items.zip(other.items).map(|(a, b)| Box::new(a.union(*b)));
        }
        if only_theirs(Types::OBJECT) {
            self.others = other.others;
        } else if both(Types::OBJECT) && self.others != other.others {
            self.others = None;
        }
        let number = Types::NUMBER.with(Types::INTEGER);
        self.integral = match (mine.has(number), theirs.has(number)) {
            (true, true) => self.integral && other.integral,
            (false, true) => other.integral,
            _ => self.integral,
        };
        for (name, node) in other.properties {
            let merged = match self.properties.get_mut(&name) {
                Some(mine) => std::mem::take(mine).union(node),
                None => node,
            };
            self.properties.insert(name, merged);
        }
        self.title = self.title.filter(|title| other.title.as_ref() == Some(title));
        self.description = self.description.or(other.description);
        self
    }

    /// The JSON Schema, with no keyword that a value could contradict without breaking its type.
    pub(super) fn into_map(self) -> Map<String, Value> {
        let mut map = Map::new();
        if let Some(types) = self.types {
            map.insert("type".to_owned(), types.to_value());
            self.write_airbyte_type(types, &mut map);
        }
        for (key, text) in [("title", self.title), ("description", self.description)] {
            if let Some(text) = text {
                map.insert(key.to_owned(), Value::String(text));
            }
        }
        let types = self.types.unwrap_or_default();
        if types.has(Types::OBJECT) {
            if !self.properties.is_empty() {
                let properties = self.properties.into_iter();
                let properties =
                    properties.map(|(name, node)| (name, Value::Object(node.into_map())));
                map.insert("properties".to_owned(), Value::Object(properties.collect()));
            }
            if let Some(others) = self.others.filter(|node| node.types.is_some()) {
                map.insert("additionalProperties".to_owned(), Value::Object(others.into_map()));
            }
        }
        if let Some(items) =
            self.items.filter(|node| types.has(Types::ARRAY) && node.types.is_some())
        {
            map.insert("items".to_owned(), Value::Object(items.into_map()));
        }
        map
    }

    /// `format` and `airbyte_type`, only where the slot holds one type: beside another type they
    /// would make a client build a column that the other values don't fit into.
    fn write_airbyte_type(&self, types: Types, map: &mut Map<String, Value>) {
        if let Some(format) = self.format.filter(|_| types.is_just(Types::STRING)) {
            let (format, airbyte_type) = format.keywords(self.zoned);
            map.insert("format".to_owned(), format.into());
            if let Some(airbyte_type) = airbyte_type {
                map.insert("airbyte_type".to_owned(), airbyte_type.into());
            }
        }
        if self.integral && types.is_just(Types::NUMBER) {
            map.insert("airbyte_type".to_owned(), "integer".into());
        }
    }
}

fn join(
    a: Option<Box<Node>>,
    b: Option<Box<Node>>,
    both: fn(Node, Node) -> Node,
) -> Option<Box<Node>> {
    match (a, b) {
        (Some(a), Some(b)) => Some(Box::new(both(*a, *b))),
        (a, b) => a.or(b),
    }
}

//! What records look like, going by samples of them.

use super::Schema;
use indexmap::IndexMap;
use serde_json::{Map, Value, json};
use text::Text;

mod text;

/// Objects within each other are told apart so deep; what is deeper is any object.
const DEEPEST: usize = 16;
/// An object with more members than this is taken for a map whose keys are data.
const MOST_MEMBERS: usize = 500;
/// So many properties are kept in all.
const MOST: usize = 10_000;

/// Gathers the schema of records from samples of them, whose number doesn't matter: it keeps their shape
/// alone.
///
/// A property may always be null or missing, since samples never show all that there is. Of texts that are
/// all dates or all timestamps, either all with an offset or all without, that is said in Airbyte's words.
/// A property that only ever was null may be anything.
///
/// ```
/// use airbyte_singer_sdk::toolkit::Inference;
/// use serde_json::{Value, json};
///
/// let mut inference = Inference::new();
/// for sample in [json!({"id": 1, "day": "2026-11-23"}), json!({"id": 2.5, "tags": ["a"]})] {
///     let Value::Object(sample) = sample else { unreachable!() };
///     inference.add(&sample);
/// }
/// let schema = inference.schema().into_map();
/// assert_eq!(schema["properties"]["id"], json!({"type": ["number", "null"]}));
/// assert_eq!(schema["properties"]["day"], json!({"type": ["string", "null"], "format": "date"}));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Inference {
    members: Members,
    kept: usize,
}

/// The members of an object, in the order in which they were first seen.
#[derive(Debug, Clone, Default)]
struct Members {
    shapes: IndexMap<String, Shape>,
    /// Whether there are so many that they aren't told apart any more.
    any: bool,
}

/// The kinds of values that were seen in one place.
#[derive(Debug, Clone, Default)]
struct Shape {
    boolean: bool,
    integer: bool,
    number: bool,
    text: Option<Text>,
    list: Option<Box<Shape>>,
    object: Option<Members>,
}

impl Inference {
    /// No sample yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a sample.
    pub fn add(&mut self, record: &Map<String, Value>) {
        self.members.add(record, 0, &mut self.kept);
    }

    /// What all samples fit, an object with `properties`.
    pub fn schema(&self) -> Schema {
        let mut schema = Map::new();
        schema.insert("$schema".to_owned(), "http://json-schema.org/draft-07/schema#".into());
        schema.insert("type".to_owned(), "object".into());
        schema.insert("properties".to_owned(), Value::Object(self.members.properties()));
        Schema::given(Value::Object(schema))
    }
}

/// Whether a text is a timestamp in Airbyte's sense, which may be without an offset; JSON Schema's
/// `date-time` may not.
pub fn is_timestamp(text: &str) -> bool {
    matches!(Text::of(text), Text::Timestamp | Text::LocalTimestamp)
}

impl Schema {
    /// The schema that all of these records fit: see [`Inference`].
    pub fn inferred<'a>(records: impl IntoIterator<Item = &'a Map<String, Value>>) -> Self {
        let mut inference = Inference::new();
        records.into_iter().for_each(|record| inference.add(record));
        inference.schema()
    }
}

impl Members {
    fn add(&mut self, object: &Map<String, Value>, depth: usize, kept: &mut usize) {
        if self.any {
            return;
        }
        for (name, value) in object {
            if let Some(shape) = self.shapes.get_mut(name) {
                shape.add(value, depth, kept);
            } else if *kept < MOST {
                *kept += 1;
                self.shapes.entry(name.clone()).or_default().add(value, depth, kept);
            }
        }
        // A record's own properties are its columns, however many.
        if depth > 0 && (self.shapes.len() > MOST_MEMBERS || depth >= DEEPEST) {
            *self = Self { shapes: IndexMap::new(), any: true };
        }
    }

    fn properties(&self) -> Map<String, Value> {
        self.shapes.iter().map(|(name, shape)| (name.clone(), shape.schema())).collect()
    }
}

impl Shape {
    fn add(&mut self, value: &Value, depth: usize, kept: &mut usize) {
        match value {
            Value::Null => {}
            Value::Bool(_) => self.boolean = true,
            Value::Number(number) if number.to_string().contains(['.', 'e', 'E']) => {
                self.number = true;
            }
            Value::Number(_) => self.integer = true,
            Value::String(text) => {
                let kind = Text::of(text);
                self.text = Some(self.text.map_or(kind, |seen| seen.and(kind)));
            }
            Value::Array(list) => {
                let shape = self.list.get_or_insert_default();
                if depth < DEEPEST {
                    list.iter().for_each(|value| shape.add(value, depth + 1, kept));
                }
            }
            Value::Object(object) => {
                self.object.get_or_insert_default().add(object, depth + 1, kept);
            }
        }
    }

    fn schema(&self) -> Value {
        let kinds = [
            (self.object.is_some(), "object"),
            (self.list.is_some(), "array"),
            (self.text.is_some(), "string"),
            (self.number, "number"),
            // Every integer is a number.
            (self.integer && !self.number, "integer"),
            (self.boolean, "boolean"),
        ];
        let mut kinds: Vec<&str> =
            kinds.into_iter().filter(|(seen, _)| *seen).map(|(_, kind)| kind).collect();
        if kinds.is_empty() {
            return json!({});
        }
        kinds.push("null");
        let mut schema = Map::from_iter([("type".to_owned(), json!(kinds))]);
        if let Some(members) = self.object.as_ref().filter(|members| !members.shapes.is_empty()) {
            schema.insert("properties".to_owned(), Value::Object(members.properties()));
        }
        if let Some(items) = self.list.as_deref() {
            schema.insert("items".to_owned(), items.schema());
        }
        // A format is that of the texts; where there are other kinds too, it says too much.
        if let (Some(text), 2) = (self.text, kinds.len()) {
            text.describe(&mut schema);
        }
        Value::Object(schema)
    }
}

#[cfg(test)]
mod tests;

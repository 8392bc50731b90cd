//! What a profile corrects about a tap's streams.

use airbyte_protocol::SyncMode;
use indexmap::IndexMap;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

/// Corrections by `tap_stream_id`; streams that aren't named are taken as the tap says.
pub type Overrides = IndexMap<String, StreamOverride>;

/// What a profile says about one stream, under `streams.<tap_stream_id>`. Everything is optional;
/// unknown keys are refused.
///
/// ```
/// use airbyte_singer::translate::overrides::StreamOverride;
/// let json = r#"{"name": "people", "primary_key": ["id"], "replication_method": "LOG_BASED"}"#;
/// let people: StreamOverride = serde_json::from_str(json)?;
/// assert_eq!(people.primary_key, Some(vec![vec!["id".to_owned()]]));
/// assert!(serde_json::from_str::<StreamOverride>(r#"{"nmae": "people"}"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StreamOverride {
    /// The Airbyte stream's name; never empty.
    #[serde(deserialize_with = "name")]
    pub name: Option<String>,
    /// The Airbyte stream's namespace; empty for none.
    pub namespace: Option<String>,
    /// The parts of the primary key, each a name or a path; an empty list for no key.
    #[serde(deserialize_with = "paths")]
    pub primary_key: Option<Vec<Vec<String>>>,
    /// The replication key.
    pub cursor: Option<String>,
    /// How the tap is asked to read the stream when it is synced incrementally.
    pub replication_method: Option<Method>,
    /// What is offered; `full_refresh` is always added.
    pub sync_modes: Option<Vec<SyncMode>>,
    /// Whether the stream's bookmark stands alone, whatever the catalog's evidence.
    pub alone: Option<bool>,
    /// What its columns are in its schema, whatever the tap says; never what their values are.
    pub columns: IndexMap<String, ColumnOverride>,
    /// More names that the tap's messages give this stream.
    pub aliases: Vec<String>,
    /// Leaves the stream out of the catalog.
    pub exclude: bool,
}

impl StreamOverride {
    /// Writes what is said of columns into a stream's schema, where it is an object.
    pub fn overrule(&self, schema: &mut Value) {
        let Value::Object(schema) = schema else { return };
        if self.columns.is_empty() {
            return;
        }
        let properties = schema.entry("properties").or_insert_with(|| json!({}));
        let Value::Object(properties) = properties else { return };
        for (name, column) in &self.columns {
            let schema = column.schema(properties.get(name));
            properties.insert(name.clone(), schema);
        }
    }
}

/// What a profile says about one column, under `streams.<tap_stream_id>.columns.<name>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnOverride {
    /// Its type, which takes the place of its type and format in the tap's schema.
    #[serde(rename = "type")]
    pub kind: ColumnType,
}

/// A type of JSON, as a profile writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
    /// Text.
    String,
    /// Any number.
    Number,
    /// A whole number.
    Integer,
    /// True or false.
    Boolean,
    /// Names and values.
    Object,
    /// A list.
    Array,
}

impl ColumnOverride {
    /// The column's schema; with null unless what the tap said excludes it.
    pub(super) fn schema(self, said: Option<&Value>) -> Value {
        let kind = match self.kind {
            ColumnType::String => "string",
            ColumnType::Number => "number",
            ColumnType::Integer => "integer",
            ColumnType::Boolean => "boolean",
            ColumnType::Object => "object",
            ColumnType::Array => "array",
        };
        match said.and_then(|said| said.get("type")) {
            Some(Value::String(one)) if one != "null" => json!({ "type": kind }),
            Some(Value::Array(list)) if !list.contains(&json!("null")) => json!({ "type": kind }),
            _ => json!({"type": ["null", kind]}),
        }
    }
}

/// A Singer replication method, as a profile writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Method {
    /// Everything, every time.
    FullTable,
    /// What is newer than the bookmark.
    Incremental,
    /// What the database's log says.
    LogBased,
}

/// Refuses the empty name: clients can't call a stream that.
fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let name = Option::<String>::deserialize(deserializer)?;
    if name.as_deref() == Some("") {
        let empty = serde::de::Unexpected::Str("");
        return Err(serde::de::Error::invalid_value(empty, &"a name that is not empty"));
    }
    Ok(name)
}

/// Reads `["id"]` and `[["id"]]` alike.
fn paths<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Vec<String>>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Part {
        Name(String),
        Path(Vec<String>),
    }
    let parts = Option::<Vec<Part>>::deserialize(deserializer)?;
    Ok(parts.map(|parts| {
        let path = |part| match part {
            Part::Name(name) => vec![name],
            Part::Path(path) => path,
        };
        parts.into_iter().map(path).filter(|path| !path.is_empty()).collect()
    }))
}

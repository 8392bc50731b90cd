//! What a profile corrects about a tap's streams.

use airbyte_protocol::SyncMode;
use indexmap::IndexMap;
use serde::{Deserialize, Deserializer};

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
    /// More names that the tap's messages give this stream.
    pub aliases: Vec<String>,
    /// Leaves the stream out of the catalog.
    pub exclude: bool,
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

use crate::{Error, StreamDescriptor};
use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value};

/// A checkpoint: the payload of STATE.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// The position of one stream; what every client understands.
    Stream(StreamState, StateStats),
    /// The position of all streams together.
    Global(GlobalState, StateStats),
    /// One blob for all (deprecated; some platforms refuse it).
    Legacy(Value, StateStats),
}

/// The position of one stream (`AirbyteStreamState`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StreamState {
    /// Whose position.
    pub stream_descriptor: StreamDescriptor,
    /// The position, the source's own business; absent means "start over".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream_state: Option<Value>,
}

/// The position of all streams (`AirbyteGlobalState`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GlobalState {
    /// What they share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared_state: Option<Value>,
    /// What each has of its own.
    #[serde(default, deserialize_with = "crate::stream::null_is_default")]
    pub stream_states: Vec<StreamState>,
}

/// How many records a checkpoint covers: those since the last one of the same stream (of all
/// streams for GLOBAL).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StateStats {
    /// Records emitted.
    pub record_count: u64,
    /// Lines that claimed to be records and were refused.
    pub rejected_record_count: u64,
}

impl Serialize for StateStats {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // The protocol defines a double that "should always have a decimal point"; serde_json
        // writes one for every f64, exactly up to 2^53 records.
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("recordCount", &(self.record_count as f64))?;
        if self.rejected_record_count > 0 {
            map.serialize_entry("rejectedRecordCount", &(self.rejected_record_count as f64))?;
        }
        map.end()
    }
}

impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        let stats = match self {
            Self::Stream(state, stats) => {
                map.serialize_entry("type", "STREAM")?;
                map.serialize_entry("stream", state)?;
                stats
            }
            Self::Global(state, stats) => {
                map.serialize_entry("type", "GLOBAL")?;
                map.serialize_entry("global", state)?;
                stats
            }
            Self::Legacy(data, stats) => {
                map.serialize_entry("type", "LEGACY")?;
                map.serialize_entry("data", data)?;
                stats
            }
        };
        map.serialize_entry("sourceStats", stats)?;
        map.end()
    }
}

/// What came in with `read --state`, whatever its dress.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum StateInput {
    /// Nothing: no file, an empty file, `null`, `[]` or `{}`.
    #[default]
    Empty,
    /// Positions stream by stream. The last one of a stream counts.
    PerStream(Vec<StreamState>),
    /// One position for all.
    Global(GlobalState),
    /// A LEGACY blob, or a bare object that is no Airbyte state at all (a Singer state).
    Legacy(Map<String, Value>),
}

impl StateInput {
    /// Reads the file behind `--state` in every form that clients write: a list of state
    /// messages (bare or inside `{"type":"STATE","state":…}`), a single one, a bare object, an
    /// empty file. Unknown keys, nulls and repeated keys are fine.
    ///
    /// # Errors
    ///
    /// Names the place: not JSON (line, column), a state of an unknown type, a STREAM without
    /// descriptor (`[2].stream.stream_descriptor`), types mixed in one list.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self::Empty);
        }
        let value: Value = serde_json::from_slice(bytes).map_err(|e| Error::syntax(&e))?;
        match value {
            Value::Null => Ok(Self::Empty),
            Value::Object(map) if map.is_empty() => Ok(Self::Empty),
            Value::Object(map) if looks_like_a_message(&map) => Self::from_list(vec![map.into()]),
            // A LEGACY state of the days before states had a type.
            Value::Object(map)
                if map.len() == 1 && map.get("data").is_some_and(Value::is_object) =>
            {
                Self::from_list(vec![map.into()])
            }
            Value::Object(map) => Ok(Self::Legacy(map)),
            Value::Array(list) => Self::from_list(list),
            _ => Err(Error::new("", "expected a list of states or an object")),
        }
    }

    fn from_list(list: Vec<Value>) -> Result<Self, Error> {
        let mut streams = Vec::new();
        let mut whole = None;
        for (index, value) in list.into_iter().enumerate() {
            match one(index, value)? {
                One::Stream(state) => streams.push(state),
                One::Whole(input) => whole = Some((index, input)),
                One::Nothing => {}
            }
        }
        match whole {
            None if streams.is_empty() => Ok(Self::Empty),
            None => Ok(Self::PerStream(streams)),
            Some((_, input)) if streams.is_empty() => Ok(input),
            Some((index, _)) => Err(Error::new(
                format!("[{index}]"),
                "states of different types in one list (STREAM beside GLOBAL or LEGACY)",
            )),
        }
    }
}

enum One {
    Stream(StreamState),
    Whole(StateInput),
    Nothing,
}

fn looks_like_a_message(map: &Map<String, Value>) -> bool {
    let kind = map.get("type").and_then(Value::as_str);
    matches!(kind, Some("STATE" | "STREAM" | "GLOBAL" | "LEGACY"))
        || map.get("stream").is_some_and(|s| s.get("stream_descriptor").is_some())
        || map.get("global").is_some_and(|g| g.get("stream_states").is_some())
}

fn one(index: usize, value: Value) -> Result<One, Error> {
    let Value::Object(mut map) = value else {
        if value.is_null() {
            return Ok(One::Nothing);
        }
        return Err(Error::new(format!("[{index}]"), "expected a state, which is an object"));
    };
    if let Some(Value::Object(inner)) = map.get_mut("state")
        && map_kind(inner).is_some()
    {
        let inner = std::mem::take(inner);
        return one(index, Value::Object(inner));
    }
    let part = |map: &mut Map<String, Value>, key: &str| map.remove(key).filter(|v| !v.is_null());
    match map_kind(&map) {
        Some("STREAM") => {
            let stream = part(&mut map, "stream").ok_or_else(|| {
                Error::new(format!("[{index}]"), "a STREAM state without `stream`")
            })?;
            let state = serde_path_to_error::deserialize(stream)
                .map_err(|e| crate::configured::path_error(&format!("[{index}].stream"), &e))?;
            Ok(One::Stream(state))
        }
        Some("GLOBAL") => {
            let global = part(&mut map, "global").ok_or_else(|| {
                Error::new(format!("[{index}]"), "a GLOBAL state without `global`")
            })?;
            let state = serde_path_to_error::deserialize(global)
                .map_err(|e| crate::configured::path_error(&format!("[{index}].global"), &e))?;
            Ok(One::Whole(StateInput::Global(state)))
        }
        Some("LEGACY") => match part(&mut map, "data") {
            Some(Value::Object(data)) if !data.is_empty() => {
                Ok(One::Whole(StateInput::Legacy(data)))
            }
            Some(Value::Object(_)) | None => Ok(One::Nothing),
            Some(_) => Err(Error::new(format!("[{index}].data"), "expected an object")),
        },
        Some(_) => Err(Error::new(format!("[{index}].type"), "expected STREAM, GLOBAL or LEGACY")),
        None => Err(Error::new(format!("[{index}]"), "this is no Airbyte state: it has no `type`")),
    }
}

/// The state's type: said, or plain from the payload (the protocol: no type means LEGACY).
fn map_kind(map: &Map<String, Value>) -> Option<&str> {
    let has = |key: &str| map.get(key).is_some_and(|v| !v.is_null());
    match map.get("type").and_then(Value::as_str) {
        Some(kind) => Some(kind),
        None if has("stream") => Some("STREAM"),
        None if has("global") => Some("GLOBAL"),
        None if has("data") => Some("LEGACY"),
        None => None,
    }
}

#[cfg(test)]
mod tests;

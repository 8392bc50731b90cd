//! The file behind `--state`, in whatever dress it comes.

use super::{GlobalState, StreamState, map_kind};
use crate::Error;
use serde_json::{Map, Value};

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
    /// messages (bare or inside `{"type":"STATE","state":…}`), a single one, one a line, a bare
    /// object, an empty file. Unknown keys, nulls and repeated keys are fine. A tap's own message,
    /// `{"type":"STATE","value":…}`, is the bare object in it; of several the last one counts.
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
        let value = match serde_json::from_slice(bytes) {
            Ok(value) => value,
            Err(error) => lines(bytes).ok_or_else(|| Error::syntax(&error))?,
        };
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
            Some((_, Self::Legacy(map))) if streams.is_empty() && map.is_empty() => Ok(Self::Empty),
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

/// Messages of states, one a line.
fn lines(bytes: &[u8]) -> Option<Value> {
    let values = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
    let is_message = |value: &Value| value.as_object().is_some_and(looks_like_a_message);
    let values = values.map(|value| value.ok().filter(is_message));
    values.collect::<Option<Vec<Value>>>().map(Value::Array)
}

/// Whether this is the message of a tap that holds its state, or no state at all.
fn is_of_a_tap(map: &Map<String, Value>) -> bool {
    let kind = map.get("type").and_then(Value::as_str);
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case("STATE"))
        && map.contains_key("value")
        && !map.contains_key("state")
}

fn looks_like_a_message(map: &Map<String, Value>) -> bool {
    let kind = map.get("type").and_then(Value::as_str);
    is_of_a_tap(map)
        || matches!(kind, Some("STATE" | "STREAM" | "GLOBAL" | "LEGACY"))
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
    if is_of_a_tap(&map) {
        return match part(&mut map, "value") {
            Some(Value::Object(value)) => Ok(One::Whole(StateInput::Legacy(value))),
            None => Ok(One::Whole(StateInput::Empty)),
            Some(_) => Err(Error::new(format!("[{index}].value"), "expected an object")),
        };
    }
    match map_kind(&map) {
        Some("STATE") => Err(Error::new(format!("[{index}]"), "this STATE message holds no state")),
        Some("STREAM") => {
            let stream = part(&mut map, "stream").ok_or_else(|| {
                Error::new(format!("[{index}]"), "a STREAM state without `stream`")
            })?;
            Ok(One::Stream(Error::reading(&format!("[{index}].stream"), stream)?))
        }
        Some("GLOBAL") => {
            let global = part(&mut map, "global").ok_or_else(|| {
                Error::new(format!("[{index}]"), "a GLOBAL state without `global`")
            })?;
            let state = Error::reading(&format!("[{index}].global"), global)?;
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

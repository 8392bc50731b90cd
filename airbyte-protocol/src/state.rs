use crate::StreamDescriptor;
use crate::document::{Extra, Figure, document};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Number, Value};

mod input;
mod line;

pub use input::StateInput;
pub use line::StateLine;

/// A checkpoint: the payload of STATE (`AirbyteStateMessage`).
///
/// A destination gives back what it has stored with its own counts beside the source's:
///
/// ```
/// use airbyte_protocol::{Message, StateStats};
///
/// let line = br#"{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":
///     {"name":"t"},"stream_state":{"n":7}},"sourceStats":{"recordCount":2.0},"id":3}}"#;
/// let Message::State(mut state) = Message::parse(line)? else { panic!("no state") };
/// state.destination_stats = Some(StateStats::records(2));
/// assert_eq!(
///     Message::State(state).to_line(),
///     concat!(
///         r#"{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"t"},"#,
///         r#""stream_state":{"n":7}},"sourceStats":{"recordCount":2.0},"#,
///         r#""destinationStats":{"recordCount":2.0},"id":3}}"#,
///         "\n"
///     )
/// );
/// # Ok::<(), airbyte_protocol::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// The position and whose it is.
    pub position: Position,
    /// What the source counted.
    pub source_stats: Option<StateStats>,
    /// What the destination counted; a source leaves it out.
    pub destination_stats: Option<StateStats>,
    /// What else the state holds, as it came: platforms number states, and an older source writes
    /// `data` beside the position of its type.
    pub extra: Extra,
}

/// The position that a [`State`] holds, by the type that it says (`AirbyteStateType`).
#[derive(Debug, Clone, PartialEq)]
pub enum Position {
    /// STREAM: the position of one stream; what every client understands.
    Stream(StreamState),
    /// GLOBAL: the position of all streams together.
    Global(GlobalState),
    /// LEGACY: one blob for all (deprecated; some platforms refuse it).
    Legacy(Value),
}

impl State {
    /// A source's checkpoint of one stream.
    pub fn stream(state: StreamState, stats: StateStats) -> Self {
        Self::of(Position::Stream(state), stats)
    }

    /// A source's checkpoint of all streams.
    pub fn global(state: GlobalState, stats: StateStats) -> Self {
        Self::of(Position::Global(state), stats)
    }

    /// A source's checkpoint of all streams as one blob, which should be an object.
    pub fn legacy(data: Value, stats: StateStats) -> Self {
        Self::of(Position::Legacy(data), stats)
    }

    fn of(position: Position, stats: StateStats) -> Self {
        Self { position, source_stats: Some(stats), destination_stats: None, extra: Extra::NONE }
    }
}

document! {
    /// The position of one stream (`AirbyteStreamState`).
    #[derive(Debug, Clone, PartialEq)]
    pub struct StreamState {
        /// Whose position.
        pub stream_descriptor: StreamDescriptor = required "stream_descriptor",
        /// The position, the source's own business (`AirbyteStateBlob`): an object. Absent means
        /// "start over".
        pub stream_state: Option<Value> = optional "stream_state",
    }
}

impl StreamState {
    /// The position of the stream of that name.
    pub const fn new(stream_descriptor: StreamDescriptor, stream_state: Option<Value>) -> Self {
        Self { stream_descriptor, stream_state, extra: Extra::NONE }
    }
}

document! {
    /// The position of all streams (`AirbyteGlobalState`).
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct GlobalState {
        /// What they share (`AirbyteStateBlob`).
        pub shared_state: Option<Value> = optional "shared_state",
        /// What each has of its own.
        pub stream_states: Vec<StreamState> = written "stream_states",
    }
}

impl GlobalState {
    /// What the streams share, and what each has of its own.
    pub const fn new(shared_state: Option<Value>, stream_states: Vec<StreamState>) -> Self {
        Self { shared_state, stream_states, extra: Extra::NONE }
    }
}

/// How many records a checkpoint covers: those since the last one of the same stream (of all
/// streams for GLOBAL), as in `AirbyteStateStats`.
///
/// The protocol wants a number with a decimal point, so that is how counts are written, with all
/// their digits. Any whole number is read.
///
/// ```
/// use airbyte_protocol::StateStats;
///
/// let stats: StateStats = serde_json::from_str(r#"{"recordCount": 9007199254740993}"#)?;
/// assert_eq!(serde_json::to_string(&stats)?, r#"{"recordCount":9007199254740993.0}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StateStats {
    /// Records emitted.
    pub record_count: u64,
    /// Lines that claimed to be records and were refused; 0 is left out.
    pub rejected_record_count: u64,
    /// What else is counted, as it came: newer sources count more.
    pub extra: Extra,
}

impl StateStats {
    /// So many records and none refused.
    pub const fn records(record_count: u64) -> Self {
        Self { record_count, rejected_record_count: 0, extra: Extra::NONE }
    }
}

impl Serialize for StateStats {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("recordCount", &with_point::<S>(self.record_count)?)?;
        if self.rejected_record_count > 0 {
            let count = with_point::<S>(self.rejected_record_count)?;
            map.serialize_entry("rejectedRecordCount", &count)?;
        }
        self.extra.write(&mut map)?;
        map.end()
    }
}

fn with_point<S: Serializer>(count: u64) -> Result<Number, S::Error> {
    format!("{count}.0").parse().map_err(serde::ser::Error::custom)
}

document! {
    /// The counts as they are written.
    struct Counts {
        records: Option<Figure> = optional "recordCount",
        rejected: Option<Figure> = optional "rejectedRecordCount",
    }
}

impl<'de> Deserialize<'de> for StateStats {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let Counts { records, rejected, extra } = Counts::deserialize(d)?;
        let count = |number: Option<Figure>| match number {
            None => Ok(0),
            Some(Figure(number)) => {
                whole(&number).ok_or_else(|| D::Error::custom("expected a count"))
            }
        };
        Ok(Self { record_count: count(records)?, rejected_record_count: count(rejected)?, extra })
    }
}

/// The whole number that is written as `7`, `7.0` or `7e0`.
fn whole(number: &Number) -> Option<u64> {
    let text = number.to_string();
    let digits = match text.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|digit| digit == b'0') => whole,
        _ => &text,
    };
    digits.parse().ok().or_else(|| {
        // An f64 that is a whole number; beyond the bound there is none that fits.
        let whole = |count: &f64| count.fract() == 0.0 && (0.0..18e18).contains(count);
        number.as_f64().filter(whole).map(|count| count as u64)
    })
}

impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match &self.position {
            Position::Stream(state) => {
                map.serialize_entry("type", "STREAM")?;
                map.serialize_entry("stream", state)?;
            }
            Position::Global(state) => {
                map.serialize_entry("type", "GLOBAL")?;
                map.serialize_entry("global", state)?;
            }
            Position::Legacy(data) => {
                map.serialize_entry("type", "LEGACY")?;
                map.serialize_entry("data", data)?;
            }
        }
        if let Some(stats) = &self.source_stats {
            map.serialize_entry("sourceStats", stats)?;
        }
        if let Some(stats) = &self.destination_stats {
            map.serialize_entry("destinationStats", stats)?;
        }
        self.extra.write(&mut map)?;
        map.end()
    }
}

document! {
    /// A state as it is written, every part beside every other.
    struct Parts {
        kind: Option<Kind> = optional "type",
        stream: Option<StreamState> = optional "stream",
        global: Option<GlobalState> = optional "global",
        data: Option<Value> = optional "data",
        source_stats: Option<StateStats> = optional "sourceStats",
        destination_stats: Option<StateStats> = optional "destinationStats",
    }
}

/// The words of `AirbyteStateType`.
#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Kind {
    Stream,
    Global,
    Legacy,
}

impl<'de> Deserialize<'de> for State {
    /// The type may be missing: then the payload tells it, and a bare `data` is LEGACY.
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let mut parts = Parts::deserialize(d)?;
        let kind = parts.kind.unwrap_or(match (&parts.stream, &parts.global) {
            (Some(_), _) => Kind::Stream,
            (None, Some(_)) => Kind::Global,
            (None, None) => Kind::Legacy,
        });
        let position = match kind {
            Kind::Stream => parts.stream.take().map(Position::Stream).ok_or("stream"),
            Kind::Global => parts.global.take().map(Position::Global).ok_or("global"),
            Kind::Legacy => parts.data.take().map(Position::Legacy).ok_or("data"),
        };
        let position = position.map_err(D::Error::missing_field)?;
        let mut extra = parts.extra;
        // What stands beside the position of the state's type isn't read, only kept.
        for (key, beside) in [
            ("stream", parts.stream.map(serde_json::to_value)),
            ("global", parts.global.map(serde_json::to_value)),
            ("data", parts.data.map(Ok)),
        ] {
            if let Some(beside) = beside {
                extra.insert(key, beside.map_err(D::Error::custom)?);
            }
        }
        let Parts { source_stats, destination_stats, .. } = parts;
        Ok(Self { position, source_stats, destination_stats, extra })
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

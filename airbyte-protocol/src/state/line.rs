use super::StateStats;
use crate::StreamDescriptor;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A STATE whose positions are JSON texts, as a line in pieces: a state of a hundred megabytes is neither
/// read nor copied to be written.
///
/// ```
/// use airbyte_protocol::{StateLine, StateStats, StreamDescriptor};
/// use serde_json::value::RawValue;
///
/// let position = RawValue::from_string(r#"{"n":1.10}"#.to_owned())?;
/// let line = StateLine::stream(&StreamDescriptor::new("t"), &position, &StateStats::records(2));
/// let mut out = Vec::new();
/// line.write(&mut out);
/// let expected = concat!(
///     r#"{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"t"},"#,
///     r#""stream_state":{"n":1.10}},"sourceStats":{"recordCount":2.0}}}"#,
///     "\n"
/// );
/// assert_eq!(String::from_utf8_lossy(&out), expected);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct StateLine<'a> {
    pieces: Vec<Cow<'a, str>>,
}

impl<'a> StateLine<'a> {
    /// The position of one stream.
    pub fn stream(
        stream: &StreamDescriptor,
        position: &'a RawValue,
        stats: &StateStats,
    ) -> StateLine<'a> {
        let mut line = Self::begin("STREAM", r#","stream":"#);
        line.one(stream, position);
        line.end(stats)
    }

    /// The position of all streams: what they share, and what some have of their own.
    pub fn global(
        shared: Option<&'a RawValue>,
        own: &[(&StreamDescriptor, &'a RawValue)],
        stats: &StateStats,
    ) -> StateLine<'a> {
        let mut line = Self::begin("GLOBAL", r#","global":{"#);
        if let Some(shared) = shared {
            line.text(r#""shared_state":"#);
            line.pieces.push(shared.get().into());
            line.text(",");
        }
        line.text(r#""stream_states":["#);
        for (place, (stream, position)) in own.iter().enumerate() {
            line.text(if place == 0 { "" } else { "," });
            line.one(stream, position);
        }
        line.text("]}");
        line.end(stats)
    }

    /// One blob for all streams.
    pub fn legacy(data: &'a RawValue, stats: &StateStats) -> StateLine<'a> {
        let mut line = Self::begin("LEGACY", r#","data":"#);
        line.pieces.push(data.get().into());
        line.end(stats)
    }

    /// The line in pieces, its newline included.
    pub fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.pieces.iter().map(|piece| piece.as_bytes())
    }

    /// Its length in bytes.
    pub fn length(&self) -> usize {
        self.pieces().map(<[u8]>::len).sum()
    }

    /// Appends it to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.reserve(self.length());
        self.pieces().for_each(|piece| out.extend_from_slice(piece));
    }

    fn begin(kind: &str, key: &str) -> StateLine<'a> {
        let begin = format!(r#"{{"type":"STATE","state":{{"type":"{kind}"{key}"#);
        Self { pieces: vec![begin.into()] }
    }

    /// Appends to the last piece, which is ours, or makes one.
    fn text(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Cow::Owned(last)) => last.push_str(text),
            _ => self.pieces.push(text.to_owned().into()),
        }
    }

    fn one(&mut self, stream: &StreamDescriptor, position: &'a RawValue) {
        let stream = serde_json::to_string(stream).expect("two texts can always be written");
        self.text(&format!(r#"{{"stream_descriptor":{stream},"stream_state":"#));
        self.pieces.push(position.get().into());
        self.text("}");
    }

    fn end(mut self, stats: &StateStats) -> StateLine<'a> {
        let stats = serde_json::to_string(stats).expect("counts can always be written");
        self.text(&format!(",\"sourceStats\":{stats}}}}}\n"));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{GlobalState, Message, State, StreamState};
    use serde_json::{Value, json, value::to_raw_value};

    fn text(line: &StateLine<'_>) -> String {
        let mut out = Vec::new();
        line.write(&mut out);
        assert_eq!(out.len(), line.length());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_line_of_texts_is_the_line_of_values() {
        let streams = ["a", "b\"\u{e9}"].map(|name| StreamDescriptor::new(name).in_namespace("n"));
        let stats = StateStats { rejected_record_count: 3, ..StateStats::records(7) };
        let values = [json!({"x": 1.5, "y": null}), json!({})];
        let raw = values.clone().map(|value| to_raw_value(&value).unwrap());
        let line = |state| Message::State(state).to_line();
        let state = |at: usize| StreamState::new(streams[at].clone(), Some(values[at].clone()));
        for at in 0..2 {
            let ours = StateLine::stream(&streams[at], &raw[at], &stats);
            assert_eq!(text(&ours), line(State::stream(state(at), stats.clone())));
        }
        let shared: Value = json!({"lsn": 1});
        let raw_shared = to_raw_value(&shared).unwrap();
        for (shared, raw_shared) in [(None, None), (Some(shared), Some(&*raw_shared))] {
            for count in 0..=2 {
                let own: Vec<_> = (0..count).map(|at| (&streams[at], &*raw[at])).collect();
                let ours = StateLine::global(raw_shared, &own, &stats);
                let global = GlobalState::new(shared.clone(), (0..count).map(state).collect());
                assert_eq!(text(&ours), line(State::global(global, stats.clone())));
            }
        }
        let ours = StateLine::legacy(&raw[0], &stats);
        assert_eq!(text(&ours), line(State::legacy(values[0].clone(), stats)));
    }
}

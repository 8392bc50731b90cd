use airbyte_protocol::{
    Catalog, ConnectionStatus, ErrorTrace, Event, Message, Position, Record, Specification, State,
    StreamDescriptor, StreamState, StreamStatus,
};
use airbyte_singer_runtime::Outcome;

/// What a source said in one command, and how it ended.
#[derive(Debug, Clone)]
pub struct Transcript {
    /// How the command ended.
    pub outcome: Outcome,
    /// What was written, in its order.
    pub messages: Vec<Message>,
}

impl Transcript {
    /// # Panics
    ///
    /// When a line is no message.
    pub(super) fn new(outcome: Outcome, lines: &[u8]) -> Self {
        let lines = lines.split(|b| *b == b'\n').filter(|line| !line.is_empty());
        let parsed = |line| match Message::parse(line) {
            Ok(message) => message,
            Err(error) => panic!("the source wrote what is no message: {error}"),
        };
        Self { outcome, messages: lines.map(parsed).collect() }
    }

    /// The answer to `spec`.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn spec(&self) -> Specification {
        self.answer("SPEC", |m| if let Message::Spec(spec) = m { Some(spec) } else { None })
    }

    /// The answer to `check`.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn status(&self) -> ConnectionStatus {
        self.answer("CONNECTION_STATUS", |m| {
            if let Message::ConnectionStatus(status) = m { Some(status) } else { None }
        })
    }

    /// The answer to `discover`.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn catalog(&self) -> Catalog {
        self.answer("CATALOG", |m| if let Message::Catalog(c) = m { Some(c) } else { None })
    }

    fn answer<T: Clone>(&self, kind: &str, pick: impl Fn(&Message) -> Option<&T>) -> T {
        match self.messages.iter().find_map(pick) {
            Some(answer) => answer.clone(),
            None => panic!("there is no {kind}: {}", self.complaint()),
        }
    }

    /// What a read's records are, in their order.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.messages.iter().filter_map(|m| if let Message::Record(r) = m { Some(r) } else { None })
    }

    /// The rows of one stream as JSON texts, in their order.
    pub fn rows(&self, stream: &StreamDescriptor) -> Vec<String> {
        let own = self.records().filter(|record| record.descriptor() == *stream);
        own.map(|r| serde_json::to_string(&r.data).unwrap_or_default()).collect()
    }

    /// All checkpoints, in their order.
    pub fn states(&self) -> Vec<State> {
        let states = self.messages.iter();
        states
            .filter_map(|m| if let Message::State(s) = m { Some(s.clone()) } else { None })
            .collect()
    }

    /// The checkpoints of one stream, in their order.
    pub fn states_of(&self, stream: &StreamDescriptor) -> Vec<StreamState> {
        let own = self.states().into_iter().filter_map(|state| match state.position {
            Position::Stream(state) if state.stream_descriptor == *stream => Some(state),
            _ => None,
        });
        own.collect()
    }

    /// The statuses of one stream, in their order.
    pub fn statuses(&self, stream: &StreamDescriptor) -> Vec<StreamStatus> {
        let own = self.messages.iter().filter_map(|message| match message {
            Message::Trace(trace) => match &trace.event {
                Event::StreamStatus(s) if s.stream_descriptor == *stream => Some(s.status),
                _ => None,
            },
            _ => None,
        });
        own.collect()
    }

    /// The ERROR trace, if there is one.
    pub fn error(&self) -> Option<&ErrorTrace> {
        self.messages.iter().find_map(|message| match message {
            Message::Trace(trace) => match &trace.event {
                Event::Error(error) => Some(error),
                _ => None,
            },
            _ => None,
        })
    }

    /// What went wrong, in words.
    pub(super) fn complaint(&self) -> &str {
        self.error().map_or("it doesn't say why", |error| &error.message)
    }
}

//! Plays commands, and looks for secrets in everything that comes of them.

use crate::testing::{self, Transcript};
use crate::{Secrets, Source};
use airbyte_protocol::{ConfiguredCatalog, Event, Message, Specification, State};
use serde_json::Value;

/// A source and what it does wrong.
pub(super) struct Trial<S> {
    source: S,
    /// None until the source has told its spec.
    spec: Option<Specification>,
    secrets: Secrets,
    faults: Vec<String>,
}

impl<S: Source> Trial<S> {
    pub(super) fn of(source: S) -> Self {
        Self { source, spec: None, secrets: Secrets::default(), faults: Vec::new() }
    }

    /// Adds a fault, unless it is known.
    pub(super) fn fault(&mut self, sentence: String) {
        if !self.faults.contains(&sentence) {
            self.faults.push(sentence);
        }
    }

    pub(super) fn faults(&self) -> &[String] {
        &self.faults
    }

    pub(super) fn into_faults(self) -> Vec<String> {
        self.faults
    }

    /// From now on the settings that this spec marks as secret are looked for.
    pub(super) fn believe(&mut self, spec: Specification) {
        self.spec = Some(spec);
    }

    pub(super) fn spec(&mut self) -> Transcript {
        testing::spec(&mut self.source)
    }

    pub(super) fn check(&mut self, config: &Value) -> Transcript {
        let transcript = testing::check(&mut self.source, config);
        self.searched(config, transcript)
    }

    pub(super) fn discover(&mut self, config: &Value) -> Transcript {
        let transcript = testing::discover(&mut self.source, config);
        self.searched(config, transcript)
    }

    pub(super) fn read(
        &mut self,
        config: &Value,
        catalog: &ConfiguredCatalog,
        states: &[State],
    ) -> Transcript {
        let transcript = testing::read(&mut self.source, config, catalog, states);
        self.searched(config, transcript)
    }

    fn searched(&mut self, config: &Value, transcript: Transcript) -> Transcript {
        if let (Some(spec), Some(config)) = (&self.spec, config.as_object()) {
            self.secrets.learn(spec, config);
        }
        // A source without secrets has nothing to look for.
        if self.secrets.reach() > 0 {
            for message in &transcript.messages {
                let line = message.to_line();
                if let Some(what) = shown_in(message).filter(|_| self.secrets.mask(&line) != line) {
                    self.fault(format!("{what} holds a secret of the config"));
                }
            }
        }
        transcript
    }
}

/// What a message is called; none where secrets belong.
fn shown_in(message: &Message) -> Option<String> {
    Some(match message {
        Message::Control(_) => return None,
        Message::Record(record) => format!("a record of {}", record.descriptor()),
        Message::State(_) => "a state".to_owned(),
        Message::Catalog(_) => "the catalog".to_owned(),
        Message::ConnectionStatus(_) => "the answer to a check".to_owned(),
        Message::Trace(trace) => match &trace.event {
            Event::Error(_) => "an error".to_owned(),
            _ => "a trace".to_owned(),
        },
        _ => "a message".to_owned(),
    })
}

//! Plays commands, and looks for secrets in everything that comes of them.

use crate::testing::{self, Transcript};
use airbyte_protocol::{ConfiguredCatalog, Event, Message, Specification, State};
use airbyte_singer_runtime::{Outcome, Secrets, Source};
use serde_json::Value;

/// A source, the config that a platform has of it, and what it does wrong.
pub(super) struct Trial<S> {
    source: S,
    config: Value,
    /// None until the source has told its spec.
    spec: Option<Specification>,
    secrets: Secrets,
    faults: Vec<String>,
}

impl<S: Source> Trial<S> {
    pub(super) fn of(source: S, config: Value) -> Self {
        Self { source, config, spec: None, secrets: Secrets::default(), faults: Vec::new() }
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

    /// The config as it was stored last.
    pub(super) fn config(&self) -> &Value {
        &self.config
    }

    pub(super) fn spec(&mut self) -> Transcript {
        let transcript = testing::spec(&mut self.source);
        if transcript.outcome == Outcome::Done {
            // From now on the settings that it marks as secret are looked for.
            self.spec = Some(transcript.spec());
            self.search(&self.config.clone(), &transcript);
        }
        transcript
    }

    pub(super) fn check(&mut self) -> Transcript {
        let transcript = testing::check(&mut self.source, &self.config);
        self.taken(transcript)
    }

    /// Checks another config.
    pub(super) fn check_of(&mut self, config: &Value) -> Transcript {
        let transcript = testing::check(&mut self.source, config);
        self.search(config, &transcript);
        transcript
    }

    pub(super) fn discover(&mut self) -> Transcript {
        let transcript = testing::discover(&mut self.source, &self.config);
        self.taken(transcript)
    }

    pub(super) fn read(&mut self, catalog: &ConfiguredCatalog, states: &[State]) -> Transcript {
        let transcript = testing::read(&mut self.source, &self.config, catalog, states);
        self.taken(transcript)
    }

    /// What a platform does with what was written: it stores the config that it is asked to store.
    fn taken(&mut self, transcript: Transcript) -> Transcript {
        self.search(&self.config.clone(), &transcript);
        let stored = transcript.messages.iter().rev().find_map(|message| match message {
            Message::Control(control) => Some(Value::Object(control.config().clone())),
            _ => None,
        });
        if let Some(stored) = stored {
            let spec = self.spec.as_ref().map(|spec| spec.connection_specification.clone());
            let fits = |spec| jsonschema::draft7::is_valid(&Value::Object(spec), &stored);
            if !spec.is_some_and(fits) {
                self.fault("it asks to store a config that doesn't fit its spec".to_owned());
            }
            self.config = stored;
        }
        transcript
    }

    /// Looks for the secrets of a config, and of all earlier ones.
    fn search(&mut self, config: &Value, transcript: &Transcript) {
        if let (Some(spec), Some(config)) = (&self.spec, config.as_object()) {
            self.secrets.learn(spec, config);
        }
        // A source without secrets has nothing to look for.
        if self.secrets.reach() == 0 {
            return;
        }
        for message in &transcript.messages {
            let line = message.to_line();
            if let Some(what) = shown_in(message).filter(|_| self.secrets.mask(&line) != line) {
                self.fault(format!("{what} holds a secret of the config"));
            }
        }
    }
}

/// What a message is called; none where secrets belong.
fn shown_in(message: &Message) -> Option<String> {
    Some(match message {
        Message::Control(_) => return None,
        Message::Record(record) => format!("a record of {}", record.descriptor()),
        Message::State(_) => "a state".to_owned(),
        Message::Spec(_) => "the spec".to_owned(),
        Message::Catalog(_) => "the catalog".to_owned(),
        Message::ConnectionStatus(_) => "the answer to a check".to_owned(),
        Message::Trace(trace) => match &trace.event {
            Event::Error(_) => "an error".to_owned(),
            _ => "a trace".to_owned(),
        },
        _ => "a message".to_owned(),
    })
}

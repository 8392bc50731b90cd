//! What becomes of a tap's messages, one line after the other: a match over them.

use super::batch::{Batches, Expand};
use super::criticals::Criticals;
use super::discovered::Discovered;
use super::policy::Policy;
use super::records::Records;
use super::states::{Gone, States};
use crate::tap::Hearing;
use airbyte_protocol::Change;
use airbyte_singer_runtime::{Emitting, Error, Result};
use singer_protocol as singer;
use singer_protocol::message::RecordRef;
use singer_protocol::{Chunk, LineError, Message, Parser, Repaired, repair_non_finite};
use std::collections::HashSet;

/// What takes the messages.
pub(super) struct Messages {
    pub(super) records: Records,
    pub(super) states: States,
    /// Takes the lines that are no messages: the tap's log strayed to stdout.
    pub(super) strays: Hearing,
    /// Takes in the streams that show up, where nothing says which ones are wanted.
    discovered: Option<Discovered>,
    /// How BATCH files are read.
    batches: Batches,
    /// What the tap's CRITICAL lines mean for the streams.
    criticals: Criticals,
    policy: Policy,
    /// The line that is being taken, from 1.
    number: u64,
    parser: Parser,
    others: HashSet<String>,
}

impl Messages {
    /// Hands everything on to these.
    pub(super) fn new(
        records: Records,
        states: States,
        strays: Hearing,
        batches: Batches,
        policy: Policy,
    ) -> Self {
        let mut parser = Parser::default();
        if records.router.wanted.iter().any(|wanted| !wanted.filter.is_empty()) {
            parser.note_fields();
        }
        Self {
            records,
            states,
            strays,
            discovered: None,
            batches,
            criticals: Criticals::default(),
            policy,
            number: 0,
            parser,
            others: HashSet::new(),
        }
    }

    /// Takes in whatever streams show up.
    pub(super) fn discovering(self, discovered: Option<Discovered>) -> Self {
        Self { discovered, ..self }
    }

    /// Publishes the states that are due.
    pub(super) fn publish_due(&mut self, floor: &mut Emitting) -> Result<()> {
        self.states.publish_due(self.number, &self.records, floor)
    }

    /// Whether a CRITICAL line has to be minded: as a rule not.
    pub(super) fn has_critical(&self) -> bool {
        self.criticals.is_due(&self.strays.words)
    }

    /// Minds what follows a CRITICAL line; `bytes` of the tap's output have been taken, and lie in its pipe.
    pub(super) fn mind_critical(&mut self, bytes: (u64, u64), floor: &Emitting) {
        self.criticals.mind(bytes, &self.strays.words, &self.records.router, floor);
    }

    /// The last states, and the last status of each stream: see [`States::conclude`].
    pub(super) fn conclude(
        &mut self,
        clean: bool,
        tap: &str,
        declared: &dyn Fn(usize, &str) -> HashSet<String>,
        floor: &mut Emitting,
    ) -> Result<Option<Error>> {
        let Self { records, states, criticals, strays, .. } = self;
        let run = Gone { clean, tap, records, criticals, words: &strays.words };
        states.conclude(&run, declared, floor)
    }

    /// Takes the next lines.
    pub(super) fn lines(&mut self, lines: &[u8], floor: &mut Emitting) -> Result<()> {
        let limit = self.policy.max_line_bytes;
        let mut parser = std::mem::take(&mut self.parser);
        let mut chunk = Chunk::new(lines);
        let mut record = RecordRef::default();
        let result = loop {
            let (line, other) = match parser.next_expected(&mut chunk, &mut record) {
                Some(line) => (line, None),
                None => match parser.next_other(&mut chunk) {
                    Some((line, message)) => (line, Some(message)),
                    None => break Ok(()),
                },
            };
            if line.len() > limit {
                break Err(self.too_long());
            }
            self.number += 1;
            let taken = match other {
                None => self.expected(&record, parser.fields(), floor),
                Some(Ok(message)) => self.heard(&message, floor),
                Some(Err(error)) => self.no_message(line, error, floor),
            };
            if taken.is_err() {
                break taken;
            }
        };
        self.parser = parser;
        result
    }

    #[inline]
    fn expected(
        &mut self,
        record: &RecordRef<'_>,
        fields: &[usize],
        floor: &mut Emitting,
    ) -> Result<()> {
        if self.strays.is_waiting() {
            self.strays.flush();
        }
        if self.discovered.is_none() {
            let tracker = &mut self.states.tracker;
            return self.records.take(record, fields, tracker, floor, &[]);
        }
        self.message(&Message::Record((*record).into()), floor, &[])
    }

    fn heard(&mut self, message: &Message<'_>, floor: &mut Emitting) -> Result<()> {
        if self.strays.is_waiting() {
            self.strays.flush();
        }
        self.message(message, floor, &[])
    }

    #[inline(never)]
    fn no_message(&mut self, line: &[u8], error: LineError, floor: &mut Emitting) -> Result<()> {
        match error {
            LineError::NotAMessage => {
                let criticals = self.strays.words.criticals();
                self.strays.line(line);
                if self.strays.words.criticals() > criticals {
                    self.criticals.note_here(&self.records.router, floor);
                }
                Ok(())
            }
            LineError::Malformed(malformed) => {
                if malformed.non_finite
                    && let Some(Repaired { line, nulled, .. }) = repair_non_finite(line)
                    && let Ok(message) = Message::parse(&line)
                {
                    let changes = self.records.nulled(nulled);
                    return self.message(&message, floor, &changes);
                }
                self.malformed(&malformed, floor)
            }
        }
    }

    fn message(
        &mut self,
        message: &Message<'_>,
        floor: &mut Emitting,
        changes: &[Change],
    ) -> Result<()> {
        match message {
            Message::Record(record) => {
                if let Some(discovered) = &mut self.discovered {
                    let (records, states) = (&mut self.records, &mut self.states);
                    discovered.meet(&record.stream, message, records, states, floor)?;
                }
                let tracker = &mut self.states.tracker;
                self.records.take(&record.borrowed(), &[], tracker, floor, changes)
            }
            Message::State(state) => {
                self.states.take(state.value, self.number, &self.records, floor)
            }
            Message::Schema(schema) => {
                if let Some(discovered) = &mut self.discovered {
                    let (records, states) = (&mut self.records, &mut self.states);
                    discovered.admit(&schema.stream, message, records, states, floor)?;
                }
                self.records.schema(schema, &self.states.tracker, floor)
            }
            Message::ActivateVersion(activate) => {
                tracing::debug!(heard = true, stream = %activate.stream, "ACTIVATE_VERSION is consumed");
                Ok(())
            }
            Message::Batch(batch) => {
                if let Some(discovered) = &mut self.discovered {
                    let (records, states) = (&mut self.records, &mut self.states);
                    discovered.meet(&batch.stream, message, records, states, floor)?;
                }
                Expand {
                    records: &mut self.records,
                    states: &mut self.states,
                    discovered: self.discovered.as_mut(),
                    batches: &mut self.batches,
                    policy: &self.policy,
                    number: self.number,
                }
                .batch(batch, floor)
            }
            Message::Other(other) => {
                if self.others.len() < 100 && self.others.insert(other.kind.to_string()) {
                    tracing::info!("messages of type {} are passed over", other.kind);
                }
                Ok(())
            }
        }
    }

    fn malformed(&mut self, malformed: &singer::Malformed, floor: &mut Emitting) -> Result<()> {
        let what = format!("line {} of the tap's output: {malformed}", self.number);
        // Only a record can be left out: without its SCHEMA or STATE a stream would go wrong.
        let record = malformed.kind.as_deref() == Some("RECORD");
        if !self.policy.skips_malformed || !record {
            return Err(Error::system(what));
        }
        let named = malformed.stream.as_deref();
        let stream = match named {
            // Not settled by a broken line.
            Some(name) if self.discovered.is_some() && !self.records.router.has_met(name) => None,
            Some(name) => {
                self.records.router.target(name, &self.states.tracker)?.map(|wanted| wanted.stream)
            }
            None => None,
        };
        self.records.leave_out(&what, stream, floor);
        Ok(())
    }

    /// The error of a next line that doesn't fit.
    pub(super) fn too_long(&self) -> Error {
        Error::system(format!(
            "line {} of the tap's output is longer than allowed (--max-line-bytes)",
            self.number + 1
        ))
    }
}

//! What comes out of a tap that is asked for its catalog: a catalog, or messages.

use super::Need;
use crate::tap::{Ear, RunError};
use crate::translate::Overrides;
use crate::translate::catalog::Learnt;
use singer_protocol as singer;
use singer_protocol::{LineError, Message};
use std::ops::ControlFlow;

/// The largest catalog, in bytes. The largest one seen has 14 MB.
const MAX_CATALOG: usize = 512 * 1024 * 1024;

/// Takes a tap's answer as it comes. Until the first SCHEMA or RECORD it may be a catalog, of which
/// all is kept; from then on only what the messages tell, so that a tap which syncs instead of discovering
/// doesn't fill the memory.
pub(super) struct Answer<'a> {
    overrides: &'a Overrides,
    need: &'a Need,
    /// The text so far; of messages the line that isn't whole yet.
    text: Vec<u8>,
    /// How far lines have been looked at.
    searched: usize,
    /// The longest line of messages.
    max_line: usize,
    heard: Heard,
    /// Said once messages come instead of a catalog.
    surprise: Option<String>,
}

/// What an answer turned out to be.
pub(super) enum Heard {
    /// No message of a stream so far: perhaps a catalog.
    Text,
    /// A catalog, and the tap went on with messages.
    Catalog(singer::Catalog),
    /// Messages.
    Messages(Learnt),
}

impl<'a> Answer<'a> {
    /// To `--discover`; `surprise` is told once messages come instead of a catalog.
    pub(super) fn to_discover(
        overrides: &'a Overrides,
        need: &'a Need,
        max_line: usize,
        surprise: String,
    ) -> Self {
        let surprise = Some(surprise);
        let (text, heard) = (Vec::new(), Heard::Text);
        Self { overrides, need, text, searched: 0, max_line, heard, surprise }
    }

    /// Of a sync, where nothing but messages is expected.
    pub(super) fn of_sync(overrides: &'a Overrides, need: &'a Need, max_line: usize) -> Self {
        let heard = Heard::Messages(Learnt::new(overrides));
        Self { overrides, need, text: Vec::new(), searched: 0, max_line, heard, surprise: None }
    }

    /// What was heard, and the text of what is no message.
    pub(super) fn end(mut self) -> (Heard, Vec<u8>) {
        if self.searched < self.text.len() && !matches!(self.heard, Heard::Catalog(_)) {
            // Enough or not: there is no more.
            let _ = self.line(self.searched..self.text.len());
        }
        (self.heard, self.text)
    }

    /// Looks at one line. Breaks when enough is known.
    fn line(&mut self, at: std::ops::Range<usize>) -> ControlFlow<()> {
        let line = &self.text[at.clone()];
        if !line.trim_ascii_start().starts_with(b"{") && at.start > 0 {
            return ControlFlow::Continue(());
        }
        let parsed = Message::parse(line);
        if let Heard::Text = self.heard {
            if !is_of_a_stream(&parsed) {
                return ControlFlow::Continue(());
            }
            if let Ok(catalog) = singer::Catalog::parse(&self.text[..at.start])
                && !catalog.streams().is_empty()
            {
                self.heard = Heard::Catalog(catalog);
                return ControlFlow::Break(());
            }
            if let Some(surprise) = self.surprise.take() {
                tracing::info!("{surprise}");
            }
            self.heard = Heard::Messages(Learnt::new(self.overrides));
        }
        if let (Heard::Messages(learnt), Ok(message)) = (&mut self.heard, parsed) {
            let known = learnt.count();
            learnt.saw(&message);
            if learnt.full().is_some() {
                return ControlFlow::Break(());
            }
            if learnt.count() > known && self.need.is_met(learnt, self.overrides) {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }
}

/// Whether a line speaks of a stream, even brokenly. A STATE doesn't: taps were seen to begin their
/// discovery with an empty one.
fn is_of_a_stream(parsed: &Result<Message<'_>, LineError>) -> bool {
    match parsed {
        Ok(Message::State(_) | Message::Other(_)) | Err(LineError::NotAMessage) => false,
        Ok(_) => true,
        Err(LineError::Malformed(broken)) => {
            broken.kind.as_deref().is_some_and(|kind| kind != "STATE")
        }
    }
}

/// Whether a text that is no message of a stream holds nothing else either: not a word, or STATEs.
pub(super) fn says_nothing(text: &[u8]) -> bool {
    let mut lines = text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    lines.all(|line| matches!(Message::parse(line), Ok(Message::State(_))))
}

impl Ear for Answer<'_> {
    fn hear(&mut self, bytes: &[u8]) -> Result<ControlFlow<()>, RunError> {
        let mut from = self.text.len();
        self.text.extend_from_slice(bytes);
        while let Some(end) = memchr::memchr(b'\n', &self.text[from..]) {
            let line = self.searched..from + end;
            from = line.end + 1;
            if self.line(line).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            self.searched = from;
        }
        let limit = match self.heard {
            Heard::Messages(_) => {
                self.text.drain(..self.searched);
                self.searched = 0;
                self.max_line
            }
            _ => MAX_CATALOG,
        };
        if self.text.len() > limit {
            return Err(RunError::TooMuch(limit as u64));
        }
        Ok(ControlFlow::Continue(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str = r#"{"type":"SCHEMA","stream":"users","schema":{"properties":{"id":{}}},"key_properties":["id"]}"#;
    const ROW: &str = r#"{"type":"RECORD","stream":"users","record":{"id":1}}"#;

    /// What is heard of `text` that comes in pieces of so many bytes, and whether it was enough.
    fn hear(text: &str, piece: usize, need: &Need) -> (Heard, bool) {
        let overrides = Overrides::default();
        let mut answer = Answer::to_discover(&overrides, need, 1000, String::new());
        let enough = text.as_bytes().chunks(piece).any(|bytes| {
            let flow = answer.hear(bytes).unwrap();
            flow.is_break()
        });
        (answer.end().0, enough)
    }

    #[test]
    fn a_catalog_is_none_of_messages_however_it_is_cut() {
        for text in [
            "{\"streams\": [\n{\"tap_stream_id\": \"a\",\n\"schema\": {\"type\": \"object\"}}\n]}\n",
            "INFO reading\n{\"type\": \"banner\"}\n{\"streams\": []}",
            "{\"type\": \"STATE\", \"value\": {}}\n{\"streams\": []}",
            "",
        ] {
            for piece in [1, 7, 1000] {
                assert!(matches!(hear(text, piece, &Need::All).0, Heard::Text), "{text}");
            }
        }
    }

    #[test]
    fn blanks_and_states_say_nothing() {
        assert!(says_nothing(b"") && says_nothing(b"\n{\"type\":\"STATE\",\"value\":{}}\r\n \n"));
        assert!(!says_nothing(b"{}") && !says_nothing(b"usage") && !says_nothing(USERS.as_bytes()));
    }

    #[test]
    fn messages_are_known_from_the_first_on_and_not_kept() {
        let text = format!("INFO hello\n{USERS}\n{}", format!("{ROW}\n").repeat(200));
        let overrides = Overrides::default();
        let mut answer = Answer::to_discover(&overrides, &Need::All, 1000, String::new());
        for bytes in text.as_bytes().chunks(100) {
            assert!(answer.hear(bytes).unwrap().is_continue());
            assert!(answer.text.len() < 300, "{}", answer.text.len());
        }
        let (Heard::Messages(learnt), _) = answer.end() else { panic!("messages") };
        assert_eq!(learnt.ids().collect::<Vec<_>>(), ["users"]);
    }

    #[test]
    fn the_last_line_needs_no_end_and_a_broken_message_is_one_too() {
        let (Heard::Messages(learnt), enough) = hear(USERS, 10, &Need::Any) else {
            panic!("messages")
        };
        assert!(learnt.knows("users") && !enough);
        let broken = r#"{"type":"RECORD","stream":"users","record":{"id":NaN}}"#;
        assert!(matches!(hear(broken, 10, &Need::All).0, Heard::Messages(_)));
    }

    #[test]
    fn a_catalog_with_a_sync_behind_it_is_a_catalog() {
        let text = format!("{{\"streams\": [{{\"tap_stream_id\": \"a\"}}]}}\n{USERS}\n{ROW}\n");
        let (Heard::Catalog(catalog), true) = hear(&text, 10, &Need::All) else {
            panic!("a catalog")
        };
        assert_eq!(catalog.streams()[0].tap_stream_id(), "a");
    }

    #[test]
    fn what_is_needed_says_when_it_is_enough() {
        let orders = USERS.replace("users", "orders");
        let text = format!("{USERS}\n{ROW}\n{orders}\n{ROW}\n");
        let enough = |need| hear(&text, 1000, &need).1;
        let ids = |ids: &[&str]| Need::These(ids.iter().map(|id| (*id).to_owned()).collect());
        assert!(enough(Need::Any) && enough(ids(&["orders"])) && enough(ids(&["orders", "users"])));
        assert!(!enough(Need::All) && !enough(ids(&["users", "planets"])));
    }

    #[test]
    fn a_line_without_end_is_too_much() {
        let overrides = Overrides::default();
        let mut answer = Answer::of_sync(&overrides, &Need::All, 1000);
        assert!(answer.hear(&[b'x'; 900]).is_ok());
        assert_eq!(answer.hear(&[b'x'; 900]).unwrap_err(), RunError::TooMuch(1000));
    }
}

//! Messages made by hand, for taps that are written with this crate.

use std::borrow::Cow;

use super::{ActivateVersion, Batch, Message, Record, Schema, State};

impl<'a> Schema<'a> {
    /// A SCHEMA without keys; the rest is for the caller to set.
    ///
    /// `schema` is the text of a JSON object without line breaks, as `serde_json` writes it.
    pub fn new(stream: impl Into<Cow<'a, str>>, schema: &'a str) -> Schema<'a> {
        Schema {
            stream: stream.into(),
            schema,
            key_properties: Vec::new(),
            bookmark_properties: Vec::new(),
        }
    }
}

impl<'a> Record<'a> {
    /// A RECORD without a time or a version; the rest is for the caller to set.
    ///
    /// `record` is the text of a JSON object without line breaks, as `serde_json` writes it.
    pub fn new(stream: impl Into<Cow<'a, str>>, record: &'a str) -> Record<'a> {
        Record { stream: stream.into(), record, time_extracted: None, version: None }
    }
}

impl<'a> State<'a> {
    /// A STATE. `value` is the text of a JSON value without line breaks, usually a
    /// [`State`](crate::State)'s.
    pub fn new(value: &'a str) -> State<'a> {
        State { value }
    }
}

impl<'a> ActivateVersion<'a> {
    /// An ACTIVATE_VERSION. `version` is a number's text, usually milliseconds since the epoch.
    pub fn new(stream: impl Into<Cow<'a, str>>, version: &'a str) -> ActivateVersion<'a> {
        ActivateVersion { stream: stream.into(), version: Some(version) }
    }
}

impl<'a> Batch<'a> {
    /// A BATCH. `encoding` is the text of a JSON object, `manifest` that of a list of URIs; neither
    /// holds line breaks.
    pub fn new(stream: impl Into<Cow<'a, str>>, encoding: &'a str, manifest: &'a str) -> Batch<'a> {
        Batch { stream: stream.into(), encoding, manifest, version: None }
    }
}

/// Each message is a [`Message`], so that it can be written.
macro_rules! into_message {
    ($($kind:ident)*) => {
        $(impl<'a> From<$kind<'a>> for Message<'a> {
            fn from(message: $kind<'a>) -> Message<'a> {
                Message::$kind(message)
            }
        })*
    };
}
into_message!(Schema Record State ActivateVersion Batch);

//! From the stream's name in a message to the configured stream.

use crate::translate::names::{Names, Resolution};
use crate::translate::record::FieldFilter;
use airbyte_adapters::{Error, Result, StreamId};
use std::collections::HashMap;

/// Where the records of one message name go.
#[derive(Debug)]
pub(super) enum Target {
    /// To a configured stream of this run.
    Wanted(usize),
    /// Nowhere: the stream is the tap's, but nobody asked for it here.
    Unwanted,
}

/// One stream of this run of the tap.
#[derive(Debug)]
pub(super) struct Wanted {
    /// Its place among the configured streams.
    pub(super) stream: StreamId,
    /// Its id in the tap's catalog.
    pub(super) tap_stream_id: String,
    /// The fields that were deselected, in case the tap sends them all the same.
    pub(super) filter: FieldFilter,
    /// Where a filtered record is put together.
    pub(super) scratch: Vec<u8>,
    /// Whether a SCHEMA or RECORD of it was seen.
    pub(super) seen: bool,
}

/// Resolves names. A name is resolved once and then remembered; a SCHEMA resolves it anew, because
/// two tables may share one name and take turns.
#[derive(Debug)]
pub(super) struct Router {
    names: Names,
    /// By place in the tap's catalog.
    by_entry: HashMap<usize, usize>,
    pub(super) wanted: Vec<Wanted>,
    known: HashMap<String, Target>,
    last: Option<(String, usize)>,
    newest_state: String,
}

impl Router {
    /// A router for `wanted` streams, each with its place in the tap's catalog.
    pub(super) fn new(names: Names, wanted: Vec<(usize, Wanted)>) -> Self {
        let by_entry = wanted.iter().enumerate().map(|(i, (entry, _))| (*entry, i)).collect();
        Self {
            names,
            by_entry,
            wanted: wanted.into_iter().map(|(_, wanted)| wanted).collect(),
            known: HashMap::new(),
            last: None,
            newest_state: String::new(),
        }
    }

    /// Remembers the newest STATE: what it says the tap is at tells two streams of one name apart.
    pub(super) fn saw_state(&mut self, value: &str) {
        self.newest_state.clear();
        self.newest_state.push_str(value);
    }

    fn currently_syncing(&self) -> Option<String> {
        #[derive(serde::Deserialize)]
        struct Hint {
            currently_syncing: Option<String>,
        }
        serde_json::from_str::<Hint>(&self.newest_state).ok()?.currently_syncing
    }

    /// Takes notice of a SCHEMA: whose it is.
    pub(super) fn saw_schema(&mut self, name: &str, schema: &str) -> Result<()> {
        let properties: Option<Properties> = serde_json::from_str(schema).ok();
        let properties: Vec<String> =
            properties.map_or_else(Vec::new, |schema| schema.properties.into_keys().collect());
        self.last = None;
        self.resolve(name, Some(&properties))?;
        if let Some(Target::Wanted(index)) = self.known.get(name) {
            self.wanted[*index].seen = true;
        }
        Ok(())
    }

    /// The stream that a record named `name` belongs to; none when nobody asked for it here.
    #[inline]
    pub(super) fn target(&mut self, name: &str) -> Result<Option<&mut Wanted>> {
        if let Some((last, index)) = &self.last
            && last == name
        {
            return Ok(Some(&mut self.wanted[*index]));
        }
        self.target_by_name(name)
    }

    fn target_by_name(&mut self, name: &str) -> Result<Option<&mut Wanted>> {
        if !self.known.contains_key(name) {
            self.resolve(name, None)?;
        }
        match self.known.get(name) {
            Some(&Target::Wanted(index)) => {
                self.last = Some((name.to_owned(), index));
                self.wanted[index].seen = true;
                Ok(Some(&mut self.wanted[index]))
            }
            _ => Ok(None),
        }
    }

    fn resolve(&mut self, name: &str, properties: Option<&[String]>) -> Result<()> {
        let properties = properties.map(|names| names.iter().map(String::as_str));
        let syncing = self.currently_syncing();
        let target = match self.names.resolve(name, properties, syncing.as_deref()) {
            Resolution::One(entry) => match self.by_entry.get(&entry) {
                Some(index) => Target::Wanted(*index),
                None => Target::Unwanted,
            },
            Resolution::Unknown => {
                tracing::warn!(
                    "the tap writes a stream `{name}` that its catalog doesn't have; it is left out"
                );
                Target::Unwanted
            }
            Resolution::Ambiguous(entries) => {
                return Err(Error::config(format!(
                    "the tap writes the name `{name}`, which may be any of {}; \
                     say which in the profile (streams.<tap_stream_id>.aliases), \
                     or read one of them at a time",
                    self.names.ids(&entries)
                )));
            }
        };
        if matches!(target, Target::Unwanted) && !self.known.contains_key(name) {
            tracing::debug!("records named `{name}` were not asked for and are dropped");
        }
        self.known.insert(name.to_owned(), target);
        Ok(())
    }
}

#[derive(serde::Deserialize)]
struct Properties {
    #[serde(default)]
    properties: HashMap<String, serde::de::IgnoredAny>,
}

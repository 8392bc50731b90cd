//! A tap's catalog as an Airbyte catalog, and the user's choice as a selection in the tap's own.
//!
//! [`to_airbyte`] (for a read, [`outline`]) is made once per discovery; what it finds out about each
//! stream (its `tap_stream_id`, its keys, how it can be read incrementally) stays in [`Translated`],
//! and [`to_singer`] writes the selection of one run of the tap from it. Where the tap's catalog is not
//! at hand, its messages tell most of it ([`Learnt`]), or the configured catalog does ([`presume`]).

mod choose;
mod incremental;
mod learn;
mod naming;
mod offer;
mod presume;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod tests;

pub use choose::{Choice, Selected, SingerCatalog, to_singer};
pub use learn::Learnt;
pub use offer::{offers, outline, to_airbyte};
pub use presume::{presume, presume_ids};

use airbyte_protocol as airbyte;
use airbyte_protocol::StreamDescriptor;
use incremental::Incremental;
use singer_protocol::ReplicationMethod;
use std::collections::HashMap;
use std::fmt;

/// An Airbyte catalog and where each of its streams comes from.
#[derive(Debug, Clone, Default)]
pub struct Translated {
    /// What `discover` prints.
    pub catalog: airbyte::Catalog,
    /// One per stream of the catalog, in the same order.
    pub links: Vec<Link>,
    /// What the user should be told, as warnings.
    pub notes: Vec<Note>,
    /// The places of the streams by name, and by `tap_stream_id`.
    by_name: HashMap<StreamDescriptor, usize>,
    by_id: HashMap<String, usize>,
}

/// Where an Airbyte stream comes from.
#[derive(Debug, Clone)]
pub struct Link {
    /// The tap's own name of the stream, which its state is keyed by.
    pub tap_stream_id: String,
    /// Whether the catalog says that this is a database's stream, whose bookmark may stand alone.
    pub database: bool,
    /// How the tap may be asked for what is new.
    incremental: Incremental,
    /// Whether neither the tap's catalog nor the profile says how it is read, and it can only be
    /// read in full.
    pub no_method: bool,
    /// How the tap is asked for everything, and by which key.
    in_full: (ReplicationMethod, Option<String>),
    /// The key columns that the tap is to be told, since it knows none of its own: of views.
    view_key: Vec<String>,
    /// Whether the user's primary key may serve as `view_key`.
    keyless_view: bool,
}

/// A sentence for the user about one stream; names streams, fields and settings, never values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The stream it is about.
    pub tap_stream_id: String,
    /// The sentence, without the stream's name in front.
    pub text: String,
}

impl Note {
    fn new(tap_stream_id: &str, text: impl Into<String>) -> Self {
        Self { tap_stream_id: tap_stream_id.to_owned(), text: text.into() }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stream {}: {}", self.tap_stream_id, self.text)
    }
}

impl Translated {
    /// The discovered stream that a configured one means: the one of that namespace and name, else
    /// the one whose `tap_stream_id` is the configured name, so that catalogs written before a
    /// stream was renamed go on working. None: the source no longer has it.
    ///
    /// The number is the index into `catalog.streams` and `links`.
    pub fn find(&self, configured: &airbyte::ConfiguredStream) -> Option<usize> {
        let wanted = configured.descriptor();
        self.by_name.get(&wanted).copied().or_else(|| {
            let by_id = self.place(&wanted.name)?;
            let namespace = &self.catalog.streams[by_id].namespace;
            let fits =
                namespace.is_none() || wanted.namespace.is_none() || wanted.namespace == *namespace;
            fits.then_some(by_id)
        })
    }

    /// The place of the stream that the tap calls so: the index into `catalog.streams` and `links`.
    pub fn place(&self, tap_stream_id: &str) -> Option<usize> {
        self.by_id.get(tap_stream_id).copied()
    }

    /// Makes the streams findable, the first of a name being the one.
    fn index(&mut self) {
        for (place, stream) in self.catalog.streams.iter().enumerate() {
            self.by_name.entry(stream.descriptor()).or_insert(place);
        }
        for (place, link) in self.links.iter().enumerate() {
            self.by_id.entry(link.tap_stream_id.clone()).or_insert(place);
        }
    }
}

//! Which list a number counts in: a stream has a place in several.

/// A stream's place in the configured catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConfiguredIndex(pub usize);

/// A stream's place in the tap's catalog, or behind it, where the stream shows up in the tap's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryIndex(pub usize);

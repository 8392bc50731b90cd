//! Which list a number counts in: a stream has a place in several.

/// A stream's place in the configured catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConfiguredIndex(pub usize);

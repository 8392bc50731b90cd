//! What the state rules know of a stream.

use crate::translate::ConfiguredIndex;

/// One configured stream as the state rules see it.
#[derive(Clone, Debug)]
pub struct StreamSpec {
    /// Its place in the configured catalog.
    pub configured: ConfiguredIndex,
    /// The id in the tap's catalog, under which the tap keeps the stream's bookmark.
    pub tap_stream_id: String,
    /// Whether the stream is configured `full_refresh`; otherwise it is `incremental`.
    pub full_refresh: bool,
    /// The generation the platform configured, if it said one.
    pub generation_id: Option<i64>,
    /// Whether the stream's bookmark governs its own rows and nothing else does: the catalog shows
    /// that the tap reads a database (or the profile says `alone`), and no other stream writes its
    /// bookmark under this id (that happens when another entry's message name equals it).
    ///
    /// It may still turn out wrong: a remainder in a STATE links the streams all the same.
    pub may_stand_alone: bool,
}

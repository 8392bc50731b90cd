//! Bookmarks that a tap keeps and nobody stores, because its catalog names no method.

use crate::translate::state::Kept;

/// How many streams are named.
const NAMED: usize = 20;

/// Warns, where a Singer `state` keeps a bookmark of one of these streams, which are all read in full
/// because nothing says how else, of the setting that would keep it. `are_all` says that no other
/// stream resumes from the state.
pub(crate) fn tell_unkept<'a>(
    state: &str,
    streams: impl Iterator<Item = &'a str> + Clone,
    are_all: bool,
) {
    if state.is_empty() || streams.clone().next().is_none() {
        return;
    }
    let kept = Kept::of(state);
    let mut named: Vec<&str> = streams.clone().filter(|id| kept.has_bookmark(id)).collect();
    if named.is_empty() && are_all && kept.has_more {
        named = streams.collect();
    }
    let Some(first) = named.first() else { return };
    let more = match named.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let list = named[..named.len().min(NAMED)].join("`, `");
    tracing::warn!(
        "the tap keeps a bookmark of `{list}`{more}, but its catalog names no replication method, so \
         all of it is read each time and the bookmark isn't kept; \
         `streams.{first}.replication_method: INCREMENTAL` in the profile, and the sync mode \
         incremental, keep it"
    );
}

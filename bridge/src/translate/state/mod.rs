//! State: one checkpoint for the whole tap, committed stream by stream.
//!
//! A Singer STATE speaks for the whole tap. An Airbyte platform commits the states of streams one
//! by one, each when it has flushed that stream's rows. Gluing a Singer state together again from
//! the newest piece of each stream can therefore make *a state that the tap never said*, and rows
//! are skipped: a child's rows hang on its parent's bookmark, one position may govern several
//! streams, a phase may change what a bookmark means.
//!
//! # The law
//!
//! **A resume gives the tap a state that the tap itself said, all of whose earlier rows are
//! committed. Streams that share a state resume together.** Rows may come twice, never not at all.
//!
//! # Words
//!
//! - A **cut** is a STATE that was chosen to be published. Its id is never used again (run id, pass,
//!   counter); `0` is the empty state. The cut at a clean end of a pass is marked as the end.
//! - A stream stands **alone** if it may ([`StreamSpec::may_stand_alone`]) and no STATE so far held
//!   a *remainder*: anything beside the bookmarks of the streams in the pass, and hints. Presence
//!   counts, also `lsn: 0`. All other streams are **linked**, for good once a remainder showed up.
//! - **Hints** (`currently_syncing` and its kin) are taken out on the way in and never stored.
//! - A **pass** is one run of the tap, for some of the configured streams.
//!
//! # The rules
//!
//! *Joining* ([`plan`]):
//! 1. States of another stream, of another version or of `full_refresh` are set aside, with a
//!    [`Note`]. One that is not ours is a note too, and a read refuses it ([`Note::is_refused`]).
//! 2. Alone streams share one pass, each from its newest part; none means from the start. A single
//!    linked state among them links them all.
//! 3. Linked streams with a cut in common form a *family*, resumed at the newest cut that all of
//!    them hold. Streams with no state form one more family, from nothing; but if a family still
//!    holds `0` and its newest common cut is no end (a first run that was cut short), they join it
//!    and all start over.
//! 4. One pass per family. More than three: the smallest merge and start over.
//! 5. `full_refresh` streams that stand alone go in the alone pass, without their bookmark; the
//!    others get a last pass of their own with no state.
//! 6. A bare Singer state is a cut that every stream holds.
//! 7. One tap fails without a `currently_syncing`; where its bookmarks are seen, it is given a null.
//!
//! *Publishing* ([`Tracker`]):
//! 1. The newest STATE is kept raw and parsed when a publish is due.
//! 2. Linked: a *barrier* gives every stream of the pass the same cut, once per interval at most,
//!    stretched so that states stay under 5 % of the output, to 15 minutes at most. When members ×
//!    rest exceeds 16 MiB, only at the end. A STATE equal to the one before it makes no new cut.
//! 3. Alone: the streams whose part changed, once a second at most.
//! 4. When a remainder shows up, all streams of the pass are linked by one barrier at that moment.
//! 5. A stream that is read in full before its turn at the database's log keeps its former part until
//!    the tap has turned to another: its bookmark names a place in the log from the first row on.
//! 6. At the end, clean or not, every stream gets a state. A tap that said nothing gets published
//!    what came in. `full_refresh` streams are published only here.
//!
//! A publish may come later than its STATE: it then says less than the rows sent, never more.
//!
//! # One state for all streams
//!
//! Under [`StateType::Global`] the platform commits one state for all streams, when everything
//! before it is flushed. It holds one cut, so there is one position for all streams that resume:
//!
//! 1. They are all alone or all linked: one stream that can't stand alone links the others.
//! 2. Linked streams resume together at a cut that all hold; is one of them missing, or do they hold
//!    nothing in common, all start over. A stream that is left out loses its place in the next
//!    state, so it is missing when it comes back; and a place counts only beside the cut that it
//!    names, should a platform keep it from an older state.
//! 3. Every state names all configured streams, those in full by id and number. While the last pass
//!    reads these, the state goes on saying the cut at which the first one ended ([`Standing`]).
//! 4. It is published when a linked barrier would be; size is no obstacle, for the rest is written
//!    once.
//!
//! Under [`StateType::Legacy`] the state is the Singer state, whole, hints included (they are taken
//! out when it comes back); only bookmarks of streams that are read in full beside others are taken
//! out. It can't be seen there that one stream was reset or is new, and the user is told. It has no
//! number of ours, so it is the one type whose states may repeat.
//!
//! Whatever is published, every type of state is understood: a GLOBAL one as stream states of one
//! cut each, stream states under GLOBAL or LEGACY where all hold a cut in common, and a LEGACY or
//! bare Singer state as a cut that every stream holds. What Meltano wraps around a bare state is
//! taken off ([`bare`]).
//!
//! # What is stored
//!
//! A resuming stream's state, version 1, here with line breaks:
//!
//! ```json
//! {"airbyte_singer": 1,
//!  "tap_stream_id": "orders",
//!  "alone": false,
//!  "parts": [{"updated_at": "2026-11-01"}, {"lsn": 10}, {"lsn": 12}],
//!  "cuts": [{"id": "0"},
//!           {"id": "f3a9.0.1", "own": 0, "rest": 1},
//!           {"id": "f3a9.0.2", "own": 0, "rest": 2, "end": true}]}
//! ```
//!
//! `cuts` are the pass's base, the newest two, and the last two at multiples of 8 and of 64 barriers,
//! oldest first, so that streams that are committed at different paces still have a cut in common.
//! `own` and `rest` are places in `parts`, where equal parts stand once: the stream's own bookmark
//! (no `own` says that it is absent) and the Singer state without the bookmarks of the pass's
//! streams (no `rest` says `{}`).
//!
//! A `full_refresh` stream's state never holds a bookmark:
//!
//! ```json
//! {"airbyte_singer": 1, "tap_stream_id": "orders", "full_refresh": true,
//!  "number": "f3a9.1.1", "generation_id": 5}
//! ```
//!
//! Handed back to the same stream under the same generation, it lets the stream go on *inside* that
//! generation in the only way that is safe without a bookmark: from the first row. What an earlier
//! attempt committed stays, rows come twice at worst. Under any other generation, or none, that is
//! no different; `generation_id` is written down so that a reader can tell which one it was.

//!
//! Of a GLOBAL state, the shared part and a stream's own. `number` is new in each state; `cut` names
//! the cut that the shared part holds, and `own` and `rest` are left out as above:
//!
//! ```json
//! {"airbyte_singer": 1, "number": "f3a9.0.2",
//!  "cut": {"id": "f3a9.0.2", "rest": {"lsn": 12}, "end": true}}
//! ```
//!
//! ```json
//! {"airbyte_singer": 1, "tap_stream_id": "orders", "alone": false, "cut": "f3a9.0.2",
//!  "own": {"updated_at": "2026-11-01"}}
//! ```

mod bare;
mod blob;
mod cuts;
mod error;
mod families;
mod hints;
mod intake;
mod kept;
mod notes;
mod one_run;
mod pace;
mod pass;
mod plan;
mod publish;
mod published;
mod said;
mod state_type;
mod stream_spec;
mod whole;

#[cfg(test)]
mod tests;

pub use bare::{Bare, Foreign, bare};
pub use blob::stream_of;
pub use error::StateError;
pub use intake::Input;
pub use kept::Kept;
pub use notes::{Level, Note};
pub use pass::Pass;
pub use plan::{Plan, plan};
pub use publish::Tracker;
pub use published::{Publication, Published};
pub use state_type::StateType;
pub use stream_spec::StreamSpec;
pub use whole::Standing;

//! What the user is told about the way their saved states are used.

use std::fmt;

/// How loudly a [`Note`] is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// All is as it should be; the user may wonder why the tap runs twice.
    Info,
    /// Something that was saved is not used, or rows are read again.
    Warn,
}

/// A sentence for the user. It names streams and never holds a bookmark's value.
///
/// `Display` gives the sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// Streams with no state beside linked ones that have some: they are read from the start.
    NoSavedPosition {
        /// Their `tap_stream_id`s.
        streams: Vec<String>,
    },
    /// A first run was cut short before every stream had a state: all of these start over.
    FirstRunCutShort {
        /// The `tap_stream_id`s of the streams that start over.
        streams: Vec<String>,
    },
    /// `full_refresh` streams of a tap whose streams are linked get a run of their own.
    FullRefreshApart {
        /// Their `tap_stream_id`s.
        streams: Vec<String>,
    },
    /// The streams have nothing newer in common than what their last run began with.
    NoCommonCut,
    /// The states were saved at more moments than there may be runs: these streams start over.
    TooManyRuns {
        /// The `tap_stream_id`s of the streams that start over.
        streams: Vec<String>,
    },
    /// Linked streams resume at different cuts.
    SeveralRuns {
        /// How many runs of the tap that takes.
        runs: usize,
    },
    /// A state that was saved for another stream.
    BelongsToAnother {
        /// The stream under which it was found.
        found_under: String,
        /// The `tap_stream_id` that the state names.
        belongs_to: String,
    },
    /// A state that was saved while the stream was `full_refresh`.
    WasFullRefresh {
        /// The stream's `tap_stream_id`.
        stream: String,
    },
    /// A state that this program did not write, under a stream that would resume from it.
    NotOurs {
        /// The stream under which it was found.
        stream: String,
    },
    /// The shared part of a GLOBAL state that this program did not write.
    SharedNotOurs,
    /// A bare state was taken out of Meltano's wrapping.
    OfMeltano {
        /// How much stood beside it there, and isn't used.
        left_out: usize,
    },
    /// A bare state without `bookmarks`.
    OfItsOwnShape,
    /// A Singer state that is nested too deeply to be stored.
    TooDeep,
    /// A state in a form that this version doesn't know.
    OtherVersion {
        /// The stream under which it was found.
        stream: String,
    },
    /// A stream's place in a GLOBAL state, without the shared part it was saved with.
    WithoutShared {
        /// The stream under which it was found.
        stream: String,
    },
    /// Linked streams have one position under a state type that speaks for all of them, and the
    /// states that were handed in don't say one.
    AllStartOver {
        /// The `tap_stream_id`s of the streams with no saved position; empty when each has one, of
        /// different moments.
        without: Vec<String>,
    },
    /// The state type is LEGACY.
    LegacyIsBlind,
    /// The state that the streams share is too big to be given to each of them often.
    StateTooBig {
        /// What one publication to all streams would hold, in bytes.
        bytes: usize,
    },
}

impl Note {
    /// How loudly to say it.
    pub fn level(&self) -> Level {
        match self {
            Note::NoSavedPosition { .. }
            | Note::FullRefreshApart { .. }
            | Note::SeveralRuns { .. }
            | Note::OfMeltano { left_out: 0 }
            | Note::WasFullRefresh { .. } => Level::Info,
            _ => Level::Warn,
        }
    }

    /// Whether a read must not go on: states of another source say where its streams are, and taken
    /// for none, all rows would be read again.
    pub fn is_refused(&self) -> bool {
        matches!(self, Note::NotOurs { .. } | Note::SharedNotOurs)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::NoSavedPosition { streams } if streams.len() == 1 => {
                let name = &streams[0];
                write!(
                    f,
                    "Stream {name} has no saved position; this tap's streams share theirs, so \
                     {name} is read from the start in a run of its own."
                )
            }
            Note::NoSavedPosition { streams } => write!(
                f,
                "Streams {} have no saved position; this tap's streams share theirs, so they are \
                 read from the start in a run of their own.",
                streams.join(", ")
            ),
            Note::FirstRunCutShort { streams } => write!(
                f,
                "The first run ended before each stream had a saved position: {} start over.",
                streams.join(", ")
            ),
            Note::FullRefreshApart { streams } => {
                let (verb, whom) = if streams.len() == 1 { ("is", "it") } else { ("are", "them") };
                let names = streams.join(", ");
                write!(
                    f,
                    "{names} {verb} full_refresh in a tap with linked streams: the tap runs once \
                     more for {whom}."
                )
            }
            Note::NoCommonCut => f.write_str(
                "No saved cut is common to all streams: resuming from the start of the last run.",
            ),
            Note::TooManyRuns { streams } => write!(
                f,
                "The streams' positions were saved at too many different moments: {} start over.",
                streams.join(", ")
            ),
            Note::SeveralRuns { runs } => write!(
                f,
                "The streams' positions were saved at different moments: the tap runs {runs} \
                 times to resume them, each time for some."
            ),
            Note::BelongsToAnother { found_under, belongs_to } => write!(
                f,
                "State found under {found_under} belongs to {belongs_to} and is not used: \
                 {found_under} is read from the start."
            ),
            Note::WasFullRefresh { stream } => write!(
                f,
                "{stream} was full_refresh so far and has no position to resume from: it is read \
                 from the start."
            ),
            Note::NotOurs { stream } => write!(
                f,
                "State found under {stream} was not written by this program, or was changed since: \
                 reset the stream, or leave its state out, and it is read from the start."
            ),
            Note::SharedNotOurs => f.write_str(
                "The shared part of the GLOBAL state was not written by this program: reset the \
                 streams, or leave the state out, and they are read from the start.",
            ),
            Note::OfMeltano { left_out: 0 } => f.write_str(
                "The state is one that Meltano kept: what it holds under `singer_state` is the \
                 tap's.",
            ),
            Note::OfMeltano { left_out } => write!(
                f,
                "The state is one that Meltano kept: what it holds under `singer_state` is the \
                 tap's, and what stands beside it ({left_out}) is not used."
            ),
            Note::OfItsOwnShape => f.write_str(
                "The state has no `bookmarks`, as most taps' states have: it is handed to the tap \
                 as it is. If no run of this tap wrote it, everything may be read again.",
            ),
            Note::TooDeep => f.write_str(
                "The Singer state is nested too deeply to be saved again and is not used: all \
                 streams are read from the start.",
            ),
            Note::OtherVersion { stream } => write!(
                f,
                "State found under {stream} was written by another version of this program and is \
                 not used: {stream} is read from the start."
            ),
            Note::WithoutShared { stream } => write!(
                f,
                "State found under {stream} is one part of a GLOBAL state whose shared part was not \
                 handed in with it, and is not used: {stream} has no saved position."
            ),
            Note::AllStartOver { without } if without.is_empty() => f.write_str(
                "The streams' positions were saved at different moments, and one state for all \
                 streams holds one only: all start over.",
            ),
            Note::AllStartOver { without } => {
                let verb = if without.len() == 1 { "has" } else { "have" };
                write!(
                    f,
                    "{} {verb} no saved position; this tap's streams share theirs, and one state \
                     for all streams holds one only: all start over.",
                    without.join(", ")
                )
            }
            Note::LegacyIsBlind => f.write_str(
                "With the state type legacy a reset of a single stream and a stream that is new \
                 can't be seen: such a stream may go on from where the others are. Reset all \
                 streams, or use the state type stream or global.",
            ),
            Note::StateTooBig { bytes } => write!(
                f,
                "The state that this tap's streams share would take {bytes} bytes each time it is \
                 saved for all of them: it is saved at the end of the run only. The state type \
                 global is recommended here."
            ),
        }
    }
}

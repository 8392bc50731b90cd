//! Programs that we start, each in a process group of its own: taps, and whatever else is run for the
//! user. Nobody else starts a process.

mod group;
mod orphans;
mod program;
mod sentences;
pub(crate) mod supervisor;

pub use group::Ended;
pub(crate) use group::Group;
pub(crate) use program::Program;
pub(crate) use sentences::shown;

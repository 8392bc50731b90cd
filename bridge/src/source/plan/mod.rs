//! Which of the configured streams the tap has, and which of them run together from which state.

mod resume;
mod selected;

pub(in crate::source) use resume::resume;
pub(crate) use resume::{Resumed, accept, run_id, told_ids};
pub(in crate::source) use selected::{Selected, declared, end_missing, ids, log_names};
pub(crate) use selected::{Selection, no_such_stream};

//! A tap as a program: found, given its files, run, listened to, stopped.
//!
//! This wing speaks Singer only. What a line means to a platform is decided elsewhere.

pub mod attend;
pub mod capture;
pub mod command;
pub mod files;
pub mod harmless;
pub mod hearing;
pub mod lines;
mod own;
pub mod process;
pub mod rewritable;
mod stderr;
pub mod words;

pub use crate::process::Ended;
pub use attend::{Attended, Ear, attend};
pub use capture::{Bounds, Captured, capture};
pub use command::TapCommand;
pub use files::Folder;
pub use harmless::Harmless;
pub use hearing::{Hearing, Mask, Voice};
pub use lines::{Arrival, Lines};
pub(crate) use own::{file as own_file, is_foreign};
pub use process::{LINGER, RunError, Running, Started};
pub use words::{LastWords, Words};

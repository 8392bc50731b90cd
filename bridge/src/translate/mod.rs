//! What one protocol says, in the words of the other: pure rules, no I/O.

pub mod state;

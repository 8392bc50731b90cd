//! Long HTTP bodies, in a process of their own: what its memory is, no other test may change.

#[cfg(target_os = "linux")]
#[cfg(test)]
#[path = "long_bodies/memory.rs"]
mod memory;

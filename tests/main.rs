//! The promises of the whole, each in a file of its own, held against the built program.

#[cfg(test)]
mod harness;
#[cfg(test)]
mod read;
#[cfg(test)]
mod scenarios;

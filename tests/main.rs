//! The promises of the whole, each in a file of its own, held against the built program.

#[cfg(test)]
mod architecture;
#[cfg(test)]
mod check;
#[cfg(test)]
mod children;
#[cfg(test)]
mod convert;
#[cfg(test)]
mod discovery;
#[cfg(test)]
mod drift;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod odd;
#[cfg(test)]
mod options;
#[cfg(test)]
mod process;
#[cfg(test)]
mod read;
#[cfg(test)]
mod resume;
#[cfg(test)]
mod scale;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod state_types;
#[cfg(test)]
mod suite;

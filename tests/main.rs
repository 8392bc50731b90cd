//! The promises of the whole, each in a file of its own, held against the built program.

#[cfg(test)]
mod architecture;
#[cfg(test)]
mod batch;
#[cfg(test)]
mod chance;
#[cfg(test)]
mod check;
#[cfg(test)]
mod children;
#[cfg(test)]
mod convert;
#[cfg(test)]
mod cuts;
#[cfg(test)]
mod discovery;
#[cfg(test)]
mod drift;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod misspelt;
#[cfg(test)]
mod odd;
#[cfg(test)]
mod option_defaults;
#[cfg(test)]
mod option_table;
#[cfg(test)]
mod options;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod pipes;
#[cfg(test)]
mod probes;
#[cfg(test)]
mod process;
#[cfg(test)]
mod read;
#[cfg(test)]
mod resume;
#[cfg(test)]
mod scale;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod state_types;
#[cfg(test)]
mod stops;
#[cfg(test)]
mod stored;
#[cfg(test)]
mod suite;
#[cfg(test)]
mod values;
#[cfg(test)]
mod workdir;
#[cfg(test)]
mod writeback;

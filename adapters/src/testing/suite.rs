//! The rules that every source keeps.

mod offer;
mod reads;

use crate::{Outcome, Source};
use airbyte_protocol::Status;
use serde_json::Value;
use std::fmt;

/// What a source does wrong, a sentence each; never a value of a record.
#[derive(Clone, PartialEq, Eq)]
pub struct Faults(Vec<String>);

impl Faults {
    /// The sentences.
    pub fn sentences(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|fault| write!(f, "\n- {fault}"))
    }
}

// So that an `unwrap` can be read.
impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Faults {}

/// Panics with what [`suite`] finds.
///
/// # Panics
///
/// When the source breaks a rule.
pub fn hold(source: impl Source, config: Value) {
    if let Err(faults) = suite(source, &config) {
        panic!("the source breaks the rules of sources:{faults}");
    }
}

/// Holds a source to the rules of all sources, with a config that works and gives little data:
///
/// * the spec is a valid schema of an object whose settings say what they are, and marks what is
///   plainly secret;
/// * `check` succeeds;
/// * `discover` gives streams with names of their own, whose schemas are valid schemas of objects and
///   hold their cursors and keys, and gives them again;
/// * records fit their schemas, which know all of their fields; cursors and keys are there;
/// * two full refreshes give the same rows;
/// * statuses come in their order, and every state counts the records since the last one;
/// * a read that is cut after any state and goes on from it misses no row, in full refreshes and
///   incrementally.
///
/// Data that changes between two reads breaks them.
///
/// # Errors
///
/// Every rule that is broken.
pub fn suite(mut source: impl Source, config: &Value) -> Result<(), Faults> {
    let mut faults = Vec::new();
    let spec = super::spec(&mut source);
    match spec.outcome {
        Outcome::Done => offer::lint_spec(&spec.spec(), &mut faults),
        _ => return Err(Faults(vec![format!("spec fails: {}", spec.complaint())])),
    }
    let check = super::check(&mut source, config);
    if check.outcome != Outcome::Done {
        faults.push(format!("check finds no answer: {}", check.complaint()));
    } else if check.status().status != Status::Succeeded {
        let why = check.status().message.unwrap_or_default();
        faults.push(format!("check fails: {why}"));
    }
    let discovered = super::discover(&mut source, config);
    if discovered.outcome != Outcome::Done {
        faults.push(format!("discover fails: {}", discovered.complaint()));
        return Err(Faults(faults));
    }
    let catalog = discovered.catalog();
    offer::lint_catalog(&catalog, &mut faults);
    let again = super::discover(&mut source, config);
    if again.outcome != Outcome::Done || again.catalog() != catalog {
        faults.push("discover gives another catalog when it is asked again".to_owned());
    }
    // Streams of one name can't be configured together, so there would be nothing to read.
    if faults.is_empty() {
        reads::hold(&mut source, config, &catalog, &mut faults);
    }
    if faults.is_empty() { Ok(()) } else { Err(Faults(faults)) }
}

#[cfg(test)]
mod tests;

//! The rules that every source keeps.

mod cursors;
mod offer;
mod reads;
mod settings;
mod trial;

use airbyte_protocol::Status;
use airbyte_singer_runtime::{Outcome, Source};
use serde_json::Value;
use std::fmt;
use trial::Trial;

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
    Suite::with(config).hold(source);
}

/// Holds a source to the rules of all sources, as [`Suite`] has them.
///
/// # Errors
///
/// Every rule that is broken.
pub fn suite(source: impl Source, config: &Value) -> Result<(), Faults> {
    Suite::with(config.clone()).judge(source)
}

/// The rules of all sources, and the configs that a source is held to them with: one that works and
/// gives little data, and perhaps some that don't.
///
/// * The spec is a valid schema of an object whose settings say what they are, and marks what is plainly
///   secret.
/// * `check` succeeds. Without a setting that must be there, or with one of another type, it is FAILED,
///   and says which one; so are the configs of [`Suite::refused`].
/// * `discover` gives streams with names of their own, whose schemas are valid schemas of objects and
///   hold their cursors and keys, and gives them again.
/// * Records fit their schemas, which know all of their fields; keys are there.
/// * Two full refreshes give the same rows.
/// * Each stream is STARTED and COMPLETE once, first and last, and RUNNING before its first record; every
///   state counts the records since the last one.
/// * A read that is cut after any state and goes on from it misses no row, in full refreshes and
///   incrementally.
/// * An incremental read that goes on from the end of an earlier one begins with the records at the
///   cursor's own value (`>=`, not `>`), since more of them may have come, and brings the records without a
///   cursor again.
/// * No secret of a config is in anything that is written, raw or encoded, but for configs that are to be
///   stored (CONTROL). So give secrets that are found nowhere else.
/// * A config that is to be stored fits the spec, and works from then on, as on a platform: the next command
///   gets it.
///
/// Data that changes between two reads breaks them.
#[derive(Clone)]
pub struct Suite {
    config: Value,
    refused: Vec<Value>,
}

impl Suite {
    /// With a config that works.
    pub const fn with(config: Value) -> Self {
        Self { config, refused: Vec::new() }
    }

    /// A config that fits the spec and must be refused by `check`: a wrong password.
    #[must_use]
    pub fn refused(mut self, config: Value) -> Self {
        self.refused.push(config);
        self
    }

    /// Panics with what [`Suite::judge`] finds.
    ///
    /// # Panics
    ///
    /// When the source breaks a rule.
    pub fn hold(&self, source: impl Source) {
        if let Err(faults) = self.judge(source) {
            panic!("the source breaks the rules of sources:{faults}");
        }
    }

    /// Holds a source to the rules.
    ///
    /// # Errors
    ///
    /// Every rule that is broken.
    pub fn judge(&self, source: impl Source) -> Result<(), Faults> {
        let mut trial = Trial::of(source, self.config.clone());
        self.play(&mut trial);
        match trial.into_faults() {
            faults if faults.is_empty() => Ok(()),
            faults => Err(Faults(faults)),
        }
    }

    fn play<S: Source>(&self, trial: &mut Trial<S>) {
        let told = trial.spec();
        if told.outcome != Outcome::Done {
            return trial.fault(format!("spec fails: {}", told.complaint()));
        }
        let spec = told.spec();
        offer::lint_spec(&spec, trial);
        let check = trial.check();
        if check.outcome != Outcome::Done {
            trial.fault(format!("check finds no answer: {}", check.complaint()));
        } else if check.status().status != Status::Succeeded {
            let why = check.status().message.unwrap_or_default();
            trial.fault(format!("check fails: {why}"));
        }
        settings::hold(trial, &spec);
        self.refused.iter().for_each(|config| settings::refuse(trial, &spec, config));
        let discovered = trial.discover();
        if discovered.outcome != Outcome::Done {
            return trial.fault(format!("discover fails: {}", discovered.complaint()));
        }
        let catalog = discovered.catalog();
        offer::lint_catalog(&catalog, trial);
        let again = trial.discover();
        if again.outcome != Outcome::Done || again.catalog() != catalog {
            trial.fault("discover gives another catalog when it is asked again".to_owned());
        }
        // Streams of one name can't be configured together, so there would be nothing to read.
        if trial.faults().is_empty() {
            reads::hold(trial, &catalog);
        }
    }
}

// The configs hold secrets.
impl fmt::Debug for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Suite").field("refused", &self.refused.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

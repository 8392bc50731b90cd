//! Running a source in process, and the rules that every source keeps.
//!
//! [`hold`] is a whole test: it asks a source everything that a platform does, cuts its reads after
//! every state, goes on, and panics with what was wrong.
//!
//! ```
//! use airbyte_singer_sdk::{sources::Sample, testing};
//!
//! testing::hold(Sample, serde_json::json!({"days": 2, "orders_per_day": 3}));
//!
//! let catalog = testing::discover(&mut Sample, &serde_json::json!({})).catalog();
//! assert_eq!(catalog.streams[0].name, "products");
//! ```
//!
//! A [`Suite`] is also told of configs that `check` must refuse.
//!
//! A source runs on a thread's own async runtime, so call these from a plain `#[test]`. What goes wrong
//! around the source (a temporary file that can't be written) is a panic too.

mod suite;
mod transcript;

pub use suite::{Faults, Suite, hold, suite};
pub use transcript::Transcript;

use airbyte_protocol::{ConfiguredCatalog, State};
use airbyte_singer_runtime::{Command, Journal, Output, Secrets, Session, Source, Written, run};
use serde::Serialize;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Plays `spec`.
pub fn spec(source: &mut impl Source) -> Transcript {
    play(source, &Command::Spec)
}

/// Plays `check`.
pub fn check(source: &mut impl Source, config: &Value) -> Transcript {
    in_folder(|folder| play(source, &Command::Check { config: folder.put("config", config) }))
}

/// Plays `discover`.
pub fn discover(source: &mut impl Source, config: &Value) -> Transcript {
    in_folder(|folder| play(source, &Command::Discover { config: folder.put("config", config) }))
}

/// Plays `read`, from where `states` say; none means from the start.
pub fn read(
    source: &mut impl Source,
    config: &Value,
    catalog: &ConfiguredCatalog,
    states: &[State],
) -> Transcript {
    in_folder(|folder| {
        let command = Command::Read {
            config: folder.put("config", config),
            catalog: folder.put("catalog", catalog),
            state: Some(folder.put("state", &states)),
        };
        play(source, &command)
    })
}

/// Where the files of one command lie.
struct Folder<'a>(&'a Path);

impl Folder<'_> {
    fn put<T: Serialize + ?Sized>(&self, name: &str, content: &T) -> PathBuf {
        let path = self.0.join(name);
        let text = serde_json::to_vec(content).expect("what is given is JSON");
        std::fs::write(&path, text).expect("a temporary file");
        path
    }
}

fn in_folder(work: impl FnOnce(&Folder<'_>) -> Transcript) -> Transcript {
    let folder = tempfile::tempdir().expect("a temporary folder");
    work(&Folder(folder.path()))
}

fn play(source: &mut impl Source, command: &Command) -> Transcript {
    let written = Written::default();
    let (output, secrets) = (Output::new(written.clone()), Secrets::default());
    let journal = Journal::new(output.clone(), secrets.clone());
    let outcome = run(source, command, &Session { output, secrets, journal });
    Transcript::new(outcome, &written.bytes())
}

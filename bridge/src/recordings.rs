//! The recordings of real taps, for tests.

use serde_json::Value;
use singer_protocol as singer;
use std::path::PathBuf;

pub(crate) struct Recording {
    pub(crate) name: String,
    folder: PathBuf,
}

/// Every recording that the project ships.
pub(crate) fn all() -> Vec<Recording> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/recordings");
    let mut recordings: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("discover.json").exists())
        .map(|folder| {
            let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
            Recording { name, folder }
        })
        .collect();
    recordings.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(recordings.len() >= 4);
    recordings
}

impl Recording {
    pub(crate) fn catalog(&self) -> singer::Catalog {
        singer::Catalog::parse(&std::fs::read(self.folder.join("discover.json")).unwrap()).unwrap()
    }

    /// The tap's messages, as JSON.
    pub(crate) fn messages(&self) -> Vec<Value> {
        let lines = std::fs::read_to_string(self.folder.join("stdout.jsonl")).unwrap();
        lines
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|message| message.get("type").is_some())
            .collect()
    }
}

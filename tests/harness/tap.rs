use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// What `tap-replay` plays: a folder of the fixtures, or one that a test writes.
pub(crate) struct Tap {
    folder: PathBuf,
    /// Gone with the tap, where a test wrote it.
    _own: Option<tempfile::TempDir>,
}

impl Tap {
    /// A scenario of `fixtures/taps`.
    pub(crate) fn scenario(name: &str) -> Self {
        let folder = super::fixtures("taps").join(name);
        assert!(folder.is_dir(), "no scenario {name}");
        Self { folder, _own: None }
    }

    /// A folder anywhere.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), _own: None }
    }

    /// A tap that discovers these entries and says nothing yet.
    pub(crate) fn with(entries: &[Value]) -> Self {
        let own = tempfile::tempdir().expect("a folder");
        let tap = Self { folder: own.path().to_owned(), _own: Some(own) };
        tap.file("discover.json", json!({"streams": entries}).to_string())
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the example lies: beside the test's own executable.
    pub(crate) fn program() -> PathBuf {
        let own = std::env::current_exe().expect("our own path");
        let profile = own.parent().and_then(Path::parent).expect("target/<profile>/deps");
        let program = profile.join("examples/tap-replay");
        assert!(program.exists(), "build it first: cargo build --example tap-replay");
        program
    }

    /// Writes one of the tap's files.
    pub(crate) fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.folder.join(name), content).expect("a file");
        self
    }

    /// What a sync says, line by line.
    pub(crate) fn says<S: AsRef<str>>(self, lines: &[S]) -> Self {
        self.file("stdout.jsonl", joined(lines))
    }

    /// What a sync says on stderr.
    pub(crate) fn complains(self, text: &str) -> Self {
        self.file("stderr.txt", text)
    }

    /// How a run ends: `{"sync": 1}`.
    pub(crate) fn exits(self, codes: Value) -> Self {
        self.file("exit_codes.json", codes.to_string())
    }

    /// How it behaves: the keys of `tap` in a `scenario.json`.
    pub(crate) fn behaves(self, manner: Value) -> Self {
        self.file("scenario.json", json!({"tap": manner}).to_string())
    }

    /// What `--about` says of its settings.
    pub(crate) fn about(self, properties: Value, required: &[&str]) -> Self {
        let settings = json!({"type": "object", "properties": properties, "required": required});
        let about = json!({"name": "tap-replay", "settings": settings, "capabilities": []});
        self.file("about.json", about.to_string())
    }
}

fn joined<S: AsRef<str>>(lines: &[S]) -> String {
    lines.iter().map(|line| format!("{}\n", line.as_ref())).collect()
}

/// An entry of an API tap's catalog: a key, columns of any kind.
pub(crate) fn entry(id: &str, key: &[&str], columns: Value) -> Value {
    let mut metadata = vec![json!({"breadcrumb": [], "metadata": {
        "inclusion": "available", "table-key-properties": key}})];
    for name in columns.as_object().expect("columns").keys() {
        let inclusion = if key.contains(&name.as_str()) { "automatic" } else { "available" };
        metadata.push(json!({"breadcrumb": ["properties", name],
            "metadata": {"inclusion": inclusion}}));
    }
    json!({"tap_stream_id": id, "stream": id, "key_properties": key,
        "schema": {"type": "object", "properties": columns}, "metadata": metadata})
}

/// `id` and `name`, and when a row was changed: enough for most streams.
pub(crate) fn columns() -> Value {
    json!({"id": {"type": "integer"}, "name": {"type": ["null", "string"]},
        "updated_at": {"type": ["null", "string"], "format": "date-time"}})
}

/// An entry of a database tap's catalog: `schema-table` with those columns and a replication key.
pub(crate) fn table(schema: &str, name: &str) -> Value {
    let mut table = entry(&format!("{schema}-{name}"), &["id"], columns());
    table["stream"] = json!(name);
    table["table_name"] = json!(name);
    let own = &mut table["metadata"][0]["metadata"];
    own["schema-name"] = json!(schema);
    own["database-name"] = json!("shop");
    own["valid-replication-keys"] = json!(["updated_at"]);
    table
}

/// A SCHEMA line with [`columns`].
pub(crate) fn schema(stream: &str) -> String {
    json!({"type": "SCHEMA", "stream": stream, "key_properties": ["id"],
        "schema": {"type": "object", "properties": columns()}})
    .to_string()
}

/// A STATE line with these bookmarks.
pub(crate) fn state(bookmarks: Value) -> String {
    json!({"type": "STATE", "value": {"bookmarks": bookmarks}}).to_string()
}

/// What one run of `tap-replay` was given.
pub(crate) struct Given {
    /// `help`, `about`, `discover`, `sync` or `resume`.
    pub(crate) run: String,
    report: Value,
}

impl Given {
    pub(crate) fn parse(line: &str) -> Self {
        let report: Value = serde_json::from_str(line).expect("a report is JSON");
        Self { run: report["run"].as_str().expect("a run").to_owned(), report }
    }

    pub(crate) fn args(&self) -> Vec<String> {
        serde_json::from_value(self.report["args"].clone()).expect("arguments")
    }

    /// The content of the file behind `--config`, `--catalog`, `--properties` or `--state`.
    pub(crate) fn file(&self, flag: &str) -> Option<Value> {
        let text = self.report["given"].get(flag)?["text"].as_str()?;
        Some(serde_json::from_str(text).expect("what a tap is given is JSON"))
    }

    /// The permissions of such a file, in octal.
    pub(crate) fn mode(&self, flag: &str) -> &str {
        self.report["given"][flag]["mode"].as_str().expect("a mode")
    }

    pub(crate) fn folder(&self) -> &Path {
        Path::new(self.report["folder"].as_str().expect("a folder"))
    }

    pub(crate) fn folder_mode(&self) -> &str {
        self.report["folder_mode"].as_str().expect("a mode")
    }

    /// The names of our own variables that it could see.
    pub(crate) fn environment(&self) -> &Value {
        &self.report["environment"]
    }

    pub(crate) fn pid(&self) -> i32 {
        number(&self.report["pid"])
    }

    /// The process that it started, if it did.
    pub(crate) fn grandchild(&self) -> Option<i32> {
        Some(&self.report["grandchild"]).filter(|pid| !pid.is_null()).map(number)
    }

    /// The catalog's entry of that id, as the tap was given it.
    pub(crate) fn entry(&self, id: &str) -> Value {
        let catalog = self.file("--catalog").or_else(|| self.file("--properties"));
        let catalog = catalog.expect("a catalog");
        let entries = catalog["streams"].as_array().expect("streams");
        entries.iter().find(|e| e["tap_stream_id"] == id).expect("an entry of that id").clone()
    }

    /// The ids of the streams that the catalog's metadata selects.
    pub(crate) fn selected(&self) -> Vec<String> {
        let catalog = self.file("--catalog").or_else(|| self.file("--properties"));
        let catalog = catalog.expect("a catalog");
        let entries = catalog["streams"].as_array().expect("streams");
        let chosen = entries.iter().filter(|entry| metadata(entry, &[])["selected"] == true);
        chosen.map(|e| e["tap_stream_id"].as_str().expect("an id").to_owned()).collect()
    }
}

fn number(value: &Value) -> i32 {
    value.as_i64().and_then(|n| i32::try_from(n).ok()).expect("a pid")
}

/// The metadata of an entry at a breadcrumb.
pub(crate) fn metadata(entry: &Value, breadcrumb: &[&str]) -> Value {
    let all = entry["metadata"].as_array().cloned().unwrap_or_default();
    let own = all.into_iter().find(|m| m["breadcrumb"] == json!(breadcrumb));
    own.map_or(Value::Object(Map::new()), |m| m["metadata"].clone())
}

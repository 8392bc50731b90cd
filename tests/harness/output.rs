use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Code(i32),
    Signal(i32),
}

/// What a program said, and how it ended.
pub(crate) struct Output {
    pub(crate) exit: Exit,
    pub(crate) lines: Vec<Line>,
    pub(crate) stderr: String,
    /// Whether the last line ends with a newline, as it must.
    pub(crate) whole: bool,
    /// When it ran, in milliseconds.
    pub(crate) when: Range<i64>,
}

/// One line of stdout.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) raw: String,
    /// `RECORD`, `STATE`, …; empty when the line is no message.
    pub(crate) kind: String,
    /// The top-level fields, with their bytes.
    fields: HashMap<String, Box<RawValue>>,
}

/// A record as it came.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Record {
    pub(crate) stream: String,
    /// The bytes of `data`.
    pub(crate) data: String,
    pub(crate) emitted_at: i64,
    pub(crate) meta: Option<Value>,
}

impl Record {
    pub(crate) fn value(&self) -> Value {
        serde_json::from_str(&self.data).expect("the data of a record is JSON")
    }
}

/// `namespace.name` of a stream or of a descriptor.
pub(crate) fn name_of(stream: &Value) -> String {
    let name = stream["name"].as_str().expect("a stream has a name");
    match stream.get("namespace").and_then(Value::as_str) {
        None | Some("") => name.to_owned(),
        Some(namespace) => format!("{namespace}.{name}"),
    }
}

impl Line {
    pub(crate) fn parse(raw: &str) -> Self {
        let fields: HashMap<String, Box<RawValue>> = serde_json::from_str(raw).unwrap_or_default();
        let kind = fields.get("type").and_then(|kind| serde_json::from_str(kind.get()).ok());
        Self { raw: raw.to_owned(), kind: kind.unwrap_or_default(), fields }
    }

    /// A top-level field.
    pub(crate) fn field(&self, name: &str) -> Value {
        let field = self.fields.get(name).map(|raw| serde_json::from_str(raw.get()));
        field.and_then(Result::ok).unwrap_or(Value::Null)
    }

    /// A top-level field as it was written.
    pub(crate) fn raw_field(&self, name: &str) -> Option<String> {
        Some(self.fields.get(name)?.get().to_owned())
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.fields.keys().map(String::as_str)
    }

    /// The record, data left as bytes: it may hold what no `Value` can.
    pub(crate) fn record(&self) -> Option<Record> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Body<'a> {
            #[serde(default)]
            namespace: Option<String>,
            stream: String,
            #[serde(borrow)]
            data: &'a RawValue,
            emitted_at: i64,
            #[serde(default)]
            meta: Option<Value>,
        }
        let raw = self.fields.get("record").filter(|_| self.kind == "RECORD")?;
        let body: Body<'_> = serde_json::from_str(raw.get()).expect("a record's envelope");
        Some(Record {
            stream: name_of(&json!({"name": body.stream, "namespace": body.namespace})),
            data: body.data.get().to_owned(),
            emitted_at: body.emitted_at,
            meta: body.meta,
        })
    }

    /// (stream, status).
    pub(crate) fn status(&self) -> Option<(String, String)> {
        let trace = self.trace("STREAM_STATUS")?;
        let status = &trace["stream_status"];
        let text = status["status"].as_str().unwrap_or_default().to_owned();
        Some((name_of(&status["stream_descriptor"]), text))
    }

    /// The stream of a STREAM state.
    pub(crate) fn state_stream(&self) -> Option<String> {
        let state = (self.kind == "STATE").then(|| self.field("state"))?;
        (state["type"] == "STREAM").then(|| name_of(&state["stream"]["stream_descriptor"]))
    }

    pub(crate) fn trace(&self, kind: &str) -> Option<Value> {
        let trace = (self.kind == "TRACE").then(|| self.field("trace"))?;
        (trace["type"] == kind).then_some(trace)
    }
}

impl Output {
    pub(crate) fn new(exit: Exit, stdout: &[u8], stderr: &[u8], when: Range<i64>) -> Self {
        let text = std::str::from_utf8(stdout).expect("stdout is UTF-8");
        Self {
            exit,
            lines: text.lines().map(Line::parse).collect(),
            stderr: String::from_utf8_lossy(stderr).into_owned(),
            whole: text.is_empty() || text.ends_with('\n'),
            when,
        }
    }

    fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Line> {
        self.lines.iter().filter(move |line| line.kind == kind)
    }

    fn one(&self, kind: &str, field: &str) -> Value {
        let found: Vec<&Line> = self.of(kind).collect();
        assert_eq!(found.len(), 1, "one {kind} message\n{self}");
        found[0].field(field)
    }

    pub(crate) fn catalog(&self) -> Value {
        self.one("CATALOG", "catalog")
    }

    pub(crate) fn spec(&self) -> Value {
        self.one("SPEC", "spec")
    }

    /// (SUCCEEDED or FAILED, the sentence).
    pub(crate) fn answer(&self) -> (String, String) {
        let status = self.one("CONNECTION_STATUS", "connectionStatus");
        let text = |key: &str| status[key].as_str().unwrap_or_default().to_owned();
        (text("status"), text("message"))
    }

    pub(crate) fn records(&self) -> Vec<Record> {
        self.lines.iter().filter_map(Line::record).collect()
    }

    pub(crate) fn records_of(&self, stream: &str) -> Vec<Record> {
        self.records().into_iter().filter(|record| record.stream == stream).collect()
    }

    /// A field of every record of a stream, as JSON.
    pub(crate) fn column(&self, stream: &str, field: &str) -> Vec<Value> {
        self.records_of(stream).iter().map(|record| record.value()[field].clone()).collect()
    }

    /// The content of every state of a stream.
    pub(crate) fn states_of(&self, stream: &str) -> Vec<Value> {
        let own = self.lines.iter().filter(|line| line.state_stream().as_deref() == Some(stream));
        own.map(|line| line.field("state")["stream"]["stream_state"].clone()).collect()
    }

    pub(crate) fn statuses_of(&self, stream: &str) -> Vec<String> {
        let all = self.lines.iter().filter_map(Line::status);
        all.filter(|(name, _)| name == stream).map(|(_, status)| status).collect()
    }

    pub(crate) fn last_status(&self, stream: &str) -> String {
        self.statuses_of(stream).pop().unwrap_or_default()
    }

    /// The ERROR traces.
    pub(crate) fn errors(&self) -> Vec<Value> {
        let traces = self.lines.iter().filter_map(|line| line.trace("ERROR"));
        traces.map(|trace| trace["error"].clone()).collect()
    }

    /// The sentence of the one ERROR trace.
    pub(crate) fn error(&self) -> String {
        let errors = self.errors();
        assert_eq!(errors.len(), 1, "one ERROR trace\n{self}");
        errors[0]["message"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn failure_type(&self) -> String {
        self.errors()[0]["failure_type"].as_str().unwrap_or_default().to_owned()
    }

    /// `LEVEL message` of every LOG.
    pub(crate) fn logs(&self) -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        self.of("LOG")
            .map(|line| line.field("log"))
            .map(|log| format!("{} {}", text(&log["level"]), text(&log["message"])))
            .collect()
    }

    /// Whether a LOG of that level says something.
    pub(crate) fn logged(&self, level: &str, what: &str) -> bool {
        self.logs().iter().any(|log| log.starts_with(level) && log.contains(what))
    }

    /// What a platform that commits stream by stream holds once it has taken the line at `index`:
    /// the newest state of each stream, as it would hand them back.
    pub(crate) fn committed_state_at(&self, index: usize) -> Value {
        let mut held: Vec<(String, Value)> = Vec::new();
        for line in &self.lines[..=index] {
            let Some(stream) = line.state_stream() else { continue };
            held.retain(|(name, _)| *name != stream);
            held.push((stream, line.field("state")));
        }
        held.into_iter().map(|(_, state)| state).collect()
    }

    /// What a platform holds at the end.
    pub(crate) fn committed_state(&self) -> Value {
        match self.lines.len() {
            0 => json!([]),
            count => self.committed_state_at(count - 1),
        }
    }

    /// The places of the states.
    pub(crate) fn state_lines(&self) -> Vec<usize> {
        let states = self.lines.iter().enumerate().filter(|(_, line)| line.kind == "STATE");
        states.map(|(index, _)| index).collect()
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "it ended with {:?} and said:", self.exit)?;
        for line in self.lines.iter().take(200) {
            writeln!(f, "  {}", line.raw.chars().take(600).collect::<String>())?;
        }
        match self.stderr.as_str() {
            "" => Ok(()),
            stderr => writeln!(f, "on stderr: {stderr}"),
        }
    }
}

mod configs;
mod cursors;
mod written;

use super::*;
use crate::Sample;
use airbyte_protocol::{Catalog, ConnectionStatus, Specification, Stream, SyncMode};
use airbyte_singer_runtime::{Config, Context, Emitter, ReadJob};
use serde_json::{Map, json};

type Validates = fn(&Config, &Specification) -> airbyte_singer_runtime::Result<()>;

/// A source that does one thing wrong.
#[derive(Default)]
struct Wrong {
    spec: Value,
    streams: Vec<Stream>,
    rows: Vec<Value>,
    /// Whether its state claims what was never emitted.
    forgets: bool,
    reads: usize,
    restless: bool,
    /// A state that it saves before anything else.
    saves: Option<Value>,
    /// What it makes of configs; by default what their spec says.
    validates: Option<Validates>,
    checks: Option<fn(&Config) -> airbyte_singer_runtime::Result<ConnectionStatus>>,
    /// Settings that it asks to store in a read.
    stores: Option<Value>,
    /// Whether it offers another stream each time.
    fickle: bool,
}

fn map(value: Value) -> Map<String, Value> {
    let Value::Object(map) = value else { panic!("no object") };
    map
}

fn stream(schema: Value) -> Stream {
    Stream::new("things", map(schema))
}

fn good() -> Wrong {
    let schema = json!({"type": "object", "properties": {"id": {"type": "integer"}}});
    Wrong {
        spec: json!({"type": "object", "properties": {}}),
        streams: vec![stream(schema)],
        rows: vec![json!({"id": 1}), json!({"id": 2})],
        ..Wrong::default()
    }
}

impl Source for Wrong {
    async fn spec(&mut self, _: &Context) -> airbyte_singer_runtime::Result<Specification> {
        Ok(Specification::new(map(self.spec.clone())))
    }

    fn validate(
        &self,
        config: &Config,
        spec: &Specification,
    ) -> airbyte_singer_runtime::Result<()> {
        self.validates.map_or_else(|| config.validate(spec), |validates| validates(config, spec))
    }

    async fn check(
        &mut self,
        config: &Config,
        _: &Context,
    ) -> airbyte_singer_runtime::Result<ConnectionStatus> {
        self.checks.map_or_else(|| Ok(ConnectionStatus::succeeded()), |checks| checks(config))
    }

    async fn discover(
        &mut self,
        _: &Config,
        _: &Context,
    ) -> airbyte_singer_runtime::Result<Catalog> {
        let mut streams = self.streams.clone();
        if self.fickle {
            self.reads += 1;
            streams[0].name = format!("things{}", self.reads);
        }
        Ok(Catalog::new(streams))
    }

    async fn read(
        &mut self,
        job: ReadJob,
        emitter: &Emitter,
        context: &Context,
    ) -> airbyte_singer_runtime::Result<()> {
        if let Some(stores) = &self.stores {
            context.store_config(&job.config, map(stores.clone()))?;
        }
        let resumed = job.state != airbyte_protocol::StateInput::Empty;
        let skip = if self.forgets && resumed { self.rows.len() } else { 0 };
        self.reads += 1;
        let mut floor = emitter.lock();
        let id = floor.nth(0);
        if self.forgets {
            floor.state(id, json!({"all": true}))?;
        }
        if let Some(state) = &self.saves {
            floor.state(id, state.clone())?;
        }
        for row in self.rows.iter().skip(skip) {
            let mut row = row.clone();
            if self.restless {
                row["id"] = json!(self.reads);
            }
            floor.handle(id).record(row.to_string().as_bytes(), 1, &[])?;
        }
        Ok(())
    }
}

#[track_caller]
fn finds(source: Wrong, sentence: &str) {
    finds_with(&Suite::with(json!({})), source, sentence);
}

#[track_caller]
fn finds_with(suite: &Suite, source: Wrong, sentence: &str) {
    let faults = suite.judge(source).expect_err("a fault");
    assert!(faults.sentences().iter().any(|fault| fault.contains(sentence)), "{faults}");
}

#[test]
fn what_keeps_the_rules_passes() {
    suite(good(), &json!({})).unwrap();
    suite(Sample, &json!({"days": 3, "orders_per_day": 2, "products": 3})).unwrap();
}

#[test]
fn specs_are_linted() {
    let spec = |settings: Value| Wrong {
        spec: json!({"type": "object", "properties": settings, "required": ["gone"]}),
        ..good()
    };
    finds(spec(json!({"x": {}})), "setting `x` has neither a title nor a description");
    finds(spec(json!({"password": {"title": "P"}})), "setting `password` isn't marked");
    finds(spec(json!({})), "setting `gone` is required but not described");
    let inner = json!({"auth": {"title": "A", "type": "object", "properties": {"apiKey": {}}}});
    finds(spec(inner.clone()), "setting `auth.apiKey` has neither a title nor a description");
    finds(spec(inner), "setting `auth.apiKey` isn't marked as airbyte_secret");
    let either = json!({"auth": {"title": "A", "oneOf": [{"required": ["kind"], "properties":
        {"token": {"title": "T", "type": ["string", "null"]}}}]}});
    finds(spec(either.clone()), "setting `auth.token` isn't marked as airbyte_secret");
    finds(spec(either), "setting `auth.kind` is required but not described");
    let no_object = Wrong { spec: json!({"type": "string"}), ..good() };
    finds(no_object, "the spec is not that of an object with properties");
}

#[test]
fn what_holds_secrets_or_only_switches_isnt_one_itself() {
    let settings = json!({"credentials": {"title": "C", "oneOf": [{"properties": {
        "kind": {"const": "token"},
        "token": {"title": "T", "type": "string", "airbyte_secret": true},
        "renew_token": {"title": "R", "type": "boolean"}}}]}});
    let source = Wrong { spec: json!({"type": "object", "properties": settings}), ..good() };
    suite(source, &json!({})).unwrap();
}

#[test]
fn catalogs_are_linted() {
    let schema = json!({"type": "object", "properties": {"id": {}}});
    let two = Wrong { streams: vec![stream(schema.clone()), stream(schema.clone())], ..good() };
    finds(two, "two streams are named things");
    finds(Wrong { streams: Vec::new(), ..good() }, "there is no stream");
    finds(
        Wrong { fickle: true, ..good() },
        "discover gives another catalog when it is asked again",
    );
    let mut keyed = stream(schema.clone());
    keyed.source_defined_primary_key = vec![vec!["key".to_owned()]];
    finds(Wrong { streams: vec![keyed], ..good() }, "has a key `key` that its schema lacks");
    let mut followed = stream(schema);
    followed.default_cursor_field = vec!["at".to_owned()];
    followed.supported_sync_modes = vec![SyncMode::Incremental];
    let followed = Wrong { streams: vec![followed], ..good() };
    finds(followed, "has a cursor `at` that its schema lacks");
    let broken = stream(json!({"type": "object", "properties": {"id": {"type": 1}}}));
    finds(Wrong { streams: vec![broken], ..good() }, "is no valid JSON Schema");
}

#[test]
fn records_are_held_against_their_schema_and_never_shown() {
    finds(
        Wrong { rows: vec![json!({"id": 1, "x": 1})], ..good() },
        "has `x`, which its schema lacks",
    );
    let wrong = Wrong { rows: vec![json!({"id": "hunter2"})], ..good() };
    let faults = suite(wrong, &json!({})).expect_err("a fault").to_string();
    assert!(faults.contains("a value at `/id` that breaks `type`"), "{faults}");
    assert!(!faults.contains("hunter2"), "{faults}");
    let mut keyed = good();
    keyed.streams[0].source_defined_primary_key = vec![vec!["id".to_owned()]];
    keyed.rows.push(json!({"id": null}));
    finds(keyed, "has records without `id`");
}

#[test]
fn reads_are_compared_and_cut() {
    finds(Wrong { restless: true, ..good() }, "a second full refresh gives other rows");
    finds(Wrong { forgets: true, ..good() }, "and went on misses 2 rows of things");
}

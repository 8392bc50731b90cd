//! What a source does wrong where it goes on from a cursor.

use super::*;
use crate::{About, Connection, Connector, Native, Schema, Streams};

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Nothing {}

/// Records, of which a read from a cursor keeps some.
struct Records {
    values: &'static [Option<u64>],
    is_sorted: bool,
    keeps: fn(Option<u64>, u64) -> bool,
}

impl Connector for Records {
    type Config = Nothing;

    async fn streams(&self, _: Nothing, _: &Connection) -> airbyte_singer_runtime::Result<Streams> {
        let &Self { values, is_sorted, keeps } = self;
        let schema = json!({"type": "object", "properties": {"id": {}, "at": {}}});
        let mut about = About::new("things", Schema::given(schema)).key(["id"]).cursor("at");
        if is_sorted {
            about = about.checkpoint_every(1);
        }
        let things = about.reading(async move |slice, out| {
            let since = slice.cursor::<u64>()?;
            for (id, at) in values.iter().enumerate() {
                if since.is_none_or(|since| keeps(*at, since)) {
                    out.emit(&json!({"id": id, "at": at})).await?;
                }
            }
            Ok(())
        });
        Ok(vec![Box::new(things)])
    }
}

fn found(source: Records) -> String {
    match suite(Native::new(source), &json!({})) {
        Ok(()) => String::new(),
        Err(faults) => faults.to_string(),
    }
}

const NONE_WITHOUT: &[Option<u64>] = &[Some(1), Some(2), Some(2)];
const SOME_WITHOUT: &[Option<u64>] = &[Some(1), None, Some(2), None];

#[test]
fn one_that_begins_at_the_cursor_and_brings_records_without_one_passes() {
    for is_sorted in [false, true] {
        for values in [NONE_WITHOUT, SOME_WITHOUT] {
            let keeps = |at: Option<u64>, since| at.is_none_or(|at| at >= since);
            assert_eq!(found(Records { values, is_sorted, keeps }), "");
        }
    }
}

#[test]
fn one_that_loses_the_records_at_the_cursor_is_found() {
    for values in [NONE_WITHOUT, SOME_WITHOUT] {
        let keeps = |at: Option<u64>, since| at.is_none_or(|at| at > since);
        let faults = found(Records { values, is_sorted: false, keeps });
        let told = "an incremental read that goes on from its end loses the records of things at the \
                    value of the cursor itself";
        assert!(faults.contains(told), "{faults}");
    }
}

#[test]
fn one_whose_state_moves_past_records_without_a_cursor_is_found() {
    let keeps = |at: Option<u64>, since| at.is_some_and(|at| at >= since);
    let faults = found(Records { values: SOME_WITHOUT, is_sorted: false, keeps });
    let told = "an incremental read that goes on from its end leaves out the records of things that have \
                no `at`";
    assert!(faults.contains(told), "{faults}");
    let faults = found(Records { values: SOME_WITHOUT, is_sorted: true, keeps });
    assert!(faults.contains("misses 1 rows of things"), "{faults}");
}

/// A source that keeps states of its own shape.
#[test]
fn a_source_of_its_own_is_held_by_the_greatest_of_its_cursors() {
    struct Own(bool);
    impl Source for Own {
        async fn spec(&mut self, _: &Context) -> airbyte_singer_runtime::Result<Specification> {
            Ok(Specification::new(map(json!({"type": "object", "properties": {}}))))
        }

        async fn check(
            &mut self,
            _: &Config,
            _: &Context,
        ) -> airbyte_singer_runtime::Result<ConnectionStatus> {
            Ok(ConnectionStatus::succeeded())
        }

        async fn discover(
            &mut self,
            _: &Config,
            _: &Context,
        ) -> airbyte_singer_runtime::Result<Catalog> {
            let mut things = stream(json!({"type": "object", "properties": {"at": {}}}));
            things.default_cursor_field = vec!["at".to_owned()];
            things.supported_sync_modes.push(SyncMode::Incremental);
            Ok(Catalog::new(vec![things]))
        }

        async fn read(
            &mut self,
            job: ReadJob,
            emitter: &Emitter,
            _: &Context,
        ) -> airbyte_singer_runtime::Result<()> {
            let is_first = job.state == airbyte_protocol::StateInput::Empty
                || job.catalog.streams[0].sync_mode == SyncMode::FullRefresh;
            let mut floor = emitter.lock();
            let id = floor.nth(0);
            for day in ["2026-01-31T01:30:00+02:00", "2026-01-31T01:00:00+01:00"] {
                if is_first || (self.0 && day.ends_with("01:00")) {
                    floor.handle(id).record(json!({"at": day}).to_string().as_bytes(), 1, &[])?;
                }
            }
            floor.state(id, json!({"bookmark": "the end"}))
        }
    }
    assert_eq!(suite(Own(true), &json!({})), Ok(()));
    let faults = suite(Own(false), &json!({})).expect_err("a fault").to_string();
    assert!(
        faults.contains("loses the records of things at the value of the cursor itself"),
        "{faults}"
    );
}

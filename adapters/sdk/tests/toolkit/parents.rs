//! Streams whose slices come from a parent.

use airbyte_protocol::{
    ConfiguredCatalog, ConfiguredStream, State, StateStats, StreamDescriptor, SyncMode,
};
use airbyte_singer_sdk::toolkit::{
    About, Connection, Connector, Native, Out, Schema, Slice, Slices, Stream, Streams, sample,
};
use airbyte_singer_sdk::{Outcome, Result, testing};
use serde_json::json;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

/// What is going on, seen from outside.
#[derive(Debug, Default)]
struct Watch {
    made: Cell<u64>,
    begun: Cell<u64>,
    done: Cell<u64>,
    most_in_work: Cell<u64>,
    /// The parent waits with each record until its last one's child has begun.
    is_slow: bool,
}

#[derive(Clone)]
struct Parents {
    count: u64,
    watch: Rc<Watch>,
}

fn schema() -> Schema {
    let fields = json!({"id": {"type": "integer"}, "parent": {"type": "integer"}});
    Schema::given(json!({"type": "object", "properties": fields}))
}

impl Stream for Parents {
    fn about(&self) -> About {
        About::new("parents", schema()).key(["id"])
    }

    async fn slices(&self, slices: &mut Slices<'_>) -> Result<()> {
        slices.emit_all([0, 1].map(|half| Slice::window([("half", half)]))).await
    }

    async fn read(&self, slice: &Slice, out: &mut Out<'_>) -> Result<()> {
        let half: u64 = slice.get("half")?;
        for id in (0..self.count).filter(|id| (*id >= self.count / 2) == (half == 1)) {
            while self.watch.is_slow && self.watch.begun.get() < id {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            out.emit(&json!({"id": id})).await?;
        }
        Ok(())
    }
}

struct Children(Parents);

impl Stream for Children {
    fn about(&self) -> About {
        About::new("children", schema()).key(["parent", "id"]).cursor("id")
    }

    async fn slices(&self, slices: &mut Slices<'_>) -> Result<()> {
        let watch = &self.0.watch;
        let make = |parent: &serde_json::Value| {
            watch.made.set(watch.made.get() + 1);
            let in_work = watch.made.get() - watch.done.get();
            watch.most_in_work.set(watch.most_in_work.get().max(in_work));
            Some(Slice::partition([("parent", parent["id"].clone())]))
        };
        slices.of_parent(&self.0, make).await
    }

    async fn read(&self, slice: &Slice, out: &mut Out<'_>) -> Result<()> {
        let watch = &self.0.watch;
        watch.begun.set(watch.begun.get() + 1);
        let parent: u64 = slice.get("parent")?;
        for id in slice.cursor::<u64>()?.unwrap_or(0)..2 {
            tokio::task::yield_now().await;
            out.emit(&json!({"id": id, "parent": parent})).await?;
        }
        watch.done.set(watch.done.get() + 1);
        Ok(())
    }
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Nothing {}

struct Family(Parents);

impl Connector for Family {
    type Config = Nothing;

    async fn streams(&self, _: Nothing, _: &Connection) -> Result<Streams> {
        Ok(vec![Box::new(self.0.clone()), Box::new(Children(self.0.clone()))])
    }
}

fn read_children(count: u64, is_slow: bool, workers: usize) -> (testing::Transcript, Rc<Watch>) {
    let watch = Rc::new(Watch { is_slow, ..Watch::default() });
    let family = Family(Parents { count, watch: watch.clone() });
    (read_on(family, workers, &[]), watch)
}

fn read_on(family: Family, workers: usize, states: &[State]) -> testing::Transcript {
    let stream = airbyte_protocol::Stream::new("children", serde_json::Map::new());
    let configured = ConfiguredStream::new(stream, SyncMode::Incremental);
    let catalog = ConfiguredCatalog::new(vec![configured]);
    let mut source = Native::new(family).workers(workers);
    testing::read(&mut source, &json!({}), &catalog, states)
}

#[test]
fn a_slow_parent_never_starves_its_children() {
    // It ends only because children are read while their parent goes on.
    for workers in [1, 4] {
        let (read, watch) = read_children(20, true, workers);
        assert_eq!(read.outcome, Outcome::Done);
        assert_eq!(watch.done.get(), 20);
        assert_eq!(read.rows(&StreamDescriptor::new("children")).len(), 40);
    }
}

#[test]
fn a_fast_parent_never_fills_memory() {
    for workers in [1, 16] {
        let (read, watch) = read_children(1000, false, workers);
        assert_eq!(read.records().count(), 2000);
        // Those that are read, one in the queue and one that waits for its place there.
        let most = watch.most_in_work.get();
        assert!(most <= workers as u64 + 2, "{most} in work with {workers} workers");
    }
}

#[test]
fn every_child_keeps_a_cursor_of_its_own() {
    let (read, _) = read_children(3, false, 2);
    let state = read.states_of(&StreamDescriptor::new("children")).pop().expect("a state");
    let expected = json!({"version": 1, "mode": "incremental", "slices": [
        {"slice": {"parent": 0}, "at": 1},
        {"slice": {"parent": 1}, "at": 1},
        {"slice": {"parent": 2}, "at": 1},
    ]});
    assert_eq!(state.stream_state, Some(expected));
}

#[test]
fn a_family_keeps_the_rules_of_sources() {
    for workers in [1, 5] {
        let family = Family(Parents { count: 6, watch: Rc::default() });
        testing::hold(Native::new(family).workers(workers), json!({}));
    }
}

#[test]
fn no_state_repeats_itself_where_nothing_is_new() {
    let children = StreamDescriptor::new("children");
    let family = || Family(Parents { count: 20, watch: Rc::default() });
    let first = read_on(family(), 2, &[]).states_of(&children).pop().expect("a state");
    let states = [State::stream(first.clone(), StateStats::records(0))];
    let again = read_on(family(), 2, &states);
    // The records at the cursors come again, and one state speaks for all of them.
    assert_eq!(again.rows(&children).len(), 20);
    assert_eq!(again.states_of(&children), [first]);
}

#[test]
fn a_sample_is_as_large_as_asked_or_of_a_hundred_slices() {
    for (most, seen) in [(7, 7), (500, 200)] {
        let children = Children(Parents { count: 1000, watch: Rc::default() });
        let mut records = 0;
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(sample(&children, most, |_| records += 1)).expect("a sample");
        assert_eq!(records, seen);
    }
}

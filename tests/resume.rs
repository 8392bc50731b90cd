//! However a platform has committed the streams when a read ends, the next read brings what is
//! missing. Rows may come twice, never not at all.

use crate::harness::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A source to read again and again, without probes, so that many cuts cost little.
struct Cuts {
    work: Work,
    catalog: Value,
    flags: Vec<String>,
    config: &'static str,
    key: &'static str,
}

impl Cuts {
    fn tap_sample() -> Self {
        let work = Work::new();
        let flags = work.sample_without_probes();
        let catalog = incrementally(&work.discover().tap_sample().ok().catalog());
        let config = r#"{"rows": 23, "state_every": 4}"#;
        Self { work, catalog, flags, config, key: "id" }
    }

    fn native_sample() -> Self {
        let work = Work::new();
        let flags = ["--source", "sample"].map(str::to_owned);
        let catalog =
            incrementally(&work.run("discover").with_config("{}").args(&flags).ok().catalog());
        let config = r#"{"days": 24, "orders_per_day": 3, "products": 7}"#;
        Self { work, catalog, flags: flags.into(), config, key: "id" }
    }

    fn read(&self, state: &Value) -> Output {
        let run = self.work.read(&self.catalog).with_config(self.config).with_state(state);
        run.args(&self.flags).ok()
    }

    /// The incremental streams of the catalog.
    fn incremental(&self) -> Vec<String> {
        let streams = self.catalog["streams"].as_array().expect("streams").iter();
        let chosen = streams.filter(|stream| stream["sync_mode"] == "incremental");
        chosen.map(|stream| name_of(&stream["stream"])).collect()
    }

    /// The keys of a stream's records among these lines.
    fn keys(&self, lines: &[Line], stream: &str) -> BTreeSet<String> {
        let records = lines.iter().filter_map(Line::record).filter(|r| r.stream == stream);
        records.map(|record| record.value()[self.key].to_string()).collect()
    }

    /// Reads on from what is held and looks whether any row is missing. `kept` says for each
    /// stream up to which line of the first read its rows were kept.
    fn nothing_is_missing(&self, first: &Output, held: &[(String, usize)]) {
        let states: Vec<Value> =
            held.iter().map(|(_, at)| first.lines[*at].field("state")).collect();
        let second = self.read(&states.into());
        for stream in self.incremental() {
            let kept = held.iter().find(|(name, _)| *name == stream).map_or(0, |(_, at)| *at);
            let mut rows = self.keys(&first.lines[..kept], &stream);
            rows.extend(self.keys(&second.lines, &stream));
            assert_eq!(rows, self.keys(&first.lines, &stream), "{stream}, held: {held:?}");
        }
    }
}

/// The newest state of each stream up to a line; some streams lag by so many of their states.
fn held(first: &Output, cut: usize, lag: impl Fn(usize) -> usize) -> Vec<(String, usize)> {
    let mut streams: Vec<(String, Vec<usize>)> = Vec::new();
    for (at, line) in first.lines[..=cut].iter().enumerate() {
        let Some(stream) = line.state_stream() else { continue };
        match streams.iter_mut().find(|(name, _)| *name == stream) {
            Some((_, all)) => all.push(at),
            None => streams.push((stream, vec![at])),
        }
    }
    let newest = |(index, (name, all)): (usize, (String, Vec<usize>))| {
        let at = all.len().checked_sub(1 + lag(index))?;
        Some((name, all[at]))
    };
    streams.into_iter().enumerate().filter_map(newest).collect()
}

fn cut_everywhere(cuts: &Cuts, at_least: usize) {
    let first = cuts.read(&json!([]));
    let places = first.state_lines();
    assert!(places.len() > at_least, "{} cuts\n{first}", places.len());
    let mut seen = BTreeSet::new();
    for cut in places {
        // All streams as they came; then some of them slower than the others.
        let lags: [&dyn Fn(usize) -> usize; 3] =
            [&|_| 0, &|stream| stream % 3, &|stream| (stream + cut) % 2 * 4];
        for lag in lags {
            let held = held(&first, cut, lag);
            if seen.insert(held.clone()) {
                cuts.nothing_is_missing(&first, &held);
            }
        }
    }
}

#[test]
fn a_tap_of_linked_streams_resumes_from_every_cut_without_a_gap() {
    cut_everywhere(&Cuts::tap_sample(), 20);
}

#[test]
fn a_native_source_resumes_from_every_cut_without_a_gap() {
    cut_everywhere(&Cuts::native_sample(), 20);
}

#[test]
fn a_second_read_brings_only_what_the_source_repeats() {
    for cuts in [Cuts::tap_sample(), Cuts::native_sample()] {
        let first = cuts.read(&json!([]));
        let second = cuts.read(&first.committed_state());
        for stream in cuts.incremental() {
            assert!(second.records_of(&stream).len() <= 1, "cursors are inclusive\n{second}");
        }
    }
}

/// A tap that obeys its selection, with a remainder in its state.
fn linked() -> Tap {
    let lsn = |n: u32, bookmarks: Value| {
        json!({"type": "STATE", "value": {"bookmarks": bookmarks, "lsn": n}}).to_string()
    };
    let row =
        |stream: &str| json!({"type": "RECORD", "stream": stream, "record": {"id": 1}}).to_string();
    let lines = [
        schema("public-users"),
        row("public-users"),
        lsn(5, json!({"public-users": {"updated_at": "a"}})),
        schema("public-orders"),
        row("public-orders"),
        lsn(9, json!({"public-users": {"updated_at": "a"}, "public-orders": {"updated_at": "a"}})),
        lsn(12, json!({"public-users": {"updated_at": "b"}, "public-orders": {"updated_at": "b"}})),
        schema("public-logs"),
        row("public-logs"),
    ];
    let tables = ["users", "orders", "logs"].map(|name| table("public", name));
    Tap::with(&tables).says(&lines).behaves(json!({"obeys": "catalog"}))
}

#[test]
fn linked_streams_resume_together_at_a_state_that_the_tap_said() {
    let (work, tap) = (Work::new(), linked());
    let catalog = incrementally(&work.discover().tap(&tap).ok().catalog());
    let catalog = only(&catalog, &["public.users", "public.orders"]);
    let first = work.read(&catalog).tap(&tap).every_state().ok();
    // The read ends when users have been committed at the third barrier and orders at the second.
    let users = first.lines.iter().enumerate();
    let users = users.filter(|(_, line)| line.state_stream().as_deref() == Some("public.users"));
    let third = users.map(|(at, _)| at).nth(2).expect("three barriers");
    let state = first.committed_state_at(third);
    work.read(&catalog).tap(&tap).with_state(&state).ok();
    let given: Vec<_> = work.given().into_iter().filter(|given| given.run == "resume").collect();
    assert_eq!(given.len(), 1, "one run for both");
    let marks = json!({"public-users": {"updated_at": "a"}, "public-orders": {"updated_at": "a"}});
    let given = given[0].file("--state").expect("a state");
    assert_eq!(given, json!({"bookmarks": marks, "lsn": 9}), "never a mixture of two moments");
}

#[test]
fn a_stream_that_joins_linked_ones_is_read_from_the_start_in_a_run_of_its_own() {
    let (work, tap) = (Work::new(), linked());
    let catalog = incrementally(&work.discover().tap(&tap).ok().catalog());
    let both = only(&catalog, &["public.users", "public.orders"]);
    let first = work.read(&both).tap(&tap).ok();
    let runs = work.given().len();
    work.read(&catalog).tap(&tap).with_state(&first.committed_state()).ok();
    let runs: Vec<_> = work
        .given()
        .into_iter()
        .skip(runs)
        .filter(|g| g.run == "sync" || g.run == "resume")
        .collect();
    let told: Vec<_> = runs.iter().map(|run| (run.run.as_str(), run.selected())).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told.contains(&("resume", vec!["public-users".into(), "public-orders".into()])),
        "{told:?}"
    );
    assert!(told.contains(&("sync", vec!["public-logs".into()])), "{told:?}");
}

#[test]
fn a_full_refresh_beside_linked_streams_runs_the_tap_twice() {
    let (work, tap) = (Work::new(), linked());
    let catalog = work.discover().tap(&tap).ok().catalog();
    let first = work.read(&incrementally(&catalog)).tap(&tap).ok();
    let mixed = configured(&catalog, |stream| match stream["name"].as_str() {
        Some("logs") => "full_refresh",
        _ => "incremental",
    });
    let runs = work.given().len();
    let read = work.read(&mixed).tap(&tap).with_state(&first.committed_state()).ok();
    let runs: Vec<_> = work
        .given()
        .into_iter()
        .skip(runs)
        .filter(|g| g.run == "sync" || g.run == "resume")
        .collect();
    assert_eq!(runs.len(), 2);
    assert_eq!((runs[0].run.as_str(), runs[0].selected().len()), ("resume", 2));
    assert_eq!(
        (runs[1].run.as_str(), runs[1].selected()),
        ("sync", vec!["public-logs".to_owned()])
    );
    assert!(read.logs().iter().any(|log| log.contains("the tap runs once more")), "{read}");
}

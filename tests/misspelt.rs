//! What a user wrote that isn't quite what was meant: a stream's or a setting's name with a slip in it, and
//! another catalog than a configured one.

use crate::harness::*;
use serde_json::{Value, json};

const SAMPLE: [&str; 2] = ["--source", "sample"];

fn shop() -> Tap {
    let mut orders = entry("orders", &["id"], columns());
    orders["metadata"][0]["metadata"]["valid-replication-keys"] = json!(["updated_at"]);
    let log = entry("log", &[], columns());
    let row =
        |name: &str| json!({"type": "RECORD", "stream": name, "record": {"id": 1}}).to_string();
    Tap::with(&[orders, log]).says(&[schema("orders"), row("orders"), schema("log"), row("log")])
}

/// The same catalog, a stream of it under another name.
fn misspelt(mut configured: Value, name: &str, slip: &str) -> Value {
    let streams = configured["streams"].as_array_mut().expect("streams");
    let one = streams.iter_mut().find(|one| one["stream"]["name"] == name).expect("that stream");
    one["stream"]["name"] = json!(slip);
    configured
}

/// The index of the first line that satisfies something.
fn first(output: &Output, test: impl Fn(&Line) -> bool) -> usize {
    output.lines.iter().position(test).unwrap_or_else(|| panic!("no such line: {output}"))
}

/// The slip is told before the first record, the other streams are read, and it is a failure all the same.
fn is_told_early(output: &Output, slip: &str, meant: &str, other: &str) {
    let asks = format!("did you mean {meant}?");
    let told = first(output, |line| line.kind == "LOG" && line.raw.contains(&asks));
    assert!(told < first(output, |line| line.kind == "RECORD"), "{output}");
    assert!(output.lines[told].raw.contains(slip), "{output}");
    assert_eq!(output.last_status(slip), "INCOMPLETE", "{output}");
    assert_eq!(output.last_status(other), "COMPLETE", "{output}");
    assert!(!output.records_of(other).is_empty(), "{output}");
    assert!(output.error().contains(&asks), "{output}");
    assert_eq!(output.failure_type(), "config_error", "{output}");
}

#[test]
fn a_misspelt_stream_is_told_before_the_first_record_with_the_nearest_name() {
    let (work, tap) = (Work::new(), shop());
    let discovered = work.discover().tap(&tap).ok().catalog();
    let configured = misspelt(in_full(&discovered), "orders", "oders");
    let read = work.read(&configured).tap(&tap).fails();
    is_told_early(&read, "oders", "orders", "log");
    // A tap that somebody else runs.
    let singer =
        work.file("singer.json", std::fs::read(tap.folder().join("discover.json")).expect("it"));
    let messages = std::fs::File::open(tap.folder().join("stdout.jsonl")).expect("messages");
    let catalog = work.file("configured.json", configured.to_string());
    let converted = work.convert("messages").arg("--catalog").arg(catalog);
    let converted = converted.arg("--singer-catalog").arg(singer).stdin(messages).fails();
    is_told_early(&converted, "oders", "orders", "log");
}

#[test]
fn a_native_source_tells_of_a_misspelt_stream_too() {
    let work = Work::new();
    let discovered = work.discover().args(SAMPLE).ok().catalog();
    let configured = misspelt(in_full(&discovered), "orders", "Order");
    let read = work.read(&configured).args(SAMPLE).fails();
    is_told_early(&read, "Order", "orders", "products");
}

#[test]
fn a_setting_that_the_taps_spec_lacks_is_warned_of_with_the_nearest_name() {
    let (work, plain) = (Work::new(), shop());
    let config = json!({"strat_date": "hunter2-2020", "user": "me"}).to_string();
    let about = json!({"start_date": {"type": "string"}, "user": {"type": "string"}});
    let asked = shop().about(about.clone(), &[]);
    let told = work.discover().with_config(&config).tap(&asked).ok();
    let spec = json!({"connectionSpecification": {"type": "object", "properties": about}});
    let spec = work.file("spec.json", spec.to_string());
    let given = work.discover().with_config(&config).tap(&plain).arg("--tap-spec").arg(spec).ok();
    for output in [told, given] {
        let says = "doesn't: `strat_date` (did you mean `start_date`?)";
        assert!(output.logged("WARN", says), "{output}");
        assert!(output.logs().iter().all(|log| !log.contains("hunter2")), "{output}");
    }
    // Nothing is known of its settings.
    let open = work.discover().with_config(&config).tap(&plain).ok();
    assert!(!open.logged("WARN", "strat_date"), "{open}");
}

#[test]
fn all_that_discover_wrote_is_a_configured_catalog_of_all_its_streams() {
    let (work, tap) = (Work::new(), shop());
    let discovered = work.discover().tap(&tap.file("discover.stderr.txt", "INFO hello\n")).ok();
    let tap = shop();
    let message = json!({"type": "CATALOG", "catalog": discovered.catalog()}).to_string();
    let log = json!({"type": "LOG", "log": {"level": "INFO", "message": "hello"}}).to_string();
    let whole: String = discovered.lines.iter().map(|line| line.raw.clone() + "\n").collect();
    let texts = [whole, format!("{log}\n{message}\n"), message, discovered.catalog().to_string()];
    for text in texts {
        let file = work.file("discovered.jsonl", text);
        let read = work.run("read").with_config("{}").arg("--catalog").arg(&file).tap(&tap).ok();
        assert_eq!(
            (read.records_of("orders").len(), read.records_of("log").len()),
            (1, 1),
            "{read}"
        );
        assert!(read.logged("INFO", "all 2 are read, 1 of them incrementally"), "{read}");
        let runs = work.given();
        let run = runs.iter().rev().find(|run| run.run == "sync" && run.selected() == ["orders"]);
        let orders = run.expect("a run for what is read incrementally").entry("orders");
        assert_eq!(metadata(&orders, &[])["replication-method"], "INCREMENTAL");
        let messages = std::fs::File::open(tap.folder().join("stdout.jsonl")).expect("messages");
        let converted = work.convert("messages").arg("--catalog").arg(&file).stdin(messages).ok();
        assert_eq!(converted.records().len(), 2, "{converted}");
        let state = work.file("state.json", r#"{"bookmarks": {"orders": {"updated_at": "a"}}}"#);
        let state =
            work.convert("state").args(["--from", "singer", "--catalog"]).arg(&file).arg(state);
        assert!(state.ok().lines.iter().any(|line| line.raw.contains("updated_at")));
    }
}

#[test]
fn what_discover_wrote_is_taken_for_a_native_source_too() {
    let work = Work::new();
    let discovered = work.discover().args(SAMPLE).ok();
    let whole: String = discovered.lines.iter().map(|line| line.raw.clone() + "\n").collect();
    let file = work.file("discovered.jsonl", whole);
    let read = work.run("read").with_config("{}").arg("--catalog").arg(&file).args(SAMPLE).ok();
    assert_eq!(read.last_status("orders"), "COMPLETE");
    assert_eq!(read.records_of("products").len(), 50);
    assert!(!read.states_of("orders").is_empty());
}

#[test]
fn the_sentence_behind_another_catalog_says_what_a_configured_one_is() {
    let (work, tap) = (Work::new(), shop());
    let singer = std::fs::read_to_string(tap.folder().join("discover.json")).expect("a catalog");
    for (text, reason) in [
        (singer.as_str(), "this is a Singer catalog (--tap-catalog takes it)"),
        ("{\"type\": \"LOG\"}\n", "missing field `streams`"),
        ("{\"streams\": []}", "no stream is configured"),
        ("users, orders", "this is not valid JSON"),
    ] {
        let file = work.file("wrong.json", text);
        let read = work.run("read").with_config("{}").arg("--catalog").arg(&file).tap(&tap).fails();
        let error = read.error();
        assert!(error.contains(reason), "{error}");
        assert!(error.contains("a configured catalog is {\"streams\": [{\"stream\""), "{error}");
        assert!(error.contains("what `discover` writes is taken too"), "{error}");
        let converted = work.convert("messages").arg("--catalog").arg(&file).fails();
        assert!(converted.error().contains("what `discover` writes is taken too"), "{converted}");
    }
}

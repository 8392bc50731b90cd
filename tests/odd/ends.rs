//! What is odd about the ways in which taps end.

use crate::check::lives;
use crate::harness::*;
use rustix::process::Signal;
use serde_json::{Value, json};

const RECORD: &str = r#"{"type":"RECORD","stream":"people","record":{"id":1}}"#;

fn people() -> Tap {
    Tap::with(&[entry("people", &["id"], columns())]).says(&[
        &schema("people"),
        RECORD,
        &state(json!({"people": {"since": 1}})),
    ])
}

fn catalog(tap: &Tap) -> Value {
    in_full(&Work::new().discover().tap(tap).ok().catalog())
}

/// Stops a read by a signal when its row has come, and looks at how it ends.
fn stopped(on_term: &str, signal: Signal) {
    let (work, tap) =
        (Work::new(), people().behaves(json!({"hangs": ["sync"], "on_term": on_term})));
    let catalog = catalog(&tap);
    let live = work.read(&catalog).tap(&tap).start();
    let sync = |work: &Work| work.given().into_iter().find(|given| given.run == "sync");
    eventually("the tap syncs", || sync(&work).is_some());
    std::thread::sleep(std::time::Duration::from_millis(300));
    live.signal(signal);
    let output = live.end();
    assert_eq!(output.exit, Exit::Signal(signal.as_raw()), "{on_term}: {output}");
    assert_eq!(output.last_status("people"), "INCOMPLETE", "{on_term}: {output}");
    assert_eq!(output.errors().len(), 1, "{on_term}: {output}");
    assert_eq!(faults(&output, &catalog), Vec::<String>::new());
    let pid = sync(&work).expect("a sync").pid();
    eventually("the tap is gone", || !lives(pid));
}

#[test]
fn a_tap_that_exits_0_on_sigterm_is_no_success() {
    stopped("exits_with0", Signal::TERM);
}

#[test]
fn a_tap_that_exits_0_on_sigint_is_no_success() {
    stopped("exits_with0", Signal::INT);
}

#[test]
fn a_tap_that_exits_1_when_it_is_stopped_is_one_that_was_stopped() {
    stopped("exits_with1", Signal::TERM);
    stopped("exits_with1", Signal::INT);
}

#[test]
fn a_tap_that_dies_by_the_signal_is_one_that_was_stopped() {
    stopped("dies", Signal::TERM);
    stopped("dies", Signal::INT);
}

#[test]
fn a_tap_that_closes_stdout_and_fails_later_has_failed() {
    let tap = people().behaves(json!({"lingers_ms": 1500})).exits(json!({"sync": 4}));
    let read = Work::new().read(&catalog(&tap)).tap(&tap).fails();
    assert!(read.error().contains("exited with code 4"), "{read}");
    assert_eq!(read.last_status("people"), "INCOMPLETE");
}

#[test]
fn a_tap_that_fails_after_good_records_keeps_what_it_brought_and_is_incomplete() {
    let tap = people().exits(json!({"sync": 1}));
    let read = Work::new().read(&catalog(&tap)).tap(&tap).fails();
    assert_eq!(read.column("people", "id"), [1]);
    assert_eq!(read.states_of("people").len(), 1);
    assert_eq!(read.last_status("people"), "INCOMPLETE");
}

/// A tap of MySQL: `WARNING`, exit code 0, and under overwrite a COMPLETE would empty the table.
#[test]
fn a_missing_table_is_a_warning_and_exit_code_0_and_its_stream_is_incomplete() {
    let tap = |words: &str| {
        Tap::with(&[table("shop", "users"), table("shop", "orders")])
            .says(&[schema("shop-users"), RECORD.replace("people", "shop-users")])
            .complains(words)
    };
    let gone = tap("WARNING Table shop.orders was selected but does not exist\n");
    let read = Work::new().read(&catalog(&gone)).tap(&gone).fails();
    assert_eq!(read.last_status("shop.orders"), "INCOMPLETE");
    assert_eq!(read.last_status("shop.users"), "COMPLETE");
    assert!(read.error().contains("orders"), "{read}");
    // The same words at INFO are none of that sort.
    let well = tap("INFO Table shop.orders has no rows\n");
    let read = Work::new().read(&catalog(&well)).tap(&well).ok();
    assert!(read.logged("WARN", "nothing of stream shop.orders"), "{read}");
}

#[test]
fn zero_bytes_for_selected_streams_are_a_failure_whatever_the_exit_code() {
    for code in [0, 1] {
        let tap = people().says::<&str>(&[]).exits(json!({"sync": code}));
        let read = Work::new().read(&catalog(&tap)).tap(&tap).fails();
        assert_eq!(read.statuses_of("people"), ["STARTED", "INCOMPLETE"], "exit code {code}");
    }
}

//! However the tap ends after it has written the file, and whatever it leaves there.

use super::*;
use rustix::process::Signal;

#[test]
fn just_before_it_fails_or_is_killed() {
    for end in ["exit 1", "kill -9 $$"] {
        let work = Work::new();
        let read = reading(&work, &format!("record 1\nin_place '{SECOND}'\n{end}")).fails();
        assert_eq!(stored(&read), [value(SECOND)], "{end}\n{read}");
        assert_eq!(read.last_status("people"), "INCOMPLETE");
        let discovering = tap(&work, &format!("renamed '{SECOND}'\n{end}"), "");
        let discover = work.discover().with_config(CONFIG).arg("--tap").arg(&discovering).fails();
        assert_eq!(stored(&discover), [value(SECOND)], "{end}\n{discover}");
        let check = work.check().with_config(CONFIG).arg("--tap").arg(discovering).ok();
        assert_eq!(stored(&check), [value(SECOND)], "{end}\n{check}");
        assert_eq!(check.answer().0, "FAILED");
    }
}

#[test]
fn when_it_is_stopped() {
    let work = Work::new();
    let ready = work.path("ready");
    let sync = format!(
        "second='{SECOND}'
         trap 'in_place \"$second\"; exit 0' TERM
         record 1; : > '{}'
         while :; do sleep 0.05; done",
        ready.display()
    );
    let live = reading(&work, &sync).start();
    eventually("the tap syncs", || ready.exists());
    live.signal(Signal::TERM);
    let read = live.end();
    assert_eq!(read.exit, Exit::Signal(15), "{read}");
    assert_eq!(stored(&read), [value(SECOND)], "{read}");
    assert_eq!(read.last_status("people"), "INCOMPLETE");
}

#[test]
fn half_written_for_ever_is_said_and_never_told_to_the_platform() {
    for end in ["", "exit 1"] {
        let work = Work::new();
        let sync =
            format!("record 1; state 1\nprintf '{{\"refresh_token\": \"sec' > \"$config\"\n{end}");
        let read = reading(&work, &sync).go();
        assert_eq!(stored(&read), [json!(null); 0], "{read}");
        assert!(read.logged("WARN", "left its config file half-written"), "{read}");
        assert!(!read.to_string().contains("\\\"sec"), "{read}");
    }
}

#[test]
fn a_file_that_is_gone_or_no_object_changes_nothing() {
    for (how, said) in [
        ("rm \"$config\"", "removed its config file"),
        ("in_place '[\"hunter2\"]'", "no object of settings"),
        (": > \"$config\"", "half-written"),
        ("rm \"$config\"; mkdir \"$config\"", "half-written"),
    ] {
        let work = Work::new();
        let read = reading(&work, &format!("record 1; state 1\n{how}")).ok();
        assert_eq!(stored(&read), [json!(null); 0], "{how}: {read}");
        assert!(read.logged("WARN", said), "{how}: {read}");
        assert!(!read.to_string().contains("hunter2"), "{read}");
    }
}

#[test]
fn the_next_run_of_the_tap_is_given_something_whole() {
    let work = Work::new();
    // What the sync finds in its config is what it says.
    let sync = r#"grep -q '"refresh_token":"first-token"' "$config" && record 1"#;
    for before in ["printf '{\"refresh' > \"$config\"", "rm \"$config\"", "in_place 3"] {
        let tap = tap(&work, before, sync);
        let read = work.read(&catalog()).with_config(CONFIG).arg("--tap").arg(tap).ok();
        assert_eq!(read.records().len(), 1, "{before}: {read}");
    }
}

#[test]
fn the_users_own_file_is_never_touched() {
    let work = Work::new();
    reading(&work, &format!("in_place '{SECOND}'; record 1")).ok();
    let file = std::fs::read_to_string(work.path("config.json")).expect("it is there");
    assert_eq!(file, CONFIG);
}

//! A tap that rewrites its config, and what can go wrong with that.

use super::{faults, syncing};
use crate::harness::*;
use serde_json::{Value, json};

const CONFIG: &str = r#"{"token": "first-token"}"#;

/// A read whose tap does `then` after a row, with its config's path in `$config`; the platform is
/// told to store what is in `stored` and nothing else.
fn rewriting(work: &Work, then: &str, stored: &[Value]) -> Output {
    let body = "while [ \"$1\" != --config ]; do shift; done; config=$2; schema; row 1";
    let tap = syncing(work, &format!("{body}; {then}"));
    let output = work.read(&super::people()).with_config(CONFIG).arg("--tap").arg(tap).go();
    let controls = output.lines.iter().filter(|line| line.kind == "CONTROL");
    let told: Vec<Value> =
        controls.map(|line| line.field("control")["connectorConfig"]["config"].clone()).collect();
    assert_eq!(told, stored, "{output}");
    output
}

fn second() -> Value {
    json!({"token": "second-token"})
}

faults! {
    config_is_rewritten_before_a_failure: "the tap stores a new token and fails: the platform has it all the same",
        |work| rewriting(work, r#"printf '{"token":"second-token"}' > "$config"; echo 'CRITICAL 503 Server Error' >&2; exit 1"#, &[second()]),
        ["exit 1", "transient_error: tap-x: 503 Server Error", "people INCOMPLETE, 1 record"];
    config_is_rewritten_before_a_kill: "the same, and the kernel kills the tap",
        |work| rewriting(work, r#"printf '{"token":"second-token"}' > "$config.new"; mv "$config.new" "$config"; kill -9 $$"#, &[second()]),
        ["exit 1", "system_error: tap-x was killed (SIGKILL; often: out of memory) during the sync", "people INCOMPLETE, 1 record"];
    config_is_rewritten_and_shown: "the tap fails with its new token in its words",
        |work| rewriting(work, r#"printf '{"token":"second-token"}' > "$config"; echo 'CRITICAL 401 Client Error: Unauthorized for url: http://127.0.0.1/?token=second-token' >&2; exit 1"#, &[second()]),
        ["exit 1", "config_error: tap-x: 401 Client Error: Unauthorized for url: http://127.0.0.1/?token=****", "people INCOMPLETE, 1 record"];
    config_stays_half_written: "the tap breaks off while it writes its config",
        |work| rewriting(work, r#"printf '{"token":"sec' > "$config""#, &[]),
        ["exit 0", "WARN the tap left its config file half-written: what stood there before is kept", "people COMPLETE, 1 record"];
    config_is_emptied: "the tap empties its config",
        |work| rewriting(work, r#": > "$config""#, &[]),
        ["exit 0", "WARN the tap left its config file half-written: what stood there before is kept", "people COMPLETE, 1 record"];
    config_is_removed: "the tap removes its config",
        |work| rewriting(work, r#"rm "$config""#, &[]),
        ["exit 0", "WARN the tap removed its config file: what stood there before is kept", "people COMPLETE, 1 record"];
    config_becomes_a_list: "the tap writes what is no config",
        |work| rewriting(work, r#"printf '["second-token"]' > "$config""#, &[]),
        ["exit 0", "WARN the tap left its config file as something that is no object of settings: what stood there before is kept", "people COMPLETE, 1 record"];
}

//! What a tap writes, and what it doesn't.

use super::{faults, people, read, syncing};
use serde_json::json;

const SKIP: [&str; 2] = ["--on-malformed", "skip"];

faults! {
    nothing_is_written: "the tap exits with 0 and has written nothing at all",
        |work| read(work, "exit 0").go(),
        ["exit 1", "system_error: tap-x wrote nothing at all for the 1 selected stream(s); perhaps it takes its catalog by another flag (--catalog-flag)", "people INCOMPLETE"];
    nothing_is_written_for_a_reason: "the same, and the tap logs an error",
        |work| read(work, "echo 'ERROR 401 Unauthorized' >&2; exit 0").go(),
        ["exit 1", "config_error: tap-x wrote nothing at all for the 1 selected stream(s); perhaps it takes its catalog by another flag (--catalog-flag); it said: 401 Unauthorized", "people INCOMPLETE"];
    stream_is_denied: "the tap warns that it may not read a stream, and exits with 0",
        |work| read(work, "state 1; echo 'WARNING no privilege on people, skipping' >&2").go(),
        ["exit 1", "config_error: the tap warned of stream people and read nothing of it; its log says why", "people INCOMPLETE"];
    stream_is_gone: "a configured stream is no longer there",
        |work| {
            let mut catalog = people();
            let mut gone = catalog["streams"][0].clone();
            gone["stream"]["name"] = json!("comets");
            catalog["streams"].as_array_mut().expect("streams").push(gone);
            let tap = syncing(work, "schema; row 1");
            work.read(&catalog).arg("--tap").arg(tap).go()
        },
        ["exit 1", "config_error: tap-x has no stream comets: it was renamed or removed, or the catalog belongs to another source", "comets INCOMPLETE; people COMPLETE, 1 record"];
    stream_is_misspelt: "a configured stream's name has a slip in it",
        |work| {
            let mut catalog = people();
            let mut slip = catalog["streams"][0].clone();
            slip["stream"]["name"] = json!("planet");
            catalog["streams"].as_array_mut().expect("streams").push(slip);
            let tap = syncing(work, "schema; row 1");
            work.read(&catalog).arg("--tap").arg(tap).go()
        },
        ["exit 1", "config_error: tap-x has no stream planet (did you mean planets?): it was renamed or removed, or the catalog belongs to another source", "planet INCOMPLETE; people COMPLETE, 1 record"];
    record_is_of_an_unknown_stream: "records come under a name that no stream has",
        |work| read(work, "schema; row 1; row 2 | sed s/people/comets/").go(),
        ["exit 0", "WARN the tap writes a stream `comets` that its catalog doesn't have; it is left out", "people COMPLETE, 1 record"];
    record_is_broken: "a RECORD is no JSON",
        |work| read(work, r#"schema; row 1; echo '{"type":"RECORD","stream":"people","record":{"id":}}'; row 3"#).go(),
        ["exit 1", "system_error: line 3 of the tap's output: malformed RECORD message of stream `people` at column 51: expected value", "people INCOMPLETE, 1 record"];
    record_is_broken_and_skipped: "the same under `--on-malformed skip`",
        |work| read(work, r#"schema; row 1; echo '{"type":"RECORD","stream":"people","record":{"id":}}'; row 3"#).args(SKIP).go(),
        ["exit 0", "ERROR line 3 of the tap's output: malformed RECORD message of stream `people` at column 51: expected value; it is left out (--on-malformed skip)", "people COMPLETE, 2 records"];
    record_has_no_stream: "a RECORD doesn't say of which stream",
        |work| read(work, r#"schema; row 1; echo '{"type":"RECORD","record":{"id":2}}'; row 3"#).go(),
        ["exit 1", "system_error: line 3 of the tap's output: malformed RECORD message at column 1: `stream` is missing", "people INCOMPLETE, 1 record"];
    state_is_broken: "a STATE is no JSON: never skipped",
        |work| read(work, r#"schema; row 1; echo '{"type":"STATE","value":{"bookmarks":}'; row 3"#).args(SKIP).go(),
        ["exit 1", "system_error: line 3 of the tap's output: malformed STATE message at column 38: expected value", "people INCOMPLETE, 1 record"];
    schema_is_broken: "a SCHEMA is no JSON: never skipped",
        |work| read(work, r#"echo '{"type":"SCHEMA","stream":"people","schema":{'; row 1"#).args(SKIP).go(),
        ["exit 1", "system_error: line 1 of the tap's output: malformed SCHEMA message of stream `people` at column 46: the line ends inside a value", "people INCOMPLETE"];
    number_is_none: "a value is NaN, which JSON doesn't know",
        |work| read(work, "schema; row 1; row NaN").go(),
        ["exit 0", "WARN values that JSON doesn't know (NaN, Infinity) become null and are marked", "people COMPLETE, 2 records"];
    text_is_not_utf8: "a value is no UTF-8",
        |work| read(work, r#"schema; row 1; printf '{"type":"RECORD","stream":"people","record":{"name":"\377"}}\n'"#).go(),
        ["exit 1", "system_error: line 3 of the tap's output: malformed RECORD message of stream `people` at column 54: invalid UTF-8", "people INCOMPLETE, 1 record"];
    control_character_is_raw: "a control character stands raw in a text",
        |work| read(work, r#"schema; row 1; printf '{"type":"RECORD","stream":"people","record":{"name":"\001"}}\n'"#).go(),
        ["exit 1", "system_error: line 3 of the tap's output: malformed RECORD message of stream `people` at column 54: control character (\\u0000-\\u001F) found while parsing a string", "people INCOMPLETE, 1 record"];
    nesting_is_too_deep: "a value is nested 100 000 deep",
        |work| read(work, r#"schema; row 1; printf '{"type":"RECORD","stream":"people","record":{"id":'; head -c 100000 /dev/zero | tr '\0' '['; head -c 100000 /dev/zero | tr '\0' ']'; echo '}}'"#).go(),
        ["exit 1", "system_error: line 3 of the tap's output: malformed RECORD message of stream `people` at column 1048: nested more than 999 levels deep", "people INCOMPLETE, 1 record"];
    line_is_too_long: "a line is longer than `--max-line-bytes`",
        |work| read(work, "schema; row 1; row \"$(head -c 3000 /dev/zero | tr '\\0' 7)\"").args(["--max-line-bytes", "2000"]).go(),
        ["exit 1", "system_error: line 3 of the tap's output is longer than allowed (--max-line-bytes)", "people INCOMPLETE, 1 record"];
    two_messages_share_a_line: "two messages stand on one line",
        |work| read(work, "schema; row 1; row 2 | tr -d '\\n'; row 3").go(),
        ["exit 1", "system_error: line 3 of the tap's output: malformed RECORD message of stream `people` at column 54: something follows the message", "people INCOMPLETE, 1 record"];
    line_is_cut_off: "the tap fails in the middle of a line",
        |work| read(work, "schema; row 1; row 2 | head -c 30; echo 'CRITICAL 503 Server Error' >&2; exit 1").go(),
        ["exit 1", "transient_error: tap-x: 503 Server Error", "people INCOMPLETE, 1 record"];
    line_is_cut_off_by_a_success: "the last line is cut off, and the tap exits with 0",
        |work| read(work, "schema; row 1; row 2 | head -c 40").go(),
        ["exit 1", "system_error: line 3 of the tap's output: malformed RECORD message of stream `people` at column 41: the line ends inside a value", "people INCOMPLETE, 1 record"];
    schema_drifts: "a SCHEMA has a column that wasn't discovered",
        |work| read(work, "schema | sed 's/\"name\"/\"nickname\"/'; row 1").go(),
        ["exit 0", "WARN stream people: schema drift: `name` is gone; WARN stream people: schema drift: `nickname` is new (string)", "people COMPLETE, 1 record"];
    words_stand_between: "the tap's log strays onto stdout",
        |work| read(work, "schema; echo WARNING: slow; row 1; echo '[1, 2]'; row 2").go(),
        ["exit 0", "WARN slow", "people COMPLETE, 2 records"];
}

//! What taps say as they fail: recordings of real ones (`fixtures/failures`), and deaths.

use super::{faults, read};
use crate::harness::*;

/// A read from a tap that says what was recorded, after one row, and ends as the recorded one did.
fn recorded(work: &Work, name: &str) -> Output {
    read(work, &says(work, name)).go()
}

fn says(work: &Work, name: &str) -> String {
    let file = fixtures("failures").join(format!("{name}.txt"));
    let text = std::fs::read_to_string(file).expect("a recording");
    let (head, stderr) = text.split_once("---\n").expect("a head");
    let ended = head.lines().find_map(|line| line.strip_prefix("# ended: ")).expect("an end");
    let end = match ended.split_once(' ').expect("code or signal") {
        ("signal", number) => format!("kill -{number} $$"),
        (_, code) => format!("exit {code}"),
    };
    work.file("said", stderr);
    format!("schema; row 1; cat $here/said >&2; {end}")
}

faults! {
    setting_is_missing: "the tap misses settings (singer-python)",
        |work| recorded(work, "github-missing-settings"),
        ["", "", ""];
    setting_is_missing_sdk: "the tap misses a setting (Meltano SDK)",
        |work| recorded(work, "openproject-missing-settings"),
        ["", "", ""];
    answer_400: "the API finds the tap's request wrong",
        |work| recorded(work, "sdk-400"),
        ["", "", ""];
    answer_401: "the API doesn't know the credentials",
        |work| recorded(work, "requests-401"),
        ["", "", ""];
    answer_403: "the API refuses these credentials",
        |work| recorded(work, "sdk-403"),
        ["", "", ""];
    answer_404: "the API doesn't have what the settings name",
        |work| recorded(work, "requests-404"),
        ["", "", ""];
    answer_429: "the API limits its callers, and the tap gives up",
        |work| recorded(work, "sdk-429"),
        ["", "", ""];
    answer_503: "the API is down, and the tap gives up",
        |work| recorded(work, "backoff-gives-up"),
        ["", "", ""];
    answer_is_no_json: "the API answers with HTML",
        |work| recorded(work, "requests-not-json"),
        ["", "", ""];
    password_is_refused_by_postgres: "PostgreSQL refuses the password",
        |work| recorded(work, "tap-postgres-wrong-password"),
        ["", "", ""];
    password_is_refused_by_mysql: "MySQL refuses the password",
        |work| recorded(work, "tap-mysql-wrong-password"),
        ["", "", ""];
    password_is_refused_in_a_check: "the same, told by a check",
        |work| {
            let tap = super::syncing(work, &says(work, "tap-mysql-wrong-password").replace("row 1;", ""));
            work.check().arg("--tap").arg(tap).go()
        },
        ["", "", ""];
    database_is_unknown: "there is no database of that name",
        |work| recorded(work, "singer-io-tap-postgres-no-such-database"),
        ["", "", ""];
    bucket_is_unknown: "there is no bucket of that name",
        |work| recorded(work, "tap-s3-csv-no-such-bucket"),
        ["", "", ""];
    host_is_unknown: "DNS doesn't know the host (requests)",
        |work| recorded(work, "github-no-such-host"),
        ["", "", ""];
    host_is_unknown_to_a_database: "DNS doesn't know the host (psycopg2)",
        |work| recorded(work, "pipelinewise-tap-postgres-no-such-host"),
        ["", "", ""];
    connection_is_refused: "nobody listens there",
        |work| recorded(work, "singer-io-tap-mysql-refused"),
        ["", "", ""];
    connecting_takes_too_long: "the host doesn't answer",
        |work| recorded(work, "pymysql-timeout"),
        ["", "", ""];
    answer_takes_too_long: "the API takes the request and says nothing",
        |work| recorded(work, "requests-read-timeout"),
        ["", "", ""];
    connection_is_reset: "the connection is reset in the middle",
        |work| recorded(work, "requests-reset"),
        ["", "", ""];
    database_hangs_up: "the database ends the session",
        |work| recorded(work, "psycopg2-terminated"),
        ["", "", ""];
    tls_is_spoken_to_a_plain_port: "https is asked of a port that speaks http",
        |work| recorded(work, "requests-not-tls"),
        ["", "", ""];
    nothing_is_selected: "the tap finds nothing to do",
        |work| recorded(work, "rest-nothing-selected"),
        ["", "", ""];
    memory_runs_out_in_python: "Python can't get more memory",
        |work| recorded(work, "out-of-memory"),
        ["", "", ""];
    python_is_too_old: "the tap's code is for a newer Python",
        |work| recorded(work, "syntax-of-a-newer-python"),
        ["", "", ""];
    packages_do_not_fit: "a package isn't what the tap was written for",
        |work| recorded(work, "module-moved"),
        ["", "", ""];
    exception_says_nothing: "the last exception says nothing, the one before it does",
        |work| recorded(work, "chain-wordless"),
        ["", "", ""];
    exception_hides_its_cause: "the last exception is vague, its cause is not",
        |work| recorded(work, "chain-during-handling"),
        ["", "", ""];
    exception_is_a_group: "several streams fail at once (Python 3.11)",
        |work| recorded(work, "group"),
        ["", "", ""];
    exception_has_many_lines: "the exception's words begin with blank lines",
        |work| recorded(work, "many-lines"),
        ["", "", ""];
    log_is_json: "the SDK's log in JSON, with the exception inside",
        |work| recorded(work, "sdk-json-log"),
        ["", "", ""];
    killed: "the kernel kills the tap",
        |work| recorded(work, "killed-by-the-kernel"),
        ["", "", ""];
    killed_in_a_wrapper: "the kernel kills a program inside the tap",
        |work| read(work, "schema; row 1; echo 'INFO reading people' >&2; exit 137").go(),
        ["", "", ""];
    crashed: "the tap crashes in a native library",
        |work| recorded(work, "segfault"),
        ["", "", ""];
    stopped_by_somebody_else: "somebody else stops the tap",
        |work| read(work, "schema; row 1; kill -TERM $$").go(),
        ["", "", ""];
    failed_in_silence: "the tap fails without a word",
        |work| read(work, "schema; row 1; exit 1").go(),
        ["", "", ""];
    failed_after_its_log: "the tap fails, and its log doesn't say why",
        |work| read(work, "schema; row 1; echo 'INFO reading people' >&2; exit 1").go(),
        ["", "", ""];
    failed_with_its_last_print: "a tap without a log prints why it ends",
        |work| read(work, "schema; row 1; echo 'no account has this id' >&2; exit 1").go(),
        ["", "", ""];
}

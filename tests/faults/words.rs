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
        ["exit 1", "config_error: tap-x: Config is missing required keys: ['start_date', 'access_token', 'repository']", "people INCOMPLETE, 1 record"];
    setting_is_missing_sdk: "the tap misses a setting (Meltano SDK)",
        |work| recorded(work, "openproject-missing-settings"),
        ["exit 1", "config_error: tap-x: Config validation error: 'api_key' is a required property", "people INCOMPLETE, 1 record"];
    answer_400: "the API finds the tap's request wrong",
        |work| recorded(work, "sdk-400"),
        ["exit 1", "system_error: tap-x: An unhandled error occurred while syncing 'rows' (singer_sdk.exceptions.FatalAPIError: 400 Client Error: Bad Request for path: /rows)", "people INCOMPLETE, 1 record"];
    answer_401: "the API doesn't know the credentials",
        |work| recorded(work, "requests-401"),
        ["exit 1", "config_error: tap-x: requests.exceptions.HTTPError: 401 Client Error: Unauthorized for url: http://127.0.0.1:8080/", "people INCOMPLETE, 1 record"];
    answer_403: "the API refuses these credentials",
        |work| recorded(work, "sdk-403"),
        ["exit 1", "config_error: tap-x: An unhandled error occurred while syncing 'rows' (singer_sdk.exceptions.FatalAPIError: 403 Client Error: Forbidden for path: /rows)", "people INCOMPLETE, 1 record"];
    answer_404: "the API doesn't have what the settings name",
        |work| recorded(work, "requests-404"),
        ["exit 1", "config_error: tap-x: requests.exceptions.HTTPError: 404 Client Error: Not Found for url: http://127.0.0.1:8080/", "people INCOMPLETE, 1 record"];
    answer_429: "the API limits its callers, and the tap gives up",
        |work| recorded(work, "sdk-429"),
        ["exit 1", "transient_error: tap-x: An unhandled error occurred while syncing 'rows' (singer_sdk.exceptions.RetriableAPIError: 429 Client Error: Too Many Requests for path: /rows)", "people INCOMPLETE, 1 record"];
    answer_503: "the API is down, and the tap gives up",
        |work| recorded(work, "backoff-gives-up"),
        ["exit 1", "transient_error: tap-x: Giving up fetch(...) after 3 tries (requests.exceptions.HTTPError: 503 Server Error: Service Unavailable for url: http://127.0.0.1:8080/)", "people INCOMPLETE, 1 record"];
    answer_is_no_json: "the API answers with HTML",
        |work| recorded(work, "requests-not-json"),
        ["exit 1", "system_error: tap-x: requests.exceptions.JSONDecodeError: Expecting value: line 1 column 1 (char 0)", "people INCOMPLETE, 1 record"];
    password_is_refused_by_postgres: "PostgreSQL refuses the password",
        |work| recorded(work, "tap-postgres-wrong-password"),
        ["exit 1", "config_error: tap-x: sqlalchemy.exc.OperationalError: (psycopg2.OperationalError) connection to server at \"127.0.0.1\", port 8080 failed: FATAL:  password authentication failed for user \"keeper\"", "people INCOMPLETE, 1 record"];
    password_is_refused_by_mysql: "MySQL refuses the password",
        |work| recorded(work, "tap-mysql-wrong-password"),
        ["exit 1", "config_error: tap-x: (1045, \"Access denied for user 'keeper'@'localhost' (using password: YES)\")", "people INCOMPLETE, 1 record"];
    password_is_refused_in_a_check: "the same, told by a check",
        |work| {
            let tap = super::syncing(work, &says(work, "tap-mysql-wrong-password").replace("row 1;", ""));
            work.check().arg("--tap").arg(tap).go()
        },
        ["exit 0", "FAILED: tap-x: (1045, \"Access denied for user 'keeper'@'localhost' (using password: YES)\")", ""];
    database_is_unknown: "there is no database of that name",
        |work| recorded(work, "singer-io-tap-postgres-no-such-database"),
        ["exit 1", "config_error: tap-x: connection to server at \"127.0.0.1\", port 8080 failed: FATAL:  database \"nowhere\" does not exist", "people INCOMPLETE, 1 record"];
    bucket_is_unknown: "there is no bucket of that name",
        |work| recorded(work, "tap-s3-csv-no-such-bucket"),
        ["exit 1", "config_error: tap-x: An error occurred (NoSuchBucket) when calling the ListObjectsV2 operation: The specified bucket does not exist", "people INCOMPLETE, 1 record"];
    host_is_unknown: "DNS doesn't know the host (requests)",
        |work| recorded(work, "github-no-such-host"),
        ["exit 1", "transient_error: tap-x: HTTPSConnectionPool(host='api.github.com', port=443): Max retries exceeded with url: /repos/a/b/commits (Caused by NameResolutionError(\"HTTPSConnection(host='api.github.com', port=443): Failed to resolve 'api.github.com' ([Errno -2] Name or service not known)\")) (the host's name isn't found: look at its setting and at the network)", "people INCOMPLETE, 1 record"];
    host_is_unknown_to_a_database: "DNS doesn't know the host (psycopg2)",
        |work| recorded(work, "pipelinewise-tap-postgres-no-such-host"),
        ["exit 1", "transient_error: tap-x: could not translate host name \"db.example.invalid\" to address: Name or service not known (the host's name isn't found: look at its setting and at the network)", "people INCOMPLETE, 1 record"];
    connection_is_refused: "nobody listens there",
        |work| recorded(work, "singer-io-tap-mysql-refused"),
        ["exit 1", "transient_error: tap-x: (2003, \"Can't connect to MySQL server on '127.0.0.1' ([Errno 111] Connection refused)\")", "people INCOMPLETE, 1 record"];
    connecting_takes_too_long: "the host doesn't answer",
        |work| recorded(work, "pymysql-timeout"),
        ["exit 1", "transient_error: tap-x: pymysql.err.OperationalError: (2003, \"Can't connect to MySQL server on '127.0.0.1' (timed out)\")", "people INCOMPLETE, 1 record"];
    answer_takes_too_long: "the API takes the request and says nothing",
        |work| recorded(work, "requests-read-timeout"),
        ["exit 1", "transient_error: tap-x: requests.exceptions.ReadTimeout: HTTPConnectionPool(host='127.0.0.1', port=8080): Read timed out. (read timeout=1)", "people INCOMPLETE, 1 record"];
    connection_is_reset: "the connection is reset in the middle",
        |work| recorded(work, "requests-reset"),
        ["exit 1", "transient_error: tap-x: requests.exceptions.ConnectionError: ('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))", "people INCOMPLETE, 1 record"];
    database_hangs_up: "the database ends the session",
        |work| recorded(work, "psycopg2-terminated"),
        ["exit 1", "transient_error: tap-x: psycopg2.OperationalError: server closed the connection unexpectedly", "people INCOMPLETE, 1 record"];
    tls_is_spoken_to_a_plain_port: "https is asked of a port that speaks http",
        |work| recorded(work, "requests-not-tls"),
        ["exit 1", "config_error: tap-x: requests.exceptions.SSLError: HTTPSConnectionPool(host='127.0.0.1', port=8080): Max retries exceeded with url: / (Caused by SSLError(SSLError(1, '[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)'))) (the server speaks no TLS there: look at the address and its port)", "people INCOMPLETE, 1 record"];
    nothing_is_selected: "the tap finds nothing to do",
        |work| recorded(work, "rest-nothing-selected"),
        ["exit 1", "config_error: tap-x: No Streams selected, please check that you have a schema selected in your catalog", "people INCOMPLETE, 1 record"];
    memory_runs_out_in_python: "Python can't get more memory",
        |work| recorded(work, "out-of-memory"),
        ["exit 1", "system_error: tap-x: MemoryError (it ran out of memory: give it more, or select fewer streams)", "people INCOMPLETE, 1 record"];
    python_is_too_old: "the tap's code is for a newer Python",
        |work| recorded(work, "syntax-of-a-newer-python"),
        ["exit 1", "system_error: tap-x: SyntaxError: invalid syntax (perhaps the tap was written for another version of Python)", "people INCOMPLETE, 1 record"];
    packages_do_not_fit: "a package isn't what the tap was written for",
        |work| recorded(work, "module-moved"),
        ["exit 1", "system_error: tap-x: ImportError: cannot import name 'Mapping' from 'collections' (/usr/lib/python3.11/collections/__init__.py) (the packages in the tap's environment don't fit each other or this Python: install the tap anew, or with an older Python)", "people INCOMPLETE, 1 record"];
    exception_says_nothing: "the last exception says nothing, the one before it does",
        |work| recorded(work, "chain-wordless"),
        ["exit 1", "system_error: tap-x: ValueError: the start date is later than the end date", "people INCOMPLETE, 1 record"];
    exception_hides_its_cause: "the last exception is vague, its cause is not",
        |work| recorded(work, "chain-during-handling"),
        ["exit 1", "transient_error: tap-x: Exception: request failed (requests.exceptions.ConnectionError: HTTPConnectionPool(host='127.0.0.1', port=8080): Max retries exceeded with url: / (Caused by NewConnectionError(\"HTTPConnection(host='127.0.0.1', port=8080): Failed to establish a new connection: [Errno 111] Connection refused\")))", "people INCOMPLETE, 1 record"];
    exception_is_a_group: "several streams fail at once (Python 3.11)",
        |work| recorded(work, "group"),
        ["exit 1", "transient_error: tap-x: ExceptionGroup: 2 streams failed (2 sub-exceptions) (ConnectionResetError: [Errno 104] Connection reset by peer)", "people INCOMPLETE, 1 record"];
    exception_has_many_lines: "the exception's words begin with blank lines",
        |work| recorded(work, "many-lines"),
        ["exit 1", "system_error: tap-x: ValueError: the schema is wrong:", "people INCOMPLETE, 1 record"];
    exception_comes_behind_a_warning: "an exception ends the tap right behind a warning, and another one was logged before",
        |work| recorded(work, "warned-exception-ends-the-run"),
        ["exit 1", "transient_error: tap-x: ConnectionRefusedError: [Errno 111] Connection refused", "people INCOMPLETE, 1 record"];
    input_is_asked_for: "the tap asks its user something",
        |work| recorded(work, "terminal-input"),
        ["exit 1", "config_error: tap-x: EOFError: EOF when reading a line (it asks for input at the terminal, and here is none: give what it asks for by its settings or arguments; if it asks only once, as for an authorisation, run it by hand first)", "people INCOMPLETE, 1 record"];
    catalog_does_not_fit: "the tap fails over the catalog that it is given (tap-csv-folder)",
        |work| recorded(work, "catalog-does-not-fit"),
        ["exit 1", "system_error: tap-x: AttributeError: property 'primary_keys' of 'CSVStream' object has no setter. Did you mean: '_streams'? (it fails over the catalog that it is given; perhaps it runs without one: `--catalog-flag none`, with which it reads all its streams and those that are configured are passed on)", "people INCOMPLETE, 1 record"];
    file_of_a_setting_is_missing: "a setting names a file that isn't there",
        |work| {
            let body = "schema; row 1; echo 'No such file or directory: /srv/key.pem' >&2; exit 1";
            read(work, body).with_config(r#"{"certificate_file": "/srv/key.pem"}"#).go()
        },
        ["exit 1", "config_error: tap-x: No such file or directory: /srv/key.pem", "people INCOMPLETE, 1 record"];
    file_of_a_secret_setting_is_missing: "the same, of a setting that is secret by its name",
        |work| {
            let body = "schema; row 1; echo 'No such file or directory: /srv/key.pem' >&2; exit 1";
            read(work, body).with_config(r#"{"private_key": "/srv/key.pem"}"#).go()
        },
        ["exit 1", "config_error: tap-x: No such file or directory: ****", "people INCOMPLETE, 1 record"];
    file_is_in_the_users_folder: "the tap looks for a file by a path that is meant from the user's folder",
        |work| {
            work.file("keys/a.pem", "");
            let body = "schema; row 1; echo \"No such file or directory: 'keys/a.pem'\" >&2; exit 1";
            read(work, body).go()
        },
        ["exit 1", "config_error: tap-x: No such file or directory: 'keys/a.pem' (it ran in a private folder; `keys/a.pem` is in /here: `--workdir current` runs it there)", "people INCOMPLETE, 1 record"];
    log_is_json: "the SDK's log in JSON, with the exception inside",
        |work| recorded(work, "sdk-json-log"),
        ["exit 1", "config_error: tap-x: (psycopg2.OperationalError) connection to server at \"127.0.0.1\", port 8080 failed: FATAL:  password authentication failed for user \"keeper\"", "people INCOMPLETE, 1 record"];
    killed: "the kernel kills the tap",
        |work| recorded(work, "killed-by-the-kernel"),
        ["exit 1", "system_error: tap-x was killed (SIGKILL; often: out of memory) during the sync", "people INCOMPLETE, 1 record"];
    killed_in_a_wrapper: "the kernel kills a program inside the tap",
        |work| read(work, "schema; row 1; echo 'INFO reading people' >&2; exit 137").go(),
        ["exit 1", "system_error: tap-x exited with code 137 (a program in it was killed, SIGKILL; often: out of memory) during the sync; the last thing it said: reading people", "people INCOMPLETE, 1 record"];
    crashed: "the tap crashes in a native library",
        |work| recorded(work, "segfault"),
        ["exit 1", "system_error: tap-x crashed (SIGSEGV) during the sync; the last thing it said: Fatal Python error: Segmentation fault", "people INCOMPLETE, 1 record"];
    stopped_by_somebody_else: "somebody else stops the tap",
        |work| read(work, "schema; row 1; kill -TERM $$").go(),
        ["exit 1", "transient_error: tap-x was stopped (SIGTERM) during the sync", "people INCOMPLETE, 1 record"];
    critical_and_exit_code_0: "the tap says at level CRITICAL that it can't go on, and exits with 0",
        |work| read(work, "schema; echo 'CRITICAL the start date 2020-13-45 is no date' >&2").go(),
        ["exit 1", "system_error: tap-x: the start date 2020-13-45 is no date; it said so at level CRITICAL, ended as if all were well, and brought no record of people. A line that is harmless can be named in the profile (harmless_lines)", "people INCOMPLETE"];
    critical_and_exit_code_0_after_a_record: "the same in the middle of a stream",
        |work| read(work, "schema; row 1; echo 'CRITICAL the start date 2020-13-45 is no date' >&2").go(),
        ["exit 1", "system_error: tap-x: the start date 2020-13-45 is no date; it said so at level CRITICAL, ended as if all were well, and may have broken off in people. A line that is harmless can be named in the profile (harmless_lines)", "people INCOMPLETE, 1 record"];
    critical_and_exit_code_0_in_a_check: "the same, told by a check",
        |work| {
            let tap = super::syncing(work, "schema; echo 'CRITICAL the start date 2020-13-45 is no date' >&2");
            work.check().arg("--tap").arg(tap).go()
        },
        ["exit 0", "FAILED: tap-x: the start date 2020-13-45 is no date; it said so at level CRITICAL, ended as if all were well, and brought no record of people. A line that is harmless can be named in the profile (harmless_lines)", ""];
    failed_in_silence: "the tap fails without a word",
        |work| read(work, "schema; row 1; exit 1").go(),
        ["exit 1", "system_error: tap-x exited with code 1 during the sync and said nothing", "people INCOMPLETE, 1 record"];
    failed_after_its_log: "the tap fails, and its log doesn't say why",
        |work| read(work, "schema; row 1; echo 'INFO reading people' >&2; exit 1").go(),
        ["exit 1", "system_error: tap-x exited with code 1 during the sync; the last thing it said: reading people", "people INCOMPLETE, 1 record"];
    log_repeats_itself: "the tap says one thing a thousand times",
        |work| read(work, "schema; row 1; yes 'WARNING slow' | head -n 1000 >&2").go(),
        ["exit 0", "WARN slow; WARN slow (repeated 999 times)", "people COMPLETE, 1 record"];
    log_is_flooded: "the tap's reason stands in the middle of a flood of words",
        |work| {
            let flood = "seq 3000 | sed 's/^/INFO page /' >&2";
            read(work, &format!("schema; row 1; {flood}; echo 'CRITICAL 503 Server Error' >&2; {flood}; exit 1")).go()
        },
        ["exit 1", "transient_error: tap-x: 503 Server Error", "people INCOMPLETE, 1 record"];
    failed_with_its_last_print: "a tap without a log prints why it ends",
        |work| read(work, "schema; row 1; echo 'no account has this id' >&2; exit 1").go(),
        ["exit 1", "system_error: tap-x: no account has this id", "people INCOMPLETE, 1 record"];
}

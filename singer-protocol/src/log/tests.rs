//! Lines of captures (tap and version beside them) and of the tools that taps are written with.

use proptest::prelude::*;
use serde_json::json;

use super::*;

#[track_caller]
fn says(line: &str, level: Level, logger: Option<&str>, message: &str) {
    let parsed = parse_line(line);
    assert_eq!(
        (parsed.level, parsed.logger.as_deref(), &*parsed.message),
        (level, logger, message)
    );
    assert_eq!(parsed.level_source, LevelSource::Said, "{line}");
}

#[test]
fn every_dress_of_a_level() {
    use Level::*;
    // singer-io tap-postgres 0.2.1 and tap-dynamodb 1.4.0.
    says("INFO No currently_syncing found", Info, None, "No currently_syncing found");
    says("INFO \tTableName = movies\n", Info, None, "\tTableName = movies");
    says("INFO ", Info, None, "");
    // pipelinewise-tap-mysql.
    says(
        "time=2026-11-22 09:14:18 name=tap_mysql level=WARNING message=Columns {'c_set'} level=x",
        Warning,
        Some("tap_mysql"),
        "Columns {'c_set'} level=x",
    );
    // meltanolabs tap-postgres 0.10.0: a logger with spaces in its name.
    says(
        "2026-11-22 09:14:13,737 | INFO     | tap-postgres.Weird Schema-Table With Spaces.and-dots | Beginning | of",
        Info,
        Some("tap-postgres.Weird Schema-Table With Spaces.and-dots"),
        "Beginning | of",
    );
    says(
        "2026-11-22 09:14:13,803 | CRITICAL | py.warnings                    | x",
        Critical,
        Some("py.warnings"),
        "x",
    );
    // Python's usual formats, Airflow's, structlog's.
    says(
        "2026-11-22 09:14:13,728 - tap-x - ERROR - it - broke",
        Error,
        Some("tap-x"),
        "it - broke",
    );
    says("2026-11-22 09:14:13,728 - DEBUG - words", Debug, None, "words");
    says("2026-11-22T09:14:13.728Z INFO words", Info, None, "words");
    says("[2026-11-22 09:14:13,728] {client.py:12} INFO - words", Info, None, "words");
    says("2026-11-22T09:14:13Z [warning  ] words", Warning, None, "words");
    says("[2026-11-22 09:14:13] ERROR: words", Error, None, "words");
    says("INFO:root:words: more", Info, Some("root"), "words: more");
    says("CRITICAL: words", Critical, None, "words");
    says("[ERROR] words", Error, None, "words");
    says("FATAL words", Critical, None, "words");
    says("WARN words", Warning, None, "words");
    says("\u{1b}[31mERROR\u{1b}[0m words", Error, None, "words");
    says(
        r#"{"level":"warning","logger_name":"tap-x","message":"words","extra":{}}"#,
        Warning,
        Some("tap-x"),
        "words",
    );
    says(r#"{"levelname": "ERROR", "name": "x", "msg": "words"}"#, Error, Some("x"), "words");
}

#[test]
fn what_says_no_level_is_info() {
    for line in [
        "",
        "words",
        "INFORMATION words",
        "ERRORS found",
        "Info words",
        "info: words",
        "  INFO words",
        "2026-11-22 words",
        "the ERROR words",
        "{not json}",
        r#"{"no": "words"}"#,
        "[1] words",
        "|",
        "ERROR-words",
        "time=now",
        "2026-11-22 09:14:13,728 | LOUD | x | words",
    ] {
        let parsed = parse_line(line);
        assert_eq!(
            (parsed.level, parsed.level_source),
            (Level::Info, LevelSource::Unknown),
            "{line}"
        );
        assert_eq!(&*parsed.message, line);
    }
}

#[test]
fn a_shape_can_tell_the_level() {
    for (line, level) in [
        ("/lib/connector.py:1134: SAWarning: Did not recognize type 'point'", Level::Warning),
        ("<frozen importlib._bootstrap>:228: RuntimeWarning: sys.modules", Level::Warning),
        ("tap-x: error: the following arguments are required: -c/--config", Level::Error),
        ("Error: Missing option '--config'.", Level::Error),
        ("Fatal Python error: init_sys_streams: can't initialize", Level::Critical),
        ("Traceback (most recent call last):", Level::Error),
    ] {
        let parsed = parse_line(line);
        assert_eq!((parsed.level, parsed.level_source), (level, LevelSource::Guessed), "{line}");
        assert_eq!(&*parsed.message, line);
    }
}

#[test]
fn metrics_in_three_dresses() {
    let object = r#"{"type": "counter", "metric": "record_count", "value": 98, "tags": {"stream": "orders"}}"#;
    for line in [
        format!("INFO METRIC: {object}"),
        format!("time=2026-11-22 09:14:18 name=singer level=INFO message=METRIC: {object}"),
        format!("2026-11-22 09:14:13,780 | INFO     | singer_sdk.metrics             | METRIC: {object}"),
        format!(r#"{{"level":"info","logger_name":"singer_sdk.metrics","message":"METRIC","metric_info":{object}}}"#),
        "INFO INFO METRIC: {'metric_type': 'counter', 'metric': 'record_count', 'value': 98, 'tags': {'stream': 'orders'}}".to_owned(),
    ] {
        let Kind::Metric(metric) = parse_line(&line).kind else { panic!("{line}") };
        assert_eq!((&*metric.kind, &*metric.name, metric.stream()), ("counter", "record_count", Some("orders")));
        assert_eq!(metric.value, json!(98));
    }
    let long =
        "INFO METRIC: {\"type\": \"timer\", \"metric\": \"x\", \"value\": 0.006949424743652344}";
    let Kind::Metric(metric) = parse_line(long).kind else { panic!("a timer") };
    assert_eq!(metric.value.to_string(), "0.006949424743652344");
    for line in ["INFO METRIC: {oops}", "INFO METRIC: {}", "INFO METRICS are on"] {
        assert_eq!(parse_line(line).kind, Kind::Plain, "{line}");
    }
}

#[test]
fn of_a_progress_bar_the_last_update_counts() {
    let line = "\r  0%|          | 0/40\r 50%|#####     | 20/40\r100%|##########| 40/40\r\n";
    let parsed = parse_line(line);
    assert_eq!((&*parsed.message, parsed.kind), ("100%|##########| 40/40", Kind::Progress));
    assert_eq!(parse_line("words\r\n").kind, Kind::Plain);
}

fn entries(text: &str) -> Vec<LogEntry> {
    let mut stderr = Stderr::default();
    let mut entries: Vec<_> = text.lines().filter_map(|line| stderr.push(line)).collect();
    entries.extend(stderr.finish());
    entries
}

/// The one traceback in the text: its words, and all of its lines.
#[track_caller]
fn traceback(text: &str) -> (String, String) {
    let mut told: Vec<_> =
        entries(text).into_iter().filter(|entry| entry.stack_trace.is_some()).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    let entry = told.remove(0);
    assert!(entry.level >= Level::Error);
    (entry.message, entry.stack_trace.unwrap())
}

#[test]
fn a_bare_traceback_is_one_entry() {
    let text = "INFO Starting\nTraceback (most recent call last):\n  File \"tap.py\", line 3, in <module>\n    INFO = main()\n           ^^^^^^\nValueError: no date\n";
    let (message, trace) = traceback(text);
    assert_eq!(message, "ValueError: no date");
    assert_eq!(trace, text.trim_end().strip_prefix("INFO Starting\n").unwrap());
    assert_eq!(entries(text)[0].message, "Starting");
}

#[test]
fn the_exception_stands_above_lines_that_say_nothing() {
    let sql = "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    x()\nsqlalchemy.exc.ProgrammingError: (psycopg2.errors.UndefinedTable) relation \"x\" does not exist\nLINE 1: SELECT 1 FROM x\n                      ^\n\n[SQL: SELECT 1 FROM x]\n(Background on this error at: https://sqlalche.me/e/20/f405)\n\n";
    let (message, trace) = traceback(sql);
    assert_eq!(
        message,
        "sqlalchemy.exc.ProgrammingError: (psycopg2.errors.UndefinedTable) relation \"x\" does not exist"
    );
    assert!(trace.ends_with("f405)"));

    let exit = "Traceback (most recent call last):\n  File \"a.py\", line 1\nKeyError: 'token'\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"b.py\", line 1\nSystemExit: 1\n";
    assert_eq!(traceback(exit).0, "KeyError: 'token'");
    let chained = exit.replace("SystemExit: 1", "tap_x.Failed: bad token\n \n");
    assert_eq!(traceback(&chained).0, "tap_x.Failed: bad token");
    let bare = exit.replace("SystemExit: 1", "tap_x.Failed");
    assert_eq!(traceback(&bare).0, "KeyError: 'token'");
    let below = "Traceback (most recent call last):\n  File \"a.py\", line 1\ntap.Error: \n\n  401 Unauthorized\n";
    assert_eq!(traceback(below).0, "tap.Error: 401 Unauthorized");
    let cut = "Traceback (most recent call last):\n  File \"a.py\", line 1\n";
    assert_eq!(traceback(cut).0, "Traceback (most recent call last):");
}

#[test]
fn an_exception_group_is_one_entry() {
    let text = "  + Exception Group Traceback (most recent call last):\n  |   File \"a.py\", line 1, in <module>\n  |     f()\n  | ExceptionGroup: two (2 sub-exceptions)\n  +-+---------------- 1 ----------------\n    | Traceback (most recent call last):\n    |   File \"a.py\", line 2, in f\n    | ValueError: first\n    +---------------- 2 ----------------\n    | ValueError: second\n    +------------------------------------\n";
    let (message, trace) = traceback(text);
    assert_eq!(message, "ExceptionGroup: two (2 sub-exceptions)");
    assert_eq!(entries(text)[0].causes, ["ValueError: first", "ValueError: second"]);
    assert_eq!(trace.lines().count(), 11);
}

#[test]
fn a_rewritten_line_is_no_frame_whatever_it_began_with() {
    let mut stderr = Stderr::default();
    let told =
        ["Traceback (most recent call last):", "  File \"x\", line 1", " 50%\rCRITICAL gone"];
    let mut entries: Vec<_> = told.iter().filter_map(|line| stderr.push(line)).collect();
    entries.extend(stderr.finish());
    assert_eq!(entries.iter().map(|entry| entry.level).max(), Some(Level::Critical));
    assert_eq!(entries[1].message, "gone");
}

#[test]
fn a_traceback_belongs_to_what_announced_it() {
    let text = "ERROR sync failed\nTraceback (most recent call last):\n  File \"a.py\", line 1\nValueError: x\n2026-11-22 09:14:13,803 | INFO | tap | bye\n";
    let entries = entries(text);
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[0].message, "sync failed");
    assert_eq!(entries[0].exception.as_deref(), Some("ValueError: x"));
    assert!(entries[0].stack_trace.as_deref().unwrap().starts_with("Traceback"));
    assert_eq!(entries[1].message, "bye");
}

#[test]
fn a_json_line_brings_its_traceback_along() {
    let line = json!({
        "level": "critical", "logger_name": "tap-x", "message": "sync failed",
        "exception": {
            "type": "Failed", "module": "tap_x.errors", "message": "no token",
            "traceback": [{"filename": "a.py", "function": "f", "lineno": 3, "line": "    x()\n"}],
            "cause": {"type": "KeyError", "module": "builtins", "message": "'token'", "traceback": []},
        },
    });
    let entry = entries(&line.to_string()).remove(0);
    assert_eq!(entry.exception.as_deref(), Some("tap_x.errors.Failed: no token"));
    assert_eq!(
        entry.stack_trace.as_deref().unwrap(),
        "Traceback (most recent call last):\nKeyError: 'token'\n\nThe above exception was the direct cause of the following exception:\n\nTraceback (most recent call last):\n  File \"a.py\", line 3, in f\n    x()\ntap_x.errors.Failed: no token"
    );
    let line = json!({"level": "error", "msg": "m", "exc_info": "Traceback (most recent call last):\n  File \"a\"\nKeyError: 1"});
    assert_eq!(entries(&line.to_string())[0].exception.as_deref(), Some("KeyError: 1"));
}

#[test]
fn lines_without_a_level_follow_the_one_that_has_one() {
    // singer-io tap-postgres 0.2.1 logs its SQL over several lines; a print() before any level is Info.
    let text = "banner\nsecond\n\nINFO select SELECT  \"a\"\n             FROM \"b\"\n\nINFO done\n/x.py:1: UserWarning: old\n  warn()\n";
    let told: Vec<_> =
        entries(text).into_iter().map(|entry| (entry.level, entry.message)).collect();
    assert_eq!(
        told,
        [
            (Level::Info, "banner".to_owned()),
            (Level::Info, "second".to_owned()),
            (Level::Info, "select SELECT  \"a\"\n             FROM \"b\"".to_owned()),
            (Level::Info, "done".to_owned()),
            (Level::Warning, "/x.py:1: UserWarning: old\n  warn()".to_owned()),
        ]
    );
    let endless = format!("WARNING w\n{}", "more\n".repeat(1000));
    let entries = entries(&endless);
    assert_eq!(entries[0].message.lines().count(), Stderr::MAX_LINES);
    assert_eq!(entries.len(), 1 + 1001 - Stderr::MAX_LINES);
}

#[test]
fn silence_hands_over_what_waits_but_no_half_traceback() {
    let mut stderr = Stderr::default();
    assert_eq!(stderr.push("INFO go"), None);
    assert_eq!(stderr.flush().unwrap().message, "go");
    assert!(!stderr.is_pending());
    stderr.push("Traceback (most recent call last):");
    assert_eq!(stderr.flush(), None);
    stderr.push("KeyError: 'x'");
    assert_eq!(stderr.flush().unwrap().message, "KeyError: 'x'");
}

proptest! {
    #[test]
    fn no_line_is_lost_and_none_panics(lines in prop::collection::vec(
        prop_oneof![
            "\\PC{0,30}".prop_map(|text| text),
            "(INFO|ERROR|Traceback \\(most recent call last\\):|  File|KeyError: |\\{|\\||\r|\u{1b}\\[)[ a-z:\\[\r]{0,8}x",
        ],
        0..12,
    )) {
        let mut stderr = Stderr::default();
        let mut told = String::new();
        for line in &lines {
            let _ = parse_line(line);
            if let Some(entry) = stderr.push(line) {
                told.push_str(&entry.message);
                told.push_str(entry.stack_trace.as_deref().unwrap_or_default());
            }
        }
        if let Some(entry) = stderr.finish() {
            told.push_str(&entry.message);
            told.push_str(entry.stack_trace.as_deref().unwrap_or_default());
        }
        for line in &lines {
            let words = without_colours(last_update(line).0).into_owned();
            let last = words.trim().rsplit([' ', ':', '|', ']']).next().unwrap_or_default();
            prop_assert!(line.starts_with('{') || told.contains(last), "{:?} lost", line);
        }
    }
}

#[test]
fn a_traceback_that_ended_nothing_is_a_warning_with_its_traceback() {
    for header in ["Exception ignored in: <function Pool.__del__ at 0x7f>", "--- Logging error ---"]
    {
        let text = format!(
            "Traceback (most recent call last):\n  File \"a.py\", line 1\nValueError: no\n{header}\nTraceback (most recent call last):\n  File \"b.py\", line 1\nAttributeError: 'NoneType'\n"
        );
        let entries = entries(&text);
        assert_eq!(entries.len(), 2, "{entries:#?}");
        assert_eq!((entries[0].level, &*entries[0].message), (Level::Error, "ValueError: no"));
        assert_eq!((entries[1].level, &*entries[1].message), (Level::Warning, header));
    }
}

#[test]
fn the_other_exceptions_of_a_chain_are_kept() {
    let text = "Traceback (most recent call last):\n  File \"a.py\", line 1\nOSError: refused\n\nThe above exception was the direct cause of the following exception:\n\nTraceback (most recent call last):\n  File \"b.py\", line 1\nRuntimeError: sync failed\n";
    let entry = &entries(text)[0];
    assert_eq!(entry.exception.as_deref(), Some("RuntimeError: sync failed"));
    assert_eq!(entry.causes, ["OSError: refused"]);
}

#[test]
fn an_entry_has_bounds_in_lines_and_in_bytes() {
    for (line, most) in [("  x".to_owned(), Stderr::MAX_LINES), ("  x".repeat(20_000), 5)] {
        let mut stderr = Stderr::default();
        assert!(stderr.push("WARNING it begins").is_none());
        let ended = (1..=Stderr::MAX_LINES).find_map(|n| Some((n, stderr.push(&line)?)));
        let (lines, entry) = ended.expect("an end");
        assert_eq!((lines, entry.message.lines().count()), (most, most));
        assert!(entry.message.len() < Stderr::MAX_BYTES);
    }
}

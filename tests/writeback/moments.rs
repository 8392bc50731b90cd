//! However and whenever the tap writes the file.

use super::*;

/// The kinds of the output's messages, less the log, the statuses and all but the first of equal
/// neighbours.
fn order(output: &Output) -> Vec<&str> {
    let mut kinds: Vec<&str> = output.lines.iter().map(|line| line.kind.as_str()).collect();
    kinds.retain(|kind| !["LOG", "TRACE"].contains(kind));
    kinds.dedup();
    kinds
}

#[test]
fn in_place_and_by_a_rename_and_before_any_later_state() {
    for how in ["in_place", "renamed"] {
        let work = Work::new();
        // The state is in the pipe a moment after the file is written.
        let sync = format!("record 1\nstate 1\n{how} '{SECOND}'; state 2\nrecord 2\nstate 3");
        let read = reading(&work, &sync).ok();
        assert_eq!(stored(&read), [value(SECOND)], "{how}\n{read}");
        let control = place(&read, |line| line.kind == "CONTROL");
        let states: Vec<&Line> =
            read.lines[..control].iter().filter(|l| l.kind == "STATE").collect();
        let later = states.iter().any(|line| {
            ["\"since\":2", "\"since\":3"].iter().any(|since| line.raw.contains(since))
        });
        assert!(!later, "{how}: a later state came first\n{read}");
    }
}

#[test]
fn at_every_record_a_new_token_before_its_state() {
    let work = Work::new();
    let sync = r#"
        for n in 1 2 3 4 5 6 7 8 9; do
            record $n
            in_place '{"refresh_token": "token-number-'$n'", "start": 1}'; state $n
        done"#;
    let read = reading(&work, sync).ok();
    let mut newest = 0;
    let mut seen = 0;
    for line in &read.lines {
        let number = |text: &str| -> Option<u64> {
            let rest = &line.raw[line.raw.find(text)? + text.len()..];
            rest.chars().next()?.to_digit(10).map(u64::from)
        };
        match line.kind.as_str() {
            "CONTROL" => newest = number("token-number-").expect("a token"),
            "STATE" if number("\"since\":").is_some_and(|since| since > newest) => {
                panic!("a state before the token that came before it\n{read}")
            }
            "STATE" => seen += 1,
            _ => {}
        }
    }
    assert!(newest == 9 && seen > 1, "{read}");
}

#[test]
fn a_half_written_file_is_waited_out() {
    let work = Work::new();
    let sync = r#"
        printf '{"refresh_token": "sec' > "$config"; record 1; state 1; sleep 0.7
        printf 'ond-token", "start": 1}' >> "$config"; record 2; state 2"#;
    let read = reading(&work, sync).ok();
    assert_eq!(stored(&read), [value(SECOND)], "{read}");
    assert!(!read.logged("WARN", "config file"), "{read}");
    assert_eq!(read.records().len(), 2);
}

#[test]
fn it_is_seen_while_the_tap_says_nothing() {
    let work = Work::new();
    let sync =
        format!("in_place '{SECOND}'\nwhile [ ! -e {} ]; do sleep 0.05; done\nrecord 1", "$OUT");
    let flag = work.path("go-on");
    let sync = sync.replace("$OUT", flag.to_str().expect("a path"));
    let (mut child, stdout) = reading(&work, &sync).start_with_stdout();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(stdout));
    let told = lines.by_ref().find(|line| line.as_ref().is_ok_and(|l| l.contains("CONTROL")));
    assert!(told.expect("a line").expect("readable").contains("second-token"));
    std::fs::write(flag, "").expect("a file");
    assert!(lines.any(|line| line.is_ok_and(|line| line.contains("RECORD"))));
    assert!(child.wait().expect("a child").success());
}

#[test]
fn several_changes_are_told_in_turn_and_each_once() {
    let work = Work::new();
    let sync = format!(
        "in_place '{SECOND}'; record 1; state 1; sleep 0.5; record 2; state 2
         renamed '{THIRD}'; record 3; state 3; sleep 0.5; state 4"
    );
    let read = reading(&work, &sync).ok();
    assert_eq!(stored(&read), [value(SECOND), value(THIRD)], "{read}");
}

#[test]
fn what_only_looks_different_is_no_change() {
    let work = Work::new();
    let sync = r#"
        in_place '{ "start" : 1.0,
            "refresh_token": "first\u002dtoken"}'; record 1; state 1"#;
    let read = reading(&work, sync).ok();
    assert_eq!(stored(&read), [json!(null); 0], "{read}");
    assert!(!read.logged("INFO", "rewrote"), "{read}");
}

#[test]
fn check_and_discover_tell_it_before_their_answer() {
    for (command, answer) in [("check", "CONNECTION_STATUS"), ("discover", "CATALOG")] {
        let work = Work::new();
        let tap = tap(&work, &format!("in_place '{SECOND}'"), "record 1; sleep 60");
        let output = work.run(command).with_config(CONFIG).arg("--tap").arg(tap).ok();
        assert_eq!(stored(&output), [value(SECOND)], "{output}");
        assert_eq!(order(&output), ["CONTROL", answer], "{output}");
    }
}

#[test]
fn a_check_tells_what_its_sync_made_of_it_too() {
    let work = Work::new();
    let sync = format!("renamed '{THIRD}'; record 1; sleep 60");
    let tap = tap(&work, &format!("renamed '{SECOND}'"), &sync);
    let output = work.check().with_config(CONFIG).arg("--tap").arg(tap).ok();
    assert_eq!(stored(&output), [value(SECOND), value(THIRD)], "{output}");
    assert_eq!(order(&output), ["CONTROL", "CONNECTION_STATUS"], "{output}");
}

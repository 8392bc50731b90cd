//! A stream of messages, as it comes.

use super::*;

#[test]
fn words_that_are_no_messages_complete_no_stream() {
    let work = Work::new();
    let catalog = json!({"streams": [{"stream": {"name": "a", "json_schema": {}},
        "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}]});
    let file = work.file("c.json", catalog.to_string());
    for text in ["hello\n", "Traceback:\n  boom\n", "{\"streams\": []}\n", "{\"type\": \"LOG\"}\n"]
    {
        let words = work.file("words", text);
        let output = work.convert("messages").arg("--catalog").arg(&file).arg(&words).fails();
        assert!(output.error().contains("neither a SCHEMA"), "{output}");
        assert_eq!(output.last_status("a"), "INCOMPLETE");
        let output = work.convert("messages").arg(&words).fails();
        assert!(output.error().contains("neither a SCHEMA"), "{output}");
    }
}

#[test]
fn states_of_nobody_are_not_replaced_by_an_empty_one() {
    let work = Work::new();
    let lines = work.file("m", format!("{}\n", state(json!({"a": 1}))));
    for kind in ["stream", "global", "legacy"] {
        let run = work.convert("messages").args(["--state-type", kind]).arg(&lines);
        let output = run.fails();
        assert!(output.error().contains("--catalog"), "{output}");
        assert!(output.state_lines().is_empty(), "{output}");
    }
}

#[test]
fn every_recording_passes_byte_for_byte_with_and_without_catalogs() {
    for (folder, work) in recordings() {
        let messages = folder.join("stdout.jsonl");
        let raw = raw_records(&std::fs::read_to_string(&messages).expect("messages"));
        assert!(raw.len() >= 60);
        let singer = folder.join("catalog.json");
        let all = incrementally(&airbyte_catalog(&work, &singer));
        let file = work.file("configured.json", all.to_string());
        let (configured, known): ([&std::ffi::OsStr; 2], [&std::ffi::OsStr; 2]) =
            (["--catalog".as_ref(), file.as_ref()], ["--singer-catalog".as_ref(), singer.as_ref()]);
        for args in [vec![], configured.to_vec(), known.to_vec(), [configured, known].concat()] {
            let input = File::open(&messages).expect("messages");
            let output = work.convert("messages").args(&args).every_state().stdin(input).ok();
            assert!(data(&output) == raw, "{args:?} of {}", folder.display());
            let seen = match args.contains(&configured[0]) {
                true => all.clone(),
                false => seen(&output),
            };
            assert_eq!(faults(&output, &seen), Vec::<String>::new(), "{args:?}");
        }
    }
}

#[test]
fn streams_that_show_up_resume_where_the_tap_said() {
    for (folder, work) in recordings() {
        let output = work.convert("messages").every_state().arg(folder.join("stdout.jsonl")).ok();
        let configured = work.file("c.json", seen(&output).to_string());
        let original = without_hints(&json_file(&folder.join("state-out.json")));
        let states = work.file("states.json", output.committed_state().to_string());
        let run = work.convert("state").args(["--from", "airbyte", "--catalog"]).arg(&configured);
        assert_eq!(document(&run.arg(&states).ok()), original, "{}", folder.display());
        // A resumed run that says no STATE publishes what the tap was started from.
        let resumed =
            std::fs::read_to_string(folder.join("resume.stdout.jsonl")).expect("messages");
        let silent = resumed.lines().filter(|line| Line::parse(line).kind != "STATE");
        let silent = work.file("silent", silent.collect::<Vec<_>>().join("\n"));
        for state in [&states, &folder.join("state-out.json")] {
            let run = work.convert("messages").arg("--state").arg(state).arg(&silent).ok();
            assert_eq!(faults(&run, &seen(&run)), Vec::<String>::new());
            let after = work.file("after.json", run.committed_state().to_string());
            let configured = work.file("c2.json", seen(&run).to_string());
            let back = work.convert("state").args(["--from", "airbyte", "--catalog"]);
            let back = document(&back.arg(&configured).arg(&after).ok());
            for (id, bookmark) in back["bookmarks"].as_object().expect("bookmarks") {
                assert_eq!(*bookmark, original["bookmarks"][id], "{}: {id}", folder.display());
            }
        }
    }
}

#[test]
fn nothing_on_stdin_is_a_failure() {
    let work = Work::new();
    let output = work.convert("messages").fails();
    assert!(output.error().contains("nothing at all came in"), "{output}");
    let catalog = json!({"streams": [{"stream": {"name": "a"}}]});
    let file = work.file("c.json", catalog.to_string());
    let output = work.convert("messages").arg("--catalog").arg(file).fails();
    assert_eq!(output.statuses_of("a"), ["STARTED", "INCOMPLETE"]);
    assert_eq!(faults(&output, &catalog), Vec::<String>::new());
}

#[test]
fn broken_lines_are_treated_as_in_a_read() {
    let work = Work::new();
    let good = |n: u32| format!(r#"{{"type":"RECORD","stream":"a","record":{{"id":{n}}}}}"#);
    let broken = r#"{"type":"RECORD","stream":"a","record":{"id":"#.to_owned();
    let nan = r#"{"type":"RECORD","stream":"a","record":{"id":NaN}}"#.to_owned();
    let lines = ["INFO a log line".to_owned(), broken, good(1), nan, good(2)];
    let file = work.file("m", lines.join("\n"));
    let output = work.convert("messages").arg(&file).fails();
    assert!(output.error().contains("line 2"), "{output}");
    let output = work.convert("messages").args(["--on-malformed", "skip"]).arg(&file).ok();
    assert_eq!(output.column("a", "id"), [json!(1), Value::Null, json!(2)]);
    assert!(output.logged("ERROR", "line 2"), "{output}");
    assert!(output.logged("INFO", "a log line"), "{output}");
    assert!(output.records()[1].meta.is_some(), "a repaired record says so");
    assert_eq!(faults(&output, &seen(&output)), Vec::<String>::new());
    let output = work.convert("messages").args(["--max-line-bytes", "20"]).arg(&file).fails();
    assert!(output.error().contains("--max-line-bytes"), "{output}");
}

#[test]
fn records_pass_while_the_tap_runs_and_a_signal_ends_the_streams() {
    let work = Work::new();
    let (reader, mut tap) = std::io::pipe().expect("a pipe");
    let (mut child, out) = work.convert("messages").stdin(reader).start_with_stdout();
    let mut lines = BufReader::new(out);
    writeln!(tap, "{}", schema("a")).expect("it listens");
    writeln!(tap, r#"{{"type":"RECORD","stream":"a","record":{{"id":1}}}}"#).expect("it listens");
    let mut said = String::new();
    while !said.contains(r#""RECORD""#) {
        assert!(lines.read_line(&mut said).expect("UTF-8") > 0, "it ended early: {said}");
    }
    let pid = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
    rustix::process::kill_process(pid.expect("a pid"), rustix::process::Signal::TERM)
        .expect("it still runs");
    lines.read_to_string(&mut said).expect("UTF-8");
    let status = child.wait().expect("it ends");
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    assert_eq!(signal, Some(15), "{said}");
    let output = Output::new(Exit::Signal(15), said.as_bytes(), b"", 0..1);
    assert_eq!(output.last_status("a"), "INCOMPLETE");
    assert!(output.error().contains("SIGTERM"), "{output}");
    assert_eq!(faults(&output, &seen(&output)), Vec::<String>::new());
}

#[test]
fn two_streams_of_one_name_are_no_guess() {
    let work = Work::new();
    let entries = [table("shop", "users"), table("sales", "users")];
    let singer = work.file("s.json", json!({"streams": entries}).to_string());
    let lines = [schema("users"), r#"{"type":"RECORD","stream":"users","record":{"id":1}}"#.into()];
    let messages = work.file("m", lines.join("\n"));
    let output = work.convert("messages").arg("--singer-catalog").arg(singer).arg(messages).fails();
    let error = output.error();
    assert!(error.contains("shop-users") && error.contains("sales-users"), "{output}");
}

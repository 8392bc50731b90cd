//! Files that are long, and many of them.

use super::*;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;

/// A file of so many megabytes of records, in the user's folder `big`.
fn big(work: &Work, megabytes: usize) {
    let file = work.file("big/big.gz", "");
    let row = format!("{{\"id\": 1, \"name\": \"{}\"}}\n", "some text ".repeat(97));
    // Members of a gzip may follow each other.
    let some = gzip(&row.repeat(1024 * 1024 / row.len() + 1));
    std::fs::write(file, some.repeat(megabytes)).expect("a file");
}

/// A tap of such a file, and a read of it.
fn reading_big<'w>(work: &'w Work, tap: &Tap) -> Run<'w> {
    let catalog = people(work, tap);
    work.read(&catalog).tap(tap).args(["--batch-dir", "big"]).every_state()
}

fn tap_of_big(work: &Work) -> Tap {
    let uri = format!("file://{}", work.path("big/big.gz").display());
    tap(&[]).says(&[schema("people"), batch(&[&uri]), bookmark(1)])
}

/// The most memory that a process has had so far, in MiB; none once it has ended.
fn peak(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("status"));
    let status = status.ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().expect("a number") / 1024)
}

#[test]
fn a_large_file_takes_no_memory() {
    let work = Work::new();
    big(&work, 200);
    let tap = tap_of_big(&work);
    let (mut child, out) = reading_big(&work, &tap).start_with_stdout();
    let (mut records, mut bytes, mut most, mut last) = (0_u64, 0_usize, 0, Vec::new());
    for line in BufReader::with_capacity(1 << 20, out).split(b'\n') {
        let line = line.expect("a line");
        bytes += line.len();
        if line.starts_with(br#"{"type":"RECORD""#) {
            records += 1;
        } else {
            last.push(String::from_utf8(line).expect("text"));
        }
        if records % 10_000 == 0 {
            most = most.max(peak(child.id()).unwrap_or(0));
        }
    }
    assert!(child.wait().expect("ends").success());
    assert!(bytes > 200 * 1024 * 1024, "{bytes}");
    let counted = format!(r#""recordCount":{records}.0"#);
    assert!(last.iter().any(|line| line.contains(&counted)), "{last:?}");
    assert!((1..64).contains(&most), "{most} MiB");
}

/// A read that is stopped once its first record is there. What follows is still read: nobody's full
/// pipe holds it up, and no pipe holds much of it.
fn stopped_early(run: Run<'_>) -> Output {
    let (mut child, out) = run.start_with_stdout();
    let mut lines = BufReader::new(out).lines().map_while(std::result::Result::ok);
    let mut text = String::new();
    while !text.contains(r#"{"type":"RECORD""#) {
        text += &(lines.next().expect("a record") + "\n");
    }
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it runs");
    lines.for_each(|line| text += &(line + "\n"));
    let signal = child.wait().expect("ends").signal();
    let output = Output::new(Exit::Signal(signal.expect("a signal")), text.as_bytes(), b"", 0..1);
    assert_eq!(output.exit, Exit::Signal(15), "{:?}", output.errors());
    assert_eq!(output.last_status("people"), "INCOMPLETE");
    assert_eq!(output.errors()[0]["message"], "stopped by SIGTERM");
    let states = output.states_of("people");
    assert!(states.iter().all(|state| !state.to_string().contains(r#""id":1"#)), "{states:?}");
    output
}

#[test]
fn a_stop_is_heard_while_a_long_file_is_read() {
    let work = Work::new();
    big(&work, 100);
    let tap = tap_of_big(&work);
    let output = stopped_early(reading_big(&work, &tap));
    let bytes: usize = output.lines.iter().map(|line| line.raw.len()).sum();
    assert!(bytes < 50 * 1024 * 1024, "{bytes} bytes");
    assert!(work.leftovers().is_empty());
}

#[test]
fn a_stop_is_heard_between_many_small_files() {
    const FILES: usize = 200_000;
    let work = Work::new();
    let file = work.file("big/small", rows(1..2));
    let uri = format!("file://{}", file.display());
    let all = batch_of("people", json!({"format": "jsonl"}), &vec![&*uri; FILES]);
    let tap = tap(&[]).says(&[schema("people"), all, bookmark(1)]);
    let records = stopped_early(reading_big(&work, &tap)).records().len();
    assert!(records < FILES / 2, "{records} records");
}

#[test]
fn a_client_that_leaves_ends_the_reading_of_a_long_file() {
    let work = Work::new();
    big(&work, 100);
    let tap = tap_of_big(&work);
    let (mut child, out) = reading_big(&work, &tap).start_with_stdout();
    let mut lines = BufReader::new(out).lines().map_while(std::result::Result::ok);
    assert!(lines.any(|line| line.starts_with(r#"{"type":"RECORD""#)));
    drop(lines);
    let status = child.wait().expect("ends");
    assert_eq!(status.code(), Some(0));
    assert!(work.leftovers().is_empty());
}

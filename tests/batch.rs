//! Records that lie in files.

use crate::harness::*;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::Write;

mod long;
mod wrapped;

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).expect("memory");
    encoder.finish().expect("memory")
}

fn rows(ids: std::ops::Range<u32>) -> String {
    ids.map(|id| format!("{{\"id\": {id}, \"name\": \"n\"}}\n")).collect()
}

fn batch(files: &[&str]) -> String {
    batch_of("people", json!({"format": "jsonl", "compression": "gzip"}), files)
}

fn batch_of(stream: &str, encoding: Value, files: &[&str]) -> String {
    json!({"type": "BATCH", "stream": stream, "encoding": encoding, "manifest": files}).to_string()
}

fn record(id: u32) -> String {
    json!({"type": "RECORD", "stream": "people", "record": {"id": id}}).to_string()
}

fn bookmark(id: u32) -> String {
    state(json!({"people": {"id": id}}))
}

/// A tap of people and of others that puts files into its working folder.
fn tap(files: &[(&str, Vec<u8>)]) -> Tap {
    let entries = ["people", "others"].map(|name| {
        let mut entry = entry(name, &["id"], columns());
        entry["replication_method"] = json!("INCREMENTAL");
        entry["replication_key"] = json!("id");
        entry
    });
    let tap = Tap::with(&entries).behaves(json!({"batches": "batches"}));
    std::fs::create_dir(tap.folder().join("batches")).expect("a folder");
    for (name, content) in files {
        std::fs::write(tap.folder().join("batches").join(name), content).expect("a file");
    }
    tap
}

fn people(work: &Work, tap: &Tap) -> Value {
    only(&incrementally(&work.discover().tap(tap).ok().catalog()), &["people"])
}

/// What came of a stream, in order: `R<id>` and `S<count>` with what was rejected.
fn story(output: &Output) -> Vec<String> {
    let told = output.lines.iter().filter_map(|line| {
        if let Some(record) = line.record() {
            return Some(format!("R{}", record.value()["id"]));
        }
        let stats = &line.field("state")["sourceStats"];
        let rejected = stats.get("rejectedRecordCount").map_or(String::new(), |n| format!("-{n}"));
        line.state_stream().map(|_| format!("S{}{rejected}", stats["recordCount"]))
    });
    told.collect()
}

#[test]
fn records_of_files_stand_where_the_batch_stood() {
    let work = Work::new();
    let tap = tap(&[
        ("one.gz", gzip(&rows(2..4))),
        ("two.gz", [gzip(&rows(4..5)), gzip(&rows(5..6))].concat()),
        ("three", b"\n{\"id\": 8, \"n\": 1.10}".to_vec()),
    ]);
    let plain = batch_of("people", json!({"format": "jsonl"}), &["$PWD/three"]);
    let tap = tap.says(&[
        schema("people"),
        record(1),
        batch(&["file://$PWD/one.gz", "file://$PWD/two.gz"]),
        bookmark(5),
        record(6),
        batch(&[]),
        bookmark(6),
        plain,
        bookmark(8),
    ]);
    let read = work.read(&people(&work, &tap)).tap(&tap).every_state().ok();
    let told = story(&read);
    assert_eq!(told, ["R1", "R2", "R3", "R4", "R5", "S5.0", "R6", "S1.0", "R8", "S1.0", "S0.0"]);
    assert_eq!(read.records()[6].data, r#"{"id": 8, "n": 1.10}"#);
}

#[test]
fn a_file_of_our_own_folder_is_gone_once_it_is_read() {
    let work = Work::new();
    let tap = tap(&[("one.gz", gzip(&rows(1..3)))]);
    let tap = tap.says(&[schema("people"), batch(&["one.gz", "one.gz"])]);
    let read = work.read(&people(&work, &tap)).tap(&tap).fails();
    assert_eq!(read.records().len(), 2);
    assert!(read.error().ends_with("there is no such file"), "{}", read.error());
}

/// A tap whose file lies in the user's folder `given`.
fn elsewhere(work: &Work) -> (Tap, Value) {
    let file = work.file("given/one.gz", gzip(&rows(1..3)));
    let uri = format!("file://{}", file.display());
    let tap = tap(&[]).says(&[schema("people"), batch(&[&uri]), bookmark(2)]);
    let catalog = people(work, &tap);
    (tap, catalog)
}

#[test]
fn a_file_elsewhere_is_read_where_the_user_allows_it_and_stays() {
    let work = Work::new();
    let (tap, catalog) = elsewhere(&work);
    let refused = |read: Output| {
        let error = read.error();
        assert!(error.contains("`one.gz`") && error.contains("--batch-dir"), "{error}");
        assert!(read.records().is_empty() && !error.contains("given"), "{read}");
    };
    let allowed = |read: Output| assert_eq!(read.records().len(), 2, "{read}");
    let read = || work.read(&catalog).tap(&tap);

    refused(read().fails());
    refused(read().args(["--batch-dir", "elsewhere"]).fails());
    refused(read().args(["--batch-dir", "given/../tmp"]).fails());
    allowed(read().args(["--batch-dir", "elsewhere", "--batch-dir", "given"]).ok());
    allowed(read().env("AIRBYTE_SINGER_BATCH_DIR", r#"["given"]"#).ok());
    work.file("profiles/people.yaml", "version: 1\nbatch_dir: [../given]\n");
    allowed(read().args(["--profile", "profiles/people.yaml"]).ok());
    let root = work.path("given");
    let config =
        json!({"batch_config": {"storage": {"root": format!("file://{}", root.display())}}});
    allowed(read().with_config(config.to_string()).ok());
    assert!(work.path("given/one.gz").exists());

    let reserved = json!({"__airbyte_singer": {"batch_dir": ["given"]}});
    let read = work.read(&catalog).tap(&tap).with_config(reserved.to_string()).fails();
    assert!(read.error().contains("batch_dir"), "{}", read.error());
}

#[test]
fn links_lead_nowhere_else() {
    let work = Work::new();
    let (_, secret) = (work.path("given"), work.file("secret.jsonl", rows(1..2)));
    work.file("given/here", "");
    std::os::unix::fs::symlink(secret, work.path("given/link")).expect("a link");
    for name in ["link", "../secret.jsonl", "%2e%2e/secret.jsonl"] {
        let uri = format!("file://{}/{name}", work.path("given").display());
        let encoding = json!({"format": "jsonl"});
        let tap = tap(&[]).says(&[schema("people"), batch_of("people", encoding, &[&uri])]);
        let read = work.read(&people(&work, &tap)).tap(&tap).args(["--batch-dir", "given"]).fails();
        assert!(read.error().contains("outside"), "{name}: {}", read.error());
    }
}

#[test]
fn what_the_tap_is_given_is_no_batch_whatever_is_allowed() {
    let (work, encoding) = (Work::new(), json!({"format": "jsonl"}));
    let tap = tap(&[]).says(&[schema("people"), batch_of("people", encoding, &["../config.json"])]);
    let read = work.read(&people(&work, &tap)).with_config(r#"{"token": "hunter2"}"#).tap(&tap);
    let read = read.args(["--batch-dir", "tmp"]).fails();
    assert!(read.error().contains("outside") && read.records().is_empty(), "{read}");
}

#[test]
fn a_broken_line_fails_the_read_or_is_counted() {
    let work = Work::new();
    let text = "{\"id\": 1}\n{\"id\": 2,\n{\"id\": 3, \"name\": NaN, \"x\": [-Infinity]}\n";
    let tap = tap(&[("one.gz", gzip(text))]);
    let tap = tap.says(&[schema("people"), bookmark(0), batch(&["one.gz"]), bookmark(3)]);
    let catalog = people(&work, &tap);

    let read = work.read(&catalog).tap(&tap).every_state().fails();
    assert_eq!(
        read.error(),
        "line 3 of the tap's output: BATCH file `one.gz` of stream `people`: line 2, column 10: \
         the line ends inside a value"
    );
    assert_eq!(story(&read), ["S0.0", "R1", "S1.0"]);
    let states = read.states_of("people");
    assert!(states.iter().all(|state| !state.to_string().contains(r#""id":3"#)), "{read}");

    let skip = work.read(&catalog).tap(&tap).every_state().args(["--on-malformed", "skip"]).ok();
    assert_eq!(story(&skip), ["S0.0", "R1", "R3", "S2.0-1.0", "S0.0"]);
    assert!(skip.logged("ERROR", "line 2, column 10"), "{skip}");
    let changed = &skip.records()[1];
    assert_eq!(changed.data, r#"{"id": 3, "name": null, "x": [null]}"#);
    let changes = changed.meta.as_ref().expect("a meta")["changes"].clone();
    let fields: Vec<&Value> =
        changes.as_array().expect("a list").iter().map(|c| &c["field"]).collect();
    assert_eq!(fields, ["name", "x[0]"]);
}

#[test]
fn what_is_no_good_file_fails_with_its_name() {
    let whole = gzip(&rows(1..2000));
    let jsonl = json!({"format": "jsonl", "compression": "gzip"});
    let parquet = json!({"format": "parquet"});
    let unread = if cfg!(feature = "parquet") { "broken" } else { "`--features full`" };
    for (name, content, encoding, sentence) in [
        ("cut.gz", whole[..whole.len() / 2].to_vec(), jsonl.clone(), "ends too early"),
        ("no.gz", b"{\"id\": 1}\n".to_vec(), jsonl.clone(), "no gzip"),
        ("empty.gz", Vec::new(), jsonl, "no gzip"),
        (
            "a.zst",
            b"(\xb5/\xfd".to_vec(),
            json!({"format": "jsonl", "compression": "zstd"}),
            "gzip and none",
        ),
        ("a.parquet", b"PAR1 and no more".to_vec(), parquet.clone(), unread),
        ("b.parquet", whole, parquet, "no parquet"),
        ("a.avro", Vec::new(), json!({"format": "avro"}), "jsonl and parquet"),
        ("long", vec![b' '; 10_001], json!({"format": "jsonl"}), "--max-line-bytes"),
    ] {
        let work = Work::new();
        let tap = tap(&[(name, content)]);
        let tap =
            tap.says(&[&*schema("people"), &batch_of("people", encoding, &[name]), &bookmark(1)]);
        let run = work.read(&people(&work, &tap)).tap(&tap).every_state();
        let read = run.args(["--max-line-bytes", "10000", "--on-malformed", "skip"]).fails();
        let error = read.error();
        assert!(error.contains(&format!("`{name}`")) && error.contains(sentence), "{error}");
        assert!(!read.states_of("people").iter().any(|s| s.to_string().contains(r#""id":1"#)));
    }
}

#[test]
fn files_in_the_cloud_are_refused_with_a_sentence() {
    for (uri, scheme) in [
        ("s3://bucket/deep/one.gz", "`s3`"),
        ("https://bucket.example/deep/one.gz?X-Amz-Signature=hunter2/hunter2", "`https`"),
    ] {
        let work = Work::new();
        let tap = tap(&[]).says(&[&*schema("people"), &batch(&[uri])]);
        let read = work.read(&people(&work, &tap)).tap(&tap).fails();
        assert!(read.error().contains("`one.gz`") && read.error().contains(scheme), "{read}");
        assert!(!read.to_string().contains("hunter2"), "{read}");
    }
}

#[test]
fn files_of_streams_that_nobody_asked_for_are_passed_over() {
    let work = Work::new();
    let encoding = json!({"format": "jsonl"});
    let tap = tap(&[("one.gz", gzip(&rows(1..2)))]).says(&[
        schema("others"),
        batch_of("others", encoding, &["s3://bucket/one", "/etc/passwd", "gone"]),
        schema("people"),
        batch(&["one.gz"]),
        bookmark(1),
    ]);
    let read = work.read(&people(&work, &tap)).tap(&tap).ok();
    assert_eq!(story(&read), ["R1", "S1.0"]);
}

#[test]
fn messages_that_somebody_else_has_hand_over_their_files_too() {
    let work = Work::new();
    let file = work.file("given/one.gz", gzip(&rows(1..3)));
    let uri = format!("file://{}", file.display());
    let lines = [batch(&[&uri, "given/one.gz"]), bookmark(2)].map(|line| line + "\n").concat();
    let messages = work.file("messages", lines);
    let output = work.convert("messages").arg(&messages).args(["--batch-dir", "given"]).ok();
    assert_eq!(story(&output), ["R1", "R2", "R1", "R2", "S4.0"]);
    assert!(file.exists());
    let output = work.convert("messages").arg(&messages).fails();
    assert!(output.error().contains("--batch-dir"), "{output}");
}

#[cfg(not(feature = "parquet"))]
#[test]
fn a_build_without_parquet_says_which_one_reads_it() {
    let (work, tap) = (Work::new(), Tap::scenario("recorded-sdk-batch-parquet"));
    let catalog = incrementally(&work.discover().tap(&tap).ok().catalog());
    let read = work.read(&catalog).tap(&tap).fails();
    assert!(read.error().contains("`--features full`"), "{read}");
    assert!(read.records().is_empty(), "{read}");
}

#[cfg(feature = "parquet")]
#[test]
fn both_formats_of_a_real_tap_give_the_same_rows() {
    let [jsonl, parquet] = ["jsonl", "parquet"].map(|format| {
        let (work, tap) = (Work::new(), Tap::scenario(&format!("recorded-sdk-batch-{format}")));
        let catalog = incrementally(&work.discover().tap(&tap).ok().catalog());
        work.read(&catalog).tap(&tap).ok()
    });
    // In jsonl the SDK can't write bytes at all.
    let without = |read: &Output| -> Vec<Value> {
        let mut rows: Vec<Value> = read.records().iter().map(|record| record.value()).collect();
        rows.iter_mut().for_each(|row| drop(row["blob"].take()));
        rows
    };
    assert_eq!(without(&jsonl).len(), 5);
    assert_eq!(without(&jsonl), without(&parquet));
    assert_eq!(parquet.column("shop orders", "blob")[0], "00ff01");
    let totals = jsonl.records()[0].data.clone();
    assert!(totals.contains(r#""total":12345678901234567891.10,"#), "{totals}");
}

#[test]
fn a_check_takes_a_batch_for_a_record() {
    let work = Work::new();
    let tap = tap(&[]).says(&[schema("people"), batch(&["gone"])]);
    assert_eq!(work.check().tap(&tap).ok().answer().0, "SUCCEEDED");
}

//! BATCH messages, whose records lie in files.

use super::{faults, read};
use crate::harness::*;

/// A read of one record and of a BATCH: `prepare` makes its file in the tap's own folder.
fn batch<'w>(work: &'w Work, encoding: &str, uri: &str, prepare: &str) -> Run<'w> {
    let line = format!(
        r#"{{"type":"BATCH","stream":"people","encoding":{{{encoding}}},"manifest":["{uri}"]}}"#
    );
    read(work, &format!("{prepare}; schema; row 1; printf '%s\\n' '{line}'; state 9"))
}

const PLAIN: &str = r#""format":"jsonl""#;
const GZIP: &str = r#""format":"jsonl","compression":"gzip""#;
const BROKEN: &str = r#"printf '{"id":2}\n{"id":\n{"id":3}\n' > b.jsonl"#;

faults! {
    batch_is_missing: "the file isn't there",
        |work| batch(work, PLAIN, "b.jsonl", ":").go(),
        ["exit 1", "system_error: line 3 of the tap's output: BATCH file `b.jsonl` of stream `people`: there is no such file", "people INCOMPLETE, 1 record"];
    batch_lies_elsewhere: "the file lies outside the folders that are read",
        |work| batch(work, PLAIN, "/etc/passwd", ":").go(),
        ["exit 1", "system_error: line 3 of the tap's output: BATCH file `passwd` of stream `people`: it lies outside the folders that are read (the tap's working folder, its batch_config's root and --batch-dir)", "people INCOMPLETE, 1 record"];
    batch_leads_elsewhere: "`..` leads out of the tap's folder",
        |work| batch(work, PLAIN, "../config.json", ":").go(),
        ["exit 1", "system_error: line 3 of the tap's output: BATCH file `config.json` of stream `people`: it lies outside the folders that are read (the tap's working folder, its batch_config's root and --batch-dir)", "people INCOMPLETE, 1 record"];
    batch_is_a_link: "a link leads out of the tap's folder",
        |work| batch(work, PLAIN, "b.jsonl", "ln -s /etc/passwd b.jsonl").go(),
        ["exit 1", "system_error: line 3 of the tap's output: BATCH file `b.jsonl` of stream `people`: it lies outside the folders that are read (the tap's working folder, its batch_config's root and --batch-dir)", "people INCOMPLETE, 1 record"];
    batch_is_a_pipe: "the file is a pipe, which would never end",
        |work| batch(work, PLAIN, "b.jsonl", "mkfifo b.jsonl").go(),
        ["exit 1", "system_error: line 3 of the tap's output: BATCH file `b.jsonl` of stream `people`: it is no file", "people INCOMPLETE, 1 record"];
    batch_lies_in_the_cloud: "the file is an object in S3",
        |work| batch(work, GZIP, "s3://bucket/b.jsonl.gz", ":").go(),
        ["exit 1", "system_error: line 3 of the tap's output: BATCH file `b.jsonl.gz` of stream `people`: files of the scheme `s3` aren't read, only local ones", "people INCOMPLETE, 1 record"];
    batch_is_broken: "a line of the file is no JSON",
        |work| batch(work, PLAIN, "b.jsonl", BROKEN).go(),
        ["exit 1", "system_error: line 3 of the tap's output: BATCH file `b.jsonl` of stream `people`: line 2, column 7: the line ends inside a value", "people INCOMPLETE, 2 records"];
    batch_is_broken_and_skipped: "the same under `--on-malformed skip`",
        |work| batch(work, PLAIN, "b.jsonl", BROKEN).args(["--on-malformed", "skip"]).go(),
        ["exit 0", "ERROR line 3 of the tap's output: BATCH file `b.jsonl` of stream `people`: line 2, column 7: the line ends inside a value; it is left out (--on-malformed skip)", "people COMPLETE, 3 records"];
    batch_is_cut_off: "the gzip is cut off: never skipped",
        |work| {
            let whole = r#"printf '{"id":2}\n{"id":3}\n' | gzip | head -c -4 > b.gz"#;
            batch(work, GZIP, "b.gz", whole).args(["--on-malformed", "skip"]).go()
        },
        ["exit 1", "system_error: line 3 of the tap's output: BATCH file `b.gz` of stream `people`: line 3: the gzip ends too early", "people INCOMPLETE, 3 records"];
    batch_is_no_gzip: "the file isn't in the compression that the tap names",
        |work| batch(work, GZIP, "b.jsonl", BROKEN).go(),
        ["exit 1", "system_error: line 3 of the tap's output: BATCH file `b.jsonl` of stream `people`: it is no gzip, as which it comes", "people INCOMPLETE, 1 record"];
    batch_is_broken_parquet: "the file is no parquet",
        |work| batch(work, r#""format":"parquet""#, "b.jsonl", BROKEN).go(),
        ["exit 1", "system_error: line 3 of the tap's output: BATCH file `b.jsonl` of stream `people`: it is no parquet", "people INCOMPLETE, 1 record"];
    batch_is_of_an_unknown_format: "the file is in a format that we don't read",
        |work| batch(work, r#""format":"avro""#, "b.jsonl", BROKEN).go(),
        ["exit 1", "system_error: line 3 of the tap's output: BATCH file `b.jsonl` of stream `people`: its format is unknown; there are jsonl and parquet", "people INCOMPLETE, 1 record"];
}

use super::{fault, in_parts, is_cut, whole};
use crate::{Csv, Gzip, Json, JsonLines, RecordPath, Zip};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::{Cursor, Write};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

fn gzip(text: impl AsRef<[u8]>) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(text.as_ref()).unwrap();
    packed.finish().unwrap()
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut packed = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        packed.start_file(*name, SimpleFileOptions::default()).unwrap();
        packed.write_all(text).unwrap();
    }
    packed.finish().unwrap().into_inner()
}

#[test]
fn a_gzip_is_unpacked_as_it_comes_and_what_is_none_is_taken_as_it_is() {
    let text = "{\"a\": 1}\n{\"a\": 2}\n";
    let expected = [json!({"a": 1}), json!({"a": 2})];
    let packed = gzip(text);
    for part in [1, 2, 3, 4096] {
        let format = Gzip::of(JsonLines::new());
        assert_eq!(in_parts(&format, &packed, part).unwrap().0, expected);
        assert_eq!(in_parts(&format, text.as_bytes(), part).unwrap().0, expected);
    }
    // Two in a row, as log files are; one in the other, as careless servers do.
    let twice = [gzip("{\"a\": 1}\n"), gzip("{\"a\": 2}\n")].concat();
    assert_eq!(whole(&Gzip::of(JsonLines::new()), twice).0, expected);
    assert_eq!(whole(&Gzip::of(Gzip::of(JsonLines::new())), gzip(packed)).0, expected);
    let rest = whole(&Gzip::of(Json::at("/x".parse().unwrap())), gzip(r#"{"x": [], "n": 1}"#)).1;
    assert_eq!(rest, json!({"x": [], "n": 1}));
}

#[test]
fn a_damaged_gzip_is_told_from_a_cut_one() {
    let text: String = (0..1000).map(|n| format!("{{\"a\": {}}}\n", n * 7919 % 1000)).collect();
    let packed = gzip(text);
    for end in [3, 9, 40, packed.len() - 9, packed.len() - 1] {
        assert!(is_cut(&Gzip::of(JsonLines::new()), &packed[..end]), "{end}");
    }
    let mut damaged = packed.clone();
    let last = damaged.len() - 6;
    damaged[last] ^= 1;
    assert_eq!(fault(&Gzip::of(JsonLines::new()), damaged), "the body's gzip is damaged");
    let told = fault(&Gzip::of(JsonLines::new()), gzip("{}\nhunter2"));
    assert_eq!(told, "the body is not JSON Lines: expected value, line 2, column 1");
}

#[test]
fn what_stands_behind_a_gzip_is_told() {
    let format = Gzip::of(JsonLines::new());
    let one = || gzip("{\"a\": 1}\n");
    let members = [one(), gzip(""), one()].concat();
    let zeros = [one(), vec![0; 300]].concat();
    for (body, records) in [(members, 2), (zeros, 1)] {
        for part in [1, 7, 4096] {
            assert_eq!(in_parts(&format, &body, part).unwrap().0.len(), records);
        }
    }
    for behind in ["\n", "OK", "{\"a\": 2}", "\0\0x"] {
        let body = [one(), behind.into()].concat();
        let told = "the body goes on behind the end of its gzip with what is none";
        assert_eq!(fault(&format, body), told, "{behind}");
    }
    assert_eq!(
        fault(&format, [one(), b"\x1f\x00\x00\x00\x00\x00\x00\x00\x00\x00".into()].concat()),
        "the body's gzip is damaged"
    );
}

#[test]
fn the_files_of_a_zip_come_one_after_the_other() {
    let packed = zip(&[
        ("part/1.csv", b"id\n1\n"),
        ("__MACOSX/part/1.csv", b"\x00\x05"),
        (".hidden.csv", b"id\n9\n"),
        ("2.JSONL", b"{\"id\": 2}\n"),
        ("3.csv.gz", &gzip("id\n3\n")),
        ("4.json", br#"{"rows": [{"id": 4}]}"#),
        ("5.xml", b"<rows><row><id>5</id></row></rows>"),
    ]);
    let records: RecordPath = "/rows".parse().unwrap();
    let (found, rest) = in_parts(&Zip::by_name(records.clone()), &packed, 1).unwrap();
    assert_eq!(rest, Value::Null);
    let ids: Vec<_> = found.iter().map(|record| record.get("id").unwrap_or(record)).collect();
    assert_eq!(json!(ids), json!(["1", 2, "3", 4, {"row": {"id": "5"}}]));
    assert_eq!(whole(&Zip::of(Csv::new()).only(".CSV"), &packed).0, [json!({"id": "1"})]);
    assert_eq!(
        fault(&Zip::of(Csv::new()).only(".txt"), &packed),
        "the zip has no file whose name ends with `.txt`"
    );
    assert_eq!(whole(&Zip::of(Csv::new()), "id\n1\n").0, [json!({"id": "1"})]);
    assert_eq!(whole(&Zip::of(Csv::new()), zip(&[])).0, [] as [Value; 0]);
}

#[test]
fn a_fault_in_a_zip_names_the_file_by_its_number() {
    let packed = zip(&[("a.csv", b"id\n1\n"), ("b.csv", b"id,id\n")]);
    assert_eq!(
        fault(&Zip::of(Csv::new()), &packed),
        "file 2 of the zip: the columns 1 and 2 of the CSV have the same name"
    );
    assert_eq!(fault(&Zip::of(Csv::new()), &packed[..40]), "the body is not a zip archive");
    let mut damaged = zip(&[("a.csv", "id\n1\n".repeat(2000).as_bytes())]);
    damaged[45] ^= 0x55;
    assert_eq!(
        fault(&Zip::of(Csv::new()), damaged),
        "file 1 of the zip: the body's zip is damaged"
    );
}

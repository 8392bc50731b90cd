use super::super::recoded::{Recoded, WrittenIn, told};
use super::{in_parts, whole};
use crate::{Csv, Format, Json, Xml};
use encoding_rs::{Encoding, ISO_2022_JP, UTF_16LE, WINDOWS_1252};
use serde_json::json;
use std::sync::Arc;

fn recoded(format: impl Format + 'static, written_in: WrittenIn) -> Recoded {
    Recoded { format: Arc::new(format), written_in }
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

#[test]
fn the_header_tells_what_a_text_is_written_in() {
    let name = |given: &str| match told(given) {
        WrittenIn::Told(encoding) => encoding.name(),
        _ => "nothing",
    };
    assert_eq!(name("text/csv; header=present; Charset=\"ISO-8859-1\""), "windows-1252");
    assert_eq!(name("text/csv;charset=utf-16"), "UTF-16LE");
    assert_eq!(name("text/csv; charset=nonsense"), "nothing");
    assert_eq!(name("text/csv"), "nothing");
}

#[test]
fn texts_are_read_as_their_header_or_their_mark_says() {
    let expected = json!({"name": "Müller €", "x": "😀"});
    let csv = "name,x\nMüller €,😀\n";
    let json = json!([expected]).to_string();
    let told = |encoding: &'static Encoding| WrittenIn::Told(encoding);
    for part in [1, 2, 3, 7, 4096] {
        let read = |format: Recoded, body: &[u8]| {
            let (records, _) = in_parts(&format, body, part).unwrap();
            assert_eq!(json!(records), json!([expected]), "{part}");
        };
        // A mark, in both orders; no mark, in both; with a header that says another, or the same.
        for written_in in [WrittenIn::Unknown, told(UTF_16LE), told(WINDOWS_1252)] {
            for bytes in [u16::to_le_bytes as fn(u16) -> [u8; 2], u16::to_be_bytes] {
                read(recoded(Csv::new(), written_in), &utf16(&format!("\u{feff}{csv}"), bytes));
                read(recoded(Csv::new(), written_in), &utf16(csv, bytes));
                read(recoded(Json::new(), written_in), &utf16(&json, bytes));
            }
        }
        // UTF-8, which the header says is another.
        read(recoded(Csv::new(), told(WINDOWS_1252)), csv.as_bytes());
        read(recoded(Json::new(), told(WINDOWS_1252)), json.as_bytes());
        read(recoded(Json::new(), WrittenIn::Unknown), json.as_bytes());
    }
}

#[test]
fn a_text_of_one_byte_a_character_is_read_as_it_is_said() {
    let body = b"name\nM\xfcller \x80\n";
    for part in [1, 2, 4096] {
        for written_in in [WrittenIn::Told(WINDOWS_1252), WrittenIn::Said(WINDOWS_1252)] {
            let (records, _) = in_parts(&recoded(Csv::new(), written_in), body, part).unwrap();
            assert_eq!(json!(records), json!([{"name": "Müller €"}]));
        }
        // It is the last byte that shows it.
        let format = recoded(Csv::new(), WrittenIn::Told(WINDOWS_1252));
        let (records, _) = in_parts(&format, b"name\nM\xfc", part).unwrap();
        assert_eq!(json!(records), json!([{"name": "Mü"}]));
    }
    let said = recoded(Csv::new(), WrittenIn::Said(WINDOWS_1252));
    // Whoever says it is believed.
    assert_eq!(json!(whole(&said, "name\nMüller\n").0), json!([{"name": "MÃ¼ller"}]));
    assert!(in_parts(&recoded(Csv::new(), WrittenIn::Unknown), body, 10).is_err());
}

#[test]
fn a_text_whose_bytes_are_all_ascii_is_read_as_its_header_says() {
    for part in [1, 2, 3, 4096] {
        let read = |written_in: WrittenIn, body: &[u8]| {
            let records = in_parts(&recoded(Csv::new(), written_in), body, part).unwrap().0;
            json!(records)
        };
        let (japanese, wide) = (WrittenIn::Told(ISO_2022_JP), WrittenIn::Told(UTF_16LE));
        // The year 1, behind an escape and before another.
        let body = b"name,x\n\x1b$BG/\x1b(B1,a\n";
        assert_eq!(read(japanese, body), json!([{"name": "年1", "x": "a"}]));
        // U+5E74 is two bytes of ASCII; it shows behind them that it isn't UTF-8.
        let body = utf16("年,x\n1,a\n", u16::to_le_bytes);
        assert_eq!(read(wide, &body), json!([{"年": "1", "x": "a"}]));
        // What is in UTF-8 all the same is read as that.
        for written_in in [japanese, wide] {
            let body = "name,x\n年1,a\n".as_bytes();
            assert_eq!(read(written_in, body), json!([{"name": "年1", "x": "a"}]));
        }
    }
    let unknown = told("text/csv; charset=iso-2022-kr");
    let error = in_parts(&recoded(Csv::new(), unknown), b"name\n\x1b$)Cab\n", 5).unwrap_err();
    assert_eq!(error.message(), "the body is in an encoding that isn't known");
}

#[test]
fn xml_says_itself_what_it_is_written_in() {
    let body = b"<?xml version='1.0' encoding = 'ISO-8859-1' ?><r><i>M\xfcller</i></r>";
    for part in [1, 3, 4096] {
        let (records, _) = in_parts(&recoded(Xml::new(), WrittenIn::Unknown), body, part).unwrap();
        assert_eq!(json!(records), json!([{"#text": "Müller"}]));
    }
}

#[test]
fn what_is_not_in_its_encoding_is_an_error() {
    let mut body = utf16("name\nab\n", u16::to_le_bytes);
    body.extend([0x00, 0xd8, 0x61, 0x00]);
    let error = in_parts(&recoded(Csv::new(), WrittenIn::Said(UTF_16LE)), &body, 5).unwrap_err();
    assert_eq!(error.message(), "the body is not in UTF-16LE, as which it is read");
}

//! What no server should send.

use super::{FailureType, in_parts};
use crate::{Csv, Format, Gzip, Json, JsonLines, Xml, Zip};
use proptest::prelude::*;
use std::io::Write;

fn formats() -> Vec<Box<dyn Format>> {
    let at = "/a/*/b";
    vec![
        Box::new(Json::at(at.parse().unwrap())),
        Box::new(Json::new().wrapping()),
        Box::new(JsonLines::new()),
        Box::new(Csv::new()),
        Box::new(Xml::at(at.parse().unwrap())),
        Box::new(Gzip::of(Zip::of(JsonLines::new()))),
    ]
}

/// Pieces of all formats, in any order.
fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            "\"",
            "\\u00",
            "\\",
            ":",
            ",",
            "1",
            "-",
            "e9",
            "null",
            "\"a\":",
            "\"b\":",
            "<a>",
            "</a>",
            "<b",
            ">",
            "/>",
            "x='",
            "&amp;",
            "&",
            "&#",
            ";",
            "<!--",
            "-->",
            "<![CDATA[",
            "]]>",
            "<?xml",
            "?>",
            "<!DOCTYPE",
            "\n",
            "\r",
            " ",
            "\u{feff}",
            "\u{1f}\u{8b}",
            "PK",
        ])
        .prop_map(|piece| piece.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..4),
        Just(vec![0x1f, 0x8b, 8, 0]),
        Just(b"PK\x03\x04".to_vec()),
        Just(b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec()),
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_body_makes_a_format_panic(body in bodies(), part in 1usize..40) {
        for format in formats() {
            let whole = in_parts(&*format, &body, 1 << 20);
            let parts = in_parts(&*format, &body, part);
            match (whole, parts) {
                (Ok(whole), Ok(parts)) => prop_assert_eq!(whole, parts),
                (Err(whole), Err(parts)) => prop_assert_eq!(whole.message(), parts.message()),
                (whole, parts) => prop_assert!(false, "{whole:?} {parts:?}"),
            }
        }
    }
}

/// What is too long for a bound of a thousand bytes, by the format that says so.
fn too_long() -> Vec<(&'static str, Box<dyn Format>, String)> {
    let long = "x".repeat(100_000);
    let json = |path: &str| Box::new(Json::at(path.parse().unwrap()).max_record_bytes(1000));
    let lines = || Box::new(JsonLines::new().max_record_bytes(1000));
    let csv = || Box::new(Csv::new().max_record_bytes(1000));
    let xml = |path: &str| Box::new(Xml::at(path.parse().unwrap()).max_record_bytes(1000));
    let (many, elements) = ("0,".repeat(100_000), "<a/>".repeat(100_000));
    let members: String = (0..10_000).map(|n| format!("\"k{n}\":0,")).collect();
    vec![
        ("JSON", json(""), format!("[{{\"v\": \"{long}\"}}]")),
        ("JSON", json(""), format!("[{{\"{long}\": 1}}]")),
        ("JSON", json(""), format!("[{{\"v\": [{many}0]}}]")),
        ("JSON", json(""), format!("[{{{members}\"z\": 1}}]")),
        ("JSON", json(""), format!("[{{\"v\": 1{}}}]", "0".repeat(100_000))),
        ("JSON", json("/data"), format!("{{\"x\": [{many}0], \"data\": [{{}}]}}")),
        ("JSON", json("/data"), format!("{{\"data\": [{{}}], \"x\": \"{long}\"}}")),
        ("JSON", json("/data"), format!("{{\"{long}\": 1, \"data\": [{{}}]}}")),
        ("JSON", json("/1"), format!("[[{many}0], {{}}]")),
        ("JSON Lines", lines(), format!("{{\"v\": \"{long}\"}}\n")),
        ("JSON Lines", lines(), format!("{{\"v\": [{}0]}}\n", "0,".repeat(300))),
        ("JSON Lines", lines(), " ".repeat(100_000)),
        ("CSV", csv(), format!("id,v\n1,\"{long}\"\n")),
        ("CSV", csv(), format!("id,{long}\n1,2\n")),
        ("CSV", csv(), format!("{}z\n", "a1,".repeat(100_000))),
        ("XML", xml(""), format!("<r><i v='{long}'/></r>")),
        ("XML", xml(""), format!("<r><i>{long}</i></r>")),
        ("XML", xml(""), format!("<r><i>{elements}</i></r>")),
        ("XML", xml(""), format!("<r><!--{long}--><i/></r>")),
        ("XML", xml("/r/i"), format!("<r>{elements}<i/></r>")),
    ]
}

#[test]
fn what_takes_more_than_the_bound_is_refused_in_every_format() {
    for (name, format, body) in too_long() {
        let told = |format: &dyn Format, body: &[u8]| {
            let error = in_parts(format, body, 4096).unwrap_err();
            assert_eq!(error.failure_type(), FailureType::ConfigError);
            error.message().to_owned()
        };
        let text = format!(
            "the body's {name} has a record, a value or a part beside the records that takes more than 1000 \
             bytes, the most that `max_record_bytes` allows"
        );
        let start = &body[..40.min(body.len())];
        assert_eq!(told(&*format, body.as_bytes()), text, "{start}");
        // What is packed is counted when it is unpacked.
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(body.as_bytes()).unwrap();
        let packed = packed.finish().unwrap();
        assert_eq!(
            told(&Gzip::of(std::sync::Arc::<dyn Format>::from(format)), &packed),
            text,
            "{start}"
        );
    }
}

#[test]
fn the_bound_is_for_a_record_and_not_for_all_of_them() {
    let many = 500;
    let json = format!("{{\"data\": [{}{{}}]}}", "{\"id\": 1, \"v\": \"abc\"}, ".repeat(many));
    let lines = "{\"id\": 1, \"v\": \"abc\"}\n".repeat(many);
    let csv = format!("id,v\n{}", "1,abc\n".repeat(many));
    let xml = format!("<r>{}</r>", "<i><v>abc</v></i>\n".repeat(many));
    let bodies: [(Box<dyn Format>, String); 4] = [
        (Box::new(Json::at("/data".parse().unwrap()).max_record_bytes(2048)), json),
        (Box::new(JsonLines::new().max_record_bytes(2048)), lines),
        (Box::new(Csv::new().max_record_bytes(2048)), csv),
        (Box::new(Xml::new().max_record_bytes(2048)), xml),
    ];
    for (format, body) in bodies {
        let (records, _) = in_parts(&*format, body.as_bytes(), 100).unwrap();
        assert!(records.len() >= many);
    }
}

//! What no server should send.

use super::in_parts;
use crate::http::{Csv, Format, Gzip, Json, JsonLines, Xml, Zip};
use proptest::prelude::*;

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

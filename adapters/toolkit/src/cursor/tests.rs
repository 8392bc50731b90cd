use super::*;
use serde_json::json;

fn order(cursor: &Cursor, a: Value, b: Value) -> Option<std::cmp::Ordering> {
    let key = |value: Value| cursor.key(&value).unwrap().unwrap();
    key(a).compare(&key(b))
}

fn found(record: &str, field: &str) -> Result<Option<Value>> {
    Ok(Cursor::new(field).of_record(record.as_bytes())?.map(|(_, value)| value))
}

#[test]
fn a_cursor_is_found_among_other_fields() {
    let record = r#"{"a":{"at":1},"\u0061t":"x","b":[1,{"c/d":2}]}"#;
    assert_eq!(found(record, "at").unwrap(), Some(json!("x")));
    assert_eq!(found(record, "/at").unwrap(), Some(json!("x")));
    assert_eq!(found(record, "/a/at").unwrap(), Some(json!(1)));
    assert_eq!(found(record, "/b/1/c~1d").unwrap(), Some(json!(2)));
    for missing in ["none", "a.at", "/a/none", "/at/x", "/b/2"] {
        assert_eq!(found(record, missing).unwrap(), None, "{missing}");
    }
    let digits = found(r#"{"at":12345678901234567890123}"#, "at").unwrap().unwrap();
    assert_eq!(digits.to_string(), "12345678901234567890123");
    let Value::Object(record) = json!({"a": {"at": 1}}) else { panic!("no record") };
    assert_eq!(Cursor::new("/a/at").value(&record), Some(&json!(1)));
}

#[test]
fn nothing_is_no_cursor() {
    for nothing in [json!(null), json!(""), json!(" "), json!("0000-00-00 00:00:00")] {
        let record = json!({"at": nothing}).to_string();
        assert_eq!(found(&record, "at").unwrap(), None, "{record}");
    }
    assert_eq!(found("{}", "at").unwrap(), None);
}

#[test]
fn what_cannot_be_a_cursor_is_named_without_its_value() {
    let told =
        |cursor: Cursor, record: &str| cursor.of_record(record.as_bytes()).unwrap_err().to_string();
    let at = || Cursor::new("at");
    let secret = r#"{"at":"s3cret"}"#;
    assert_eq!(
        told(at(), r#"{"at":{"x":"s3cret"}}"#),
        "the cursor `at` is neither a text nor a number"
    );
    assert_eq!(told(at(), "[1]"), "a record is no JSON object");
    assert_eq!(
        told(at().format("%m/%d/%Y"), secret),
        "a value of the cursor `at` fits none of the formats in its setting `format`"
    );
    assert_eq!(
        told(at().numeric(), secret),
        "the cursor `at` isn't always a number, as its setting `numeric` says"
    );
    let mixed = at().keep_greatest(&mut Some(json!(1)), json!("s3cret")).unwrap_err();
    assert!(mixed.message().starts_with(
        "the cursor `at` is a number at times and a text that is no time at others; its setting `format`"
    ));
}

#[test]
fn numbers_are_ordered_by_their_worth_and_other_texts_byte_by_byte() {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let auto = Cursor::new("at");
    assert_eq!(order(&auto, json!(9), json!(10)), Some(Less));
    let big = [json!(9_007_199_254_740_993_u64), json!(9_007_199_254_740_992_u64)];
    assert_eq!(order(&auto, big[0].clone(), big[1].clone()), Some(Greater));
    assert_eq!(order(&auto, json!(1.5), json!(1)), Some(Greater));
    assert!(!auto.is_by_bytes());
    assert_eq!(order(&auto, json!("9"), json!("10")), Some(Greater));
    assert!(auto.is_by_bytes());
    assert_eq!(order(&auto, json!("9"), json!(10)), None);
    let numeric = Cursor::new("at").numeric();
    assert_eq!(order(&numeric, json!("9"), json!("10")), Some(Less));
    assert_eq!(order(&numeric, json!("007"), json!(7.0)), Some(Equal));
    assert_eq!(order(&numeric, json!(big[0].to_string()), big[1].clone()), Some(Greater));
    assert!(numeric.key(&json!("inf")).is_err() && !numeric.is_by_bytes());
}

#[test]
fn times_are_ordered_as_times() {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let auto = Cursor::new("at");
    for (a, b, expected) in [
        ("2024-01-01T02:50:00+02:00", "2024-01-01T02:20:00+01:00", Less),
        ("2024-01-01T00:00:00.5Z", "2024-01-01T00:00:00Z", Greater),
        ("2024-01-01", "2024-01-01T00:00:00Z", Equal),
        ("2024-01-01 10:00:00", "2024-01-01T10:00:00+0000", Equal),
        ("2024-01-01T10:00:00,123z", "2024-01-01T11:00:00.123000000+01", Equal),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:58.9Z", Greater),
        ("0001-01-01T00:00:00Z", "1970-01-01", Less),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z", Equal),
    ] {
        assert_eq!(order(&auto, json!(a), json!(b)), Some(expected), "{a} {b}");
    }
    assert!(!auto.is_by_bytes());
    assert_eq!(order(&auto, json!("2024-01-01"), json!("2024-Q2")), None);
    for text in ["20240101", "2024-13-01", "2024-01-01T10:00:00[Europe/Berlin]"] {
        assert_eq!(auto.key(&json!(text)).unwrap().unwrap().kind(), Kind::Text, "{text}");
    }
}

#[test]
fn times_are_read_in_every_format_that_is_named() {
    let utc = Cursor::new("at");
    for (format, text, time) in [
        ("%m/%d/%Y", json!("1/2/2024"), "2024-01-02"),
        ("%d.%m.%Y %H:%M", json!("02.01.2024 03:04"), "2024-01-02T03:04:00Z"),
        ("%m/%d/%y %I:%M %p", json!("01/02/24 03:04 PM"), "2024-01-02T15:04:00Z"),
        ("%Y-%m-%d %H:%M:%S %z", json!("2024-01-02 03:04:05 +0100"), "2024-01-02T02:04:05Z"),
        ("%Y-%m-%d %H:%M:%S %z", json!("2024-01-02 03:04:05 +01:00"), "2024-01-02T02:04:05Z"),
        ("%Y-%m-%dT%H:%M:%S%z", json!("2024-01-02T03:04:05Z"), "2024-01-02T03:04:05Z"),
        ("%Y-%m-%d %H:%M:%S %Z", json!("2024-01-02 03:04:05 UTC"), "2024-01-02T03:04:05Z"),
        ("%Y-%m-%dT%H:%M:%S.%fZ", json!("2024-01-02T03:04:05.25Z"), "2024-01-02T03:04:05.25Z"),
        ("%Y-%m-%dT%H:%M:%S.%_ms", json!("2024-01-02T03:04:05.250"), "2024-01-02T03:04:05.25Z"),
        ("%b %d, %Y", json!("Jan 02, 2024"), "2024-01-02"),
        ("%Y-%m", json!("2024-02"), "2024-02-01"),
        ("%Y", json!(2024), "2024-01-01"),
        ("%Y%m%d", json!(20_240_102), "2024-01-02"),
        ("%G-W%V-%u", json!("2024-W01-2"), "2024-01-02"),
        ("%s", json!(1_704_164_645), "2024-01-02T03:04:05Z"),
        ("%s", json!("1704164645"), "2024-01-02T03:04:05Z"),
        ("%s_as_float", json!(1_704_164_645.25), "2024-01-02T03:04:05.25Z"),
        ("%s", json!("-0.5"), "1969-12-31T23:59:59.5Z"),
        ("%s", json!(1.5e9), "2017-07-14T02:40:00Z"),
        ("%ms", json!(1_704_164_645_250_u64), "2024-01-02T03:04:05.25Z"),
        ("%epoch_microseconds", json!("1704164645250000"), "2024-01-02T03:04:05.25Z"),
        ("rfc2822", json!("Tue, 02 Jan 2024 03:04:05 GMT"), "2024-01-02T03:04:05Z"),
        ("iso8601", json!("2024-01-02T03:04:05Z"), "2024-01-02T03:04:05Z"),
    ] {
        let cursor = Cursor::new("at").format(format);
        cursor.check().unwrap();
        let read = cursor.key(&text).unwrap().unwrap();
        let same = utc.key(&json!(time)).unwrap().unwrap();
        assert_eq!(read.compare(&same), Some(std::cmp::Ordering::Equal), "{format} {text}");
    }
    let several = Cursor::new("at").format("%d.%m.%Y").format("iso8601");
    assert_eq!(
        order(&several, json!("02.01.2024"), json!("2024-01-03")),
        Some(std::cmp::Ordering::Less)
    );
}

#[test]
fn a_format_that_tells_no_time_is_refused() {
    for format in
        ["", "x", "%Q", "%Y-%m-%dT%H:%M:%S[%Q]", "%H:%M", "%d.%m.", "%Y %I:%M", "%Y-%U", "%c", "%!"]
    {
        assert!(Cursor::new("at").format(format).check().is_err(), "{format}");
    }
    assert!(Cursor::new("at").format("%Y").numeric().check().is_err());
}

#[test]
fn the_day_of_a_time_is_the_earlier_one() {
    let day = |cursor: &Cursor, value: Value| cursor.day(&value).map(|day| day.to_string());
    let auto = Cursor::new("at");
    assert_eq!(day(&auto, json!("2024-01-02T01:00:00+02:00")).unwrap(), "2024-01-01");
    assert_eq!(day(&auto, json!("2024-01-02T23:00:00-02:00")).unwrap(), "2024-01-02");
    assert_eq!(day(&auto, json!(7)), None);
    let american = Cursor::new("at").format("%m/%d/%Y");
    assert_eq!(day(&american, json!("12/31/2023")).unwrap(), "2023-12-31");
    assert_eq!(day(&american, json!("soon")), None);
    assert_eq!(american.moment(&json!("12/31/2023")).unwrap(), "2023-12-31T00:00:00Z");
    assert_eq!(auto.moment(&json!("2023-12-31")), None);
}

#[test]
fn a_beginning_that_a_user_wrote_counts_beside_numbers_and_times() {
    let keeps = |cursor: Cursor, start: &str, value: Value| {
        let Value::Object(record) = json!({"at": value}) else { panic!("no record") };
        cursor.starting_at(start)?.keeps(&record)
    };
    let at = || Cursor::new("at");
    let american = || at().format("%m/%d/%Y");
    for (cursor, start, before, on) in [
        (at(), "6", json!(5), json!(6)),
        (at(), "6.5", json!(6), json!(6.5)),
        (at(), "2024", json!("2023-12-31T23:59:59Z"), json!("2024-01-01")),
        (at(), "2024-02", json!("2024-01-31"), json!("2024-02-01")),
        (at(), "2024-01-01T01:00:00+01:00", json!("2023-12-31T23:59:59Z"), json!("2024-01-01")),
        (at(), "b", json!("a"), json!("b")),
        (at(), "20240201", json!("2024-01-31"), json!("2024-02-01")),
        (at(), "20240201", json!(20_240_131), json!(20_240_201)),
        (at(), " 2024-02-01 ", json!("2024-01-31"), json!("2024-02-01")),
        (at().numeric(), "10", json!("9"), json!("10")),
        (american(), "01/02/2024", json!("12/31/2023"), json!("01/02/2024")),
        (american(), "2024-01-02", json!("12/31/2023"), json!("01/02/2024")),
        (at().format("%s"), "2024-01-01", json!(1_704_067_199), json!(1_704_067_200)),
    ] {
        assert!(!keeps(cursor.clone(), start, before).unwrap(), "{start}");
        assert!(keeps(cursor.clone(), start, on).unwrap(), "{start}");
        assert!(keeps(cursor, start, json!(null)).unwrap(), "{start}");
    }
    let told = |cursor, start, value| keeps(cursor, start, value).unwrap_err().to_string();
    assert_eq!(
        told(at(), "2024-01-01", json!(1)),
        "the cursor `at` is a number, and its setting `start` is not"
    );
    for none in [
        "yesterday",
        "now-7d",
        "2024-1",
        "2024-1-1",
        "2024/01/31",
        "2024-W05",
        "20241331",
        "1704067200",
        "2024-01-31T10:00:00[Europe/Berlin]",
    ] {
        assert_eq!(
            told(at(), none, json!("2024-01-31")),
            "the cursor `at` is a time, and its setting `start` is not",
            "{none}"
        );
    }
    for all in ["0", " 0 "] {
        assert!(keeps(at(), all, json!("0001-01-01")).unwrap(), "{all}");
    }
    assert_eq!(
        told(at().numeric(), "soon", json!(1)),
        "its setting `start` must be a number, as its setting `numeric` says"
    );
    assert_eq!(
        told(american(), "soon", json!("01/02/2024")),
        "its setting `start` must be a time of ISO 8601 or in one of the formats in its setting `format`"
    );
}

#[test]
fn a_state_whose_value_says_nothing_leaves_nothing_out() {
    let Value::Object(record) = json!({"at": "2024-01-01"}) else { panic!("no record") };
    assert!(Cursor::new("at").since(&json!("")).unwrap().keeps(&record).unwrap());
    let mixed = Cursor::new("at").since(&json!(7)).unwrap().keeps(&record).unwrap_err();
    assert!(
        mixed.message().starts_with("the cursor `at` is a number at times and a time at others")
    );
    let stale = Cursor::new("at").format("%m/%d/%Y").since(&json!("s3cret")).unwrap_err();
    assert!(!stale.message().contains("s3cret"), "{stale}");
}

#[test]
fn dates_whose_year_comes_last_are_not_left_out_as_texts() {
    let keeps = |value: &str| {
        let Value::Object(record) = json!({"at": value}) else { panic!("no record") };
        Cursor::new("at").since(&json!("0")).unwrap().keeps(&record)
    };
    for (date, format) in [
        ("01/02/2024", ", here %m/%d/%Y or %d/%m/%Y"),
        ("1.2.2024", ", here %m.%d.%Y or %d.%m.%Y"),
        ("31-12-2023 10:00", ", here %d-%m-%Y %H:%M"),
        ("12/31/2023, 10:00 PM", ", here %m/%d/%Y, %I:%M %p"),
        ("2024-1-1", ", here %Y-%m-%d"),
        ("Dec 31 2023", ", here %b %d %Y"),
        ("Sun, 31 Dec 2023 10:00:00 GMT", ", here rfc2822"),
        ("12/31/2023 at noon", ""),
    ] {
        let told = keeps(date).unwrap_err().to_string();
        assert_eq!(
            told,
            format!(
                "the cursor `at` has times that aren't written as in ISO 8601, and whose order isn't that of \
                 texts: its setting `format` has to name how they are written{format}"
            )
        );
    }
    assert!(Cursor::new("at").since(&json!("12/31/2023")).is_err());
    for text in ["1.2.10", "10.20.9999", "a/b/2024", "1/2/3/2024", "2024/01/02", "0/0/2024"] {
        assert!(keeps(text).unwrap(), "{text}");
    }
}

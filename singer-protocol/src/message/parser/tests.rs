use super::*;
use crate::scan::tests::{edited, orders};
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Holds every line against what [`Message::parse`] makes of it alone.
#[track_caller]
fn as_alone(bytes: &[u8]) -> Result<(), TestCaseError> {
    let mut parser = Parser::default();
    parser.note_fields();
    let mut chunk = Chunk::new(bytes);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let text = String::from_utf8_lossy(line);
        let (found, message) = parser.next(&mut chunk).expect("one more");
        prop_assert_eq!(found, line, "{}", text);
        prop_assert_eq!(&message, &Message::parse(line), "{}", text);
        if let (Ok(Message::Record(record)), [_, ..]) = (message, parser.fields()) {
            prop_assert_eq!(parser.fields(), fields(record.record), "{}", text);
        }
    }
    prop_assert!(parser.next(&mut chunk).is_none());
    Ok(())
}

/// What [`Parser::fields`] says of a record, found byte by byte.
fn fields(record: &str) -> Vec<usize> {
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    let is_place = |byte: u8| {
        let inside = quoted;
        match byte {
            b'"' if !escaped => quoted = !quoted,
            b'{' | b'[' if !inside => depth += 1,
            b'}' | b']' if !inside => depth -= 1,
            _ => {}
        }
        escaped = byte == b'\\' && !escaped;
        let outer = [(b'{', 1), (b',', 1), (b'}', 0)];
        !inside && outer.contains(&(byte, depth))
    };
    let places: Vec<bool> = record.bytes().map(is_place).collect();
    places.iter().enumerate().filter(|(_, is)| **is).map(|(at, _)| at).collect()
}

fn value() -> impl Strategy<Value = String> {
    let plain = prop_oneof![
        select(vec![
            "null",
            "true",
            "false",
            "0",
            "-0",
            "-",
            "01",
            "1.",
            "1e5",
            "1.5E-07",
            "[]",
            "{}",
            "nul",
            r#""""#,
            r#""\u00e9""#,
            r#""\"""#,
            "[1,\n2]",
            "{\"a\":\n1}",
            "NaN",
        ])
        .prop_map(str::to_owned),
        "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,20})?",
        "\"[a-zé ]{0,70}\"",
    ];
    plain.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4)
                .prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::vec(("[ab]", inner), 1..4).prop_map(|fields| {
                let fields: Vec<_> = fields.iter().map(|(k, v)| format!("\"{k}\": {v}")).collect();
                format!("{{{}}}", fields.join(", "))
            }),
        ]
    })
}

/// The fields of a stream and how its tap writes, line for line the same.
#[derive(Debug, Clone)]
struct Habit {
    stream: &'static str,
    keys: Vec<String>,
    comma: &'static str,
    colon: &'static str,
    before: &'static str,
    behind: &'static str,
    end: &'static str,
    /// Whether kind and stream stand behind the record.
    late: bool,
}

fn habit() -> impl Strategy<Value = Habit> {
    let before = select(vec!["", "", "", "\"time_extracted\": TIME, ", "\"x\": 1, "]);
    let behind = select(vec![
        "",
        ", \"time_extracted\": TIME",
        ", \"version\": 7, \"time_extracted\": TIME",
        ", \"version\": null",
        ", \"stream\": \"c\"",
        ", \"time_extracted\": TIME, \"version\": 8",
        ", \"record\": {\"id\": 5}",
    ]);
    (
        select(vec!["a", "b", "two\\u0020words"]),
        prop::collection::vec("[a-z]{0,3}|[a-z]{28,34}|[a-z]{58,68}", 1..7),
        select(vec![",", ", ", " ,  "]),
        select(vec![":", ": ", " : "]),
        (before, behind),
        select(vec!["\n", "\r\n"]),
        any::<bool>(),
    )
        .prop_map(|(stream, keys, comma, colon, (before, behind), end, late)| Habit {
            stream,
            keys,
            comma,
            colon,
            before,
            behind,
            end,
            late,
        })
}

/// What one line does with each key: leaves it out (0), nests the rest below it (1), or writes it.
type Line = (Index, Vec<u8>, Vec<String>, &'static str);

fn write(habits: &[Habit], (habit, acts, values, time): &Line) -> String {
    let habit = habit.get(habits);
    let Habit { stream, comma, colon, .. } = habit;
    let (mut record, mut open, mut separator) = ("{".to_owned(), 1, "");
    for ((key, act), value) in habit.keys.iter().zip(acts).zip(values) {
        if *act == 0 {
            continue;
        }
        record.push_str(&format!("{separator}\"{key}\"{colon}"));
        separator = comma;
        match act {
            1 => {
                record.push('{');
                (open, separator) = (open + 1, "");
            }
            2 if open > 1 => {
                record.push_str(&format!("{value}}}"));
                open -= 1;
            }
            _ => record.push_str(value),
        }
    }
    record.push_str(&"}".repeat(open));
    let [before, behind] = [habit.before, habit.behind].map(|part| part.replace("TIME", time));
    let names = format!("\"type\"{colon}\"RECORD\", \"stream\"{colon}\"{stream}\"");
    match habit.late {
        false => format!("{{{names}, {before}\"record\": {record}{behind}}}{}", habit.end),
        true => format!("{{{before}\"record\": {record}{behind}, {names}}}{}", habit.end),
    }
}

fn text() -> impl Strategy<Value = String> {
    let times = select(vec!["\"2023-08-11T23:28:18.638539Z\"", "\"\"", "null", "\"\\u0032\"", "5"]);
    let line = (
        any::<Index>(),
        prop::collection::vec(0..12_u8, 7),
        prop::collection::vec(value(), 7),
        times,
    );
    (prop::collection::vec(habit(), 1..4), prop::collection::vec(line, 1..14)).prop_map(
        |(habits, lines)| {
            let mut text: String = lines.iter().map(|line| write(&habits, line)).collect();
            text.push_str(&write(&habits, &lines[0])); // once more the first one's way
            text
        },
    )
}

/// As a table's rows are: what changes is hardly more than the values.
fn regular() -> impl Strategy<Value = String> {
    let usual = prop_oneof!["-?[1-9][0-9]{0,9}", "\"[a-zé ]{0,70}\"", Just("null".to_owned())];
    let value = prop_oneof![9 => usual, 1 => value()];
    let act = prop_oneof![30 => Just(3_u8), 1 => 0..4_u8];
    let line = (prop::collection::vec(act, 7), prop::collection::vec(value, 7));
    (habit(), any::<Index>(), prop::collection::vec(line, 4..12)).prop_map(
        |(habit, only, lines)| {
            let line = |(acts, values)| {
                write(
                    std::slice::from_ref(&habit),
                    &(only, acts, values, "\"2023-08-11T23:28:18Z\""),
                )
            };
            lines.into_iter().map(line).collect()
        },
    )
}

proptest! {
    #[test]
    fn lists_are_read_as_each_alone(
        text in orders("{\"type\": \"RECORD\", \"stream\": \"s\", \"record\": {", "}}"),
        edits in prop::collection::vec((any::<Index>(), "[{}\\[\\],:\"\n]|[ -~\t]", 0..4_u8), 0..4),
    ) {
        as_alone(edited(&text, edits).as_bytes())?;
    }

    #[test]
    fn rows_are_read_as_each_alone(
        text in regular(),
        edits in prop::collection::vec((any::<Index>(), "[{}\\[\\],:\"\n]|[ -~\t]", 0..4_u8), 0..4),
    ) {
        as_alone(edited(&text, edits).as_bytes())?;
    }

    #[test]
    fn lines_are_read_as_each_alone(text in text()) {
        as_alone(text.as_bytes())?;
    }

    #[test]
    fn broken_lines_too(
        text in text(),
        edits in prop::collection::vec((any::<Index>(), "[{}\\[\\],:\"\n]|[ -~\t]", 0..4_u8), 1..5),
    ) {
        as_alone(edited(&text, edits).as_bytes())?;
    }
}

/// That the quick way is taken at all can't be seen from what comes out.
#[test]
fn the_second_record_is_expected() {
    let mut parser = Parser::default();
    let record = |id: u32, extra: &str| {
        format!(
            "{{\"type\": \"RECORD\", \"stream\": \"s\", \"record\": {{\"id\": {id}{extra}, \
             \"o\": {{\"a\": [1], \"b\": \"x\"}}}}, \"time_extracted\": \"2023-08-11T23:28:18Z\"}}\n"
        )
    };
    assert!(parser.next(&mut Chunk::new(record(1, "").as_bytes())).is_some());
    let mut is_expected = |line: &str| {
        parser.next_expected(&mut Chunk::new(line.as_bytes()), &mut RecordRef::default()).is_some()
    };
    for extra in ["", ", \"new\": null", ", \"o\": null", ", \"new\": 1, \"newer\": \"x\""] {
        assert!(is_expected(&record(2, extra)), "{extra}");
    }
    assert!(!is_expected("{\"type\": \"STATE\", \"value\": {}}\n"));
}

/// Nor that two are read at once; nor may it be seen.
#[test]
fn a_record_that_was_read_ahead_is_the_next_one_for_every_reader() {
    let line = |id: u32| {
        format!(
            "{{\"type\": \"RECORD\", \"stream\": \"s\", \"record\": {{\"id\": {id}, \"name\": \"{}\"}}}}\n",
            "x".repeat(40 + id as usize)
        )
    };
    let text: String = (0..12).map(line).collect();
    let noting = || {
        let mut parser = Parser::default();
        parser.note_fields();
        parser
    };
    let mut parsers = [noting(), Parser::default(), noting()];
    for parser in &mut parsers {
        // Two records make it smooth.
        let first: String = (0..2).map(line).collect();
        let mut chunk = Chunk::new(first.as_bytes());
        while parser.next(&mut chunk).is_some() {}
    }
    let (mut chunk, mut ahead) = (Chunk::new(text.as_bytes()), 0);
    for (id, turn) in [0, 0, 1, 0, 1, 1, 0, 2, 2, 2, 0, 1].into_iter().enumerate() {
        let parser = &mut parsers[turn];
        let line = line(id as u32);
        let mut record = RecordRef::default();
        // One is passed over to the other way of reading.
        let found = if id == 9 { None } else { parser.next_expected(&mut chunk, &mut record) };
        let Some(found) = found else {
            let (found, message) = parser.next_other(&mut chunk).unwrap();
            assert_eq!(
                (found, message),
                (line.trim_end().as_bytes(), Message::parse(line.as_bytes()))
            );
            continue;
        };
        assert_eq!(found, line.trim_end().as_bytes());
        assert_eq!(Ok(Message::Record(record.into())), Message::parse(found));
        ahead += usize::from(chunk.ahead.is_there());
        if let [_, ..] = parser.fields() {
            assert_eq!(parser.fields(), fields(record.record), "record {id}");
        }
    }
    assert!(ahead >= 3, "{ahead} were read ahead");
}

/// What costs more than it saves is left, and found again when it has become regular.
#[test]
fn a_stream_without_habits_is_left_alone_for_a_while() {
    let mut parser = Parser::default();
    let mut line = |number: usize, regular: bool| {
        let keys: Vec<_> = (0..6)
            .map(|i| if regular { i } else { (i * 7 + number * 5) % 13 })
            .map(|key| format!("\"key{key}\": {number}"))
            .collect();
        let keys = keys.join(", ");
        let text = format!("{{\"type\":\"RECORD\",\"stream\":\"s\",\"record\":{{{keys}}}}}\n");
        parser.note_fields();
        parser.next(&mut Chunk::new(text.as_bytes()));
        parser.fields().len()
    };
    let followed = |line: &mut dyn FnMut(usize, bool) -> usize, regular| {
        (0..4096).filter(|number| line(*number, regular) == 7).count()
    };
    assert!(followed(&mut line, false) < 400);
    let again = followed(&mut line, true);
    assert!(again > 2500, "{again}");
}

/// A broken line among good ones costs their habits nothing, so long as most are good.
#[test]
fn good_lines_stay_expected_among_some_that_are_broken() {
    let line = |id: &str| {
        format!(
            "{{\"type\":\"RECORD\",\"stream\":\"s\",\"record\":{{\"id\":{id},\"name\":\"x\"}}}}\n"
        )
    };
    let text: String = (0..3000).map(|n| line(if n % 3 == 2 { "NaN" } else { "7" })).collect();
    let (mut parser, mut chunk) = (Parser::default(), Chunk::new(text.as_bytes()));
    let mut expected = 0;
    while !chunk.rest.is_empty() {
        match parser.next_expected(&mut chunk, &mut RecordRef::default()) {
            Some(_) => expected += 1,
            None => drop(parser.next_other(&mut chunk)),
        }
    }
    assert!(expected > 1900, "{expected} of 2000");
}

/// What a template expects fits wherever it stands, unless as many objects are open.
#[test]
fn braces_are_counted_not_compared() -> Result<(), TestCaseError> {
    let line = |record: &str| {
        format!("{{\"type\": \"RECORD\", \"stream\": \"s\", \"record\": {record}}}\n")
    };
    let padding = line("{\"a\": 1}").repeat(2); // no end of all lines nearby
    let first = line("{\"a\": {\"b\": 1}, \"c\": 5}");
    for record in [
        "{\"a\": {\"b\": 1}, \"d\": 1}, \"c\": 5}",
        "{\"a\": {\"b\": 1}}, \"c\": 5}",
        "{\"a\": {\"b\": 1, \"c\": 5}",
        "{\"a\": {\"b\": 1, \"d\": {\"e\": 1}}, \"c\": 5}}",
        "{\"d\": 1}, \"c\": 5}",
        "{\"a\": {}}, \"c\": 5}",
    ] {
        as_alone(format!("{first}{first}{}{padding}", line(record)).as_bytes())?;
    }
    Ok(())
}

/// Whatever is known of a stream, what is no object is no record.
#[test]
fn a_record_that_is_no_object_is_refused_also_where_nothing_is_expected()
-> Result<(), TestCaseError> {
    let line =
        |record: &str| format!("{{\"type\":\"RECORD\",\"stream\":\"s\",\"record\":{record}}}\n");
    for first in ["{}", "null", "5", "{\"a\":1}", "[]"] {
        for then in ["null", "5", "[{\"a\":1}]", "\"{}\"", "{}", "{\"a\":2}"] {
            as_alone([line(first), line(then), line(then), line(first)].concat().as_bytes())?;
        }
    }
    let shuffled: String =
        (0..40).map(|n| line(&format!("{{\"k{}\":1,\"k{}\":2}}", n * 7, n * 5))).collect();
    as_alone([shuffled, line("null"), line("{\"k\":1}")].concat().as_bytes())
}

/// Streams by the thousand, long names and long keys: what is remembered has a bound.
#[test]
fn what_is_remembered_has_a_bound() -> Result<(), TestCaseError> {
    let mut parser = Parser::default();
    let long = "k".repeat(8000);
    for number in 0..20_000 {
        let record = match number % 4 {
            0 => "{}".to_owned(),
            1 => format!("{{\"{long}{number}\":1}}"),
            2 => format!("{{\"a{number}\":1}}"),
            _ => "null".to_owned(),
        };
        let line =
            format!("{{\"type\":\"RECORD\",\"stream\":\"s{number}\",\"record\":{record}}}\n");
        prop_assert!(parser.next(&mut Chunk::new(line.as_bytes())).is_some());
    }
    prop_assert!(parser.templates.weight() <= 48 * 1024, "{}", parser.templates.weight());
    prop_assert!(parser.templates.streams() < 4000, "{}", parser.templates.streams());
    Ok(())
}

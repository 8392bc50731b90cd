//! Lines of taps, made up and repeatable: the shapes of `tests/speed/shapes.py`, in memory.

#[path = "../tests/chance.rs"]
mod chance;

use chance::Chance;

/// Words without anything that JSON escapes, such as need an escape, and such as are not ASCII.
const WORDS: [&str; 8] =
    ["harbour", "ledger", "willow", r"C:\\data", r"first\nsecond", r"\u00e9t\u00e9", "Łódź", "a"];

/// A field's name and its value, as JSON.
type Field = (String, String);

/// What a tap may write.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// ~250 bytes a line.
    Narrow,
    /// ~930 bytes.
    Typical,
    /// ~8.8 kB.
    Wide,
    /// Typical, each key absent by chance.
    Missing,
    /// Typical, keys in another order each time.
    Reordered,
    /// Typical, each value null by chance.
    Nulls,
    /// Narrow, typical and wide by chance, as three streams.
    Interleaved,
    /// Typical, with ever more keys.
    Growing,
}

/// All of them, with their names.
pub(crate) const SHAPES: [(&str, Shape); 8] = [
    ("narrow", Shape::Narrow),
    ("typical", Shape::Typical),
    ("wide", Shape::Wide),
    ("missing", Shape::Missing),
    ("reordered", Shape::Reordered),
    ("nulls", Shape::Nulls),
    ("interleaved", Shape::Interleaved),
    ("growing", Shape::Growing),
];

/// Half a megabyte of RECORD lines.
pub(crate) fn lines(shape: Shape) -> Vec<String> {
    let (mut chance, mut lines, mut size) = (Chance::seeded(7), Vec::new(), 0);
    while size < 500_000 {
        let line = line(shape, lines.len(), &mut chance);
        size += line.len() + 1;
        lines.push(line);
    }
    lines
}

fn line(shape: Shape, number: usize, chance: &mut Chance) -> String {
    let (stream, mut fields) = match shape {
        Shape::Interleaved => {
            let turn = [Shape::Narrow, Shape::Typical, Shape::Wide][chance.below(3)];
            return line(turn, number, chance);
        }
        Shape::Narrow => ("clicks", narrow(number, chance)),
        Shape::Wide => ("orders", wide(number, chance)),
        _ => ("customers", typical(number, chance)),
    };
    match shape {
        Shape::Missing => fields.retain(|_| chance.below(7) > 0),
        Shape::Reordered => {
            for place in (1..fields.len()).rev() {
                fields.swap(place, chance.below(place + 1));
            }
        }
        Shape::Nulls => {
            for (_, value) in &mut fields {
                if chance.below(10) < 3 {
                    "null".clone_into(value);
                }
            }
        }
        Shape::Growing => fields.extend(more("custom", number / 10, |n| (n * 7919).to_string())),
        _ => {}
    }
    let at = moment(chance);
    format!(
        r#"{{"type": "RECORD", "stream": "{stream}", "record": {}, "time_extracted": {at}}}"#,
        object(&fields)
    )
}

/// As Python's `json` writes an object.
fn object(fields: &[Field]) -> String {
    let members: Vec<_> =
        fields.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
    format!("{{{}}}", members.join(", "))
}

fn field(name: &str, value: impl ToString) -> Field {
    (name.to_owned(), value.to_string())
}

/// So many numbered fields.
fn more(name: &str, count: usize, mut value: impl FnMut(usize) -> String) -> Vec<Field> {
    (0..count).map(|n| (format!("{name}_{n:02}"), value(n))).collect()
}

fn text(chance: &mut Chance, words: usize) -> String {
    let words: Vec<_> = (0..words)
        // Mostly plain ones.
        .map(|_| if chance.below(16) > 0 { WORDS[chance.below(3)] } else { WORDS[chance.below(8)] })
        .collect();
    format!("\"{}\"", words.join(" "))
}

fn decimal(chance: &mut Chance) -> String {
    format!("{}.{:02}", chance.below(100_000), chance.below(100))
}

fn moment(chance: &mut Chance) -> String {
    let (hour, minute, micros) = (chance.below(24), chance.below(60), chance.below(1_000_000));
    format!("\"2026-11-23T{hour:02}:{minute:02}:07.{micros:06}Z\"")
}

fn narrow(number: usize, chance: &mut Chance) -> Vec<Field> {
    vec![
        field("id", 1_000_000_000 + number),
        field("updated_at", moment(chance)),
        field("page", text(chance, 2)),
        field("visitor", format!("\"{:08x}\"", chance.below(1 << 32))),
        field("took", decimal(chance)),
        field("robot", false),
        field("campaign", "null"),
    ]
}

fn typical(number: usize, chance: &mut Chance) -> Vec<Field> {
    let place = [field("lat", "-60.306821344156816"), field("lon", decimal(chance))];
    let address = [
        field("street", text(chance, 2)),
        field("post_code", "\"58829\""),
        field("place", object(&place)),
    ];
    let mut fields = narrow(number, chance);
    fields.extend(more("text", 4, |_| text(chance, 3)));
    fields.extend(more("moment", 2, |_| moment(chance)));
    fields.extend(more("amount", 4, |_| decimal(chance)));
    fields.extend([
        field("serial", "229495300443499996480"),
        field("exact", format!("0.{:020}", chance.below(1 << 40))),
        field("tiny", "2.5e-07"),
        field("debt", format!("-{}", chance.below(1_000_000))),
        field("active", true),
        field("remark", if chance.below(2) > 0 { text(chance, 8) } else { "null".to_owned() }),
        field("address", object(&address)),
        field("tags", format!("[{}, {}]", text(chance, 1), text(chance, 1))),
        field("manager_id", "null"),
        field("plan", "\"standard\""),
        field("revision", 4),
    ]);
    fields
}

fn wide(number: usize, chance: &mut Chance) -> Vec<Field> {
    let mut fields = typical(number, chance);
    fields.extend(more("column", 64, |_| text(chance, 3)));
    fields.extend(more("price", 44, |_| decimal(chance)));
    fields.extend(more("changed", 20, |_| moment(chance)));
    fields.extend(more("unknown", 28, |_| "null".to_owned()));
    fields.push(field("description", text(chance, 330)));
    let positions: Vec<_> = (0..14)
        .map(|pieces| object(&[field("pieces", pieces), field("name", text(chance, 2))]))
        .collect();
    fields.push(field("positions", format!("[{}]", positions.join(", "))));
    fields
}

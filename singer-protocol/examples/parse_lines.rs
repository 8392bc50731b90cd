//! Reads a file of a tap's lines and counts the records: what `tests/speed/irregular.py` counts the
//! instructions of.
//!
//! ```sh
//! cargo run --release -p airbyte-singer-singer-protocol --example parse_lines -- FILE templates
//! ```

use singer_protocol::{Chunk, Message, Parser};
use std::hint::black_box;
use std::io::{Error, Write};

/// Each line by itself, whatever came before.
fn generic(text: &str) -> usize {
    let messages = text.lines().map(|line| black_box(Message::parse(line.as_bytes())));
    messages.filter(|message| matches!(message, Ok(Message::Record(_)))).count()
}

/// Each line by what those before it looked like.
fn templates(text: &str) -> usize {
    let (mut parser, mut chunk) = (Parser::default(), Chunk::new(text.as_bytes()));
    let messages = std::iter::from_fn(|| black_box(parser.next(&mut chunk)));
    messages.filter(|(_, message)| matches!(message, Ok(Message::Record(_)))).count()
}

fn main() -> std::io::Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [file, mode] = arguments.as_slice() else {
        return Err(Error::other("say a file and how to read it: generic or templates"));
    };
    let text = std::fs::read_to_string(file)?;
    let records = match mode.as_str() {
        "generic" => generic(&text),
        "templates" => templates(&text),
        _ => return Err(Error::other("there is no such way to read: generic or templates")),
    };
    writeln!(std::io::stdout(), "{records}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_records_are_counted() {
        let text = concat!(
            "{\"type\": \"STATE\", \"value\": {}}\n",
            "{\"type\": \"RECORD\", \"stream\": \"a\", \"record\": {}}\n",
            "a word\n",
            "{\"type\": \"RECORD\", \"stream\": \"a\", \"record\": {\"x\": 1}}\n",
        );
        assert_eq!([generic(text), templates(text)], [2, 2]);
    }
}

//! Lines that are read one after the other, with what is remembered of those before, against each
//! read alone: the same messages, or the same flaws.

use airbyte_singer::translate::record::FieldFilter;
use singer_protocol::{Chunk, Message, Parser};

/// Reads an output four times over: its lines look like some before then, and when they have done so, two of
/// them are read at once.
pub fn run(output: &[u8]) {
    let mut parser = Parser::default();
    parser.note_fields();
    let mut filter = FieldFilter::new(["a", "id"]);
    let (mut quick, mut slow) = (Vec::new(), Vec::new());
    let all = [output; 4].join(&b'\n');
    let mut chunk = Chunk::new(&all);
    for line in all.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let (found, message) = parser.next(&mut chunk).expect("a line");
        assert_eq!(found, line, "the same line");
        assert_eq!(message, Message::parse(line), "the same message");
        if let Ok(Message::Record(record)) = message {
            let quick = filter.apply(record.record, parser.fields(), &mut quick);
            let slow = FieldFilter::new(["a", "id"]).apply(record.record, &[], &mut slow);
            assert_eq!(quick, slow, "the same fields stay");
        }
    }
    assert!(parser.next(&mut chunk).is_none(), "no line more");
}

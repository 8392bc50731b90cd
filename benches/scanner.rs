//! What reading a tap's lines costs: `cargo bench -p airbyte-singer-singer-protocol`.

mod lines;

use criterion::{BenchmarkId, Criterion, Throughput};
use singer_protocol::{Chunk, Message, Parser};
use std::hint::black_box;

/// Reads lines one after the other and counts the records.
type Reader = fn(&str) -> usize;

/// The ways to read, each of which reads the same.
const READERS: [(&str, Reader); 2] = [("generic", generic), ("templates", templates)];

fn generic(text: &str) -> usize {
    let lines = text.split_inclusive('\n');
    let messages = lines.map(|line| black_box(Message::parse(line.as_bytes())));
    messages.filter(|message| matches!(message, Ok(Message::Record(_)))).count()
}

fn templates(text: &str) -> usize {
    let (mut parser, mut chunk) = (Parser::default(), Chunk::new(text.as_bytes()));
    let messages = std::iter::from_fn(|| black_box(parser.next(&mut chunk)));
    messages.filter(|(_, message)| matches!(message, Ok(Message::Record(_)))).count()
}

fn scanner(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("scanner");
    for (shape, kind) in lines::SHAPES {
        let lines = lines::lines(kind);
        let text = lines.join("\n") + "\n";
        group.throughput(Throughput::Bytes(text.len() as u64));
        for (name, read) in READERS {
            assert_eq!(read(&text), lines.len(), "{name} reads every record");
            group.bench_with_input(
                BenchmarkId::new(name, shape),
                text.as_str(),
                |bencher, text| {
                    bencher.iter(|| read(text));
                },
            );
        }
    }
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    scanner(&mut criterion);
    criterion.final_summary();
}
